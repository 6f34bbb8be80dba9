"""An alert drill with real processes: what goes wrong is told once, in time, on each channel, and is over when it is.

python examples/alert_drill.py

Pitboss runs against a paper TWS; beside it `pitboss alerts run` watches its log and tells a file and an address on this
machine, of a receiver that refuses now and then. The monitor itself is killed on the way. The times are short here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trio
from outage_drill import PATIENCE, Drill

from config.environment import machine
from config.loading import load
from config.logging import Log
from supervisors.control_client import request
from supervisors.exit_codes import ProcessFailed
from supervisors.launch import own_folder_and_log, serve
from supervisors.process import Process

BOUND = 15.0  # seconds within which each must be told, in this drill
CONFIGURATION = """
[log]
pulse_seconds = 0.5
[risk]
max_consecutive_losses = 1
[alerts]
silent_seconds = 2.5
group_seconds = 0.3
[alerts.channels.file]
path = "told.jsonl"
[alerts.channels.receiver]
url = "env:RECEIVER"
[[alerts.rules]]
id = "link"
event = "alarm.raised"
when = { kind = "broker.lost" }
for_seconds = 1
until_event = "alarm.cleared"
severity = "runbook"
text = "{kind}: {text}"
runbook = "{kind}"
"""


class Receiver(ThreadingHTTPServer):
    """What a chat service would be: it takes messages by HTTP, and refuses as many as it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refusals = 0
        self.messages: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """As apprise writes it."""
        return f"json://127.0.0.1:{self.server_address[1]}/"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refused = self.server.refusals > 0
        self.server.refusals -= refused
        if not refused:
            self.server.messages.append(f"{body['title']}\n{body['message']}")
        self.send_response(503 if refused else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: what it takes is looked at."""


class AlertDrill(Drill):
    """The drill's processes, and a person with a watch."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, CONFIGURATION)
        self.receiver = Receiver()
        os.environ["RECEIVER"] = self.receiver.address
        self.monitor: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start Pitboss, with a companion that breaks an actor when it gets a signal."""
        self.process = self.launch(__file__, str(self.config))

    def watch(self) -> None:
        """Start `pitboss alerts run`."""
        self.monitor = self.launch("-m", "supervisors", "alerts", "run", "--config", str(self.config))

    def stop(self) -> None:
        """End everything."""
        self.monitor.terminate()
        self.monitor.wait(PATIENCE)
        super().stop()
        self.receiver.shutdown()
        self.receiver.server_close()

    def told(self, rule: str, word: str, about: str) -> list[dict[str, Any]]:
        """What the file says of an alert."""
        path = self.folder / "told.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        found = [line for line in map(json.loads, lines) if (line["rule"], line["word"]) == (rule, word)]
        return [line for line in found if about in line["text"]]

    def expect(self, rule: str, word: str, about: str, times: int = 1) -> None:
        """Wait until both channels have been told, and say how it is."""
        began = time.monotonic()
        self.until(lambda: len(self.told(rule, word, about)) >= times, f"{rule} {word}: {about}")
        took = time.monotonic() - began
        if took > BOUND:
            sys.exit(f"the drill failed: {rule} {word} took {took:.1f} s")
        shown = {"raised": "told", "over": "over", "told": "told"}[word]
        print(f"    {shown} within {BOUND:g} s: {self.told(rule, word, about)[-1]['severity']} {about}")

    def clear(self, kind: str) -> None:
        """Type `pitboss alarms --clear`."""
        (alarm,) = (one for one in self.status()["alarms"] if one["kind"] == kind)
        print(f">>> pitboss alarms --clear {kind}'s")
        request(self.folder, "alarms", clear=alarm["id"])

    def count(self) -> None:
        """Say that nothing was told twice, and that both channels were told the same."""
        time.sleep(1.5)  # for what must not come
        lines = [json.loads(line) for line in (self.folder / "told.jsonl").read_text().splitlines()]
        for word in ("raised", "over", "told"):
            for line in lines:
                if line["word"] == word:
                    same = [one for one in lines if (one["rule"], one["key"], one["word"], one["since"]) ==
                            (line["rule"], line["key"], word, line["since"])]  # fmt: skip
                    if len(same) != 1:
                        sys.exit(f"the drill failed: told {len(same)} times: {line}")
        raised, over = (sum(line["word"] == word for line in lines) for word in ("raised", "over"))
        heard = "\n".join(self.receiver.messages)
        missing = [line["text"] for line in lines if line["text"] not in heard]
        print(f"{raised} alerts raised, {over} over, none of them told twice; missing at the receiver: {len(missing)}")
        if raised != over or missing:
            sys.exit(f"the drill failed: {missing or lines}")


def play(it: AlertDrill) -> None:
    """Play the drill."""
    print("# Pitboss starts and takes two positions; nothing is told")
    it.start()
    it.type("buy", "AAPL", "100")
    it.type("buy", "KO", "100")
    it.until(lambda: len(it.paper.book.positions) == 2, "two positions")
    it.agree()
    it.watch()

    print("# TWS is gone; the receiver refuses two messages, which come again")
    it.until(lambda: (it.folder / "alerts.json").exists(), "the monitor has looked")
    it.receiver.refusals = 2
    it.paper.faults.do({"verb": "restart", "seconds": 3.0})
    it.expect("link", "raised", "broker.lost")
    it.expect("link", "over", "broker.lost")

    print("# a bug that one symbol provokes; the monitor is killed and comes back before it is cleared")
    it.until(lambda: it.status().get("state") == "READY", "ready again")
    os.kill(it.process.pid, signal.SIGUSR2)
    it.expect("alarm", "raised", "actor.quarantined: position/KO")
    it.monitor.kill()
    it.monitor.wait()
    it.watch()
    it.clear("actor.quarantined")
    it.expect("alarm", "over", "actor.quarantined: position/KO")

    print("# a limit is reached: AAPL falls through its stop, and one loss is all that is allowed")
    it.trade_at("AAPL", 146.0)
    it.expect("alarm", "raised", "risk.consecutive_losses")
    it.expect("halted", "raised", "halted")
    print(">>> pitboss rearm")
    it.until(lambda: _takes(partial(request, it.folder, "rearm", reason="the drill")), "rearmed")
    it.expect("alarm", "over", "risk.consecutive_losses")
    it.expect("halted", "over", "halted")

    print("# the process freezes (SIGSTOP), and goes on")
    os.kill(it.process.pid, signal.SIGSTOP)
    it.expect("silent", "raised", "the log says nothing")
    os.kill(it.process.pid, signal.SIGCONT)
    it.expect("silent", "over", "the log says nothing")

    print("# the process is killed (SIGKILL); the monitor too, and comes back while nothing runs")
    it.kill()
    it.expect("silent", "raised", "the log says nothing", times=2)
    it.monitor.kill()
    it.monitor.wait()
    it.watch()
    it.start()
    it.until(lambda: it.status().get("state") == "READY", "ready")
    it.expect("silent", "over", "the log says nothing", times=2)
    it.expect("died", "told", "started again after it had died")
    it.count()


def _takes(verb: Callable[[], object]) -> bool:
    try:
        verb()
    except ProcessFailed:
        return False
    return True


def pitboss(config: Path) -> None:
    """`pitboss run`, with a companion that breaks position/KO on SIGUSR2."""
    settings, environment = load(config, os.environ), machine()

    async def companion(process: Process) -> None:
        with trio.open_signal_receiver(signal.SIGUSR2) as received:
            async for _ in received:
                for _ in range(20):
                    process.system.address("position/KO").tell(object())
                    await trio.sleep(0.02)

    async def main(log: Log) -> None:
        await serve(settings, environment, log, companion=companion)

    own_folder_and_log(settings, environment, main, ())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        pitboss(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            drill = AlertDrill(Path(folder))
            try:
                play(drill)
            finally:
                drill.stop()
