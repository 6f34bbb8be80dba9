"""Sometimes-assertions: dangerous states that storms must reach now and then, or they prove nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from math import inf
from typing import Any

import trio

from simulation.machine import Death, Machine
from simulation.oracle.records import Records
from simulation.oracle.truth import Truth
from simulation.plan import Act
from simulator.model import Executed, Execution, OrderError, VenueEvent

__all__ = ["STATES", "Sometimes"]

STATES: Mapping[str, str] = {
    "fill while its cancel is pending": "an execution of an order whose cancellation had been intended",
    "fill while its change is pending": "an execution of an order whose change is not echoed yet",
    "fill while no process runs": "an execution between a death and the next start",
    "fill while no link is up": "an execution that nobody could be told",
    "execution before openOrder": "the first word of an order is its execution",
    "status before openOrder": "the first word of an order is its status",
    "both legs of an OCA group filled": "two executions of different orders of one group",
    "death between send and acknowledgement": "an order is at the broker, or on its way, of which nothing was heard",
    "death with an intent that had not left": "an intent is safe on the disk, and no byte of it has left",
    "death between write and sync": "a transaction was written, and not safe",
    "death in the middle of a write into the socket": "the broker gets a part of the bytes",
    "death before it was READY": "it died while it recovered",
    "death while something is held": "a position was open",
    "fault while it was not READY": "something went wrong while it recovered",
    "torn write was cut off": "the end of the journal was there in part, and was reported and cut off",
    "torn disk was opened": "the power failed in the middle of a write, or between two",
    "death in the middle of a write into the reserve": "the journal had failed, and its reserve was not synced",
    "journal went into its reserve": "the disk refused, and the reserve took what had to be written",
    "order was UNKNOWN": "the answer did not come, and evidence settled it later",
    "stop was cancelled by the broker": "a position lost its protection without a request",
    "trade by hand against a position": "someone traded a symbol that has a position",
    "order by hand filled": "an order that somebody had placed in TWS filled later, and nobody told it",
    "order by hand turned a position": "it sold more than was held, or bought back more than was short",
    "order by hand worked when all was compared": "a process started, or a link was made, beside orders of others",
    "actor was quarantined": "it crashed too often",
    "correction of a fill that was held": "an execution was corrected, or busted, while its symbol was held",
    "correction after a close": "an execution was corrected when its symbol was flat",
    "correction while no process runs": "an execution was corrected between a death and the next start",
    "gap while flattening": "a price jumped while everything was being closed",
    "stop filled by a gap": "a stop filled more than a half per cent beyond its price",
    "halted with something held": "the exchange halted a symbol that was held",
    "short sale waited for shares": "an order of ours waited for a locate",
    "shares came without a trade": "a split, with something held",
    "liquidation": "the broker traded for the account",
    "pause with something in flight": "the process was stopped while orders had left and were not acknowledged",
    "orders forgotten by a restart": "the gateway came back without orders that had worked",
    "new risk refused in a window": "an entry met a restart window",
    "new risk refused by a limit": "an entry met a limit",
    "supervisor crashed": "what restarts others failed itself",
    "disk refused to read": "an actor that started could not read its journal",
    "partial fill of an exit": "an exit filled in part, and its siblings were reduced or cancelled",
}
"""state → what it is"""


_GAP = Decimal("0.005")
_CLOSING_SECONDS = 5.0  # since a market order was intended that leaves a position


def _refusing(payload: Mapping[str, Any]) -> set[str]:
    """Return the stages that stood against an entry."""
    return {
        verdict["stage"]
        for verdict in payload.get("verdicts", ())
        if not verdict["passed"] and verdict["gate"] != "halted"
    }


class Sometimes:
    """Counts them."""

    def __init__(self, reached: Counter[str], truth: Truth, records: Records, machine: Machine) -> None:
        self._reached, self._truth, self._records, self._machine = reached, truth, records, machine
        self._left: set[str] = set()  # order_refs that have left
        self._heard: set[str] = set()  # order ids of which anything was heard
        self._changing: set[str] = set()
        self._closing_at = -inf
        self._groups: dict[str, str] = {}
        truth.venue.subscribe(self._on_book, ticks=False)
        machine.on_death = self._died
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
            case "pause" if self._unacknowledged():
                self._count("pause with something in flight")
            case "restart" if act.terms.get("forgets") and self._truth.live():
                self._count("orders forgotten by a restart")
            case "crash" if act.terms["actor"] == "supervisor":
                self._count("supervisor crashed")
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

    def _unacknowledged(self) -> bool:
        known = {one.order_ref: str(one.order_id) for one in self._truth.venue.orders.values()}
        return any(known.get(ref, "") not in self._heard for ref in self._left)

    def frame(self, outgoing: bool, fields: list[str]) -> None:
        """A message has passed."""
        if outgoing:
            if fields[0] == "3":
                refs = [field for field in fields if field in self._records.intents]
                for ref in refs:
                    if ref in self._left:
                        self._changing.add(ref)
                self._left.update(refs)
            return
        kind = fields[0]
        if kind == "53" and self._truth.by_hand():
            self._count("order by hand worked when all was compared")
        if kind in ("5", "3", "11") and len(fields) > 2:
            order_id = fields[2] if kind == "11" else fields[1]
            if kind == "5":
                for ref in self._changing.intersection(fields):
                    self._changing.discard(ref)
            if order_id not in self._heard and int(order_id or 0) > 0:
                self._heard.add(order_id)
                if kind == "11":
                    self._count("execution before openOrder")
                elif kind == "3":
                    self._count("status before openOrder")

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
        if order.order_ref in self._changing:
            self._count("fill while its change is pending")
        if order.oca_group and self._groups.setdefault(order.oca_group, order.order_ref) != order.order_ref:
            self._count("both legs of an OCA group filled")

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
        if self._unacknowledged():
            self._count("death between send and acknowledgement")
        if self._records.intents.keys() - self._left:
            self._count("death with an intent that had not left")

    def _recorded(self, _: str, kind: str, payload: Mapping[str, Any]) -> None:
        if kind == "JournalRecovered":
            self._count("journal went into its reserve")
        elif kind == "OrderResolved":
            self._count("order was UNKNOWN")
        elif kind == "OrderIntended" and payload["order"]["role"] == "exit":
            self._closing_at = trio.current_time()
        elif kind == "OrderNotSent" and "window" in str(payload.get("reason", "")):
            self._count("new risk refused in a window")
        elif kind == "EntryWeighed" and "portfolio" in _refusing(payload):
            self._count("new risk refused by a limit")
        elif kind == "AlarmRaised" and payload["kind"] == "actor.quarantined":
            self._count("actor was quarantined")

    def _count(self, state: str) -> None:
        assert state in STATES, state
        self._reached[state] += 1
