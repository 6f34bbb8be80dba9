"""Storms of seeds 151 to 225; a file of its own, so that it runs beside the others."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize("first", range(151, 226, 15))
def test_fifteen_seeds(first: int, rides: Callable[[range], None]) -> None:
    rides(range(first, first + 15))
