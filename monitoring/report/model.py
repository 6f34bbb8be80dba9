"""What a report says. Money is in each instrument's own currency; profit never contains commission."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import frozen

__all__ = ["DayReport", "Fill", "Group", "Held", "Incident", "Mark", "Money", "Point", "Reason", "Signal", "Trade"]


@frozen(slots=True, kw_only=True)
class Fill:
    """One line of the blotter.

    `role` is None for somebody else's order. `reference` is the price that the order was decided on: for an entry and a
    market exit the quote on the other side of the market, for a stop its stop price, for a limit its limit.
    `slippage` is what the fill cost against it, in money: positive is worse.
    """

    time: datetime
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    role: str | None
    rule: str
    strategy: str
    order_ref: str
    perm_id: int
    exec_id: str
    position_id: str
    currency: str
    multiplier: Decimal
    commission: Decimal | None
    reference: Decimal | None
    slippage: Decimal | None
    realized: Decimal
    held_after: Decimal
    average_after: Decimal | None


@frozen(slots=True, kw_only=True)
class Trade:
    """A position that closed on the day. `realized` and `commission` are those of its whole life."""

    position_id: str
    symbol: str
    side: str
    quantity: Decimal
    opened: datetime
    closed: datetime
    entry_price: Decimal | None
    exit_price: Decimal | None
    reason: str
    rule: str
    strategy: str
    realized: Decimal
    commission: Decimal
    currency: str


@frozen(slots=True)
class Mark:
    """What an instrument was worth, and who says so."""

    price: Decimal
    time: datetime
    source: str


@frozen(slots=True, kw_only=True)
class Held:
    """What was held when the day ended. `mark` is the last price known by then."""

    symbol: str
    quantity: Decimal
    average_price: Decimal
    mark: Mark | None
    unrealized: Decimal | None
    currency: str
    rule: str
    strategy: str


@frozen(slots=True, kw_only=True)
class Money:
    """Sums of one currency."""

    realized: Decimal
    unrealized: Decimal
    commission: Decimal
    slippage: Decimal
    fills: int

    @property
    def net(self) -> Decimal:
        """Realised profit after commission."""
        return self.realized - self.commission


@frozen(slots=True)
class Group:
    """The sums of a symbol, a rule or a strategy in one currency."""

    name: str
    currency: str
    money: Money
    trades: int
    won: int


@frozen(slots=True, kw_only=True)
class Signal:
    """A signal and what became of it: the orders that were sent for it, or the reason why none filled."""

    time: datetime
    signal_id: str
    symbol: str
    signal: str
    confidence: float | None
    strategy: str
    taken: Decimal
    order_refs: tuple[str, ...]
    reason: str


@frozen(slots=True)
class Reason:
    """How many signals were not traded for a reason."""

    text: str
    count: int


@frozen(slots=True)
class Incident:
    """Something that went wrong, or that a person should have seen."""

    time: datetime
    kind: str
    symbol: str
    text: str
    until: datetime | None = None


@frozen(slots=True)
class Point:
    """Profit of the day so far in one currency, open positions at their marks, after commission."""

    time: datetime
    currency: str
    value: Decimal


@frozen(slots=True, kw_only=True)
class DayReport:
    """A day's report. `known_to` is when the last record read was written; `marked` whether a log gave marks."""

    day: str
    zone: str
    known_to: datetime | None
    marked: bool
    fills: tuple[Fill, ...]
    trades: tuple[Trade, ...]
    held: tuple[Held, ...]
    totals: tuple[Group, ...]
    symbols: tuple[Group, ...]
    rules: tuple[Group, ...]
    strategies: tuple[Group, ...]
    signals: tuple[Signal, ...]
    reasons: tuple[Reason, ...]
    incidents: tuple[Incident, ...]
    equity: tuple[Point, ...]
