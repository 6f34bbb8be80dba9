"""The kill switch from the command line: pulled, seen, not ended by resume or a kill, re-armed with a reason."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_the_kill_switch_from_outside(
    start: Any, paper_tws: Any, verb: Run, status: Callable[[Path], dict[str, Any]], until: Any, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    port = paper_tws("--feed", "synthetic:AAPL,MSFT@20")
    (tmp_path / "pitboss.toml").write_text(
        f'[process]\nstate_dir = "{state}"\n[broker]\nport = {port}\n'
        "[risk]\nmax_gross_exposure = 100000\nallow_short = false\n[symbols.AAPL]\n[symbols.MSFT]\n"
    )
    config, folder = str(tmp_path / "pitboss.toml"), ("--state-dir", str(state))
    process = start("run", "--config", config)
    until(lambda: status(state).get("state") == "READY", f"READY\n{process.errors}")
    until(lambda: verb("buy", "AAPL", "100", *folder).returncode == 0, "a buy")
    short = verb("sell", "MSFT", "10", *folder)
    assert short.returncode == 1
    assert "short sales are not allowed (risk.allow_short = false)" in short.stderr
    assert "closing every position" in verb("flatten", "--reason", "drill", *folder).stdout
    now = until(lambda: (seen := status(state))["portfolio"]["breaker"]["state"] == "LATCHED" and seen, "LATCHED")
    breaker = now["portfolio"]["breaker"]
    assert (breaker["trigger"], breaker["goal"], breaker["closing"]) == ("kill_switch", "flatten_all", [])
    assert now["state"] == "HALTED"
    page = verb("status", *folder).stdout
    assert "BREAKER LATCHED by kill_switch" in page
    assert "pitboss rearm --reason …" in page
    refused = verb("resume", *folder)
    assert refused.returncode == 1
    assert "the breaker has tripped: `pitboss rearm --reason …`" in refused.stderr
    assert verb("rearm", *folder).returncode == 2
    assert verb("rearm", "--reason", " ", *folder).returncode == 2

    assert process.end(signal.SIGKILL) == -signal.SIGKILL
    start("run", "--config", config)
    until(lambda: status(state).get("state") == "HALTED", "HALTED again")
    assert verb("rearm", "--reason", "the drill is over", *folder).stdout == "re-armed: new risk is allowed\n"
    until(lambda: status(state).get("state") == "READY", "READY again")
    assert verb("rearm", "--reason", "once more", *folder).returncode == 1
