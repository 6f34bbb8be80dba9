"""Which orders the broker lets in, and with which error it refuses the others (ib-facts §5)."""

from __future__ import annotations

from decimal import Decimal

from simulator.contracts import ContractDefinition
from simulator.model import ZERO, Order
from simulator.venue.changes import limit_offset
from simulator.venue.refusal import OrderRefused
from simulator.venue.terms import ORDER_TYPES, TIMES_IN_FORCE, Terms, Trigger

__all__ = ["check_change", "check_order"]

_MOST = Decimal(10) ** 15  # beyond it sums and remainders would no longer be exact
_TRIGGER_METHODS = frozenset({0, 1, 2, 3, 4, 7, 8})


def check_order(order: Order, definition: ContractDefinition, accounts: tuple[str, ...]) -> None:
    """Raise OrderRefused unless the order makes sense by itself."""
    if order.side not in ("BUY", "SELL"):
        raise _invalid(f"Invalid side: {order.side!r}")
    if order.account not in accounts:
        raise _invalid(f"Invalid account code: {order.account!r}")
    if order.quantity == 0:
        raise OrderRefused(434, "The order size cannot be zero.")
    if not (order.quantity.is_finite() and 0 < order.quantity < _MOST):
        raise _invalid(f"Invalid order size: {order.quantity}")
    if order.quantity % 1 and not definition.size_increment % 1:
        raise OrderRefused(10243, "Fractional-sized order cannot be placed via API.")
    if order.quantity % definition.size_increment:
        raise OrderRefused(
            201, f"Order rejected - reason:The order size must be a multiple of {definition.size_increment}"
        )
    terms = ORDER_TYPES.get(order.order_type)
    if terms is None:
        raise OrderRefused(387, "Unsupported order type for this exchange and security type.")
    if order.tif not in TIMES_IN_FORCE:
        raise OrderRefused(111, f"The TIF ({order.tif}) and the order type are incompatible.")
    if order.tif in ("OPG", "IOC", "FOK") and (terms.at_close or terms.midpoint or terms.rests):
        raise OrderRefused(111, "The TIF (Time in Force) and the order type are incompatible.")
    if order.tif == "OPG" and terms.trigger:
        raise OrderRefused(111, "The TIF (Time in Force) and the order type are incompatible.")
    if order.tif == "GTD" and not order.good_till:
        raise _invalid("Good till date is missing")
    _check_prices(order, definition, terms)


def check_change(order: Order, change: Order) -> None:
    """Raise OrderRefused unless `change` may replace the terms of a live order."""
    same = (
        order.side == change.side
        and order.account == change.account
        and order.contract.con_id == change.contract.con_id
    )
    if not same:
        raise OrderRefused(105, "Order being modified does not match original order.")
    if change.quantity < order.filled:
        raise OrderRefused(
            201, f"Order rejected - reason:The order size {change.quantity} is below the quantity filled {order.filled}"
        )


def _check_prices(order: Order, definition: ContractDefinition, terms: Terms) -> None:
    method = order.extra.get("triggerMethod") or "0"
    if not method.isdigit() or int(method) not in _TRIGGER_METHODS:
        raise _invalid(f"Invalid trigger method: {method!r}")
    if terms.trigger is Trigger.TRAIL:
        _check_trail(order, definition, terms)
    elif terms.trigger:
        _check_price(order.stop, "stop price", definition)
    if terms.limit and terms.trigger is not Trigger.TRAIL:
        _check_price(order.limit, "limit price", definition)
    if terms.midpoint and order.limit:
        _check_price(order.limit, "price cap", definition)


def _check_trail(order: Order, definition: ContractDefinition, terms: Terms) -> None:
    if (order.stop is None) == (order.trailing_percent is None):
        raise _invalid("A trailing stop needs either an amount or a percentage")
    for amount in (order.stop, order.trailing_percent):
        if amount is not None and not (amount.is_finite() and 0 < amount < _MOST):
            raise _invalid(f"Invalid trailing amount: {amount}")
    if order.trail_stop is not None:
        _check_price(order.trail_stop, "trail stop price", definition)
    if not terms.limit:
        return
    if order.limit:
        _check_price(order.limit, "limit price", definition)
    if not limit_offset(order):
        raise _invalid("A trailing limit needs a limit offset, or a limit and a trail stop price")


def _check_price(price: Decimal | None, name: str, definition: ContractDefinition) -> None:
    if price is None or not price.is_finite():
        raise _invalid(f"The {name} is missing")
    if abs(price) >= _MOST:
        raise _invalid(f"Invalid {name}: {price}")
    positive = definition.contract.sec_type in ("STK", "OPT", "CASH")
    if (positive and price <= ZERO) or not definition.on_tick(price):
        raise OrderRefused(110, "The price does not conform to the minimum price variation for this contract.")


def _invalid(cause: str) -> OrderRefused:
    return OrderRefused(321, f"Error validating request.-'bR' : cause - {cause}")
