"""Where to begin in a log that may be far larger than what is wanted of it."""

from __future__ import annotations

import mmap
import re
from datetime import datetime, time
from pathlib import Path

from attrs import frozen

from config.log_record import timestamp
from monitoring.tail import family, first_moment

__all__ = ["Place", "last_moment", "last_snapshot", "midnight", "place_of"]

_LINE = re.compile(rb'\n\{"ts": ?"(\d{4}-[\dT:.Z-]+)"')
_SNAPSHOT = b'"event": "system.snapshot"'
_STARTING = b'"event": "system.starting"'
_FAR = 1_000_000_000  # bytes that are searched backwards


@frozen
class Place:
    """The beginning of a line in one of a log's files."""

    path: Path
    offset: int


def midnight(moment: str) -> str:
    """Return when the day of a moment began on this machine, as the log writes it; the moment itself if it is none."""
    try:
        local = datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return moment
    return timestamp(datetime.combine(local.date(), time()).astimezone())


def last_moment(path: Path) -> str:
    """Return the time of the newest line, of the earlier files where the log has none; empty where there is none."""
    for one in [path, *reversed(family(path))]:
        found = first_moment(one)
        if one.suffix == ".gz":
            return found
        try:
            with one.open("rb") as file:
                end = file.seek(0, 2)
                file.seek(max(0, end - 4_000_000))
                moments = _LINE.findall(b"\n" + file.read())
        except OSError:
            continue
        if moments:
            return str(moments[-1].decode())
        if found:
            return found
    return ""


def place_of(path: Path, since: str) -> Place:
    """Return where to begin so that nothing after `since` is missed and the picture is whole at once, if it can be.

    That is the last snapshot, or start of a process, at or before the first line of that time or later.
    """
    files = [one for one in [*family(path), path] if first_moment(one)]
    chosen = next((one for one in reversed(files) if first_moment(one) <= since), files[0] if files else path)
    if chosen.suffix == ".gz":
        return Place(chosen, 0)
    try:
        with _mapped(chosen) as data:
            return Place(chosen, _whole_from(data, _first_at(data, since)) or 0)
    except (OSError, ValueError):  # not there, or empty
        return Place(chosen, 0)


def last_snapshot(path: Path) -> Place | None:
    """Return where the newest snapshot or start is, if it is not far from the end."""
    try:
        with _mapped(path) as data:
            offset = _whole_from(data, len(data))
            return None if offset is None else Place(path, offset)
    except (OSError, ValueError):
        return None


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _first_at(data: mmap.mmap, since: str) -> int:
    """The offset of the first line at `since` or later: the lines of a log are in order."""
    low, high = 0, len(data)
    wanted = since.encode()
    while high - low > 65_536:
        middle = (low + high) // 2
        found = _LINE.search(data, middle, high)
        if found is None or found[1] >= wanted:
            high = middle
        else:
            low = found.start() + 1
    at = low
    while True:
        line = data[at : at + 60]
        found = _LINE.match(b"\n" + line)
        if found is not None and found[1] >= wanted:
            return at
        end = data.find(b"\n", at)
        if end < 0:
            return len(data)
        at = end + 1


def _whole_from(data: mmap.mmap, offset: int) -> int | None:
    """The offset of the last snapshot or start of a process up to the line at `offset`; None where none is near."""
    end = data.find(b"\n", offset)
    end = len(data) if end < 0 else end
    near = max(0, offset - _FAR)
    found = max(data.rfind(_SNAPSHOT, near, end), data.rfind(_STARTING, near, end))
    return None if found < 0 else data.rfind(b"\n", 0, found) + 1
