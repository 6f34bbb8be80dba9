"""INC-10: orders of an earlier session or another client cannot be managed."""

from __future__ import annotations

from decimal import Decimal

from messages.order import ListOrders
from messages.position import PositionCloseEvent
from simulator.faults.verbs import ManualOrder
from simulator.model import Order

INCIDENT = {
    "number": "INC-10",
    "title": "Orders of an earlier session or of another client",
    "source": "https://github.com/nautechsystems/nautilus_trader/issues/5057",
    "others": "Own orders came back as foreign, all foreign ones collided under id 0, stops were not tied to their "
    "positions: a stop's fill left a ghost position.",
    "pitboss": "At each start the broker's open orders are adopted by reference, exits with their position; all others "
    "are listed as external by permId, and never touched.",
}
D = Decimal


def others(it):
    """Two orders made by hand, which have order id 0 for us, and one of another client."""
    it.now(
        ManualOrder(symbol="AAPL", side="BUY", quantity=D(5), limit=D(50), tif="GTC"),
        ManualOrder(symbol="MSFT", side="BUY", quantity=D(7), limit=D(60), tif="GTC"),
    )
    contract = it.paper.contracts.find("AAPL", "STK")[0].contract
    it.venue.place(
        Order(
            order_id=1, client_id=9, account="DU1234567", contract=contract, side="BUY", quantity=D(9),
            order_type="LMT", limit=D(40), tif="GTC",
        )
    )  # fmt: skip


def test_inc_10_a_stop_of_the_session_before_fills(stage):
    async def body(it):
        await it.open()
        await it.kill()
        others(it)
        await it.start()
        await it.settle(5)
        view = await it.view()
        assert (view.quantity, view.protected) == (100, True)
        assert len(it.ours()) == 3, "nothing is placed beside the exits that rest"
        external = [order for order in await it.ask("orders", ListOrders()) if order.role is None]
        assert {(order.quantity, order.client_id) for order in external} == {(5, 0), (7, 0), (9, 9)}
        assert len({order.perm_id for order in external}) == 3
        await it.trade_at(96.5)
        await it.sound()
        assert it.events(PositionCloseEvent)[-1].reason == "stop"
        assert len([order for order in it.at_broker() if not order.order_ref]) == 3, "they are not ours to touch"

    stage(body)


def test_inc_10_a_bracket_that_had_not_filled_is_adopted_whole(stage):
    async def body(it):
        await it.open(limit="95.00")
        await it.kill()
        others(it)
        await it.start()
        await it.trade_at(94.9)
        await it.sound()
        assert it.held() == 100
        assert len(it.ours()) == 3

    stage(body)


def test_inc_10_an_order_of_another_client_fills(stage):
    async def body(it):
        others(it)
        (foreign,) = [order for order in it.at_broker() if order.client_id == 9]
        it.broker_fill(foreign, 9, "40")
        await it.settle(70)
        await it.sound(raised=["position.unmanaged"], standing=["position.unmanaged"], unmanaged=["AAPL"])
        assert (await it.view()).quantity == 9

    stage(body)
