"""Pitboss as its users start it, as a process; and the whole tree in one trio run and in virtual time (`Plant`)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from actors.ib.memory import MemoryConnection
from config.environment import virtual
from config.log_events.schema import line_problems
from config.logging import insist
from config.settings import BrokerSettings, RiskSettings, Settings, SymbolSettings
from messages.event import BaseEvent
from messages.lifecycle import ActorCrashed, ListAlarms
from messages.order import ListOrders, OrderType, OrderView, Role, Side
from messages.position import CommandOutcome, DescribePosition, ExitPlan, OpenPosition, PositionView, Size
from simulator.app import PaperBroker, SimulatorSettings
from simulator.memory import MemoryLink
from simulator.model import Contract, Order, Ticked
from storage.memory import SimulatedDisk, SimulatedStorage
from supervisors.cli import run
from supervisors.process import Process
from supervisors.tree import World, build_tree

insist()  # a line of the log that is not as it is defined fails the test in which it is written

ROOT = Path(__file__).parents[1]
PATIENCE = 30.0
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ACCOUNT = "DU1234567"
D = Decimal


class Started:
    """A `pitboss` that runs in the background."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, environ: dict[str, str]) -> None:
        self.error_file = folder / f"stderr-{len(list(folder.glob('stderr-*')))}"
        with self.error_file.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "supervisors", *arguments],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    @property
    def errors(self) -> str:
        """What it said on stderr so far."""
        return self.error_file.read_text()

    def line(self) -> str:
        """The next line of its standard output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, number: int | None = None) -> int:
        """Wait for its exit code, after a signal where one is given."""
        if number is not None:
            self.signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


@pytest.fixture
def environ() -> dict[str, str]:
    """The environment without what would configure Pitboss."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PITBOSS_", "API_")) and name != "FORCE_COLOR"
    } | {"COLUMNS": "200"}


@pytest.fixture
def pitboss(environ: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a verb to its end."""

    def to_its_end(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "supervisors", *arguments],
            cwd=ROOT,
            env=environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    return to_its_end


@pytest.fixture
def verb(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """As `pitboss`, but in this process: for what ends before anything is started."""

    def run_here(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        for name in set(os.environ) - set(environ):
            monkeypatch.delenv(name)
        for name, value in (environ | variables).items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return run_here


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Start a verb in the background; what still runs at the end of the test is killed."""
    running: list[Started] = []

    def begin(*arguments: str, **variables: str) -> Started:
        running.append(Started(arguments, tmp_path, environ | variables))
        return running[-1]

    yield begin
    for started in running:
        if started.process.poll() is None:
            started.process.kill()
        if started.process.stdout is not None and not started.process.stdout.closed:
            started.end()
    for log in tmp_path.rglob("*.log.jsonl"):
        complete = log.read_text(errors="backslashreplace").split("\n")[:-1]
        assert not [problem for line in complete for problem in line_problems(line)], log


@pytest.fixture
def paper_tws(start: Callable[..., Started], tmp_path: Path) -> Callable[..., int]:
    """Start a paper TWS on a free port and return the port; its book is `book.json`."""

    def serve(*arguments: str) -> int:
        simulator = start("simulator", "--port", "0", "--book", str(tmp_path / "book.json"), *arguments)
        match = re.fullmatch(r"paper TWS on 127\.0\.0\.1:(\d+)\n", simulator.line())
        assert match, simulator.errors
        return int(match[1])

    return serve


@pytest.fixture
def until() -> Callable[..., Any]:
    """Poll a question until its answer is true, and return the answer."""

    def wait(question: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            answer = question()
            if answer:
                return answer
            assert time.monotonic() < deadline, f"never came: {what}"
            time.sleep(0.05)

    return wait


@pytest.fixture
def status(verb: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[[Path], dict[str, Any]]:
    """`pitboss status --json` of a state folder; empty while nothing answers."""

    def ask(folder: Path) -> dict[str, Any]:
        done = verb("status", "--json", "--state-dir", str(folder))
        answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        return answer

    return ask


class Recorder:
    """Keeps what the bus carries."""

    def __init__(self) -> None:
        self.events: list[BaseEvent] = []

    def tell(self, message: Any) -> None:
        self.events.append(message)


class Plant:
    """A running process and its broker; nothing is played by the test but the market and the people beside it."""

    hears: tuple[type[BaseEvent], ...] = (BaseEvent,)  # what the recorder keeps; in a long run not every price

    def __init__(self, paper: PaperBroker, disk: SimulatedDisk, settings: Settings, nursery: trio.Nursery) -> None:
        self.paper = paper
        self.disk = disk
        self.settings = settings
        self.recorder = Recorder()
        self.links: list[MemoryLink] = []
        self.poison = 3  # messages that a test may spend on crashes: past the intensity comes quarantine
        self.world: dict[str, Any] = {}  # more of what the tree stands on: rules, a signal service
        self._nursery = nursery
        self._scope = trio.CancelScope()
        self.process: Process

    async def start(self) -> None:
        """Start a process on the disk as it is."""
        world = World(
            storage=lambda: SimulatedStorage(self.disk), connection=lambda: MemoryConnection(self._dial), **self.world
        )
        environment = virtual(START, seed=len(self.disk.rows) + 1)
        environment.now = self.paper.environment.now
        self.process = Process(self.settings, environment, partial(build_tree, world=world))
        for event_type in self.hears:
            self.process.bus.subscribe(event_type, self.recorder)
        self._scope = trio.CancelScope()
        started = trio.Event()

        async def run() -> None:
            with self._scope:
                await self.process.run(on_started=started.set)

        self._nursery.start_soon(run)
        await started.wait()
        await self.settle(0.5)

    async def kill(self) -> None:
        """End the process without any order, and lose what the disk had not synced."""
        self._scope.cancel()
        await trio.sleep(0.01)
        self.disk.power_cut()

    def crash_next(self, name: str) -> None:
        """Let an actor crash over the next message that it handles."""
        address = self.process.system.address(name)
        handle = address.reader.on_receive

        def dying(message: Any) -> Any:
            address.reader.on_receive = handle
            raise ValueError("crashes")

        address.reader.on_receive = dying

    def _dial(self, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> MemoryLink:
        link = MemoryLink(self.paper.tws, on_data, on_lost, latency=0.001)
        self._nursery.start_soon(link.run)
        self.links.append(link)
        return link

    async def settle(self, seconds: float = 0.2) -> None:
        """Let everything happen that is on its way."""
        await trio.sleep(seconds)

    async def ask(self, name: str, message: Any) -> Any:
        return await self.process.system.address(name).ask(message)

    # the market

    def contract(self, symbol: str) -> Contract:
        """Return a stock by its symbol, anything else by its local symbol."""
        stocks = self.paper.contracts.find(symbol, "STK")
        return (stocks or [one for one in self.paper.contracts if one.contract.local_symbol == symbol])[0].contract

    def tick(self, symbol: str, kind: int, price: float, size: int = 1000) -> None:
        contract = self.contract(symbol)
        self.paper.deliver([Ticked(contract, kind, price, size, self.paper.environment.now())])

    async def trade_at(self, price: float, symbol: str = "AAPL", size: int = 1000) -> None:
        """Let the market trade at a price, bid and ask a cent around it."""
        for kind, value in ((1, price - 0.01), (2, price + 0.01), (4, price)):
            self.tick(symbol, kind, round(value, 2), size)
        await self.settle()

    def by_hand(self, side: Side, quantity: int, price: str, symbol: str = "AAPL") -> None:
        contract = self.contract(symbol)
        self.paper.venue.manual_trade(ACCOUNT, contract, D(quantity) * side.sign, D(price))

    # both sides

    async def open(
        self,
        side: Side = Side.BUY,
        quantity: int = 100,
        *,
        symbol: str = "AAPL",
        limit: str = "",
        **exits: Any,
    ) -> CommandOutcome:
        """Open a position, with a stop 3 % and a target 8 % away unless other exits are named."""
        plan = ExitPlan(**(exits or {"stop_loss_pct": D("0.03"), "take_profit_pct": D("0.08")}))
        terms = {"order_type": OrderType.LIMIT, "limit_price": D(limit)} if limit else {}
        command = OpenPosition(side=side, size=Size(quantity=D(quantity)), exits=plan, source="test", **terms)
        answer: CommandOutcome = await self.ask(f"position/{symbol}", command)
        await self.settle()
        return answer

    async def view(self, symbol: str = "AAPL") -> PositionView:
        return await self.ask(f"position/{symbol}", DescribePosition())

    async def working(self, *roles: Role) -> list[OrderView]:
        return [order for order in await self.ask("orders", ListOrders()) if order.role in roles or not roles]

    async def alarms(self) -> set[str]:
        return {alarm.kind for alarm in await self.ask("alarms", ListAlarms())}

    def seen(self, kind: type[BaseEvent]) -> list[Any]:
        return [event for event in self.recorder.events if isinstance(event, kind)]

    def at_broker(self, symbol: str = "") -> list[Order]:
        """Orders that may still fill, by the venue's own book."""
        orders = self.paper.venue.orders.values()
        return [order for order in orders if not order.done and (not symbol or self._is(order.contract, symbol))]

    def held(self, symbol: str = "AAPL") -> Decimal:
        """What the venue's book says is held."""
        held = (one.quantity for one in self.paper.venue.positions() if self._is(one.contract, symbol))
        return sum(held, D(0))

    @staticmethod
    def _is(contract: Contract, symbol: str) -> bool:
        return symbol == (contract.symbol if contract.sec_type == "STK" else contract.local_symbol)

    async def agree(self, symbol: str = "AAPL") -> None:
        """Assert that both sides say the same, and that what works are exits of exactly the position."""
        await self.agree_exactly(symbol)
        for order in self.at_broker():
            assert order.remaining == abs(self.held(symbol))

    async def agree_exactly(self, symbol: str = "AAPL") -> None:
        """Assert that both sides say the same of position and working orders."""
        assert (await self.view(symbol)).quantity == self.held(symbol)
        ours = {(order.order_ref, order.remaining) for order in await self.working()}
        theirs = {(order.order_ref, order.remaining) for order in self.at_broker()}
        assert ours == theirs

    def crashes(self) -> list[str]:
        """Return what actors crashed of, poisoned messages excepted."""
        return [event.error for event in self.seen(ActorCrashed) if "does not handle object" not in event.error]

    async def quarantined(self) -> list[str]:
        """Return what crashed too often."""
        return [each.address for each in self.process.system.snapshot() if each.state == "quarantined"]


@pytest.fixture(scope="session")
def plant() -> Callable[..., None]:
    """Run `body(plant)` in virtual time; keywords are risk settings, `broker` and `simulator` those of these."""

    def run(
        body: Callable[[Plant], Awaitable[None]],
        broker: dict[str, Any] | None = None,
        simulator: dict[str, Any] | None = None,
        symbols: dict[str, SymbolSettings] | None = None,
        start: datetime = START,
        kind: Callable[..., Any] = Plant,
        **risk: Any,
    ) -> None:
        async def main() -> None:
            settings = Settings(
                risk=RiskSettings(**risk),
                broker=BrokerSettings(**(broker or {})),
                symbols={"AAPL": SymbolSettings(sector="tech"), "MSFT": SymbolSettings()} | (symbols or {}),
            )
            paper = PaperBroker(SimulatorSettings(feed="manual", **(simulator or {})), virtual(start, seed=1))
            with trio.fail_after(1_000_000):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(paper.run)
                    built = kind(paper, SimulatedDisk(), settings, nursery)
                    await built.start()
                    await built.trade_at(100.0)
                    await body(built)
                    nursery.cancel_scope.cancel()

        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))

    return run


@pytest.fixture(scope="session")
def plant_type() -> type[Plant]:
    """The class itself, for those that put another client in Pitboss's place."""
    return Plant
