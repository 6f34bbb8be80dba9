"""What must hold at every moment of a storm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulation.oracle.evidence import Evidence
from simulation.oracle.halts import Halts
from simulation.oracle.heard import Heard
from simulation.oracle.money import running_profit
from simulation.oracle.records import Records
from simulation.oracle.risk import Limits, NewRisk
from simulation.oracle.truth import Truth
from simulation.oracle.watch import Watch
from simulator.model import OrderChanged, VenueEvent

__all__ = ["Safety", "Violation"]

_NEEDED = ("journal", "gateway", "orders", "portfolio")  # what READY promises to run


class Violation(AssertionError):
    """An invariant does not hold."""


class Safety:
    """Watches the book event by event, the wire frame by frame, and the status whenever it is looked at."""

    def __init__(
        self,
        truth: Truth,
        records: Records,
        clock: Callable[[], float],
        state: Callable[[], str],
        alive_since: Callable[[], float],
        limits: Limits | None = None,
    ) -> None:
        """`state` is the process's state now; `alive_since` when the process started, inf for none."""
        self._truth, self._records, self._state = truth, records, state
        self._arrived: set[int] = set()
        self.halts = Halts()
        self._risk = NewRisk(truth, records, clock, limits or Limits())
        self._heard = Heard(truth)
        self.watch = Watch(truth, clock, alive_since, self._heard)
        self.sent_risk = 0
        self.violations: list[str] = []
        # what else looks at each status: "" or what is wrong
        self.others: list[Callable[[Mapping[str, Any]], str]] = []
        self._evidence = Evidence(truth, records, self._heard, clock, self.broken)
        self._told = 0  # by the book
        self._seen: tuple[float, ...] = ()  # what there was at the last look
        self._alive_since = alive_since
        truth.enters = records.enters
        truth.venue.subscribe(self._on_book, ticks=False)

    def broken(self, text: str) -> None:
        """Note a violation. It is raised by whoever looks next: never into the venue's or the product's own code."""
        self.violations.append(text)

    # the book

    def _on_book(self, event: VenueEvent) -> None:
        self._told += 1
        if isinstance(event, OrderChanged):
            order = event.order
            if order.perm_id not in self._arrived and order.order_ref:
                self._arrived.add(order.perm_id)
                self._records.read()
                if order.order_ref not in self._records.intents:
                    self.broken(f"{order.order_ref} reached the broker before its intent was safe on the disk")
                doubles = self._truth.doubles()
                if order.order_ref in doubles:
                    self.broken(f"{order.order_ref} is at the broker twice")
        self.watch.protection()

    # the wire

    def told(self, fields: list[str]) -> None:
        """A frame has reached the process."""
        self._heard.frame(fields)
        self._evidence.frame(False, fields)

    def sent(self, fields: list[str]) -> None:
        """A frame has left the process."""
        self._evidence.frame(True, fields)
        if fields[0] == "1":
            self._risk.asked(fields)
        if fields[0] != "3":
            return
        self._records.read()
        ref = next((field for field in fields if field in self._records.intents), None)
        if ref is None:
            self.broken(f"a placeOrder without an intent left the process: {fields[:20]}")
            return
        if wrong := self._risk.counted(ref):
            self.broken(wrong)
        if not self._records.enters(ref):
            return
        if any(one.order_ref == ref for one in self._truth.venue.orders.values()):
            return  # a change of it
        self.sent_risk += 1
        if self._state() != "READY":
            self.broken(f"{ref}, new risk, left the process in the state {self._state()}")
        if halt := self.halts.standing:
            self.broken(f"{ref}, new risk, left the process after {halt} had been answered")
        if wrong := self._risk.wrong(ref):
            self.broken(f"{ref}, new risk, left the process: {wrong}")

    # the status

    @property
    def restless(self) -> bool:
        """Whether a look may find what the last one did not, other than by the mere passing of time."""
        return bool(self.watch.waits or self.violations) or self._story() != self._seen

    def _story(self) -> tuple[float, ...]:
        self._records.read()
        return self._told, self._records.taken, self._alive_since()

    def look(self, status: Mapping[str, Any]) -> None:
        """Compare a status with the book; raises Violation for this and for all that was noted before."""
        self._seen = self._story()
        for wrong in (
            *self.watch.look(status),
            *self._evidence.look(status, self._alive_since()),
            *self._down(status),
            *self._twice(),
        ):
            self.broken(wrong)
        for symbol, wrong in running_profit(status, self._truth, self._records).items():
            if wrong := self.watch.lasting(f"profit of {symbol}", wrong):
                self.broken(wrong)
        self.violations += [wrong for look in self.others if (wrong := look(status))]
        if self.violations:
            raise Violation(self.violations[0])

    def _down(self, status: Mapping[str, Any]) -> list[str]:
        if status["state"] != "READY":
            return []
        states = {row["address"]: row["state"] for row in status.get("actors") or ()}
        return [f"READY, and {name} is {states[name]}" for name in _NEEDED if states.get(name, "running") != "running"]

    def _twice(self) -> list[str]:
        booked = self._records.booked.items()
        return [f"execution {exec_id} was booked {times} times" for exec_id, times in booked if times > 1]
