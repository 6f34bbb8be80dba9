"""`release`: Pitboss lets go of a position; what is held stays at the broker, for somebody else or a new adoption."""

from decimal import Decimal

import pytest

from messages.gateway import AskBroker
from messages.order import Role, Side
from messages.position import CommandRefused, PositionCloseEvent, PositionStatus
from simulator.faults import Rule
from simulator.faults.verbs import Alter, Swallow

D = Decimal
SAID = 70.0  # by then the broker has said twice what is held


async def command(it, name, **fields):
    answer = await it.process.commands.answer({"command": name, "symbol": "AAPL", **fields})
    await it.settle(1)
    return answer


@pytest.mark.parametrize("side", list(Side))
def test_its_exits_are_gone_and_what_is_held_stays(plant, side):
    async def body(it):
        await it.open(side)
        assert (await it.view()).protected
        answer = await command(it, "release")
        assert answer["ok"], answer
        assert (it.held(), it.at_broker()) == (100 * side.sign, [])
        (closed,) = it.seen(PositionCloseEvent)
        assert (closed.reason, closed.position.realized_pnl) == ("released", 0)
        await it.settle(SAID)
        assert await it.alarms() == {"reconcile.difference"}
        await it.trade_at(100.0)
        assert isinstance(await it.open(side), CommandRefused)
        await it.trade_at(50.0 if side is Side.BUY else 150.0)  # far beyond where the stop was
        await it.settle(5)
        assert it.held() == 100 * side.sign

    plant(body)


@pytest.mark.parametrize("killed", [False, True])
def test_it_can_be_adopted_again(plant, killed):
    async def body(it):
        await it.open()
        assert (await command(it, "release"))["ok"]
        if killed:
            await it.kill()
            await it.start()
        await it.settle(SAID)
        await it.trade_at(100.0)
        answer = await command(it, "adopt", stop="5%")
        assert answer["ok"], answer
        view = await it.view()
        assert (view.status, view.quantity, view.protected) == (PositionStatus.OPEN, 100, True)
        assert await it.alarms() == set()
        await it.trade_at(94.0)
        await it.settle(5)
        await it.agree()
        assert it.held() == 0

    plant(body)


@pytest.mark.parametrize(("held", "cost", "price"), [("400", "25", 25.0), ("10", "1000", 1000.0)])
def test_after_a_split_it_is_managed_by_the_new_basis(plant, held, cost, price):
    async def body(it):
        await it.open()
        await it.kill()
        told = Alter(messages=["position"], where={"symbol": "AAPL"}, set={"position": held, "avgCost": cost})
        it.paper.faults.do(told)
        await it.start()
        await it.settle(60)
        assert "position.split" in await it.alarms()
        assert (await command(it, "release"))["ok"]
        await it.settle(SAID)
        assert "position.split" not in await it.alarms()
        for kind, off in ((1, -0.01), (2, 0.01), (4, 0.0)):
            it.tick("AAPL", kind, price + off)
        await it.settle()
        answer = await command(it, "adopt", stop="10%")
        assert answer["ok"], answer
        view = await it.view()
        assert (view.quantity, view.average_price, view.stop) == (D(held), D(cost), D(cost) * D("0.9"))
        assert [(order.quantity, order.stop_price) for order in await it.working(Role.STOP)] == [
            (D(held), D(cost) * D("0.9"))
        ]
        assert await it.alarms() == set()
        assert view.realized_pnl == 0

    plant(body)


def test_an_exit_that_fills_before_it_is_cancelled_ends_the_position(plant):
    async def body(it):
        await it.open()
        it.paper.faults.add(Rule(on="cancelOrder", do=[Swallow()]))
        assert (await command(it, "release"))["ok"]
        await it.trade_at(96.0)
        it.paper.faults.clear()
        await it.settle(5)
        await it.agree()
        (closed,) = it.seen(PositionCloseEvent)
        assert (closed.reason, it.held()) == ("stop", 0)
        await it.settle(SAID)
        assert await it.alarms() == set()

    plant(body)


def test_where_the_exits_are_not_cancelled_it_is_off_and_they_stand(plant):
    async def body(it):
        await it.open()
        it.paper.faults.add(Rule(on="cancelOrder", do=[Swallow()]))
        assert (await command(it, "release"))["ok"]
        await it.settle(31)
        assert "position.not_closed" in await it.alarms()
        it.paper.faults.clear()
        await it.settle(60)
        view = await it.view()
        assert (view.status, view.protected, it.held()) == (PositionStatus.OPEN, True, 100)
        await it.agree()
        assert (await command(it, "release"))["ok"]
        assert it.at_broker() == []
        assert "position.not_closed" not in await it.alarms()

    plant(body)


def test_a_new_process_knows_nothing_of_a_release_that_had_not_ended(plant):
    async def body(it):
        await it.open()
        it.paper.faults.add(Rule(on="cancelOrder", do=[Swallow()]))
        assert (await command(it, "release"))["ok"]
        await it.kill()
        it.paper.faults.clear()
        await it.start()
        await it.settle(10)
        assert (await it.view()).protected
        await it.agree()
        assert await it.alarms() == set()

    plant(body)


def test_it_is_refused_where_it_would_leave_something_behind(plant):
    async def body(it):
        assert "no position" in (await command(it, "release"))["error"]
        await it.open(limit="90.00")
        assert "no position is held" in (await command(it, "release"))["error"]
        await it.trade_at(89.0)
        await it.settle(2)
        assert it.held() == 100
        assert (await command(it, "close"))["ok"]

    plant(body)


def _shares(it, quantity):
    venue = it.paper.venue
    venue.deliver_shares(venue.accounts[0], it.contract("AAPL"), D(quantity))


def test_shares_without_a_plan_that_went_without_a_trade(plant):
    """Executions say that they are held, the broker that they are gone: without this the symbol was barred for ever."""

    async def body(it):
        it.by_hand(Side.BUY, 100, "100")
        await it.settle(SAID)
        _shares(it, -100)
        await it.settle(SAID)
        assert await it.alarms() == {"position.unmanaged", "reconcile.difference"}
        assert "the broker holds less" in (await command(it, "close"))["error"]
        assert (await command(it, "release"))["ok"]
        await it.settle(SAID)
        assert (it.held(), (await it.view()).quantity, await it.alarms()) == (0, 0, set())
        await it.kill()
        await it.start()
        await it.settle(SAID)
        assert ((await it.view()).quantity, await it.alarms()) == (0, set())
        await it.trade_at(100.0)
        await it.open()
        assert (await it.view()).protected

    plant(body)


def test_a_release_is_over_once_nothing_is_held(plant):
    """It waits for exits of a position that was turned by hand, and the shares go meanwhile: the next ones stay."""

    async def body(it):
        await it.open()
        it.paper.faults.add(Rule(on="cancelOrder", do=[Swallow()]))
        it.by_hand(Side.SELL, 200, "100")
        await it.settle(SAID)
        assert (await command(it, "release"))["ok"]
        it.by_hand(Side.BUY, 100, "100")
        it.process.system.address("gateway").tell(AskBroker("test"))
        await it.settle(5)
        assert (it.held(), (await it.view()).quantity) == (0, 0)
        it.by_hand(Side.BUY, 50, "100")
        it.process.system.address("gateway").tell(AskBroker("test"))
        await it.settle(SAID)
        assert await it.alarms() & {"position.unmanaged", "position.not_closed", "reconcile.difference"} == {
            "position.unmanaged"
        }

    plant(body)
