"""What a program that uses Pitboss from Python needs of a position."""

from decimal import Decimal

import trio

from messages.market import TakePrice
from messages.order import OrderType, Side
from messages.position import (
    ClosePosition,
    CommandAccepted,
    CommandRefused,
    ExitPlan,
    OpenPosition,
    PlaceOrder,
    PositionAbandonedEvent,
    PositionCloseEvent,
    Size,
)

D = Decimal


def opening(**terms):
    plan = ExitPlan(stop_loss_pct=D("0.03"), trailing_stop_pct=D("0.02"))
    return OpenPosition(side=Side.BUY, size=Size(quantity=D(10)), exits=plan, source="test", **terms)


def test_a_position_has_the_id_that_it_was_given_and_only_it_is_closed_by_it(plant):
    async def body(house):
        assert isinstance(await house.ask("position/AAPL", opening(position_id="mine")), CommandAccepted)
        await house.settle()
        view = await house.view()
        assert (view.position_id, view.exits.trailing_stop_pct) == ("mine", D("0.02"))
        assert {order.oca_group for order in house.at_broker()} == {"oca-mine"}
        refused = await house.ask("position/AAPL", ClosePosition("other", "test", "another"))
        assert refused == CommandRefused("this is not the position there is", "mine")
        await house.ask("position/AAPL", ClosePosition("done", "test", "mine"))
        await house.settle(3)
        [closed] = house.seen(PositionCloseEvent)
        assert (closed.position.position_id, closed.reason) == ("mine", "done")

    plant(body)


def test_a_plan_that_ends_without_a_fill_is_told(plant):
    async def body(house):
        limited = {"order_type": OrderType.LIMIT, "limit_price": D("99.00")}
        await house.ask("position/AAPL", opening(position_id="never", **limited))
        await house.settle()
        await house.ask("position/AAPL", ClosePosition("no more"))
        await house.settle(3)
        [abandoned] = house.seen(PositionAbandonedEvent)
        assert (abandoned.position.position_id, abandoned.reason) == ("never", "no more")
        assert not house.seen(PositionCloseEvent)

    plant(body)


def test_a_given_price_neither_makes_a_stale_quote_fresh_nor_moves_a_trail_while_live_prices_come(plant):
    async def body(house):
        await house.ask("position/AAPL", opening())
        await house.settle()
        stop = (await house.view()).stop
        live = await house.ask("position/AAPL", TakePrice(200.0))
        assert live == CommandRefused("live prices come in", "last 100.0")
        assert (await house.view()).stop == stop
        await trio.sleep(6)
        assert isinstance(await house.ask("position/AAPL", TakePrice(100.5)), CommandAccepted)
        assert (await house.view()).last_price == 100.5
        for wrong in (0.0, -1.0, float("nan"), float("inf")):
            assert (await house.ask("position/AAPL", TakePrice(wrong))).reason == "this is no price"
        more = await house.ask("position/AAPL", opening(add=True))
        assert "no tick for more than 5 s" in more.reason

    plant(body)


def test_a_plain_order_waits_a_little_for_its_first_quote(plant):
    async def body(house):
        order = PlaceOrder(side=Side.BUY, quantity=D(10), order_type=OrderType.MARKET, order_ref="first")
        answers = []

        async def place(symbol):
            answers.append(await house.ask(f"position/{symbol}", order))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(place, "NVDA")
            await trio.sleep(2)
            assert not answers
            await house.trade_at(140.0, "NVDA")
        assert answers == [CommandAccepted(("first",))]
        late = PlaceOrder(side=Side.BUY, quantity=D(10), order_type=OrderType.MARKET)
        began = trio.current_time()
        refused = await house.ask("position/TSLA", late)
        assert (refused.reason, 5 <= trio.current_time() - began < 6) == ("no quote yet", True)

    plant(body)
