"""The alarms of one symbol: told when they change, not at each look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from messages.lifecycle import ClearAlarm, RaiseAlarm

if TYPE_CHECKING:
    from actors.runtime.address import Address

__all__ = ["Alarms"]


class Alarms:
    """Remembers what it has told. What an earlier incarnation raised is cleared by the first `clear` of its kind."""

    __slots__ = ("_address", "_standing", "_symbol")

    def __init__(self, address: Address, symbol: str) -> None:
        self._address = address
        self._symbol = symbol
        self._standing: dict[str, str | None] = {}  # kind → text; None where it does not stand

    def alarm(self, kind: str, text: str) -> None:
        """Raise an alarm, or refresh its text."""
        if self._standing.get(kind) != text:
            self._standing[kind] = text
            self._address.tell(RaiseAlarm(kind, f"{self._symbol}: {text}", symbol=self._symbol))

    def clear(self, kind: str) -> None:
        """Clear an alarm, if it may stand."""
        if self._standing.get(kind, "") is not None:
            self._standing[kind] = None
            self._address.tell(ClearAlarm(kind, symbol=self._symbol))
