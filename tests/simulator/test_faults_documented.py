import re
from pathlib import Path

from simulator.faults import parse_script
from simulator.faults.verbs import VERBS

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_every_verb_stands_in_the_documentation() -> None:
    table = PAGE.split("| verb | does |")[1].split("\n\n")[0]
    named = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if "|" in row else "")
    }
    assert named == set(VERBS)


def test_the_script_in_the_documentation_can_be_read() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    script = parse_script(example)
    assert (len(script.rules), len(script.random)) == (1, 1)
