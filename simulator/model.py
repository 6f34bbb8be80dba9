"""What the venue and the server of the paper TWS say to each other.

The venue knows markets, orders, money and time; the server knows clients and bytes. Nothing here knows either.
Quantities and prices of orders, executions and cash are `Decimal`; quotes are floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from attrs import define, field, frozen

ZERO = Decimal(0)


@frozen(slots=True)
class Contract:
    """One instrument, with the names that TWS gives to its fields."""

    con_id: int
    symbol: str
    sec_type: str = "STK"
    last_trade_date: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    exchange: str = "SMART"
    primary_exchange: str = ""
    currency: str = "USD"
    local_symbol: str = ""
    trading_class: str = ""


@define(slots=True, eq=False)
class Order:
    """An order as the broker holds it. `extra` keeps each further wire field as it came, so that it can be echoed."""

    order_id: int
    client_id: int
    account: str
    contract: Contract
    side: str  # BUY | SELL (SSHORT is kept in extra)
    quantity: Decimal
    order_type: str  # MKT LMT STP "STP LMT" TRAIL "TRAIL LIMIT" MOC LOC MIT LIT MIDPRICE …
    limit: Decimal | None = None
    stop: Decimal | None = None  # auxPrice: stop or trigger price, or the trailing amount
    tif: str = "DAY"
    order_ref: str = ""
    oca_group: str = ""
    oca_type: int = 0  # 1 cancel with block, 2 reduce with block, 3 reduce without block; 0 means the default, 3
    parent_id: int = 0  # order id of the parent, same client
    transmit: bool = True
    outside_rth: bool = False
    trail_stop: Decimal | None = None  # trailStopPrice: where a trailing stop stands
    trailing_percent: Decimal | None = None
    good_till: str = ""
    good_after: str = ""
    what_if: bool = False
    extra: Mapping[str, str] = field(factory=dict)
    perm_id: int = 0
    status: str = "PendingSubmit"
    filled: Decimal = ZERO
    average_price: Decimal = ZERO
    last_price: Decimal = ZERO
    why_held: str = ""
    parent_perm_id: int = 0
    placed_at: datetime | None = None
    done_at: datetime | None = None

    @property
    def remaining(self) -> Decimal:
        """What is still to fill."""
        return self.quantity - self.filled

    @property
    def done(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status in {"Filled", "Cancelled", "ApiCancelled", "Inactive"} and not self.why_held


@frozen(slots=True)
class Execution:
    """A fill. `exec_id` ends in a version (`….01`); the part before it is the identity."""

    exec_id: str
    order_id: int
    client_id: int
    perm_id: int
    order_ref: str
    account: str
    contract: Contract
    side: str  # BOT | SLD
    quantity: Decimal
    price: Decimal
    time: datetime
    exchange: str
    cumulative: Decimal
    average_price: Decimal
    liquidation: bool = False


@frozen(slots=True)
class Commission:
    """What a fill cost. `realized_pnl` is None where the fill closed nothing."""

    exec_id: str
    amount: Decimal
    currency: str
    realized_pnl: Decimal | None


@frozen(slots=True)
class Position:
    """What an account holds of one contract. `average_cost` is per unit, commission included."""

    account: str
    contract: Contract
    quantity: Decimal
    average_cost: Decimal


@define(slots=True)
class Quote:
    """The market of one contract as last seen. NaN means never seen; sizes are whole numbers."""

    bid: float = float("nan")
    ask: float = float("nan")
    last: float = float("nan")
    bid_size: int = 0
    ask_size: int = 0
    last_size: int = 0
    volume: int = 0
    high: float = float("nan")
    low: float = float("nan")
    open: float = float("nan")
    close: float = float("nan")
    halted: bool = False


@frozen(slots=True)
class WhatIf:
    """What an order would do to its account, in the account's currency; a what-if order is answered with it."""

    init_margin_before: Decimal
    maint_margin_before: Decimal
    equity_with_loan_before: Decimal
    init_margin_after: Decimal
    maint_margin_after: Decimal
    equity_with_loan_after: Decimal
    commission: Decimal
    currency: str
    warning: str = ""


@frozen(slots=True)
class ProfitAndLoss:
    """An account's profit of the day, in its currency. `daily` is the change of its net value since the day began."""

    daily: Decimal
    unrealized: Decimal
    realized: Decimal


@frozen(slots=True)
class PositionProfitAndLoss:
    """One position's profit, in its contract's currency."""

    position: Decimal
    daily: Decimal
    unrealized: Decimal
    realized: Decimal
    value: Decimal


@frozen(slots=True)
class Bar:
    """Prices of one interval that begins at `time`. `wap` is the volume-weighted average, `count` the trades."""

    time: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int
    wap: float
    count: int


# venue → server


@frozen(slots=True)
class OrderChanged:
    """The order's state or terms changed; the server tells openOrder and orderStatus."""

    order: Order


@frozen(slots=True)
class Executed:
    """A fill, before its commission."""

    order: Order | None  # None for what did not come from an order of a client (liquidation, manual trade)
    execution: Execution


@frozen(slots=True)
class Charged:
    """The commission of a fill."""

    commission: Commission
    execution: Execution


@frozen(slots=True)
class OrderError:
    """An error or warning about an order. `fatal` errors leave no order behind."""

    order_id: int
    client_id: int
    code: int
    text: str


@frozen(slots=True)
class PositionChanged:
    """A holding changed; quantity 0 is told once."""

    position: Position


@frozen(slots=True)
class Ticked:
    """One tick of the feed: tickPrice with its size (type 1, 2, 4) or tickSize (0, 3, 5, 8)."""

    contract: Contract
    tick_type: int
    price: float
    size: int
    time: datetime


VenueEvent = OrderChanged | Executed | Charged | OrderError | PositionChanged | Ticked
