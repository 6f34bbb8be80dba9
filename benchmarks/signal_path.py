"""Signal → orders on the wire, through the whole process and through a plain script.

`python -m benchmarks.signal_path [PUSHED [POLLED]]`. A signal leaves: the service's answer to a poll, or a request to
the push endpoint, is given to its socket. It has arrived when the broker's end of the other socket has read the last of
the three orders (entry, target, stop) that it leads to; until then TWS holds the first two back. Pitboss polls at most
30 times a minute, as the service allows; how long a prediction waits for its poll is not measured.

Pitboss journals and fsyncs the signal before its rules see it, and the orders before they go; the plain script has
neither journal nor reconnect. The two run side by side against a broker and a service each and are measured in turns;
beside each signal one small synced write is timed in the same folder.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

from benchmarks.floors import synced_write
from benchmarks.live.clients import pitboss, plain_script
from benchmarks.live.signal_service import SignalService, prediction, signal_service
from benchmarks.live_path import Do, broker
from benchmarks.table import percentile, print_table

__all__ = ["main"]

SYMBOL = "AAPL"
PRICE = 100.0
LEGS = 3
REST = 0.15  # seconds before a signal, so that the rate budget (45 messages a second) is not what is measured
TOKEN = "benchmark"

_CONFIGURATION = """
[signals]
base_url = "{base_url}"
poll_seconds = 2.1
push_port = {push_port}
[[rules]]
id = "long"
event = "PredictionSignalEvent"
when = {{ signal = "BUY", confidence = ">= 0.75" }}
do = "create_position"
side = "BUY"
"""


class Way:
    """One client with its broker and where its signals come from, and what was measured of it."""

    def __init__(
        self, name: str, do: Do, send: Callable[[], float], leave: Callable[[], object] = lambda: None
    ) -> None:
        """`send()` has a signal leave and returns when; `leave()` makes ready for the next."""
        self.name = name
        self._do = do
        self._send = send
        self._leave = leave
        self.times: list[float] = []

    def signal(self) -> None:
        """Time one signal until the last of its orders."""
        self._do(do="price", price=PRICE)
        time.sleep(REST)
        self._do(do="expect", orders=LEGS)
        left = self._send()
        self.times.append(self._do(do="arrived")["times"][-1] - left)
        self._leave()


def polled(service: SignalService) -> float:
    """Have the service answer its next poll with something new."""
    service.predict(SYMBOL)
    return service.left()


def pushing(port: int) -> Callable[[], float]:
    """Return what pushes a signal on a connection that stays open."""
    link = http.client.HTTPConnection("127.0.0.1", port)  # which sends without delay

    def push() -> float:
        body = json.dumps(prediction(SYMBOL))
        left = time.perf_counter()
        link.request("POST", "/signals", body, {"Authorization": f"Bearer {TOKEN}"})
        response = link.getresponse()
        answer = response.read()
        if response.status != 202:
            raise RuntimeError(f"the signal was not taken: {response.status} {answer!r}")
        return left

    return push


def free_port() -> int:
    """Return a port that is free now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def print_times(ways: Sequence[Way], synced: Sequence[float]) -> None:
    """Print the table; the first way is the plain one."""

    def row(name: str, times: Sequence[float], base: float | None) -> tuple[str, ...]:
        shares = (percentile(times, share) for share in (0.5, 0.9, 0.99))
        ratio = "" if base is None else f"{median(times) / base:.2f}"
        return name, f"{len(times)}", *(f"{share * 1e6:,.0f}" for share in (*shares, min(times))), ratio

    plain = ways[0]
    allowed = median(plain.times) + 2 * median(synced)
    rows = [row(way.name, way.times, None if way is plain else allowed) for way in ways]
    print_table(
        f"Signal → the last of {LEGS} orders on the wire",
        ("µs", "signals", "p50", "p90", "p99", "min", "÷ (plain + 2 fdatasync)"),
        [*rows, row("one small write + fdatasync", synced, None)],
        note="two: the signal is journaled before the rules see it, the orders before they go",
    )


def main(pushed: int = 200, polls: int = 60) -> None:
    """Measure all and print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="live-", dir=Path.cwd())))
        service = stack.enter_context(signal_service())
        port, do = stack.enter_context(broker([SYMBOL]))
        stack.enter_context(plain_script(port, [SYMBOL, service.base_url], "benchmarks.live.plain_signals"))
        do(do="subscribed", count=1)
        plain = Way("plain httpx + ib_insync script, polled, no journal", do, lambda: polled(service))
        ours = stack.enter_context(signal_service())
        port, do = stack.enter_context(broker([SYMBOL]))
        push_port = free_port()
        configuration = _CONFIGURATION.format(base_url=ours.base_url, push_port=push_port)
        secrets = {"API_KEY": TOKEN, "SIGNAL_TOKEN": TOKEN}
        running = stack.enter_context(pitboss(port, [SYMBOL], folder, configuration, secrets))
        do(do="subscribed", count=1)
        ways = [
            plain,
            Way("pitboss run, polled", do, lambda: polled(ours), lambda: running.leave(SYMBOL)),
            Way("pitboss run, pushed", do, pushing(push_port), lambda: running.leave(SYMBOL)),
        ]
        synced = measure(ways, pushed, polls, stack.enter_context(synced_write(folder)))
    print_times(ways, synced)


def measure(ways: Sequence[Way], pushed: int, polls: int, floor: Callable[[], float]) -> list[float]:
    """Take turns; return what the floor took each time, in seconds."""
    plain, by_poll, by_push = ways
    taken: list[float] = []
    for way in ways:
        way.signal()  # the first is for warming up
        way.times.clear()
    for number in range(max(pushed, polls)):
        turn = [plain, *([by_poll] if number < polls else []), *([by_push] if number < pushed else [])]
        for way in turn if number % 2 else reversed(turn):
            way.signal()
        taken.append(floor())
    return taken


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
