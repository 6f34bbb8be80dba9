"""Orders on their way out."""

from __future__ import annotations

from decimal import Decimal

from ib_insync.order import Order

from domain.instrument import canonical
from messages.gateway import OutgoingOrder
from messages.order import OrderType

__all__ = ["order_of"]

# cancel the others with block: no two orders of the group can fill (tws-api, oca)
_OCA_CANCEL_WITH_BLOCK = 1


def order_of(outgoing: OutgoingOrder) -> Order:
    """Return the order as ib_insync's client writes it. Numbers are text already, so nothing can reshape them.

    Every field is set each time: a modification that left out the trailing fields would lose them. Raises
    ValueError for a number that is not finite, and for an order type without its prices.
    """
    request = outgoing.request
    order = Order(
        orderId=outgoing.order_id,
        action=request.side.value,
        totalQuantity=canonical(request.quantity),
        orderType=request.order_type.value,
        tif=request.tif.value,
        ocaGroup=request.oca_group,
        ocaType=_OCA_CANCEL_WITH_BLOCK if request.oca_group else 0,
        orderRef=request.order_ref,
        account=outgoing.account,
        transmit=outgoing.transmit,
        parentId=outgoing.parent_order_id,
        outsideRth=request.outside_rth,
        whatIf=outgoing.what_if,
    )
    match request.order_type:
        case OrderType.MARKET:
            pass
        case OrderType.LIMIT:
            order.lmtPrice = _price(request.limit_price, "limit price")
        case OrderType.STOP:
            order.auxPrice = _price(request.stop_price, "stop price")
        case OrderType.STOP_LIMIT:
            order.lmtPrice = _price(request.limit_price, "limit price")
            order.auxPrice = _price(request.stop_price, "stop price")
        case OrderType.TRAILING_STOP:
            _set_trail(order, outgoing)
    return order


def _set_trail(order: Order, outgoing: OutgoingOrder) -> None:
    request = outgoing.request
    if (request.trailing_pct is None) == (request.trailing_amount is None):
        raise ValueError(f"{request.order_ref}: a trailing stop needs either a percentage or an amount")
    if request.trailing_pct is not None:
        order.trailingPercent = canonical(request.trailing_pct * 100)  # TWS counts in percent
    else:
        order.auxPrice = _price(request.trailing_amount, "trailing amount")
    if request.stop_price is not None:
        order.trailStopPrice = canonical(request.stop_price)


def _price(value: Decimal | None, name: str) -> str:
    if value is None:
        raise ValueError(f"the {name} is missing")
    return canonical(value)
