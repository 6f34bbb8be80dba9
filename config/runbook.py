"""What each alarm and each shipped alert means, what the system has done, and what a person does: `runbook.toml`.

`docs/runbook.md` is written from it, and alerts and `pitboss runbook` quote it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from attrs import frozen

__all__ = ["RunbookEntry", "entry_of", "runbook"]


@frozen(slots=True, kw_only=True)
class RunbookEntry:
    """One entry. `severity` is info, warning or critical; `do` are the steps, in their order."""

    title: str
    severity: str
    means: str
    done: str
    do: tuple[str, ...]


_UNLISTED = RunbookEntry(
    title="not in the runbook",
    severity="warning",
    means="An older version or another program has named it.",
    done="Nothing that this version knows of.",
    do=("Read its text, and the log around it.",),
)


@cache
def runbook() -> Mapping[str, RunbookEntry]:
    """Kind of alarm, or name of a shipped alert → its entry."""
    written = tomllib.loads(files("config").joinpath("runbook.toml").read_text(encoding="utf-8"))
    return {name: RunbookEntry(**{**entry, "do": tuple(entry["do"])}) for name, entry in written.items()}


def entry_of(kind: str) -> RunbookEntry:
    """The entry of a kind; `risk.TRIGGER` for each trigger of the breaker. What is not listed says so."""
    entries = runbook()
    return entries.get(kind) or (entries["risk.TRIGGER"] if kind.startswith("risk.") else _UNLISTED)
