"""How a Replay is answered: from the storage, and since a failure from the reserve as well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import trio

from actors.journal.fallback import Fallback, record_of
from actors.journal.unwritten import Write
from actors.runtime.future import ReplyFuture
from messages.journal import Record, Replay
from storage.errors import JournalDamaged, JournalError, JournalUnusable
from storage.port import Storage

__all__ = ["Reading"]

# Records fetched from the storage at once: a short replay waits for one such fetch of a long one, about a millisecond.
# Records decoded between two yields to trio: about half a millisecond.
FETCHED, DECODED = 256, 64


class Reading:
    """The replays that are being answered."""

    def __init__(
        self,
        storage: Storage,
        writes: Sequence[Write],
        *,
        standing: Callable[[], tuple[int, Fallback | None]],
        progress: Callable[[], Awaitable[None]],
        damaged: Callable[[str], None],
    ) -> None:
        """`writes` are those that wait; `standing()` is the sequence of the last record that is durable, and what is
        there since the journal has failed; `progress()` waits until that has changed; `damaged` is told what cannot be
        read."""
        self._storage = storage
        self._writes = writes
        self._standing = standing
        self._progress = progress
        self._damaged = damaged
        self.count = 0  # being answered

    def last_of(self, replay: Replay) -> int:
        """Return the sequence up to which a replay has to wait: that of the last record it asks for, where that still
        waits to be written. An actor that restarts does not wait for the disk because of others."""
        for write in reversed(self._writes):
            for row in reversed(write.rows):
                if replay.stream in (None, row.stream) and (not replay.kinds or row.kind in replay.kinds):
                    return row.sequence
        return self._standing()[0]

    async def answer(self, replay: Replay, upto: int, answer: ReplyFuture[list[Record]]) -> None:
        """Answer as soon as what it asks for, up to a sequence, is durable."""
        _, before = self._standing()
        try:
            while True:
                durable, fallback = self._standing()
                if before is not fallback is not None:
                    # what waited was numbered anew, and some of it refused
                    before, upto = fallback, min(upto, fallback.upto)
                if durable >= upto or (fallback is not None and fallback.lost):
                    break
                await self._progress()
            records = await self._records(replay, upto)
        except JournalError as error:
            if isinstance(error, JournalDamaged):
                self._damaged(str(error))
            if not answer.settled:
                answer.fail(error)
        else:
            if not answer.settled:
                answer.set(records)
        finally:
            self.count -= 1

    async def _records(self, replay: Replay, upto: int) -> list[Record]:
        _, fallback = self._standing()
        if fallback is not None and fallback.unusable:
            raise JournalUnusable(fallback.unusable)
        records: list[Record] = []
        after, within = replay.after, upto if fallback is None else min(upto, fallback.base)
        while rows := await self._storage.read(replay, after, within, FETCHED):
            for start in range(0, len(rows), DECODED):
                records += [record_of(row) for row in rows[start : start + DECODED]]
                await trio.lowlevel.checkpoint()
            after = rows[-1].sequence
            if len(rows) < FETCHED:
                break
            if replay.most and len(records) >= replay.most:
                return records
        return records if fallback is None else fallback.selected(replay, records, upto)
