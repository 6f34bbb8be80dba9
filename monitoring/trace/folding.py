"""The records of a symbol through the product's own order book: the state after each is the state that was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from domain.order_states import IllegalTransition
from domain.orders.book import Fact, OrderBook
from domain.orders.record import OrderRecord
from messages.gateway import (
    BrokerCommission,
    BrokerError,
    BrokerExecution,
    BrokerOrder,
    BrokerOrderStatus,
    OrderNotSent,
    OrderSent,
)
from messages.order import (
    CancelIntended,
    CommissionBooked,
    ExecutionBooked,
    ModifyIntended,
    OrderDenied,
    OrderIntended,
    OrderRenumbered,
    OrderResolved,
)

__all__ = ["apply", "folded", "order_of"]


def folded(payloads: Iterable[object]) -> OrderBook:
    """Return the book that these facts of a symbol's stream make."""
    book = OrderBook(0)
    for payload in payloads:
        apply(book, payload)
    return book


def apply(book: OrderBook, payload: Any) -> str:
    """Fold a fact; what is none changes nothing. Returns why the state table did not allow it, "" where it did."""
    if isinstance(payload, OrderIntended):
        book.client_id = payload.client_id  # errors of the broker name no client
    if isinstance(payload, Fact):
        try:
            book.apply(payload)
        except IllegalTransition as error:
            return str(error)
    return ""


def order_of(book: OrderBook, payload: Any) -> OrderRecord | None:
    """Return the order of ours that a record is about, after it was folded; None for none of ours."""
    match payload:
        case OrderIntended(order):
            return book.get(order.order_ref)
        case ModifyIntended(modify):
            return book.get(modify.order_ref)
        case CancelIntended(ref) | OrderRenumbered(ref) | OrderSent(ref) | OrderNotSent(ref):
            return book.get(ref)
        case OrderResolved(ref) | OrderDenied(ref):
            return book.get(ref)
        case BrokerOrder():
            return book.find(payload.order_ref, payload.perm_id, payload.client_id, payload.epoch, payload.order_id)
        case BrokerOrderStatus():
            return book.find("", payload.perm_id, payload.client_id, payload.epoch, payload.order_id)
        case BrokerError(epoch, order_id):
            return book.find("", 0, book.client_id, epoch, order_id)
        case ExecutionBooked(execution) | BrokerExecution(_, execution):
            return book.find(execution.order_ref, execution.perm_id)
        case CommissionBooked(_, commission) | BrokerCommission(_, commission):
            base = commission.exec_id.rpartition(".")[0] or commission.exec_id
            return next((record for record in book.orders() if base in record.bases), None)
        case _:
            return None
