"""The hours of exchanges in historical requests: those that are told, and those that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.contracts import ContractDefinition
from simulator.server.history_terms import HistoryTerms
from simulator.venue.archive import Archive
from simulator.venue.sessions import Session
from simulator.wire import market_answers as say
from simulator.wire.session_answers import Fields

__all__ = ["LONGEST_SCHEDULE", "SCHEDULE_SINCE", "regular_hours", "schedule_answer"]

SCHEDULE_SINCE = 165
"""the version that brought message 106"""
LONGEST_SCHEDULE = timedelta(days=366)


def schedule_answer(
    req_id: int, definition: ContractDefinition, terms: HistoryTerms, sessions: Iterable[Session], *, regular: bool
) -> Fields:
    """Return the sessions in the contract's time zone, each with the date of its trading day."""
    zone = ZoneInfo(definition.time_zone)

    def told(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%Y%m%d-%H:%M:%S}"

    rows = []
    for session in sessions:
        begins, ends = session.bounds(extended=not regular)
        rows.append((told(begins), told(ends), f"{session.opens.astimezone(zone):%Y%m%d}"))
    first, last = (rows[0][0], rows[-1][1]) if rows else (told(terms.start), told(terms.end))
    return say.historical_schedule(req_id, first, last, definition.time_zone, rows)


def regular_hours(archive: Archive, con_id: int) -> Callable[[float], bool]:
    """Return what tells whether a moment, in seconds since 1970, was in the regular hours of a contract's exchange."""
    last: list[Session] = []

    def inside(second: float) -> bool:
        moment = datetime.fromtimestamp(second, UTC)
        if not last or not last[-1].early <= moment < last[-1].late:
            last[:] = archive.sessions(con_id, moment, moment + timedelta(seconds=1))
        return bool(last) and last[-1].opens <= moment < last[-1].closes

    return inside
