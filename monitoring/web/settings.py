"""What `pitboss web` is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import field, frozen

from monitoring.tail import StreamTail

__all__ = ["Command", "CommandFailed", "Place", "WebSettings"]

Command = Callable[[str, Mapping[str, str]], str]
"""Carries a command out, with its fields, and returns the answer in words. Blocks. Raises CommandFailed."""

TraceOf = Callable[[str], "dict[str, Any] | None"]
"""Returns the life of what an id names as one JSON object (`monitoring.trace.document`), None where nothing is known.

Blocks. Raises OSError or storage.errors.JournalError.
"""

ReportOf = Callable[[str], str]
"""Returns the report of a day (2026-11-20) as a whole HTML page. Blocks. Raises LookupError where there is none."""


class CommandFailed(Exception):  # an answer, not an accident
    """The command did nothing, or nobody knows what it did; the text says which."""


@frozen(slots=True, kw_only=True)
class Place:
    """One process: its log, and what else of it can be reached from here."""

    log: Path | StreamTail
    trace_of: TraceOf | None = None
    report_of: ReportOf | None = None
    command: Command | None = None


@frozen(slots=True, kw_only=True)
class WebSettings:
    """Where to listen, who may come in, and what is shown.

    `hosts` are names that browsers may know us by besides this machine's own. `metrics_token` opens `/metrics` alone.
    `cache` is the folder of what is remembered of large logs.
    """

    places: tuple[Place, ...]
    host: str = "127.0.0.1"
    port: int = 8808
    hosts: tuple[str, ...] = ()
    cache: Path | None = None
    token: str = field(repr=False)
    metrics_token: str = field(default="", repr=False)
