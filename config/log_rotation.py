"""When a log's file is full, what the earlier files are called, and which of them are kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from attrs import frozen

__all__ = ["Rotation", "archived", "archived_path", "compressed", "partial"]

_STAMP = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6}Z"


@frozen(slots=True, kw_only=True)
class Rotation:
    """A file is full with `size` bytes (0: never), and at `at` of each day, UTC (None: never).

    Of earlier files the last `keep` stay (0: all), compressed with gzip where `compress` says so.
    """

    size: int = 0
    at: time | None = None
    keep: int = 0
    compress: bool = False

    def ends(self, began: datetime) -> datetime | None:
        """Return when a file that began then is full by the clock."""
        if self.at is None:
            return None
        end = datetime.combine(began.astimezone(UTC).date(), self.at, UTC)
        return end if end > began else end + timedelta(days=1)


def archived_path(path: Path, moment: datetime) -> Path:
    """Return the name under which a file is kept that ended at this moment: `pitboss.log.jsonl` becomes
    `pitboss.log.2026-11-22T14-30-00.123456Z.jsonl`, which sorts by time. A name that is taken is left alone."""
    while True:
        stamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H-%M-%S.%fZ")
        name = path.with_name(f"{path.name.removesuffix(path.suffix)}.{stamp}{path.suffix}")
        if not name.exists() and not compressed(name).exists():
            return name
        moment += timedelta(microseconds=1)


def compressed(path: Path) -> Path:
    """Return the name of a file's compressed form."""
    return path.with_name(f"{path.name}.gz")


def partial(path: Path) -> Path:
    """Return the name of a file's compressed form while it is being written."""
    return path.with_name(f".{path.name}.gz.partial")


def archived(path: Path) -> list[Path]:
    """Return the earlier files of a log without `.gz`, oldest first; each is there plain, compressed, or both."""
    stem, suffix = re.escape(path.name.removesuffix(path.suffix)), re.escape(path.suffix)
    ours = re.compile(rf"{stem}\.{_STAMP}{suffix}(\.gz)?")
    names = {entry.name.removesuffix(".gz") for entry in path.parent.iterdir() if ours.fullmatch(entry.name)}
    return [path.with_name(name) for name in sorted(names)]
