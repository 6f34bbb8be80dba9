"""Slices of a position: whatever fills, together they are exactly what is held."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from domain.exit_orders import next_oca_group
from domain.scale_out import Room, TargetLevel, divide, group_name, place_in, slice_of
from messages.order import OrderStatus, OrderView, Role, Side

D = Decimal
PARTS = st.lists(st.sampled_from(["0.1", "0.2", "0.25", "0.3"]).map(D), min_size=0, max_size=3)


def exit_order(number: int, role: Role, quantity: Decimal, slice_number: int) -> OrderView:
    return OrderView(
        order_ref=f"pb-{number}",
        symbol="AAPL",
        role=role,
        side=Side.SELL,
        quantity=quantity,
        filled=D(0),
        order_type="LMT" if role is Role.TARGET else "STP",
        status=OrderStatus.ACCEPTED,
        oca_group=group_name("p", slice_number, 1),
    )


@given(
    PARTS,
    st.integers(1, 1000),
    st.sampled_from(["1", "0.01", "10"]).map(D),
    st.lists(st.tuples(st.sampled_from(["target", "stop", "person", "add"]), st.integers(0, 3), st.integers(1, 400))),
)
def test_slices_are_together_what_is_held_whatever_fills(
    parts: list[Decimal], lots: int, increment: Decimal, steps: list[tuple[str, int, int]]
) -> None:
    targets = tuple(TargetLevel(part, D(100 + number)) for number, part in enumerate(parts))
    held = lots * increment
    orders: list[OrderView] = []

    def slices() -> dict[int, Decimal]:
        pieces = divide(targets, D(110), "p", orders, {}, held, increment)
        assert len({piece.number for piece in pieces}) == len(pieces)
        return {piece.number: piece.quantity for piece in pieces}

    done: set[int] = set()
    for what, which, count in steps:
        before = slices()
        assert sum(before.values()) == held
        assert all(quantity >= 0 and quantity % increment == 0 for quantity in before.values())
        assert all(before[number] == 0 for number in done)
        number = which % len(before)
        amount = min(count * increment, before[number])
        match what:
            case "person":
                held -= min(count * increment, held)
            case "add":
                held += count * increment
            case _ if amount:
                role = Role.TARGET if what == "target" else Role.STOP
                order = exit_order(len(orders), role, before[number], number)
                whole = amount == before[number]
                status = OrderStatus.FILLED if whole else OrderStatus.CANCELLED
                orders.append(evolve(order, filled=amount, status=status))
                held -= amount
                if role is Role.TARGET and whole and number:
                    done.add(number)
    assert sum(slices().values()) == held


@given(st.lists(st.integers(0, 50), min_size=1, max_size=4), st.lists(st.integers(0, 50), min_size=1, max_size=4))
def test_orders_never_come_to_more_than_what_is_held_while_they_are_changed(now: list[int], wanted: list[int]) -> None:
    """Each round grants, and only reductions of the round before are confirmed: it ends as wanted, without a moment
    at which together they could exit more."""
    working = {number: D(quantity) for number, quantity in enumerate(now)}
    goal = {number: D(wanted[number]) if number < len(wanted) else D(0) for number in range(max(len(now), len(wanted)))}
    held = max(sum(working.values(), D(0)), sum(goal.values(), D(0)))
    for _ in range(10):
        room = Room(held, working)
        granted = {number: room.take(number, quantity) for number, quantity in goal.items()}
        # not confirmed yet: the larger of both may be in force
        worst = {number: max(working.get(number, D(0)), quantity) for number, quantity in granted.items()}
        assert sum(worst.values()) <= held
        working = granted
    assert working == goal


@pytest.mark.parametrize(("number", "generation"), [(0, 1), (0, 2), (1, 1), (3, 12)])
def test_a_group_names_slice_and_generation(number: int, generation: int) -> None:
    name = group_name("a-b.7", number, generation)
    assert place_in("a-b.7", name) == (number, generation)
    assert place_in("other", name) is None


def test_each_slice_has_generations_of_its_own() -> None:
    first, second = exit_order(1, Role.STOP, D(10), 0), exit_order(2, Role.TARGET, D(10), 1)
    assert next_oca_group("p", [first, second], 1) == "oca-p.1"
    filled = evolve(second, filled=D(3))
    assert next_oca_group("p", [first, filled], 1) == "oca-p.1-2"
    assert next_oca_group("p", [first, filled], 0) == "oca-p"
    assert slice_of("p", evolve(first, oca_group="somebody else's")) == 0


def test_targets_for_the_whole_make_the_furthest_one_the_rest() -> None:
    targets = (TargetLevel(D("0.5"), D(102)), TargetLevel(D("0.5"), D(104)))
    pieces = divide(targets, D(110), "p", (), {}, D(7), D(1))
    assert [(piece.number, piece.quantity, piece.target) for piece in pieces] == [(0, D(4), D(104)), (1, D(3), D(102))]
