"""INC-24: corrections of executions counted as fills of their own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from messages.order import ExecutionBooked, OrderCorrectedEvent, OrderType, Side
from messages.position import CommandAccepted, PlaceOrder, PositionClosed
from messages.risk import DescribePortfolio
from simulator.faults.verbs import Correct, Duplicate, Hold, Release

INCIDENT = {
    "number": "INC-24",
    "title": "Corrected executions counted twice",
    "source": "https://github.com/erdewit/ib_insync/issues/364",
    "others": "The same execution came again under the next version with another price or quantity, and was summed.",
    "pitboss": "An execution is its id without the version; the highest version counts, 0 busts it. Position, average "
    "price, P&L, commission and the exits follow.",
}
D = Decimal


async def corrected(it, quantity, price):
    """Correct the entry's fill."""
    it.now(Correct(order_ref=it.order("MKT").order_ref, quantity=D(quantity), price=D(price)))
    await it.settle(2)


@pytest.mark.parametrize(("quantity", "price"), [(100, "100.05"), (90, "100.01"), (40, "99.50"), (0, "100.01")])
@pytest.mark.parametrize("how", ["live", "twice", "while away", "out of order"])
def test_inc_24_the_latest_version_counts(stage, quantity, price, how):
    async def body(it):
        if how == "twice":
            it.now(Duplicate(messages=["execDetails", "commissionReport"], copies=3))
        if how == "out of order":
            it.now(Hold(messages=["execDetails"], asked=False, name="held"))
        await it.open()
        if how == "while away":
            await it.kill()
        await corrected(it, quantity, price)
        if how == "while away":
            await it.start()
        it.now(Release("held", [1, 0]))
        await it.settle(5)
        view = await it.view()
        assert (view.quantity, view.average_price) == (quantity, D(price) if quantity else None)
        if quantity:
            assert it.order("STP").remaining == it.order("LMT").remaining == quantity
        await it.sound(maybe={"protection.missing"})
        if how != "out of order":
            assert len(it.events(OrderCorrectedEvent)) >= (how != "while away")

    stage(body)


def test_inc_24_a_correction_after_the_position_was_closed(stage):
    async def body(it):
        await it.open()
        await it.trade_at(108.5)
        await it.settle(5)
        target = it.order("LMT")
        it.now(Correct(order_ref=target.order_ref, quantity=D(100), price=D("108.00")))
        await it.settle(2)
        booked = [fact.execution for fact in await it.journaled(ExecutionBooked)]
        assert booked[-1].price == D("108.00")
        assert (await it.view()).quantity == it.held() == 0

    stage(body)


def brought(it):
    """What all executions have brought in cash: the profit, for nothing is held."""
    assert it.held() == 0
    return sum((one.quantity * one.price * (1 if one.side == "SLD" else -1) for one in it.paper.venue.executions), D(0))


@pytest.mark.parametrize("what", ["entry", "target", "by hand"])
@pytest.mark.parametrize("how", ["live", "while away", "then away", "then another"])
def test_inc_24_what_a_correction_changes_in_a_closed_position_is_realised(stage, what, how):
    """The closings of the journal, and the portfolio, then say what the executions brought, to the cent."""

    async def body(it):
        await it.open()
        if what == "by hand":
            it.by_hand(Side.SELL, 100, "102.00")
            await it.settle(90)
        else:
            await it.trade_at(108.5)
        await it.settle(10)
        assert it.held() == 0
        if how == "while away":
            await it.kill()
        kind = {"entry": "BOT", "target": "SLD", "by hand": "SLD"}[what]
        fill = next(one for one in it.paper.venue.executions if one.side == kind)
        it.paper.venue.correct(fill.exec_id, fill.quantity, fill.price - D("0.25"))
        await it.settle(2)
        if how == "then away":
            await it.settle(90)
            await it.kill()
        if "away" in how:
            await it.start()
        await it.settle(90)
        if how == "then another":
            await it.trade_at(100.0)
            await it.open()
            await it.trade_at(108.5)
            await it.settle(10)
        cash = brought(it)
        closings = await it.journaled(PositionClosed)
        assert sum((closing.realized_pnl for closing in closings), D(0)) == cash
        assert (await it.ask("portfolio", DescribePortfolio())).realized_pnl == cash
        assert [closing.reason for closing in closings].count("correction") == 1
        assert (await it.ask("portfolio", DescribePortfolio())).losses_in_a_row == 0

    stage(body)


@pytest.mark.parametrize("how", ["entry", "plain"])
def test_inc_24_an_entry_right_behind_corrections_of_a_closed_position_waits_until_these_are_settled(stage, how):
    """Entry and exit of a closed position are told smaller: what that changes was thrown away by the next plan."""

    async def body(it):
        await it.open()
        await it.trade_at(108.5)
        await it.settle(10)
        await it.trade_at(100.0)
        await it.kill()
        for fill in list(it.paper.venue.executions):
            it.paper.venue.correct(fill.exec_id, fill.quantity - 25, fill.price)
        await it.start()
        if how == "entry":
            await it.open()
        else:
            placing = PlaceOrder(side=Side.BUY, quantity=D(100), order_type=OrderType.MARKET)
            assert isinstance(await it.ask("position/AAPL", placing), CommandAccepted)
        await it.settle(5)
        await it.close()
        await it.settle(5)
        cash = brought(it)
        closings = await it.journaled(PositionClosed)
        assert sum((closing.realized_pnl for closing in closings), D(0)) == cash
        assert (await it.ask("portfolio", DescribePortfolio())).realized_pnl == cash

    stage(body)


def test_inc_24_what_others_traded_after_a_close_is_counted_once(stage):
    """Bought and sold by hand in a symbol that has had a position: its result, not that of the position again."""

    async def body(it):
        await it.open()
        await it.trade_at(108.5)
        await it.settle(10)
        it.by_hand(Side.BUY, 10, "108.00")
        await it.settle(30)
        it.by_hand(Side.SELL, 10, "107.00")
        await it.settle(30)
        assert (await it.ask("portfolio", DescribePortfolio())).realized_pnl == brought(it)

    stage(body)


def test_inc_24_what_was_held_without_exits_and_closed_is_told_of_when_the_closing_fill_is_busted(stage):
    async def body(it):
        it.by_hand(Side.BUY, 100, "100")
        await it.settle(70)
        await it.close()
        await it.settle(5)
        assert it.held() == 0
        it.now(Correct(order_ref=it.order("MKT").order_ref, quantity=D(0), price=D(100)))
        await it.settle(5)
        assert (await it.view()).quantity == it.held() == 100
        await it.sound(raised={"position.unmanaged"}, standing={"position.unmanaged"}, unmanaged={"AAPL"})

    stage(body)


@pytest.mark.parametrize("quantity", [100, 90])
@pytest.mark.parametrize("which", ["the last", "an earlier"])
def test_inc_24_a_correction_does_not_take_up_the_plan_of_a_position_that_was_turned_by_hand(stage, which, quantity):
    async def body(it):
        await it.open()
        if which == "an earlier":
            await it.close()
            await it.settle(5)
            first = it.paper.venue.executions[0]
            await it.trade_at(100.0)
            await it.open()
        it.by_hand(Side.SELL, 160, "100")
        await it.settle(90)
        assert (await it.view()).quantity == it.held() == -60
        if which == "an earlier":
            it.paper.venue.correct(first.exec_id, D(quantity), D("100.25"))
        else:
            await corrected(it, quantity, "100.25")
        await it.settle(90)
        assert (await it.view()).quantity == it.held() == quantity - 160, "what others hold is theirs"
        await it.sound(raised={"position.unmanaged"}, standing={"position.unmanaged"}, unmanaged={"AAPL"})

    stage(body)
