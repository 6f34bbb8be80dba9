"""The reserve: room on the disk that was made beforehand, for what must still be written when the journal cannot be.

A file beside the journal, full of zeros until it is needed. The first frame is the mark (where the journal stood),
each further one a group of records, chained to the last record that the journal had acknowledged. Writing into it
makes no file longer, so that a full disk does not stand against it; each frame is synced on its own. The next start
moves what it holds into the journal (`storage.recovery`) and puts an empty one in its place.
"""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from storage.errors import JournalDamaged, JournalUnusable
from storage.rows import Row, check_chain

__all__ = ["RESERVE_BYTES", "Mark", "ReserveFile", "ReserveHeld", "row_size"]

RESERVE_BYTES = 4_000_000
"""Some 8,000 records; half of it is kept for intents that take risk away (`actors.journal`)."""

_FRAME = struct.Struct(">4sIII")  # magic, number of the frame, length, CRC-32 of number, length and content
_MAGIC = b"PbJr"
_FIELDS = 260  # what a record takes beside its texts, generously


class Mark(NamedTuple):
    """Where the journal stood when it failed.

    `sequence` and `hash` are those of the last record that was acknowledged. `doubtful` is the hash of the last record
    of the transaction that failed, which may be in the journal all the same (b"" where there was none), and `carried`
    says how many records of that transaction the reserve begins with.
    """

    sequence: int
    hash: bytes
    doubtful: bytes
    carried: int
    time: str  # ISO 8601 UTC
    error: str


class ReserveHeld(NamedTuple):
    """What a reserve holds. `torn` says that its last frame was not finished, and so never acknowledged."""

    mark: Mark
    rows: list[Row]
    torn: bool


def row_size(row: Row) -> int:
    """Return what a record takes there at most, in bytes."""
    return len(row.payload) + len(row.stream) + len(row.kind) + _FIELDS


class ReserveFile:
    """`PATH.reserve`. Everything here blocks; raises JournalUnusable where the disk refuses."""

    def __init__(self, journal: Path, size: int = RESERVE_BYTES) -> None:
        self.path = journal.with_name(journal.name + ".reserve")
        self._size = size
        self._file: int | None = None
        self._clean = False  # as it was made
        self._at = 0
        self._frames = 0

    def read(self) -> ReserveHeld | None:
        """Return what was written into it; None for nothing, or nothing that was acknowledged.

        Raises JournalDamaged where a frame is bad that has a good one behind it.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalUnusable(f"{self.path}: {error.strerror}") from error
        self._clean = len(content) == self._size == content.count(0)
        frames, torn = _frames(content, self.path)
        if not frames:
            return None
        mark = _mark(frames[0])
        rows = [_row(fields) for frame in frames[1:] for fields in json.loads(frame)]
        check_chain(rows, mark.sequence, mark.hash)
        return ReserveHeld(mark, rows, torn) if rows else None

    def renew(self) -> None:
        """See to it that there is an empty one, and keep it open: neither room nor a descriptor can be missing later.

        To be called after `read`, once what that returned is safe elsewhere.
        """
        if self._clean:
            self._file = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
            return
        fresh = self.path.with_name(self.path.name + ".new")
        self.close()
        try:
            self._file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            # zeros, not a promise: blocks that were only allocated need more room when they are first written
            os.write(self._file, bytes(self._size))
            os.fsync(self._file)
            if os.fstat(self._file).st_size != self._size:
                raise OSError(28, "no room for it")
            fresh.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            self.close()
            fresh.unlink(missing_ok=True)
            raise JournalUnusable(f"{self.path} cannot be made: {error.strerror}") from error
        self._at = self._frames = 0

    def begin(self, mark: Mark) -> None:
        """Write where the journal stood."""
        values = mark._replace(hash=mark.hash.hex(), doubtful=mark.doubtful.hex())  # type: ignore[arg-type]
        self._write(json.dumps(values).encode())

    def append(self, rows: list[Row]) -> None:
        """Write a group of records; it is durable when this returns."""
        values = [[*row[:6], row.previous.hex(), row.hash.hex()] for row in rows]
        self._write(json.dumps(values, separators=(",", ":")).encode())

    def close(self) -> None:
        """Give the file back. Safe to call when it is not open."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self, content: bytes) -> None:
        if self._file is None:
            raise JournalUnusable(f"{self.path} is not open")
        covered = struct.pack(">II", self._frames, len(content)) + content
        frame = _FRAME.pack(_MAGIC, self._frames, len(content), crc32(covered)) + content
        if self._at + len(frame) > self._size:
            raise JournalUnusable(f"{self.path} is full")
        try:
            if os.pwrite(self._file, frame, self._at) != len(frame):
                raise OSError(5, "it was written in part only")
            os.fdatasync(self._file)
        except OSError as error:
            raise JournalUnusable(f"{self.path}: {error.strerror}") from error
        self._at += len(frame)
        self._frames += 1


def _frames(content: bytes, path: Path) -> tuple[list[bytes], bool]:
    """Return the contents of the good frames, and whether an unfinished one follows."""
    frames: list[bytes] = []
    at = 0
    while (frame := _frame(content, at, len(frames))) is not None:
        frames.append(frame)
        at += _FRAME.size + len(frame)
    found = at
    while (found := content.find(_MAGIC, found)) >= 0:
        (number,) = struct.unpack_from(">I", content[found + 4 : found + 8].ljust(4, b"\0"))
        if number >= len(frames) and _frame(content, found, number) is not None:
            raise JournalDamaged(f"{path} is damaged at byte {at}, and what follows is good")
        found += 1
    return frames, any(content[at : at + 4096])


def _frame(content: bytes, at: int, number: int) -> bytes | None:
    if at + _FRAME.size > len(content):
        return None
    magic, written, length, check = _FRAME.unpack_from(content, at)
    body = content[at + _FRAME.size : at + _FRAME.size + length]
    good = magic == _MAGIC and written == number and len(body) == length
    return body if good and crc32(struct.pack(">II", number, length) + body) == check else None


def _mark(frame: bytes) -> Mark:
    sequence, hashed, doubtful, carried, time, error = json.loads(frame)
    return Mark(sequence, bytes.fromhex(hashed), bytes.fromhex(doubtful), carried, time, error)


def _row(fields: list[int | str]) -> Row:
    sequence, time, stream, kind, checkpoint, payload, previous, hashed = fields
    return Row(
        int(sequence), str(time), str(stream), str(kind), int(checkpoint), str(payload),
        bytes.fromhex(str(previous)), bytes.fromhex(str(hashed)),
    )  # fmt: skip


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
