"""What instruments were worth: by the log's marks where there is a log, else by the last fill."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from monitoring.report.incidents import moment
from monitoring.report.model import Fill, Mark

__all__ = ["last_marks", "marks_of"]


def marks_of(
    lines: Iterable[Mapping[str, Any]], day: str, day_of: Callable[[datetime], str]
) -> list[tuple[datetime, str, Decimal]]:
    """Return the prices of open positions that these lines of a log tell for a day, in the order of their times."""
    found = []
    for line in lines:
        if line.get("event") != "position.marked":
            continue
        time, price = moment(line), _price(line.get("price"))
        if time is not None and price is not None and day_of(time) == day:
            found.append((time, str(line.get("symbol")), price))
    return sorted(found)


def last_marks(marks: Iterable[tuple[datetime, str, Decimal]], fills: Iterable[Fill]) -> dict[str, Mark]:
    """Return the last known price of each symbol."""
    found: dict[str, Mark] = {}
    for fill in fills:
        found[fill.symbol] = Mark(fill.price, fill.time, "its last fill")
    for time, symbol, price in marks:
        known = found.get(symbol)
        if known is None or time >= known.time:
            found[symbol] = Mark(price, time, "the log")
    return found


def _price(written: object) -> Decimal | None:
    try:
        price = Decimal(str(written))
    except InvalidOperation:
        return None
    return price if price.is_finite() else None
