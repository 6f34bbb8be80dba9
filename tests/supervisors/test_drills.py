"""The drills run from the command line and print the log that stands beside them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["breaker_drill", "kill_switch_drill", "outage_drill"])
def test_a_drill_goes_as_its_log_says(name: str, environ: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py")],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == (EXAMPLES / f"{name}.log").read_text().splitlines()
    assert not list(tmp_path.iterdir()), "it leaves nothing behind"
