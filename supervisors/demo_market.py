"""The demo's market: a paper TWS and a signal service in a process of their own, reached over real sockets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from attrs import frozen

from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.verbs_simulator import SIGNALS_LINE, TWS_LINE

__all__ = ["Market", "open_market"]

_START_SECONDS = 20.0
_STOP_SECONDS = 3.0

# What the demo begins with; from then on the service predicts by itself. It makes its first prediction half a second
# after it begins, and what was made last counts, of two made at once the scripted: so these come before and with it.
_OPENING_SECONDS = (0.0, 0.5)
_OPENING = (
    ("AAPL", "BUY", 0.91),
    ("NVDA", "BUY", 0.86),
    ("TSLA", "SHORT", 0.83),
    ("MSFT", "BUY", 0.64),
    ("SPY", "NEUTRAL", 0.77),
)


@frozen
class Market:
    """Where it listens."""

    port: int
    base_url: str
    process: trio.Process


@asynccontextmanager
async def open_market(symbols: Sequence[str], seed: int, api_key: str, folder: Path) -> AsyncIterator[Market]:
    """Start it, and end it afterwards. Raises ProcessFailed where it does not start."""
    script = folder / "opening_predictions.jsonl"
    script.write_text(
        "".join(
            json.dumps({"after": after, "ticker": ticker, "signal": word, "confidence": confidence}) + "\n"
            for after in _OPENING_SECONDS
            for ticker, word, confidence in _OPENING
        )
    )
    command = [
        *(sys.executable, "-m", "supervisors", "simulator", "--port", "0", "--signals", "0", "--until-input-ends"),
        # a quarter of an hour of market in half a minute, so that exits are seen
        *("--feed", f"synthetic:{','.join(symbols)}@0.4", "--speed", "30", "--seed", str(seed)),
        *("--tickers", ",".join(symbols), "--interval", "10", "--script", str(script)),
        *("--book", str(folder / "market_book.json")),
    ]
    with (folder / "market.txt").open("wb") as said:
        process = await trio.lowlevel.open_process(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env={**os.environ, "API_KEY": api_key},
            start_new_session=True,  # Ctrl-C is for the supervisor process, which needs the market to stop in order
        )
    try:
        yield await _announced(process, folder)
    finally:
        with trio.CancelScope(shield=True):
            await _end(process)


async def _announced(process: trio.Process, folder: Path) -> Market:
    assert process.stdout is not None
    said = ""
    with trio.move_on_after(_START_SECONDS):
        while chunk := await process.stdout.receive_some():
            said += chunk.decode()
            lines = said.splitlines()
            if len(lines) == 2 and said.endswith("\n"):
                port = int(lines[0].removeprefix(TWS_LINE).rpartition(":")[2])
                return Market(port, lines[1].removeprefix(SIGNALS_LINE), process)
    reason = (folder / "market.txt").read_text(errors="replace").strip()
    raise ProcessFailed(ExitCode.FAILED, f"the demo's market did not start: {reason or 'it said nothing'}")


async def _end(process: trio.Process) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdin.aclose()
    with trio.move_on_after(_STOP_SECONDS):
        await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()
    await process.stdout.aclose()
