"""`settle`: a person says how an order ended of which the broker tells no more (INC-14, over a night)."""

from decimal import Decimal

import pytest

from messages.order import OrderStatus, Role
from messages.position import CommandAccepted, PositionCloseEvent
from simulator.faults.verbs import Restart

PATIENCE = 400.0  # eight comparisons, the later ones a minute apart


async def settled(it, order_ref, filled):
    return await it.process.commands.answer({"command": "settle", "order_ref": order_ref, "filled": filled})


async def filled_at_night(it):
    """The stop fills while no process runs, and TWS forgets the day's executions before one starts."""
    await it.open()
    await it.kill()
    await it.trade_at(90.0)
    assert it.held() == 0
    it.paper.faults.do(Restart(executions=False))
    await it.start()
    await it.trade_at(90.0)
    await it.settle(5)
    (stop,) = await it.working(Role.STOP)
    assert stop.status is OrderStatus.UNKNOWN
    return stop


@pytest.mark.parametrize("killed", [False, True])
def test_a_stop_that_filled_while_nobody_looked_is_booked_at_the_price_of_the_statement(plant, killed):
    async def body(it):
        stop = await filled_at_night(it)
        assert await it.alarms() == {"order.unknown", "reconcile.difference", "protection.missing"}
        await it.settle(PATIENCE)
        entry = (await it.view()).average_price
        answer = await settled(it, stop.order_ref, "100@89.90")
        assert answer["ok"], answer
        if killed:
            await it.kill()
            await it.start()
        await it.settle(130)
        if not killed:
            (closed,) = it.seen(PositionCloseEvent)
            assert (closed.reason, closed.position.realized_pnl) == ("stop", 100 * (Decimal("89.90") - entry))
        assert (await it.alarms(), await it.working(), it.at_broker()) == (set(), [], [])
        await it.trade_at(90.0)
        assert isinstance(await it.open(), CommandAccepted)
        await it.agree()

    plant(body)


def test_the_broker_has_its_time_to_tell(plant):
    async def body(it):
        stop = await filled_at_night(it)
        answer = await settled(it, stop.order_ref, "100@89.90")
        assert not answer["ok"]
        assert answer["error"].startswith("the broker may still tell what became of")

    plant(body)


def test_what_is_sound_cannot_be_settled(plant):
    async def body(it):
        await it.open()
        (stop,) = await it.working(Role.STOP)
        for order_ref, filled, error in (
            (stop.order_ref, "none", f"{stop.order_ref} is ACCEPTED, and nothing of it is in doubt"),
            ("pb-nobody", "none", "no order of Pitboss has the reference 'pb-nobody'"),
            (stop.order_ref, "100", '"" is not a price, as in 100@97.02, above 0'),
            (stop.order_ref, "", '"" is not a number of shares, as in 100@97.02, above 0'),
        ):
            assert await settled(it, order_ref, filled) == {"ok": False, "error": error}

    plant(body)


def test_no_more_than_was_ordered_can_have_filled_and_no_less_than_the_position_says(plant):
    async def body(it):
        stop = await filled_at_night(it)
        await it.settle(PATIENCE)
        answer = await settled(it, stop.order_ref, "101@89.90")
        assert answer["error"] == f"no more than 100 of {stop.order_ref} can have filled unheard"
        for less in ("none", "99@89.90"):
            answer = await settled(it, stop.order_ref, less)
            assert answer["error"] == "the broker's position in AAPL says that 100 have filled unheard"
        assert it.at_broker() == []  # no exit was placed for what is not held

    plant(body)
