"""What each order type asks of the market: the vocabulary of the venue.

    type          waits for            then executes as
    MKT           -                    market
    LMT           -                    limit
    STP           the stop             market
    STP LMT       the stop             limit
    TRAIL         the trailing stop    market
    TRAIL LIMIT   the trailing stop    limit, at an offset from the stop
    MIT           the touch            market
    LIT           the touch            limit
    MOC, LOC      the close            the closing price
    MIDPRICE      -                    the midpoint, no worse than the cap
    PEG …, REL    -                    nothing: pegged and relative orders are kept, echoed, changed and cancelled

Market and limit on open are MKT and LMT with time in force OPG.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

__all__ = ["ORDER_TYPES", "TIMES_IN_FORCE", "Terms", "Trigger"]


class Trigger(Enum):
    """What an order waits for before it may execute."""

    STOP = "stop"
    TRAIL = "trail"
    TOUCH = "touch"


@frozen(slots=True)
class Terms:
    """What one order type needs and does."""

    trigger: Trigger | None = None
    limit: bool = False
    at_close: bool = False
    midpoint: bool = False
    rests: bool = False  # the venue has no market for it


ORDER_TYPES: dict[str, Terms] = {
    "MKT": Terms(),
    "LMT": Terms(limit=True),
    "STP": Terms(trigger=Trigger.STOP),
    "STP LMT": Terms(trigger=Trigger.STOP, limit=True),
    "TRAIL": Terms(trigger=Trigger.TRAIL),
    "TRAIL LIMIT": Terms(trigger=Trigger.TRAIL, limit=True),
    "MIT": Terms(trigger=Trigger.TOUCH),
    "LIT": Terms(trigger=Trigger.TOUCH, limit=True),
    "MOC": Terms(at_close=True),
    "LOC": Terms(at_close=True, limit=True),
    "MIDPRICE": Terms(midpoint=True),
    **dict.fromkeys(("PEG MID", "PEG BEST", "PEG BENCH", "PEG MKT", "PEG STK", "REL", "PASSV REL"), Terms(rests=True)),
}
"""order type as on the wire → terms"""

TIMES_IN_FORCE = frozenset({"DAY", "GTC", "IOC", "FOK", "GTD", "OPG"})
