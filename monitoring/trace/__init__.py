"""The life of an order, a position or a prediction, read from the journal alone.

`trace` finds what an id names, folds the records about it with the same pure functions as the process that wrote them,
and returns a `Trace`; `page` and `document` show it to people and programs, `gates` only what stood in the way.
`refused_entries` are those of a symbol that a person asked for in vain.
"""

from __future__ import annotations

from monitoring.trace.build import trace
from monitoring.trace.document import document, refused_document
from monitoring.trace.life import Line, OrderOutcome, PositionOutcome, Trace
from monitoring.trace.near import near_matches
from monitoring.trace.page import gates_page, life_page, refused_page
from monitoring.trace.refused import RefusedEntry, refused_entries
from monitoring.trace.source import Source
from monitoring.trace.subject import Subject, SubjectKind
from monitoring.trace.untraded import untraded

__all__ = [
    "Line",
    "OrderOutcome",
    "PositionOutcome",
    "RefusedEntry",
    "Source",
    "Subject",
    "SubjectKind",
    "Trace",
    "document",
    "gates_page",
    "life_page",
    "near_matches",
    "refused_document",
    "refused_entries",
    "refused_page",
    "trace",
    "untraded",
]
