"""Following logs: `LogTail(path).read()` returns what is new, through rotation; `StreamTail` does so for a pipe."""

from __future__ import annotations

from monitoring.tail.family import family, first_moment, opened
from monitoring.tail.file import LogTail
from monitoring.tail.stream import StreamTail

__all__ = ["LogTail", "StreamTail", "family", "first_moment", "opened"]
