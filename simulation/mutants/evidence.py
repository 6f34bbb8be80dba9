"""Mutants of what counts as knowledge: executions, statuses, lists, connections."""

from __future__ import annotations

from typing import Any

import domain.order_states
import domain.orders.book
import domain.reconciliation
from actors.orders.desk import OrderDesk
from actors.orders.watch import Watch
from domain.order_states import TRANSITIONS, OrderInput
from domain.orders.book import OrderBook
from domain.orders.executions import Booking, Executions
from domain.orders.standing import move
from domain.position_book import PositionBook
from messages.order import OrderStatus
from simulation.mutants.mutant import Change, Mutant, replaces

__all__ = ["EVIDENCE"]


def _book_again(book: Any) -> Any:
    def mutated(self: Any, execution: Any) -> Any:
        return book(self, execution) or Booking(execution, None)

    return mutated


def _ignore_versions(book: Any) -> Any:
    def mutated(self: Any, execution: Any) -> Any:
        return None if execution.base in self._in_force else book(self, execution)

    return mutated


def _fill_again(book: Any) -> Any:
    def mutated(self: Any, execution: Any, role: Any, position_id: str, replaces: Any = None) -> bool:
        self.settled.pop(execution.base, None)
        self.ledger._versions.pop(execution.base, None)
        return bool(book(self, execution, role, position_id, replaces))

    return mutated


def _no_late_fills(fill: Any) -> Any:
    def mutated(self: Any, execution: Any, epoch: int, *, journal: bool) -> Any:
        record = self.find(execution.order_ref, execution.perm_id, execution.client_id, epoch, execution.order_id)
        if record is not None and record.status.done:
            return [], record
        return fill(self, execution, epoch, journal=journal)

    return mutated


def _no_foreign_fills(fill: Any) -> Any:
    def mutated(self: Any, execution: Any, epoch: int, *, journal: bool) -> Any:
        if self.find(execution.order_ref, execution.perm_id, execution.client_id, epoch, execution.order_id) is None:
            return [], None
        return fill(self, execution, epoch, journal=journal)

    return mutated


def _bind_both(bind: Any) -> Any:
    def mutated(self: Any, record: Any, perm_id: int, client_id: int, epoch: int, order_id: int) -> Any:
        effects = bind(self, record, perm_id, client_id, epoch, order_id)
        if len(record.perms) > 1:
            record.severe.discard("order.duplicated")
            record.cancel_wanted = False
            effects = []
        return effects

    return mutated


def _no_commission_before_its_fill(awaited: Any) -> Any:
    def mutated(self: Any, execution: Any) -> Any:
        awaited(self, execution)

    return mutated


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _no(*_: Any) -> bool:
    return False


_ENDED = (OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.FILLED, OrderStatus.PENDING_CANCEL)
_REGRESS = {**TRANSITIONS} | {
    status: {**TRANSITIONS[status], OrderInput.WORKING: OrderStatus.ACCEPTED} for status in _ENDED
}

_PLAIN = dict.fromkeys(("limit", "stop", "target", "trail", "scale_out", "break_even"))  # an entry without exits


def _any_code_ends_it(hear_error: Any) -> Any:
    def mutated(record: Any, error: Any) -> Any:
        effects = hear_error(record, error)
        if not 2100 <= error.code < 2200:
            move(record, OrderInput.CANCEL)
        return effects

    return mutated


EVIDENCE = (
    Mutant(
        name="error-codes",
        guard="no error code ends an order by itself",
        changes=(Change(domain.orders.book, "hear_error", _any_code_ends_it),),
        often=(
            ("locate", {"seconds": 60.0}),
            ("sell", {"limit": None}),
            ("sell", {"limit": -0.002}),
        ),
    ),
    Mutant(
        name="execution-dedupe",
        guard="an execution is booked once, however often the broker tells it",
        changes=(replaces(Executions, "is_in_force", _no), Change(Executions, "book", _book_again)),
    ),
    Mutant(
        name="position-dedupe",
        guard="a position takes a fill once, also when it is told again after its own restart",
        changes=(Change(PositionBook, "book", _fill_again),),
        often=(
            ("buy", {"limit": None}),
            ("crash", {"actor": "position", "after": 1}),
            ("crash", {"actor": "position", "after": 2}),
            ("close", {}),
        ),
    ),
    Mutant(
        name="corrections",
        guard="a later version of an execution takes the place of the earlier one",
        changes=(Change(Executions, "book", _ignore_versions),),
        often=(
            ("buy", {"limit": None}),
            ("correction", {}),
            ("correction", {}),
            ("sell", {"limit": None}),
        ),
    ),
    Mutant(
        name="late-fills",
        guard="a fill of an order that was believed dead is booked",
        changes=(Change(OrderBook, "_fill", _no_late_fills),),
        often=(
            ("buy", {"limit": -0.002}),
            ("hold", {"messages": ["execDetails"], "seconds": 6.0}),
            ("cancel", {}),
            ("part", {}),
            ("broker_cancel", {}),
        ),
    ),
    Mutant(
        name="foreign-fills",
        guard="a fill of somebody else's order is booked",
        changes=(Change(OrderBook, "_fill", _no_foreign_fills),),
        often=(("hand", {"quantity": 50, "close": False}),),
    ),
    Mutant(
        name="early-commission",
        guard="a commission that comes before its execution waits for it",
        changes=(Change(Executions, "awaited", _no_commission_before_its_fill),),
        often=(
            ("buy", {"limit": None}),
            ("delay", {"messages": ["execDetails"], "by": 1.0}),
            ("close", {}),
        ),
    ),
    Mutant(
        name="no-regress",
        guard="no status moves an order back to life, or out of its pending cancellation",
        changes=(replaces(domain.order_states, "TRANSITIONS", _REGRESS),),
        often=(
            ("buy", {"limit": None}),
            ("delay", {"messages": ["openOrder", "orderStatus"], "by": 4.0, "seconds": 0.6}),
            ("exits", {}),
            ("broker_cancel", {}),
            ("broker_cancel", {}),
        ),
        settings={"broker": {"reconcile_seconds": 600.0}},
    ),
    Mutant(
        name="one-perm-id",
        guard="a second permId under one intent is a second order: cancelled, and no new risk until both are dead",
        changes=(Change(OrderBook, "_bind", _bind_both),),
        often=(
            ("buy", {"limit": None}),
            ("twofold", {"after": 1, "times": 2}),
            ("exits", {}),
        ),
    ),
    Mutant(
        name="unknown-holds",
        guard="a symbol takes no new risk while nobody knows where one of its orders stands",
        changes=(replaces(OrderDesk, "holds", lambda self: {}),),
        often=(
            ("swallow", {"on": "placeOrder", "after": 1, "times": 4}),
            ("swallow", {"on": "reqExecutions", "after": 1, "times": 4}),
            ("exits", {}),
            *[("buy", _PLAIN)] * 4,
        ),
        settings={"broker": {"ack_timeout_seconds": 0.3}},
    ),
    Mutant(
        name="doubt-on-loss",
        guard="what is in flight when the link is lost is UNKNOWN",
        changes=(replaces(OrderDesk, "doubt", _nothing),),
        often=(
            ("silent", {"on": "placeOrder", "after": 1, "times": 4}),
            ("buy", {"limit": -0.01}),
            ("sell", {"limit": -0.01}),
            ("restart", {"seconds": 28.0}),
        ),
    ),
    Mutant(
        name="acknowledgement",
        guard="an order of which nothing is heard in time is UNKNOWN, and asked about",
        changes=(replaces(Watch, "look", _nothing),),
        often=(
            ("swallow", {"on": "placeOrder", "after": 1, "times": 4}),
            ("buy", {}),
            ("sell", {}),
        ),
        settings={"broker": {"reconcile_seconds": 600.0}},
    ),
)
