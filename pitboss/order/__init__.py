"""Orders: made, submitted, followed to their end, alone and in groups."""

from __future__ import annotations

from pitboss.order.base import Order, OrderStatus, OrderType, Role, Side, TimeInForce
from pitboss.order.group import BracketGroup, OcoGroup, OrderGroup
from pitboss.order.manager import OrderManager

__all__ = [
    "BracketGroup",
    "OcoGroup",
    "Order",
    "OrderGroup",
    "OrderManager",
    "OrderStatus",
    "OrderType",
    "Role",
    "Side",
    "TimeInForce",
]
