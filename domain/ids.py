"""Order ids: strictly increasing, reserved durably before use, never given twice."""

from __future__ import annotations

__all__ = ["BLOCK", "LAST_ORDER_ID", "OrderIds", "OrderIdsExhausted"]

LAST_ORDER_ID = 1_999_999_999
"""TWS reads ids as signed 32-bit numbers and answers larger ones with error 320 (INC-11); the gateway numbers its
requests from 2,000,000,000 on, so that the id of an error names either a request or an order."""

BLOCK = 100
"""How many ids one reservation covers, so that not each order needs a record of its own."""


class OrderIdsExhausted(Exception):
    """No id is left: the ID sequence must be reset in TWS, with no order active."""


class OrderIds:
    """The ids of one client id.

    Next = max(nextValidId, journal's high water, ids seen + 1): TWS's own number falls back after some restarts
    (INC-06), and an id must exceed each that any client's openOrder or orderStatus has shown.
    """

    def __init__(self) -> None:
        """Start with nothing reserved and nothing seen."""
        self.next = 1
        self.reserved = 1  # ids below it are durably reserved

    def recover(self, next_order_id: int) -> None:
        """Take a reservation found in the journal: what it covers may have been used."""
        self.reserved = max(self.reserved, next_order_id)
        self.next = max(self.next, next_order_id)

    def offered(self, next_valid_id: int) -> None:
        """Take nextValidId as a lower bound."""
        self.next = max(self.next, next_valid_id)

    def saw(self, order_id: int) -> None:
        """Take note of an id in use on this account, whoever placed it."""
        self.next = max(self.next, order_id + 1)

    def take(self, count: int) -> tuple[range, int | None]:
        """Return `count` ids, and the reservation that must be durable before the first byte, or None if one is.

        Raises OrderIdsExhausted and takes nothing when they would pass the last id that TWS can read.
        """
        first, after = self.next, self.next + count
        if after - 1 > LAST_ORDER_ID:
            raise OrderIdsExhausted(f"next order id {first}, {count} wanted, {LAST_ORDER_ID} is the last")
        self.next = after
        if after <= self.reserved:
            return range(first, after), None
        self.reserved = min(after + BLOCK, LAST_ORDER_ID + 1)
        return range(first, after), self.reserved
