"""INC-29: OCA gives no guarantee: both legs fill, and the position is reversed."""

from __future__ import annotations

import pytest

from messages.position import PositionCloseEvent
from simulator.faults.verbs import Alter

INCIDENT = {
    "number": "INC-29",
    "title": "OCA gives no guarantee; exits larger than the position",
    "source": "https://github.com/erdewit/ib_insync/issues/694",
    "others": "The target filled, the stop still stood for the whole quantity: net short. The group of a child is "
    "ignored or renamed until its parent fills.",
    "pitboss": "Exits are one OCA group with block (type 1), each for exactly what is held. Where both fill all the "
    "same, the flip is seen at once, raised as an alarm and flattened.",
}


def test_inc_29_exits_are_one_group_with_block(stage):
    async def body(it):
        await it.open()
        assert {(order.oca_type, bool(order.oca_group)) for order in it.at_broker()} == {(1, True)}
        assert len({order.oca_group for order in it.at_broker()}) == 1
        await it.sound()

    stage(body)


@pytest.mark.parametrize("second", [25, 100])
@pytest.mark.parametrize("first", ["STP", "LMT"])
def test_inc_29_both_legs_fill_in_the_same_millisecond(stage, first, second):
    async def body(it):
        await it.open()
        legs = sorted(it.at_broker(), key=lambda order: order.order_type != first)
        it.broker_fill(legs[0], 100, "100.00")
        it.broker_fill(legs[1], second, "100.00")
        await it.settle(5)
        await it.sound(raised=["position.flipped"])
        assert it.held() == 0
        assert len(it.events(PositionCloseEvent)) >= 1

    stage(body)


def test_inc_29_a_part_of_the_target_leaves_a_stop_for_the_rest(stage):
    async def body(it):
        await it.open()
        it.broker_fill(it.order("LMT"), 25, "108.02")
        await it.sound(maybe={"protection.missing"})
        assert it.held() == 75
        await it.trade_at(96.5)
        await it.sound(maybe={"protection.missing"})
        assert it.held() == 0

    stage(body)


@pytest.mark.parametrize("group", ["", "1500000001"])
def test_inc_29_the_echo_shows_another_group(stage, group):
    async def body(it):
        it.fault(Alter(messages=["openOrder"], where={"action": "SELL"}, set={"ocaGroup": group}), nth=1)
        await it.open()
        assert len(it.ours()) == 3
        await it.trade_at(96.5)
        await it.sound(maybe={"protection.missing"})
        assert it.held() == 0

    stage(body)
