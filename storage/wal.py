"""Looking at SQLite's write-ahead log before SQLite does.

SQLite takes whatever follows a bad frame for a transaction that was never finished, and drops it without a word. After
a crash that is right for the last transaction. Anywhere else it would lose records that were acknowledged, so we look
first: each transaction was synced before the next began, so a bad frame with a later transaction behind it is damage.

The format is https://www.sqlite.org/fileformat2.html#walformat.
"""

from __future__ import annotations

import os
import struct
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from storage.errors import JournalUnusable

__all__ = ["WalState", "inspect_wal", "reserve_wal", "wal_path"]

_HEADER, _FRAME = struct.Struct(">8I"), struct.Struct(">6I")
_MAGIC = 0x377F0682  # its lowest bit says how the words of a checksum are read
_MASK = 0xFFFFFFFF
_TRIES = 5


class WalState(NamedTuple):
    """`damaged` says in plain words where acknowledged records are lost, or "". `torn` is the number of pages of a last
    transaction that was not finished, or is being written just now."""

    damaged: str
    torn: int


class _Frame(NamedTuple):
    salts: tuple[int, int]
    commits: bool
    checksum: tuple[int, int]
    covered: bytes  # what the checksum goes over


def wal_path(journal: Path) -> Path:
    """Return where SQLite keeps the write-ahead log of a journal."""
    return journal.with_name(journal.name + "-wal")


def inspect_wal(journal: Path) -> WalState:
    """Look at the write-ahead log of a journal, which a process may be writing meanwhile. Raises JournalUnusable."""
    path = wal_path(journal)
    for _ in range(_TRIES):
        try:
            content = path.read_bytes()
            with path.open("rb") as file:
                again = file.read(_HEADER.size)
        except FileNotFoundError:
            return WalState("", 0)
        except OSError as error:
            raise JournalUnusable(f"{path}: {error.strerror}") from error
        # begun anew between the two: what was read is a mixture
        if content[: _HEADER.size] == again:
            break
    return _inspect(content)


def reserve_wal(journal: Path, size: int) -> None:
    """Make the write-ahead log of a journal that is open, and not being written, `size` bytes long.

    SQLite writes it from the beginning again and again. A sync that need not make the file longer takes two thirds of
    the time, and what is reserved can still be written when the disk is full. Raises OSError.
    """
    with wal_path(journal).open("r+b") as file:
        missing = size - file.seek(0, os.SEEK_END)
        if missing > 0:
            file.write(bytes(missing))
            file.flush()
            os.fsync(file.fileno())


def _inspect(content: bytes) -> WalState:
    if len(content) <= _HEADER.size + _FRAME.size or content.count(0) == len(content):
        # none, or one that was reserved and never written to
        return WalState("", 0)
    magic, _, page, _, salt_1, salt_2, *check = _HEADER.unpack_from(content)
    order = ">" if magic & 1 else "<"
    checksum = _sum(content[: _HEADER.size - 8], (0, 0), order)
    if magic & ~1 != _MAGIC or checksum != tuple(check) or not 512 <= page <= 65536:
        # 32 bytes within one sector: no crash leaves half of them
        return WalState("the header of its write-ahead log is damaged", 0)
    frames = _frames(content, page)
    salts = (salt_1, salt_2)
    good = committed = 0
    for frame in frames:
        checksum = _sum(frame.covered, checksum, order)
        if frame.salts != salts or frame.checksum != checksum:
            break
        good += 1
        if frame.commits:
            committed = good
    over = False  # whether the transaction of the bad frame has come to its end
    for before, frame in pairwise(frames[good:]):
        over = over or (before.commits and _of_this_log(before.salts, salts))
        # against what the frame before says of itself: the running sum says nothing any more
        if over and frame.salts == salts and frame.checksum == _sum(frame.covered, before.checksum, order):
            return WalState(f"its write-ahead log is damaged in frame {good + 1} of {len(frames)}", 0)
    return WalState("", sum(frame.salts == salts for frame in frames[committed:]))


def _of_this_log(written: tuple[int, int], salts: tuple[int, int]) -> bool:
    """Whether a frame that is bad was written since the log began anew. What lies there of an earlier log, where the
    writing of a transaction was cut short, has both salts different; a flipped bit changes one of them."""
    return written[0] == salts[0] or sum(int.bit_count(one ^ two) for one, two in zip(written, salts, strict=True)) == 1


def _frames(content: bytes, page: int) -> list[_Frame]:
    frames = []
    for start in range(_HEADER.size, len(content) - _FRAME.size - page + 1, _FRAME.size + page):
        _, size_after, salt_1, salt_2, *check = _FRAME.unpack_from(content, start)
        body = start + _FRAME.size
        covered = content[start : start + 8] + content[body : body + page]
        frames.append(_Frame((salt_1, salt_2), size_after != 0, (check[0], check[1]), covered))
    return frames


def _sum(content: bytes, seed: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = seed
    words = iter(struct.unpack(f"{order}{len(content) // 4}I", content))
    for even, odd in zip(words, words, strict=True):
        first = first + even + second & _MASK
        second = second + odd + first & _MASK
    return first, second
