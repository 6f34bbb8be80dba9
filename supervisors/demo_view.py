"""The demo's picture: link, positions, orders, events and actors, made for 80 columns and 24 lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from supervisors.status_view import actors_line, alarm_lines, header, orders_table, positions_table

__all__ = ["picture"]

_LEAST_EVENTS = 4


def picture(status: Mapping[str, Any] | None, recent: Sequence[str], clock: str, height: int) -> RenderableType:
    """One frame of `height` lines. `status` is None before the process answers for the first time."""
    if status is None:
        return Group(Text(f"Pitboss demo  {clock}"), Text("starting …"), *_events(recent, height - 2))
    held = sum(1 for position in status["positions"] if position["state"] != "CLOSED") or 1
    alarms = [_cut(line) for line in alarm_lines(status)[:2]]
    # title, header, two heads of two lines, two rules, actors
    free = height - 9 - held - len(alarms)
    orders = max(2, min(free - _LEAST_EVENTS, 8))
    living = orders_table(status, limit=orders)
    events = max(0, free - len(living.rows))
    return Group(
        Text.assemble(("Pitboss demo", "bold"), f"  {clock}  Ctrl-C stops it in order"),
        header(status),
        positions_table(status),
        Rule(style="dim"),
        living,
        Rule(style="dim"),
        *_events(recent, events),
        *alarms,
        _cut(actors_line(status)),
    )


def _events(recent: Sequence[str], number: int) -> list[Text]:
    lines = list(recent)[-number:] if number > 0 else []
    return [_cut(Text(line)) for line in lines]


def _cut(line: Text) -> Text:
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
