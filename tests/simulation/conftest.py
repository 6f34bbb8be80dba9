"""Short storms of many seeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulation.plan import Weather, draw
from simulation.storm import ride

SHORT = Weather(minutes=5.0, orders=(5, 20), faults=(5, 12))
OPEN: frozenset[int] = frozenset()
"""Seeds whose storms show what docs/simulation.md lists as open."""


@pytest.fixture(scope="session")
def rides() -> Callable[[range], None]:
    """Live through the storms of these seeds, and assert that no invariant was broken in any."""

    def through(seeds: range) -> None:
        outcomes = [ride(draw(seed, SHORT)) for seed in seeds if seed not in OPEN]
        wrong = [f"seed {one.seed}: {one.violation}" for one in outcomes if one.violation]
        assert not wrong, "\n".join(wrong)

    return through
