"""What the journal is told and asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen

__all__ = ["Append", "Appended", "Entry", "JournalBroken", "JournalFailed", "Record", "Replay"]


@frozen(slots=True)
class Entry:
    """One thing to write. `payload` is a message class that the codec knows; `stream` is usually a symbol.

    With `checkpoint`, replay of this stream may begin at this entry.
    """

    stream: str
    payload: Any
    checkpoint: bool = False


@frozen(slots=True)
class Append:
    """Write these entries, all or none, in this order.

    With `reply_to`, that address is told Appended(token) once they are durable (fsynced), or JournalFailed.
    Without, they are written with the next group and nobody waits.

    With `reduces_risk` they are intents that take risk away: when the journal has failed they are written to its
    reserve, and Appended says that they are durable there.
    """

    entries: tuple[Entry, ...]
    reply_to: str = ""
    token: str = ""
    reduces_risk: bool = False


@frozen(slots=True)
class Appended:
    """The entries of this token are durable; `sequence` is that of the last."""

    token: str
    sequence: int


@frozen(slots=True)
class JournalFailed:
    """The entries of this token are not durable and must count as not written."""

    token: str
    error: str


@frozen(slots=True)
class JournalBroken:
    """To `portfolio`: the journal has failed, and no new risk may be taken until it is opened anew."""

    error: str


@frozen(slots=True)
class Replay:
    """Ask for `list[Record]` in order: of one stream (from its last checkpoint unless `whole`), or of payload kinds
    (class names) over all streams. Everything appended before it is included.

    Only records after the sequence `after` are given, and of these the first `most` (0: all), or a few more.
    """

    stream: str | None = None
    kinds: tuple[str, ...] = ()
    whole: bool = False
    after: int = 0
    most: int = 0


@frozen(slots=True)
class Record:
    """One entry as written."""

    sequence: int
    time: datetime
    stream: str
    kind: str
    payload: Any
