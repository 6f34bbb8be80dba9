"""`journal verify|dump|stats|backup`: what a journal holds, and a copy of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from supervisors import journal_verbs

__all__ = ["backup", "dump", "stats", "verify"]

Journal = Annotated[Path, Parameter(help="The journal's file; it may belong to a running process.")]


def verify(path: Journal) -> int:
    """Check the file, the chain through every record, and that each can be read."""
    return journal_verbs.verify(path)


def dump(
    path: Journal,
    *,
    stream: Annotated[str | None, Parameter(help="Only this stream: a symbol, orders, rules, …")] = None,
    kind: Annotated[list[str] | None, Parameter(help="Only records of this kind; may be repeated.")] = None,
    after: Annotated[int, Parameter(help="Only records after this sequence number.")] = 0,
    last: Annotated[int | None, Parameter(help="Only the last so many.")] = None,
) -> int:
    """Print the records as JSON lines, oldest first."""
    return journal_verbs.dump(path, stream=stream, kinds=tuple(kind or ()), after=after, last=last)


def stats(path: Journal) -> int:
    """Say how many records there are, of which kinds and streams, and what they take."""
    return journal_verbs.stats(path)


def backup(path: Journal, target: Annotated[Path, Parameter(help="A new file, or a folder.")]) -> int:
    """Copy the journal, also while a process writes to it, and check the copy. In a folder each copy is one file."""
    return journal_verbs.backup(path, target)
