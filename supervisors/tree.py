"""The tree: which actors there are, in which order they start, and what happens when one of them fails.

    root (rest_for_one)
    ├─ journal                 append-only, written ahead; everything else can be rebuilt from it
    ├─ symbols                 which symbols are traded
    ├─ gateway                 the one connection to TWS
    ├─ orders                  the only writer of orders
    ├─ portfolio               exposure, limits, halts
    ├─ positions (one_for_one) position/AAPL, position/MSFT, …: made when first addressed
    ├─ indicators              bars → ATR, moving averages, RSI, VWAP; only where some are configured
    ├─ rules                   events → rules → commands
    ├─ signals (one_for_one)   signals/options-flow
    └─ alarms                  what a person must know about

When one of the root's children restarts, so do those below it in this list, which were built on what it said. A
position that crashes is its own business; past the intensity it is quarantined, and the others never notice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen

from actors.alarms import AlarmsActor, StandingAlarms
from actors.bus import EventBus
from actors.gateway import GatewayActor, LastGate, LinkHistory
from actors.ib.client import SocketConnection
from actors.indicators import IndicatorsActor
from actors.journal import JournalActor, Unwritten
from actors.orders import OrderActor
from actors.portfolio import PortfolioActor
from actors.portfolio.last_told import LastTold
from actors.position import PositionActor
from actors.rules import RuleBook, RulesActor
from actors.runtime.address import Address
from actors.runtime.base import ActorContext
from actors.runtime.lifecycle import StartFailedError
from actors.runtime.system import System
from actors.signals.client import OptionsFlowClient
from actors.symbols import SymbolsActor
from config.rules import build_rules
from config.settings import Settings
from domain.rules import Rule
from storage.disk import DiskStorage
from storage.port import Storage
from storage.sqlite import journal_path
from supervisors.signal_sources import OPTIONS_FLOW, OwnSource, signal_sources
from supervisors.specification import (
    Backoff,
    ChildSpecification,
    PastIntensity,
    Strategy,
    SupervisorSpecification,
)
from supervisors.supervisor import Supervisor, SupervisorStoppedError

__all__ = ["World", "build_tree"]


@define
class _Now:
    """The settings with which an actor is started from now on. Changed by `symbols` alone, read by factories alone."""

    settings: Settings


@frozen(kw_only=True)
class World:
    """What the tree stands on where it is not the machine: None means the machine's own."""

    storage: Callable[[], Storage] | None = None
    connection: Callable[[], Any] | None = None
    signals: Callable[[], OptionsFlowClient] | None = None
    rules: Sequence[Rule] = ()  # beside those of the configuration
    sources: Mapping[str, OwnSource] = field(factory=dict)  # likewise: name → what makes one, at signals/NAME


def build_tree(settings: Settings, system: System, bus: EventBus, world: World | None = None) -> Supervisor:
    """Return the root supervisor of a process, not started yet."""
    world = world or World()
    now = _Now(settings)
    history, told = LinkHistory(LastGate(settings.risk)), LastTold()
    unwritten, alarms = Unwritten(), StandingAlarms()
    rules = RuleBook((*build_rules(settings), *world.rules))

    def storage() -> Storage:
        if world.storage is not None:
            return world.storage()
        return DiskStorage(journal_path(settings.journal.url, settings.process.state_dir))

    def position(name: str) -> ChildSpecification:
        return ChildSpecification(name, lambda context: PositionActor(context, settings=now.settings, bus=bus))

    def begin(settings: Settings) -> None:
        now.settings = settings
        positions = root.supervisor("positions")
        for name in (f"position/{symbol}" for symbol in settings.symbols):
            if name not in positions.children:
                positions.start_child_soon(position(name))

    async def renew(settings: Settings) -> None:
        now.settings = settings
        try:
            if settings.indicators:
                await root.restart_child("indicators")
            await root.restart_child("rules")
            if settings.signals.base_url:
                await root.supervisor("signals").restart_child(OPTIONS_FLOW)
        except (StartFailedError, SupervisorStoppedError):
            return  # the supervisor goes on with it like with any crash, or the process ends

    def rules_actor(context: ActorContext) -> RulesActor:
        rules.renew(build_rules(now.settings))
        return RulesActor(context, rules=rules, bus=bus, settings=now.settings)

    root = Supervisor(
        SupervisorSpecification(
            "root",
            strategy=Strategy.REST_FOR_ONE,
            intensity=5,
            period=60.0,
            backoff=Backoff(initial=0.1, maximum=5.0),
            children=(
                ChildSpecification(
                    "journal",
                    lambda context: JournalActor(
                        context, storage=storage(), owner=settings.process.name, unwritten=unwritten
                    ),
                    shutdown=30.0,
                    startup=120.0,
                ),
                ChildSpecification(
                    "symbols",
                    lambda context: SymbolsActor(context, settings=settings, bus=bus, begin=begin, renew=renew),
                ),
                ChildSpecification(
                    "gateway",
                    lambda context: GatewayActor(
                        context,
                        settings=settings,
                        bus=bus,
                        history=history,
                        connection_factory=world.connection or SocketConnection,
                    ),
                    startup=settings.broker.connect_timeout_seconds + 5.0,
                ),
                ChildSpecification(
                    "orders", lambda context: OrderActor(context, settings=settings, bus=bus), startup=120.0
                ),
                ChildSpecification(
                    "portfolio", lambda context: PortfolioActor(context, settings=now.settings, bus=bus, told=told)
                ),
                SupervisorSpecification(
                    "positions",
                    strategy=Strategy.ONE_FOR_ONE,
                    past_intensity=PastIntensity.QUARANTINE,
                    intensity=3,
                    period=60.0,
                ),
                *_indicators(now, bus),
                ChildSpecification("rules", rules_actor),
                SupervisorSpecification(
                    "signals",
                    strategy=Strategy.ONE_FOR_ONE,
                    children=signal_sources(lambda: now.settings, bus, world.signals, world.sources),
                ),
                ChildSpecification("alarms", lambda context: AlarmsActor(context, bus=bus, memory=alarms)),
            ),
        ),
        system,
    )

    def make_position(address: Address) -> None:
        root.supervisor("positions").start_child_soon(position(address.name))

    system.on_demand("position/", make_position)
    return root


def _indicators(now: _Now, bus: EventBus) -> tuple[ChildSpecification, ...]:
    if not now.settings.indicators:
        return ()
    return (ChildSpecification("indicators", lambda context: IndicatorsActor(context, settings=now.settings, bus=bus)),)
