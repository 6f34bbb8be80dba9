"""The machine that the product runs on: a disk that outlives it, a link to the broker, lives, and deaths anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import trio

from actors.ib.memory import MemoryConnection
from config.environment import Environment
from config.settings import Settings
from simulation.disk import TORN, StormDisk, StormStorage
from simulation.wire import Line, Transcript
from simulator.app import PaperBroker
from simulator.memory import MemoryLink
from supervisors.failures import failure_of
from supervisors.process import Process
from supervisors.tree import World, build_tree

__all__ = ["Death", "Machine"]


class Death:
    """A death to come: at the `after`-th point of a kind (or `any`), and what becomes of what was on its way."""

    def __init__(self, at: str, after: int, *, lost: bool, kept: int, seconds: float, torn: str = "") -> None:
        """`torn` says how what was not synced is torn (`simulation.disk.TORN`); "" for not at all."""
        self.at, self.left = at, after
        self.lost, self.kept, self.seconds, self.torn = lost, kept, seconds, torn

    def reached(self, step: str) -> bool:
        """Whether this point is the one."""
        if self.at not in (step, "any"):
            return False
        self.left -= 1
        return self.left < 0


class Machine:
    """Starts the process, and again whenever it has ended, until cancelled."""

    def __init__(
        self,
        paper: PaperBroker,
        settings: Settings,
        seed: int,
        transcript: Transcript,
        *,
        sync_seconds: float,
        latency: float,
        told: Callable[[str], object],
        world: Callable[[], dict[str, Any]],
    ) -> None:
        """`told` hears of starts and ends in words; `world()` is what else the tree of a life stands on."""
        self.paper = paper
        self.disk = StormDisk(sync_seconds=sync_seconds)
        self.disk.before = self._disk_step
        self.clock_offset = timedelta(0)
        self.refusing: dict[str, int] = {}  # step of the disk → how many faults refuse it now
        self.deaths: list[Death] = []  # of this life
        self.next_deaths: list[Death] = []  # of the next one
        self.life = 0
        self.process: Process | None = None  # None while none runs
        self.started_at = 0.0  # or when it went on after it had been stopped
        self.paused = False
        self.on_death: Callable[[Death], object] = lambda death: None
        self.on_link_lost: Callable[[], object] = lambda: None
        self._settings, self._seed, self._transcript = settings, seed, transcript
        self._latency, self._told, self._world = latency, told, world
        self._links: list[MemoryLink] = []
        self._arrived: list[Callable[[], object]] = []  # what came while the process was stopped
        self._scope = trio.CancelScope()
        self._pause = 0.0
        self._nursery: trio.Nursery

    async def run(self) -> None:
        """Live."""
        async with trio.open_nursery() as self._nursery:
            while True:
                await self._live()
                await trio.sleep(self._pause)

    async def _live(self) -> None:
        life = self.life
        self.deaths, self.next_deaths = self.next_deaths, []
        self._pause = 5.0  # as a service manager would wait, unless a death says otherwise
        environment = Environment(self._now, Random(f"life {self._seed} {life}").getrandbits(64))
        storage = partial(StormStorage, self.disk)
        world = World(storage=storage, connection=lambda: MemoryConnection(partial(self._dial, life)), **self._world())
        process = Process(self._settings, environment, partial(build_tree, world=world))
        self.process, self.started_at = process, trio.current_time()
        self._told(f"process starts, life {life}")
        try:
            with trio.CancelScope() as self._scope:
                await process.run()
            why = "was stopped" if self.life == life else ""
        except Exception as error:  # noqa: BLE001 - the machine outlives whatever ends the process
            why = f"ended by itself: {failure_of(error)}" if self.life == life else ""
        if self.life == life:
            self._told(f"process {why}")
            self._end()
            self.disk.owner = None
        self.process = None

    def _now(self) -> Any:
        return self.paper.environment.now() + self.clock_offset

    # death

    @property
    def alive(self) -> bool:
        """Whether a process runs."""
        return self.process is not None

    def die(self, death: Death) -> None:
        """End the process here and now."""
        if self.process is None:
            return
        self._told(f"process dies at {death.at}; down for {death.seconds:.2f} s")
        self.on_death(death)
        for link in self._links:
            link.abort() if death.lost else link.disconnect()
        self._end()
        if death.torn:
            self.disk.tear(TORN[death.torn], f"torn {self._seed} {self.life}")
        else:
            self.disk.power_cut(death.kept)
        self._pause = death.seconds
        self._scope.cancel()

    def _end(self) -> None:
        self.life += 1
        self.process = None
        self.paused = False
        self._arrived.clear()
        self._links.clear()

    def pause(self) -> bool:
        """Stop the process where it stands, as SIGSTOP does: time passes, and what arrives waits. Return whether one
        was running.

        Its actors handle nothing and hear nothing. A write that waits for its turn may still leave.
        """
        if self.process is None or self.paused:
            return False
        self.paused = True
        self.process.system.dispatcher.stopped = trio.Event()
        return True

    def go_on(self, life: int) -> None:
        """End a pause of that life: all that has come is there at once."""
        if life != self.life or self.process is None or not self.paused:
            return
        self.paused = False
        self.started_at = trio.current_time()
        dispatcher = self.process.system.dispatcher  # it may die over what has arrived
        arrived, self._arrived = self._arrived, []
        for each in arrived:
            each()
        if dispatcher.stopped is not None:
            dispatcher.stopped.set()

    def restart(self) -> None:
        """Stop the process in order, as an operator does; it starts again soon."""
        if self.process is not None:
            self.go_on(self.life)
            self.process.stop("operator")

    def point(self, life: int, step: str) -> bool:
        """A point has been reached; return whether the process died of it."""
        if life != self.life or self.process is None:
            return False
        for death in self.deaths:
            if death.reached(step):
                self.deaths.remove(death)
                self.die(death)
                return True
        return False

    def _disk_step(self, step: str) -> None:
        life = self.life
        if self.refusing.get(step):
            raise OSError(28, "no space left on device")
        # "sync" is between write and sync
        if self.point(life, step):
            raise OSError(5, "the process is dead")

    def _dial(self, life: int, on_data: Callable[[bytes], object], on_lost: Callable[[str], object]) -> Line:
        if life != self.life:
            raise OSError("a dead process dials")
        pending = bytearray()

        def heard(data: bytes) -> None:
            if line.ended:
                return
            if life == self.life and self.paused:
                self._arrived.append(partial(heard, data))
            elif life == self.life:
                self._transcript.passed(pending, False, data)
                on_data(data)

        def lost(reason: str) -> None:
            if link in self._links:
                self._links.remove(link)
            if life == self.life:
                self.on_link_lost()
            if life == self.life and self.paused:
                self._arrived.append(partial(on_lost, reason))
            elif life == self.life:
                on_lost(reason)

        link = MemoryLink(self.paper.tws, heard, lost, latency=self._latency)
        self._links.append(link)
        self._nursery.start_soon(link.run)
        line = Line(link, lambda: life == self.life, lambda step: self.point(life, step), self._transcript)
        return line
