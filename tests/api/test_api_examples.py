"""Each example runs from the command line and prints what happened; those of the requirements hold their code."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    "basic_position_management": r"sent: .*open:   100 at .*stop .*target .*valued: .*closed: manual exit, realised",
    "order_creation": r"market order: FILLED, 100 at .*CREATED, nothing is sent yet.*ACCEPTED.*CANCELLED.*"
    r"refused:      AAPL: it would turn the position \(100 held",
    "prediction_rule": r"ignored: a weak one, no rule matches.*fired:   prediction_entry.*open:    AAPL 100.*closed:",
    "event_bus": r"emitted: nobody was waited for.*slow:    AAPL \+12%.*slow:    AAPL -3%.*"
    r"slow: 2 delivered, 0 failed.*fails: 0 delivered, 2 failed",
    "order_groups": r"target  -100 LMT     160  FILLED.*stop     -50 STP     155  FILLED",
    "execution_flow": r"signal: .*intended: .*filled:    entry, 100 at 150\.01.*protected: stop 145\.51.*"
    r"closed:    by its stop.*AAPL CLOSED, 0 held",
}
HOLDS = {
    "basic_position_management": "Basic Position Management",
    "order_creation": "Order Creation and Submission",
    "prediction_rule": "Integration with Rule Engine",
}
PAGE = Path(__file__).with_name("requirements_code.txt").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^## ([^\n]+)\n\n```python\n(.*?)^```$", PAGE, flags=re.M | re.S))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_runs_and_prints_what_happened(name: str, environ: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py")],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(EXAMPLES[name], done.stdout, flags=re.S), done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", HOLDS)
def test_the_example_holds_the_code_of_the_requirements_word_for_word(name: str) -> None:
    example = (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")
    paragraphs = [part for part in BLOCKS[HOLDS[name]].split("\n\n") if "from src." not in part]
    assert paragraphs
    for paragraph in paragraphs:
        assert textwrap.indent(paragraph.strip("\n"), " " * 8) in example
