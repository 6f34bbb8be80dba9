"""Instruments, ticks and quotes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from attrs import frozen

from messages.event import BaseEvent

__all__ = [
    "ContractQuery",
    "FeedInterrupted",
    "FeedResumed",
    "FeedSilent",
    "Instrument",
    "InstrumentQualified",
    "InstrumentUnknown",
    "Need",
    "NeedRate",
    "NeedTicks",
    "PriceEvent",
    "Subscribe",
    "TakePrice",
    "TickType",
    "Unsubscribe",
    "VolumeEvent",
]


class TickType(IntEnum):
    """IB's numbers for the ticks Pitboss uses. Delayed ones (66 and up) never move a position."""

    BID_SIZE = 0
    BID = 1
    ASK = 2
    ASK_SIZE = 3
    LAST = 4
    LAST_SIZE = 5
    HIGH = 6
    LOW = 7
    VOLUME = 8
    CLOSE = 9
    OPEN = 14
    SHORTABLE = 46
    HALTED = 49


@frozen(slots=True)
class Instrument:
    """A contract as the broker knows it.

    `price_bands` holds (low edge, increment) pairs of its market rule, ascending: a price at or above an edge
    moves in steps of that increment (reqMarketRule).
    """

    symbol: str
    con_id: int
    sec_type: str
    exchange: str
    primary_exchange: str
    currency: str
    multiplier: Decimal
    price_bands: tuple[tuple[Decimal, Decimal], ...]
    size_increment: Decimal
    long_name: str = ""
    time_zone: str = ""
    trading_hours: str = ""
    liquid_hours: str = ""


# position → gateway


@frozen(slots=True, kw_only=True)
class ContractQuery:
    """What the broker is asked for besides the symbol."""

    sec_type: str = "STK"
    exchange: str = "SMART"
    primary_exchange: str = ""
    currency: str = "USD"


@frozen(slots=True)
class Subscribe:
    """Qualify the symbol's contract and stream its ticks to `position/SYMBOL`; answered by InstrumentQualified or
    InstrumentUnknown, now and again after each reconnect."""

    symbol: str
    query: ContractQuery = ContractQuery()


@frozen(slots=True)
class Unsubscribe:
    """Stop the symbol's ticks."""

    symbol: str


class Need(IntEnum):
    """How much depends on a symbol's ticks, where there are fewer market data lines than symbols."""

    NOTHING = 0
    DECISION = 1  # an entry waits for a quote
    HOLDING = 2  # something is held, or an order works


@frozen(slots=True)
class NeedTicks:
    """How much depends on the symbol's ticks from now on; told when it changes."""

    symbol: str
    need: Need


# portfolio → gateway


@frozen(slots=True)
class NeedRate:
    """What one unit of a currency is worth in `base`, now and as it moves: told as AccountValue ExchangeRate."""

    currency: str
    base: str


@frozen(slots=True)
class FeedSilent:
    """No tick has come for a while, though one should have: ask for them anew."""

    symbol: str


# a program → position


@frozen(slots=True)
class TakePrice:
    """A price of the symbol from elsewhere, for valuing and watching the position while no live one comes.

    Answered with CommandAccepted, or CommandRefused where live prices come: they are nearer to the broker's own. It is
    no quote: nothing is entered on it.
    """

    price: float


# gateway → position, orders


@frozen(slots=True)
class InstrumentQualified(BaseEvent):
    """The broker knows the symbol, and this is what it trades as."""

    instrument: Instrument


@frozen(slots=True)
class InstrumentUnknown(BaseEvent):
    """The broker refused the symbol (error 200, or more than one contract)."""

    symbol: str
    text: str


@frozen(slots=True)
class FeedInterrupted(BaseEvent):
    """The symbol's ticks no longer arrive: link lost, line refused, delayed instead of live."""

    symbol: str
    reason: str


@frozen(slots=True)
class FeedResumed(BaseEvent):
    """The symbol's ticks arrive again."""

    symbol: str


# bus


@frozen(slots=True)
class PriceEvent(BaseEvent):
    """A price of a symbol changed: published only while somebody subscribes to it."""

    symbol: str
    price: float
    time: datetime
    bid: float | None = None
    ask: float | None = None


@frozen(slots=True)
class VolumeEvent(BaseEvent):
    """The day's volume of a symbol, in shares."""

    symbol: str
    volume: float
    time: datetime
