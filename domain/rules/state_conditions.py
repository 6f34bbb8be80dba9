"""Conditions on how things stand: the position, the time at the exchange, the market."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from domain.rules.condition import Condition, ConditionError, asked, symbol_of
from domain.rules.facts import facts_of, subject_of
from domain.rules.predicate import parse_predicate
from messages.indicator import IndicatorEvent
from messages.market import PriceEvent
from messages.position import PositionEvent, PositionStatus, PositionView
from messages.schedule import TimeEvent

__all__ = ["WEEKDAYS", "MarketCondition", "PositionCondition", "TimeCondition", "TimeWindow"]

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Test = Callable[[Any], bool]


class PositionCondition(Condition):
    """How the symbol's position stands. All that is named must hold.

    `status` is one of open, flat, long, short, or a PositionStatus (or a list of them). `profit_pct` (a fraction of
    the average entry price, negative for a loss), `profit` (money of the instrument's currency, unrealised),
    `age_seconds` and `quantity` (signed) take what `parse_predicate` takes, or a callable; of a position that is flat
    none of them holds. `symbol` None means the event's.
    """

    looks_at = frozenset({"positions"})
    wakes = (PositionEvent,)

    def __init__(
        self,
        *,
        status: str | Iterable[str] | None = None,
        profit_pct: object = None,
        profit: object = None,
        age_seconds: object = None,
        quantity: object = None,
        symbol: str | None = None,
    ) -> None:
        """Take the tests. Raises ConditionError, also where there is none."""
        words = () if status is None else (status,) if isinstance(status, str) else tuple(status)
        for word in words:
            if word not in _STATUS and word not in PositionStatus.__members__:
                known = ", ".join([*_STATUS, *PositionStatus])
                raise ConditionError(f"status: {word!r} is not one of {known}")
        self._status = words
        self._symbol = symbol
        self._tests = _tests(profit_pct=profit_pct, profit=profit, age_seconds=age_seconds, quantity=quantity)
        if not self._status and not self._tests:
            raise ConditionError("expected at least one of status, profit_pct, profit, age_seconds and quantity")

    def matches(self, context: Mapping[str, Any]) -> bool:
        """Whether everything named holds."""
        symbol = symbol_of(self._symbol, context)
        view = facts_of(context).position(symbol)
        if self._status and not any(_has_status(view, word) for word in self._status):
            return False
        if not self._tests:
            return True
        if view is None or not view.quantity:
            return False
        return all(test(_FIGURES[name](view, context)) for name, test in self._tests.items())

    def words(self) -> str:
        """Say it in words."""
        parts = [f"is {' or '.join(self._status)}"] if self._status else []
        parts += [f"has {_NAMES[name]} {asked(test)}" for name, test in self._tests.items()]
        return f"the position{_of(self._symbol)} {' and '.join(parts)}"


class TimeCondition(Condition):
    """When it is, by the clock of the symbol's exchange. All that is named must hold.

    `window` is "09:45-15:30" (over midnight where the end is earlier), `weekdays` are Mon … Sun, `market_hours` says
    that the exchange must be open (or, with False, closed), half days and holidays by its calendar.
    """

    wakes = (TimeEvent,)

    def __init__(
        self,
        *,
        window: str | None = None,
        weekdays: Iterable[str] | None = None,
        market_hours: bool | None = None,
        symbol: str | None = None,
    ) -> None:
        """Take the tests. Raises ConditionError, also where there is none."""
        self._window = None if window is None else TimeWindow(window)
        self._days = None if weekdays is None else tuple(weekdays)
        for day in self._days or ():
            if day not in WEEKDAYS:
                raise ConditionError(f"weekdays: {day!r} is not one of {', '.join(WEEKDAYS)}")
        self._market_hours = market_hours
        self._symbol = symbol
        if self._window is None and not self._days and market_hours is None:
            raise ConditionError("expected at least one of window, weekdays and market_hours")
        self.looks_at = frozenset({"hours"})

    def matches(self, context: Mapping[str, Any]) -> bool:
        """Whether it is such a time."""
        facts, now = facts_of(context), context["time"]
        symbol = self._symbol or subject_of(context["event"])
        local: datetime = now.astimezone(facts.zone(symbol, now))
        if self._days is not None and WEEKDAYS[local.weekday()] not in self._days:
            return False
        if self._window is not None and not self._window.holds(local.time()):
            return False
        return self._market_hours is None or facts.hours(symbol, now).is_open(now) is self._market_hours

    def words(self) -> str:
        """Say it in words."""
        parts = [] if self._window is None else [f"is {self._window}"]
        parts += [f"is {' or '.join(self._days)}"] if self._days else []
        if self._market_hours is not None:
            parts.append("is within market hours" if self._market_hours else "is outside market hours")
        return f"it {' and '.join(parts)} (exchange time)"


class MarketCondition(Condition):
    """How the market stands. All that is named must hold; what is not known yet skips the rule.

    `price`, `spread` (ask − bid) and `spread_pct` (of the price) take what `parse_predicate` takes, or a callable;
    `indicators` maps the name of a configured indicator to the same. A test may also name an indicator to compare the
    price with: `price="> vwap"`.
    """

    def __init__(
        self,
        *,
        price: object = None,
        spread: object = None,
        spread_pct: object = None,
        indicators: Mapping[str, object] | None = None,
        symbol: str | None = None,
    ) -> None:
        """Take the tests. Raises ConditionError, also where there is none."""
        self._symbol = symbol
        self._against = _against(price)
        self._tests = _tests(price=None if self._against else price, spread=spread, spread_pct=spread_pct)
        self._indicators = _tests(**(indicators or {}))
        if not (self._tests or self._indicators or self._against):
            raise ConditionError("expected at least one of price, spread, spread_pct and an indicator")
        prices = bool(self._tests or self._against)
        names = {*self._indicators, *([self._against[1]] if self._against else [])}
        self.looks_at = frozenset({f"indicator {name}" for name in names} | ({"prices"} if prices else set()))
        self.wakes = ((PriceEvent,) if prices else ()) + ((IndicatorEvent,) if self._indicators else ())

    def matches(self, context: Mapping[str, Any]) -> bool:
        """Whether everything named holds. Raises NotKnownError."""
        facts, symbol = facts_of(context), symbol_of(self._symbol, context)
        for name, test in self._tests.items():
            price = facts.price(symbol)
            figure = price if name == "price" else facts.spread(symbol)
            if not test(figure / price if name == "spread_pct" else figure):
                return False
        if self._against is not None:
            above, name = self._against
            price, level = facts.price(symbol), facts.indicator(symbol, name)
            if not (price > level if above else price < level):
                return False
        return all(test(facts.indicator(symbol, name)) for name, test in self._indicators.items())

    def words(self) -> str:
        """Say it in words."""
        parts = [f"{_NAMES[name]} {asked(test)}" for name, test in self._tests.items()]
        if self._against is not None:
            parts.append(f"price is {'above' if self._against[0] else 'below'} {self._against[1]}")
        parts += [f"{name} {asked(test)}" for name, test in self._indicators.items()]
        return f"the market{_of(self._symbol)} has {' and '.join(parts)}"


class TimeWindow:
    """A part of the day, from its beginning to just before its end."""

    def __init__(self, written: str) -> None:
        """Read "09:45-15:30". Raises ConditionError."""
        match = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*", written)
        try:
            if match is None:
                raise ValueError
            first, second, third, fourth = map(int, match.groups())
            self._begin, self._end = time(first, second), time(third, fourth)
        except ValueError:
            raise ConditionError(f'window: "{written}" is not a part of a day such as "09:45-15:30"') from None
        if self._begin == self._end:
            raise ConditionError(f'window: "{written}" ends as it begins')

    def holds(self, at: time) -> bool:
        """Whether this time of day lies in it."""
        if self._begin < self._end:
            return self._begin <= at < self._end
        return at >= self._begin or at < self._end

    def __str__(self) -> str:
        return f"between {self._begin:%H:%M} and {self._end:%H:%M}"


_STATUS: dict[str, Callable[[Decimal], bool]] = {
    "open": lambda quantity: quantity != 0,
    "flat": lambda quantity: quantity == 0,
    "long": lambda quantity: quantity > 0,
    "short": lambda quantity: quantity < 0,
}

_NAMES = {
    "profit_pct": "profit (fraction)",
    "profit": "profit",
    "age_seconds": "age in seconds",
    "quantity": "quantity",
    "price": "price",
    "spread": "spread",
    "spread_pct": "spread (fraction)",
}


def _has_status(view: PositionView | None, word: str) -> bool:
    held = _STATUS.get(word)
    if held is not None:
        return held(view.quantity if view is not None else Decimal(0))
    return view is not None and view.status == word


def _profit_pct(view: PositionView, context: Mapping[str, Any]) -> float:
    average = float(view.average_price or 0)
    price = facts_of(context).price(view.symbol)
    return (price - average) / average * (1 if view.quantity > 0 else -1) if average else 0.0


_FIGURES: dict[str, Callable[[PositionView, Mapping[str, Any]], float]] = {
    "profit_pct": _profit_pct,
    "profit": lambda view, context: float(view.unrealized_pnl),
    "age_seconds": lambda view, context: (
        (context["time"] - view.opened).total_seconds() if view.opened is not None else 0.0
    ),
    "quantity": lambda view, context: float(view.quantity),
}


def _tests(**written: object) -> dict[str, Test]:
    return {
        name: value if callable(value) else parse_predicate(value)
        for name, value in written.items()
        if value is not None
    }


def _against(price: object) -> tuple[bool, str] | None:
    """Return whether above, and the indicator, where a test of the price names one."""
    match = re.fullmatch(r"\s*([<>])\s*([A-Za-z_][A-Za-z0-9_]*)\s*", price) if isinstance(price, str) else None
    return None if match is None else (match[1] == ">", match[2])


def _of(symbol: str | None) -> str:
    return "" if symbol is None else f" of {symbol}"
