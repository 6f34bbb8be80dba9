"""What rules may look at besides the event: positions, prices, indicators, the exchange's hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from domain.exchange_hours import ExchangeHours
from messages.indicator import IndicatorEvent
from messages.market import PriceEvent
from messages.position import PositionView

__all__ = ["Facts", "NotKnownError", "facts_of", "subject_of"]

HoursOf = Callable[[str, datetime], ExchangeHours]


class NotKnownError(Exception):
    """What a rule asks about is not known yet: the rule is skipped with this reason, and nothing else happens."""


class Facts:
    """The latest of each kind for each symbol. Whoever owns it feeds it; rules only read."""

    def __init__(self, hours: HoursOf | None = None, zone: str = "America/New_York") -> None:
        """`hours(symbol, now)` is the exchange's calendar; `zone` counts where there is none."""
        self._positions: dict[str, PositionView] = {}
        self._prices: dict[str, PriceEvent] = {}
        self._indicators: dict[tuple[str, str], IndicatorEvent] = {}
        self._hours = hours
        self._zone = ZoneInfo(zone)

    # feeding

    def note_position(self, view: PositionView) -> None:
        """Take how a position stands."""
        self._positions[view.symbol] = view

    def note_price(self, event: PriceEvent) -> None:
        """Take a price with its quote."""
        self._prices[event.symbol] = event

    def note_indicator(self, event: IndicatorEvent) -> None:
        """Take the value of an indicator."""
        self._indicators[event.symbol, event.name] = event

    # reading

    def position(self, symbol: str) -> PositionView | None:
        """Return how the symbol's position stands; None where there has been none."""
        return self._positions.get(symbol)

    def price(self, symbol: str) -> float:
        """Return the last price. Raises NotKnownError."""
        event = self._prices.get(symbol)
        if event is not None:
            return event.price
        view = self._positions.get(symbol)
        if view is not None and view.last_price is not None and view.quantity:
            return view.last_price
        raise NotKnownError(f"no price of {symbol} yet")

    def spread(self, symbol: str) -> float:
        """Return ask − bid. Raises NotKnownError."""
        event = self._prices.get(symbol)
        if event is None or event.bid is None or event.ask is None:
            raise NotKnownError(f"no bid and ask of {symbol} yet")
        return round(event.ask - event.bid, 9)  # what differs from the quotes beyond that is binary fractions

    def indicator(self, symbol: str, name: str) -> float:
        """Return an indicator's value. Raises NotKnownError."""
        event = self._indicators.get((symbol, name))
        if event is None or event.value is None:
            why = f": {event.reason}" if event is not None and event.reason else " yet"
            raise NotKnownError(f"{name} of {symbol} is not known{why}")
        return event.value

    def hours(self, symbol: str, now: datetime) -> ExchangeHours:
        """Return the calendar of the symbol's exchange. Raises NotKnownError where none is configured."""
        if self._hours is None:
            raise NotKnownError("no exchange calendar is loaded")
        return self._hours(symbol, now)

    def zone(self, symbol: str, now: datetime) -> tzinfo:
        """Return the zone of the symbol's exchange."""
        return self._zone if self._hours is None else self._hours(symbol, now).zone


_NOTHING = Facts()


def subject_of(event: object) -> str:
    """Return the symbol that an event is about, "" for none: its own, or that of the position or order it carries."""
    symbol = getattr(event, "symbol", None)
    if symbol is None:
        about = getattr(event, "position", None) or getattr(event, "order", None)
        symbol = getattr(about, "symbol", "")
    return str(symbol)


def facts_of(context: Mapping[str, Any]) -> Facts:
    """Return the facts of a context; none are known where it carries none."""
    facts = context.get("facts", _NOTHING)
    if not isinstance(facts, Facts):
        raise TypeError(f'context["facts"] is {type(facts).__name__}, not Facts')
    return facts
