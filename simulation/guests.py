"""What goes through a storm beside Pitboss itself: a user's own rules and signal sources, and checks of his own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import field, frozen

from config.settings import Settings
from domain.rules import Rule
from simulation.oracle.records import Records
from simulation.service import Service
from simulator.testing.book import Book, book_of
from simulator.venue import Venue
from supervisors.rule_files import rules_from_files
from supervisors.signal_sources import OwnSource

__all__ = ["Check", "Checks", "Guests", "Look", "no_sources"]


@frozen
class Look:
    """What a check is given: everything as it stands at one moment of a storm."""

    seconds: float  # since the storm began
    now: datetime  # by the broker's clock
    over: bool  # whether this is the last look: the storm is over, everything settled, and flattened
    status: Mapping[str, Any]  # what `pitboss status --json` prints
    journal: Sequence[tuple[str, Mapping[str, Any]]]  # (kind, payload) of each record that is safe on the disk
    _venue: Venue

    @property
    def book(self) -> Book:
        """The broker's truth: see docs/testing.md."""
        return book_of(self._venue)


Check = Callable[[Look], object]
"""Raises AssertionError for what must not be. Of a class an object is made for each storm, so that it may remember."""


def no_sources(service: Service) -> Mapping[str, OwnSource]:
    """Return no source."""
    return {}


@frozen(kw_only=True)
class Guests:
    """Who comes along. All are made anew where a real process would make them anew.

    `rules` is called for each life of the process; `sources` once for each storm, with its signal service: an httpx
    transport that also hangs, lies and repeats itself. A source is made for each life.
    """

    rules: Callable[[], Sequence[Rule]] = tuple
    sources: Callable[[Service], Mapping[str, OwnSource]] = no_sources
    checks: Sequence[Check | type] = field(factory=tuple)

    def rules_of_a_life(self, settings: Settings) -> tuple[Rule, ...]:
        """Return the rules of the configuration's files and those of Python."""
        return (*rules_from_files(settings), *self.rules())


class Checks:
    """The checks of one storm."""

    def __init__(
        self, checks: Sequence[Check | type], venue: Venue, records: Records, clock: Callable[[], float]
    ) -> None:
        """`clock` gives the seconds since the storm began."""
        self._checks: list[tuple[str, Check]] = [
            (_name(check), check() if isinstance(check, type) else check) for check in checks
        ]
        self._venue, self._clock = venue, clock
        self._journal: list[tuple[str, Mapping[str, Any]]] = []
        if checks:
            records.on_record.append(lambda time, kind, payload: self._journal.append((kind, payload)))

    def look(self, status: Mapping[str, Any], now: datetime, *, over: bool = False) -> str:
        """Return what the first check says that does not hold; "" where all hold."""
        if not self._checks:
            return ""
        look = Look(self._clock(), now, over, status, self._journal, self._venue)
        for name, check in self._checks:
            try:
                check(look)
            except AssertionError as error:
                return f"{name}: {_first_lines(error) or 'does not hold'}"
            except Exception as error:  # noqa: BLE001 - a check that fails itself must not pass for one that holds
                return f"{name} raised {type(error).__name__}: {_first_lines(error)}"
        return ""


def _name(check: Check | type) -> str:
    return str(getattr(check, "__name__", type(check).__name__))


def _first_lines(error: BaseException) -> str:
    return " ".join(str(error).split())[:500]
