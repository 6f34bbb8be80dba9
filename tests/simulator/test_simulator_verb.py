"""`pitboss simulator` as people start it: its flags, what it refuses, and a fault that a real client meets."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path
from typing import Any

import ib_insync as ibi
import pytest

from simulator.testing.loops import keep_plain_loops


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port", "70000"], "--port 70000: expected 0 (any free one) to 65535"),
        (["--speed", "-1"], "--speed -1.0: expected 0 (as fast as possible) or a positive number"),
        (["--accounts", "du1,?"], "--accounts du1,?: expected different accounts such as DU1234567,DU7654321"),
        (["--cash", "-5"], "--cash -5: expected US dollars, 0 to 1000000000000"),
        (["--cash", "much"], "--cash much: expected US dollars, such as 50000"),
        (["--master-client-id", "-1"], "--master-client-id -1: expected a client id, 0 to 2147483647"),
        (["--messages-per-second", "-1"], "--messages-per-second -1: expected 0 (no limit) or more"),
        (["--pacing-breaches", "0"], "--pacing-breaches 0: expected 1 or more"),
        (["--fresh"], "--fresh without --book: expected a book to begin afresh"),
        (["--feed", "radio"], "feed 'radio': expected synthetic"),
        (["--calendar", "MARS"], "no exchange calendar is named 'MARS'; New York is XNYS"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_flag_value_and_expectation(
    arguments: list[str], said: str, verb: Any
) -> None:
    done = verb("simulator", *([] if "--port" in arguments else ["--port", "0"]), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_port_that_is_taken_ends_it_with_1(verb: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = verb("simulator", "--port", str(port), "--feed", "manual")
    assert done.returncode == 1
    assert done.stderr.startswith(f"pitboss: cannot listen on 127.0.0.1:{port}: ")


def test_a_client_meets_the_script_and_the_flags(start: Any, tmp_path: Path) -> None:
    keep_plain_loops()
    script = tmp_path / "faults.toml"
    script.write_text(
        '[[fault]]\non = "placeOrder"\nnth = 1\ndo = ["swallow", { verb = "error", code = 201, text = "not today" }]\n'
        '[random]\nmessages = ["commissionReport"]\ndrop = 1.0\nseed = 4\n'
    )
    simulator = start(
        *("simulator", "--port", "0", "--feed", "manual", "--faults", str(script)),
        *("--accounts", "DU1,DU2", "--cash", "1234.50", "--master-client-id", "9"),
    )
    match = re.fullmatch(r"paper TWS on 127\.0\.0\.1:(\d+)\n", simulator.line())
    assert match, simulator.errors
    ib, master = ibi.IB(), ibi.IB()
    told: list[tuple[int, str]] = []
    ib.errorEvent += lambda _, code, text, __: told.append((code, text))
    try:
        ib.connect("127.0.0.1", int(match[1]), clientId=3, timeout=10, account="DU2")
        master.connect("127.0.0.1", int(match[1]), clientId=9, timeout=10, account="DU1")
        assert ib.managedAccounts() == ["DU1", "DU2"]
        (cash,) = (one.value for one in ib.accountSummary("DU2") if one.tag == "TotalCashValue")
        assert float(cash) == 1234.5
        stock = ibi.Stock("AAPL", "SMART", "USD")
        for _ in range(2):
            ib.placeOrder(stock, ibi.LimitOrder("BUY", 1, 90.0, tif="GTC", account="DU1", orderRef="mine"))
            ib.reqCurrentTime()
        assert (201, "not today") in told
        master.reqCurrentTime()
        (seen,) = master.openOrders()
        assert (seen.orderRef, seen.clientId) == ("mine", 3)
    finally:
        ib.disconnect()
        master.disconnect()
    assert simulator.end(signal.SIGTERM) == 0
