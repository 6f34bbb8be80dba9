"""Everything that can be configured, with its type and default. `config.loading` reads it and checks the values.

Durations are seconds (float), percentages are fractions (0.03 = 3 %), money is in the account's currency.
A limit that is None does not exist. Each key is explained in `config/profiles/*.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from attrs import field, frozen

from config.expectations import Conditions, Flag, Folder, Folders, Number, OneOf, Text, Texts, Url, Whole, Windows
from config.windows import RestartWindow
from messages.order import Side
from messages.position import ExitPlan, Size

__all__ = [
    "BrokerSettings",
    "DefaultsSettings",
    "JournalSettings",
    "LogSettings",
    "ProcessSettings",
    "RiskSettings",
    "RuleSettings",
    "Settings",
    "SignalSettings",
    "SymbolSettings",
]

Seconds = Annotated[float, Number("a number of seconds", above=True, kind=float)]
SecondsOrZero = Annotated[float, Number("a number of seconds", kind=float)]
Shares = Annotated[Decimal, Number("a number of shares", above=True)]
Money = Annotated[Decimal, Number("an amount of money", above=True)]
Fraction = Annotated[Decimal, Number("a fraction (0.03 is 3 %)", high=Decimal("0.99"))]
RiskFraction = Annotated[Decimal, Number("a fraction of the equity (0.01 is 1 %)", above=True, high=Decimal(1))]
Confidence = Annotated[float, Number("a confidence", high=Decimal(1), kind=float)]
YesNo = Annotated[bool, Flag()]
Symbol = Text("a symbol in capitals, as IB writes it", r"[A-Z0-9][A-Z0-9 .\-]{0,19}")


@frozen(slots=True, kw_only=True)
class ProcessSettings:
    """`state_dir` holds the control socket, the journal and the log; two processes never share one.

    `rule_files` are Python files that bind a list of rules to the name `rules`.
    """

    state_dir: Annotated[Path, Folder()] = Path("var")
    name: Annotated[str, Text("a name of letters, digits, dots and dashes", r"[A-Za-z0-9._\-]{1,40}")] = "pitboss"
    rule_files: Annotated[tuple[Path, ...], Folders()] = ()


@frozen(slots=True, kw_only=True)
class BrokerSettings:
    """The link to TWS or IB Gateway. An empty `account` takes the only one that the login has."""

    host: Annotated[str, Text("a host name or address", r"[A-Za-z0-9._:\-]+")] = "127.0.0.1"
    port: Annotated[int, Whole(1, 65535)] = 7497
    client_id: Annotated[int, Whole(0, 2**31 - 1)] = 7
    account: Annotated[str, Text("an account name, or empty", r"[A-Za-z0-9]*")] = ""
    mode: Annotated[Literal["paper", "live"], OneOf(("paper", "live"))] = "paper"
    allow_remote: YesNo = False
    connect_timeout_seconds: Seconds = 10.0
    liveness_seconds: Seconds = 5.0
    ack_timeout_seconds: Seconds = 5.0
    reconcile_seconds: Seconds = 60.0
    entry_deadline_seconds: Seconds = 5.0
    exit_deadline_seconds: Seconds = 30.0
    restart_windows: Annotated[tuple[RestartWindow, ...], Windows()] = ()
    messages_per_second: Annotated[int, Whole(1, 50)] = 45
    market_data_lines: Annotated[int, Whole(1, 100_000)] = 100
    line_turn_seconds: SecondsOrZero = 30.0


@frozen(slots=True, kw_only=True)
class SignalSettings:
    """The Options Flow Monitor; with an empty `base_url` nothing polls. The key comes from the environment alone."""

    base_url: Annotated[str, Url(("http", "https"), "https://flow.example.com/api/v1")] = ""
    allow_plain_http: YesNo = False
    poll_seconds: Seconds = 60.0
    min_confidence: Confidence = 0.75
    max_age_seconds: Seconds = 120.0
    api_key: str = field(default="", repr=False)


@frozen(slots=True, kw_only=True)
class RiskSettings:
    """Limits on new risk; orders that reduce risk pass them."""

    max_position_shares: Shares | None = None
    max_position_notional: Money | None = None
    max_order_notional: Money | None = None
    max_gross_exposure: Money | None = None
    max_sector_exposure: Money | None = None
    max_daily_loss: Money | None = None
    price_collar_pct: Fraction | None = None
    max_orders_per_minute: Annotated[int, Whole(1, 10_000)] | None = None
    naked_seconds: Seconds = 5.0
    quote_max_age_seconds: Seconds = 5.0
    local_stop_grace_seconds: SecondsOrZero = 5.0


@frozen(slots=True, kw_only=True)
class DefaultsSettings:
    """What applies where neither rule nor symbol says otherwise. A percentage of 0 means no such exit.

    At most one of `quantity`, `allocation` and `risk_pct` is set; with none of them it is 100 shares.
    """

    stop_loss_pct: Fraction = Decimal("0.03")
    take_profit_pct: Fraction = Decimal("0.08")
    trailing_stop_pct: Fraction = Decimal(0)
    allocation: Money | None = None
    risk_pct: RiskFraction | None = None
    quantity: Shares | None = field()

    @quantity.default
    def _quantity(self) -> Decimal | None:
        return Decimal(100) if self.allocation is None and self.risk_pct is None else None


@frozen(slots=True, kw_only=True)
class SymbolSettings:
    """One instrument that may be traded; what is None is taken from the defaults."""

    sector: Annotated[str, Text("a word of your own for the sector")] = ""
    sec_type: Annotated[str, OneOf(("STK", "OPT", "FUT", "CASH", "CFD", "CRYPTO"))] = "STK"
    exchange: Annotated[str, Text("an exchange by IB's name", r"[A-Z0-9.]+")] = "SMART"
    primary_exchange: Annotated[str, Text("an exchange by IB's name, or empty", r"[A-Z0-9.]*")] = ""
    currency: Annotated[str, Text("a currency of three letters", r"[A-Z]{3}")] = "USD"
    quantity: Shares | None = None
    allocation: Money | None = None
    risk_pct: RiskFraction | None = None
    stop_loss_pct: Fraction | None = None
    take_profit_pct: Fraction | None = None
    trailing_stop_pct: Fraction | None = None


@frozen(slots=True, kw_only=True)
class RuleSettings:
    """One rule. `when` maps a field of the event to a value, to a list of values, or to a comparison
    such as `">= 0.8"`.

    Higher `priority` first; an empty `symbols` means any that is configured.
    """

    id: Annotated[str, Text("a name of letters, digits, dots, dashes and underscores", r"[A-Za-z0-9_.\-]{1,64}")]
    event: Annotated[str, Text("the name of an event class", r"[A-Za-z]+")]
    do: Annotated[Literal["create_position", "close_position"], OneOf(("create_position", "close_position"))]
    when: Annotated[Mapping[str, Any], Conditions()] = field(factory=dict)
    side: Annotated[Side, OneOf(("BUY", "SELL"), Side)] | None = None
    symbols: Annotated[tuple[str, ...], Texts(Symbol)] = ()
    enabled: YesNo = True
    priority: Annotated[int, Whole(-1_000_000, 1_000_000)] = 0
    cooldown_seconds: SecondsOrZero = 0.0
    max_executions_per_day: Annotated[int, Whole(1, 1_000_000)] | None = None
    quantity: Shares | None = None
    allocation: Money | None = None
    risk_pct: RiskFraction | None = None
    stop_loss_pct: Fraction | None = None
    take_profit_pct: Fraction | None = None
    trailing_stop_pct: Fraction | None = None


@frozen(slots=True, kw_only=True)
class JournalSettings:
    """Where the journal is; a relative SQLite path is inside the state folder."""

    url: Annotated[str, Url(("sqlite",), "sqlite:///pitboss.journal")] = "sqlite:///pitboss.journal"


@frozen(slots=True, kw_only=True)
class LogSettings:
    """Where the JSON lines go (a relative path is inside the state folder) and from which level on."""

    path: Annotated[Path, Folder()] = Path("pitboss.log.jsonl")
    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], OneOf(("DEBUG", "INFO", "WARNING", "ERROR"))] = (
        "INFO"
    )


@frozen(slots=True, kw_only=True)
class Settings:
    """The effective configuration of one process."""

    process: ProcessSettings = field(factory=ProcessSettings)
    broker: BrokerSettings = field(factory=BrokerSettings)
    signals: SignalSettings = field(factory=SignalSettings)
    risk: RiskSettings = field(factory=RiskSettings)
    defaults: DefaultsSettings = field(factory=DefaultsSettings)
    symbols: Mapping[Annotated[str, Symbol], SymbolSettings] = field(factory=dict)
    rules: tuple[RuleSettings, ...] = ()
    journal: JournalSettings = field(factory=JournalSettings)
    log: LogSettings = field(factory=LogSettings)

    @property
    def log_path(self) -> Path:
        """The log's path, in the state folder unless absolute."""
        return self.process.state_dir / self.log.path

    @property
    def control_path(self) -> Path:
        """The control socket's path."""
        return self.process.state_dir / "control.sock"

    def size(self, symbol: str, rule: RuleSettings | None = None) -> Size:
        """How much to trade: the rule's word, else the symbol's, else the defaults'."""
        for source in (rule, self.symbols.get(symbol)):
            if source and (source.quantity, source.allocation, source.risk_pct) != (None, None, None):
                return Size(quantity=source.quantity, allocation=source.allocation, risk_pct=source.risk_pct)
        defaults = self.defaults
        return Size(quantity=defaults.quantity, allocation=defaults.allocation, risk_pct=defaults.risk_pct)

    def exits(self, symbol: str, rule: RuleSettings | None = None) -> ExitPlan:
        """How to leave: each percentage by the rule, else the symbol, else the defaults; 0 means no such exit."""
        chosen: dict[str, Decimal | None] = {}
        for name in ("stop_loss_pct", "take_profit_pct", "trailing_stop_pct"):
            values = (getattr(source, name, None) for source in (rule, self.symbols.get(symbol), self.defaults))
            chosen[name] = next((value for value in values if value is not None), None) or None
        return ExitPlan(**chosen)
