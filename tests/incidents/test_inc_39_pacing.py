"""INC-39: more than fifty messages a second: error 100, the link ends; a hidden queue delays and loses orders."""

from __future__ import annotations

from decimal import Decimal

from messages.order import OrderStatus, OrderType, Side
from messages.position import ClosePosition, PlaceOrder

INCIDENT = {
    "number": "INC-39",
    "title": "Error 100 ends the link; a throttle loses or delays orders",
    "source": "https://github.com/erdewit/ib_insync/pull/35",
    "others": "Orders sat in the client's own queue while shown as submitted, a cancel waited behind them, and a "
    "disconnect emptied the queue in silence.",
    "pitboss": "An own budget below the broker's, strictly cancel before exit before entry before data; queued is not "
    "sent, and each queued order has a deadline and a journaled fate.",
}


def entry(number):
    """An entry far below the market, each with a price of its own."""
    price = Decimal(50) + Decimal(number) / 100
    return PlaceOrder(side=Side.BUY, quantity=Decimal(1), order_type=OrderType.LIMIT, limit_price=price)


def test_inc_39_a_burst_of_entries_and_one_flatten(stage):
    async def body(it):
        await it.trade_at(400.0, "MSFT")
        await it.open(symbol="MSFT")
        await it.settle(5)
        await it.trade_at(100.0)
        first = len(it.ours())
        tell = it.process.system.address
        for number in range(200):
            tell("position/AAPL").tell(entry(number))
        tell("position/MSFT").tell(ClosePosition("flatten"))
        await it.settle(1.0)
        assert it.held("MSFT") == 0, "the exit does not wait behind two hundred entries"
        position = [order.order_type for order in it.ours()].index("MKT", first)
        assert position - first < 60
        await it.settle(30)
        fates = await it.known()
        burst = [view for view in fates.values() if view.symbol == "AAPL"]
        assert len(burst) == 200
        assert {view.status for view in burst} <= {OrderStatus.ACCEPTED, OrderStatus.NOT_SENT}
        await it.sound()
        assert "broker.rate_exceeded" not in it.raised()

    stage(body)


def test_inc_39_a_disconnect_empties_the_queue_and_says_so(stage):
    async def body(it):
        for number in range(200):
            it.process.system.address("position/AAPL").tell(entry(number))
        await it.settle(0.5)
        it.links[-1].abort()
        await it.settle(30)
        burst = list((await it.known()).values())
        assert len(burst) == 200
        assert sum(view.status is OrderStatus.ACCEPTED for view in burst) == len(it.ours())
        assert {view.status for view in burst} <= {OrderStatus.ACCEPTED, OrderStatus.NOT_SENT, OrderStatus.DENIED}
        await it.sound(raised=["broker.lost"], maybe={"order.unknown"})

    stage(body)
