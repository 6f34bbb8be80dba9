"""Bars and the indicators computed from them."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from messages.event import BaseEvent

__all__ = ["AskIndicator", "Bar", "BarEvent", "BarsInterrupted", "IndicatorEvent", "SubscribeBars"]


# indicators → gateway


@frozen(slots=True)
class SubscribeBars:
    """Send the bars of a symbol to `reply_to`: those of the past `history_seconds` first, then each that ends.

    Asked for again after each reconnect, so a bar may come twice: `start` is its identity.
    """

    symbol: str
    bar_seconds: int
    history_seconds: int
    reply_to: str


# anyone → indicators


@frozen(slots=True)
class AskIndicator:
    """Ask for an indicator's value by its configured name: an IndicatorEvent, its value None where it is not known."""

    symbol: str
    name: str


# gateway → indicators


@frozen(slots=True)
class Bar:
    """One bar of trades; `start` is when it began (UTC)."""

    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float


@frozen(slots=True)
class BarEvent(BaseEvent):
    """Bars that have ended, oldest first: the past in one event, then one each."""

    symbol: str
    bar_seconds: int
    bars: tuple[Bar, ...]


@frozen(slots=True)
class BarsInterrupted(BaseEvent):
    """The symbol's bars no longer arrive: refused, or the link is down."""

    symbol: str
    bar_seconds: int
    reason: str


# bus


@frozen(slots=True)
class IndicatorEvent(BaseEvent):
    """The value of an indicator by its configured name after a bar that ended at `time`; None is not known (yet)."""

    symbol: str
    name: str
    value: float | None
    time: datetime
    reason: str = ""
