"""`[risk]`: limits on new risk, guards before an entry, and the breaker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from attrs import field, frozen

from config.expectations import Flag, Number, OneOf, Text, Texts, TimeOfDay, Whole, Zone

__all__ = ["GroupSettings", "RiskSettings", "SizeBy"]

Seconds = Annotated[float, Number("a number of seconds", above=True, kind=float)]
SecondsOrZero = Annotated[float, Number("a number of seconds", kind=float)]
Shares = Annotated[Decimal, Number("a number of shares", above=True)]
Money = Annotated[Decimal, Number("an amount of money", above=True)]
Fraction = Annotated[Decimal, Number("a fraction (0.03 is 3 %)", high=Decimal("0.99"))]
EquityFraction = Annotated[Decimal, Number("a fraction of the equity", above=True, high=Decimal(1))]
TrailingPart = Annotated[Decimal, Number("a part of the trailing distance", above=True, high=Decimal(1))]
YesNo = Annotated[bool, Flag()]
SizeBy = Annotated[Literal["configured", "what_if"], OneOf(("configured", "what_if"))]
BreakerAction = Annotated[Literal["reduce_only", "flatten"], OneOf(("reduce_only", "flatten"))]
Count = Annotated[int, Whole(1, 1_000)]
Currency = Annotated[str, Text("a currency of three letters", r"[A-Z]{3}")]
Members = Annotated[
    tuple[str, ...], Texts(Text("a symbol in capitals, as IB writes it", r"[A-Z0-9][A-Z0-9 .\-]{0,19}"))
]
Rate = Annotated[Decimal, Number("a rate", above=True)]
GroupName = Annotated[str, Text("a name of letters, digits, dashes and underscores", r"[A-Za-z0-9_\-]{1,40}")]

NEW_YORK = ZoneInfo("America/New_York")
MIDNIGHT = time(0)


@frozen(slots=True, kw_only=True)
class GroupSettings:
    """Symbols that move together, and what they may come to together."""

    symbols: Members
    max_gross_exposure: Money | None = None
    max_net_exposure: Money | None = None
    max_gross_shares: Shares | None = None


@frozen(slots=True, kw_only=True)
class RiskSettings:
    """Limits on new risk; orders that reduce risk pass them. Money is in `currency`, which must be the account's.

    `exchange_rates` are used for currencies of which the broker has told none.
    """

    currency: Currency = "USD"
    exchange_rates: Mapping[Currency, Rate] = field(factory=dict)
    max_position_shares: Shares | None = None
    max_position_notional: Money | None = None
    max_order_notional: Money | None = None
    max_gross_exposure: Money | None = None
    max_net_exposure: Money | None = None
    max_gross_shares: Shares | None = None
    max_sector_exposure: Money | None = None
    max_sector_net_exposure: Money | None = None
    max_sector_shares: Shares | None = None
    groups: Mapping[GroupName, GroupSettings] = field(factory=dict)
    on_limit: Annotated[Literal["reject", "resize"], OneOf(("reject", "resize"))] = "reject"
    min_order_shares: Shares | None = None
    max_order_shares: Shares | None = None
    min_order_notional: Money | None = None
    price_collar_pct: Fraction | None = None
    max_orders_per_minute: Annotated[int, Whole(1, 10_000)] | None = None
    duplicate_seconds: Seconds | None = None
    allow_short: YesNo = True
    entry_hours: Annotated[Literal["broker", "calendar", "any"], OneOf(("broker", "calendar", "any"))] = "broker"
    max_daily_loss: Money | None = None
    daily_loss_action: BreakerAction = "reduce_only"
    max_drawdown: Money | None = None
    max_drawdown_pct: EquityFraction | None = None
    drawdown_action: BreakerAction = "reduce_only"
    max_consecutive_losses: Count | None = None
    consecutive_losses_action: BreakerAction = "reduce_only"
    max_reject_streak: Count | None = None
    reject_streak_action: BreakerAction = "reduce_only"
    breaker_observations: Annotated[int, Whole(1, 100)] = 3
    breaker_seconds: SecondsOrZero = 5.0
    trading_day_zone: Annotated[ZoneInfo, Zone()] = NEW_YORK
    trading_day_start: Annotated[time, TimeOfDay()] = MIDNIGHT
    naked_seconds: Seconds = 5.0
    quote_max_age_seconds: Seconds = 5.0
    local_stop_grace_seconds: SecondsOrZero = 5.0
    what_if_questions: Annotated[int, Whole(1, 20)] = 6
    trail_step: TrailingPart = Decimal("0.1")
