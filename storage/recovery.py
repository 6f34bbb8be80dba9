"""From the reserve back into the journal: what was written after the journal had failed."""

from __future__ import annotations

from pathlib import Path

from messages.codec import encode
from messages.lifecycle import JournalRecovered
from storage.errors import JournalDamaged
from storage.reserve import ReserveFile, ReserveHeld
from storage.rows import GENESIS_SEQUENCE, Row, seal

__all__ = ["recovered_rows", "recovery_text", "rows_in_reserve"]

_KIND = JournalRecovered.__name__


def recovered_rows(last: Row | None, genesis: bytes, held: ReserveHeld, now: str) -> list[Row]:
    """Return the rows to append, in one transaction, to a journal whose last record is `last`.

    They are those of the reserve that it lacks, in their order and with their times, and a JournalRecovered that says
    so; none at all where that was done and only the reserve was left behind.

    `genesis` is the hash of the journal's header. Raises JournalDamaged where the reserve does not follow from this
    journal: it is another's, or records that were acknowledged are missing.
    """
    mark = held.mark
    sequence, previous = (GENESIS_SEQUENCE, genesis) if last is None else (last.sequence, last.hash)
    if mark.doubtful and previous == mark.doubtful:
        # the transaction whose end nobody knew is there: what the reserve repeats of it would be there twice
        rows = held.rows[mark.carried :]
    elif previous == mark.hash:
        rows = held.rows
    elif last is not None and last.kind == _KIND and held.rows[-1].hash.hex() in last.payload:
        return []
    else:
        missing = sequence < mark.sequence
        raise JournalDamaged(
            f"its reserve goes on after record {mark.sequence}, which is {'missing' if missing else 'not its last'}",
            sequence + 1 if missing else None,
        )
    report = JournalRecovered(
        records=len(rows), failed=mark.time, error=mark.error, reserve=held.rows[-1].hash.hex(), torn=held.torn
    )
    moved = [(row.time, row.stream, row.kind, row.checkpoint, row.payload) for row in rows]
    return seal([*moved, (now, "process", *_encoded(report))], sequence, previous)


def recovery_text(rows: list[Row], held: ReserveHeld) -> str:
    """Say what `recovered_rows` moved, "" for nothing."""
    cut = ", an unfinished last group of which was left out" if held.torn else ""
    return f"{len(rows) - 1} records came from the reserve{cut}" if rows else ""


def rows_in_reserve(journal: Path, last: Row | None, genesis: bytes) -> list[Row]:
    """Return the rows that the next start will move into a journal, as they will be there."""
    held = ReserveFile(journal).read()
    return [] if held is None else recovered_rows(last, genesis, held, held.mark.time)[:-1]


def _encoded(report: JournalRecovered) -> tuple[str, int, str]:
    kind, payload = encode(report)
    return kind, 0, payload
