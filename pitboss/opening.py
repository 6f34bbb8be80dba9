"""`open_system`: the whole supervised system around a block of a program."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import Token
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Protocol

import attrs
import trio

from actors.ib.memory import MemoryConnection
from config.environment import Environment, machine
from config.environment import virtual as virtual_environment
from config.log_console import ConsoleListener
from config.logging import start_logging
from config.problems import Problem, SettingsError
from config.redaction import register_secret
from config.rules import build_rules
from config.settings import Settings
from domain.rules import Rule
from messages.event import BaseEvent
from messages.gateway import TradingAllowed
from pitboss.configuration import Configuration, Symbols, effective_settings, names_a_broker
from pitboss.current import CURRENT
from pitboss.errors import BrokerUnreachableError, PitbossError, StartError, SystemFailedError
from pitboss.interrupts import Interrupts
from pitboss.paper import PaperMarket, paper_settings
from pitboss.system import PitbossSystem
from simulator.app import PaperBroker, Serving, SimulatorSettings, serve
from simulator.memory import MemoryLink
from storage.memory import SimulatedDisk, SimulatedStorage
from storage.sqlite import journal_path
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.failures import failure_of
from supervisors.process import Process
from supervisors.rule_files import rules_from_files
from supervisors.source_files import sources_from_files
from supervisors.state_folder import own_state_folder
from supervisors.tree import World, build_tree

__all__ = ["OpenedSystem", "open_system"]

_HANDLER_SECONDS = 1.0  # for handlers to take what they were given, when the system has stopped


class _Log(Protocol):
    def stop(self, seconds: float = ...) -> None: ...


def open_system(
    configuration: Configuration = None,
    *,
    host: str | None = None,
    port: int | None = None,
    client_id: int | None = None,
    account: str | None = None,
    state_dir: Path | str | None = None,
    symbols: Symbols = (),
    rules: Sequence[Rule] = (),
    paper: bool | str | SimulatorSettings | None = None,
    live: bool = False,
    console: bool = False,
    ready_seconds: float = 30.0,
    seed: int | None = None,
    virtual: datetime | None = None,
    **sections: Mapping[str, Any],
) -> OpenedSystem:
    """Open the whole supervised system: `async with pitboss.open_system() as system: …`.

    `configuration` is a configuration file, a mapping of the same shape, or `Settings`; keywords named like its
    sections (`risk={"max_order_notional": 40_000}`, `defaults={…}`, `broker={…}`) win over it, and `symbols` adds
    instruments. Where neither it nor `host` and `port` say which TWS to connect to, and whenever `paper` is given, the
    system runs against an embedded paper TWS on a free loopback port, whose market is synthetic; `paper="manual"` has
    one that only `system.paper.trade_at` moves, and any other text is a feed as `pitboss simulator --feed` takes it.

    Journal, log and control socket lie in `state_dir`; without one, and without a configuration that names one, in a
    temporary folder that is removed at the end. `console` also writes the log in words to stderr. `rules` are
    registered beside those of the configuration. `live` confirms a configuration whose mode is "live".

    `virtual` is for tests of a program under `trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))`: the
    wall clock starts there (aware) and moves with trio's, paper TWS and journal are in memory, hours pass in a moment,
    and one `seed` gives the same run again.

    The block begins when the system agrees with the broker. It ends in order when the block does, also by an exception
    or a cancellation; positions and the orders that rest at the broker stay. One system may be open at a time.

    Raises, on entering: SettingsError, BrokerUnreachableError, StartError. If the system ends by itself, the block is
    cancelled and SystemFailedError raised.
    """
    named = dict(sections)
    broker = {"host": host, "port": port, "client_id": client_id, "account": account}
    given = {name: value for name, value in broker.items() if value is not None}
    if given:
        named["broker"] = {**named.get("broker", {}), **given}
    if state_dir is not None:
        named["process"] = {**named.get("process", {}), "state_dir": Path(state_dir).expanduser()}
    embedded = paper if paper is not None else virtual is not None or not names_a_broker(configuration, named)
    settings = effective_settings(configuration, symbols, named)
    if settings.broker.mode == "live" and not live:
        raise SettingsError([Problem("broker.mode", '"live" trades real money: confirm it with live=True')])
    temporary = state_dir is None and not _names_a_folder(configuration, named)
    market = None if embedded is False else paper_settings(embedded, tuple(settings.symbols))
    if virtual is not None and (market is None or virtual.tzinfo is None):
        raise TypeError("virtual is an aware time, and goes with a paper TWS of the program's own")
    return OpenedSystem(
        settings,
        market,
        tuple(rules),
        temporary=temporary,
        console=console,
        ready_seconds=ready_seconds,
        seed=seed,
        virtual=virtual,
    )


def _names_a_folder(configuration: Configuration, sections: Mapping[str, Mapping[str, Any]]) -> bool:
    if "state_dir" in sections.get("process", {}):
        return True
    if isinstance(configuration, Mapping):
        return "state_dir" in configuration.get("process", {})
    return configuration is not None


class _Readiness:
    """Wakes who waits for the start: the system agrees with the broker, or it has ended."""

    def __init__(self) -> None:
        self.agreed = False
        self.started = False
        self.settled = trio.Event()

    def tell(self, event: BaseEvent) -> None:
        self.agreed = isinstance(event, TradingAllowed) and event.allowed
        self._look()

    def tree_started(self) -> None:
        self.started = True
        self._look()

    def _look(self) -> None:
        if self.agreed and self.started:
            self.settled.set()


class OpenedSystem:
    """The context manager that `open_system` returns."""

    def __init__(
        self,
        settings: Settings,
        market: SimulatorSettings | None,
        rules: tuple[Rule, ...],
        *,
        temporary: bool,
        console: bool,
        ready_seconds: float,
        seed: int | None,
        virtual: datetime | None,
    ) -> None:
        """See `open_system`."""
        self._settings = settings
        self._market = market
        self._rules = rules
        self._temporary = temporary
        self._console = console
        self._ready_seconds = ready_seconds
        self._seed = seed
        self._virtual = virtual
        self._environment: Environment
        self._world = World()
        self._held = ExitStack()  # folder and log
        self._nurseries = trio.open_nursery()
        self._body = trio.CancelScope()
        self._interrupts = Interrupts()
        self._paper_scope = trio.CancelScope(shield=True)
        self._readiness = _Readiness()
        self._ended = trio.Event()
        self._failure: BaseException | None = None
        self._token: Token[PitbossSystem | None] | None = None
        self._nursery: trio.Nursery
        self._system: PitbossSystem | None = None

    async def __aenter__(self) -> PitbossSystem:
        if CURRENT.get() is not None:
            raise PitbossError("a system is open already: one at a time")
        if self._virtual is None:
            self._environment = machine(self._seed)
        else:
            self._environment = virtual_environment(self._virtual, self._seed or 1)
        self._hold_folder_and_log()
        try:
            self._nursery = await self._nurseries.__aenter__()
        except BaseException:
            self._held.close()
            raise
        starting = trio.CancelScope()
        self._interrupts.watch(starting)
        try:
            with starting:
                system = await self._start()
            if starting.cancelled_caught:
                raise KeyboardInterrupt
        except BaseException as error:
            await self._close("it did not start", error)
            raise
        self._interrupts.watch(self._body)
        self._body.__enter__()
        return system

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        remaining = error
        try:
            if self._body.__exit__(kind, error, trace):
                remaining = None
        except BaseException as other:  # noqa: BLE001 - what is left of a group, raised below
            remaining = other
        if self._interrupts.came and remaining is None:
            remaining = KeyboardInterrupt()
        await self._close("the program's block has ended" if remaining is None else type(remaining).__name__, remaining)
        failure = self._failure or (self._system.crashed if self._system is not None else None)
        if remaining is None and failure is not None:
            if not isinstance(failure, Exception):
                raise failure
            raise SystemFailedError(str(failure_of(failure))) from failure
        if remaining is None or remaining is error:
            return remaining is None
        raise remaining

    # start

    def _hold_folder_and_log(self) -> None:
        try:
            if self._temporary:
                folder = Path(self._held.enter_context(TemporaryDirectory(prefix="pitboss-")))
                process = attrs.evolve(self._settings.process, state_dir=folder)
                self._settings = attrs.evolve(self._settings, process=process)
            settings = self._settings
            register_secret(settings.signals.api_key)
            register_secret(settings.signals.push_token)
            self._held.enter_context(own_state_folder(settings.process.state_dir))
            if self._market is not None:
                self._refuse_journal_of_another_broker()
            listeners = (ConsoleListener(),) if self._console else ()
            running: _Log = start_logging(
                self._environment,
                path=settings.log_path,
                rotation=settings.log.rotation,
                level=settings.log.level,
                listeners=listeners,
                background=self._virtual is None,
            )
            self._held.callback(running.stop)
        except ProcessFailed as failed:
            self._held.close()
            raise StartError(str(failed), int(failed.code)) from failed
        except RuntimeError as failed:
            self._held.close()
            raise StartError(f"{failed}: something else in this program writes Pitboss's log") from failed
        except OSError as failed:
            self._held.close()
            raise StartError(f"the log cannot be opened: {failed}", ExitCode.JOURNAL) from failed
        except BaseException:
            self._held.close()
            raise

    def _refuse_journal_of_another_broker(self) -> None:
        """An embedded paper TWS starts empty: what a journal says of an earlier one could only disagree with it."""
        journal = journal_path(self._settings.journal.url, self._settings.process.state_dir)
        if journal.exists():
            text = f"{journal} is the journal of an earlier run, and its broker is gone: choose another state_dir"
            raise StartError(text, ExitCode.USAGE)

    async def _start(self) -> PitbossSystem:
        paper = await self._start_paper() if self._market is not None else None
        settings = self._settings
        beside = (*rules_from_files(settings), *self._rules)
        world = attrs.evolve(self._world, rules=beside, sources=sources_from_files(settings))
        try:
            process = Process(settings, self._environment, partial(build_tree, world=world), process_id=os.getpid())
        except ValueError as error:
            raise StartError(str(error), ExitCode.USAGE) from error
        system = self._system = PitbossSystem(
            process, self._nursery, paper, (*build_rules(settings), *beside), self._body.cancel
        )
        self._token = CURRENT.set(system)
        process.bus.subscribe(TradingAllowed, self._readiness)
        self._nursery.start_soon(self._run, process)
        with trio.move_on_after(self._ready_seconds):
            await self._readiness.settled.wait()
        if self._failure is not None:
            failed = failure_of(self._failure)
            kind = BrokerUnreachableError if failed.code is ExitCode.BROKER else StartError
            raise kind(str(failed), int(failed.code)) from self._failure
        if not self._readiness.settled.is_set():
            text = f"not in agreement with the broker after {self._ready_seconds:g} s: {process.state.reason}"
            raise BrokerUnreachableError(text, ExitCode.BROKER)
        await system.prime()
        return system

    async def _start_paper(self) -> PaperMarket:
        assert self._market is not None
        if self._virtual is not None:
            try:
                broker: PaperBroker = await self._nursery.start(self._run_in_memory, self._market)
            except (ValueError, OSError) as error:
                raise StartError(f"the paper TWS did not start: {error}") from error
            return PaperMarket(broker)
        try:
            serving: Serving = await self._nursery.start(self._serve_paper, self._market)
        except (ValueError, OSError) as error:
            raise StartError(f"the paper TWS did not start: {error}") from error
        address = attrs.evolve(self._settings.broker, host=serving.host, port=serving.port)
        self._settings = attrs.evolve(self._settings, broker=address)
        return PaperMarket(serving.broker, serving.host, serving.port)

    async def _run_in_memory(
        self, market: SimulatorSettings, *, task_status: trio.TaskStatus[PaperBroker] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """The paper TWS, the links to it and the journal's disk without a machine."""
        broker, disk = PaperBroker(market, self._environment), SimulatedDisk()
        with self._paper_scope:
            async with trio.open_nursery() as links:

                def dial(on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> MemoryLink:
                    link = MemoryLink(broker.tws, on_data, on_lost, latency=0.001)
                    links.start_soon(link.run)
                    return link

                self._world = World(storage=lambda: SimulatedStorage(disk), connection=lambda: MemoryConnection(dial))
                links.start_soon(broker.run)
                task_status.started(broker)

    async def _serve_paper(
        self, market: SimulatorSettings, *, task_status: trio.TaskStatus[Serving] = trio.TASK_STATUS_IGNORED
    ) -> None:
        with self._paper_scope:
            await serve(market, self._environment, task_status=task_status)

    async def _run(self, process: Process) -> None:
        # shielded: a cancellation of the program's block is no reason to stop out of order
        with trio.CancelScope(shield=True):
            try:
                control = self._settings.control_path if self._virtual is None else None
                await process.run(control=control, on_started=self._readiness.tree_started)
            except BaseException as error:  # noqa: BLE001 - raised where the block ends
                self._failure = error
                self._body.cancel()
            finally:
                if self._system is not None:
                    self._system.end("it was stopped" if self._failure is None else "it failed")
                self._readiness.settled.set()
                self._ended.set()

    # end

    @trio.lowlevel.enable_ki_protection
    async def _close(self, reason: str, error: BaseException | None) -> None:
        """Stop in order, whatever happens around."""
        self._nursery.cancel_scope.shield = True
        if self._system is not None:
            self._system.process.stop(reason)
            await self._ended.wait()
            await self._system.handlers_done(_HANDLER_SECONDS)
        self._paper_scope.cancel()
        self._nursery.cancel_scope.cancel()
        try:
            await self._nurseries.__aexit__(None, None, None)
        finally:
            if self._token is not None:
                CURRENT.reset(self._token)
            self._held.close()
            self._interrupts.close()
        if error is not None and self._failure is not None and isinstance(self._failure, Exception):
            error.add_note(f"the system had ended by itself: {failure_of(self._failure)}")
