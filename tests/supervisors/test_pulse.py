"""What the log says of a process as it runs: enough to begin reading anywhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from config.environment import Environment
from config.log_rotation import Rotation
from config.logging import Log, start_logging
from config.settings import LogSettings, SymbolSettings
from messages.order import Side
from messages.position import ClosePosition, PositionView
from supervisors.status import collect_status


@pytest.fixture
def logged(plant: Callable[..., None], tmp_path: Path) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Run `body(plant, log)` with a log, and return its lines."""
    running: list[Log] = []

    def run(
        body: Callable[..., Any], level: Any = "INFO", rotation: Rotation | None = None, **keywords: Any
    ) -> list[dict[str, Any]]:
        path = tmp_path / "log.jsonl"

        async def begin(built: Any) -> None:
            environment = Environment(built.paper.environment.now, seed=1)
            how: dict[str, Any] = {"level": level, "rotation": rotation, "background": False}
            running.append(start_logging(environment, path=path, **how))
            await built.kill()
            await built.start()
            await body(built, running[0])

        plant(begin, **keywords)
        running.pop().stop()
        return [json.loads(line) for line in path.read_text().splitlines()]

    yield run
    for left in running:
        left.stop()


def of(lines: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == event]


def test_the_last_snapshot_is_what_status_says(logged: Callable[..., list[dict[str, Any]]]) -> None:
    statuses = []

    async def body(plant: Any, _log: Log) -> None:
        await plant.trade_at(100.0)
        await plant.open()
        await plant.settle(5.0)
        await plant.trade_at(101.0)
        statuses.append(await collect_status(plant.process.system, plant.process.state))
        plant.process.stop("the test is over")
        await plant.settle(5.0)

    lines = logged(body)
    snapshots = of(lines, "system.snapshot")
    last = snapshots[-1]
    (status,) = statuses
    assert status["positions"][0]["unrealized_pnl"] == "99"
    assert len(status["orders"]) == 3
    assert last["status"] == json.loads(json.dumps(status)) | {
        "state": "STOPPING",
        "reason": "the test is over",
        "since": last["status"]["since"],
    }
    assert (last["name"], last["mode"], last["symbols"]) == ("pitboss", "paper", ["AAPL", "MSFT"])
    assert snapshots[0]["status"]["state"] == "READY"
    assert lines.index(last) < lines.index(of(lines, "system.stopped")[0])


def test_the_pulse_is_regular_and_tells_what_was_counted(logged: Callable[..., list[dict[str, Any]]]) -> None:
    async def body(plant: Any, _log: Log) -> None:
        await plant.trade_at(100.0)
        await plant.open()
        await plant.settle(120.0)

    lines = logged(body, max_gross_exposure=Decimal(20_000), broker={"reconcile_seconds": 10.0})
    pulses = of(lines, "system.pulse")
    assert len(pulses) == 24
    last = pulses[-1]
    assert last["state"] == "READY"
    assert last["ticks"] >= 3
    assert last["broker"]["connected"]
    assert last["broker"]["round_trip_seconds"] > 0
    assert last["exposure"] == [{"limit": "gross exposure", "used": "10000.0", "maximum": "20000"}]
    assert last["reconciled_at"] > pulses[0]["reconciled_at"]
    for name, least in (("fsync", 3), ("order_latency", 3), ("round_trip", 20)):
        histogram = last[name]
        assert least <= histogram["count"], name
        assert histogram["counts"] == sorted(histogram["counts"])
        assert len(histogram["counts"]) == len(histogram["bounds"])
    money = {"realized", "unrealized", "commission", "daily", "equity", "gross_exposure", "net_exposure"}
    assert last["pnl"].keys() == money


def test_a_mark_is_written_where_a_price_has_moved_and_not_for_what_is_not_held(
    logged: Callable[..., list[dict[str, Any]]],
) -> None:
    async def body(plant: Any, _log: Log) -> None:
        await plant.trade_at(100.0)
        await plant.open(Side.BUY)
        await plant.settle(60.0)
        for price in (100.5, 101.0, 100.75):
            await plant.trade_at(price)
            await plant.trade_at(50.0, "MSFT")
        await plant.settle(60.0)

    marks = of(logged(body), "position.marked")
    assert [(mark["symbol"], mark["price"]) for mark in marks] == [("AAPL", 100.0), ("AAPL", 100.75)]
    assert (marks[1]["quantity"], marks[1]["unrealized_pnl"]) == ("100", "74")
    assert (marks[1]["stop"], marks[1]["target"]) == ("97.01", "108.02")


def test_a_file_that_is_opened_anew_begins_with_a_snapshot(
    logged: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"

    async def body(plant: Any, log: Log) -> None:
        path.rename(tmp_path / "log.jsonl.1")
        log.reopen()
        await plant.settle(6.0)

    lines = logged(body)
    assert [line["event"] for line in lines[:2]] == ["system.snapshot", "system.pulse"]


def test_a_tick_writes_nothing(logged: Callable[..., list[dict[str, Any]]], tmp_path: Path) -> None:
    """Neither at DEBUG: what comes with three thousand of them comes with none."""
    counted = []

    async def body(plant: Any, _log: Log) -> None:
        path = tmp_path / "log.jsonl"
        await plant.open(Side.BUY)
        await plant.settle(30.0)
        for ticks in (0, 100):
            before = len(path.read_text().splitlines())
            for _ in range(10):
                for number in range(ticks):
                    for kind in (1, 2, 4):
                        plant.tick("AAPL", kind, round(100.0 + number % 7 / 100, 2))
                await plant.settle(1.0)
            lines = [json.loads(line) for line in path.read_text().splitlines()[before:]]
            counted.append(
                [line["event"] for line in lines if line["event"] not in ("position.marked", "system.pulse")]
            )
            marks = [line for line in lines if line["event"] == "position.marked"]
            assert len(marks) <= 2
        assert plant.process.system.measures.ticks > 100

    pulses = [line["ticks"] for line in of(logged(body, level="DEBUG"), "system.pulse")]
    assert pulses == sorted(pulses)
    assert counted == [[], []]


def test_a_file_that_is_full_is_followed_by_one_that_begins_with_a_snapshot(
    logged: Callable[..., list[dict[str, Any]]], tmp_path: Path
) -> None:
    async def body(plant: Any, _log: Log) -> None:
        await plant.open(Side.BUY)
        for price in range(40):
            await plant.trade_at(100.0 + price / 100)
            await plant.settle(5.0)

    logged(body, rotation=Rotation(size=20_000))
    kept = sorted(tmp_path.glob("log.2*.jsonl"))
    assert len(kept) > 1
    for path in (*kept[1:], tmp_path / "log.jsonl"):
        first = json.loads(path.read_text().splitlines()[0])
        assert (first["event"], first["status"]["positions"][0]["quantity"]) == ("system.snapshot", "100"), path


def test_without_a_pulse_nothing_of_it_is_written(logged: Callable[..., list[dict[str, Any]]]) -> None:
    async def body(plant: Any, _log: Log) -> None:
        await plant.kill()
        plant.settings = attrs.evolve(plant.settings, log=LogSettings(pulse_seconds=0.0))
        before = plant.process
        await plant.start()
        assert plant.process is not before
        await plant.settle(30.0)

    lines = logged(body)
    begun = max(number for number, line in enumerate(lines) if line["event"] == "system.starting")
    assert not {line["event"] for line in lines[begun:]} & {"system.pulse", "system.snapshot", "position.marked"}


def test_what_is_logged_of_a_position_while_a_snapshot_is_gathered_is_in_it(
    logged: Callable[..., list[dict[str, Any]]],
) -> None:
    """AAPL is looked at first and sold while the others still are: the snapshot must not say that it is held."""
    names = ("AMD", "NVDA", "TSLA", "META", "GOOGL", "AMZN", "INTC", "ORCL")

    async def body(plant: Any, log: Log) -> None:
        await plant.open(Side.BUY)
        await plant.settle(5.0)
        pulse, positions = plant.process.pulse, plant.process.pulse._positions

        async def slowly() -> AsyncIterator[tuple[str, PositionView]]:
            async for name, view in positions():
                yield name, view
                if name == "position/AAPL":
                    assert view.quantity == 100
                    await plant.ask(name, ClosePosition("by the test", "test"))
                    await trio.sleep(2.0)

        pulse._positions = slowly
        await pulse._snapshot_in_parts(log)
        pulse._positions = positions
        assert plant.held() == 0

    lines = logged(body, symbols={name: SymbolSettings() for name in names})
    closed = lines.index(of(lines, "position.closed")[0])
    (after, *_) = (line for line in lines[closed:] if line["event"] == "system.snapshot")
    (aapl,) = (one for one in after["status"]["positions"] if one["symbol"] == "AAPL")
    assert (aapl["quantity"], aapl["state"]) == ("0", "CLOSED")
