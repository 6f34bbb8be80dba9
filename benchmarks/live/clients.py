"""The two clients of the live path, as child processes: the plain script and a whole Pitboss."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from messages.order import OrderStatus
from supervisors.control_client import request
from supervisors.exit_codes import ProcessFailed

__all__ = ["Pitboss", "pitboss", "plain_script"]

_CONFIGURATION = """
[process]
state_dir = "{state}"
[broker]
port = {port}
[risk]
quote_max_age_seconds = 3600
local_stop_grace_seconds = 0.0
[defaults]
stop_loss_pct = 0.03
take_profit_pct = 0.08
quantity = 100
"""


@contextmanager
def plain_script(port: int, symbols: Sequence[str], module: str = "benchmarks.live.plain_script") -> Iterator[None]:
    """Run a plain ib_insync script."""
    child = subprocess.Popen([sys.executable, "-m", module, str(port), *symbols])
    try:
        yield
    finally:
        child.kill()
        child.wait()


class Pitboss:
    """A running process, spoken to through its control socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def status(self) -> dict[str, Any]:
        """Return the status as `pitboss status --json` prints it."""
        return dict(request(self._folder, "status")["status"])

    def position(self, symbol: str) -> dict[str, Any]:
        """Return the position of a symbol as the status shows it, {} where there is none."""
        return next((row for row in self.status()["positions"] if row["symbol"] == symbol), {})

    def wait(self, what: str, condition: Callable[[], Any]) -> None:
        """Poll until the condition holds; raises TimeoutError after 30 s."""
        for _ in range(3000):
            if condition():
                return
            time.sleep(0.01)
        raise TimeoutError(f"not in time: {what}; see the state folder")

    def ready(self) -> bool:
        """Whether it runs and has reconciled."""
        try:
            return bool(self.status()["state"] == "READY")
        except ProcessFailed:
            return False

    def enter(self, symbol: str) -> None:
        """Buy 100 shares and wait until they are protected."""
        self.wait(f"{symbol} flat", lambda: self.position(symbol).get("quantity", "0") == "0")
        request(self._folder, "buy", symbol=symbol, quantity="100")
        self.wait(f"{symbol} protected", lambda: self.position(symbol).get("protected"))

    def leave(self, symbol: str) -> None:
        """Close the position, once it is protected, and wait until nothing is left of it."""
        self.wait(f"{symbol} protected", lambda: self.position(symbol).get("protected"))
        request(self._folder, "close", symbol=symbol)
        self.wait(
            f"{symbol} flat", lambda: self.position(symbol).get("quantity", "0") == "0" and not self._live(symbol)
        )

    def _live(self, symbol: str) -> bool:
        orders = self.status()["orders"]
        return any(row["symbol"] == symbol and not OrderStatus(row["status"]).done for row in orders)


@contextmanager
def pitboss(
    port: int, symbols: Sequence[str], folder: Path, more: str = "", secrets: Mapping[str, str] | None = None
) -> Iterator[Pitboss]:
    """Run `pitboss run` with a state folder in `folder`; `more` is further configuration."""
    sections = more + "".join(f'[symbols.{symbol}]\nsector = "technology"\n' for symbol in symbols)
    configuration = folder / "live.toml"
    state = folder / "state"
    text = _CONFIGURATION.format(state=state, port=port) + sections
    configuration.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "supervisors", "run", "--config", str(configuration)]
    with (folder / "console.txt").open("w") as console:
        child = subprocess.Popen(command, stderr=console, stdout=console, env=os.environ | dict(secrets or {}))
        try:
            running = Pitboss(state)
            while not running.ready():
                if child.poll() is not None:
                    raise RuntimeError((folder / "console.txt").read_text(encoding="utf-8"))
                time.sleep(0.02)
            yield running
        finally:
            child.terminate()
            child.wait()
