"""`why` and `whynot`: the life of an order, and what stood in a prediction's way, from the journal alone."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.loading import load_places
from monitoring.trace import (
    RefusedEntry,
    Source,
    Trace,
    document,
    gates_page,
    life_page,
    near_matches,
    refused_document,
    refused_entries,
    refused_page,
    trace,
    untraded,
)
from storage.sqlite import SqliteJournal, journal_path
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.journal_source import JournalSource
from supervisors.journal_verbs import look
from supervisors.verbs_configuration import StateDir
from supervisors.verbs_control import Config

__all__ = ["why", "whynot"]

Json = Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object, for programs.")]
Journal = Annotated[
    Path | None, Parameter(help="The journal's file, in place of the one in the state folder; a copy will do.")
]


def why(
    identity: Annotated[
        str, Parameter(name="ID", help="An order's reference or permId, or the id of a position or of a prediction.")
    ],
    *,
    json_: Json = False,
    journal: Journal = None,
    state_dir: StateDir = None,
    config: Config = None,
) -> int:
    """Tell the whole life of an order, from the journal alone: whether the process runs or not."""
    return _tell(_file(journal, state_dir, config), identity, gates=False, as_json=json_)


def whynot(
    identity: Annotated[
        str, Parameter(name="ID", help="The id of a prediction, or a symbol: then its newest that was not traded.")
    ],
    *,
    at: Annotated[
        str | None,
        Parameter(help="With a symbol: the prediction nearest to this time, 14:30 or 2026-11-22T14:30, UTC."),
    ] = None,
    json_: Json = False,
    journal: Journal = None,
    state_dir: StateDir = None,
    config: Config = None,
) -> int:
    """Tell what stood in the way of a prediction: every gate with its figures, not only the first that refused.

    Of a symbol also the newest entries that somebody asked for by hand and that were refused.
    """
    return _tell(_file(journal, state_dir, config), identity, gates=True, as_json=json_, at=at)


def _tell(path: Path, identity: str, *, gates: bool, as_json: bool, at: str | None = None) -> int:
    known = True

    def tell(opened: SqliteJournal, _: object) -> None:
        nonlocal known
        source = JournalSource(opened)
        moment = None if at is None else _moment(at, source)
        found = trace(identity, source) if moment is None else None
        refused: list[RefusedEntry] = []
        if found is None and gates:
            signal_id = untraded(identity.upper(), source, moment)
            found = None if signal_id is None else trace(signal_id, source)
            refused = refused_entries(identity.upper(), source, moment)
        if refused:
            _tell_refused(identity.upper(), found, refused, as_json=as_json)
        elif found is None:
            known = False
            what = "no prediction or entry that was not traded, and nothing else," if gates else "nothing"
            _unknown(identity, what, source, as_json=as_json)
        elif as_json:
            print(json.dumps(document(found)))
        else:
            _print(gates_page(found) if gates else life_page(found))

    code = look(path, tell)
    return code if known or code else ExitCode.FAILED


def _tell_refused(symbol: str, found: Trace | None, refused: Sequence[RefusedEntry], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(refused_document(symbol, found, refused)))
        return
    if found is not None:
        _print(gates_page(found))
    _print(refused_page(refused))


def _unknown(identity: str, what: str, source: Source, *, as_json: bool) -> None:
    near = near_matches(identity, source)
    if as_json:
        print(json.dumps({"id": identity, "kind": None, "near": near}))
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    print(f"pitboss: the journal knows {what} of {identity}{hint}", file=sys.stderr)


def _print(lines: Iterable[Text]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        for line in lines:
            print(line.plain)
        return
    for line in lines:
        # what does not fit goes on under the text, not under the time
        indent = (
            26 if line.plain[:2].isdigit() and line.plain[2:3] == ":" else len(line.plain) - len(line.plain.lstrip())
        )
        if console.width < indent + 40 or line.cell_len <= console.width:
            console.print(line)
            continue
        row = Table.grid()
        row.add_column(width=indent, no_wrap=True)
        row.add_column()
        row.add_row(line[:indent], line[indent:])
        console.print(row)


def _moment(written: str, source: JournalSource) -> datetime:
    """Return a time in UTC; one without a date is of the newest day in the journal that it fits."""
    try:
        if "-" in written:
            moment = datetime.fromisoformat(written)
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        of_day = time.fromisoformat(written)
    except ValueError:
        expected = "14:30, 14:30:05 or 2026-11-22T14:30"
        raise ProcessFailed(ExitCode.USAGE, f'--at: "{written}" is not a time such as {expected}') from None
    return datetime.combine(source.newest.date(), of_day, UTC)


def _file(journal: Path | None, state_dir: Path | None, config: Path | None) -> Path:
    if journal is not None:
        return journal.expanduser()
    settings = load_places(config, os.environ)
    folder = settings.process.state_dir if state_dir is None else state_dir.expanduser()
    return journal_path(settings.journal.url, folder)
