"""The portfolio's side: exposure, halts, flattening."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from attrs import frozen

from messages.event import BaseEvent

__all__ = [
    "BreakerEvent",
    "BreakerGoal",
    "BreakerMoved",
    "BreakerTrigger",
    "DescribePortfolio",
    "FlattenAll",
    "Halt",
    "HaltedEvent",
    "HoldingChanged",
    "LimitUse",
    "PlansCounted",
    "PortfolioView",
    "Rearm",
    "Resume",
    "ResumedEvent",
    "RiskStanding",
    "TradingHalted",
    "TradingResumed",
    "TradingState",
]


class TradingState(StrEnum):
    """What the portfolio lets through; `domain.breaker` holds the transitions."""

    ACTIVE = "ACTIVE"
    REDUCE_ONLY = "REDUCE_ONLY"  # no new risk; entries are cancelled, exits go on
    FLATTENING = "FLATTENING"  # positions are being closed; their exits stay until they are flat
    LATCHED = "LATCHED"  # done, and until re-armed by hand no new risk


class BreakerGoal(StrEnum):
    """How far a halt goes, in rising order: it never becomes less before it is ended by hand."""

    HALT = "halt"  # no new risk until `resume`
    REDUCE_ONLY = "reduce_only"  # no new risk until `rearm`
    FLATTEN = "flatten"  # and the positions under management are closed
    FLATTEN_ALL = "flatten_all"  # and whatever else the account holds


class BreakerTrigger(StrEnum):
    """What made the breaker trip."""

    DAILY_LOSS = "daily_loss"
    DRAWDOWN = "drawdown"
    CONSECUTIVE_LOSSES = "consecutive_losses"
    REJECT_STREAK = "reject_streak"
    KILL_SWITCH = "kill_switch"


class BreakerEvent(StrEnum):
    """What moves the breaker."""

    HALT = "halt"  # by a person, or the journal failed
    TRIP = "trip"  # a trigger was confirmed, or the kill switch was pulled
    RESUME = "resume"  # by a person, after a halt
    CLOSE = "close"  # entries are cancelled: close what is held
    LATCH = "latch"  # nothing is left to do
    REARM = "rearm"  # by a person, after a trip


# control → portfolio


@frozen(slots=True)
class Halt:
    """No new risk from now on; exits go on. Survives a restart. With `cancel_entries` what still works is cancelled."""

    reason: str
    cancel_entries: bool = False


@frozen(slots=True)
class Resume:
    """New risk is allowed again."""

    reason: str


@frozen(slots=True)
class Rearm:
    """New risk is allowed again after a trip; answered with a CommandOutcome."""

    reason: str
    by: str = "operator"


@frozen(slots=True)
class FlattenAll:
    """The kill switch: cancel every entry, close every position, and stay so until re-armed."""

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
    managed: bool = True  # whether it has a plan of ours
    currency: str = ""  # of the instrument; "" while the broker has not described it
    multiplier: Decimal = Decimal(1)


# journal (stream "portfolio")


@frozen(slots=True, kw_only=True)
class BreakerMoved:
    """The breaker went from one state to another, or was told to go further."""

    event: BreakerEvent
    before: TradingState
    after: TradingState
    goal: BreakerGoal | None
    trigger: BreakerTrigger | None
    reason: str
    by: str


@frozen(slots=True, kw_only=True)
class RiskStanding:
    """All that the portfolio must know again after a restart; each is a checkpoint of its stream.

    `baselines` maps symbol → what its position had come to when `day` began; peaks are None before they are confirmed.
    `rejects` are the orders refused in a row, entries and exits apart; losses in a row count from `rearmed` on.
    """

    state: TradingState
    goal: BreakerGoal | None
    trigger: BreakerTrigger | None
    reason: str
    since: datetime
    rearmed: datetime | None
    day: str
    baselines: tuple[tuple[str, Decimal], ...]
    peak_own: Decimal | None
    peak_broker: Decimal | None
    peak_equity: Decimal | None
    rejected_entries: tuple[str, ...]
    rejected_exits: tuple[str, ...]


@frozen(slots=True)
class TradingHalted:
    """New risk stopped; by versions before the breaker."""

    reason: str


@frozen(slots=True)
class TradingResumed:
    """New risk allowed; by versions before the breaker."""

    reason: str


@frozen(slots=True)
class PlansCounted:
    """Of all plans and closings up to the record `upto`: the symbols whose plan is open, and what the positions that
    closed on `day` (the exchange's) earned and cost, in all and by symbol. For the stream "plans".

    `losses` is how many positions in a row, up to the last one, came to less than nothing.
    """

    upto: int
    symbols: tuple[str, ...]
    day: str
    realized_pnl: Decimal
    commission: Decimal
    by_symbol: tuple[tuple[str, Decimal, Decimal], ...] = ()
    losses: int = 0


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
class LimitUse:
    """How far a limit is used up, working and reserved orders counted: money in the account's currency, or units."""

    limit: str
    used: Decimal
    maximum: Decimal


@frozen(slots=True, kw_only=True)
class PortfolioView:
    """Totals in the account's currency; equity is the broker's NetLiquidation, None before it is known.

    Realised P&L and commission are those of the positions that closed today (`day`, the exchange's) and of the open
    ones. As everywhere, P&L does not contain commission. `daily_pnl` is what the day came to after it, without what
    open positions had come to when the day began; `broker_daily_pnl` is the broker's own figure. `suspicions` are
    figures beyond a limit that are not confirmed yet.
    """

    state: TradingState
    reason: str
    equity: Decimal | None
    gross_exposure: Decimal
    reserved: Decimal
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    commission: Decimal
    goal: BreakerGoal | None = None
    trigger: BreakerTrigger | None = None
    since: datetime | None = None
    day: str = ""
    daily_pnl: Decimal | None = None
    broker_daily_pnl: Decimal | None = None
    losses_in_a_row: int = 0
    rejects_in_a_row: int = 0
    suspicions: tuple[str, ...] = ()
    net_exposure: Decimal = Decimal(0)
    rates: tuple[tuple[str, Decimal], ...] = ()  # currency → what one unit of it is worth
    closing: tuple[str, ...] = ()  # symbols that are not flat yet while FLATTENING
    limits: tuple[LimitUse, ...] = ()  # of those on sums, and on the largest position
