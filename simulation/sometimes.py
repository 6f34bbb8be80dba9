"""Sometimes-assertions: dangerous states that storms must reach now and then, or they prove nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from math import inf
from typing import Any

import trio

from simulation.dangers import STATES
from simulation.machine import Death, Machine
from simulation.oracle.records import Records
from simulation.oracle.truth import STOPS, Truth
from simulation.overheard import Overheard
from simulation.plan import Act
from simulator.model import Executed, Execution, OrderError, VenueEvent

__all__ = ["Sometimes"]

_GAP = Decimal("0.005")
_CLOSING_SECONDS = 5.0  # since a market order was intended that leaves a position


def _refusing(payload: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return stage and name of the gates that stood against an entry."""
    return {
        (verdict["stage"], verdict["gate"])
        for verdict in payload.get("verdicts", ())
        if not verdict["passed"] and verdict["gate"] != "halted"
    }


class Sometimes:
    """Counts them."""

    def __init__(self, reached: Counter[str], truth: Truth, records: Records, machine: Machine) -> None:
        self._reached, self._truth, self._records, self._machine = reached, truth, records, machine
        self._overheard = Overheard(truth, records, self._count)
        self._closing_at = -inf
        self._groups: dict[str, str] = {}
        truth.venue.subscribe(self._on_book, ticks=False)
        machine.on_death, machine.on_link_lost = self._died, self._overheard.link_lost
        records.on_record.append(self._recorded)

    def fault(self, act: Act) -> None:
        """Something goes wrong now."""
        self._of_the_fault(act)
        process = self._machine.process
        if process is not None and process.state.state == "STARTING":
            self._count("fault while it was not READY")
        if act.kind == "broker_cancel":
            held = {one.contract.symbol for one in self._truth.venue.positions()}
            if any(one.contract.symbol in held for one in self._truth.live()):
                self._count("stop was cancelled by the broker")

    def _of_the_fault(self, act: Act) -> None:
        held = {one.contract.symbol for one in self._truth.venue.positions()}
        match act.kind:
            case "trading_halt" if act.terms["symbol"] in held:
                self._count("halted with something held")
            case "split" if act.terms["symbol"] in held:
                self._count("shares came without a trade")
            case "pause" if self._overheard.unacknowledged():
                self._count("pause with something in flight")
            case "restart" if self._truth.live():
                if act.terms.get("forgets"):
                    self._count("orders forgotten by a restart")
                if act.terms["next_id"] == 1:
                    self._count("order ids began anew beside live orders")
            case "crash":
                if act.terms["actor"] == "supervisor":
                    self._count("supervisor crashed")
                if self._overheard.unacknowledged():
                    self._count("actor crashed with orders in flight")
            case "clock" if act.terms["by"] < 0 and held:
                self._count("clock stepped back with something held")
            case "black_hole":
                self._overheard.hangs_until = trio.current_time() + act.terms["seconds"]
            case "disk" if "read" in act.terms["steps"] and held:
                self._count("disk refused to read")

    def opened(self, text: str) -> None:
        """A journal has been opened after a power cut that tore it; `text` says what was found."""
        self._count("torn disk was opened")
        if "pages of it were dropped" in text or "unfinished" in text:
            self._count("torn write was cut off")

    def jumped(self) -> None:
        """A price jumps."""
        if trio.current_time() - self._closing_at < _CLOSING_SECONDS:
            self._count("gap while flattening")

    def stopped(self) -> None:
        """An operator halts, or flattens."""
        if any(self._records.enters(ref) for ref in self._overheard.unacknowledged()):
            self._count("halted or flattened with an entry in flight")

    def frame(self, outgoing: bool, fields: list[str]) -> None:
        """A message has passed."""
        self._overheard.life = self._machine.life
        self._overheard.frame(outgoing, fields)

    def _on_book(self, event: VenueEvent) -> None:
        if isinstance(event, OrderError) and event.code == 404:
            self._count("short sale waited for shares")
        if not isinstance(event, Executed):
            return
        symbol = event.execution.contract.symbol
        if not event.execution.exec_id.endswith(".01"):
            if not self._machine.alive:
                self._count("correction while no process runs")
            held = self._truth.held(symbol)
            self._count("correction of a fill that was held" if held else "correction after a close")
            return
        if event.execution.liquidation:
            self._count("liquidation")
        if not self._machine.alive:
            self._count("fill while no process runs")
        elif not self._machine.paper.tws.clients:
            self._count("fill while no link is up")
        elif self._overheard.lost_ib:
            self._count("fill while TWS had lost its servers")
        order = event.order
        if order is None:
            held = self._truth.held(event.execution.contract.symbol)
            if held != event.execution.quantity * (1 if event.execution.side == "BOT" else -1):
                self._count("trade by hand against a position")
            return
        if not order.client_id:
            self._by_hand(event.execution, symbol)
            return
        if order.order_type == "STP" and order.stop and abs(event.execution.price / order.stop - 1) > _GAP:
            self._count("stop filled by a gap")
        if order.oca_group and order.remaining and not self._records.enters(order.order_ref):
            self._count("partial fill of an exit")
        self._records.read()
        if order.order_ref in self._records.cancelling:
            self._count("fill while its cancel is pending")
        if order.order_ref in self._overheard.changing:
            self._count("fill while its change is pending")
        if order.oca_group and self._groups.setdefault(order.oca_group, order.order_ref) != order.order_ref:
            self._count("both legs of an OCA group filled")
        if not self._records.enters(order.order_ref):
            entries = [one for one in self._truth.live(symbol) if self._records.enters(one.order_ref)]
            if order.order_type in STOPS and any(one.filled and one.side != order.side for one in entries):
                self._count("stop filled while its entry still worked")
        elif any(
            one.parent_perm_id == order.perm_id and not self._overheard.acknowledged(one.order_id)
            for one in self._truth.live(symbol)
        ):
            self._count("entry filled before its exits were acknowledged")

    def _by_hand(self, execution: Execution, symbol: str) -> None:
        self._count("order by hand filled")
        held = self._truth.held(symbol)
        signed = execution.quantity * (1 if execution.side == "BOT" else -1)
        if held * (held - signed) < 0:
            self._count("order by hand turned a position")

    def _died(self, death: Death) -> None:
        process = self._machine.process
        if process is not None and process.state.state == "STARTING":
            self._count("death before it was READY")
        if self._truth.venue.positions():
            self._count("death while something is held")
        if death.at == "sync":
            self._count("death between write and sync")
        if death.at == "reserve sync":
            self._count("death in the middle of a write into the reserve")
        if death.at == "sending":
            self._count("death in the middle of a write into the socket")
        self._records.read()
        if self._overheard.unacknowledged():
            self._count("death between send and acknowledgement")
        if self._records.intents.keys() - self._overheard.left.keys():
            self._count("death with an intent that had not left")

    def _recorded(self, _: str, kind: str, payload: Mapping[str, Any]) -> None:
        if kind == "JournalRecovered":
            self._count("journal went into its reserve")
        elif kind == "OrderResolved":
            self._count("order was UNKNOWN")
            ref = payload["order_ref"]
            if ref in self._overheard.left and all(one.order_ref != ref for one in self._truth.venue.orders.values()):
                self._count("order was lost after it had left")
        elif kind == "OrderIntended" and payload["order"]["role"] == "exit":
            self._closing_at = trio.current_time()
        elif kind == "OrderNotSent" and "window" in str(payload.get("reason", "")):
            self._count("new risk refused in a window")
        elif kind == "EntryWeighed":
            refusing = _refusing(payload)
            if any(stage == "portfolio" for stage, _ in refusing):
                self._count("new risk refused by a limit")
            if ("position", "quote") in refusing:
                self._count("new risk refused on a stale price")
        elif kind == "AlarmRaised" and payload["kind"] == "actor.quarantined":
            self._count("actor was quarantined")

    def _count(self, state: str) -> None:
        assert state in STATES, state
        self._reached[state] += 1
