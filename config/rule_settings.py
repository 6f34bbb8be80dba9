"""What `[[rules]]` and `[indicators]` may say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from attrs import field, frozen

from config.exit_settings import ExitSettings
from config.expectations import Conditions, Expectation, Flag, Number, OneOf, Text, Texts, Whole
from config.risk_settings import SizeBy
from messages.order import Side

__all__ = ["DOINGS", "ActionSettings", "ConditionSettings", "IndicatorSettings", "RuleSettings"]

DOINGS = (
    "create_position",
    "close_position",
    "adjust_exits",
    "create_order",
    "create_bracket",
    "cancel_order",
    "scale_in",
    "double_down",
    "close_all",
    "flatten",
    "log",
)
"""What a rule can do."""

BAR_SIZES = (
    *("5 secs", "10 secs", "15 secs", "30 secs", "1 min", "2 mins", "3 mins", "5 mins"),
    *("10 mins", "15 mins", "20 mins", "30 mins", "1 hour", "2 hours", "3 hours", "4 hours", "8 hours", "1 day"),
)

Shares = Annotated[Decimal, Number("a number of shares", above=True)]
Money = Annotated[Decimal, Number("an amount of money", above=True)]
Price = Annotated[Decimal, Number("a price", above=True)]
Distance = Annotated[Decimal, Number("a distance from the entry price")]
Fraction = Annotated[Decimal, Number("a fraction (0.03 is 3 %)", high=Decimal("0.99"))]
RiskFraction = Annotated[Decimal, Number("a fraction of the equity (0.01 is 1 %)", above=True, high=Decimal(1))]
SecondsOrZero = Annotated[float, Number("a number of seconds", kind=float)]
YesNo = Annotated[bool, Flag()]
Fields = Annotated[Mapping[str, Any], Conditions()]
Symbol = Text("a symbol in capitals, as IB writes it", r"[A-Z0-9][A-Z0-9 .\-]{0,19}")
Symbols = Annotated[tuple[str, ...], Texts(Symbol)]
Reasons = Annotated[tuple[str, ...], Texts(Text("a reason such as stop or trailing_stop", r"[^,]{1,80}"))]
PartOfTheWay = Annotated[Decimal, Number("a fraction of the way", above=True, high=Decimal("0.99"))]
IndicatorName = Annotated[str, Text("the name of an indicator", r"[A-Za-z_][A-Za-z0-9_]{0,39}")]
Event = Annotated[str, Text("the name of an event class", r"[A-Za-z]*")]


@frozen
class Points(Expectation):
    """Pairs of a confidence and the part of the size to take."""

    def __str__(self) -> str:
        return "a list of pairs of confidence and part of the size, like [[0.6, 0.5], [0.9, 1.0]]"

    def read(self, value: Any) -> tuple[tuple[Decimal, ...], ...]:
        if not isinstance(value, list):
            raise self.refuse()
        number = Number("a number", high=Decimal(1))
        pairs = []
        for point in value:
            if not isinstance(point, list) or len(point) != 2:
                raise self.refuse()
            pairs.append(tuple(Decimal(str(number.read(part))) for part in point))
        return tuple(pairs)


@frozen(slots=True, kw_only=True)
class ConditionSettings:
    """A condition: all that it names must hold.

    `when` maps a field of the event to a value, to a list of values, or to a comparison such as `">= 0.8"`; `position`,
    `time` and `market` likewise, on how things stand.
    """

    event: Event = ""
    when: Fields = field(factory=dict)
    position: Fields = field(factory=dict)
    time: Fields = field(factory=dict)
    market: Fields = field(factory=dict)


@frozen(slots=True, kw_only=True)
class ActionSettings(ExitSettings):
    """One thing to do, and its terms; which of them apply depends on `do`."""

    do: Annotated[str, OneOf(DOINGS)]
    only_if: ConditionSettings | None = None
    side: Annotated[Side, OneOf(("BUY", "SELL"), Side)] | None = None
    quantity: Shares | None = None
    allocation: Money | None = None
    risk_pct: RiskFraction | None = None
    volatility_pct: RiskFraction | None = None
    size_by: SizeBy | None = None
    size_by_confidence: Annotated[tuple[tuple[Decimal, ...], ...], Points()] = ()
    add: YesNo = False
    stop_loss_pct: Fraction | None = None
    take_profit_pct: Fraction | None = None
    trailing_stop_pct: Fraction | None = None
    stop_loss_amount: Distance | None = None
    take_profit_amount: Distance | None = None
    trailing_stop_amount: Distance | None = None
    atr: IndicatorName = "atr"
    order_type: Annotated[str, OneOf(("MKT", "LMT", "STP", "STP LMT"))] = "MKT"
    limit_price: Price | None = None
    stop_price: Price | None = None
    target_price: Price | None = None
    order_ref: Annotated[str, Text("the reference of an order", r"[A-Za-z0-9\-]*")] = ""
    scale_quantity: Shares | None = None
    trigger_profit_pct: Fraction = Decimal("0.02")
    max_times: Annotated[int, Whole(1, 1_000)] = 1
    distance_to_stop_multiplier: PartOfTheWay = Decimal("0.5")
    quantity_multiplier: Annotated[Decimal, Number("a multiple of the position", above=True)] = Decimal(1)
    level: Annotated[int, Whole(1, 1_000)] = 1
    reason: Annotated[str, Text("a word for the reason")] = ""
    text: Annotated[str, Text("a text")] = ""


@frozen(slots=True, kw_only=True)
class RuleSettings(ActionSettings):
    """One rule: under which condition it does what, and how often.

    Beside the conditions of its own, one of `any_of` and none of `none_of` must hold, where they are given. It does
    what `do` says, or, one after the other until one is refused, what `actions` say. Higher `priority` first; an empty
    `symbols` means any that is configured.
    """

    id: Annotated[str, Text("a name of letters, digits, dots, dashes and underscores", r"[A-Za-z0-9_.\-]{1,64}")]
    do: Annotated[str, OneOf(DOINGS)] | None = None  # type: ignore[assignment]
    event: Event = ""
    when: Fields = field(factory=dict)
    position: Fields = field(factory=dict)
    time: Fields = field(factory=dict)
    market: Fields = field(factory=dict)
    any_of: tuple[ConditionSettings, ...] = ()
    none_of: tuple[ConditionSettings, ...] = ()
    actions: tuple[ActionSettings, ...] = ()
    name: Annotated[str, Text("a text")] = ""
    description: Annotated[str, Text("a text")] = ""
    symbols: Symbols = ()
    enabled: YesNo = True
    priority: Annotated[int, Whole(-1_000_000, 1_000_000)] = 0
    cooldown_seconds: SecondsOrZero = 0.0
    cooldown_cleared_by: Reasons = ()
    max_executions_per_day: Annotated[int, Whole(1, 1_000_000)] | None = None


@frozen(slots=True, kw_only=True)
class IndicatorSettings:
    """One indicator, computed for each symbol of `symbols` (empty: all) from bars of the size `bar`."""

    kind: Annotated[str, OneOf(("atr", "sma", "ema", "rsi", "vwap"))]
    period: Annotated[int, Whole(1, 1_000)] = 14
    bar: Annotated[str, OneOf(BAR_SIZES)] = "5 mins"
    symbols: Symbols = ()
