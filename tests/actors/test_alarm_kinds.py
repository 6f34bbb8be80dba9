"""Every alarm that the code raises is explained in config/alarm_kinds.py, and docs/alarms.md is written from it.

To write the page anew: `python tests/actors/test_alarm_kinds.py`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from config.alarm_kinds import ALARM_KINDS, kind_of  # noqa: E402

PAGE = ROOT / "docs" / "alarms.md"
KIND = re.compile(r"^[a-z]+\.[a-z_]+$")
RAISES = ("alarm", "_alarm", "Alarm", "RaiseAlarm")
CLEARS = ("clear", "_clear", "ClearAlarm")
HEAD = """\
# Alarms

An alarm says what a person must know. It is journaled, logged and published when it is raised and when it is cleared,
survives a restart, and stands until its cause is gone: `pitboss alarms` lists those that stand, `pitboss status` too.
Where nothing can tell that the cause is gone, or that somebody has looked, it stands until somebody says so:
`pitboss alarms --clear ID`. One that ends by itself alone is not cleared by hand: that would hide what goes on.

What each means, what has been done about it and what to do: [runbook.md](runbook.md), or `pitboss runbook KIND`. To be
told of them by mail, Telegram, Slack and so on: [alerts.md](alerts.md).

Written from the code: `python tests/actors/test_alarm_kinds.py`.

| alarm | what it says | ends by itself when | cleared by hand |
|---|---|---|---|
"""


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for folder in ("actors", "domain", "supervisors", "monitoring"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def named(names: tuple[str, ...]) -> dict[str, Path]:
    """Return kind → where it stands as the first argument of one of these functions."""
    constants = {
        node.targets[0].id: node.value.value
        for _, tree in trees()
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    found: dict[str, Path] = {}
    for path, tree in trees():
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or not call.args:
                continue
            name, first = name_of(call.func), call.args[0]
            if name == "partial" and len(call.args) > 1:  # of a function that raises
                name, first = name_of(first), call.args[1]
            value = first.value if isinstance(first, ast.Constant) else None
            if isinstance(first, ast.Name):
                value = constants.get(first.id)
            if isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                value = f"{first.values[0].value}trigger"
            if name in names and isinstance(value, str) and KIND.match(value):
                found[value] = path
    return found


def test_every_alarm_that_is_raised_is_explained() -> None:
    raised = named(RAISES)
    assert len(raised) > 25
    for kind, path in raised.items():
        assert kind_of(kind).cause, f"{path.relative_to(ROOT)} raises {kind}: explain it in config/alarm_kinds.py"


def test_no_alarm_is_explained_that_nobody_raises() -> None:
    raised = {"risk.TRIGGER" if kind.startswith("risk.") else kind for kind in named(RAISES)}
    assert set(ALARM_KINDS) - raised == set()


def test_an_alarm_ends_by_itself_or_by_hand() -> None:
    for kind, about in ALARM_KINDS.items():
        assert about.ends or not about.lasting, f"nothing ever ends {kind}"


def test_what_is_cleared_is_listed_as_ending_by_itself() -> None:
    for kind, path in named(CLEARS).items():
        assert kind_of(kind).ends, f"{path.relative_to(ROOT)} clears {kind}"


def test_what_ends_by_itself_is_cleared_somewhere() -> None:
    """As text at least twice: where it is raised, and where it is cleared or listed among what is."""
    texts = [
        node.value
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    of_orders = {"order.duplicated", "order.mismatch", "order.revived", "order.not_cancelled"}  # OrderRecord.outlived
    for kind, about in ALARM_KINDS.items():
        if about.ends and kind not in of_orders and kind != "risk.TRIGGER":
            assert texts.count(kind) > 1, f"nothing clears {kind}"


def written() -> str:
    rows = [
        f"| [`{kind}`](runbook.md#{kind.replace('.', '').lower()}) | {about.cause} | {about.ends or '–'} | "
        f"{'–' if about.lasting else 'yes'} |\n"
        for kind, about in sorted(ALARM_KINDS.items())
    ]
    return HEAD + "".join(rows)


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == written()


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
