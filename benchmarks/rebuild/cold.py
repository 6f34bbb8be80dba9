"""Cold starts: the process as its user starts it, against the paper TWS as a process, timed by the lines of its log."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from time import perf_counter, sleep

from benchmarks.rebuild.house import contracts_file
from config.environment import machine
from supervisors.verbs_simulator import TWS_LINE

__all__ = ["PHASES", "cold_start", "paper_tws", "python_seconds"]

PHASES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("python and imports", "system.starting", {}),
    ("the journal: opened and checked", "journal.opened", {}),
    ("the broker: connected", "broker.connected", {}),
    ("orders: rebuilt from the journal", "actor.started", {"actor": "orders"}),
    ("portfolio and positions: rebuilt", "actor.started", {"actor": "rules"}),
    ("everything started", "system.started", {}),
    ("READY: in agreement with the broker", "system.ready", {}),
)
"""What a start goes through: name, event of the log at its end, fields of that event."""

_CONFIGURATION = """
[process]
state_dir = "{state}"
[broker]
port = {port}
[defaults]
stop_loss_pct = 0.03
take_profit_pct = 0.08
quantity = 100
"""


@contextmanager
def paper_tws(folder: Path, names: Sequence[str]) -> Iterator[int]:
    """Run `pitboss simulator`; yields its port."""
    options = ["--port", "0", "--feed", "manual", "--contracts", str(contracts_file(folder, names))]
    command = [sys.executable, "-m", "supervisors", "simulator", *options, "--until-input-ends"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            yield int(child.stdout.readline().removeprefix(TWS_LINE).rpartition(":")[2])
        finally:
            child.stdin.close()


def cold_start(folder: Path, journal: Path | None, port: int, names: Sequence[str]) -> list[float]:
    """Run `pitboss run` until READY in a new state folder with a copy of that journal; return the seconds that each
    of PHASES took."""
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(mode=0o700)
    if journal is not None:
        shutil.copy(journal, state / "pitboss.journal")
    configuration = folder / "cold.toml"
    sections = "".join(f'[symbols.{name}]\nsector = "sector {name}"\n' for name in names)
    configuration.write_text(_CONFIGURATION.format(state=state, port=port) + sections, encoding="utf-8")
    command = [sys.executable, "-m", "supervisors", "run", "--config", str(configuration)]
    environment = machine()
    with (folder / "console.txt").open("w") as console:
        began = environment.now()
        child = subprocess.Popen(command, stdout=console, stderr=console)
        try:
            while "system.ready" not in (lines := _log(state)):
                if child.poll() is not None or (environment.now() - began).total_seconds() > 120:
                    raise RuntimeError((folder / "console.txt").read_text(encoding="utf-8"))
                sleep(0.02)
        finally:
            child.terminate()
            child.wait()
    moments = [began, *(_moment(lines, event, fields) for _, event, fields in PHASES)]
    return [(end - begin).total_seconds() for begin, end in pairwise(moments)]


def _log(state: Path) -> str:
    path = state / "pitboss.log.jsonl"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _moment(lines: str, event: str, fields: dict[str, str]) -> datetime:
    for line in lines.splitlines():
        if f'"{event}"' in line:
            found = json.loads(line)
            if found["event"] == event and all(found.get(name) == value for name, value in fields.items()):
                return datetime.fromisoformat(found["ts"])
    raise LookupError(f"the log has no {event} {fields}")


def python_seconds(statement: str) -> float:
    """Return how long a new interpreter takes for a statement."""
    began = perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return perf_counter() - began
