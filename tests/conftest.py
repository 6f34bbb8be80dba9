"""Pitboss as its users start it: as a process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisors.cli import run

ROOT = Path(__file__).parents[1]
PATIENCE = 30.0


class Started:
    """A `pitboss` that runs in the background."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, environ: dict[str, str]) -> None:
        self.error_file = folder / f"stderr-{len(list(folder.glob('stderr-*')))}"
        with self.error_file.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "supervisors", *arguments],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    @property
    def errors(self) -> str:
        """What it said on stderr so far."""
        return self.error_file.read_text()

    def line(self) -> str:
        """The next line of its standard output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, number: int | None = None) -> int:
        """Wait for its exit code, after a signal where one is given."""
        if number is not None:
            self.signal(number)
        try:
            return self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            assert self.process.stdout is not None
            self.process.stdout.close()


@pytest.fixture
def environ() -> dict[str, str]:
    """The environment without what would configure Pitboss."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PITBOSS_", "API_")) and name != "FORCE_COLOR"
    } | {"COLUMNS": "200"}


@pytest.fixture
def pitboss(environ: dict[str, str], tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a verb to its end."""

    def to_its_end(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "supervisors", *arguments],
            cwd=ROOT,
            env=environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    return to_its_end


@pytest.fixture
def verb(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """As `pitboss`, but in this process: for what ends before anything is started."""

    def run_here(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        for name in set(os.environ) - set(environ):
            monkeypatch.delenv(name)
        for name, value in (environ | variables).items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return run_here


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Started]]:
    """Start a verb in the background; what still runs at the end of the test is killed."""
    running: list[Started] = []

    def begin(*arguments: str, **variables: str) -> Started:
        running.append(Started(arguments, tmp_path, environ | variables))
        return running[-1]

    yield begin
    for started in running:
        if started.process.poll() is None:
            started.process.kill()
        if started.process.stdout is not None and not started.process.stdout.closed:
            started.end()


@pytest.fixture
def paper_tws(start: Callable[..., Started], tmp_path: Path) -> Callable[..., int]:
    """Start a paper TWS on a free port and return the port; its book is `book.json`."""

    def serve(*arguments: str) -> int:
        simulator = start("simulator", "--port", "0", "--book", str(tmp_path / "book.json"), *arguments)
        match = re.fullmatch(r"paper TWS on 127\.0\.0\.1:(\d+)\n", simulator.line())
        assert match, simulator.errors
        return int(match[1])

    return serve


@pytest.fixture
def until() -> Callable[..., Any]:
    """Poll a question until its answer is true, and return the answer."""

    def wait(question: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            answer = question()
            if answer:
                return answer
            assert time.monotonic() < deadline, f"never came: {what}"
            time.sleep(0.05)

    return wait


@pytest.fixture
def status(verb: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[[Path], dict[str, Any]]:
    """`pitboss status --json` of a state folder; empty while nothing answers."""

    def ask(folder: Path) -> dict[str, Any]:
        done = verb("status", "--json", "--state-dir", str(folder))
        answer: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        return answer

    return ask
