"""Between the broker's own records and the rows of its book."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from simulator.book_form import BookForm, ClientsRow, DayRow, ExecutionRow, OrderRow, PositionRow
from simulator.contracts import ContractBook
from simulator.model import Commission, Contract, Execution, Order, Position
from simulator.server.paper_tws import PaperTws
from simulator.venue.standing import Course, Standing

__all__ = ["clients_row", "day_row", "execution_row", "order_row", "position_row", "standing_of"]


def order_row(order: Order, course: Course) -> OrderRow:
    """Return an order as it is written."""
    contract = {name: str(value) for name, value in attrs.asdict(order.contract).items() if value}
    return OrderRow(
        perm_id=order.perm_id,
        order_id=order.order_id,
        client_id=order.client_id,
        order_ref=order.order_ref,
        account=order.account,
        symbol=order.contract.symbol,
        side=order.side,
        quantity=order.quantity,
        filled=order.filled,
        type=order.order_type,
        limit=order.limit,
        stop=order.stop,
        tif=order.tif,
        oca_group=order.oca_group,
        parent_perm_id=order.parent_perm_id,
        status=order.status,
        con_id=order.contract.con_id,
        contract=contract,
        average_price=order.average_price,
        last_price=order.last_price,
        oca_type=order.oca_type,
        parent_id=order.parent_id,
        transmit=order.transmit,
        outside_rth=order.outside_rth,
        trail_stop=order.trail_stop,
        trailing_percent=order.trailing_percent,
        good_till=order.good_till,
        good_after=order.good_after,
        why_held=order.why_held,
        placed_at=order.placed_at,
        done_at=order.done_at,
        fields=order.extra,
        course=course,
    )


def _order(row: OrderRow) -> Order:
    return Order(
        order_id=row.order_id,
        client_id=row.client_id,
        account=row.account,
        contract=_contract(row.contract, row.con_id),
        side=row.side,
        quantity=row.quantity,
        order_type=row.type,
        limit=row.limit,
        stop=row.stop,
        tif=row.tif,
        order_ref=row.order_ref,
        oca_group=row.oca_group,
        oca_type=row.oca_type,
        parent_id=row.parent_id,
        transmit=row.transmit,
        outside_rth=row.outside_rth,
        trail_stop=row.trail_stop,
        trailing_percent=row.trailing_percent,
        good_till=row.good_till,
        good_after=row.good_after,
        extra=row.fields,
        perm_id=row.perm_id,
        status=row.status,
        filled=row.filled,
        average_price=row.average_price,
        last_price=row.last_price,
        why_held=row.why_held,
        parent_perm_id=row.parent_perm_id,
        placed_at=row.placed_at,
        done_at=row.done_at,
    )


def _contract(written: Mapping[str, str], con_id: int) -> Contract:
    values: dict[str, object] = {"symbol": "", **written, "con_id": con_id}
    if "strike" in values:
        values["strike"] = float(written["strike"])
    return Contract(**values)  # type: ignore[arg-type]


def execution_row(execution: Execution, commission: Commission | None) -> ExecutionRow:
    """Return an execution as it is written; its commission comes after it."""
    return ExecutionRow(
        exec_id=execution.exec_id,
        perm_id=execution.perm_id,
        symbol=execution.contract.symbol,
        side=execution.side,
        quantity=execution.quantity,
        price=execution.price,
        commission=None if commission is None else commission.amount,
        order_id=execution.order_id,
        client_id=execution.client_id,
        order_ref=execution.order_ref,
        account=execution.account,
        con_id=execution.contract.con_id,
        time=execution.time,
        exchange=execution.exchange,
        cumulative=execution.cumulative,
        average_price=execution.average_price,
        liquidation=execution.liquidation,
        commission_currency="" if commission is None else commission.currency,
        realized_pnl=None if commission is None else commission.realized_pnl,
    )


def _fill(row: ExecutionRow, contract: Contract) -> tuple[Execution, Commission]:
    execution = Execution(
        exec_id=row.exec_id,
        order_id=row.order_id,
        client_id=row.client_id,
        perm_id=row.perm_id,
        order_ref=row.order_ref,
        account=row.account,
        contract=contract,
        side=row.side,
        quantity=row.quantity,
        price=row.price,
        time=row.time,
        exchange=row.exchange,
        cumulative=row.cumulative,
        average_price=row.average_price,
        liquidation=row.liquidation,
    )
    return execution, Commission(row.exec_id, row.commission or Decimal(0), row.commission_currency, row.realized_pnl)


def position_row(held: Position) -> PositionRow:
    """Return a position as it is written."""
    return PositionRow(
        account=held.account, symbol=held.contract.symbol, quantity=held.quantity, average_cost=held.average_cost
    )


def clients_row(tws: PaperTws, standing: Standing) -> ClientsRow:
    """Return what is known of the clients' order ids."""
    return ClientsRow(
        next_order_id=tws.order_ids.next_valid,
        highest={str(client_id): order_id for client_id, order_id in tws.order_ids.highest.items()},
        refused=tuple(sorted(standing.refused)),
        freed=tuple(sorted(standing.freed)),
        bound=tuple(sorted(tws.bound)),
        lost_orders=tuple(sorted(tws.lost_orders)),
        lost_executions=tuple(sorted(tws.lost_executions)),
    )


def day_row(standing: Standing) -> DayRow:
    """Return how the day began."""
    return DayRow(began=standing.day_began, net=standing.day_start)


def standing_of(book: BookForm, contracts: ContractBook) -> Standing:
    """Return the standing of the venue that wrote a book. Raises ValueError for a contract that is not known."""
    orders = [(_order(row), row.course) for row in sorted(book.orders, key=lambda row: row.perm_id)]
    named = {order.perm_id: order.contract for order, _ in orders}
    fills = []
    for row in book.executions:
        definition = contracts.by_con_id(row.con_id)
        if definition is None:
            raise ValueError(f"executions: {row.exec_id}: con_id {row.con_id}, expected a contract that is known here")
        fills.append(_fill(row, named.get(row.perm_id, definition.contract)))
    return Standing(
        time=book.saved_at,
        orders=orders,
        fills=fills,
        opening_cash=book.opening_cash,
        purses=book.money,
        holdings=book.holdings,
        rates=book.rates,
        day_began=book.day.began,
        day_start=book.day.net,
        freed=book.clients.freed,
        refused=book.clients.refused,
    )
