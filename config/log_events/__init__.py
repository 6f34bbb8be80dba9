"""Every event that the log may contain, as its readers find it: see docs/log.md, which is made from this.

The only definition of a line: `log` checks against it in tests, the console takes its words, readers their schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.log_events import broker, checks, system, trading
from config.log_events.definition import Event, Field, UnknownEventError
from config.log_events.fields import FIELDS
from config.log_events.fields import event as _event

__all__ = ["EVENTS", "FIELDS", "OTHERS", "Event", "Field", "UnknownEventError", "check_event", "definition"]

EVENTS: Mapping[str, Event] = {**system.EVENTS, **broker.EVENTS, **trading.EVENTS, **checks.EVENTS}
"""name → definition"""

OTHERS = _event(
    "{text?}",
    "text | traceback",
    about="what another library, or a rule of the user, has written with stdlib logging or loguru",
    levels="DEBUG INFO WARNING ERROR",
    open=True,
)
"""`log.<logger>`"""


def definition(name: str) -> Event | None:
    """Return the definition of an event; None where it has none."""
    return EVENTS.get(name) or (OTHERS if name.startswith("log.") else None)


def check_event(name: str, level: str, fields: Mapping[str, Any]) -> None:
    """Raise UnknownEventError unless the event is defined, and level and fields are what its definition allows."""
    event = definition(name)
    if event is None:
        raise UnknownEventError(f"{name} is not in config/log_events")
    problems = event.problems(level, fields)
    if problems:
        raise UnknownEventError(f"{name} is logged {'; '.join(problems)}")
