"""`why`, `whynot`, `alarms` and `adopt` as people use them: on a process over real sockets, and after its death."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def faults(tmp_path: Path) -> str:
    """With the first order somebody buys MSFT by hand, and its fill is corrected to more than was ordered."""
    path = tmp_path / "faults.toml"
    path.write_text(
        """
        [[fault]]
        on = "placeOrder"
        nth = 1
        do = [
            "accept",
            { verb = "manual", symbol = "MSFT", quantity = 10, price = 400.0 },
            { verb = "wait", seconds = 0.5 },
            { verb = "fill", price = 50.0 },
            { verb = "wait", seconds = 0.5 },
            { verb = "correct", quantity = 150, price = 50.0 },
        ]
        """
    )
    return str(path)


@pytest.fixture
def running(start: Any, paper_tws: Any, tmp_path: Path, state: Path, status: Any, until: Any, request: Any) -> Any:
    config = tmp_path / "pitboss.toml"
    trouble = ("--faults", request.getfixturevalue("faults")) if hasattr(request, "param") else ()
    port = paper_tws("--feed", "synthetic:AAPL,MSFT@20", *trouble)
    config.write_text(
        f"""
        [process]
        state_dir = "{state}"
        [broker]
        port = {port}
        reconcile_seconds = 2.0
        [defaults]
        stop_loss_pct = 0.10
        take_profit_pct = 0.20
        [symbols.AAPL]
        [symbols.MSFT]
        """
    )
    process = start("run", "--config", str(config))
    until(lambda: status(state).get("state") == "READY", f"READY\n{process.errors}")
    return process


def bought(verb: Run, state: Path, until: Any, symbol: str = "AAPL") -> str:
    folder = ("--state-dir", str(state))
    done = until(lambda: (tried := verb("buy", symbol, "100", *folder)).returncode == 0 and tried, "a buy")
    order_ref: str = done.stdout.split()[1]
    return order_ref


def test_why_reads_beside_the_process_and_after_its_death(
    running: Any, verb: Run, state: Path, status: Any, until: Any, tmp_path: Path
) -> None:
    folder = ("--state-dir", str(state))
    order_ref = bought(verb, state, until)
    until(lambda: any(item["protected"] for item in status(state).get("positions", [])), "protection")

    def told() -> Any:
        """What the broker said is on the disk a moment later: nobody waits for that."""
        page = verb("why", order_ref, *folder)
        assert page.returncode == 0, page.stderr
        return "→ FILLED" in page.stdout and page

    alive = until(told, "the fill in the journal")
    assert "asked by operator: let through" in alive.stdout
    assert "open, 100 held" in alive.stdout
    running.end(signal.SIGKILL)
    dead = json.loads(verb("why", order_ref, "--json", "--config", str(tmp_path / "pitboss.toml")).stdout)
    assert [order["role"] for order in dead["orders"]] == ["entry", "stop", "target"]
    assert [line["status"] for line in dead["timeline"] if line["status"]][-1] == "FILLED"
    assert verb("journal", "verify", str(state / "pitboss.journal")).returncode == 0
    assert verb("whynot", "MSFT", *folder).returncode == 1


def test_a_damaged_journal_is_exit_code_4(verb: Run, tmp_path: Path) -> None:
    (tmp_path / "pitboss.journal").write_bytes(b"not a journal" * 1000)
    assert verb("why", "pb-1", "--state-dir", str(tmp_path)).returncode == 4
    assert verb("why", "pb-1", "--journal", str(tmp_path / "none")).returncode == 1


def test_alarms_are_listed_and_an_unknown_one_is_not_cleared(running: Any, verb: Run, state: Path) -> None:
    folder = ("--state-dir", str(state))
    assert verb("alarms", *folder).stdout == "no alarm stands\n"
    assert verb("alarms", "--json", *folder).stdout == "[]\n"
    done = verb("alarms", "--clear", "nothing", *folder)
    assert (done.returncode, "no alarm with this id stands" in done.stderr) == (1, True)


@pytest.mark.parametrize("running", ["trouble"], indirect=True)
def test_a_trade_by_hand_is_adopted_and_an_overfill_is_acknowledged(
    running: Any, verb: Run, state: Path, status: Any, until: Any
) -> None:
    folder = ("--state-dir", str(state))
    until(lambda: verb("buy", "AAPL", "100", "--limit", "50", *folder).returncode == 0, "a buy")

    def standing() -> dict[str, str]:
        return {alarm["kind"]: alarm["id"] for alarm in json.loads(verb("alarms", "--json", *folder).stdout)}

    until(lambda: {"order.overfilled", "position.unmanaged"} <= standing().keys(), "both alarms")
    lasting = verb("alarms", "--clear", standing()["position.unmanaged"], *folder)
    assert (lasting.returncode, "ends when its cause does" in lasting.stderr) == (1, True)
    done = verb("alarms", "--clear", standing()["order.overfilled"], *folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("cleared: order.overfilled")
    assert "order.overfilled" not in standing()

    def recorded() -> bool:
        lines = verb("journal", "dump", str(state / "pitboss.journal"), "--kind", "AlarmCleared").stdout.splitlines()
        return any(json.loads(line)["payload"]["by"] == "operator" for line in lines)

    until(recorded, "the clearing in the journal")

    adopted = verb("adopt", "MSFT", "--stop", "50%", *folder)
    assert adopted.returncode == 0, adopted.stderr
    assert "MSFT: 10 held at" in adopted.stdout
    until(lambda: "position.unmanaged" not in standing(), "the end of that alarm")
    position = until(
        lambda: [one for one in status(state)["positions"] if one["symbol"] == "MSFT" and one["protected"]],
        "protection",
    )[0]
    assert position["quantity"] == "10"
    told = verb("why", position["position_id"], *folder)
    assert told.returncode == 0, told.stderr
    assert "for operator, stop 50 %" in told.stdout


def test_what_is_not_held_cannot_be_adopted(running: Any, verb: Run, state: Path) -> None:
    done = verb("adopt", "AAPL", "--stop", "3%", "--state-dir", str(state))
    assert (done.returncode, "nothing is held" in done.stderr) == (1, True)
