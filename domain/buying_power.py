"""The largest size that the broker lets through, found with few questions: pure, told each answer."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from domain.instrument import canonical
from messages.what_if import WhatIfAnswer

__all__ = ["LargestThatPasses", "answer_in_words"]


def answer_in_words(answer: WhatIfAnswer) -> str:
    """Return what the broker said to one size, with its figures."""
    size = canonical(answer.quantity)
    if answer.refusal:
        return f"{size} refused: {answer.refusal}"
    margin, equity = answer.initial_margin_after, answer.equity_after
    if margin is None or equity is None:
        return f"{size}: {answer.failure}"
    sign = "<=" if answer.passes else ">"
    said = f"; {answer.warning}" if answer.warning and not answer.passes else ""
    return f"{size}: initial margin {canonical(margin)} {sign} equity with loan {canonical(equity)}{said}"


class LargestThatPasses:
    """Bisects over lots. The size asked for goes first; what the margins say of a size narrows faster than halves.

    A size counts as passing only when the broker has said so of just that size. It is assumed that what is smaller
    than a size that passes would pass too.
    """

    def __init__(self, quantity: Decimal, step: Decimal, questions: int) -> None:
        """Sizes are `quantity`, and below it multiples of `step`; at most so many are asked about."""
        self._step = step
        self._quantity = quantity
        self._left = questions
        self._low, self._high = Decimal(0), quantity  # passes, and does not: once the first answer is there
        self._slack_low: Decimal | None = None  # equity that is left over at `_low`; None where nobody said
        self._slack_high: Decimal | None = None
        self._halve = False  # the last guess did not narrow it enough
        self._asked = False

    @property
    def largest(self) -> Decimal:
        """The largest size that has passed so far, 0 for none."""
        return self._low

    def next(self) -> Decimal | None:
        """Return the size to ask about, None when there is none."""
        if not self._left:
            return None
        if not self._asked:
            return self._quantity
        if self._low >= self._high:
            return None
        first, last = self._lots(self._low) + 1, self._last_lot()
        if first > last:
            return None
        guess = (first + last + 1) // 2 if self._halve else self._by_margin(first, last)
        return guess * self._step

    def told(self, answer: WhatIfAnswer) -> None:
        """Take the answer to what `next` gave. Raises ValueError for one that says neither yes nor no."""
        if answer.failure:
            raise ValueError(f"no answer: {answer.failure}")
        width = self._high - self._low
        self._left -= 1
        if not self._asked:
            self._asked = True
            equity, margin = answer.equity_before, answer.initial_margin_before
            self._slack_low = None if equity is None or margin is None else equity - margin
            if answer.passes:
                self._low = answer.quantity
            else:
                self._slack_high = answer.slack
            return
        if answer.passes:
            self._low, self._slack_low = answer.quantity, answer.slack
        else:
            self._high, self._slack_high = answer.quantity, answer.slack
        self._halve = (self._high - self._low) * 2 > width

    def _by_margin(self, first: int, last: int) -> int:
        """Where the equity would be used up, were margin linear in the size; the middle where no figures are known."""
        low, high = self._slack_low, self._slack_high
        if low is None or high is None or low <= high:
            return (first + last + 1) // 2
        guess = self._low + (self._high - self._low) * max(low, Decimal(0)) / (low - high)
        return min(max(self._lots(guess), first), last)

    def _lots(self, quantity: Decimal) -> int:
        return int((quantity / self._step).to_integral_value(ROUND_FLOOR))

    def _last_lot(self) -> int:
        lots = self._lots(self._high)
        return lots - 1 if lots * self._step == self._high else lots
