"""`pitboss --help` lists every verb with what it does, in a line."""

from __future__ import annotations

from importlib import import_module

import pytest

from supervisors.cli import run
from supervisors.verbs import FAMILIES, GROUPS, Verb

VERBS = [verb for verbs in GROUPS.values() for verb in verbs]
MEMBERS = [(family.name, verb) for family in FAMILIES for verb in family.verbs]


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run([*words, "--help"]) == 0
    return capsys.readouterr().out


def test_each_verb_has_its_line_in_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = help_of(capsys).splitlines()
    for row in (*VERBS, *FAMILIES):
        assert any(line.startswith(f"│ {row.name} ") and f" {row.about} " in line for line in lines), row
    for family in FAMILIES:
        lines = help_of(capsys, family.name).splitlines()
        for verb in family.verbs:
            assert any(line.startswith(f"│ {verb.name} ") and f" {verb.about} " in line for line in lines), verb


@pytest.mark.parametrize(("words", "verb"), [((verb.name,), verb) for verb in VERBS] + [
    ((family, verb.name), verb) for family, verb in MEMBERS
])  # fmt: skip
def test_a_verb_asked_for_itself_is_told_by_its_docstring(
    words: tuple[str, ...], verb: Verb, capsys: pytest.CaptureFixture[str]
) -> None:
    module, _, name = verb.place.partition(":")
    (first, *_) = (getattr(import_module(module), name).__doc__ or "").strip().splitlines()
    assert " ".join(first.split())[:60] in " ".join(help_of(capsys, *words).split())
