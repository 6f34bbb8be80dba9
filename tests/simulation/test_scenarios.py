"""Storms that broke something once, as small as they could be made: nothing is broken any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulation.scenario import read_scenario
from simulation.storm import ride

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))


@pytest.mark.parametrize("path", SCENARIOS, ids=[path.stem for path in SCENARIOS])
def test_it_holds_now(path: Path) -> None:
    assert not ride(read_scenario(path).plan).violation
