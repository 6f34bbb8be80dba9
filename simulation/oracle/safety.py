"""What must hold at every moment of a storm."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from simulation.oracle.records import Records
from simulation.oracle.truth import Truth
from simulator.model import Executed, OrderChanged, Ticked, VenueEvent

__all__ = ["Safety", "Violation"]

NAKED_SECONDS = 15.0  # risk.naked_seconds is 5; then the link may be dead, which takes another five to find out
HEARSAY_SECONDS = 30.0  # what others trade is found out at the next reconciliation, every 20 s here
APART_SECONDS = 150.0  # a difference between both positions, with everything up, and nothing said about it
_RISKY = ("entry", "scale")
# alarms that say that something held may be without protection, or that nobody knows
EXPOSED = (
    "protection.",
    "position.",
    "broker.",
    "reconcile.",
    "order.",
    "journal.",
    "actor.",
    "breaker.",
    "instrument.",
)


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
    ) -> None:
        """`state` is the process's state now; `alive_since` when the process started, inf for none."""
        self._truth, self._records, self._clock, self._state = truth, records, clock, state
        self._alive_since = alive_since
        self._arrived: set[int] = set()
        self._no_risk: str = ""  # why an operator's answered command forbids new risk
        self._naked: dict[str, float] = {}
        self._apart: dict[str, float] = {}
        self._declared = -1e9  # when a look found an alarm that says it
        self._by_others: dict[str, float] = {}  # when somebody else traded a symbol
        self.longest_naked = 0.0
        self.sent_risk = 0
        self.violations: list[str] = []
        self.others: list[
            Callable[[Mapping[str, Any]], str]
        ] = []  # what else looks at each status: "" or what is wrong
        self._told = 0  # by the book
        self._alarmed = False  # whether any alarm stood at the last look
        self._seen: tuple[float, ...] = ()  # what there was at the last look
        truth.venue.subscribe(self._on_book)

    def broken(self, text: str) -> None:
        """Note a violation. It is raised by whoever looks next: never into the venue's or the product's own code."""
        self.violations.append(text)

    # the book

    def _on_book(self, event: VenueEvent) -> None:
        if isinstance(event, Ticked):
            return
        self._told += 1
        if isinstance(event, Executed) and event.order is None:
            self._by_others[event.execution.contract.symbol] = self._clock()
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
        self._look_naked()

    def _look_naked(self) -> None:
        for symbol in {one.contract.symbol for one in self._truth.venue.positions()} | set(self._naked):
            if abs(self._truth.held(symbol)) <= self._truth.covered(symbol):
                if symbol in self._naked:
                    since = max(self._naked.pop(symbol), self._alive_since())
                    self.longest_naked = max(self.longest_naked, self._clock() - since)
            else:
                self._naked.setdefault(symbol, self._clock())

    # the wire

    def sent(self, fields: list[str]) -> None:
        """A frame has left the process."""
        if fields[0] != "3":
            return
        self._records.read()
        ref = next((field for field in fields if field in self._records.intents), None)
        if ref is None:
            self.broken(f"a placeOrder without an intent left the process: {fields[:20]}")
            return
        if self._records.intents[ref]["role"] not in _RISKY:
            return
        if any(one.order_ref == ref for one in self._truth.venue.orders.values()):
            return  # a change of it
        self.sent_risk += 1
        if self._state() != "READY":
            self.broken(f"{ref}, new risk, left the process in the state {self._state()}")
        if self._no_risk:
            self.broken(f"{ref}, new risk, left the process after {self._no_risk} had been answered")

    def answered(self, request: Mapping[str, str], accepted: bool) -> None:
        """A command of an operator was answered."""
        if not accepted:
            return
        match request["command"]:
            case "halt" | "flatten" if "symbol" not in request:
                self._no_risk = request["command"] if self._no_risk != "flatten" else "flatten"
            case "resume" if self._no_risk == "halt":
                self._no_risk = ""
            case "rearm":
                self._no_risk = ""

    # the status

    @property
    def restless(self) -> bool:
        """Whether a look may find what the last one did not, other than by the mere passing of time."""
        return bool(self._naked or self._apart or self._alarmed or self.violations) or self._story() != self._seen

    def _story(self) -> tuple[float, ...]:
        self._records.read()
        return self._told, self._records.taken, self._alive_since()

    def look(self, status: Mapping[str, Any]) -> None:
        """Compare a status with the book; raises Violation for this and for all that was noted before."""
        now = self._clock()
        self._seen, self._alarmed = self._story(), bool(status["alarms"])
        self._look_naked()
        alarms = {alarm["kind"] for alarm in status["alarms"] or ()}
        declared = any(kind.startswith(EXPOSED) for kind in alarms) or status["alarms"] is None
        if declared:
            self._declared = now
        for symbol, since in self._naked.items():
            self.longest_naked = max(self.longest_naked, now - max(since, self._alive_since()))
            # where the alarm has just ended, as with `adopt`, protection is on its way and has its time again
            seconds = now - max(since, self._alive_since(), self._declared)
            hearsay = now - self._by_others.get(symbol, -1e9) < HEARSAY_SECONDS + NAKED_SECONDS
            if seconds > NAKED_SECONDS and not declared and not hearsay:
                self.broken(f"{symbol} has been naked for {seconds:.1f} s, and no alarm says so: {sorted(alarms)}")
        self._look_apart(status, declared, now)
        self._nothing_twice()
        self.violations += [wrong for look in self.others if (wrong := look(status))]
        if self.violations:
            raise Violation(self.violations[0])

    def _look_apart(self, status: Mapping[str, Any], declared: bool, now: float) -> None:
        ours = {row["symbol"]: Decimal(row["quantity"]) for row in status["positions"]}
        for symbol in {one.contract.symbol for one in self._truth.venue.positions()} | set(ours):
            theirs = self._truth.held(symbol)
            if declared or ours.get(symbol, Decimal(0)) == theirs:
                self._apart.pop(symbol, None)
                continue
            since = max(self._apart.setdefault(symbol, now), self._alive_since())
            if now - since > APART_SECONDS:
                self.broken(f"{symbol}: {ours.get(symbol)} here, {theirs} at the broker, and no alarm says so")

    def _nothing_twice(self) -> None:
        self._records.read()
        for exec_id, times in self._records.booked.items():
            if times > 1:
                self.broken(f"execution {exec_id} was booked {times} times")
