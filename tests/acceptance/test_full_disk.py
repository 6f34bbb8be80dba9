"""A disk without room under a running Pitboss: real sockets, real files, and a limit on how long a file may become."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import trio

from actors.storage.disk import DiskStorage
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
