"""Why an order, a change or a cancel is not accepted."""

from __future__ import annotations

__all__ = ["OrderRefused"]


class OrderRefused(Exception):
    """The broker says no, with TWS's error code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
