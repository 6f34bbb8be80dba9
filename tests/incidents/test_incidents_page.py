"""docs/incidents.md lists the incidents and the scenarios that play them.

To write it anew: `python tests/incidents/test_incidents_page.py`.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PAGE = ROOT / "docs" / "incidents.md"
HEAD = """\
# Incidents

What has really gone wrong in live order and position management, as its users have told in public, and what Pitboss
does in its place. Each is played by scenarios named after it: the whole process with the real client against the
[paper TWS](simulator.md), in virtual time. Every scenario ends with the same assertion: after the faults have stopped
and a quiet period, Pitboss knows the orders, executions and positions of the venue's own book; no intent became two
orders; exits cover exactly what is held; nothing was held without a stop for longer than the bound unless an alarm said
so; and the alarms that were raised are those that should have been.

The same scenarios are played against an application of 130 lines that trades brackets over ib_insync the usual way
(`benchmarks/plain`), as far as they need only a trader: up to the first question that only Pitboss can answer. Its end
is judged by the venue's book: positions, working orders, nothing twice, nothing without a stop, no exception.
**It ends wrong in {wrong} of {played}, of {incidents} of the {all} incidents.** A 0 says that what it was played
does it no harm, or that little of it could be. `python -m benchmarks.plain` counts anew.

This page is written from the tests: `python tests/incidents/test_incidents_page.py`.

| incident | what others did | what Pitboss does | plain ib_insync | scenarios |
|---|---|---|---|---|
"""


def incidents() -> list[tuple[dict[str, Any], Path, list[str]]]:
    """Each incident's record, its module, and the names of its tests."""
    found = []
    for path in sorted(FOLDER.glob("test_inc_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
        for node in tree.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "INCIDENT":
                found.append((ast.literal_eval(node.value), path, names))
    return found


def _row(record: dict[str, Any], path: Path, names: list[str]) -> str:
    title = f"[{record['number']}]({record['source']}): {record['title']}"
    module = path.relative_to(ROOT)
    prefix = f"test_{record['number'].lower().replace('-', '_')}_"
    scenarios = [name.removeprefix(prefix).replace("_", " ") for name in names]
    more = "".join(f"<br>[{Path(other).name}](../{other})" for other in record.get("tests", ()))
    played = f"[{len(names)}](../{module}): {'; '.join(scenarios)}{more}"
    wrong, of = _plain()[record["number"]]
    return f"| {title} | {record['others']} | {record['pitboss']} | wrong in {wrong} of {of} | {played} |\n"


def _plain() -> dict[str, tuple[int, int]]:
    """Incident → in how many scenarios the plain application ends wrong, and of how many."""
    counted: dict[str, tuple[int, int]] = json.loads((FOLDER / "plain.json").read_text(encoding="utf-8"))
    return counted


def written() -> str:
    """The page as it should be."""
    counts = _plain().values()
    head = HEAD.format(
        wrong=sum(wrong for wrong, _ in counts),
        played=sum(of for _, of in counts),
        incidents=sum(wrong > 0 for wrong, _ in counts),
        all=len(counts),
    )
    return head + "".join(_row(*one) for one in incidents())


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == written()


def test_every_scenario_is_named_after_its_incident() -> None:
    for record, path, names in incidents():
        prefix = f"test_{record['number'].lower().replace('-', '_')}_"
        assert path.name.startswith(prefix)
        assert names
        assert all(name.startswith(prefix) for name in names), path.name
        assert all((ROOT / other).exists() for other in record.get("tests", ()))


def test_no_module_is_without_a_record() -> None:
    assert len(incidents()) == len(list(FOLDER.glob("test_inc_*.py"))) == 33


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
