"""The only writer of orders: identity, state, groups, reconciliation."""

from actors.orders.actor import OrderActor

__all__ = ["OrderActor"]
