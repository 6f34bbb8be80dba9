"""Mutants of what is written before bytes leave, and of what is rebuilt from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

import actors.orders.actor
import actors.orders.snapshots
import actors.position.actor
import storage.memory
from actors.gateway.last_gate import LastGate
from actors.journal.actor import JournalActor
from actors.orders.actor import OrderActor
from actors.orders.amendments import Amendments
from actors.orders.snapshots import STREAM
from actors.orders.submission import Submission
from domain.ids import OrderIds
from domain.orders.book import OrderBook
from messages.book import BookSnapshotEnded
from messages.journal import Append, Appended, Replay
from simulation.mutants.mutant import Change, Mutant, replaces

__all__ = ["WRITING"]


def _submit_at_once(submit: Any) -> Any:
    def mutated(self: Any, group: Any) -> None:
        before = set(self._pending)
        submit(self, group)
        for token in [token for token in self._pending if token not in before]:
            self.early = {*getattr(self, "early", ()), token}
            Submission.appended(self, token)

    return mutated


def _appended_already(appended: Any) -> Any:
    def mutated(self: Any, token: str) -> Any:
        if token in getattr(self, "early", ()) and token not in self._pending:
            return ()
        return appended(self, token)

    return mutated


def _acknowledge_at_once(append: Any) -> Any:
    def mutated(self: Any, message: Append) -> None:
        if self._fallback is not None or not message.reply_to:
            append(self, message)
            return
        append(self, evolve(message, reply_to=""))
        self._hurry()
        self.system.address(message.reply_to).tell(Appended(message.token, self._sequence))

    return mutated


def _believe_the_write(_: Any) -> Any:
    async def mutated(self: Any, error: str, group: list[Any]) -> None:
        for write in group:
            self._writes.popleft()
            self._durable = write.last
            if write.message.reply_to:
                self.system.address(write.message.reply_to).tell(Appended(write.message.token, write.last))
        self._tell_progress()

    return mutated


def _cancel_unwritten(write: Any) -> Any:
    def mutated(self: Any, record: Any, intended: Any) -> None:
        """Lets the change leave first and writes it afterwards."""
        token = f"unwritten {self._desk.token()}"
        self._writing[token] = intended
        self.appended(token)

    return mutated


def _keep_the_book(recover: Any) -> Any:
    books: dict[int, OrderBook] = {}

    async def mutated(journal: Any, client_id: int) -> Any:
        key = id(journal.dispatcher)
        if key in books:
            return books[key], 1 << 60
        book, after = await recover(journal, client_id)
        books.clear()
        books[key] = book
        return book, after

    return mutated


def _keep_the_position(rebuilt: Any) -> Any:
    books: dict[tuple[int, str], Any] = {}

    async def mutated(symbol: str, journal: Any, orders: Any) -> Any:
        key = (id(journal.dispatcher), symbol)
        if key not in books:
            books[key] = await rebuilt(symbol, journal, orders)
        return books[key]

    return mutated


def _doubt_nothing(prepare: Any) -> Any:
    async def mutated(self: Any) -> None:
        desk = self._desk
        doubt = desk.doubt
        desk.doubt = lambda records, reason: None
        try:
            await prepare(self)
        finally:
            desk.doubt = doubt

    return mutated


def _nothing(*_: Any) -> None:
    return None


_NO_RESERVATION = (replaces(OrderIds, "recover", _nothing), replaces(OrderIds, "saw", _nothing))
_NO_GATE: tuple[Change, ...] = (replaces(LastGate, "refusal", lambda self, orders, **_: None),)


def _any_reference(knows: Callable[..., bool]) -> Any:
    return lambda self, ref: False


def _what_came_meanwhile_is_lost(recover: Any) -> Any:
    async def mutated(journal: Any, client_id: int) -> Any:
        book, after = await recover(journal, client_id)
        ends = await journal.ask(Replay(STREAM, (BookSnapshotEnded.__name__,), whole=True))
        return book, ends[-1].sequence if after else after

    return mutated


def _unchecked(_: Any) -> Any:
    def mutated(rows: Any, sequence: int, previous: bytes) -> tuple[int, bytes]:
        rows = list(rows)
        return (rows[-1].sequence, rows[-1].hash) if rows else (sequence, previous)

    return mutated


WRITING = (
    Mutant(
        name="hash-chain",
        guard="a journal of which a record is not as it was written is refused",
        changes=(Change(storage.memory, "check_chain", _unchecked), replaces(storage.memory, "check_row", _nothing)),
        often=(
            ("buy", {"limit": None}),
            ("rot", {"seconds": 30.0}),
        ),
    ),
    Mutant(
        name="book-snapshot",
        guard="what was journaled while a snapshot of the book was being written is not in it, and is applied after it",
        changes=(Change(actors.orders.actor, "recover", _what_came_meanwhile_is_lost),),
        terms=(replaces(actors.orders.snapshots, "EVERY", 25),),
        often=(
            ("slow_disk", {"sync_seconds": 0.3, "seconds": 10.0}),
            ("buy", {"limit": None}),
            ("sell", {"limit": None}),
            ("buy", {"limit": None}),
            ("kill", {"at": "synced", "seconds": 1.0, "again": -1}),
        ),
    ),
    Mutant(
        name="write-ahead",
        guard="the bytes of an order leave only after its intent was given to the disk",
        changes=(
            Change(Submission, "submit", _submit_at_once),
            Change(Submission, "appended", _appended_already),
        ),
    ),
    Mutant(
        name="fsync-wait",
        guard="an intent counts as written when its sync has come back, not when the journal has taken it",
        changes=(Change(JournalActor, "_append", _acknowledge_at_once),),
    ),
    Mutant(
        name="failed-write",
        guard="a write that failed is told to whoever waits for it, and the journal is failed from then on",
        changes=(Change(JournalActor, "_fall_back", _believe_the_write),),
    ),
    Mutant(
        name="change-write-ahead",
        guard="cancellations and modifications are written before their bytes leave",
        changes=(Change(Amendments, "_write", _cancel_unwritten),),
    ),
    Mutant(
        name="id-reservation",
        guard="order ids are reserved in the journal, and every id seen raises the next one",
        changes=_NO_RESERVATION,
        often=(
            ("kill", {}),
            ("restart", {"next_id": 1}),
            ("buy", {"limit": -0.01}),
        ),
    ),
    Mutant(
        name="id-reservation and last gate",
        guard="the last gate counts ids and references out against what was sent before",
        changes=(*_NO_RESERVATION, *_NO_GATE),
        beside="id-reservation",
        often=(
            ("kill", {}),
            ("restart", {"next_id": 1}),
            ("buy", {"limit": -0.01}),
        ),
    ),
    Mutant(
        name="book-from-memory",
        guard="a restarted order actor is rebuilt from the journal, not from its old memory",
        changes=(Change(actors.orders.actor, "recover", _keep_the_book),),
        often=(
            ("buy", {}),
            ("crash", {"actor": "orders", "after": 1, "times": 1}),
            ("crash", {"actor": "orders", "after": 2, "times": 1}),
            ("crash", {"actor": "orders", "after": 3, "times": 1}),
            ("close", {}),
        ),
    ),
    Mutant(
        name="position-from-memory",
        guard="a restarted position is rebuilt from the journal, not from its old memory",
        changes=(Change(actors.position.actor, "rebuilt", _keep_the_position),),
        often=(
            ("buy", {}),
            ("crash", {"actor": "position"}),
            ("part", {}),
        ),
    ),
    Mutant(
        name="doubt-at-start",
        guard="what was in flight when the process ended is UNKNOWN at the next start",
        changes=(Change(OrderActor, "prepare", _doubt_nothing),),
        often=(
            ("drop", {"messages": ["openOrder", "openOrderEnd", "orderStatus", "execDetailsEnd"], "seconds": 60.0}),
            ("buy", {"limit": -0.01}),
            ("kill", {"at": "now", "lost": False, "kept": 5, "seconds": 1.0, "again": -1}),
        ),
    ),
)
