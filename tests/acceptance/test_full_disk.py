"""A disk without room under a running Pitboss: real sockets, real files, and a limit on how long a file may become."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from storage.disk import DiskStorage
from supervisors import journal_verbs


def test_on_a_full_disk_new_risk_stops_and_flatten_works(
    run_house: Callable[..., None], tmp_path: Path, capsys: Any
) -> None:
    journal = tmp_path / "state" / "pitboss.journal"

    async def body(house: Any) -> None:
        await house.enter("AAPL", 100.0)
        await house.quoted("MSFT", 400.0)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
        try:
            house.price("MSFT", 400.0)
            await house.command("buy", symbol="MSFT", quantity="100")
            await house.until(lambda: house.process.state.state == "HALTED", "HALTED")
            status = await house.status()
            assert "the journal has failed" in status["reason"]
            assert [alarm["kind"] for alarm in status["alarms"]] == ["journal.failed"]
            assert (await house.position("AAPL"))["protected"]
            refused = await house.command("resume")
            assert "the journal has failed" in refused["error"]
            await house.command("flatten")
            await house.until_position("AAPL", quantity="0", state="CLOSED")
            assert house.broker_position("AAPL") == house.broker_position("MSFT") == 0
            assert not [row for row in house.broker_orders() if row[2] in ("Submitted", "PreSubmitted")]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    run_house(body)
    assert journal_verbs.verify(journal) == 0
    assert "more are in its reserve" in capsys.readouterr().out
    assert journal_verbs.dump(journal, kinds=("ExecutionBooked",)) == 0
    booked = capsys.readouterr().out.splitlines()
    assert len(booked) == 2, "bought before it, sold since"

    async def start() -> None:
        storage = DiskStorage(journal)
        opened = await storage.open("test", "2026-11-22T14:30:00Z")
        assert "came from the reserve" in opened.recovered
        await storage.close()

    trio.run(start)
    assert journal_verbs.verify(journal) == 0
    assert "more are in its reserve" not in capsys.readouterr().out
    assert journal_verbs.dump(journal, kinds=("ExecutionBooked",)) == 0
    assert capsys.readouterr().out.splitlines() == booked


@pytest.mark.parametrize("room", [0, 8192, 60_000])
def test_a_start_on_a_disk_that_is_still_full_is_refused_and_loses_nothing(
    run_house: Callable[..., None], tmp_path: Path, environ: dict[str, str], capsys: Any, room: int
) -> None:
    """The reserve of the run before holds what the journal lacks: it must survive the attempt."""
    state = tmp_path / "state"

    async def body(house: Any) -> None:
        await house.enter("AAPL", 100.0)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
        try:
            await house.command("flatten")
            await house.until_position("AAPL", quantity="0", state="CLOSED")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    run_house(body)
    journal = state / "pitboss.journal"
    config = tmp_path / "again.toml"
    config.write_text(f'[process]\nstate_dir = "{state}"\n[broker]\nport = 1\n')
    before = {path.name: path.read_bytes() for path in state.iterdir() if "reserve" in path.name}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-m", "supervisors", "run", "--config", str(config)],
            env=environ,
            capture_output=True,
            text=True,
            timeout=30,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        )
        assert done.returncode == 4, done.stderr
        said = done.stderr.splitlines()[-1]
        assert said.startswith("pitboss: ")
        # a limit on the size of files gives other words than a full disk: "no space left", "database or disk is full"
        assert str(state) in said
        assert any(words in said for words in ("room", "File too large", "disk I/O error"))
        assert "Traceback" not in done.stderr
    assert {path.name: path.read_bytes() for path in state.iterdir() if "reserve" in path.name} == before
    assert journal_verbs.verify(journal) == 0
    capsys.readouterr()
    assert journal_verbs.dump(journal, kinds=("ExecutionBooked",)) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2, "bought before it, sold since"
