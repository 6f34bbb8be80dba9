"""Play the incidents against the plain trader: `python -m benchmarks.plain` writes tests/incidents/plain.json.

The page of the incidents takes its numbers from there; write it anew afterwards.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "tests" / "incidents"


class Tally:
    """A pytest plugin that counts by incident."""

    def __init__(self) -> None:
        self.played: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what was played."""
        match = re.search(r"test_inc_(\d+)_", report.nodeid)
        if match and report.when == "call":
            self.played[f"INC-{match[1]}"] += 1
            self.failed[f"INC-{match[1]}"] += report.failed


def main() -> None:
    """Play and write."""
    os.environ["PITBOSS_INCIDENTS"] = "plain"
    tally = Tally()
    pytest.main(["-q", "--no-header", "--tb=no", "-rN", "--show-capture=no", str(FOLDER), "-k", "test_inc_"], [tally])
    result = {number: [tally.failed[number], played] for number, played in sorted(tally.played.items())}
    (FOLDER / "plain.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{sum(tally.failed.values())} of {sum(tally.played.values())} scenarios end wrong")


if __name__ == "__main__":
    main()
