from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction

import pytest

from domain.corporate_actions import split_ratio


@pytest.mark.parametrize(
    ("held", "cost", "ratio"),
    [
        ("400", "25", Fraction(4)),
        ("400", "25.01", Fraction(4)),  # commission is in the broker's cost
        ("150", "66.67", Fraction(3, 2)),
        ("10", "1000", Fraction(1, 10)),
        ("2000", "5", Fraction(20)),
    ],
)
@pytest.mark.parametrize("side", [1, -1])
def test_a_split_is_seen_on_either_side(held: str, cost: str, ratio: Fraction, side: int) -> None:
    assert split_ratio(D(100) * side, D(100), D(held) * side, D(cost)) == ratio


@pytest.mark.parametrize(
    ("held", "cost"),
    [
        ("100", "100"),  # nothing has changed
        ("200", "100"),  # bought elsewhere
        ("50", "100"),  # sold elsewhere
        ("0", "0"),
        ("-400", "25"),
        ("400", "0"),
        ("101", "99"),  # a single share came: no split is 101 for 100
    ],
)
def test_what_is_none(held: str, cost: str) -> None:
    assert split_ratio(D(100), D(100), D(held), D(cost)) is None


def test_without_a_price_of_ours_nothing_is_said() -> None:
    assert split_ratio(D(100), None, D(400), D(25)) is None
