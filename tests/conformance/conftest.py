"""Programs that are not ours drive a paper TWS: a stage on which its market and its clock move at their word.

A driver (`drivers/`) runs in its client's own environment. It prints JSON lines: what it has checked, which part of
the conversation begins, and what is to happen at the broker, for which it waits for a line of answer. The clock
stands still but for the driver, so the bytes on the links are the same in every run; they are kept in `golden/`.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import Factory, define

from config.environment import Environment
from simulator.app import PaperBroker, SimulatorSettings
from simulator.faults import parse_script
from simulator.model import Ticked
from simulator.server.pacing import PacingLimits
from simulator.server.tcp import listen
from simulator.transcripts import Transcript, serve_recorded

HERE = Path(__file__).parent
DRIVERS = HERE / "drivers"
GOLDEN = HERE / "golden"
ROOT = HERE.parents[1]
PATIENCE = 30.0
OPENING = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, 10:00 in New York
TICK_TYPES = {"bid": 1, "ask": 2, "last": 4, "high": 6, "low": 7, "close": 9, "open": 14, "halted": 49, "volume": 8}


class Stage:
    """A broker whose time and market are moved by text: `tick AAPL bid=99.9`, `clock 5`, `fault 7: "reset"`."""

    def __init__(self) -> None:
        self._now = OPENING
        settings = SimulatorSettings(feed="manual", messages_per_second=0)
        self.broker = PaperBroker(settings, Environment(lambda: self._now, seed=7))
        self._turn()

    def act(self, text: str) -> None:
        """Do what the text says. Raises ValueError."""
        verb, _, rest = text.partition(" ")
        match verb:
            case "tick":
                self._tick(*rest.split())
            case "clock":
                self._now += timedelta(seconds=float(rest))
                self._turn()
            case "fault":
                client, _, verbs = rest.partition(": ")
                (rule,) = parse_script(f"[[fault]]\nafter = 0.0\ndo = [{verbs}]").rules
                self.broker.faults.do(*rule.do, client=int(client))
            case "master":
                self.broker.tws.master_client_id = int(rest)
            case "pace":
                per_second, breaches = rest.split()
                self.broker.tws.pacing = PacingLimits(int(per_second), int(breaches))
            case _:
                raise ValueError(f"no such act: {text}")

    def _tick(self, symbol: str, *words: str) -> None:
        prices = dict(word.split("=") for word in words)
        size = int(prices.pop("size", "1000"))
        (definition,) = self.broker.contracts.find(symbol, "STK")
        ticks = []
        for name, value in prices.items():
            price, shares = (0.0, int(value)) if name == "volume" else (float(value), size)
            ticks.append(Ticked(definition.contract, TICK_TYPES[name], price, shares, self._now))
        self.broker.deliver(ticks)

    def _turn(self) -> None:
        self.broker.venue.advance(self._now)
        self.broker.tws.advance(self.broker.venue.now())


@define
class Conversation:
    """What a driver found, and what passed on the links."""

    checks: dict[str, str | None] = Factory(dict[str, str | None])
    """check → what is wrong, None if nothing"""
    transcript: Transcript = Factory(Transcript)
    errors: str = ""
    exit_code: int | None = None


async def _lines(stream: trio.abc.ReceiveStream) -> AsyncIterator[str]:
    data = bytearray()
    async for chunk in stream:
        data += chunk
        *lines, data = data.split(b"\n")
        for line in lines:
            yield line.decode()


async def _converse(command: list[str], found: Conversation, errors: int) -> None:
    stage = Stage()
    tws = stage.broker.tws
    listeners = await listen("127.0.0.1", 0)
    port = listeners[0].socket.getsockname()[1]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_recorded, tws, listeners, found.transcript)
        process = await trio.lowlevel.open_process(
            [*command, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=DRIVERS
        )
        try:
            with trio.move_on_after(PATIENCE):
                assert process.stdin is not None
                assert process.stdout is not None
                async for line in _lines(process.stdout):
                    said = json.loads(line)
                    if "check" in said:
                        found.checks[said["check"]] = said["wrong"]
                        continue
                    if "part" in said:
                        found.transcript.part(said["part"], said["explanation"])
                    with trio.move_on_after(5) as late:
                        await _obey(said.get("do", ""), stage, found.transcript)
                    await process.stdin.send_all(b"it did not happen\n" if late.cancelled_caught else b"done\n")
                found.exit_code = await process.wait()
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()
                await process.stdin.aclose()
                await process.stdout.aclose()
        nursery.cancel_scope.cancel()


async def _obey(act: str, stage: Stage, transcript: Transcript) -> None:
    verb, _, rest = act.partition(" ")
    if not verb:
        return
    if verb == "await":  # until only these clients are connected
        wanted = [int(one) for one in rest.split()]
        while [session.client_id for session in stage.broker.tws.clients] != wanted:
            await trio.sleep(0.001)  # the end of a socket is no event of the server's
        return
    transcript.add("*", 0, act)
    stage.act(act)


def _python_of(client: str) -> str:
    if client == "ib_insync":
        return sys.executable
    python = ROOT / f".venv-{client}" / "bin" / "python"
    if not (python.parents[1] / ".installed").exists():
        pytest.fail(f"{python.parents[1]}, the environment of {client}, is not there: run `make test`, which makes it")
    return str(python)


@pytest.fixture
def python_of() -> Callable[[str], str]:
    """The interpreter of a client's environment."""
    return _python_of


@pytest.fixture(scope="session")
def converse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str, int], Conversation]:
    """`converse(driver, client, version)`: let a driver have its whole conversation."""

    def hold(driver: str, client: str, version: int) -> Conversation:
        found = Conversation()
        error_file = tmp_path_factory.mktemp(client) / f"stderr-{version}"
        command = [_python_of(client), "-m", driver, client, str(version)]
        with error_file.open("wb") as errors:
            trio.run(_converse, command, found, errors.fileno())
        found.errors = error_file.read_text()
        return found

    return hold


@pytest.fixture
def compare() -> Callable[[Transcript, str], None]:
    """`compare(transcript, name)` with the one kept; `make golden` writes it anew."""

    def differ(transcript: Transcript, name: str) -> None:
        path = GOLDEN / f"{name}.txt"
        if os.environ.get("PITBOSS_REWRITE_GOLDEN"):
            path.write_text(transcript.written(), encoding="utf-8")
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        now = transcript.written()
        for number, (old, new) in enumerate(zip(kept.split("\n"), now.split("\n"), strict=False), 1):
            assert new == old, f"{path.name}:{number} is told otherwise; if rightly so, `make golden` writes it anew"
        assert len(now) == len(kept), f"{path.name} is longer or shorter than what is told; see `make golden`"

    return differ


@pytest.fixture
def stage() -> Stage:
    """A broker as every conversation finds it."""
    return Stage()


@pytest.fixture
def kept() -> Callable[[str], Transcript]:
    """The transcript kept under a name."""
    return lambda name: Transcript.read((GOLDEN / f"{name}.txt").read_text(encoding="utf-8"))


def _checks_of(driver: str) -> Iterator[str]:
    for path in sorted((DRIVERS / driver).glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(decorator, ast.Name) and decorator.id == "check" for decorator in node.decorator_list
            ):
                yield node.name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each check of a driver: `check` are the functions with that decorator in its folder."""
    if "check" in metafunc.fixturenames:
        metafunc.parametrize("check", list(_checks_of(metafunc.module.DRIVER)))


def pytest_make_parametrize_id(config: Any, val: object, argname: str) -> str | None:
    """Checks and clients are named by themselves."""
    return str(val) if argname in ("check", "version") else None
