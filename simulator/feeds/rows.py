"""Rows of a recording, whatever kind of file they come from, and the ticks that they mean.

A row is a tick (columns `time`, `tick_type`, `price`, `size`) or a state of the market (`time` and one or more of `bid`
with `bid_size`, `ask` with `ask_size`, `last` with `last_size`, `volume`): of a state, a bid, ask or volume that is new
makes a tick, and each `last` is a trade; what is empty is left as it was. Either may have a column `symbol`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from simulator.feeds.feed import FeedError
from simulator.feeds.packed import TimedTick
from simulator.feeds.span import microseconds
from simulator.model import Contract

__all__ = ["TICK_TYPES", "RowReader", "Value"]

TICK_TYPES = {
    "bid_size": 0,
    "bid": 1,
    "ask": 2,
    "ask_size": 3,
    "last": 4,
    "last_size": 5,
    "high": 6,
    "low": 7,
    "volume": 8,
    "close": 9,
    "open": 14,
    "halted": 49,
}
"""name → TWS's number; a file may use either"""

Value = str | float | int | None
Found = tuple[int, float, int]
"""tick type, price, size"""

_NUMBERS = frozenset(TICK_TYPES.values())
_PRICE_OF_SIZE = {0: 1, 3: 2}  # size tick → price tick of the same side
_SIZE_ONLY = frozenset({0, 3, 5, 8})
_SIDES = (("bid", "bid_size", 1), ("ask", "ask_size", 2), ("last", "last_size", 4))
_FAR = 1e11  # seconds: the year 5138; a greater number is in other units


class RowReader:
    """Turns the rows of one file into ticks. Remembers prices, because a size tick may bring a new one."""

    def __init__(
        self, columns: Sequence[str], contract_of: Callable[[str], Contract | None], default: Contract | None
    ) -> None:
        """`contract_of` returns the contract of a symbol, None where its rows are to be left out, and raises FeedError
        for an unknown one; `default` is meant where there is no column `symbol`.

        Raises FeedError for columns that make no ticks.
        """
        names = [{"tickType": "tick_type"}.get(name, name) for name in columns]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise FeedError(f"column {min(twice)} is there twice")
        self._at = {name: position for position, name in enumerate(names)}
        self._width = len(names)
        self._contract_of = contract_of
        self._default = default
        self._prices: dict[tuple[int, int], float] = {}  # conId, price tick → price last told
        self._states: dict[tuple[int, int], tuple[float, int]] = {}  # conId, tick type → price and size last told
        self._contracts: dict[str, Contract | None] = {}
        self._sides = [side for side in _SIDES if side[0] in self._at]
        self._ticks = self._tick if "tick_type" in self._at else self._state
        self._check(names)

    def _check(self, names: Sequence[str]) -> None:
        if "tick_type" in self._at:
            needed = ["time", "tick_type", "price", "size"]
        elif self._sides or "volume" in self._at:
            needed = ["time", *(size for _, size, _ in self._sides)]
        else:
            raise FeedError(
                f"columns {', '.join(names) or 'none'}; expected time, tick_type, price and size, "
                "or time with bid and bid_size, ask and ask_size, last and last_size, volume"
            )
        missing = [name for name in needed if name not in self._at]
        if missing:
            raise FeedError(f"column {missing[0]} is missing; there are {', '.join(names)}")
        if "symbol" not in self._at and self._default is None:
            raise FeedError("there is no column symbol; name the contract behind the file, as in recorded:FILE:AAPL")

    def read(self, row: Sequence[Value]) -> Iterator[TimedTick]:
        """Return the ticks of a row. Raises FeedError with the value and what was expected."""
        if len(row) != self._width:
            raise FeedError(f"{len(row)} fields, expected {self._width}")
        contract = self._contract(row)
        if contract is None:
            return
        time = _time(row[self._at["time"]])
        for tick_type, price, size in self._ticks(row, contract.con_id):
            yield time, contract, tick_type, price, size

    def _contract(self, row: Sequence[Value]) -> Contract | None:
        if "symbol" not in self._at:
            return self._default
        symbol = str(row[self._at["symbol"]] or "")
        if symbol not in self._contracts:
            self._contracts[symbol] = self._contract_of(symbol)
        return self._contracts[symbol]

    def _tick(self, row: Sequence[Value], con_id: int) -> Iterator[Found]:
        tick_type = _tick_type(row[self._at["tick_type"]])
        written = row[self._at["price"]]
        price = 0.0 if written in ("", None) and tick_type in _SIZE_ONLY else _number("price", written)
        written = row[self._at["size"]]
        size = 0 if written in ("", None) and tick_type not in _SIZE_ONLY else _whole("size", written)
        side = _PRICE_OF_SIZE.get(tick_type)
        if side is not None and price > 0 and self._prices.get((con_id, side)) != price:
            tick_type = side
        if tick_type in (1, 2, 4):
            self._prices[con_id, tick_type] = price
        yield tick_type, 0.0 if tick_type in _SIZE_ONLY else price, size

    def _state(self, row: Sequence[Value], con_id: int) -> Iterator[Found]:
        found: list[Found] = []
        for name, size_name, tick_type in self._sides:
            written = row[self._at[name]]
            if written not in ("", None):
                found.append((tick_type, _number(name, written), _whole(size_name, row[self._at[size_name]])))
        if "volume" in self._at and row[self._at["volume"]] not in ("", None):
            found.append((8, 0.0, _whole("volume", row[self._at["volume"]])))
        for tick_type, price, size in found:
            if tick_type == 4 or self._states.get((con_id, tick_type)) != (price, size):
                self._states[con_id, tick_type] = price, size
                yield tick_type, price, size


def _time(written: Value) -> int:
    """Microseconds since 1970, of seconds since 1970 or ISO 8601 with a zone."""
    if written in ("", None):
        raise FeedError("time is missing")
    try:
        seconds = float(written or 0)
    except ValueError:
        return _iso(str(written))
    if not 0 <= seconds < _FAR:
        raise FeedError(f"time {written!r}: expected seconds since 1970, or ISO 8601 with a zone")
    return round(seconds * 1e6)


def _iso(written: str) -> int:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise FeedError(f"time {written!r}: expected ISO 8601, such as 2026-11-20T14:30:00.123Z") from error
    if moment.tzinfo is None:
        raise FeedError(f"time {written!r}: it has no zone; expected one, such as Z or +01:00 at its end")
    return microseconds(moment)


def _tick_type(written: Value) -> int:
    number = TICK_TYPES.get(str(written).strip().lower())
    if number is None:
        try:
            number = int(str(written).removesuffix(".0"))
        except ValueError:
            number = -1
    if number not in _NUMBERS:
        known = ", ".join(f"{name} ({kind})" for name, kind in TICK_TYPES.items())
        raise FeedError(f"tick_type {written!r} is unknown; expected one of {known}")
    return number


def _number(name: str, written: Value) -> float:
    try:
        value = float(written)  # type: ignore[arg-type]  # None is a TypeError
    except (TypeError, ValueError) as error:
        raise FeedError(f"{name} {written!r}: expected a number") from error
    if not abs(value) < float("inf"):
        raise FeedError(f"{name} {written!r} is not a number")
    return value


def _whole(name: str, written: Value) -> int:
    value = _number(name, written)
    if value != int(value) or not 0 <= value < 2**53:
        raise FeedError(f"{name} {written!r}: expected a whole number, 0 or more")
    return int(value)
