"""What market data a user may see of each contract."""

from __future__ import annotations

from enum import Enum

__all__ = ["Entitlement", "Entitlements"]


class Entitlement(Enum):
    """A market data subscription's extent."""

    LIVE = "live"
    DELAYED = "delayed"  # live is refused with 354, delayed comes with the warning 10167
    NONE = "none"  # refused with 354
    COMPETING = "competing"  # another session of the same user has the data: 10197


class Entitlements:
    """Live for everything unless set otherwise; a change counts for requests made after it."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, Entitlement] = {}

    def set(self, symbol: str, extent: Entitlement) -> None:
        """Set what may be seen of a symbol."""
        self._by_symbol[symbol] = extent

    def of(self, symbol: str) -> Entitlement:
        """Return what may be seen of a symbol."""
        return self._by_symbol.get(symbol, Entitlement.LIVE)
