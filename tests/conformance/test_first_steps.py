"""Each client against `pitboss simulator` as a user starts it, with its own clock, market and limits."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

DRIVERS = Path(__file__).parent / "drivers"


@pytest.mark.parametrize("client", ["ib_insync", "ib_async", "ibapi"])
def test_a_client_sees_ticks_and_buys(
    client: str, paper_tws: Callable[..., int], python_of: Callable[[str], str], environ: dict[str, str]
) -> None:
    port = paper_tws("--feed", "synthetic:AAPL@50", "--seed", "1")
    program = DRIVERS / ("first_steps_ibapi.py" if client == "ibapi" else "first_steps_ib.py")
    done = subprocess.run(
        [python_of(client), str(program), client, str(port)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "Filled AAPL 100\n", "")
