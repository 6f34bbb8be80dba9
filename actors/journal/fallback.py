"""What a journal that has failed still does: take intents that reduce risk, and facts while there is room, into the
reserve."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from attrs import Factory, define

from actors.journal.unwritten import Write, sealed_anew
from messages.codec import decode
from messages.journal import Append, Record, Replay
from storage.errors import JournalDamaged
from storage.reserve import RESERVE_BYTES, Mark, row_size
from storage.rows import Row

__all__ = ["Fallback", "fall_back", "record_of", "wanted"]

# Facts leave this much of the reserve to intents.
FACTS_BYTES = RESERVE_BYTES // 2


def wanted(message: Append) -> bool:
    """Tell whether an Append is taken after the failure: facts, and intents that reduce risk."""
    return message.reduces_risk or not message.reply_to


@define(slots=True)
class Fallback:
    """The state of a journal since it failed."""

    error: str
    base: int  # sequence of the last record that was acknowledged before
    upto: int  # sequence up to which what waited at that moment reaches
    durable: list[Row] = Factory(list)  # what the reserve holds
    taken: int = 0  # bytes of all that was given to it
    left_out: int = 0  # facts for which there was no room
    lost: str = ""  # why the reserve cannot be used either

    def room_for(self, message: Append, rows: list[Row]) -> bool:
        """Tell whether these may go there, and count them if so."""
        size = sum(map(row_size, rows))
        if not message.reduces_risk and self.taken + size > FACTS_BYTES:
            self.left_out += len(rows)
            return False
        self.taken += size
        return True

    @property
    def unusable(self) -> str:
        """Why nothing can be rebuilt from what was written, "" if it can."""
        if self.lost:
            return f"the journal has failed ({self.error}), and its reserve ({self.lost})"
        return (
            f"the journal has failed ({self.error}), and {self.left_out} records are missing" if self.left_out else ""
        )

    def selected(self, replay: Replay, records: list[Record], upto: int) -> list[Record]:
        """Return what a replay gives: `records` of the journal itself, and what it asks for of the reserve."""
        found = [row for row in self.durable if row.sequence <= upto and replay.stream in (None, row.stream)]
        if replay.stream is not None and not replay.whole:
            begins = max((row.sequence for row in found if row.checkpoint), default=0)
            records, found = ([] if begins else records), [row for row in found if row.sequence >= begins]
        found = [row for row in found if row.sequence > replay.after and (not replay.kinds or row.kind in replay.kinds)]
        return records + [record_of(row) for row in found]


def record_of(row: Row) -> Record:
    """Return the record with its payload. Raises JournalDamaged where that is none that this version knows."""
    try:
        time = datetime.fromisoformat(row.time)
        return Record(row.sequence, time, row.stream, row.kind, decode(row.kind, row.payload))
    except ValueError as error:
        # its hash is right, so this is how it was written: by a version with other messages, or by a fault of ours
        raise JournalDamaged(f"it cannot be read: {error}", row.sequence) from error


def fall_back(
    error: str, now: str, acknowledged: tuple[int, bytes], doubtful: list[Write], waiting: Iterable[Write]
) -> tuple[Mark, list[Write]]:
    """Return the mark, and what of all that was not acknowledged is carried into the reserve, sealed anew.

    `doubtful` are those whose transaction failed; what waits behind them has never been at the disk.
    """
    kept = [write for write in doubtful if wanted(write.message)]
    repeated = sum(len(write.rows) for write in kept)
    carried = sealed_anew([*kept, *(write for write in waiting if wanted(write.message))], *acknowledged)
    last = next((write.rows[-1].hash for write in reversed(doubtful) if write.rows), b"")
    return Mark(*acknowledged, last, repeated, now, error), carried
