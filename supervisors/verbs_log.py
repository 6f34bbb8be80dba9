"""`log schema|events|check`: what the lines of the log are."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TextIO

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from config.log_events import EVENTS
from config.log_events.schema import line_problems, schema
from supervisors.exit_codes import ExitCode, ProcessFailed

__all__ = ["check", "events", "print_schema"]

_SHOWN = 20


def print_schema() -> None:
    """Print the JSON schema of a line."""
    print(json.dumps(schema(), indent=1))


def events(
    *names: Annotated[
        str, Parameter(help="Events, or the beginnings of their names, such as order or position.marked")
    ],
    json_: Annotated[bool, Parameter(name="--json", negative="", help="One JSON object, event → definition.")] = False,
) -> None:
    """List the events that the log may contain, with their fields; of those named with each field's kind and unit."""
    chosen = {name: event for name, event in EVENTS.items() if not names or name.startswith(names)}
    if not chosen:
        raise ProcessFailed(ExitCode.USAGE, f"no event is called {' or '.join(names)}: see pitboss log events")
    if json_:
        definitions: dict[str, Any] = schema()["$defs"]
        print(json.dumps({name: definitions[name] for name in chosen}, indent=1))
        return
    console = Console(highlight=False)
    if not names:
        table = Table("event", "tells", box=None, padding=(0, 2, 0, 0))
        for name, event in chosen.items():
            table.add_row(name, event.about)
        console.print(table)
        return
    for name, event in chosen.items():
        table = Table("field", "kind", "unit", "is", title=f"{name}: {event.about}", box=None, padding=(0, 2, 0, 0))
        table.title_justify, table.title_style = "left", "bold"
        for field, defined in {**event.required, **event.optional}.items():
            optional = "" if field in event.required else " or null"
            table.add_row(field, defined.kind.words + optional, defined.unit, defined.about)
        console.print(table)


def check(path: Annotated[Path, Parameter(help="A log's file; - is standard input.")]) -> int:
    """Hold each line of a log against the schema of this version. Exit code 1 if one does not keep to it."""
    count = wrong = 0
    for count, line in enumerate(_lines(path), 1):
        problems = line_problems(line)
        wrong += bool(problems)
        if problems and wrong <= _SHOWN:
            print(f"line {count}: {'; '.join(problems)}")
    if wrong > _SHOWN:
        print(f"and {wrong - _SHOWN} more")
    print(f"{count} lines, {wrong} of them not as they should be")
    return ExitCode.FAILED if wrong else ExitCode.FINE


def _lines(path: Path) -> Iterator[str]:
    if str(path) == "-":
        yield from _complete(sys.stdin)
        return
    try:
        with path.open(encoding="utf-8", errors="backslashreplace") as file:
            yield from _complete(file)
    except OSError as error:
        raise ProcessFailed(ExitCode.USAGE, f"{path} cannot be read: {error.strerror}") from error


def _complete(file: TextIO) -> Iterator[str]:
    """Leave out a last line that is still being written, and what is empty."""
    for line in file:
        if line.endswith("\n") and line.strip():
            yield line
