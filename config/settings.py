"""Everything that can be configured, with its type and default. `config.loading` reads it and checks the values.

Durations are seconds (float), percentages are fractions (0.03 = 3 %), money is in the account's currency.
A limit that is None does not exist. Each key is explained in `config/profiles/*.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Literal

from attrs import field, frozen

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

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Action = Literal["create_position", "close_position"]


@frozen(slots=True, kw_only=True)
class ProcessSettings:
    """`state_dir` holds the control socket, the journal and the log; two processes never share one."""

    state_dir: Path = Path("var")
    name: str = "pitboss"


@frozen(slots=True, kw_only=True)
class BrokerSettings:
    """The link to TWS or IB Gateway. An empty `account` takes the only one that the login has."""

    host: str = "127.0.0.1"
    port: int = 7497
    client_id: int = 7
    account: str = ""
    mode: Literal["paper", "live"] = "paper"
    allow_remote: bool = False
    connect_timeout_seconds: float = 10.0
    liveness_seconds: float = 5.0
    ack_timeout_seconds: float = 5.0
    reconcile_seconds: float = 60.0
    entry_deadline_seconds: float = 5.0
    exit_deadline_seconds: float = 30.0
    restart_windows: tuple[RestartWindow, ...] = ()
    messages_per_second: int = 45


@frozen(slots=True, kw_only=True)
class SignalSettings:
    """The Options Flow Monitor; with an empty `base_url` nothing polls. The key comes from the environment alone."""

    base_url: str = ""
    poll_seconds: float = 60.0
    min_confidence: float = 0.75
    max_age_seconds: float = 120.0
    api_key: str = field(default="", repr=False)


@frozen(slots=True, kw_only=True)
class RiskSettings:
    """Limits on new risk; orders that reduce risk pass them."""

    max_position_shares: Decimal | None = None
    max_position_notional: Decimal | None = None
    max_order_notional: Decimal | None = None
    max_gross_exposure: Decimal | None = None
    max_sector_exposure: Decimal | None = None
    max_daily_loss: Decimal | None = None
    price_collar_pct: Decimal | None = None
    max_orders_per_minute: int | None = None
    naked_seconds: float = 5.0
    quote_max_age_seconds: float = 5.0
    local_stop_grace_seconds: float = 5.0


@frozen(slots=True, kw_only=True)
class DefaultsSettings:
    """What applies where neither rule nor symbol says otherwise. A percentage of 0 means no such exit.

    At most one of `quantity`, `allocation` and `risk_pct` is set.
    """

    stop_loss_pct: Decimal = Decimal("0.03")
    take_profit_pct: Decimal = Decimal("0.08")
    trailing_stop_pct: Decimal = Decimal(0)
    quantity: Decimal | None = None
    allocation: Decimal | None = None
    risk_pct: Decimal | None = None


@frozen(slots=True, kw_only=True)
class SymbolSettings:
    """One instrument that may be traded; what is None is taken from the defaults."""

    sector: str = ""
    sec_type: str = "STK"
    exchange: str = "SMART"
    primary_exchange: str = ""
    currency: str = "USD"
    quantity: Decimal | None = None
    allocation: Decimal | None = None
    risk_pct: Decimal | None = None
    stop_loss_pct: Decimal | None = None
    take_profit_pct: Decimal | None = None
    trailing_stop_pct: Decimal | None = None


@frozen(slots=True, kw_only=True)
class RuleSettings:
    """One rule. `when` maps a field of the event to a value, or to a comparison such as `">= 0.8"`.

    Higher `priority` first; an empty `symbols` means any that is configured.
    """

    id: str
    event: str
    do: Action
    when: Mapping[str, str | int | float | bool] = field(factory=dict)
    side: Side | None = None
    symbols: tuple[str, ...] = ()
    enabled: bool = True
    priority: int = 0
    cooldown_seconds: float = 0.0
    max_executions_per_day: int | None = None
    quantity: Decimal | None = None
    allocation: Decimal | None = None
    risk_pct: Decimal | None = None
    stop_loss_pct: Decimal | None = None
    take_profit_pct: Decimal | None = None
    trailing_stop_pct: Decimal | None = None


@frozen(slots=True, kw_only=True)
class JournalSettings:
    """Where the journal is; a relative SQLite path is inside the state folder."""

    url: str = "sqlite:///pitboss.journal"


@frozen(slots=True, kw_only=True)
class LogSettings:
    """Where the JSON lines go (a relative path is inside the state folder) and from which level on."""

    path: Path = Path("pitboss.log.jsonl")
    level: Level = "INFO"


@frozen(slots=True, kw_only=True)
class Settings:
    """The effective configuration of one process."""

    process: ProcessSettings = field(factory=ProcessSettings)
    broker: BrokerSettings = field(factory=BrokerSettings)
    signals: SignalSettings = field(factory=SignalSettings)
    risk: RiskSettings = field(factory=RiskSettings)
    defaults: DefaultsSettings = field(factory=DefaultsSettings)
    symbols: Mapping[str, SymbolSettings] = field(factory=dict)
    rules: tuple[RuleSettings, ...] = ()
    journal: JournalSettings = field(factory=JournalSettings)
    log: LogSettings = field(factory=LogSettings)

    @property
    def journal_url(self) -> str:
        """The journal's URL with a relative SQLite path placed in the state folder."""
        prefix = "sqlite:///"
        if self.journal.url.startswith(prefix):
            return f"{prefix}{self.process.state_dir / self.journal.url.removeprefix(prefix)}"
        return self.journal.url

    @property
    def log_path(self) -> Path:
        """The log's path, in the state folder unless absolute."""
        return self.process.state_dir / self.log.path

    @property
    def control_path(self) -> Path:
        """The control socket's path."""
        return self.process.state_dir / "control.sock"

    def size(self, symbol: str, rule: RuleSettings | None = None) -> Size | None:
        """How much to trade: the rule's word, else the symbol's, else the defaults'; None where nobody says."""
        for source in (rule, self.symbols.get(symbol), self.defaults):
            if source is None:
                continue
            if (source.quantity, source.allocation, source.risk_pct) != (None, None, None):
                return Size(quantity=source.quantity, allocation=source.allocation, risk_pct=source.risk_pct)
        return None

    def exits(self, symbol: str, rule: RuleSettings | None = None) -> ExitPlan:
        """How to leave: each percentage by the rule, else the symbol, else the defaults; 0 means no such exit."""
        chosen: dict[str, Decimal | None] = {}
        for name in ("stop_loss_pct", "take_profit_pct", "trailing_stop_pct"):
            values = (getattr(source, name, None) for source in (rule, self.symbols.get(symbol), self.defaults))
            chosen[name] = next((value for value in values if value is not None), None) or None
        return ExitPlan(**chosen)
