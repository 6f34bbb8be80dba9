"""The portfolio's side: exposure, halts, flattening."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from attrs import frozen

from messages.event import BaseEvent

__all__ = [
    "DescribePortfolio",
    "FlattenAll",
    "Halt",
    "HaltedEvent",
    "HoldingChanged",
    "PlansCounted",
    "PortfolioView",
    "Resume",
    "ResumedEvent",
    "TradingHalted",
    "TradingResumed",
    "TradingState",
]


class TradingState(StrEnum):
    """What the portfolio lets through."""

    ACTIVE = "ACTIVE"
    REDUCE_ONLY = "REDUCE_ONLY"


# control → portfolio


@frozen(slots=True)
class Halt:
    """No new risk from now on; exits go on. Survives a restart."""

    reason: str


@frozen(slots=True)
class Resume:
    """New risk is allowed again."""

    reason: str


@frozen(slots=True)
class FlattenAll:
    """Halt, then close every position."""

    reason: str


@frozen(slots=True)
class DescribePortfolio:
    """Ask for a PortfolioView."""


# position → portfolio


@frozen(slots=True)
class HoldingChanged:
    """A position's quantity, average price, mark, realised P&L or commission changed.

    P&L does not contain commission.
    """

    symbol: str
    quantity: Decimal
    average_price: Decimal | None
    mark: float | None
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    commission: Decimal


# journal (stream "portfolio")


@frozen(slots=True)
class TradingHalted:
    """New risk stopped."""

    reason: str


@frozen(slots=True)
class TradingResumed:
    """New risk allowed."""

    reason: str


@frozen(slots=True)
class PlansCounted:
    """Of all plans and closings up to the record `upto`: the symbols whose plan is open, and what the positions that
    closed on `day` (UTC) earned and cost. For the stream "plans"."""

    upto: int
    symbols: tuple[str, ...]
    day: str
    realized_pnl: Decimal
    commission: Decimal


# bus, status


@frozen(slots=True)
class HaltedEvent(BaseEvent):
    """New risk is stopped."""

    reason: str


@frozen(slots=True)
class ResumedEvent(BaseEvent):
    """New risk is allowed."""

    reason: str


@frozen(slots=True)
class PortfolioView:
    """Totals in the account's currency; equity is the broker's NetLiquidation, None before it is known.

    Realised P&L and commission are those of the positions that closed today (UTC) and of the open ones. As everywhere,
    P&L does not contain commission: what the day came to is `realized_pnl + unrealized_pnl - commission`.
    """

    state: TradingState
    reason: str
    equity: Decimal | None
    gross_exposure: Decimal
    reserved: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    commission: Decimal
