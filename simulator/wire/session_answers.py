"""Messages about the connection itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

__all__ = ["Fields", "Named", "current_time", "error", "managed_accounts", "next_valid_id", "user_info"]

Fields = list[object]
"""A message: its id, then its fields, not yet text."""


class Named(list[object]):
    """A message whose layout depends on its contents, with a way to name its fields."""

    def __init__(self, fields: Iterable[object], names: Callable[[], Sequence[str]]) -> None:
        super().__init__(fields)
        self.names = names


def error(answered_on: int, code: int, text: str, version: int, reject_json: str = "") -> Fields:
    """An error or notice. The advanced reject exists from version 166 on and must be absent before."""
    fields: Fields = [4, 2, answered_on, code, text]
    return [*fields, reject_json] if version >= 166 else fields


def managed_accounts(accounts: Sequence[str]) -> Fields:
    """The accounts, as one comma separated field."""
    return [15, 1, ",".join(accounts)]


def next_valid_id(order_id: int) -> Fields:
    """The first order id that may be used."""
    return [9, 1, order_id]


def current_time(epoch: int) -> Fields:
    """The broker's time in seconds since 1970."""
    return [49, 1, epoch]


def user_info(req_id: int) -> Fields:
    """The white-branding id: none."""
    return [107, req_id, ""]
