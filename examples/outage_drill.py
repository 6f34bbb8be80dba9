"""An outage drill with real processes: TWS restarts, TWS loses IB, Pitboss is killed, and fills happen all the while.

python examples/outage_drill.py

Pitboss runs as `pitboss run` does, against a paper TWS over a real socket and with its journal on a real disk. What is
printed of it is its own log in words; after each step both sides must say the same, or the drill ends with an error.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from attrs import frozen

from config.log_events import EVENTS
from simulator.app import SimulatorSettings
from simulator.faults.scene import Scene
from simulator.faults.verbs import Verb
from simulator.testing import ThreadedPaper
from supervisors.control_client import request
from supervisors.exit_codes import ProcessFailed

PATIENCE = 60.0  # seconds until a step counts as failed
SYMBOLS = {"AAPL": 150.0, "KO": 60.0, "MSFT": 400.0, "NVDA": 100.0}
SHOWN = ("order.filled", "position.closed", "alarm.raised", "alarm.cleared")
CONFIGURATION = """
[process]
state_dir = "{folder}"
[broker]
port = {port}
reconcile_seconds = 5
[defaults]
stop_loss_pct = 0.02
take_profit_pct = 0.04
"""
ORDER_MESSAGES = ["openOrder", "orderStatus", "execDetails", "commissionReport"]


@frozen(slots=True)
class Call(Verb):
    """A fault that calls the drill."""

    what: Callable[[], None]

    def act(self, scene: Scene) -> None:
        """Call it."""
        self.what()


class Drill:
    """A paper TWS, a Pitboss and a person at the terminal."""

    def __init__(self, folder: Path, more: str = "") -> None:
        """`more` is what the configuration says beside the usual."""
        self.paper = ThreadedPaper(SimulatorSettings(port=0, feed="manual"))
        self.prices = dict(SYMBOLS)
        self.folder = folder
        self.config = folder / "pitboss.toml"
        tables = "".join(f"[symbols.{symbol}]\n" for symbol in SYMBOLS)
        self.config.write_text(CONFIGURATION.format(folder=folder, port=self.paper.port) + tables + more)
        self._shown = 0
        self.process: subprocess.Popen[bytes]

    # the process

    def start(self) -> None:
        """Start Pitboss, as `pitboss run --config pitboss.toml` does."""
        self.process = self.launch("-m", "supervisors", "run", "--config", str(self.config))

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a program of ours."""
        with (self.folder / "console").open("ab") as console:
            return subprocess.Popen(
                [sys.executable, *arguments], stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )

    def kill(self) -> None:
        """SIGKILL: nothing is said, nothing is written, nothing is closed."""
        os.kill(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """End everything."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.paper.close()

    def status(self) -> dict[str, Any]:
        """What `pitboss status --json` prints; {} while nothing answers."""
        try:
            return dict(request(self.folder, "status")["status"])
        except ProcessFailed:
            return {}

    # the market, and the person at the terminal

    def quote(self) -> None:
        """Tell every price, bid and ask a cent around it."""
        for symbol, price in self.prices.items():
            self.paper.tick(symbol, bid=price - 0.01, ask=price + 0.01, last=price)

    def trade_at(self, symbol: str, price: float) -> None:
        """Move a price."""
        self.prices[symbol] = price
        self.quote()

    def type(self, verb: str, symbol: str, quantity: str = "") -> None:
        """Type a verb; it is refused until the contract is known and its first quote has come."""
        print(f">>> pitboss {verb} {symbol} {quantity}".rstrip())
        fields = {"symbol": symbol, **({"quantity": quantity} if quantity else {})}

        def taken() -> bool:
            self.quote()
            try:
                return bool(request(self.folder, verb, **fields)["ok"])
            except ProcessFailed:
                return False

        self.until(taken, f"{verb} {symbol}")

    def die(self, verb: str, symbol: str, quantity: str) -> None:
        """Type a verb that the process does not survive."""
        print(f">>> pitboss {verb} {symbol} {quantity}")
        while self.process.poll() is None:
            self.quote()
            try:
                request(self.folder, verb, symbol=symbol, quantity=quantity)
            except ProcessFailed:
                time.sleep(0.05)

    def fill_target(self, symbol: str) -> None:
        """Have the broker fill a resting target, whatever the market does."""
        (found,) = (o for o in self.paper.book.working if (o.contract.symbol, o.order_type) == (symbol, "LMT"))
        self.paper.faults.do({"verb": "fill", "order_ref": found.order_ref, "price": str(found.limit)})

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait for something."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            if time.monotonic() > deadline:
                sys.exit(f"the drill failed: {what}\n{json.dumps(self.status(), indent=1)}")
            time.sleep(0.05)

    # what both sides say

    def agree(self) -> None:
        """Wait until both sides say the same and all that is held is protected; print what happened, and what is so."""
        wrong: list[str] = ["not looked at"]

        def agreed() -> bool:
            self.quote()
            wrong[:] = self._differences()
            return not wrong

        deadline = time.monotonic() + PATIENCE
        while not agreed():
            if time.monotonic() > deadline:
                sys.exit(f"the drill failed: {'; '.join(wrong)}")
            time.sleep(0.05)
        time.sleep(0.5)  # the log is written in the background
        for _, words in sorted(self._said(), key=lambda said: said[0]):  # which of two symbols comes first is chance
            print(f"    {words}")
        book = self.paper.book
        held = [f"{one.quantity:+f} {one.contract.symbol}" for one in book.positions if one.quantity]
        resting = [f"{order.contract.symbol} {order.order_type}" for order in book.working]
        print(
            f"=== agreed: {', '.join(sorted(held)) or 'flat'}; {', '.join(sorted(resting)) or 'nothing'} at the broker"
        )

    def _differences(self) -> list[str]:
        status, book = self.status(), self.paper.book
        if not status or status["state"] != "READY" or status["unanswered"]:
            return [f"Pitboss is {status.get('state', 'away')}"]
        found = []
        ours = {row["symbol"]: Decimal(row["quantity"]) for row in status["positions"] if Decimal(row["quantity"])}
        theirs = {one.contract.symbol: one.quantity for one in book.positions if one.quantity}
        if ours != theirs:
            found.append(f"Pitboss holds {ours}, the broker {theirs}")
        live = {row["order_ref"] for row in status["orders"] if row["status"] in ("ACCEPTED", "PARTIALLY_FILLED")}
        if live != {order.order_ref for order in book.working}:
            found.append("not the same orders work")
        exposed = [row["symbol"] for row in status["positions"] if row["symbol"] in ours and not row["protected"]]
        found += [f"{symbol} is not protected" for symbol in exposed]
        found += [f"alarm {alarm['kind']}" for alarm in status["alarms"]]
        return found

    def _said(self) -> Iterator[tuple[str, str]]:
        """What the process has logged since the last time: symbol, words."""
        lines = (self.folder / "pitboss.log.jsonl").read_text().splitlines()
        news, self._shown = lines[self._shown :], len(lines)
        for line in map(json.loads, news):
            if line["event"] not in SHOWN:
                continue
            if line["event"].startswith("alarm"):
                words = f"{line['event'].replace('.', ' ')}: {line['kind']}"
            else:
                words = EVENTS[line["event"]].words.replace("?}", "}").format_map({"role": "", **line})
            yield line.get("symbol") or "", words

    def settle_accounts(self) -> None:
        """Compare what was earned and paid, to the cent."""
        book = self.paper.book
        closed = [
            line
            for line in map(json.loads, (self.folder / "pitboss.log.jsonl").read_text().splitlines())
            if line["event"] == "position.closed"
        ]
        earned = sum(Decimal(line["realized_pnl"]) for line in closed)
        paid = sum(Decimal(line["commission"]) for line in closed)
        cash = book.cash[self.paper.account] - 1_000_000
        commissions = sum(one.amount for one in book.commissions.values())
        print(f"realised {earned}, commissions {paid}, together {earned - paid}")
        print(f"by the broker's book: commissions {commissions}, cash {cash:+f}")
        sent = [order.order_ref for order in book.orders]
        print(f"{len(book.executions)} executions; {len(sent)} orders, {len(sent) - len(set(sent))} of them sent twice")
        if (earned - paid, paid) != (cash, commissions) or len(sent) != len(set(sent)):
            sys.exit("the drill failed: the accounts differ")


def play(it: Drill) -> None:
    """Play the drill."""
    print("# Pitboss starts, and takes three positions, each with a stop and a target at the broker")
    it.start()
    it.type("buy", "AAPL", "100")
    it.type("sell", "KO", "200")
    it.type("buy", "MSFT", "50")
    it.until(lambda: len(it.paper.book.positions) == 3, "three positions")
    it.agree()

    print("# TWS restarts; while it is away AAPL falls through its stop")
    it.paper.faults.do({"verb": "restart", "seconds": 2.0})
    it.trade_at("AAPL", 146.0)
    it.until(lambda: not it.paper.book.position("AAPL"), "the stop fills")
    it.agree()

    print("# TWS loses IB (1100); nobody is told that KO reaches its target; IB comes back with all data (1102)")
    it.paper.faults.do({"verb": "connectivity", "state": "lost"})
    it.paper.faults.do({"verb": "drop", "messages": ORDER_MESSAGES, "asked": False, "name": "silence"})
    it.fill_target("KO")
    it.until(lambda: not it.paper.book.position("KO"), "the target fills")
    it.paper.faults.do({"verb": "release", "name": "silence"})
    it.paper.faults.do({"verb": "connectivity", "state": "kept"})
    it.agree()

    print("# TWS loses IB again, and with it every subscription (1101); ticks must be asked for anew")
    it.paper.faults.do({"verb": "connectivity", "state": "lost"})
    it.until(lambda: it.status().get("state") != "READY", "the loss is known")
    it.paper.faults.do({"verb": "connectivity", "state": "dropped"})
    it.agree()
    it.trade_at("MSFT", 404.0)
    it.until(lambda: 404.0 in [row["last_price"] for row in it.status()["positions"]], "a tick arrives")
    print("    MSFT is quoted at 404.0")

    print("# kill -9 at the moment when the last order of a bracket reaches TWS; MSFT reaches its target meanwhile")
    it.paper.faults.on("placeOrder", "accept", Call(it.kill), nth=3)
    it.die("buy", "NVDA", "100")
    print(f"    the process ended with {it.process.returncode}")
    it.until(lambda: bool(it.paper.book.position("NVDA")), "the entry fills")
    it.trade_at("MSFT", 417.0)
    it.until(lambda: not it.paper.book.position("MSFT"), "the target fills")
    it.start()
    it.agree()

    print("# and out")
    it.type("close", "NVDA")
    it.until(lambda: not it.paper.book.positions, "flat")
    it.agree()
    it.settle_accounts()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        drill = Drill(Path(folder))
        try:
            play(drill)
        finally:
            drill.stop()
