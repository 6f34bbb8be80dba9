"""Everything that can be configured, with its type and default. `config.loading` reads it and checks the values.

Durations are seconds (float), percentages are fractions (0.03 = 3 %), money is in the account's currency.
A limit that is None does not exist. Each key is explained in `config/profiles/*.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from attrs import field, frozen

from config.alert_settings import AlertSettings
from config.exit_settings import ExitSettings, written_exits
from config.expectations import (
    Flag,
    Folder,
    Folders,
    Number,
    OneOf,
    Text,
    Url,
    Whole,
    Windows,
)
from config.log_rotation import Rotation
from config.risk_settings import RiskSettings, SizeBy
from config.rule_settings import ActionSettings, IndicatorName, IndicatorSettings, RuleSettings
from config.windows import RestartWindow
from messages.market import ContractQuery
from messages.position import ExitPlan, Size

__all__ = [
    "AlertSettings",
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
SIZES = ("quantity", "allocation", "risk_pct", "volatility_pct")
FlattenAt = Annotated[str, Text('a time of day such as "15:59", or empty', r"([01]\d|2[0-3]):[0-5]\d|")]
Calendar = Annotated[str, Text('an exchange calendar such as "XNYS"', r"[A-Za-z0-9_/]{2,12}")]
Symbol = Text("a symbol in capitals, as IB writes it", r"[A-Z0-9][A-Z0-9 .\-]{0,20}")


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
    """The Options Flow Monitor; with an empty `base_url` nothing polls. The key comes from the environment alone.

    Further sources: `follow` are files or pipes of JSON lines, `push_port` (0: none) takes predictions over HTTP,
    `source_files` are Python files that bind sources of one's own to the name `sources`: name → what makes one.
    """

    base_url: Annotated[str, Url(("http", "https"), "https://flow.example.com/api/v1")] = ""
    allow_plain_http: YesNo = False
    poll_seconds: Seconds = 60.0
    min_confidence: Confidence = 0.75
    max_age_seconds: Seconds = 120.0
    follow: Annotated[tuple[Path, ...], Folders()] = ()
    source_files: Annotated[tuple[Path, ...], Folders()] = ()
    push_host: Annotated[str, Text("a host name or address", r"[A-Za-z0-9._:\-]+")] = "127.0.0.1"
    push_port: Annotated[int, Whole(0, 65535)] = 0
    api_key: str = field(default="", repr=False)
    push_token: str = field(default="", repr=False)


@frozen(slots=True, kw_only=True)
class DefaultsSettings(ExitSettings):
    """What applies where neither rule nor symbol says otherwise. A percentage of 0 means no such exit.

    At most one of `quantity`, `allocation`, `risk_pct` and `volatility_pct` is set; with none of them it is 100 shares.
    With `size_by` "what_if" that is the size wanted, and the broker is asked how much of it the account can carry.
    """

    stop_loss_pct: Fraction = Decimal("0.03")
    take_profit_pct: Fraction = Decimal("0.08")
    trailing_stop_pct: Fraction = Decimal(0)
    flatten_at: FlattenAt = ""
    calendar: Calendar = "XNYS"
    allocation: Money | None = None
    risk_pct: RiskFraction | None = None
    volatility_pct: RiskFraction | None = None
    fractional: YesNo = False
    size_by: SizeBy = "configured"
    quantity: Shares | None = field()

    @quantity.default
    def _quantity(self) -> Decimal | None:
        others = (self.allocation, self.risk_pct, self.volatility_pct)
        return Decimal(100) if others == (None, None, None) else None


@frozen(slots=True, kw_only=True)
class SymbolSettings(ExitSettings):
    """One instrument that may be traded; what is None is taken from the defaults."""

    sector: Annotated[str, Text("a word of your own for the sector")] = ""
    sec_type: Annotated[str, OneOf(("STK", "OPT", "FUT", "CASH", "CFD", "CRYPTO"))] = "STK"
    exchange: Annotated[str, Text("an exchange by IB's name", r"[A-Z0-9.]+")] = "SMART"
    primary_exchange: Annotated[str, Text("an exchange by IB's name, or empty", r"[A-Z0-9.]*")] = ""
    currency: Annotated[str, Text("a currency of three letters", r"[A-Z]{3}")] = "USD"
    poll_seconds: Seconds | None = None
    flatten_at: FlattenAt | None = None
    calendar: Calendar | None = None
    quantity: Shares | None = None
    allocation: Money | None = None
    risk_pct: RiskFraction | None = None
    volatility_pct: RiskFraction | None = None
    fractional: YesNo | None = None
    size_by: SizeBy | None = None
    stop_loss_pct: Fraction | None = None
    take_profit_pct: Fraction | None = None
    trailing_stop_pct: Fraction | None = None


@frozen(slots=True, kw_only=True)
class JournalSettings:
    """Where the journal is; a relative SQLite path is inside the state folder."""

    url: Annotated[str, Url(("sqlite",), "sqlite:///pitboss.journal")] = "sqlite:///pitboss.journal"


@frozen(slots=True, kw_only=True)
class LogSettings:
    """Where the JSON lines go (a relative path is inside the state folder) and from which level on.

    Every `pulse_seconds` the process says how it is; 0 for never. A file ends with `rotate_megabytes` (0: never by its
    size) and at `rotate_at` of each day, UTC; of those before it the last `keep` stay (0: all).
    """

    path: Annotated[Path, Folder()] = Path("pitboss.log.jsonl")
    level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], OneOf(("DEBUG", "INFO", "WARNING", "ERROR"))] = (
        "INFO"
    )
    pulse_seconds: SecondsOrZero = 5.0
    rotate_megabytes: Annotated[int, Whole(0, 1_000_000)] = 256
    rotate_at: Annotated[str, Text('a time of day such as "00:00", or empty', r"([01]\d|2[0-3]):[0-5]\d|")] = "00:00"
    keep: Annotated[int, Whole(0, 100_000)] = 90
    compress: YesNo = True

    @property
    def rotation(self) -> Rotation:
        """When a file ends, and what becomes of it."""
        return Rotation(
            size=self.rotate_megabytes * 1_000_000,
            at=time.fromisoformat(self.rotate_at) if self.rotate_at else None,
            keep=self.keep,
            compress=self.compress,
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
    indicators: Mapping[IndicatorName, IndicatorSettings] = field(factory=dict)
    rules: tuple[RuleSettings, ...] = ()
    journal: JournalSettings = field(factory=JournalSettings)
    log: LogSettings = field(factory=LogSettings)
    alerts: AlertSettings = field(factory=AlertSettings)

    @property
    def log_path(self) -> Path:
        """The log's path, in the state folder unless absolute."""
        return self.process.state_dir / self.log.path

    @property
    def control_path(self) -> Path:
        """The control socket's path."""
        return self.process.state_dir / "control.sock"

    def flatten_at(self, symbol: str) -> str:
        """When the symbol is to be flat each day, by its exchange's clock; "" for never."""
        section = self.symbols.get(symbol)
        own = section.flatten_at if section is not None else None
        return self.defaults.flatten_at if own is None else own

    def calendar(self, symbol: str) -> str:
        """The calendar of the symbol's exchange."""
        section = self.symbols.get(symbol)
        return (section.calendar if section is not None else None) or self.defaults.calendar

    def query(self, symbol: str) -> ContractQuery:
        """What the broker is asked for a symbol's contract."""
        section = self.symbols.get(symbol) or SymbolSettings()
        return ContractQuery(
            sec_type=section.sec_type,
            exchange=section.exchange,
            primary_exchange=section.primary_exchange,
            currency=section.currency,
        )

    def size(self, symbol: str, rule: ActionSettings | None = None) -> Size:
        """How much to trade: the rule's word, else the symbol's, else the defaults'."""
        for source in (rule, self.symbols.get(symbol), self.defaults):
            if source is not None:
                size = Size(**{name: getattr(source, name) for name in SIZES})
                if size != Size():
                    return size
        return Size()

    def asks_the_broker(self, symbol: str) -> bool:
        """Whether the broker is asked, before an entry, how much of it the account can carry."""
        section = self.symbols.get(symbol)
        return ((section.size_by if section is not None else None) or self.defaults.size_by) == "what_if"

    def fractional(self, symbol: str) -> bool:
        """Whether a size in money may be a part of a share, where the contract allows it."""
        section = self.symbols.get(symbol)
        own = section.fractional if section is not None else None
        return self.defaults.fractional if own is None else own

    def exits(self, symbol: str, rule: ActionSettings | None = None) -> ExitPlan:
        """How to leave: each exit by the rule, else the symbol, else the defaults; 0 means no such exit.

        A multiple of the ATR wins over a percentage beside it; it becomes an amount when a position is decided on.
        """
        sources = (rule, self.symbols.get(symbol), self.defaults)
        chosen: dict[str, Decimal | None] = {}
        for name in ("stop_loss", "take_profit", "trailing_stop"):
            for source in sources:
                atr, pct = (getattr(source, f"{name}_{way}", None) for way in ("atr", "pct"))
                if atr is not None or pct is not None:
                    chosen |= {f"{name}_atr": atr or None, f"{name}_pct": None if atr else pct or None}
                    break
        plan = ExitPlan(
            stop_loss_pct=chosen.get("stop_loss_pct"),
            take_profit_pct=chosen.get("take_profit_pct"),
            trailing_stop_pct=chosen.get("trailing_stop_pct"),
            stop_loss_atr=chosen.get("stop_loss_atr"),
            take_profit_atr=chosen.get("take_profit_atr"),
            trailing_stop_atr=chosen.get("trailing_stop_atr"),
        )
        return written_exits(plan, *sources)
