"""The journal: everything else can be rebuilt from it.

Told `Append`, it writes; asked `Replay`, it answers with what was written. Records that wait together share one
transaction and one fsync: while one group is being written the next one gathers. So an intent costs one fsync, and
sixteen that wait together no more.

When a write fails nobody knows what the disk holds. The journal is then failed until it is opened anew, and it is never
tried again as if nothing had happened: the alarm `journal.failed` stands, `portfolio` is told JournalBroken and halts,
and an intent that adds risk is answered JournalFailed. Intents that reduce risk, and facts while there is room, go to
the reserve (`actors.journal.fallback`), durable before they are acknowledged like any other; `Replay` gives both. When
the reserve fails too, everything is refused and `Replay` raises; facts are kept for the next incarnation, should this
one crash.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import trio
from attrs import frozen

from actors.journal.fallback import Fallback, fall_back, wanted
from actors.journal.reading import Reading
from actors.journal.unwritten import Unwritten, Write, sealed, sealed_anew
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.future import ReplyFuture
from config.logging import log
from messages.codec import CodecError
from messages.journal import Append, Appended, JournalBroken, JournalFailed, Record, Replay
from messages.lifecycle import ClearAlarm, RaiseAlarm
from storage.errors import JournalError
from storage.port import Storage
from storage.rows import GENESIS_SEQUENCE

__all__ = ["JournalActor"]

# Seconds after which records that nobody waits for are written, when nothing has carried them along.
FLUSH_SECONDS = 0.05
# Seconds after which a write that has not come back is an alarm: until it does no intent may be sent.
SLOW_SECONDS = 1.0
# Records in one transaction, unless a single Append has more.
GROUP = 512


@frozen(slots=True)
class _StillWriting:
    group: int


class JournalActor(RunQueueActor):
    """The only writer of a journal. Its start raises JournalError when the journal cannot be used."""

    def __init__(
        self, context: ActorContext, *, storage: Storage, owner: str, unwritten: Unwritten | None = None
    ) -> None:
        """`storage` is not open yet and belongs to this incarnation alone; `owner` is written into a new journal.
        `unwritten` is shared by the incarnations of one process."""
        super().__init__(context)
        self._storage = storage
        self._owner = owner
        self._sequence = GENESIS_SEQUENCE  # of the last record accepted
        self._hash = b""
        self._durable = GENESIS_SEQUENCE
        self._durable_hash = b""
        self._fallback: Fallback | None = None  # since the journal has failed
        self._unwritten = unwritten or Unwritten()
        self._writes = self._unwritten.writes
        self._gathering_since = math.inf
        self._urgent = False
        self._to_write = trio.Event()
        self._written = trio.Event()
        self._reading = Reading(
            storage,
            self._writes,
            standing=self._standing,
            progress=self._progress,
            damaged=partial(self._alarm, "journal.damaged"),
        )
        self._groups = 0  # written so far
        self._refused = 0  # records that are not in the journal because it has failed, or could not be encoded
        self._slow = False
        self._portfolio = self.system.address("portfolio")

    async def prepare(self) -> None:
        """Open and check the journal."""
        opened = await self._storage.open(self._owner, self._now())
        self._sequence = self._durable = opened.sequence
        self._hash = self._durable_hash = opened.hash
        try:
            await self._go_on_with_what_waits()
        except BaseException:
            await self._storage.close()
            raise
        self.spawn(self._write)
        log("journal.opened", actor=self.address.name, records=opened.sequence)
        if opened.repaired:
            log("journal.repaired", level="WARNING", actor=self.address.name, text=opened.repaired)
        if opened.recovered:
            log("journal.recovered", level="WARNING", actor=self.address.name, text=opened.recovered)
        if opened.sequence:
            # whether it had failed is not asked: an earlier start may have found out and ended before it said so
            self.system.address("alarms").tell(ClearAlarm("journal.failed"))
            self.system.address("alarms").tell(ClearAlarm("journal.slow"))

    async def _go_on_with_what_waits(self) -> None:
        """Write the facts that an incarnation before has taken and not written."""
        left = self._unwritten
        if self._writes or left.lost:
            count = self._durable - left.safe
            found = await self._storage.read(Replay(), left.safe, self._durable, count) if count else []
            left.replace(sealed_anew(left.kept(found), self._durable, self._durable_hash))
            self._follow(self._writes)
            self._hurry()
        left.safe = self._durable

    def _follow(self, writes: Sequence[Write]) -> None:
        """Number what comes next behind these, which wait behind what is durable."""
        self._sequence = writes[-1].last if writes else self._durable
        self._hash = next((write.rows[-1].hash for write in reversed(writes) if write.rows), self._durable_hash)

    async def finish(self) -> None:
        """Write what waits."""
        self._hurry()
        while self._writes:
            await self._written.wait()

    def repeats(self, message: Any) -> bool:
        """A fact, of which the next incarnation knows whether this one has taken it."""
        return isinstance(message, Append) and not message.reply_to

    def on_receive(self, message: Any) -> Any:
        """Handle Append and Replay, and the timer of a write."""
        match message:
            case Append():
                if message is not self._unwritten.taken:
                    self._append(message)
            case Replay():
                return self._replay(message)
            case _StillWriting(group):
                if group == self._groups and not self._lost:
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
            "replays": self._reading.count,
            "groups": self._groups,
            "refused": self._refused,
            "failed": self._fallback.error if self._fallback is not None else "",
            "reserve": len(self._fallback.durable) if self._fallback is not None else 0,
            "left_out": self._fallback.left_out if self._fallback is not None else 0,
            "lost": self._lost,
        }

    def _now(self) -> str:
        return self.environment.now().isoformat().replace("+00:00", "Z")

    # writing

    @property
    def _lost(self) -> str:
        """Why nothing at all can be written, not even into the reserve."""
        return self._fallback.lost if self._fallback is not None else ""

    def _append(self, message: Append) -> None:
        fallback = self._fallback
        if fallback is not None and not fallback.lost and not wanted(message):
            self._refuse(message, fallback.error)
            self._portfolio.tell(JournalBroken(fallback.error))  # it may have been restarted since
            return
        try:
            rows = sealed(message, self._now(), self._sequence, self._hash)
        except (CodecError, UnicodeEncodeError) as error:
            # the fault of whoever wrote the message: the journal is as good as before, and the record is missing in it
            self._refuse(message, str(error))
            self._alarm("journal.refused", f"a record was not written: {error}")
            return
        if fallback is not None and fallback.lost:
            self._unwritten.keep(Write(rows, message, self._sequence))
            self._refuse(message, fallback.lost)
            self._portfolio.tell(JournalBroken(fallback.error))
            return
        if fallback is not None and not fallback.room_for(message, rows):
            self._refuse(message, "the rest of the reserve is for intents")
            return
        if rows:
            self._sequence, self._hash = rows[-1].sequence, rows[-1].hash
        idle = not self._writes
        self._unwritten.taken = message
        self._writes.append(Write(rows, message, self._sequence))
        if message.reply_to or self._sequence - self._durable >= GROUP:
            self._hurry()
        elif idle:
            self._gathering_since = trio.current_time()
            self._to_write.set()

    def _hurry(self) -> None:
        if not self._urgent:
            self._urgent = True
            self._to_write.set()

    async def _write(self) -> None:
        try:
            while True:
                await self._gathered()
                await self._commit(self._unwritten.group(GROUP))
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

    async def _commit(self, group: list[Write]) -> None:
        rows = [row for write in group for row in write.rows]
        fallback = self._fallback
        patience = self.after(SLOW_SECONDS, _StillWriting(self._groups))
        began = trio.current_time()
        try:
            if rows and fallback is None:
                await self._storage.append(rows)
            elif rows and fallback is not None:
                await self._storage.append_reserve(rows)
                fallback.durable += rows
        except JournalError as error:
            if fallback is None:
                await self._fall_back(str(error), group)
            else:
                self._lose(fallback, str(error))
            return
        finally:
            patience.cancel()
        if rows:
            self.system.measures.fsync.observe(trio.current_time() - began)
        self._groups += 1
        if self._slow:
            self._slow = False
            self.system.address("alarms").tell(ClearAlarm("journal.slow"))
        for write in group:
            self._writes.popleft()
            if write.rows:
                self._durable, self._durable_hash = write.last, write.rows[-1].hash
            if write.message.reply_to:
                answer = Appended(write.message.token, write.last)
                self.system.address(write.message.reply_to).tell(answer)
        if fallback is None:
            self._unwritten.safe = self._durable
        self._gathering_since = trio.current_time()
        self._urgent = self._urgent and bool(self._writes)
        self._tell_progress()

    async def _fall_back(self, error: str, group: list[Write]) -> None:
        """The journal has failed: go on in the reserve with what reduces risk and what has happened."""
        waiting = list(self._writes)[len(group) :]
        mark, carried = fall_back(error, self._now(), (self._durable, self._durable_hash), group, waiting)
        refused = [write.message for write in self._writes if not wanted(write.message)]
        self._follow(carried)
        fallback = self._fallback = Fallback(error, self._durable, self._sequence)
        for write in carried:
            fallback.room_for(write.message, write.rows)
        self._unwritten.replace(carried)
        log("journal.failed", level="ERROR", actor=self.address.name, error=error, sequence=self._durable)
        self._alarm("journal.failed", f"no new risk; what reduces it goes to the reserve: {error}")
        self._portfolio.tell(JournalBroken(error))
        for message in refused:
            self._refuse(message, error)
        try:
            await self._storage.fall_back(mark)
        except JournalError as lost:
            self._lose(fallback, str(lost))
        else:
            self._hurry()
            self._tell_progress()

    def _lose(self, fallback: Fallback, error: str) -> None:
        """The reserve has failed too."""
        fallback.lost = error
        log("journal.failed", level="ERROR", actor=self.address.name, error=error, sequence=self._durable)
        self._alarm("journal.failed", f"nothing is written any more, and only cancellations leave: {error}")
        writes = list(self._writes)
        self._unwritten.replace([])
        for write in writes:
            self._unwritten.keep(write)
            self._refuse(write.message, error)
        self._tell_progress()

    def _refuse(self, message: Append, error: str) -> None:
        self._unwritten.taken = message
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
        reading = self._reading
        reading.count += 1
        upto = reading.last_of(message)
        self.spawn(reading.answer, message, upto, answer)
        if upto > self._durable:
            self._hurry()
        return answer

    def _standing(self) -> tuple[int, Fallback | None]:
        return self._durable, self._fallback

    async def _progress(self) -> None:
        await self._written.wait()
