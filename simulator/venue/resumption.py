"""Puts a venue back where it left off."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from simulator.contracts import ContractDefinition
from simulator.model import Order
from simulator.venue.bookkeeping import Bookkeeping
from simulator.venue.ledger import Holding
from simulator.venue.orders_desk import OrdersDesk
from simulator.venue.refusal import OrderRefused
from simulator.venue.registry import Registry
from simulator.venue.standing import Course, Standing
from simulator.venue.terms import ORDER_TYPES
from simulator.venue.working import Stage, Working

__all__ = ["resume"]


def resume(standing: Standing, registry: Registry, books: Bookkeeping, desk: OrdersDesk) -> list[Working]:
    """Take everything up and return the records of the orders, which are yet to enter their markets.

    Raises ValueError for what cannot be: an unknown contract or parent, other accounts, books that do not add up.
    """
    _check_sums(standing)
    ledger = books.ledger
    if set(standing.purses) != set(ledger.accounts):
        theirs, ours = ", ".join(sorted(standing.purses)), ", ".join(sorted(ledger.accounts))
        raise ValueError(f"cash: is of account {theirs}; expected {ours}")

    holdings = []
    for held in standing.holdings:
        definition = _definition(desk, held.con_id, "holdings")
        holdings.append(
            Holding(
                held.account, definition, held.quantity, held.cost, held.fees, held.realized, held.unrealized_before
            )
        )
    records: dict[int, Working] = {}
    for order, course in standing.orders:
        records[order.perm_id] = _record(order, course, records, desk)
    definitions = [_definition(desk, execution.contract.con_id, "executions") for execution, _ in standing.fills]

    books.rates.resume(standing.rates)
    ledger.resume(standing.opening_cash, standing.purses, holdings, standing.day_began)
    books.resume(standing.fills, definitions)
    books.valuation.resume(standing.day_start)
    perm_ids = [*records, *(execution.perm_id for execution, _ in standing.fills)]
    registry.resume(records.values(), standing.freed, standing.refused, max(perm_ids, default=0))
    return list(records.values())


def _record(order: Order, course: Course, records: dict[int, Working], desk: OrdersDesk) -> Working:
    name = f"orders: permId {order.perm_id}"
    if order.order_type not in ORDER_TYPES:
        raise ValueError(f"{name}: type {order.order_type!r}, expected one of {', '.join(ORDER_TYPES)}")
    parent = records.get(order.parent_perm_id)
    if order.parent_perm_id and parent is None:
        raise ValueError(f"{name}: parent_perm_id {order.parent_perm_id}, expected an order before it")
    definition = _definition(desk, order.contract.con_id, name)
    working = Working(order, definition, rank=course.rank, stage=course.stage, parent=parent)
    working.released, working.located = course.released, course.located
    working.triggered, working.met, working.hits = course.triggered, course.met, course.hits
    working.limit_offset, working.notional, working.charged = course.limit_offset, course.notional, course.charged
    working.starts, working.pauses, working.expires = course.starts, course.pauses, course.expires
    if course.level is not None:
        working.set_level(course.level)
    if course.best is not None:
        working.best = course.best
    if course.stage is not Stage.DONE:
        working.conditions = desk.conditions(order)
    if parent is not None:
        parent.children.append(working)
    return working


def _definition(desk: OrdersDesk, con_id: int, where: str) -> ContractDefinition:
    try:
        return desk.definition(con_id)
    except OrderRefused:
        raise ValueError(f"{where}: con_id {con_id}, expected a contract that is known here (--contracts)") from None


def _check_sums(standing: Standing) -> None:
    filled: dict[int, Decimal] = defaultdict(Decimal)
    traded: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for execution, _ in standing.fills:
        filled[execution.perm_id] += execution.quantity
        signed = execution.quantity if execution.side == "BOT" else -execution.quantity
        traded[execution.account, execution.contract.con_id] += signed
    for order, _ in standing.orders:
        if order.filled != filled[order.perm_id]:
            text = f"filled {order.filled}, expected {filled[order.perm_id]} as its executions say"
            raise ValueError(f"orders: permId {order.perm_id}: {text}")
    held = {(one.account, one.con_id): one.quantity for one in standing.holdings}
    for key in held.keys() | traded.keys():
        if held.get(key, Decimal(0)) != traded[key]:
            account, con_id = key
            text = f"quantity {held.get(key, 0)}, expected {traded[key]} as the executions say"
            raise ValueError(f"holdings: {account}, con_id {con_id}: {text}")
