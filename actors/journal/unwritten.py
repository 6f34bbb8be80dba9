"""What a journal has taken and not written yet, beyond the end of an incarnation."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from attrs import Factory, define, frozen

from messages.codec import encode
from messages.journal import Append
from storage.rows import Row, seal

__all__ = ["Unwritten", "Write", "sealed", "sealed_anew"]

KEPT = 20_000
"""Facts that are kept in memory while nothing can be written: some ten megabytes."""


@frozen(slots=True)
class Write:
    """One Append, sealed."""

    rows: list[Row]
    message: Append
    last: int  # the sequence of its last row, or of the one before it where it has none


@define(slots=True)
class Unwritten:
    """Shared by the incarnations of one process. A fact is told to the journal once: where the actor crashes, and what
    was told later is written, that must be, too, or the journal has a hole.

    What somebody waits for is given up: whoever waits is started anew with the journal, has not acted on it, and could
    not learn that it was written after all.
    """

    writes: deque[Write] = Factory(deque)
    lost: list[Write] = Factory(list)  # facts since the reserve has failed too
    full: bool = False  # whether there was no room for another one
    safe: int = 0  # sequence of the last record that was acknowledged, in the journal itself and not in its reserve
    taken: Append | None = None  # the last one that was taken, or refused

    def keep(self, write: Write) -> None:
        """Keep a fact that nothing can be written of, for the next incarnation: up to the first for which there is no
        room."""
        if not self.full and not write.message.reply_to:
            self.full = len(self.lost) >= KEPT
            if not self.full:
                self.lost.append(write)

    def kept(self, found: Sequence[Row]) -> list[Write]:
        """Return the facts that are not among `found`, the records behind `safe`.

        A group whose end the incarnation did not live to see has reached the disk as a whole or not at all; what is
        found of a reserve is numbered anew.
        """
        contents = [_content(row) for row in found]
        kept: list[Write] = []
        at = 0
        for write in (*self.writes, *self.lost):
            wanted = [_content(row) for row in write.rows]
            starts = () if kept else range(at, len(contents) - len(wanted) + 1)
            start = next((start for start in starts if contents[start : start + len(wanted)] == wanted), None)
            if start is not None:
                at = start + len(wanted)
            elif not write.message.reply_to:
                kept.append(write)
        return kept

    def group(self, most: int) -> list[Write]:
        """Return those that come next, of `most` records together unless the first has more."""
        group: list[Write] = []
        records = 0
        for write in self.writes:
            records += len(write.rows)
            if group and records > most:
                break
            group.append(write)
        return group

    def replace(self, writes: Sequence[Write]) -> None:
        """Let these be all."""
        self.writes.clear()
        self.writes.extend(writes)
        self.lost.clear()
        self.full = False


def sealed(message: Append, now: str, sequence: int, previous: bytes) -> list[Row]:
    """Return the records as they follow `sequence`, whose hash is `previous`. Raises CodecError or UnicodeEncodeError
    for what cannot be written."""
    encoded = ((entry, *encode(entry.payload)) for entry in message.entries)
    fields = [(now, entry.stream, kind, int(entry.checkpoint), payload) for entry, kind, payload in encoded]
    return seal(fields, sequence, previous)


def sealed_anew(writes: Sequence[Write], sequence: int, previous: bytes) -> list[Write]:
    """Return them as they follow the record `sequence`, whose hash is `previous`; each record keeps its time."""
    sealed: list[Write] = []
    for write in writes:
        rows = seal([_content(row) for row in write.rows], sequence, previous)
        sequence, previous = (rows[-1].sequence, rows[-1].hash) if rows else (sequence, previous)
        sealed.append(Write(rows, write.message, sequence))
    return sealed


def _content(row: Row) -> tuple[str, str, str, int, str]:
    return row.time, row.stream, row.kind, row.checkpoint, row.payload
