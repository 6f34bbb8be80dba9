"""The runbook has an entry for each alarm and each shipped alert, and docs/runbook.md is written from it.

To write the page anew: `python tests/monitoring/test_runbook.py`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from config.alarm_kinds import ALARM_KINDS  # noqa: E402
from config.alert_rules import shipped_rules  # noqa: E402
from config.alert_settings import SEVERITIES  # noqa: E402
from config.runbook import entry_of, runbook  # noqa: E402

PAGE = ROOT / "docs" / "runbook.md"
BESIDES = {"log.silent", "channel.failing"}  # alerts that no rule finds
HEAD = """\
# Runbook

For each alarm and each alert that ships: what it means, what the system has done by the time you read this, and what to
do. `pitboss runbook KIND` says the same in a terminal, and each alert carries the steps with it.

Three things hold whatever the alarm is:

* **What is held has its stop and its target resting at the broker.** They work without Pitboss, without this machine.
* **A restart is safe, at any time.** The process replays its journal, compares with the broker and re-arms what is
  missing; it never sends an order twice. `systemctl restart pitboss`, or Ctrl-C and `pitboss run` again.
* **You may always trade by hand** in TWS, in the mobile app or by IB's phone desk. Fills by hand are booked, and exits
  are fitted to what is left. To have nothing new opened meanwhile: `pitboss halt`; to be out of everything:
  `pitboss flatten`.

critical: look now, money is at risk or nothing is watched. warning: look today. info: good to know.

Written from `config/runbook.toml`: `python tests/monitoring/test_runbook.py`.
"""


def anchor(kind: str) -> str:
    """Where GitHub puts the section."""
    return re.sub(r"[^a-z0-9_-]", "", kind.lower())


def written() -> str:
    entries = runbook()
    lines = [HEAD, "| alarm or alert | | |\n|---|---|---|"]
    lines += [f"| [`{kind}`](#{anchor(kind)}) | {entry.title} | {entry.severity} |" for kind, entry in entries.items()]
    for kind, entry in entries.items():
        lines.append(f"\n## `{kind}`\n\n**{entry.title}** ({entry.severity}). {entry.means}\n")
        lines.append(f"*What has been done:* {entry.done}\n\n*What to do:*\n")
        lines += [f"{number}. {step}" for number, step in enumerate(entry.do, 1)]
    return "\n".join(lines) + "\n"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == written()


def test_it_holds_each_alarm_and_each_alert_and_nothing_else() -> None:
    of_rules = {rule.runbook for rule in shipped_rules() if "{" not in rule.runbook}
    assert set(runbook()) == set(ALARM_KINDS) | of_rules | BESIDES


@pytest.mark.parametrize("kind", runbook())
def test_each_entry_says_what_is_needed(kind: str) -> None:
    entry = runbook()[kind]
    assert entry.severity in SEVERITIES
    assert entry.means.endswith(".")
    assert entry.done.endswith(".")
    assert entry.do


def test_the_verbs_that_it_names_exist() -> None:
    from supervisors.cli import _app

    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`pitboss ([a-z]+)(?: ([a-z]+)\b)?", text))
    assert len(named) > 10
    app = _app()
    for verb, second in named:
        assert verb in app, f"pitboss {verb}"
        if verb in ("alerts", "journal", "rules", "symbol"):
            assert second in app[verb], f"pitboss {verb} {second}"


def test_a_trigger_of_the_breaker_has_the_breaker_s_entry_and_an_unknown_kind_one_that_says_so() -> None:
    assert entry_of("risk.daily_loss") == runbook()["risk.TRIGGER"]
    assert entry_of("of.tomorrow").title == "not in the runbook"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
