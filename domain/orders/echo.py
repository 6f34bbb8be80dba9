"""Compare what the broker shows of an order with what was intended (INC-22, INC-23, INC-31)."""

from __future__ import annotations

from decimal import Decimal

from domain.orders.record import OrderRecord, Terms
from messages.gateway import BrokerOrder
from messages.order import Execution, OrderType, Side

__all__ = ["mismatches", "shown_terms", "version_shown", "wrong_execution"]


def mismatches(record: OrderRecord, echo: BrokerOrder, con_id: int | None) -> tuple[str, ...]:
    """Return what differs that no modification of ours explains: another contract, side, account or quantity.

    `con_id` is the contract of the record's symbol, None where it is not known yet. A completed order's quantity is
    what filled, and is not compared.
    """
    found = []
    if echo.symbol != record.symbol:
        found.append(f"symbol {echo.symbol} instead of {record.symbol}")
    if con_id is not None and echo.con_id and echo.con_id != con_id:
        found.append(f"contract {echo.con_id} instead of {con_id}")
    if echo.side is not record.side:
        found.append(f"side {echo.side} instead of {record.side}")
    if echo.account and echo.account != record.account:
        found.append(f"account {echo.account} instead of {record.account}")
    if not echo.completed and all(echo.quantity != terms.quantity for terms in record.versions):
        found.append(f"quantity {echo.quantity} instead of {record.terms.quantity}")
    return tuple(found)


def wrong_execution(record: OrderRecord, execution: Execution, con_id: int | None) -> tuple[str, ...]:
    """Return what a fill of this order has that the order does not: it filled as something else (INC-23)."""
    found = []
    if execution.symbol != record.symbol:
        found.append(f"symbol {execution.symbol} instead of {record.symbol}")
    elif con_id is not None and execution.con_id and execution.con_id != con_id:
        found.append(f"contract {execution.con_id} instead of {con_id}")
    if execution.side is not record.side:
        found.append(f"side {execution.side} instead of {record.side}")
    if execution.account != record.account:
        found.append(f"account {execution.account} instead of {record.account}")
    return tuple(found)


def version_shown(record: OrderRecord, echo: BrokerOrder) -> int | None:
    """Return the index of the version that this echo shows, the latest of several; None where it shows none of ours."""
    for index in reversed(range(len(record.versions))):
        if _shows(record, record.versions[index], echo):
            return index
    return None


def shown_terms(echo: BrokerOrder) -> Terms:
    """Return the terms that an echo shows."""
    trails = echo.order_type == OrderType.TRAILING_STOP
    return Terms(
        quantity=echo.quantity,
        limit_price=echo.limit_price,
        stop_price=echo.trail_stop_price if trails else echo.stop_price,
        trailing_pct=echo.trailing_pct if trails else None,
        trailing_amount=echo.stop_price if trails and echo.trailing_pct is None else None,
    )


def _shows(record: OrderRecord, terms: Terms, echo: BrokerOrder) -> bool:
    if echo.order_type != record.order_type or echo.quantity != terms.quantity:
        return False
    shown = shown_terms(echo)
    match record.order_type:
        case OrderType.MARKET:
            return True
        case OrderType.LIMIT:
            return shown.limit_price == terms.limit_price
        case OrderType.STOP:
            return shown.stop_price == terms.stop_price
        case OrderType.STOP_LIMIT:
            return shown.stop_price == terms.stop_price and shown.limit_price == terms.limit_price
        case OrderType.TRAILING_STOP:
            return (
                shown.trailing_pct == terms.trailing_pct
                and shown.trailing_amount == terms.trailing_amount
                and _as_tight(record.side, shown.stop_price, terms.stop_price)
            )
        case _:
            return False


def _as_tight(side: Side, shown: Decimal | None, asked: Decimal | None) -> bool:
    """A trailing stop moves at the broker, and only closer: one that has moved still is the version asked for."""
    if asked is None:
        return True
    if shown is None:
        return False
    return shown >= asked if side is Side.SELL else shown <= asked
