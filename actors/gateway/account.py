"""The account's values and P&L, as the broker counts them."""

from __future__ import annotations

from collections.abc import Callable

from actors.gateway.outlets import Outlets
from actors.gateway.sender import Sender
from actors.ib.client import WireClient
from messages.gateway import AccountValue, Priority

__all__ = ["AccountDesk"]


class AccountDesk:
    """Subscribes the account on one connection. TWS repeats every value each three minutes: only changes are told."""

    def __init__(
        self, client: WireClient, sender: Sender, next_request_id: Callable[[], int], outlets: Outlets
    ) -> None:
        self._client = client
        self._sender = sender
        self._next_request_id = next_request_id
        self._outlets = outlets
        self._values: dict[tuple[str, str, str], str] = {}  # (account, key, currency) → value
        self._pnl_request = 0

    def subscribe(self, account: str) -> None:
        """Ask for values and P&L, as they change; again after TWS has lost its subscriptions, or to be told anew."""
        client, sender = self._client, self._sender
        self._values.clear()
        before, request = self._pnl_request, self._next_request_id()
        self._pnl_request = request
        if before:
            sender.post(Priority.DATA, "cancel pnl", lambda: client.cancelPnL(before))
        sender.post(Priority.DATA, "account updates", lambda: client.reqAccountUpdates(True, account))
        sender.post(Priority.DATA, "pnl", lambda: client.reqPnL(request, account, ""))

    def value(self, value: AccountValue) -> None:
        """Take updateAccountValue."""
        key = (value.account, value.key, value.currency)
        if self._values.get(key) != value.value:
            self._values[key] = value.value
            self._outlets.portfolio(value)
