"""The oracle of one storm, with all that it asks of the machine."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

import trio

from config.settings import Settings
from simulation.machine import Machine
from simulation.oracle.chain import broken_link
from simulation.oracle.conduct import Bounds, Conduct
from simulation.oracle.records import Records
from simulation.oracle.risk import Limits
from simulation.oracle.safety import Safety, Violation
from simulation.oracle.truth import Truth
from simulation.plan import Plan

__all__ = ["Judging"]

_ON_ITS_WAY = 6.0  # seconds that an entry may wait for its turn to be written


class Judging:
    """What is true, what is on the disk, and who compares them. Raises Violation."""

    def __init__(self, plan: Plan, settings: Settings, machine: Machine) -> None:
        """`settings` are those of the process on the machine."""
        self._machine = machine
        self.truth, self.records = Truth(machine.paper.venue, trio.current_time), Records(machine.disk)
        machine.disk.on_safe = self.records.read
        self.safety = Safety(
            self.truth, self.records, trio.current_time, self._state, self._alive_since, self._limits(settings)
        )
        broker = settings.broker
        self.conduct = Conduct(
            self.truth,
            self.records,
            trio.current_time,
            self._alive_since,
            self.safety.broken,
            Bounds(broker.liveness_seconds, broker.entry_deadline_seconds, broker.messages_per_second),
            swallows=any(act.kind == "swallow" and act.terms["on"] == "placeOrder" for act in plan.acts),
            refuses=any(act.kind == "disk" and "reserve write" in act.terms["steps"] for act in plan.acts),
            ready=lambda: machine.process is not None and str(machine.process.state.state) == "READY",
        )

    @property
    def restless(self) -> bool:
        """Whether something is on that is to be looked at soon again."""
        return bool(self.safety.restless or self.conduct.waits)

    def frame(self, outgoing: bool, fields: list[str]) -> None:
        """Take a message on the wire."""
        if outgoing:
            self.safety.sent(fields)
        else:
            self.safety.told(fields)
        self.conduct.frame(outgoing, fields)

    def look(self, status: Mapping[str, Any]) -> None:
        """Compare what the process says with what is."""
        if self._machine.disk.rotten and status["state"] == "READY":
            self.journal()
        self.conduct.look(status)
        self.safety.look(status)

    def journal(self) -> None:
        """Compute the journal's chain anew."""
        wrong = broken_link(self._machine.disk.rows)
        if wrong:
            raise Violation(f"the journal: {wrong}")

    def all_booked(self) -> bool:
        """Tell whether each execution of the book is booked."""
        self.records.read()
        return all(one.exec_id in self.records.booked for one in self.truth.venue.executions)

    def _state(self) -> str:
        machine = self._machine
        if machine.process is None:
            return ""
        state = machine.process.state
        down = (machine.paper.environment.now() + machine.clock_offset - state.since).total_seconds()
        if state.reason.endswith("is being restarted") and down < _ON_ITS_WAY:
            return "READY"  # what the actor that crashed had let through before
        return str(state.state)

    def _alive_since(self) -> float:
        machine = self._machine
        return machine.started_at if machine.alive and not machine.paused else inf

    def _limits(self, settings: Settings) -> Limits:
        risk, windows, machine = settings.risk, settings.broker.restart_windows, self._machine
        return Limits(
            position_shares=risk.max_position_shares,
            order_notional=risk.max_order_notional,
            gross_exposure=risk.max_gross_exposure,
            window=lambda moment: any(window.contains(moment) for window in windows),
            wall=lambda: machine.paper.environment.now() + machine.clock_offset,
            price_seconds=risk.quote_max_age_seconds + 7.0,
        )
