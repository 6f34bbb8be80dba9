"""What a feed knows of the time before it began, and what history is told from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

from simulator.model import Ticked

__all__ = ["BAR_KINDS", "NO_PAST", "Past", "Row"]

BAR_KINDS: Final = ("TRADES", "BID", "ASK")

Row = tuple[float, ...]
"""A bar as it is kept: epoch second of its begin, open, high, low, close, volume, Σ price × volume, count."""


@frozen(slots=True)
class Past:
    """The past of one contract, stamped with the venue's time, oldest first.

    It goes on at the data's own pace, however much faster the feed then plays.
    """

    ticks: Sequence[Ticked] = ()
    bars: Mapping[tuple[str, int], Sequence[Row]] = field(factory=dict)
    """(one of BAR_KINDS, 60 or 3600 seconds) → bars from before the ticks; hours lie before minutes"""


NO_PAST: Final = Past()
