"""What a feed knows of the time before it began, and what history is told from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from attrs import frozen

from simulator.model import Ticked

__all__ = ["BAR_KINDS", "NO_PAST", "Past", "Row"]

BAR_KINDS: Final = ("TRADES", "BID", "ASK")

Row = tuple[float, ...]
"""A bar as it is kept: epoch second of its begin, open, high, low, close, volume, Σ price × volume, count."""


def _no_bars(kind: str, seconds: int) -> Sequence[Row]:
    return ()


@frozen(slots=True)
class Past:
    """The past of one contract, stamped with the venue's time, oldest first.

    It goes on at the data's own pace, however much faster the feed then plays.
    """

    ticks: Sequence[Ticked] = ()
    bars: Callable[[str, int], Sequence[Row]] = _no_bars
    """Returns the bars of one of BAR_KINDS and 60 or 3600 seconds; hours lie before minutes, those before ticks."""


NO_PAST: Final = Past()
