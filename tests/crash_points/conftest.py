"""A whole life of a bracket, in which the process dies or its link is cut at any point; and what must hold afterwards.

The points are counted, not listed: every append of the journal before, between write and sync, and after; every write
into the socket before, in its middle, and after. What the process does after its death reaches neither disk nor broker.
What is asked afterwards is asked of the paper TWS's book, of `pitboss status` and of the journal.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from math import inf
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pykka
import pytest
import trio

from actors.ib.memory import MemoryConnection
from config.environment import virtual
from messages.event import BaseEvent
from messages.journal import Replay
from messages.lifecycle import AlarmRaised
from messages.order import CommissionBooked, ExecutionBooked, OrderStatus, OrderType, Side
from messages.position import (
    AdjustExits,
    ClosePosition,
    CommandAccepted,
    CommandOutcome,
    ExitPlan,
    OpenPosition,
    PositionClosed,
    Size,
)
from simulator.faults.verbs import Cut
from simulator.memory import MemoryLink
from simulator.model import Order
from storage.power import MortalFiles, in_part, kept, lost, sectors
from supervisors.process import Process
from supervisors.status import collect_status
from supervisors.tree import World, build_tree

D = Decimal
READY_SECONDS = 5.0  # from a start, or from a cut, to READY
LIFE_SECONDS = 3600.0
NOTHING = "(of nothing)"
ANSWER_SECONDS = 10.0  # for which a person waits who asks an actor that may crash
SETTLED_SECONDS = 60.0  # from there until nothing is in doubt any more
EXPOSED = {"protection.missing", "protection.failed", "position.unmanaged", "position.not_closed", "broker.lost"}
DOUBTFUL = ("INTENDED", "SENT", "PENDING_MODIFY", "PENDING_CANCEL", "UNKNOWN")
LIVE = (*DOUBTFUL, "ACCEPTED", "PARTIALLY_FILLED", "HELD")


CUTS = {"lost": lost, "in part": in_part, "sectors": sectors, "kept": kept}
# step → what can become of what was in flight: of a commit at "write", else of what is on its way to the broker
FATES: dict[str, Sequence[str]] = {
    "append": ("taken", "lost"),
    "write": ("in part", "lost", "sectors", "kept"),
    "sync": ("lost", "taken"),
    "send": ("taken",),
    "sending": ("in part",),
    "sent": ("taken", "lost"),
}


class Point(NamedTuple):
    """Where a life ends: at which of its points, and with which fate; the seed also says where a part ends."""

    number: int
    seed: int = 0


class Line:
    """The process's end of its link: each write is a point."""

    def __init__(self, link: MemoryLink, ordeal: Any, life: int) -> None:
        self._link, self._ordeal, self._life = link, ordeal, life

    def send(self, data: bytes) -> None:
        """Send, unless the process is dead; it may die over it."""
        for step in ("send", "sending", "sent"):
            if self._ordeal.life != self._life:
                return
            if step == "sent":
                self._ordeal.written.extend([data] if self._ordeal.counting else [])
                self._link.send(data)
            self._ordeal.at(step, (self._link, data))

    def disconnect(self) -> None:
        """End the link, unless death has ended it."""
        if self._ordeal.life == self._life:
            self._link.disconnect()

    def abort(self) -> None:
        """Reset the link, unless death has ended it."""
        if self._ordeal.life == self._life:
            self._link.abort()


class Hearer:
    """Keeps what the bus of a process carries while it lives."""

    def __init__(self, ordeal: Any, life: int) -> None:
        self._ordeal, self._life = ordeal, life

    def tell(self, event: BaseEvent) -> None:
        """Keep an event."""
        if self._ordeal.life == self._life:
            self._ordeal.recorder.tell(event)


class Ordeal:
    """To be mixed with `Plant`: its process lives on real files, and dies at the points that it is given."""

    folder: Path
    trial: Any

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.files = MortalFiles(self.folder, self.at)
        self.life = 0
        self.counting = self.trial.script == "start"
        self.points: list[list[str]] = [[]]  # of each life, what they were
        self.recovered: list[int] = []  # of each life, how many of them until all was well
        self.began: list[int] = []  # of each step of the script, how many of its life before it
        self.died: list[str] = []
        self.written: list[bytes] = []
        self.heard: list[bytes] = []
        self.promised: list[Any] = []  # commands that were answered
        self.dice = Random(str(self.trial))
        self.dead = trio.Event()
        self.scopes: list[trio.CancelScope] = []
        self.naked = NakedSince(self)

    # life and death

    async def start(self) -> None:
        """Start a process on the files as they are."""
        life = self.life
        self.dead = trio.Event()
        world = World(storage=self.files.storage, connection=lambda: MemoryConnection(partial(self._dial_in, life)))
        environment = virtual(self.paper.environment.now(), seed=life + 1)
        environment.now = self.paper.environment.now
        self.process = Process(self.settings, environment, partial(build_tree, world=world))
        self.process.bus.subscribe(BaseEvent, Hearer(self, life))
        self._scope = trio.CancelScope()
        started = trio.Event()

        async def run() -> None:
            with self._scope:
                await self.process.run(on_started=started.set)

        self._nursery.start_soon(run)
        await self.unless_dead(started.wait)
        await self.unless_dead(self.settle, 0.5)

    def _dial_in(self, life: int, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> Line:
        if life != self.life:
            raise OSError("a dead process dials")

        def heard(data: bytes) -> None:
            if life == self.life:
                self.heard.extend([data] if self.counting else [])
                on_data(data)

        link = self._dial(heard, lambda reason: life == self.life and on_lost(reason))
        return Line(link, self, life)

    def at(self, step: str, sending: tuple[MemoryLink, bytes] | None = None) -> None:
        """A point has been reached: die here, if this is it."""
        if not self.counting:
            return
        number = len(self.points[self.life])
        self.points[self.life].append(step)
        if self.life < len(self.trial.deaths) and self.trial.deaths[self.life].number == number:
            self._die(step, Random(self.trial.deaths[self.life].seed * 1_000_003 + number), sending)

    def _die(self, step: str, dice: Random, sending: tuple[MemoryLink, bytes] | None) -> None:
        fate = FATES[step][self.trial.deaths[self.life].seed % len(FATES[step])]
        cut = CUTS.get(fate, lost)
        if step == "sending" and sending is not None:
            link, data = sending
            taken = dice.randrange(1, len(data))
            link.send(data[:taken])
        self.died.append(f"{step} ({fate})")
        self.life += 1
        self.points.append([])
        self.files.die(cut, dice)
        link = self.links[-1]
        if fate == "lost":
            link.abort()
        else:
            link.disconnect()
        self._scope.cancel()
        self.dead.set()
        for scope in self.scopes:
            scope.cancel()

    async def unless_dead(self, job: Callable[..., Awaitable[Any]], *arguments: Any) -> None:
        """Do it, or what of it is done when the process dies."""
        if self.dead.is_set():
            return
        with trio.CancelScope() as scope:
            self.scopes.append(scope)
            await job(*arguments)
        self.scopes.remove(scope)

    async def revive(self) -> None:
        """Start again, as often as it dies meanwhile, until nothing is in doubt; a second goes by between."""
        while self.dead.is_set():
            await self.meanwhile()
            await trio.sleep(1.0)
            self.naked.excused()
            life = self.life
            await self.start()
            await self.unless_dead(self.sound)
            self.recovered.append(len(self.points[life]))
        self.scopes.clear()

    async def meanwhile(self) -> None:
        """The market goes on while nobody is there: the entry fills, in part or whole, or an exit."""
        if not self.trial.busy:
            return
        entry = self.entry()
        if entry is not None:
            part = self.dice.choice((D(1), D(7), entry.remaining))
            self.paper.venue.broker_fill(entry.perm_id, min(part, entry.remaining), D("98.90"))
        elif self.held():
            up = self.dice.random() < 0.5
            await self.trade_at(109.0 if up else 94.0)

    # the life

    async def live(self) -> None:
        """Live through the script; after each death, and each cut, wait until all is well and go on."""
        self.counting = True
        await self.revive()
        for step in SCRIPTS[self.trial.script]:
            self.began.append(len(self.points[self.life]))
            await self.unless_dead(step, self)
            await self.unless_dead(self.sound)
            await self.revive()
        self.counting = False
        await self.settle(5.0)
        await self.sound()
        await self.accounts_agree()
        unexpected = [error for error in self.crashes() if self.trial.struck not in error]
        assert not unexpected, unexpected

    async def tell(self, message: Any) -> None:
        """Give the symbol's position a command, as `pitboss` would."""
        began = trio.current_time()
        outcome: CommandOutcome | None = None
        while not isinstance(outcome, CommandAccepted):
            # refused while the link is down or not reconciled
            assert trio.current_time() - began < READY_SECONDS, outcome
            await self.trade_at(100.0)
            life, future = self.life, self.process.system.address("position/AAPL").ask(message)

            def answered(life: int = life, future: Any = future) -> None:
                with suppress(pykka.ActorDeadError):  # it is raised below, where it is awaited
                    if self.life == life and isinstance(future.get(), CommandAccepted):
                        self.promised.append(message)

            if not future.when_settled(answered):
                answered()
            try:
                with trio.move_on_after(ANSWER_SECONDS if self.trial.struck != NOTHING else inf) as asking:
                    outcome = await future
            except Exception as error:
                if self.trial.struck not in str(error) and not isinstance(error, pykka.ActorDeadError):
                    raise
                return  # whoever gets no answer looks what has become of it before he says it again
            if asking.cancelled_caught:
                return
        await self.settle(0.3)

    @property
    def entering(self) -> str:
        """The broker's word for the side of the entries of this life."""
        return "SELL" if self.trial.script == "short" else "BUY"

    def entry(self) -> Order | None:
        """The entry that works at the broker."""
        live = self.at_broker("AAPL")
        return next((one for one in live if one.side == self.entering and one.status == "Submitted"), None)

    # what must hold

    async def sound(self) -> None:
        """Wait until all is well; it must be READY, and what is held protected or alarmed, much earlier."""
        began = trio.current_time()
        ready = False
        bound = self.settings.risk.naked_seconds + 2.0
        wrong = "not looked at"
        while wrong:
            await trio.sleep(0.25)
            waited = trio.current_time() - began
            status = await collect_status(self.process.system, self.process.state)
            ready = ready or status["state"] == "READY"
            assert ready or waited < READY_SECONDS, f"not READY after {waited:.2f} s: {status['reason']}"
            alarms = {alarm["kind"] for alarm in status["alarms"] or ()}
            naked = self.naked.seconds()
            assert naked < bound or alarms & EXPOSED, f"naked for {naked:.1f} s, and alarms are {sorted(alarms)}"
            wrong = self.unsound(status)
            assert not wrong or waited < SETTLED_SECONDS, f"after {waited:.0f} s: {wrong}"
        self.nothing_twice()

    def unsound(self, status: dict[str, Any]) -> str:
        """What the status does not say as the broker's book does, or what is not as it should be; "" for nothing."""
        if status["state"] != "READY" or status["unanswered"]:
            return f"{status['state']}: {status['reason']} {status['unanswered']}"
        doubtful = [row for row in status["orders"] if row["status"] in DOUBTFUL]
        if doubtful:
            return f"in doubt: {doubtful}"
        live = self.at_broker("AAPL")
        theirs = {
            (one.order_ref, one.quantity, one.filled, one.limit, one.stop if one.order_type == "STP" else None)
            for one in live
        }
        rows = [row for row in status["orders"] if row["status"] in LIVE]
        ours = {
            (
                row["order_ref"],
                D(row["quantity"]),
                D(row["filled"]),
                _decimal(row["limit"]),
                _decimal(row["stop"]) if row["type"] == "STP" else None,
            )
            for row in rows
        }
        if ours != theirs:
            return f"live here {sorted(map(str, ours))}, at the broker {sorted(map(str, theirs))}"
        held = self.held()
        stop_prices = {one.stop for one in live if one.order_type == "STP"}
        position = next((row for row in status["positions"] if row["symbol"] == "AAPL"), {"quantity": "0"})
        if D(position["quantity"]) != held:
            return f"{position['quantity']} held here, {held} at the broker"
        if status["alarms"]:
            return f"alarms {status['alarms']}"
        exits = Counter((one.order_type, one.remaining) for one in live if one.side != self.entering)
        stop = "TRAIL" if self.trial.script == "short" else "STP"
        if held and not (position["protected"] and exits == {(stop, abs(held)): 1, ("LMT", abs(held)): 1}):
            return f"exits {exits} of {held}, protected: {position['protected']}"
        for promised in self.promised if held else ():
            if isinstance(promised, ClosePosition):
                return f"the command to close was answered, and {held} are held"
            if isinstance(promised, AdjustExits) and stop_prices != {promised.exits.stop_loss_price}:
                return f"the command to adjust the stop was answered, and it stands at {stop_prices}"
        if not held and live and not any(one.side == self.entering for one in live):
            return f"orders work for nothing: {live}"
        return ""

    def nothing_twice(self) -> None:
        """Assert that each intent is at most one order of the broker's."""
        counts = Counter(order.order_ref for order in self.paper.venue.orders.values())
        assert max(counts.values(), default=0) <= 1, f"sent twice: {counts}"
        assert "" not in counts

    async def accounts_agree(self) -> None:
        """Assert that each execution was booked once, and that what was earned is what the cash says."""
        records = await self.ask("journal", Replay(whole=True))
        booked = Counter(
            (fact.execution.exec_id, fact.execution.signed_quantity, fact.execution.price)
            for fact in (record.payload for record in records)
            if isinstance(fact, ExecutionBooked)
        )
        book = self.paper.venue.executions
        theirs = Counter((one.exec_id, one.quantity * (1 if one.side == "BOT" else -1), one.price) for one in book)
        assert booked == theirs, f"booked {booked}, executed {theirs}"
        closings = [record.payload for record in records if isinstance(record.payload, PositionClosed)]
        assert len({one.position_id for one in closings}) == len(closings), f"closed twice: {closings}"
        assert not self.held(), "the life is over"
        cash = sum((one.quantity * one.price * (1 if one.side == "SLD" else -1) for one in book), D(0))
        assert sum((one.realized_pnl for one in closings), D(0)) == cash
        paid = sum((one.amount for one in self.paper.venue.commissions.values()), D(0))
        told = sum((one.commission for one in closings), D(0))
        facts = [record.payload.commission for record in records if isinstance(record.payload, CommissionBooked)]
        booked_paid = sum({fact.exec_id: fact.amount or D(0) for fact in facts}.values(), D(0))
        # a closing waits a moment for the commission of its last fill; one that an actor crashed over comes later
        assert told == paid or (self.trial.struck != NOTHING and told < paid == booked_paid)
        statuses = {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.NOT_SENT, OrderStatus.EXPIRED}
        if self.trial.busy:
            statuses.add(OrderStatus.REJECTED)  # it was to join exits of which one had filled: IB refuses that
        status = await collect_status(self.process.system, self.process.state)
        assert {row["status"] for row in status["orders"]} <= statuses, status["orders"]

    def raised(self) -> set[str]:
        """The kinds of all alarms so far."""
        return {alarm.kind for alarm in self.recorder.events if isinstance(alarm, AlarmRaised)}


class NakedSince:
    """Since when what is held is not covered by stops of ours, by the venue's own book. While nobody lives to see it
    the time does not count."""

    def __init__(self, ordeal: Any) -> None:
        self._ordeal = ordeal
        self._since: float | None = None
        ordeal.paper.venue.subscribe(self._look)

    def seconds(self) -> float:
        """How long by now."""
        return 0.0 if self._since is None else trio.current_time() - self._since

    def excused(self) -> None:
        """Count from now."""
        self._since = None if self._since is None else trio.current_time()

    def _look(self, _: object) -> None:
        live = self._ordeal.at_broker("AAPL")
        stops = sum(one.remaining for one in live if one.order_type in ("STP", "TRAIL"))
        if abs(self._ordeal.held()) <= stops:
            self._since = None
        elif self._since is None:
            self._since = trio.current_time()


# the steps of a life; each looks at what there is, for the one before may have been cut off


async def enter(it: Any) -> None:
    exits = ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))
    terms: dict[str, Any] = {"size": Size(quantity=D(100)), "exits": exits, "source": "test"}
    if not it.at_broker() and not it.held():
        await it.tell(OpenPosition(side=Side.BUY, order_type=OrderType.LIMIT, limit_price=D("99.00"), **terms))


async def enter_short(it: Any) -> None:
    exits = ExitPlan(stop_loss_pct=D("0.03"), trailing_stop_pct=D("0.02"), take_profit_pct=D("0.08"))
    if not it.at_broker() and not it.held():
        await it.tell(OpenPosition(side=Side.SELL, size=Size(quantity=D(100)), exits=exits, source="test"))


async def let_it_trail(it: Any) -> None:
    for price in (99.0, 98.0, 96.5):
        await it.trade_at(price)
        await it.settle(1.5)


async def turn_the_market(it: Any) -> None:
    for price in (98.0, 99.5, 104.0):
        await it.trade_at(price)
        await it.settle(1.0)
    await it.settle(3.0)


async def fill_a_part(it: Any) -> None:
    if (entry := it.entry()) is not None:
        it.paper.venue.broker_fill(entry.perm_id, D(40), D("99.00"))
        await it.settle()


async def fill_the_rest(it: Any) -> None:
    if (entry := it.entry()) is not None:
        it.paper.venue.broker_fill(entry.perm_id, entry.remaining, D("98.80"))
        await it.settle()


async def amend_the_stop(it: Any) -> None:
    if it.held():
        await it.tell(AdjustExits(ExitPlan(stop_loss_price=D("97.50"), take_profit_pct=D("0.08"))))


async def reach_the_target(it: Any) -> None:
    await it.trade_at(107.5)
    await it.settle(3.0)


async def reach_the_stop(it: Any) -> None:
    await it.trade_at(95.0)
    await it.settle(3.0)


async def close_by_command(it: Any) -> None:
    if it.held() or it.at_broker():
        await it.tell(ClosePosition("close"))
        await it.settle(3.0)


_OPENING = (enter, fill_a_part, fill_the_rest, amend_the_stop)


async def rise_further(it: Any) -> None:
    if it.held():
        await it.trade_at(104.5)
        await it.settle(3.0)


_SHORT = (enter_short, let_it_trail, turn_the_market, rise_further)
SCRIPTS: dict[str, tuple[Callable[[Any], Awaitable[None]], ...]] = {
    "target": (*_OPENING, reach_the_target),
    "stop": (*_OPENING, reach_the_stop),
    "short": _SHORT,
    "start": (enter, close_by_command),  # counted from the first start on, when there is no journal yet
    "close": (*_OPENING, close_by_command, close_by_command),  # a person who sees it still open says it again
}


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else D(text)


class Trial(NamedTuple):
    """One life to be lived: what is done in it, where it ends each time, and after how many bytes its link is cut."""

    script: str
    deaths: tuple[Point, ...] = ()
    cut: tuple[int, str] | None = None
    busy: bool = False  # whether the market goes on between death and start
    struck: str = NOTHING  # what actors may crash of


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system in memory, where the machine has one."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=shared if os.access(shared, os.W_OK) else tmp_path))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def ordeal(
    plant: Callable[..., None], plant_type: type, memory_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Trial], Any]:
    """Live through a trial; return the plant that was."""
    monkeypatch.setattr(trio._core._run, "_ALLOW_DETERMINISTIC_SCHEDULING", True)

    def run(trial: Trial) -> Any:
        lived: list[Any] = []
        folder = Path(tempfile.mkdtemp(dir=memory_folder))

        async def body(it: Any) -> None:
            lived.append(it)
            if trial.cut is not None:
                it.paper.faults.do(Cut(*trial.cut))
            with trio.fail_after(LIFE_SECONDS):
                await it.live()

        trio._core._run._r.seed(1)
        members = {"folder": folder, "trial": trial}
        try:
            plant(body, broker={"reconcile_seconds": 20.0}, kind=type("OrdealPlant", (Ordeal, plant_type), members))
        finally:
            shutil.rmtree(folder)
        return lived[0]

    return run


@pytest.fixture
def survive(ordeal: Callable[[Trial], Any]) -> Callable[[Iterable[Trial]], list[Any]]:
    """Live through all of these, and fail with those in which something did not hold; return the plants that were."""

    def run(trials: Iterable[Trial]) -> list[Any]:
        lived, wrong = [], []
        for trial in trials:
            try:
                lived.append(ordeal(trial))
            except Exception as error:  # noqa: BLE001 - each is told, with its trial
                wrong.append(f"{trial}: {_innermost(error)}")
        assert not wrong, f"{len(wrong)} of {len(wrong) + len(lived)}:\n" + "\n".join(wrong)
        return lived

    return run


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {str(error)[:600]}"


@pytest.fixture
def trials() -> tuple[type[Trial], type[Point], dict[str, Sequence[str]]]:
    """The classes of a trial and of a point, and what can become of what is in flight at a step."""
    return Trial, Point, FATES
