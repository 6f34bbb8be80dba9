"""Puts the paper TWS together: contracts, venue, feed, server, listeners, book file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from copy import copy
from decimal import Decimal
from pathlib import Path

import trio
from attrs import field, frozen

from config.clock import Alarm
from config.environment import Environment
from simulator.book_file import BookFile, resume_from
from simulator.book_lock import own_book
from simulator.contract_files import built_in, load
from simulator.contracts import ContractBook
from simulator.faults import FaultEngine, Script, read_script
from simulator.feeds import Feed, open_feed
from simulator.model import Ticked, VenueEvent
from simulator.server.pacing import PacingLimits
from simulator.server.paper_tws import PaperTws
from simulator.server.tcp import listen, serve_links
from simulator.settings_check import check_settings
from simulator.venue import Venue

__all__ = ["PaperBroker", "Serving", "SimulatorSettings", "serve"]

_TURN_SECONDS = 0.25  # how often the clock's own work is done at most; level 1 ticks are told as often
_REST_SECONDS = 30.0  # how long it rests at most, should the machine's clock be set meanwhile


@frozen(slots=True, kw_only=True)
class SimulatorSettings:
    """How the paper TWS runs."""

    host: str = "127.0.0.1"
    port: int = 7497  # 0: any free one
    feed: str = "synthetic"  # what simulator.feeds.open_feed takes: synthetic…, recorded:…, lean:…, manual
    speed: float = 1.0  # how many times faster than its data the feed runs; 0: as fast as possible
    seed: int = 1
    calendar: str = "always"  # or an exchange's, such as XNYS
    contracts: Path | None = None  # a TOML or CSV file with further contract definitions
    faults: Path | None = None  # a TOML file: see docs/simulator.md
    book: Path | None = None  # where the ground truth is kept, and what is gone on from if it exists
    fresh: bool = False  # begin a new book even if there is one
    accounts: tuple[str, ...] = field(default=("DU1234567",), converter=tuple[str, ...])
    cash: Decimal = Decimal("1000000")  # of each account, in US dollars
    master_client_id: int | None = None
    messages_per_second: int = 50  # above it error 100; 0 switches that off
    pacing_breaches: int = 3  # the link of a client ends at this many
    output_bytes: int = 32 * 1024 * 1024  # a client that leaves more unread is dropped

    def __attrs_post_init__(self) -> None:
        """Raises SettingRefused for a value that cannot be."""
        check_settings(self)


@frozen(slots=True)
class Serving:
    """What `serve` reports when clients can connect."""

    host: str
    port: int
    broker: PaperBroker


class PaperBroker:
    """A paper TWS without listeners: for tests in memory, and what `serve` puts behind a port."""

    def __init__(self, settings: SimulatorSettings, environment: Environment) -> None:
        """Raises ValueError for a calendar, feed, fault script or contract file that is wrong; OSError."""
        # A copy, so that a fault that sets the clock sets the broker's alone.
        self.environment = environment = copy(environment)
        self.contracts = _contract_book(settings.contracts)
        self.feed: Feed = open_feed(
            settings.feed, self.contracts, environment, settings.speed, settings.seed, settings.calendar
        )
        self.venue = Venue(
            environment,
            self.contracts,
            accounts=settings.accounts,
            cash=settings.cash,
            calendar=settings.calendar,
            past=self.feed.past,
        )
        self.tws = PaperTws(
            self.venue,
            self.contracts,
            environment,
            accounts=settings.accounts,
            calendar=settings.calendar,
            pacing=PacingLimits(settings.messages_per_second, settings.pacing_breaches),
            master_client_id=settings.master_client_id,
        )
        self._rest = Alarm()  # until the next turn
        self._earliest = 0.0  # for the next turn, by trio's clock
        self.venue.subscribe(self._stir)
        self.tws.stirred = self._stir
        script = Script() if settings.faults is None else read_script(settings.faults)
        self.faults = FaultEngine(self.tws, script.rules)
        for dice in script.random:
            self.faults.throw(dice)

    def deliver(self, ticks: Sequence[Ticked]) -> None:
        """Take ticks of the feed; what they cause goes out together."""
        for tick in ticks:
            self.venue.on_tick(tick)

    async def run(self) -> None:
        """Run the feed, the clock and the faults until cancelled. A feed that ends leaves the market as it is."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.feed.run, self.deliver)
            nursery.start_soon(self._keep_time)
            nursery.start_soon(self.faults.run)

    async def _keep_time(self) -> None:
        while True:
            self.venue.advance(self.environment.now())
            now = self.venue.now()
            self.tws.advance(now)
            due = min(self.venue.due, self.tws.due or self.venue.due)
            turned = trio.current_time()
            self._earliest = turned + _TURN_SECONDS
            seconds = min(max((due - now).total_seconds(), _TURN_SECONDS), _REST_SECONDS)
            await self._rest.until(turned + seconds)

    def _stir(self, event: VenueEvent | None = None) -> None:
        """Something was told, or asked for: the next turn may have to be sooner."""
        if self._rest.deadline > self._earliest:
            self._rest.deadline = self._earliest


async def serve(
    settings: SimulatorSettings,
    environment: Environment,
    *,
    task_status: trio.TaskStatus[Serving] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve clients until cancelled; reports `Serving` when it listens.

    Raises ValueError for settings that cannot be met or a book that cannot be resumed, and OSError with a clear text
    for a port that is taken, a book that another process keeps or a file that cannot be read or written; nothing has
    been started then.
    """
    with nullcontext() if settings.book is None else own_book(settings.book):
        broker = PaperBroker(settings, environment)
        book = None if settings.book is None else _open_book(settings.book, broker, settings.fresh)
        await _serve(settings, broker, book, task_status)


def _open_book(path: Path, broker: PaperBroker, fresh: bool) -> BookFile:
    if path.exists() and not fresh:
        resume_from(path, broker.venue, broker.tws, broker.contracts)
    book = BookFile(path, broker.venue, broker.tws)
    book.write()
    return book


async def _serve(
    settings: SimulatorSettings, broker: PaperBroker, book: BookFile | None, task_status: trio.TaskStatus[Serving]
) -> None:
    listeners = await listen(settings.host, settings.port)
    port = int(listeners[0].socket.getsockname()[1])
    async with trio.open_nursery() as nursery:
        if book is not None:
            nursery.start_soon(book.run)
        nursery.start_soon(broker.run)
        settled = None if book is None else book.settled
        nursery.start_soon(serve_links, broker.tws, listeners, settings.output_bytes, settled)
        task_status.started(Serving(settings.host, port, broker))


def _contract_book(path: Path | None) -> ContractBook:
    contracts = built_in()
    for definition in load(path) if path is not None else ():
        contracts.add(definition)
    return contracts
