"""A log and its earlier files, which rotation has renamed and perhaps compressed."""

from __future__ import annotations

import gzip
import re
import zlib
from io import BufferedReader
from pathlib import Path

__all__ = ["HEAD", "family", "first_moment", "moment_in", "opened"]

HEAD = 65_536
"""Bytes at the beginning of a file in which its first moment is looked for: a snapshot may be far longer than that."""

_MOMENT = re.compile(rb'\{"ts": ?"(\d{4}-[\dT:.Z-]+)"')


def family(path: Path) -> list[Path]:
    """Return the earlier files of a log that lie beside it, oldest first, by the time of their first line.

    Those of `pitboss.log.jsonl` are `pitboss.log.jsonl.1`, `pitboss.log.jsonl.2.gz`, `pitboss.log.2026-11-20.jsonl.gz`
    and so on. A file and its compressed copy are one: while it is compressed both may be there.
    """
    stem, suffix = re.escape(path.name.removesuffix(path.suffix)), re.escape(path.suffix)
    # a digit, so that `pitboss.second.jsonl` is no earlier file of `pitboss.jsonl`
    ours = re.compile(rf"(?:{stem}[.-]\d[\w.:-]*{suffix}|{stem}{suffix}[.-]\d[\w.:-]*?)(?:\.gz)?")
    found: dict[str, Path] = {}
    try:
        siblings = sorted(path.parent.iterdir())
    except OSError:
        return []
    for sibling in siblings:
        plain = sibling.name.removesuffix(".gz")
        if ours.fullmatch(sibling.name) and plain not in found:
            found[plain] = sibling
    dated = [(moment, one) for one in found.values() if (moment := first_moment(one))]
    return [one for _, one in sorted(dated)]


def opened(path: Path) -> gzip.GzipFile | BufferedReader:
    """Open a file of a log, compressed or not. Raises OSError."""
    return gzip.GzipFile(path, "rb") if path.suffix == ".gz" else path.open("rb")


def first_moment(path: Path) -> str:
    """Return the time of the first line that has one, empty where there is none, or no such file."""
    try:
        with opened(path) as file:
            return moment_in(file.read1(HEAD))  # of a file that is cut short later, what there is
    except (OSError, EOFError, zlib.error):
        return ""


def moment_in(head: bytes) -> str:
    """Return the time of the first line that has one, of the beginning of a log."""
    for line in head.split(b"\n")[:20]:
        found = _MOMENT.match(line)
        if found:
            return found[1].decode()
    return ""
