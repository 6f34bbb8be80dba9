"""The alert drill runs from the command line and prints the log that stands beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_each_trouble_is_told_once_in_time_and_is_over(environ: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "alert_drill.py")],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == (EXAMPLES / "alert_drill.log").read_text().splitlines()
    assert not list(tmp_path.iterdir()), "it leaves nothing behind"
