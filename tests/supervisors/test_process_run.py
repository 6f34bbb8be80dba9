"""The process from outside: started, commanded, signalled, killed, against the paper TWS over real sockets."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
Status = Callable[[Path], dict[str, Any]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def config(tmp_path: Path, state: Path) -> Callable[[int], str]:
    def write(port: int) -> str:
        path = tmp_path / "pitboss.toml"
        path.write_text(
            f"""
            [process]
            state_dir = "{state}"
            [broker]
            port = {port}
            [defaults]
            stop_loss_pct = 0.10
            take_profit_pct = 0.20
            [symbols.AAPL]
            sector = "technology"
            [symbols.MSFT]
            """
        )
        return str(path)

    return write


@pytest.fixture
def running(start: Any, paper_tws: Any, config: Any, state: Path, status: Status, until: Any) -> Any:
    """A process that is READY."""
    process = start("run", "--config", config(paper_tws("--feed", "synthetic:AAPL,MSFT@20")))
    until(lambda: status(state).get("state") == "READY", f"READY\n{process.errors}")
    return process


def events(state: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (state / "pitboss.log.jsonl").read_text().splitlines()]


def book(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "book.json").read_text())
    return found


def held(status: dict[str, Any]) -> dict[str, Decimal]:
    return {item["symbol"]: Decimal(item["quantity"]) for item in status["positions"] if Decimal(item["quantity"])}


def bought_and_protected(verb: Run, status: Status, state: Path, until: Any) -> dict[str, Any]:
    done = until(
        lambda: (tried := verb("buy", "AAPL", "100", "--state-dir", str(state))).returncode == 0 and tried, "a buy"
    )
    assert done.stdout.startswith("accepted\npb-")
    found: dict[str, Any] = until(
        lambda: (now := status(state)) and any(item["protected"] for item in now["positions"]) and now, "protection"
    )
    return found


def test_a_day_in_the_life(
    running: Any, verb: Run, status: Status, state: Path, tmp_path: Path, until: Any, config: Any
) -> None:
    folder = ("--state-dir", str(state))
    now = bought_and_protected(verb, status, state, until)
    (position,) = [item for item in now["positions"] if item["symbol"] == "AAPL"]
    assert (position["quantity"], position["state"]) == ("100", "OPEN")
    average = Decimal(position["average_price"])
    assert average * Decimal("0.90") <= Decimal(position["stop"]) <= average * Decimal("0.9001")
    roles = {order["role"]: order for order in now["orders"]}
    assert set(roles) == {"entry", "stop", "target"}
    assert (roles["entry"]["status"], roles["entry"]["type"], roles["entry"]["filled"]) == ("FILLED", "MKT", "100")
    assert roles["stop"]["perm_id"] > 0
    assert now["broker"]["connected"] is True
    assert {actor["address"] for actor in now["actors"]} >= {"journal", "gateway", "orders", "portfolio", "alarms"}
    assert now["alarms"] == []

    again = verb("run", "--config", config(1))
    assert again.returncode == 1
    assert f"in use by process {running.process.pid}" in again.stderr

    assert verb("halt", "--reason", "lunch", *folder).returncode == 0
    assert status(state)["state"] == "HALTED"
    refused = verb("buy", "MSFT", "10", *folder)
    assert refused.returncode == 1
    assert "halted" in refused.stderr
    assert verb("resume", *folder).returncode == 0
    assert "is 100: close it first" in verb("sell", "AAPL", "101", *folder).stderr
    assert "exits of its own" in verb("buy", "AAPL", "1", "--stop", "5%", *folder).stderr
    assert verb("sell", "AAPL", "40", *folder).returncode == 0
    until(lambda: held(status(state)) == {"AAPL": Decimal(60)}, "60 shares left")
    assert verb("cancel", "pb-nothing", *folder).returncode == 1
    assert "READY" in verb("status", *folder).stdout
    assert verb("close", "AAPL", *folder).returncode == 0
    until(lambda: not held(status(state)), "flat")

    assert running.end(signal.SIGTERM) == 0
    assert not (state / "control.sock").exists()
    written = events(state)
    names = [event["event"] for event in written]
    assert names[0] == "system.starting"
    assert names[-1] == "system.stopped"
    order = ["system.ready", "order.intent", "order.sent", "order.filled", "position.opened", "position.closed"]
    assert sorted(order, key=names.index) == order
    assert not [event for event in written if event["event"] == "actor.crashed"]
    closed = [event for event in written if event["event"] == "position.closed" and event["symbol"] == "AAPL"]
    assert [event["reason"] for event in closed] == ["operator"]
    assert verb("journal", "verify", str(state / "pitboss.journal")).returncode == 0
    truth = until(lambda: (found := book(tmp_path)) and not found["positions"] and found, "the book's last word")
    assert sum(Decimal(row["quantity"]) for row in truth["executions"] if row["side"] == "BOT") == 100
    assert len({row["order_ref"] for row in truth["orders"]}) == len(truth["orders"])


def test_a_killed_process_comes_back_with_the_same_positions_and_orders(
    running: Any, start: Any, verb: Run, status: Status, state: Path, tmp_path: Path, until: Any
) -> None:
    before = bought_and_protected(verb, status, state, until)
    running.end(signal.SIGKILL)
    assert verb("status", "--state-dir", str(state)).returncode == 5
    for _ in range(2):
        process = start("run", "--config", str(tmp_path / "pitboss.toml"))
        after = until(lambda: (now := status(state)).get("state") == "READY" and now, f"READY again\n{process.errors}")
        assert held(after) == held(before)
        live = {order["order_ref"] for order in after["orders"] if order["status"] == "ACCEPTED"}
        assert live == {order["order_ref"] for order in before["orders"] if order["status"] == "ACCEPTED"}
        until(lambda: all(item["protected"] for item in status(state)["positions"]), "protection, again confirmed")
        process.end(signal.SIGKILL)
    assert len(book(tmp_path)["orders"]) == 3


def test_sigusr1_shows_every_actor_and_sighup_follows_a_renamed_log(running: Any, state: Path, until: Any) -> None:
    running.signal(signal.SIGUSR1)
    shown = until(
        lambda: (
            {event["address"] for event in events(state) if event["event"] == "system.state"} >= {"alarms"}
            and [event for event in events(state) if event["event"] == "system.state"]
        ),
        "states",
    )
    assert {"journal", "gateway", "orders", "portfolio", "position/AAPL"} <= {event["address"] for event in shown}
    assert all({"state", "mailbox", "inside"} <= event.keys() for event in shown)
    log = state / "pitboss.log.jsonl"
    log.rename(state / "rotated")
    running.signal(signal.SIGHUP)
    until(log.exists, "a new log")
    assert running.end(signal.SIGINT) == 0
    assert [event["event"] for event in events(state)][-1] == "system.stopped"


def test_a_second_signal_ends_it_at_once(running: Any) -> None:
    running.signal(signal.SIGSTOP)  # so that both are there when it looks
    running.signal(signal.SIGINT)
    running.signal(signal.SIGTERM)
    assert running.end(signal.SIGCONT) == 130
    assert "ended at once" in running.errors


def test_a_signal_during_the_start_stops_it_in_order(
    start: Any, config: Any, state: Path, status: Status, until: Any
) -> None:
    with socket.socket() as silent:  # accepts, and never answers the handshake
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        process = start("run", "--config", config(silent.getsockname()[1]))
        until(lambda: status(state).get("state") == "STARTING", "STARTING")
        assert process.end(signal.SIGINT) == 0
    assert [event["event"] for event in events(state)][-1] == "system.stopped"


def test_the_secret_of_the_signals_stands_nowhere(
    start: Any, paper_tws: Any, config: Any, state: Path, status: Status, until: Any, tmp_path: Path
) -> None:
    path = Path(config(paper_tws("--feed", "manual")))
    path.write_text(path.read_text() + '[signals]\nbase_url = "http://127.0.0.1:9/api/v1"\npoll_seconds = 0.2\n')
    process = start("run", "--config", str(path), API_KEY="canary-0815")
    until(
        lambda: any(event["event"] == "signal.unavailable" for event in events(state)) if state.exists() else 0,
        "a poll",
    )
    process.signal(signal.SIGUSR1)
    assert process.end(signal.SIGTERM) == 0
    assert "canary" not in process.errors
    for file in state.iterdir():
        assert b"canary" not in file.read_bytes(), file


def test_the_demo_trades_says_what_and_leaves_a_good_journal(pitboss: Run, verb: Run, state: Path) -> None:
    done = pitboss("demo", "--for", "6s", "--state-dir", str(state))
    assert done.returncode == 0, done.stderr
    assert "ready: in agreement with the broker" in done.stdout
    assert " protected after " in done.stdout
    assert "entries: " in done.stdout
    assert "entries: 0" not in done.stdout
    assert verb("journal", "verify", str(state / "pitboss.journal")).returncode == 0
    crashes = [event for event in events(state) if event["event"] in ("actor.crashed", "deadletter", "alarm.raised")]
    assert not crashes
