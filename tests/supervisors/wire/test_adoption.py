"""`adopt`: a holding that nobody manages comes under management, over the wire, with what rests at the broker."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from messages.order import Role, Side
from messages.position import PositionCloseEvent, PositionStatus
from simulator.faults.verbs import ManualOrder
from storage.memory import SimulatedDisk

D = Decimal


async def adopt(it, **fields):
    answer = await it.process.commands.answer({"command": "adopt", "symbol": "AAPL", **fields})
    await it.settle(1)
    return answer


async def held_by_hand(it, side=Side.BUY, quantity=100):
    it.by_hand(side, quantity, "100")
    await it.settle(70)  # TWS tells other people's fills to nobody: the next snapshot does (INC-34)
    await it.trade_at(100.0)
    assert await it.alarms() == {"position.unmanaged"}


@pytest.mark.parametrize("side", list(Side))
def test_a_trade_by_hand_is_protected_and_ends_by_its_stop(plant, side):
    async def body(it):
        await held_by_hand(it, side)
        answer = await adopt(it, stop="3%", target="8%")
        assert answer["ok"], answer
        assert "are managed now" in answer["text"]
        view = await it.view()
        assert (view.status, view.protected, view.quantity) == (PositionStatus.OPEN, True, 100 * side.sign)
        assert (view.stop, view.target) == ((D(97), D(108)) if side is Side.BUY else (D(103), D(92)))
        assert len({order.oca_group for order in it.at_broker()}) == 1
        assert await it.alarms() == set()
        await it.agree()
        await it.trade_at(96.5 if side is Side.BUY else 103.5)
        await it.settle(3)
        await it.agree()
        (closed,) = it.seen(PositionCloseEvent)
        assert (closed.reason, it.held()) == ("stop", 0)

    plant(body)


def test_it_goes_on_after_a_kill(plant):
    async def body(it):
        await held_by_hand(it)
        assert (await adopt(it, trail="2%"))["ok"]
        await it.kill()
        await it.start()
        await it.settle(2)
        view = await it.view()
        assert (view.protected, view.quantity) == (True, 100)
        await it.agree()
        assert len(it.paper.venue.orders) == 1
        assert await it.alarms() == set()

    plant(body)


def test_what_was_held_before_the_first_start_is_booked_at_the_broker_s_average_cost(plant):
    async def body(it):
        await it.kill()
        it.by_hand(Side.BUY, 100, "98")
        await it.settle(1800)  # past midnight in New York: TWS tells the day's executions only
        it.disk = SimulatedDisk()
        await it.start()
        await it.settle(10)
        await it.trade_at(100.0)
        assert await it.alarms() == {"reconcile.difference"}
        assert (await it.view()).quantity == 0
        answer = await adopt(it, stop="3%")
        assert answer["ok"], answer
        (position,) = it.paper.venue.positions()
        view = await it.view()
        assert (view.quantity, view.average_price, view.protected) == (100, position.average_cost, True)
        await it.settle(5)
        assert await it.alarms() == set()
        await it.kill()
        await it.start()
        await it.settle(5)
        assert ((await it.view()).quantity, await it.alarms()) == (100, set())
        await it.agree()

    plant(body, start=datetime(2026, 11, 20, 4, 45, tzinfo=UTC))


def test_own_exits_of_a_journal_that_is_gone_are_taken_over(plant):
    async def body(it):
        await it.open()
        exits = {order.order_ref for order in it.at_broker()}
        await it.kill()
        it.disk = SimulatedDisk()
        await it.start()
        await it.settle(10)
        await it.trade_at(100.0)
        assert await it.alarms() == {"position.unmanaged"}
        assert {order.role for order in await it.working()} == {None}
        answer = await adopt(it, stop="3%", target="8%")
        assert answer["ok"], answer
        assert set(answer["order_refs"]) == exits
        view = await it.view()
        assert (view.quantity, view.protected) == (100, True)
        assert {order.order_ref for order in it.at_broker()} == exits, "nothing is placed beside them"
        assert {order.role for order in await it.working()} == {Role.STOP, Role.TARGET}
        await it.kill()
        await it.start()
        await it.settle(5)
        await it.agree()
        assert await it.alarms() == set()
        await it.trade_at(96.5)
        await it.settle(3)
        await it.agree()
        assert (it.held(), it.seen(PositionCloseEvent)[-1].reason) == (0, "stop")

    plant(body)


def test_a_stop_that_is_left_of_them_is_amended_and_the_target_joins_its_group(plant):
    async def body(it):
        await it.open()
        (target,) = [order for order in it.at_broker() if order.order_type == "LMT"]
        (stop,) = [order for order in it.at_broker() if order.order_type == "STP"]
        await it.kill()
        it.paper.venue.cancel(target.client_id, target.order_id)
        it.by_hand(Side.SELL, 40, "100")
        it.disk = SimulatedDisk()
        await it.start()
        await it.settle(10)
        await it.trade_at(100.0)
        assert (await adopt(it, stop="2%", target="9%"))["ok"]
        await it.settle(2)
        await it.agree()
        at_broker = {order.order_type: order for order in it.at_broker()}
        assert (at_broker["STP"].perm_id, at_broker["STP"].quantity) == (stop.perm_id, 60)
        assert at_broker["STP"].oca_group == at_broker["LMT"].oca_group != ""
        view = await it.view()
        assert (view.stop, view.protected) == (at_broker["STP"].stop, True)

    plant(body)


def test_beside_a_stop_of_somebody_else_nothing_is_placed_without_saying_so(plant):
    async def body(it):
        it.paper.faults.do(ManualOrder(symbol="AAPL", side="SELL", quantity=D(100), type="STP", stop=D(95), tif="GTC"))
        await held_by_hand(it)
        answer = await adopt(it, stop="3%")
        assert not answer["ok"]
        assert "orders of somebody else rest on the closing side" in answer["error"]
        assert "SELL 100 STP 95" in answer["error"]
        assert len(it.at_broker()) == 1
        assert await it.alarms() == {"position.unmanaged"}
        assert (await adopt(it, stop="3%", beside="yes"))["ok"]
        assert len(it.at_broker()) == 2
        assert (await it.view()).protected

    plant(body)


def test_what_cannot_be_adopted_is_refused_with_the_reason(plant):
    async def body(it):
        assert (await adopt(it, stop="3%"))["error"] == "nothing is held"
        assert (
            "no position in"
            in (await it.process.commands.answer({"command": "adopt", "symbol": "XYZ", "stop": "3%"}))["error"]
        )
        assert "needs a stop" in (await adopt(it, target="3%"))["error"]
        await held_by_hand(it)
        assert "would fire at once" in (await adopt(it, stop="101"))["error"]
        assert not it.at_broker()
        assert (await adopt(it, stop="3%"))["ok"]
        assert "managed already" in (await adopt(it, stop="3%"))["error"]
        assert len(it.at_broker()) == 1

    plant(body)


def test_an_order_of_somebody_else_is_not_cancelled(plant):
    async def body(it):
        it.paper.faults.do(ManualOrder(symbol="AAPL", side="SELL", quantity=D(100), type="STP", stop=D(95), tif="GTC"))
        await it.settle(70)
        (order,) = it.at_broker()
        answer = await it.process.commands.answer({"command": "cancel", "order_ref": str(order.perm_id)})
        assert answer == {
            "ok": False,
            "error": f"{order.perm_id} is not an order of Pitboss: cancel it where it was made, by hand in TWS",
        }
        assert it.at_broker() == [order]

    plant(body)


def test_shares_that_go_again_right_after_they_were_adopted_are_not_closed(plant):
    """What was booked for them is no fill, behind which the broker's word may lag: its next one counts at once."""

    async def body(it):
        venue = it.paper.venue
        await held_by_hand(it)
        venue.deliver_shares(venue.accounts[0], it.contract("AAPL"), D(200))
        await it.settle(70)
        assert "reconcile.difference" in await it.alarms()
        venue.deliver_shares(venue.accounts[0], it.contract("AAPL"), D(-200))
        assert (await adopt(it, stop="90%"))["ok"]
        answer = await it.process.commands.answer({"command": "close", "symbol": "AAPL"})
        assert "the broker holds less" in answer["error"]
        await it.settle(5)
        assert it.held() == 100

    plant(body)


def test_after_a_split_the_average_is_the_broker_s_or_it_is_refused(plant):
    """Three for one, of a short position: at 48.71 in place of 29.20 its target would have filled at once."""

    async def body(it):
        venue = it.paper.venue
        it.by_hand(Side.SELL, 7, "87.74")
        await it.settle(70)
        venue.deliver_shares(venue.accounts[0], it.contract("AAPL"), D(-14))
        await it.settle(70)
        await it.trade_at(29.76)
        answer = await adopt(it, stop="10%", target="5%")
        assert "`pitboss release AAPL` first" in answer["error"]
        assert (await it.process.commands.answer({"command": "release", "symbol": "AAPL"}))["ok"]
        await it.settle(70)
        await it.trade_at(29.76)
        assert (await adopt(it, stop="10%", target="5%"))["ok"]
        view = await it.view()
        assert (view.quantity, view.protected, it.held()) == (-21, True, -21)
        assert view.average_price == round(venue.positions()[0].average_cost, 8)

    plant(body)
