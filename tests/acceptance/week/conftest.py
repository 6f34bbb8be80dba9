"""A trading week in virtual time: the options-flow configuration, a signal service, a paper TWS with XNYS's hours."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import trio
import trio.testing
from attrs import evolve, frozen

from actors.signals.client import OptionsFlowClient
from config.calendars import exchange_hours
from config.environment import virtual
from config.loading import read, settings_from
from config.settings import Settings
from domain.exchange_hours import Session
from messages.codec import decode
from messages.lifecycle import ActorCrashed, AlarmRaised
from simulator.app import PaperBroker, SimulatorSettings
from simulator.book_file import BookFile, resume_from
from simulator.faults.verbs import Restart
from simulator.model import Order, OrderChanged, PositionChanged, Ticked, VenueEvent
from simulator.signals import Prediction, SignalService, SignalSettings
from simulator.signals.api import PREFIX, api
from storage.memory import SimulatedDisk

NEW_YORK = ZoneInfo("America/New_York")
PROFILE = Path(__file__).parents[3] / "config" / "profiles" / "options_flow.toml"
KEY = "a key of the test"
URL = f"https://flow.test{PREFIX}"
TICKERS = ("CVNA", "UVXY", "SOXL", "SOXS", "TQQQ", "SQQQ", "GLD", "SLV")
DIRECTED = dict(zip(TICKERS, (0.30, 0.30, 0.20, 0.20, 0.05, 0.05, 0.03, 0.03), strict=True))
"""ticker → which part of its predictions has a direction: some are turned round often, others reach their exits"""
EVERY = 120.0  # seconds between two predictions of a ticker; each is asked for twice
PROTECTING = ("STP", "TRAIL", "MKT")


@frozen
class Run:
    """From when to when the process runs, in New York's time. It is killed at `killed`, and started again at once.

    TWS restarts at 23:45 each night, and at `away` for 40 seconds.
    """

    begin: datetime
    end: datetime
    killed: datetime | None = None
    away: datetime | None = None


class Monitor:
    """The Options Flow Monitor: predicts from ten minutes before the open to ten after the close, and keeps count."""

    def __init__(self, environment: Any, price_of: Callable[[str], float]) -> None:
        settings = SignalSettings(api_key=KEY, tickers=TICKERS, generated=False)
        self.service = SignalService(settings, environment, price_of)
        self.said: dict[str, Prediction] = {}  # signal id → what it is
        self._environment = environment
        self._price_of = price_of
        self._drawn = random.Random(11)

    async def run(self, end: datetime) -> None:
        """Predict for as long as there is time to ask for it before the end."""
        while (now := self._environment.now()) < end - timedelta(seconds=2 * EVERY):
            session = session_of(now)
            if session and session.opens - timedelta(minutes=10) < now < session.closes + timedelta(minutes=10):
                for ticker in TICKERS:
                    self._predict(ticker, now)
            await trio.sleep(EVERY)

    def _predict(self, ticker: str, now: datetime) -> None:
        direction = self._drawn.choice(("BUY", "SELL"))
        signal = direction if self._drawn.random() < DIRECTED[ticker] else "NEUTRAL"
        confidence = round(self._drawn.uniform(0.4, 0.98), 4)
        made = Prediction.now(ticker, signal, confidence, now, self._price_of(ticker))
        self.said[f"{ticker}:{round(made.timestamp.timestamp() * 1000)}:{signal}"] = made
        self.service.push(made)


class Watch:
    """What the venue's own events say: what works, and how long something was held that nothing protected.

    Protected is what a stop works for, or a market order that closes it: the first share of that ends the stop.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.changes: list[tuple[datetime, str]] = []  # when how much of a symbol was held changed
        self._live: dict[int, Order] = {}
        self._held: dict[str, Any] = {}
        self._since: dict[str, float] = {}
        self._paper: PaperBroker

    def follow(self, paper: PaperBroker) -> None:
        """Listen to a venue from now on."""
        self._paper = paper
        self._live = {order.perm_id: order for order in paper.venue.orders.values() if not order.done}
        paper.venue.subscribe(self._hear)

    def _hear(self, event: VenueEvent) -> None:
        match event:
            case Ticked():
                return
            case OrderChanged(order):
                if order.done:
                    self._live.pop(order.perm_id, None)
                else:
                    self._live[order.perm_id] = order
                self._look(order.contract.symbol)
            case PositionChanged(position):
                symbol = position.contract.symbol
                self._held[symbol] = position.quantity
                self.changes.append((self._paper.environment.now(), symbol))
                self._look(symbol)

    def _look(self, symbol: str) -> None:
        held = self._held.get(symbol, 0)
        side = "SELL" if held > 0 else "BUY"
        covered = sum(
            order.remaining
            for order in self._live.values()
            if (order.contract.symbol, order.side) == (symbol, side) and order.order_type in PROTECTING
        )
        if abs(held) > covered:
            self._since.setdefault(symbol, trio.current_time())
        elif symbol in self._since:
            self.longest = max(self.longest, trio.current_time() - self._since.pop(symbol))

    @property
    def naked(self) -> list[str]:
        """What is held and not protected now."""
        return sorted(self._since)


@frozen(kw_only=True)
class Evening:
    """One trading day as it was when it was over, a few seconds after the close."""

    day: date
    closes: datetime
    held: dict[str, int]
    working: int
    ours: dict[str, str]  # symbol → quantity, where we think that something is held
    alarms: frozenset[str]
    last_change: datetime  # of what was held


class Week:
    """Everything that takes part, over several runs of the process; the account and the journal go on."""

    def __init__(self, settings: Settings, folder: Path, plant_type: type[Any], rate: float) -> None:
        self.settings = settings
        self.disk = SimulatedDisk()
        self.watch = Watch()
        self.evenings: list[Evening] = []
        self.raised: list[AlarmRaised] = []
        self.crashes: list[str] = []
        self.restarts = 0
        self.paper: PaperBroker
        self.monitor: Monitor
        self.plant: Any
        self._book = folder / "book.json"
        self._kind = type("WeekPlant", (plant_type,), {"hears": (AlarmRaised, ActorCrashed)})
        self._rate = rate

    async def run(self, runs: Sequence[Run], clock: trio.testing.MockClock) -> None:
        """Play the runs one after the other; between them nothing runs, and the clock goes on."""
        environment = virtual(runs[0].begin.astimezone(UTC), seed=1)
        self.monitor = Monitor(environment, self._price)
        for number, run in enumerate(runs):
            # seconds are counted in UTC: the clocks are set in one of the breaks
            clock.jump(max(0.0, (run.begin.astimezone(UTC) - environment.now()).total_seconds()))
            async with trio.open_nursery() as nursery:
                self._open(environment, number, nursery)
                nursery.start_soon(self.monitor.run, run.end)
                await self._play(run)
                nursery.cancel_scope.cancel()
            BookFile(self._book, self.paper.venue, self.paper.tws).write()

    def _open(self, environment: Any, number: int, nursery: trio.Nursery) -> None:
        feed = f"synthetic:{','.join(TICKERS)}@{self._rate}"
        self.paper = PaperBroker(SimulatorSettings(feed=feed, calendar="XNYS", seed=7 + number), environment)
        if number:
            resume_from(self._book, self.paper.venue, self.paper.tws, self.paper.contracts)
        self.watch.follow(self.paper)
        nursery.start_soon(self.paper.run)
        self.plant = self._kind(self.paper, self.disk, self.settings, nursery)
        service = httpx.ASGITransport(api(self.monitor.service, environment))
        self.plant.world = {"signals": lambda: OptionsFlowClient(URL, KEY, service)}

    async def _play(self, run: Run) -> None:
        await self.plant.start()
        for moment, act in sorted(self._programme(run), key=lambda each: each[0]):
            await trio.sleep((moment - self.paper.environment.now()).total_seconds())
            await act()
        end = run.end.astimezone(UTC)
        await trio.sleep((end - self.paper.environment.now()).total_seconds())
        self.plant.process.stop("the run is over")
        await self.plant.settle(30)
        self.raised += self.plant.seen(AlarmRaised)
        self.crashes += self.plant.crashes()

    def _programme(self, run: Run) -> list[tuple[datetime, Callable[[], Awaitable[None]]]]:
        begin, end = run.begin.astimezone(UTC), run.end.astimezone(UTC)
        found: list[tuple[datetime, Callable[[], Awaitable[None]]]] = []
        for session in sessions_between(begin, end):
            found.append((session.closes + timedelta(seconds=10), self._evening))
        day = run.begin.date()
        while day <= run.end.date():
            night = datetime.combine(day, time(23, 45), NEW_YORK).astimezone(UTC)
            if begin < night < end:
                found.append((night, partial(self._restart_tws, 90.0)))
            day += timedelta(days=1)
        if run.killed is not None:
            found.append((run.killed.astimezone(UTC), self._kill))
        if run.away is not None:
            found.append((run.away.astimezone(UTC), partial(self._restart_tws, 40.0)))
        return found

    async def _evening(self) -> None:
        session = session_of(self.paper.environment.now())
        assert session is not None
        views = {symbol: await self.plant.view(symbol) for symbol in TICKERS}
        self.evenings.append(
            Evening(
                day=session.closes.astimezone(NEW_YORK).date(),
                closes=session.closes,
                held={one.contract.symbol: int(one.quantity) for one in self.paper.venue.positions() if one.quantity},
                working=len(self.plant.at_broker()),
                ours={symbol: str(view.quantity) for symbol, view in views.items() if view.quantity},
                alarms=frozenset(await self.plant.alarms()),
                last_change=max(when for when, _ in self.watch.changes),
            )
        )

    async def _restart_tws(self, seconds: float) -> None:
        self.restarts += 1
        self.paper.faults.do(Restart(seconds=seconds, executions=False))

    async def _kill(self) -> None:
        assert self.plant.at_broker(), "nothing works that could be lost sight of"
        await self.plant.kill()
        await trio.sleep(20.0)
        await self.plant.start()

    def _price(self, ticker: str) -> float:
        con_id = self.paper.contracts.find(ticker, "STK")[0].contract.con_id
        return float(self.paper.venue.market_price(con_id))

    def journaled(self, *kinds: type) -> list[Any]:
        """What the journal holds of these kinds, in order."""
        names = {kind.__name__ for kind in kinds}
        return [decode(row.kind, row.payload) for row in self.disk.rows if row.kind in names]


def session_of(moment: datetime) -> Session | None:
    """The session of New York's date of this instant."""
    return exchange_hours("XNYS", moment).session(moment)


def sessions_between(begin: datetime, end: datetime) -> list[Session]:
    """The sessions that close between two instants."""
    found = []
    moment = begin
    while moment <= end + timedelta(days=1):
        session = session_of(moment)
        if session is not None and begin < session.closes < end:
            found.append(session)
        moment += timedelta(days=1)
    return found


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, plant_type: type[Any]) -> Callable[..., Week]:
    """Play runs of the options-flow configuration to their end, and return all that is known of them.

    `rate` is ticks a second of each symbol; as many fewer as these are than in life, so much longer a quote may stand.
    """

    def play(runs: Sequence[Run], rate: float = 1.0) -> Week:
        settings = settings_from(read(PROFILE), {"API_KEY": KEY, "API_BASE_URL": URL})
        settings = evolve(settings, risk=evolve(settings.risk, quote_max_age_seconds=30.0))
        week = Week(settings, tmp_path_factory.mktemp("week"), plant_type, rate)
        clock = trio.testing.MockClock(autojump_threshold=0)
        trio.run(week.run, runs, clock, clock=clock)
        return week

    return play


@pytest.fixture(scope="session")
def run_type() -> type[Run]:
    """The class of a run."""
    return Run
