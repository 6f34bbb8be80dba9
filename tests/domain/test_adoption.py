"""Taking over a holding: what rests beside it, and the fill that stands for it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.adoption import adopted_fill, can_be_adopted, position_id_of, resting_exits
from domain.position import Ledger
from messages.order import Execution, OrderStatus, OrderView, Role, Side
from messages.position import BrokerHolding

D = Decimal
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def view(ref: str = "pb-1", **terms: Any) -> OrderView:
    defaults: dict[str, Any] = {
        "symbol": "AAPL",
        "role": None,
        "side": Side.SELL,
        "quantity": D(100),
        "filled": D(0),
        "order_type": "STP",
        "status": OrderStatus.ACCEPTED,
        "stop_price": D(95),
        "tif": "GTC",
        "order_id": 5,
        "perm_id": 1500000001,
        "client_id": 7,
        "oca_group": "oca-abc",
    }
    return OrderView(order_ref=ref, **(defaults | terms))


def test_own_orders_are_told_from_those_of_others() -> None:
    stop, trail, target = view(), view("pb-2", order_type="TRAIL"), view("pb-3", order_type="LMT")
    found = resting_exits((stop, trail, target), Side.BUY, 7)
    assert (found.stops, found.targets, found.foreign) == ((stop, trail), (target,), ())


@pytest.mark.parametrize(
    "terms",
    [{"client_id": 0}, {"client_id": 9}, {"order_id": 0}, {"order_ref": ""}, {"order_type": "MKT"}, {"tif": "GTD"}],
)
def test_what_cannot_be_changed_by_us_is_foreign(terms: dict[str, Any]) -> None:
    ref = terms.pop("order_ref", "pb-1")
    assert resting_exits((view(ref, **terms),), Side.BUY, 7).foreign


@pytest.mark.parametrize("terms", [{"side": Side.BUY}, {"status": OrderStatus.CANCELLED}, {"role": Role.STOP}])
def test_entries_ended_orders_and_those_of_a_position_are_none(terms: dict[str, Any]) -> None:
    found = resting_exits((view(**terms),), Side.BUY, 7)
    assert (found.stops, found.targets, found.foreign) == ((), (), ())


@pytest.mark.parametrize(
    ("group", "expected"), [("oca-abc", "abc"), ("oca-abc-2", "abc"), ("theirs", "new"), ("", "new")]
)
def test_the_position_keeps_the_id_that_its_exits_know(group: str, expected: str) -> None:
    assert position_id_of([view(oca_group=group)], "new") == expected


def bought(quantity: str, price: str) -> Execution:
    return Execution(
        exec_id="0001.01", order_ref="", order_id=0, perm_id=1, client_id=0, account="DU1", symbol="AAPL", con_id=1,
        side=Side.BUY if D(quantity) > 0 else Side.SELL, quantity=abs(D(quantity)), price=D(price), time=NOON,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("own", "told", "cost", "average", "realized"),
    [
        (None, "100", "98.5", "98.5", "0"),
        (None, "-100", "98.5", "98.5", "0"),
        (("40", "100"), "100", "99", "99", "0"),
        (("100", "100"), "60", "97", "100", "0"),
        (("-10", "100"), "50", "98", "98", "20"),
    ],
)
def test_after_it_quantity_and_average_are_the_broker_s(
    own: tuple[str, str] | None, told: str, cost: str, average: str, realized: str
) -> None:
    ledger = Ledger()
    if own is not None:
        ledger.book(bought(*own))
    terms: dict[str, Any] = {"position_id": "abc", "symbol": "AAPL", "con_id": 1, "time": NOON}
    fill = adopted_fill(BrokerHolding(1, D(told), D(cost)), ledger.quantity, ledger.average_price, **terms)
    assert fill is not None
    assert fill.base == "adopted-abc"
    ledger.book(fill)
    assert (ledger.quantity, ledger.average_price, ledger.realized_pnl) == (D(told), D(average), D(realized))
    assert adopted_fill(BrokerHolding(1, D(told), D(cost)), ledger.quantity, ledger.average_price, **terms) is None


@pytest.mark.parametrize(
    ("own", "told", "cost", "can"),
    [
        (("100", "100"), "200", "75", True),
        (("1", "100"), "10", "10.1", True),
        (("-7", "87.74"), "-21", "29.2", False),  # a split of a short position, less commission
        (("100", "10"), "10", "100", False),  # a reverse split
        (("100", "100"), "60", "100.01", True),
        (("100", "100"), "-60", "50", True),
        (("100", "100"), "100", "50", True),
    ],
)
def test_shares_that_one_fill_cannot_explain(own: tuple[str, str], told: str, cost: str, can: bool) -> None:
    ledger = Ledger()
    ledger.book(bought(*own))
    holding = BrokerHolding(1, D(told), D(cost))
    assert can_be_adopted(holding, ledger.quantity, ledger.average_price) is can
