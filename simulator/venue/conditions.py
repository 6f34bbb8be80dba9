"""The conditions of an order: what they are, how they are read, when they hold.

An order either waits until its conditions hold, or is cancelled when they do (`conditionsCancelOrder`). They count only
in the regular hours of the order's contract unless they ignore those (`conditionsIgnoreRth`).

    kind            holds when
    1 price         the price, by TWS's trigger methods, is at or beyond
    3 time          the time has come, or has not
    4 margin        excess liquidity in percent of the net liquidation value is at or beyond
    5 execution     the account has traded the symbol since the order was placed
    6 volume        the day's volume is at or beyond
    7 change        the last trade in percent above the close of the day before is at or beyond

A conjunction says how a condition goes on to the next one, `a` and or `o` or; `a` binds more tightly (own choice).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Protocol

from attrs import define, frozen

from simulator.model import Execution, Quote
from simulator.venue.refusal import OrderRefused
from simulator.venue.schedule import parse_time
from simulator.venue.triggers import DOUBLE_METHODS, default_method, reached

__all__ = ["Condition", "Conditions", "Sight", "read_conditions"]


class Sight(Protocol):
    """What conditions look at."""

    def quote(self, con_id: int) -> Quote:
        """Return the market of a contract."""
        ...

    def readable(self, con_id: int) -> bool:
        """Whether that market is neither halted nor half told."""
        ...

    def now(self) -> datetime:
        """Return the time."""
        ...

    def cushion(self, account: str) -> Decimal:
        """Return an account's excess liquidity in percent of its net liquidation value."""
        ...


class Condition(Protocol):
    """One condition."""

    def holds(self, sight: Sight, account: str) -> bool:
        """Whether it holds now."""
        ...


@define(slots=True, eq=False)
class PriceCondition:
    """Beyond a price, seen as a stop with TWS's trigger methods sees it."""

    con_id: int
    falling: bool
    level_price: float
    method: int
    hits: int = 0

    def tick(self, quote: Quote, tick_type: int) -> None:
        """Count a tick, for the methods that want two in a row."""
        if self.method in DOUBLE_METHODS:
            reached(self, quote, tick_type)

    def holds(self, sight: Sight, account: str) -> bool:
        """Whether the market as it stands is beyond."""
        return sight.readable(self.con_id) and reached(self, sight.quote(self.con_id), None)


@frozen(slots=True)
class TimeCondition:
    """After, or before, a time."""

    after: bool
    time: datetime

    def holds(self, sight: Sight, account: str) -> bool:
        """Whether it is that late, or that early."""
        return sight.now() >= self.time if self.after else sight.now() <= self.time


@frozen(slots=True)
class MarginCondition:
    """The account's margin cushion in percent."""

    more: bool
    percent: Decimal

    def holds(self, sight: Sight, account: str) -> bool:
        """Whether the cushion is beyond."""
        cushion = sight.cushion(account)
        return cushion >= self.percent if self.more else cushion <= self.percent


@define(slots=True, eq=False)
class ExecutionCondition:
    """A trade of the account in a symbol, by whichever order."""

    symbol: str
    sec_type: str
    exchange: str
    happened: bool = False

    def hear(self, execution: Execution) -> None:
        """Remember that it has happened."""
        contract = execution.contract
        if (self.symbol, self.sec_type) == (contract.symbol, contract.sec_type):
            self.happened |= self.exchange in ("", "SMART", execution.exchange, contract.exchange)

    def holds(self, sight: Sight, account: str) -> bool:
        """Whether it has happened."""
        return self.happened


@frozen(slots=True)
class VolumeCondition:
    """The day's volume of a contract."""

    con_id: int
    more: bool
    volume: int

    def holds(self, sight: Sight, account: str) -> bool:
        """Whether the volume is beyond."""
        traded = sight.quote(self.con_id).volume
        return traded >= self.volume if self.more else traded <= self.volume


@frozen(slots=True)
class ChangeCondition:
    """How far the last trade is from the close of the day before, in percent; never where either is unknown."""

    con_id: int
    more: bool
    percent: float

    def holds(self, sight: Sight, account: str) -> bool:
        """Whether the change is beyond."""
        quote = sight.quote(self.con_id)
        if not (quote.close > 0 and quote.last > 0 and sight.readable(self.con_id)):
            return False
        change = (quote.last / quote.close - 1) * 100
        return change >= self.percent if self.more else change <= self.percent


@frozen(slots=True)
class Conditions:
    """All conditions of an order."""

    text: str
    alternatives: tuple[tuple[Condition, ...], ...]  # one whole row has to hold
    ignore_hours: bool
    cancels: bool

    def hold(self, sight: Sight, account: str) -> bool:
        """Whether they hold now, whatever the hour."""
        return any(all(one.holds(sight, account) for one in row) for row in self.alternatives)

    def __iter__(self) -> Iterator[Condition]:
        """Return each condition."""
        return (one for row in self.alternatives for one in row)

    @property
    def con_ids(self) -> frozenset[int]:
        """The contracts at whose markets they look."""
        looking = (PriceCondition, VolumeCondition, ChangeCondition)
        return frozenset(one.con_id for one in self if isinstance(one, looking))

    @property
    def times(self) -> list[datetime]:
        """When time alone may change what holds."""
        return [one.time for one in self if isinstance(one, TimeCondition)]


def read_conditions(text: str, sec_type_of: Callable[[int], str]) -> Conditions | None:
    """Read the piece of placeOrder that holds the conditions, None for none.

    `sec_type_of` returns the kind of a contract and raises OrderRefused for an unknown one. Raises OrderRefused.
    """
    if not text:
        return None
    fields = iter(text.split("\0"))
    rows: list[list[Condition]] = [[]]
    try:
        for _ in range(int(next(fields))):
            kind, conjunction = next(fields), next(fields)
            rows[-1].append(_READERS[kind](fields, sec_type_of))
            if conjunction == "o":
                rows.append([])
            elif conjunction != "a":
                raise ValueError(f"conjunction {conjunction!r}")
        ignores, cancels = next(fields), next(fields)
    except (ValueError, KeyError, StopIteration) as error:
        raise OrderRefused(321, "Error validating request.-'bR' : cause - Invalid order condition") from error
    return Conditions(text, tuple(tuple(row) for row in rows if row), ignores == "1", cancels == "1")


def _number(written: str) -> float:
    number = float(written)
    if not isfinite(number):
        raise ValueError(f"no finite number: {written}")
    return number


_Fields = Iterator[str]
_Kinds = Callable[[int], str]


def _price(fields: _Fields, kind_of: _Kinds) -> Condition:
    more, price, con_id = next(fields) == "1", _number(next(fields)), int(next(fields))
    next(fields)  # the exchange: there is one market for each contract
    method = int(next(fields) or 0) or default_method(kind_of(con_id))
    if method not in (1, 2, 3, 4, 7, 8):
        raise ValueError(f"trigger method {method}")
    return PriceCondition(con_id, falling=not more, level_price=price, method=method)


def _time(fields: _Fields, kind_of: _Kinds) -> Condition:
    return TimeCondition(next(fields) == "1", parse_time(next(fields), "condition"))


def _margin(fields: _Fields, kind_of: _Kinds) -> Condition:
    return MarginCondition(next(fields) == "1", Decimal(repr(_number(next(fields)))))


def _execution(fields: _Fields, kind_of: _Kinds) -> Condition:
    sec_type, exchange, symbol = next(fields), next(fields), next(fields)
    return ExecutionCondition(symbol, sec_type, exchange)


def _volume(fields: _Fields, kind_of: _Kinds) -> Condition:
    more, volume, con_id = next(fields) == "1", int(next(fields)), int(next(fields))
    next(fields)
    kind_of(con_id)
    return VolumeCondition(con_id, more, volume)


def _change(fields: _Fields, kind_of: _Kinds) -> Condition:
    more, percent, con_id = next(fields) == "1", _number(next(fields)), int(next(fields))
    next(fields)
    kind_of(con_id)
    return ChangeCondition(con_id, more, percent)


_READERS: dict[str, Callable[[_Fields, _Kinds], Condition]] = {
    "1": _price,
    "3": _time,
    "4": _margin,
    "5": _execution,
    "6": _volume,
    "7": _change,
}
