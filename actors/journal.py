"""The journal: everything else can be rebuilt from it.

Told `Append`, it writes; asked `Replay`, it answers with what was written. Records that wait together share one
transaction and one fsync: while one group is being written the next one gathers. So an intent costs one fsync, and
sixteen that wait together no more.

When a write fails nobody knows what the disk holds. The journal is then failed until it is opened anew: every waiter
and every later `Append` is told JournalFailed, `Replay` raises, and the alarm `journal.failed` stands. It is never
tried again as if nothing had happened.
"""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime
from typing import Any

import trio
from attrs import frozen

from actors.base import ActorContext, RunQueueActor
from actors.future import ReplyFuture
from actors.storage.errors import JournalDamaged, JournalError, JournalUnusable
from actors.storage.port import Storage
from actors.storage.rows import GENESIS_SEQUENCE, Row, digest
from config.logging import log
from messages.codec import CodecError, decode, encode
from messages.journal import Append, Appended, JournalFailed, Record, Replay
from messages.lifecycle import ClearAlarm, RaiseAlarm

__all__ = ["JournalActor"]

# Seconds after which records that nobody waits for are written, when nothing has carried them along.
FLUSH_SECONDS = 0.05
# Seconds after which a write that has not come back is an alarm: until it does no intent may be sent.
SLOW_SECONDS = 1.0
# Records in one transaction, unless a single Append has more.
GROUP = 512
# Records fetched from the storage at once: a short replay waits for one such fetch of a long one, about a millisecond.
# Records decoded between two yields to trio: about half a millisecond.
FETCHED, DECODED = 256, 64


@frozen(slots=True)
class _Write:
    rows: list[Row]
    reply_to: str
    token: str
    last: int  # the sequence of its last row, or of the one before it where it has none


@frozen(slots=True)
class _StillWriting:
    group: int


class JournalActor(RunQueueActor):
    """The only writer of a journal. Its start raises JournalError when the journal cannot be used."""

    def __init__(self, context: ActorContext, *, storage: Storage, owner: str) -> None:
        """`storage` is not open yet and belongs to this incarnation alone; `owner` is written into a new journal."""
        super().__init__(context)
        self._storage = storage
        self._owner = owner
        self._sequence = GENESIS_SEQUENCE  # of the last record accepted
        self._hash = b""
        self._durable = GENESIS_SEQUENCE
        self._failure = ""
        self._writes: deque[_Write] = deque()
        self._gathering_since = math.inf
        self._urgent = False
        self._to_write = trio.Event()
        self._written = trio.Event()
        self._replays = 0  # being answered
        self._groups = 0  # written so far
        self._refused = 0  # records that are not in the journal because it has failed, or could not be encoded
        self._slow = False

    async def prepare(self) -> None:
        """Open and check the journal."""
        opened = await self._storage.open(self._owner, self._now())
        self._sequence = self._durable = opened.sequence
        self._hash = opened.hash
        self.spawn(self._write)
        log("journal.opened", actor=self.address.name, records=opened.sequence)
        if opened.repaired:
            log("journal.repaired", level="WARNING", actor=self.address.name, text=opened.repaired)

    async def finish(self) -> None:
        """Write what waits."""
        self._hurry()
        while self._writes and not self._failure:
            await self._written.wait()

    def on_receive(self, message: Any) -> Any:
        """Handle Append and Replay, and the timer of a write."""
        match message:
            case Append():
                self._append(message)
            case Replay():
                return self._replay(message)
            case _StillWriting(group):
                if group == self._groups and not self._failure:
                    self._slow = True
                    self._alarm("journal.slow", f"a write has not come back for {SLOW_SECONDS:g} s")
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Say where it stands; `pending` counts records that are not durable yet."""
        return {
            "sequence": self._sequence,
            "durable": self._durable,
            "pending": self._sequence - self._durable,
            "replays": self._replays,
            "groups": self._groups,
            "refused": self._refused,
            "failed": self._failure,
        }

    def _now(self) -> str:
        return self.environment.now().isoformat().replace("+00:00", "Z")

    # writing

    def _append(self, message: Append) -> None:
        if self._failure:
            self._refuse(message, self._failure)
            return
        try:
            rows, last_hash = self._seal(message)
        except (CodecError, UnicodeEncodeError) as error:
            # the fault of whoever wrote the message: the journal is as good as before, and the record is missing in it
            self._refuse(message, str(error))
            self._alarm("journal.refused", f"a record was not written: {error}")
            return
        self._sequence += len(rows)
        self._hash = last_hash
        idle = not self._writes
        self._writes.append(_Write(rows, message.reply_to, message.token, self._sequence))
        if message.reply_to or self._sequence - self._durable >= GROUP:
            self._hurry()
        elif idle:
            self._gathering_since = trio.current_time()
            self._to_write.set()

    def _seal(self, message: Append) -> tuple[list[Row], bytes]:
        sequence, previous = self._sequence, self._hash
        now = self._now()
        rows: list[Row] = []
        for entry in message.entries:
            kind, payload = encode(entry.payload)
            sequence += 1
            checkpoint = int(entry.checkpoint)
            hashed = digest(previous, sequence, now, entry.stream, kind, checkpoint, payload)
            rows.append(Row(sequence, now, entry.stream, kind, checkpoint, payload, previous, hashed))
            previous = hashed
        return rows, previous

    def _hurry(self) -> None:
        if not self._urgent:
            self._urgent = True
            self._to_write.set()

    async def _write(self) -> None:
        try:
            while True:
                await self._gathered()
                await self._commit(self._next_group())
        finally:
            await self._storage.close()

    async def _gathered(self) -> None:
        while not (self._urgent and self._writes):
            self._urgent = False
            flush = self._gathering_since + FLUSH_SECONDS if self._writes else math.inf
            with trio.move_on_at(flush) as limit:
                await self._to_write.wait()
            self._to_write = trio.Event()
            if limit.cancelled_caught:
                return

    def _next_group(self) -> list[_Write]:
        group: list[_Write] = []
        records = 0
        for write in self._writes:
            records += len(write.rows)
            if group and records > GROUP:
                break
            group.append(write)
        return group

    async def _commit(self, group: list[_Write]) -> None:
        rows = [row for write in group for row in write.rows]
        patience = self.after(SLOW_SECONDS, _StillWriting(self._groups))
        try:
            if rows:
                await self._storage.append(rows)
        except JournalError as error:
            self._fail(str(error))
            return
        finally:
            patience.cancel()
        self._groups += 1
        if self._slow:
            self._slow = False
            self.system.address("alarms").tell(ClearAlarm("journal.slow"))
        for write in group:
            self._writes.popleft()
            self._durable = write.last
            if write.reply_to:
                self.system.address(write.reply_to).tell(Appended(write.token, write.last))
        self._gathering_since = trio.current_time()
        self._urgent = self._urgent and bool(self._writes)
        self._tell_progress()

    def _fail(self, error: str) -> None:
        self._failure = error
        self._alarm("journal.failed", f"nothing is written any more: {error}")
        writes, self._writes = self._writes, deque()
        for write in writes:
            self._refused += len(write.rows)
            self._answer_failed(write.reply_to, write.token, error)
        self._tell_progress()

    def _refuse(self, message: Append, error: str) -> None:
        self._refused += len(message.entries)
        self._answer_failed(message.reply_to, message.token, error)

    def _answer_failed(self, reply_to: str, token: str, error: str) -> None:
        if reply_to:
            self.system.address(reply_to).tell(JournalFailed(token, error))

    def _tell_progress(self) -> None:
        self._written.set()
        self._written = trio.Event()

    def _alarm(self, kind: str, text: str) -> None:
        self.system.address("alarms").tell(RaiseAlarm(kind, text))

    # reading

    def _replay(self, message: Replay) -> ReplyFuture[list[Record]]:
        answer: ReplyFuture[list[Record]] = self.promise()
        self._replays += 1
        self.spawn(self._answer, message, self._sequence, answer)
        # what it asks for includes what still waits to be written
        if self._sequence > self._durable:
            self._hurry()
        return answer

    async def _answer(self, replay: Replay, upto: int, answer: ReplyFuture[list[Record]]) -> None:
        try:
            while self._durable < upto and not self._failure:
                await self._written.wait()
            records = await self._records(replay, upto)
        except JournalError as error:
            if isinstance(error, JournalDamaged):
                self._alarm("journal.damaged", str(error))
            if not answer.settled:
                answer.fail(error)
        else:
            if not answer.settled:
                answer.set(records)
        finally:
            self._replays -= 1

    async def _records(self, replay: Replay, upto: int) -> list[Record]:
        if self._failure:
            raise JournalUnusable(f"the journal has failed, and what it holds is not known: {self._failure}")
        records: list[Record] = []
        after = GENESIS_SEQUENCE
        while rows := await self._storage.read(replay, after, upto, FETCHED):
            for start in range(0, len(rows), DECODED):
                records += [_record(row) for row in rows[start : start + DECODED]]
                await trio.lowlevel.checkpoint()
            after = rows[-1].sequence
            if len(rows) < FETCHED:
                break
        return records


def _record(row: Row) -> Record:
    try:
        time = datetime.fromisoformat(row.time)
        return Record(row.sequence, time, row.stream, row.kind, decode(row.kind, row.payload))
    except ValueError as error:
        # its hash is right, so this is how it was written: by a version with other messages, or by a fault of ours
        raise JournalDamaged(f"it cannot be read: {error}", row.sequence) from error
