"""What is wrong with the plain trader, by the broker's own book: the oracle of the storms, as far as it goes."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import trio

from benchmarks.plain.machine import PlainMachine
from simulation.oracle.truth import Truth
from simulator.model import Executed, Order, VenueEvent

__all__ = ["INVARIANTS", "Judge"]

NAKED_SECONDS = 15.0
APART_SECONDS = 150.0
EXCESS_SECONDS = 20.0

INVARIANTS = {
    "doubled": "an intent became several orders at the broker",
    "naked": "something was held without a stop for longer than 15 s of a process's life",
    "excess": "exits worked for longer than 20 s that could sell more than was held",
    "turned": "an exit turned or enlarged a position",
    "apart": "its position was not the broker's for longer than 150 s",
    "orders": "in the end other orders worked than it believed",
    "positions": "in the end its position was not the broker's",
    "executions": "in the end there were executions of its orders that it did not know, or counted twice",
    "commission": "in the end it did not know what its trades had cost",
    "flat": "told to close everything, it had not done so within 120 s",
    "crash": "an exception ended it, or one of its commands",
}
"""name → what it is"""


class Judge:
    """Notes each invariant that falls. What somebody traded by hand is left out: no plain application manages that."""

    def __init__(self, machine: PlainMachine, truth: Truth) -> None:
        self.fallen: dict[str, str] = {}
        self._machine, self._truth = machine, truth
        self._by_hand: set[str] = set()
        self._since: dict[tuple[str, str], float] = {}
        truth.venue.subscribe(self._on_book)

    def note(self, invariant: str, text: str) -> None:
        """Let one fall; the first time counts."""
        assert invariant in INVARIANTS, invariant
        self.fallen.setdefault(invariant, text)

    def symbols(self) -> list[str]:
        """Return those that only the trader has traded, and that were not split."""
        mine = (symbol for symbol in self._machine.symbols if symbol not in self._by_hand)
        return [symbol for symbol in mine if self._truth.held(symbol) == self._truth.by_executions(symbol)]

    def _on_book(self, event: VenueEvent) -> None:
        if isinstance(event, Executed):
            symbol = event.execution.contract.symbol
            if event.order is None or not event.order.order_ref:
                self._by_hand.add(symbol)
            elif _is_exit(event.order) and symbol not in self._by_hand:
                signed = event.execution.quantity * (1 if event.execution.side == "BOT" else -1)
                held = self._truth.held(symbol)
                if abs(held) > abs(held - signed) or held * (held - signed) < 0:
                    self.note("turned", f"{symbol}: {held} of {held - signed}")
        self.look()

    def look(self) -> None:
        """Look at the book, and at what the trader believes."""
        for ref in self._truth.doubles():
            self.note("doubled", ref)
        for symbol in self.symbols():
            held = self._truth.held(symbol)
            self._lasting("naked", symbol, abs(held) > self._truth.covered(symbol), NAKED_SECONDS)
            self._lasting("excess", symbol, self._could_sell(symbol) > abs(held), EXCESS_SECONDS)
            trader = self._machine.trader
            if trader is not None:
                believed = Decimal(str(trader.positions.get(symbol, 0.0)))
                self._lasting("apart", symbol, believed != held, APART_SECONDS)
        if self._machine.crashes:
            self.note("crash", f"{self._machine.crashes} times")

    def _lasting(self, invariant: str, symbol: str, wrong: bool, bound: float) -> None:
        key = (invariant, symbol)
        if not wrong:
            self._since.pop(key, None)
            return
        now = trio.current_time()
        since = self._since.setdefault(key, now)
        if self._machine.alive and now - max(since, self._machine.started_at) > bound:
            self.note(invariant, symbol)

    def _could_sell(self, symbol: str) -> Decimal:
        side = "SELL" if self._truth.held(symbol) > 0 else "BUY"
        largest: dict[str, Decimal] = {}
        for order in self._truth.live(symbol):
            if order.side == side and _is_exit(order):
                group = str(order.parent_perm_id or order.order_ref)
                largest[group] = max(largest.get(group, Decimal(0)), self._truth.awake(order))
        return sum(largest.values(), Decimal(0))

    def end(self) -> None:
        """Compare both sides once the storm is over."""
        trader = self._machine.trader
        if trader is None:
            self.note("orders", "nothing runs")
            return
        mine = set(self.symbols())
        theirs = {one.order_ref: float(one.remaining) for one in self._truth.live() if one.contract.symbol in mine}
        ours = {
            one.order.orderRef: one.remaining()
            for one in trader.ib.openTrades()
            if one.order.orderRef and one.contract.symbol in mine
        }
        if ours != theirs:
            self.note("orders", f"{len(ours)} here, {len(theirs)} at the broker")
        for symbol in mine:
            if Decimal(str(trader.positions.get(symbol, 0.0))) != self._truth.held(symbol):
                self.note("positions", symbol)
        book = {key: one for key, one in self._truth.executions().items() if one.order_ref}
        known = Counter(fill.execution.execId for fill in trader.ib.fills())
        if any(known[key] != 1 for key in book):
            self.note("executions", f"{sum(known[key] != 1 for key in book)} of {len(book)}")
        paid = sum((one.amount for key, one in self._truth.venue.commissions.items() if key in book), Decimal(0))
        mine_filled = [fill for fill in trader.ib.fills() if fill.execution.execId in book]
        told = sum((Decimal(str(fill.commissionReport.commission)) for fill in mine_filled), Decimal(0))
        if abs(paid - told) >= Decimal("0.01"):
            self.note("commission", f"{told} here, {paid} at the broker")


def _is_exit(order: Order) -> bool:
    return bool(order.parent_perm_id) or order.parent_id > 0
