"""The profit of a day as it went: after each fill, and at each mark of what was held."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from attrs import define

from monitoring.report.model import Fill, Point

__all__ = ["equity_curve"]

_ZERO = Decimal(0)
_POINTS = 2_000


@define(slots=True)
class _Open:
    currency: str
    multiplier: Decimal
    quantity: Decimal
    average: Decimal
    unrealized: Decimal = _ZERO

    def at(self, price: Decimal) -> Decimal:
        return (price - self.average) * self.quantity * self.multiplier


def equity_curve(
    fills: Iterable[Fill], marks: Iterable[tuple[datetime, str, Decimal]], before: Iterable[Fill]
) -> tuple[Point, ...]:
    """Return it for each currency, beginning at 0; `before` are the last fills of what was held when the day began.

    What was held then counts from the first price that is known of it.
    """
    held = {
        fill.symbol: _Open(fill.currency, fill.multiplier, fill.held_after, fill.average_after or _ZERO)
        for fill in before
    }
    unknown = set(held)
    earned: dict[str, Decimal] = {}
    points: list[Point] = []
    steps: list[tuple[datetime, int, str, Fill | Decimal]] = [(fill.time, 0, fill.symbol, fill) for fill in fills]
    steps += [(time, 1, symbol, price) for time, symbol, price in marks]
    for time, _, symbol, what in sorted(steps, key=lambda step: step[:2]):
        position = held.get(symbol)
        price = what.price if isinstance(what, Fill) else what
        if position is not None and symbol in unknown:
            unknown.discard(symbol)
            position.unrealized = position.at(price)
            earned[position.currency] = earned.get(position.currency, _ZERO) - position.unrealized
        if isinstance(what, Fill):
            earned[what.currency] = earned.get(what.currency, _ZERO) + what.realized - (what.commission or _ZERO)
            position = _Open(what.currency, what.multiplier, what.held_after, what.average_after or _ZERO)
            held[symbol] = position
        if position is None:
            continue
        position.unrealized = position.at(price)
        open_profit = sum((one.unrealized for one in held.values() if one.currency == position.currency), _ZERO)
        value = earned.get(position.currency, _ZERO) + open_profit
        if points and points[-1].time == time and points[-1].currency == position.currency:
            points.pop()
        points.append(Point(time, position.currency, value))
    return _thinned(points)


def _thinned(points: list[Point]) -> tuple[Point, ...]:
    step = max(1, len(points) // _POINTS)
    return tuple(point for number, point in enumerate(points) if number % step == 0 or number == len(points) - 1)
