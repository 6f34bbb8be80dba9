"""Recorded ticks, a hundred times faster: an entry, a target reached and a stop-out, which everybody tells alike.

The recording is made here. `PITBOSS_RECORDING` names a file of real ticks of 700 (Tencent, about 443 HKD) to run the
same session on it too.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

LOW, HIGH, TICK = 4400, 4480, 2  # in tenths of a dollar
LOT = "100"
Rows = list[dict[str, Any]]


def swings(path: Path, rounds: int = 4) -> Path:
    """Write a recording whose price swings between 440 and 448, one step in ten seconds, both sides quoted."""
    start = datetime.fromisoformat("2022-01-07T05:58:09.505592+00:00")
    rise = list(range(4440, HIGH, TICK))
    fall = list(range(HIGH, LOW, -TICK))
    again = list(range(LOW, 4440, TICK))
    rows: Rows = []
    for number, last in enumerate((rise + fall + again) * rounds):
        at = (start + timedelta(seconds=10 * number)).isoformat()
        for kind, price in ((0, last - TICK), (1, last - TICK), (2, last + TICK), (3, last + TICK), (4, last)):
            rows.append({"time": at, "price": price / 10, "size": 50_000.0, "tickType": kind})
    path.write_text(json.dumps(rows))
    return path


class Session:
    """A process on a replayed recording, and the four places that tell what happened."""

    def __init__(self, process: Any, verb: Any, status: Any, until: Any, folder: Path) -> None:
        self.process, self.verb, self._status, self.until = process, verb, status, until
        self.state, self.book_file = folder / "state", folder / "book.json"

    def status(self) -> dict[str, Any]:
        """What `pitboss status --json` prints."""
        found: dict[str, Any] = self._status(self.state)
        return found

    def position(self) -> dict[str, Any]:
        """The position in 700."""
        return next((row for row in self.status().get("positions", ()) if row["symbol"] == "700"), {})

    def buy(self, *terms: str) -> dict[str, Any]:
        """Buy a lot and return the position as it stands when it is protected."""
        folder = ("--state-dir", str(self.state))
        self.until(lambda: self.verb("buy", "700", LOT, *terms, *folder).returncode == 0, "an accepted entry")
        row: dict[str, Any] = self.until(
            lambda: (now := self.position()).get("protected") and now["quantity"] == LOT and now, "protection"
        )
        return row

    def closed(self, position_id: str) -> dict[str, Any]:
        """The position when it has been left, by the broker's own orders."""
        row: dict[str, Any] = self.until(
            lambda: (now := self.position())["state"] == "CLOSED" and now["position_id"] == position_id and now,
            "an exit",
            60.0,
        )
        return row

    def log(self, *events: str) -> Rows:
        """Lines of the log."""
        lines = (json.loads(line) for line in (self.state / "pitboss.log.jsonl").read_text().splitlines())
        return [line for line in lines if line["event"] in events]

    def journal(self, kind: str) -> Rows:
        """Payloads of the journal."""
        done = self.verb("journal", "dump", str(self.state / "pitboss.journal"))
        records = [json.loads(line) for line in done.stdout.splitlines()]
        return [record["payload"] for record in records if record["kind"] == kind]

    def book(self) -> dict[str, Any]:
        """The broker's own book."""
        found: dict[str, Any] = json.loads(self.book_file.read_text())
        return found


@pytest.fixture
def session(start: Any, paper_tws: Any, verb: Any, status: Any, until: Any, tmp_path: Path) -> Callable[..., Session]:
    def begin(recording: Path, feed: str) -> Session:
        port = paper_tws("--feed", feed.format(recording), "--speed", "100")
        config = tmp_path / "pitboss.toml"
        config.write_text(
            f'[process]\nstate_dir = "{tmp_path / "state"}"\n[broker]\nport = {port}\n'
            '[symbols.700]\nexchange = "SEHK"\ncurrency = "HKD"\n'
        )
        begun = Session(start("run", "--config", str(config)), verb, status, until, tmp_path)
        until(lambda: begun.status().get("state") == "READY", "READY")
        return begun

    return begin


def money(rows: Rows, field: str) -> Decimal:
    assert all(isinstance(row[field], str) for row in rows), "money is text"
    return sum((Decimal(row[field]) for row in rows), Decimal(0))


def agree(session: Session, left: list[tuple[dict[str, Any], dict[str, Any]]], reasons: list[str]) -> None:
    """Compare status, log and journal with the broker's book, figure by figure."""
    last = session.status()
    assert (last["state"], last["alarms"], last["unanswered"]) == ("READY", [], [])
    assert session.process.end(signal.SIGINT) == 0
    assert session.verb("journal", "verify", str(session.state / "pitboss.journal")).returncode == 0
    book = session.book()
    assert book["positions"] == []

    # orders: one live order an intent, the same fate everywhere
    orders = {row["order_ref"]: row for row in book["orders"]}
    assert len(orders) == len(book["orders"]) == 3 * len(left)
    assert {row["order_ref"]: (row["perm_id"], row["filled"]) for row in last["orders"]} == {
        ref: (row["perm_id"], row["filled"]) for ref, row in orders.items()
    }
    words = {"FILLED": "Filled", "CANCELLED": "Cancelled"}
    assert {row["order_ref"]: words[row["status"]] for row in last["orders"]} == {
        ref: row["status"] for ref, row in orders.items()
    }
    assert {row["order_ref"] for row in session.log("order.intent")} == set(orders)
    assert {row["order"]["order_ref"] for row in session.journal("OrderIntended")} == set(orders)
    assert [row["order_ref"] for row in session.log("order.sent") if not row["modification"]] == list(orders)

    # executions: each once, at the same price and cost
    fills = {row["exec_id"]: row for row in book["executions"]}
    figures = {key: (row["quantity"], Decimal(row["price"])) for key, row in fills.items()}
    booked = [row["execution"] for row in session.journal("ExecutionBooked")]
    told = session.log("order.filled")
    assert len(booked) == len(told) == len(fills)
    assert {row["exec_id"]: (row["quantity"], Decimal(row["price"])) for row in booked} == figures
    assert {row["execution"]: (row["quantity"], Decimal(row["price"])) for row in told} == figures
    charged = [row["commission"] for row in session.journal("CommissionBooked")]
    assert {row["exec_id"]: Decimal(row["amount"]) for row in charged} == {
        key: Decimal(row["commission"]) for key, row in fills.items()
    }

    # money: what each position earned, without commission, and what it cost
    earned = sum(
        Decimal(row["price"]) * Decimal(row["quantity"]) * (1 if row["side"] == "SLD" else -1)
        for row in book["executions"]
    )
    cost = money(book["executions"], "commission")
    ends = session.log("position.closed")
    closings = session.journal("PositionClosed")
    assert [row["reason"] for row in ends] == [row["reason"] for row in closings] == reasons
    for told_by in (ends, closings, [row for _, row in left]):
        assert (money(told_by, "realized_pnl"), money(told_by, "commission")) == (earned, cost)
    assert [row["position_id"] for row in ends] == [row["position_id"] for row, _ in left]
    for (opened, closed), row in zip(left, session.log("position.opened"), strict=True):
        assert (row["average_price"], row["stop"], row["target"]) == (
            opened["average_price"], opened["stop"], opened["target"],
        )  # fmt: skip
        assert (closed["quantity"], closed["unrealized_pnl"], closed["stop"]) == ("0", "0", None)
    assert len(session.log("protection.armed")) == len(left)
    assert not session.log("actor.crashed", "deadletter", "alarm.raised", "protection.missing")


def trade(session: Session, *terms: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Enter with these terms and wait for the exit: the position as it stood when open and when closed."""
    opened = session.buy(*terms)
    assert opened["state"] == "OPEN"
    exits = {row["role"]: row for row in session.status()["orders"] if row["position_id"] == opened["position_id"]}
    assert (exits["stop"]["stop"], exits["target"]["limit"]) == (opened["stop"], opened["target"])
    return opened, session.closed(opened["position_id"])


def test_status_log_and_journal_agree_with_the_brokers_book(session: Any, tmp_path: Path) -> None:
    running = session(swings(tmp_path / "swings.json"), "recorded:{}:700:loop")
    left: list[tuple[dict[str, Any], dict[str, Any]]] = []
    reasons: list[str] = []
    while set(reasons) != {"stop", "target"}:  # which of them depends on where the swing is at the entry
        assert len(left) < 12, reasons
        left.append(trade(running, "--stop", "0.4%", "--target", "0.4%"))
        reasons.append("target" if Decimal(left[-1][1]["realized_pnl"]) > 0 else "stop")
    agree(running, left, reasons)


@pytest.mark.skipif("PITBOSS_RECORDING" not in os.environ, reason="PITBOSS_RECORDING names no recording of 700")
def test_so_they_do_on_real_ticks(session: Any) -> None:
    running = session(Path(os.environ["PITBOSS_RECORDING"]), "recorded:{}")
    left = [
        trade(running, "--limit", "444.0", "--stop", "1%", "--target", "0.1%"),
        trade(running, "--stop", "0.1%", "--target", "1%"),
    ]
    agree(running, left, ["target", "stop"])
