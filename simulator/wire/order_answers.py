"""Messages about orders, executions and commissions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from simulator.model import Commission, Contract, Execution, Order
from simulator.wire.fields import UNSET_DOUBLE
from simulator.wire.fields import text as written
from simulator.wire.order_writer import completed_names, open_names, write_completed, write_open
from simulator.wire.session_answers import Fields, Named

__all__ = [
    "TWS_ZONE",
    "commission_report",
    "completed_order",
    "completed_orders_end",
    "contract11",
    "exec_details",
    "exec_details_end",
    "open_order",
    "open_order_end",
    "order_bound",
    "order_status",
    "told_id",
    "tws_time",
]

TWS_ZONE = ZoneInfo("US/Eastern")
"""The time zone that this TWS is set to; times of executions are told in it."""


def tws_time(moment: datetime) -> str:
    """Return `20261122 09:30:00 US/Eastern`, in TWS's zone."""
    return moment.astimezone(TWS_ZONE).strftime("%Y%m%d %H:%M:%S ") + TWS_ZONE.key


def contract11(contract: Contract) -> Fields:
    """The eleven fields of a contract in answers."""
    return [
        contract.con_id,
        contract.symbol,
        contract.sec_type,
        contract.last_trade_date,
        contract.strike,
        contract.right,
        contract.multiplier,
        contract.exchange,
        contract.currency,
        contract.local_symbol,
        contract.trading_class,
    ]


def order_values(order: Order) -> dict[str, str]:
    """Return the order's fields by IB name: as the client sent them, with what the broker holds laid over."""
    contract = order.contract
    values = dict(order.extra)
    values.update(
        conId=str(contract.con_id),
        symbol=contract.symbol,
        secType=contract.sec_type,
        lastTradeDateOrContractMonth=contract.last_trade_date,
        strike=written(contract.strike),
        right=contract.right,
        multiplier=contract.multiplier,
        exchange=contract.exchange,
        currency=contract.currency,
        localSymbol=contract.local_symbol,
        tradingClass=contract.trading_class,
        action=values.get("action") or order.side,
        totalQuantity=written(order.quantity),
        orderType=order.order_type,
        lmtPrice=written(order.limit),
        auxPrice=written(order.stop),
        tif=order.tif,
        ocaGroup=order.oca_group,
        ocaType=str(order.oca_type),
        account=order.account,
        orderRef=order.order_ref,
        clientId=str(order.client_id),
        permId=str(order.perm_id),
        outsideRth=written(order.outside_rth),
        goodAfterTime=order.good_after,
        goodTillDate=order.good_till,
        parentId=str(order.parent_id),
        trailStopPrice=written(order.trail_stop),
        trailingPercent=written(order.trailing_percent),
        whatIf=written(order.what_if),
        status=order.status,
    )
    return values


def told_id(order_id: int, bound: Collection[int] = ()) -> int:
    """Return the order id that clients see: 0 for an order made by hand until client 0 has bound it."""
    return order_id if order_id > 0 or order_id in bound else 0


def open_order(
    order: Order, version: int, state: Mapping[str, str] | None = None, bound: Collection[int] = ()
) -> Fields:
    """The order and its state. `state` adds margins, commission and warning by their IB names."""
    values = order_values(order) | dict(state or {})
    names = partial(_names_after, ["", "orderId"], open_names, values, version)
    return Named([5, told_id(order.order_id, bound), *write_open(values, version)], names)


def order_status(order: Order, bound: Collection[int] = ()) -> Fields:
    """Where the order stands."""
    return [
        3,
        told_id(order.order_id, bound),
        order.status,
        order.filled,
        order.remaining,
        order.average_price,
        order.perm_id,
        order.parent_id,
        order.last_price,
        order.client_id,
        order.why_held,
        0.0,
    ]


def completed_order(order: Order, version: int) -> Fields:
    """An order that is over. Its quantity is told as 0 and the quantity filled apart, as TWS does."""
    values = order_values(order)
    values["totalQuantity"] = "0"
    values["filledQuantity"] = written(order.filled)
    values["parentPermId"] = str(order.parent_perm_id)
    if order.done_at is not None:
        values["completedTime"] = tws_time(order.done_at)
    if order.status == "Filled":
        values["completedStatus"] = f"Filled Size: {order.filled.normalize():f}"
    else:
        values["completedStatus"] = "Cancelled by Trader"
    return Named(
        [101, *write_completed(values, version)], partial(_names_after, [""], completed_names, values, version)
    )


def _names_after(
    first: list[str], names: Callable[[Mapping[str, str], int], list[str]], values: Mapping[str, str], version: int
) -> list[str]:
    return [*first, *names(values, version)]


def exec_details(req_id: int, execution: Execution, version: int, bound: Collection[int] = ()) -> Fields:
    """A fill; `req_id` is -1 for a live one."""
    fields: Fields = [
        11,
        req_id,
        told_id(execution.order_id, bound),
        *contract11(execution.contract),
        execution.exec_id,
        tws_time(execution.time),
        execution.account,
        execution.exchange,
        execution.side,
        execution.quantity,
        execution.price,
        execution.perm_id,
        execution.client_id,
        int(execution.liquidation),
        execution.cumulative,
        execution.average_price,
        execution.order_ref,
        "",
        "",
        "",
        2,  # removed liquidity
    ]
    return [*fields, 0] if version >= 178 else fields


def commission_report(commission: Commission) -> Fields:
    """What a fill cost."""
    realized: Decimal | str = UNSET_DOUBLE if commission.realized_pnl is None else commission.realized_pnl
    return [59, 1, commission.exec_id, commission.amount, commission.currency, realized, UNSET_DOUBLE, ""]


def open_order_end() -> Fields:
    """No more open orders."""
    return [53, 1]


def exec_details_end(req_id: int) -> Fields:
    """No more executions."""
    return [55, 1, req_id]


def completed_orders_end() -> Fields:
    """No more completed orders; this message is its id alone."""
    return [102]


def order_bound(perm_id: int, client_id: int, order_id: int) -> Fields:
    """A manual order has been given an order id of client 0."""
    return [100, perm_id, client_id, order_id]
