"""The tables of docs/log.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.log_events import EVENTS, FIELDS, OTHERS
from config.log_events.definition import Event, Field

__all__ = ["event_tables", "field_table"]

_GROUPS = {
    "The process": ("system", "breaker"),
    "Actors": ("actor", "deadletter"),
    "The link": ("broker",),
    "Symbols and feeds": ("instrument", "feed", "symbol"),
    "Signals, indicators and rules": ("signal", "indicator", "rule"),
    "Orders": ("order",),
    "Positions": ("position", "exits", "protection"),
    "Comparing with the broker, and alarms": ("reconcile", "alarm"),
    "The journal": ("journal",),
    "Programs that use Pitboss from Python": ("subscriber",),
    "The log itself, and other libraries": ("log",),
}


def event_tables() -> str:
    """Return all events in groups: what each tells, and its fields."""
    groups = {prefix: title for title, prefixes in _GROUPS.items() for prefix in prefixes}
    sections: dict[str, list[str]] = {title: [] for title in _GROUPS}
    for name, event in {**EVENTS, "log.LOGGER": OTHERS}.items():
        sections[groups[name.partition(".")[0]]].append(_row(name, event))
    return "\n".join("\n".join(_section(title, rows)) for title, rows in sections.items())


def _section(title: str, rows: list[str]) -> Iterator[str]:
    yield f"### {title}\n"
    yield "| event | tells | always has | may have |"
    yield "|---|---|---|---|"
    yield from rows
    yield ""


def _row(name: str, event: Event) -> str:
    level = "" if event.levels == ("INFO",) else f" ({', '.join(event.levels)})"
    hidden = "" if event.shown else "; not shown on the console"
    may = _names(event, event.optional) + (" and what was bound to it" if event.open else "")
    return f"| `{name}`{level} | {event.about}{hidden} | {_names(event, event.required)} | {may} |"


def _names(event: Event, fields: Mapping[str, Field]) -> str:
    return ", ".join(f"`{name}`{_instead(name, field)}" for name, field in fields.items())


def _instead(name: str, field: Field) -> str:
    return "" if field == FIELDS[name] else f" ({field.kind.words}: {field.about})"


def field_table() -> str:
    """Return all fields: kind, unit, meaning."""
    rows = ["| field | kind | unit | is |", "|---|---|---|---|"]
    for name, field in sorted(FIELDS.items()):
        about = f"{field.about} †" if field.foreign else field.about
        rows.append(f"| `{name}` | {field.kind.words} | {field.unit} | {about} |")
    return "\n".join(rows) + "\n"
