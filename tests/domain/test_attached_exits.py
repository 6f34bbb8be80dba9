"""Exits that an entry binds: what they may execute, and that others take their place where that is too little."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.attached_exits import reach
from domain.exit_orders import CancelExit, ExitLeg, ModifyExit, SubmitExit, armed, reconcile_exits
from messages.order import OrderStatus, OrderType, OrderView, Role, Side

D = Decimal
LEG = ExitLeg(role=Role.STOP, side=Side.SELL, quantity=D(40), order_type=OrderType.STOP, stop_price=D(97))


def _order(order_ref: str, role: Role, quantity: int, filled: int = 0, parent: str | None = None) -> OrderView:
    return OrderView(
        order_ref=order_ref,
        symbol="AAPL",
        role=role,
        side=Side.BUY if role is Role.ENTRY else Side.SELL,
        quantity=D(quantity),
        filled=D(filled),
        order_type=OrderType.LIMIT if role is Role.ENTRY else OrderType.STOP,
        status=OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.ACCEPTED,
        stop_price=None if role is Role.ENTRY else D(97),
        parent_ref=parent,
        confirmed=True,
    )


@pytest.mark.parametrize(
    ("filled", "of_stop", "bound"),
    [
        (0, 0, {"stop": D(0)}),  # it sleeps
        (30, 0, {"stop": D(30)}),
        (30, 10, {}),  # it fills: nothing takes its place
        (100, 0, {}),  # an order like any other
    ],
)
def test_an_exit_is_bound_until_its_entry_has_filled_in_whole(
    filled: int, of_stop: int, bound: dict[str, Decimal]
) -> None:
    entry, stop = _order("entry", Role.ENTRY, 100, filled), _order("stop", Role.STOP, 40, of_stop, parent="entry")
    free = _order("free", Role.STOP, 40)
    assert reach({one.order_ref: one for one in (entry, stop, free)}) == bound


def test_a_bound_exit_protects_nothing_beyond_its_bound_and_is_replaced_without_a_gap() -> None:
    entry, stop = _order("entry", Role.ENTRY, 100, 30), _order("stop", Role.STOP, 40, parent="entry")
    bound = reach({"entry": entry, "stop": stop})
    assert not armed([LEG], [stop], bound)
    assert reconcile_exits([LEG], [stop], bound=bound) == (SubmitExit(LEG),)
    free = _order("free", Role.STOP, 40)
    assert armed([LEG], [stop, free], bound)
    assert reconcile_exits([LEG], [stop, free], bound=bound) == (CancelExit("stop", "replaced"),)


def test_an_exit_that_its_entry_binds_to_enough_is_changed_in_place() -> None:
    entry, stop = _order("entry", Role.ENTRY, 100, 40), _order("stop", Role.STOP, 30, parent="entry")
    bound = reach({"entry": entry, "stop": stop})
    assert reconcile_exits([LEG], [stop], bound=bound) == (ModifyExit("stop", D(40), LEG),)
