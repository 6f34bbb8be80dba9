"""The lines of a log that a report reads."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from monitoring.tail import family, first_moment, opened

__all__ = ["lines_between"]


def lines_between(path: Path, events: Iterable[str], since: str, until: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of these events that were written from `since` to before `until` (ISO 8601, UTC, with Z).

    Earlier files of the log that rotation has left are read too. What cannot be read is passed over.
    """
    wanted = re.compile(rb'"event": ?"(?:%s)"' % b"|".join(re.escape(event).encode() for event in sorted(events)))
    files = [*family(path), path]
    for file, following in pairwise([*files, None]):
        if file is None or first_moment(file) >= until:
            continue
        if following is not None and first_moment(following) <= since and first_moment(following):
            continue
        for line in _lines(file):
            if wanted.search(line):
                found = _parsed(line)
                if since <= str(found.get("ts", "")) < until:
                    yield found


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with opened(file) as lines:
            yield from lines
    except (OSError, EOFError, zlib.error):
        return  # it is not there (any more), or ends in the middle


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
