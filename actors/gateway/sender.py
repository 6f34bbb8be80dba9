"""The send queue at work: what goes out, when, and what becomes of what does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import islice

import trio

from actors.gateway.budget import RateBudget
from actors.gateway.liveness import RoundTrips
from actors.gateway.queue import SendQueue, Unit
from config.clock import Alarm
from messages.gateway import Priority

__all__ = ["Sender"]


class Sender:
    """Writes the units of the queue as priority, rate budget and liveness allow, and keeps the heartbeat going.

    Nothing is kept across connections: while there is none, and for what waits when one ends, units are refused.
    All methods are called on trio's thread; instants are trio's.
    """

    def __init__(self, messages_per_second: int) -> None:
        self._budget = RateBudget(messages_per_second)
        self._queue = SendQueue()
        self._trips: RoundTrips | None = None
        self._ask_time: Callable[[], None] = _nothing
        self._on_dead: Callable[[str], None] = _nothing
        self._closed = "there is no connection to the broker"
        self._timer = Alarm()
        self._wake = math.inf

    def __len__(self) -> int:
        return len(self._queue)

    def open(self, trips: RoundTrips, ask_time: Callable[[], None], on_dead: Callable[[str], None]) -> None:
        """Write from now on; `ask_time` writes a heartbeat, `on_dead(reason)` hears of a link that counts as dead."""
        self._trips, self._ask_time, self._on_dead = trips, ask_time, on_dead

    def close(self, reason: str) -> None:
        """Refuse what waits and what comes."""
        self._trips, self._ask_time, self._on_dead = None, _nothing, _nothing
        self._closed = f"there is no connection to the broker: {reason}"
        for unit in self._queue.take_all():
            unit.refuse(f"the link was lost before it left: {reason}")

    def put(self, unit: Unit) -> None:
        """Take a unit; where nothing stands against it, it is written before this returns."""
        if self._trips is None:
            unit.refuse(self._closed)
        else:
            self._queue.put(unit)
            self.pump()

    async def written(self, priority: Priority, label: str, write: Callable[[], None]) -> None:
        """Write one message in its turn and return. If the link is lost first, wait to be cancelled."""
        done = trio.Event()

        def write_it() -> None:
            write()
            done.set()

        self.post(priority, label, write_it)
        await done.wait()

    def post(self, priority: Priority, label: str, write: Callable[[], None]) -> None:
        """Write one message in its turn. If the link is lost first, it is gone with it."""

        def write_one() -> int:
            write()
            return 1

        self.put(Unit(priority, 1, write_one, _nothing, label))

    def waiting(self, at_most: int = 10) -> list[str]:
        """Return what waits, by its label, in the order in which it goes."""
        return [unit.label for unit in islice(self._queue, at_most)]

    def available(self) -> int:
        """Return how many messages could be written this instant."""
        return self._budget.available(trio.current_time())

    def wait(self, size: int, priority: Priority) -> tuple[int, float]:
        """Return how many messages go before a unit of this size that came now, and the seconds until the budget lets
        it leave."""
        now = trio.current_time()
        ahead = sum(unit.size for unit in self._queue if unit.priority <= priority)
        seconds, rest = divmod(ahead + size - 1, self._budget.limit)
        return ahead, self._budget.when(rest + 1, now) - now + seconds

    def round_trip(self) -> tuple[float | None, float]:
        """Return the age of the last round trip on this connection, None for none, and the age up to which it counts;
        both in seconds."""
        if self._trips is None:
            return None, 0.0
        return self._trips.age(trio.current_time()), self._trips.seconds

    def pump(self) -> None:
        """Write what may be written, refuse what is too late, and set the timer for the rest."""
        if self._trips is None:
            return
        now = trio.current_time()
        trips = self._trips
        for unit in self._queue.take_expired(now):
            stale = unit.alive and not trips.recent(now)
            unit.refuse("no recent round trip with the broker" if stale else "its deadline passed in the send queue")
        wake = self._write(trips, now)
        if trips.due(now) <= now:
            self._beat(trips, now)
        self._set_timer(min(wake, self._queue.next_deadline(), trips.due(now), trips.dead_at()))
        if trips.dead_at() <= now:
            self._on_dead("no answer to the heartbeat")

    async def run(self) -> None:
        """Pump whenever a deadline, the budget or the heartbeat asks for it. Until cancelled."""
        while True:
            self.pump()
            await self._timer.until(self._wake)

    def _write(self, trips: RoundTrips, now: float) -> float:
        """Write what may be written now; return when to try again, infinity if only an event can help."""
        while (unit := self._queue.first()) is not None:
            if unit.alive and not trips.recent(now):
                # nothing overtakes it meanwhile: the answer comes within milliseconds, or the link is in trouble
                if not trips.waiting:
                    self._beat(trips, now)
                return math.inf
            when = self._budget.when(unit.size, now)
            if when > now:
                return when
            self._queue.take()
            self._budget.spend(unit.write(), now)
        return math.inf

    def _beat(self, trips: RoundTrips, now: float) -> None:
        """Ask for the time. It waits for no budget: it is rare, and an order may be waiting for it."""
        trips.asked(now)
        self._budget.spend(1, now)
        self._ask_time()

    def _set_timer(self, when: float) -> None:
        self._wake = when
        self._timer.deadline = when


def _nothing(*_: object) -> None:
    """Nobody is there to call."""
