"""The ledger against an independent one: cash in, cash out, exact fractions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from domain.position import Ledger
from messages.order import Commission, Execution, Side

START = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def fill(number: int, signed: int | str, price: str, version: int = 1, seconds: float = 0) -> Execution:
    quantity = Decimal(signed)
    return Execution(
        exec_id=f"0000e0d5.{number:08x}.01.{version:02d}",
        order_ref="pb-1",
        order_id=1,
        perm_id=1,
        client_id=7,
        account="DU1",
        symbol="AAPL",
        con_id=265598,
        side=Side.BUY if quantity > 0 else Side.SELL,
        quantity=abs(quantity),
        price=Decimal(price),
        time=START + timedelta(seconds=seconds),
    )


def reference(fills: list[Execution]) -> tuple[Fraction, Fraction | None, Fraction]:
    """Quantity, average and realised P&L by lots of one share each would be slow: by exact fractions instead."""
    quantity, average, realized = Fraction(0), Fraction(0), Fraction(0)
    for execution in fills:
        change, price = Fraction(execution.signed_quantity), Fraction(execution.price)
        if quantity * change >= 0:
            if change:
                average = (average * quantity + price * change) / (quantity + change)
            quantity += change
            continue
        closed = min(abs(change), abs(quantity))
        realized += closed * (price - average) * (1 if quantity > 0 else -1)
        crosses = abs(change) > abs(quantity)
        quantity += change
        if crosses:
            average = price
    return quantity, average if quantity else None, realized


def agree(ledger: Ledger, fills: list[Execution]) -> None:
    quantity, average, realized = reference(fills)
    assert Fraction(ledger.quantity) == quantity
    assert abs(Fraction(ledger.realized_pnl) - realized) <= Fraction(1, 10**8)
    if average is None:
        assert ledger.average_price is None
    else:
        assert ledger.average_price is not None
        assert abs(Fraction(ledger.average_price) - average) <= Fraction(1, 10**8)
    mark = Decimal("101.37")
    # what all the cash that moved is worth at a mark does not depend on how it is split
    cash = -sum((Fraction(f.signed_quantity) * Fraction(f.price) for f in fills), Fraction(0))
    total = Fraction(ledger.realized_pnl) + Fraction(ledger.unrealized_pnl(mark))
    assert abs(total - (cash + quantity * Fraction(mark))) <= Fraction(2, 10**8)


signed = st.integers(-300, 300).filter(bool)
prices = st.decimals(Decimal("0.01"), Decimal("999.99"), places=2).map(str)


@given(st.lists(st.tuples(signed, prices), max_size=30))
def test_any_sequence_of_fills_gives_the_figures_of_an_independent_ledger(steps: list[tuple[int, str]]) -> None:
    ledger = Ledger()
    fills = [fill(number, quantity, price, seconds=number) for number, (quantity, price) in enumerate(steps)]
    for index, execution in enumerate(fills):
        assert ledger.book(execution)
        agree(ledger, fills[: index + 1])
    assert ledger.bases == tuple(execution.base for execution in fills)


@given(st.lists(st.tuples(signed, prices), min_size=1, max_size=12), st.data())
def test_corrections_busts_repeats_and_any_order_of_arrival_end_in_the_same_figures(
    steps: list[tuple[int, str]], data: st.DataObject
) -> None:
    versions: list[Execution] = []
    final: list[Execution] = []
    for number, (quantity, price) in enumerate(steps):
        execution = fill(number, quantity, price, seconds=number)
        versions.append(execution)
        for version in range(2, 2 + data.draw(st.integers(0, 2))):
            execution = evolve(
                execution,
                exec_id=f"{execution.base}.{version:02d}",
                quantity=Decimal(data.draw(st.integers(0, 300))),
                price=Decimal(data.draw(prices)),
            )
            versions.append(execution)
        final.append(execution)
    arrivals = data.draw(st.permutations(versions + versions[:3]))
    ledger = Ledger()
    for execution in arrivals:
        ledger.book(execution)
    agree(ledger, final)


def test_a_repeated_or_older_version_changes_nothing_and_says_so() -> None:
    ledger = Ledger()
    assert ledger.book(fill(1, 100, "10", version=2))
    assert not ledger.book(fill(1, 100, "10", version=2))
    assert not ledger.book(fill(1, 100, "9", version=1))
    assert (ledger.quantity, ledger.average_price) == (Decimal(100), Decimal(10))


def test_a_fill_through_zero_opens_the_other_side_at_its_own_price_and_time() -> None:
    ledger = Ledger()
    ledger.book(fill(1, 100, "10", seconds=1))
    ledger.book(fill(2, -150, "12", seconds=2))
    assert ledger.quantity == -50
    assert ledger.average_price == 12
    assert ledger.realized_pnl == 200
    assert ledger.opened == START + timedelta(seconds=2)


def test_figures_are_plain_numbers() -> None:
    ledger = Ledger()
    for number in (1, 2, 3):
        ledger.book(fill(number, 100 * number, f"10.0{number}"))
    assert str(ledger.average_price) == "10.02333333"
    ledger.book(fill(4, -600, "20"))
    assert str(ledger.realized_pnl) == "5986"
    assert str(ledger.unrealized_pnl(30.0)) == "0"


def test_a_multiplier_counts_in_the_money_alone() -> None:
    ledger = Ledger(Decimal(100))
    ledger.book(fill(1, 2, "3.50"))
    assert ledger.average_price == Decimal("3.5")
    assert ledger.unrealized_pnl(4.0) == 100
    ledger.book(fill(2, -2, "3"))
    assert ledger.realized_pnl == -100


def test_a_correction_of_a_settled_fill_moves_the_difference_alone() -> None:
    old = fill(1, 100, "10")
    ledger = Ledger()
    assert ledger.correct(fill(1, 100, "10.05", version=2), replaces=old)
    assert (ledger.quantity, ledger.realized_pnl) == (0, -5)
    assert not ledger.correct(fill(1, 100, "10.05", version=2), replaces=old)


def test_a_bust_of_a_settled_fill_leaves_the_opposite_at_its_price() -> None:
    # bought 100 @10 and sold 100 @11, closed; then the sale is busted: 100 @11 are held again, for the 100 earned
    sold = fill(2, -100, "11")
    ledger = Ledger()
    ledger.correct(evolve(sold, exec_id=f"{sold.base}.02", quantity=Decimal(0), price=Decimal(0)), replaces=sold)
    assert (ledger.quantity, ledger.average_price, ledger.realized_pnl) == (100, 11, 0)


def test_a_second_correction_of_a_settled_fill_starts_from_the_first() -> None:
    old = fill(1, 100, "10")
    second = fill(1, 120, "10", version=2)
    ledger = Ledger()
    ledger.correct(second, replaces=old)
    ledger.correct(fill(1, 90, "10", version=3), replaces=second)
    assert ledger.quantity == -10


def test_commission_counts_once_before_or_after_its_fill_and_unknown_counts_nothing() -> None:
    ledger = Ledger()
    charge = Commission(fill(1, 100, "10").exec_id, Decimal("1.05"), "USD", None)
    assert ledger.charge(charge)
    ledger.book(fill(1, 100, "10"))
    assert not ledger.charge(charge)
    assert not ledger.charge(Commission(fill(2, 1, "10").exec_id, None, "USD", None))
    assert ledger.charge(Commission(fill(1, 100, "10", version=2).exec_id, Decimal("1.00"), "USD", None))
    assert ledger.commission == Decimal("1.00")
