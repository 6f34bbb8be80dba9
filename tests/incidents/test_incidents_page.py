"""docs/incidents.md lists the incidents and the scenarios that play them.

To write it anew: `python tests/incidents/test_incidents_page.py`.
"""

from __future__ import annotations

import ast
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

This page is written from the tests: `python tests/incidents/test_incidents_page.py`.

| incident | what others did | what Pitboss does | scenarios |
|---|---|---|---|
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
    return f"| {title} | {record['others']} | {record['pitboss']} | {played} |\n"


def written() -> str:
    """The page as it should be."""
    return HEAD + "".join(_row(*one) for one in incidents())


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
