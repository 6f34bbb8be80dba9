"""The search for the largest size that the account can carry."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.buying_power import LargestThatPasses, answer_in_words
from messages.what_if import WhatIfAnswer

D = Decimal


def refused(size: Decimal) -> WhatIfAnswer:
    return WhatIfAnswer(order_ref="what-if-1", order_id=1, quantity=size, refusal="201 too much")


def figures(size: Decimal, margin: Decimal, equity: Decimal) -> WhatIfAnswer:
    return WhatIfAnswer(
        order_ref="what-if-1",
        order_id=1,
        quantity=size,
        initial_margin_before=D(0),
        initial_margin_after=margin,
        equity_before=equity,
        equity_after=equity,
    )


def searched(search: LargestThatPasses, answer: Callable[[Decimal], WhatIfAnswer]) -> list[Decimal]:
    asked = []
    while (size := search.next()) is not None:
        asked.append(size)
        search.told(answer(size))
    return asked


lots = st.integers(1, 5_000)
steps = st.sampled_from([D(1), D(10), D("0.01")])


@given(lots, st.integers(0, 6_000), steps, st.integers(1, 12), st.booleans(), st.sampled_from([1, 2, 3]))
def test_it_ends_in_time_on_a_size_that_was_asked_about_and_passes(
    wanted: int, most: int, step: Decimal, questions: int, speaks: bool, power: int
) -> None:
    """Whatever the margins do between the sizes, as long as more needs more."""

    def answer(size: Decimal) -> WhatIfAnswer:
        if speaks:
            return figures(size, (size / step) ** power, D(most) ** power)
        return refused(size) if size > most * step else figures(size, size, D(most) * step)

    search = LargestThatPasses(wanted * step, step, questions)
    asked = searched(search, answer)
    assert asked[0] == wanted * step
    assert len(asked) <= questions
    assert len(set(asked)) == len(asked)
    assert all(0 < size <= wanted * step and size % step == 0 for size in asked)
    passing = [size for size in asked if size <= most * step]
    assert search.largest == max(passing, default=0)
    if len(asked) < questions:
        assert search.largest == min(wanted, most) * step, "it did not stop before it knew"


@given(st.integers(2, 32), st.integers(0, 40))
def test_six_questions_find_it_among_32_lots_without_any_figures(wanted: int, most: int) -> None:
    search = LargestThatPasses(D(wanted), D(1), 6)
    searched(search, lambda size: refused(size) if size > most else figures(size, size, D(most)))
    assert search.largest == min(wanted, most)


@given(st.integers(1, 1_000_000), st.decimals("0.01", "900", places=2), st.decimals("0", "1000000", places=2))
def test_six_questions_find_it_among_any_number_where_margin_is_linear(
    wanted: int, unit: Decimal, equity: Decimal
) -> None:
    search = LargestThatPasses(D(wanted), D(1), 6)
    searched(search, lambda size: figures(size, size * unit, equity))
    assert search.largest == min(D(wanted), equity // unit)


def test_a_size_between_two_lots_is_asked_about_first_and_shrinks_to_lots() -> None:
    search = LargestThatPasses(D("10.5"), D(1), 6)
    assert searched(search, lambda size: figures(size, size, D("10.2")))[0] == D("10.5")
    assert search.largest == 10


def test_no_answer_is_neither_yes_nor_no() -> None:
    search = LargestThatPasses(D(10), D(1), 6)
    with pytest.raises(ValueError, match="no answer: the link was lost"):
        search.told(WhatIfAnswer(order_ref="", order_id=1, quantity=D(10), failure="the link was lost"))


def test_an_answer_is_told_with_its_figures() -> None:
    assert answer_in_words(figures(D(7), D("350.5"), D(400))) == "7: initial margin 350.5 <= equity with loan 400"
    assert answer_in_words(refused(D(7))) == "7 refused: 201 too much"
