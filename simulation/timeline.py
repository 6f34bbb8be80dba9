"""The story of a storm as it is heard: the broker's book, messages, journal, the actors' states, the log, and faults.

`simulation/side_by_side.py` prints it. Listening changes nothing: a storm that is told is the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import trio

from config.environment import Environment
from config.log_record import LogRecord
from config.logging import start_logging
from simulation.machine import Machine
from simulation.states import ActorStates
from simulation.tellings import frame_in_words, row_in_words
from simulator.model import Charged, Executed, OrderChanged, OrderError, PositionChanged, VenueEvent
from storage.rows import Row

__all__ = ["Chronicle", "Moment"]

Moment = tuple[float, str, str]
"""seconds, who, what"""

_DULL_EVENTS = ("signal.", "log.", "order.intent", "system.snapshot", "system.pulse", "position.marked")
_LOUD = ("WARNING", "ERROR")
_WIDTH = 200


class Chronicle(trio.abc.Instrument):
    """Turns what is heard into lines."""

    def __init__(self, note: Callable[[str, str], object]) -> None:
        """`note(who, what)` takes each line."""
        self._note = note
        self._machine: Machine | None = None
        self._states = ActorStates(lambda what: self.note("actors", what))
        self._rows: list[Row] = []  # of the disk, told so far
        self._synced = 0
        self._stirred = False  # whether something happened since the actors were looked at

    def note(self, who: str, what: str) -> None:
        """Take a line; the actors are looked at again when the task that did it pauses."""
        self._stirred = True
        self._note(who, what)

    @contextmanager
    def watching(self, machine: Machine, environment: Environment) -> Iterator[None]:
        """Listen to a machine, its broker and the log until the block ends. No other log may be running."""
        self._machine = machine
        machine.paper.venue.subscribe(self.book, ticks=False)
        log = start_logging(environment, listeners=(self.log,), background=False)
        trio.lowlevel.add_instrument(self)
        try:
            yield
        finally:
            trio.lowlevel.remove_instrument(self)
            log.stop()

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        """See what the task has changed."""
        assert self._machine is not None
        self._journal()
        if self._stirred:
            self._stirred = False
            self._states.look(self._machine.process)

    def _journal(self) -> None:
        assert self._machine is not None
        disk, told = self._machine.disk, self._rows
        if len(disk.rows) < len(told):
            self.note("journal", f"lost: {len(disk.rows) + 1} to {len(told)}, which were not safe")
            del told[len(disk.rows) :]
        while len(told) < len(disk.rows):
            row = disk.rows[len(told)]
            told.append(row)
            self.note("journal", f"{row.sequence} {row_in_words(row)}"[:_WIDTH])
        if self._synced != disk.synced:
            if disk.synced > self._synced:
                self.note("journal", f"safe up to {disk.synced}")
            self._synced = disk.synced

    def log(self, record: LogRecord) -> None:
        """A line of the product's log."""
        if not record.event.startswith(_DULL_EVENTS):
            who = "warning" if record.level in _LOUD else "log"
            self.note(who, f"{record.event} {_fields(record.fields)}"[:_WIDTH])

    def frame(self, outgoing: bool, fields: list[str]) -> None:
        """A message on the wire."""
        words = frame_in_words(outgoing, fields)
        if words:
            self.note("wire >" if outgoing else "wire <", words[:_WIDTH])

    def book(self, event: VenueEvent) -> None:
        """A change of the broker's book."""
        match event:
            case OrderChanged(order):
                price = order.limit or order.stop
                terms = (order.side, order.quantity, order.contract.symbol, order.order_type, price or "")
                what = " ".join(map(str, terms)).rstrip()
                filled = f", filled {order.filled}" if order.filled else ""
                self.note("broker", f"{order.order_ref} {order.status}: {what}{filled}")
            case Executed(_, fill):
                what = f"{fill.side} {fill.quantity} {fill.contract.symbol} @ {fill.price}"
                self.note("broker", f"{fill.order_ref or 'by hand'}: {what}")
            case PositionChanged(position):
                self.note("broker", f"holds {position.quantity} {position.contract.symbol}")
            case OrderError():
                self.note("broker", f"error {event.code} about order {event.order_id}: {event.text}")
            case Charged():
                pass  # said with the fill


def _fields(fields: Mapping[str, Any]) -> str:
    told = (f"{name}={value}" for name, value in fields.items() if value not in (None, "") and name != "traceback")
    return " ".join(told)
