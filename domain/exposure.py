"""Exposure in the worst case: whatever of what works, is queued or is reserved fills, and whatever of it does not."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from decimal import Decimal

from attrs import frozen

from messages.order import Side

__all__ = ["Exposure", "Holding", "PendingOrder", "Totals"]

ZERO = Decimal(0)


@frozen(slots=True)
class Holding:
    """What is held of a symbol (negative when short) and what one unit is worth, in the account's currency."""

    quantity: Decimal
    price: Decimal


@frozen(slots=True)
class PendingOrder:
    """An order that may still add to a position: reserved, on its way, or working, with what may still fill.

    `price` is what one unit is worth in the account's currency.
    """

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal


@frozen(slots=True)
class Totals:
    """Worst cases of several symbols: the sum of absolute values, the absolute sum, and the units."""

    gross: Decimal
    net: Decimal
    shares: Decimal


class Exposure:
    """Of each symbol the two ends: all its pending buys fill and no sell, or the reverse.

    Gross is the sum of the larger end of each symbol; net the larger of the sums of all upper and of all lower ends.
    Whatever fills lies between. Exits are not counted: they only reduce a symbol, though not always the net of several.
    """

    def __init__(self, holdings: Mapping[str, Holding], pending: Iterable[PendingOrder]) -> None:
        self._high: dict[str, Decimal] = {}  # symbol → units, if all buys fill
        self._low: dict[str, Decimal] = {}
        self._dear: dict[str, Decimal] = {}  # symbol → the highest price known of it
        self._cheap: dict[str, Decimal] = {}
        for symbol, holding in holdings.items():
            self._high[symbol] = self._low[symbol] = holding.quantity
            self._dear[symbol] = self._cheap[symbol] = holding.price
        for order in pending:
            self.add(order)

    def add(self, order: PendingOrder) -> None:
        """Count one more order."""
        symbol, price = order.symbol, order.price
        if symbol not in self._high:
            self._high[symbol] = self._low[symbol] = ZERO
            self._dear[symbol] = self._cheap[symbol] = price
        self._dear[symbol] = max(self._dear[symbol], price)
        self._cheap[symbol] = min(self._cheap[symbol], price) or price
        if order.side is Side.BUY:
            self._high[symbol] += order.quantity
        else:
            self._low[symbol] -= order.quantity

    @property
    def symbols(self) -> tuple[str, ...]:
        """Those that are held or may be."""
        return tuple(self._high)

    def shares(self, symbol: str) -> Decimal:
        """Return the worst case of a symbol, in units, unsigned."""
        return max(abs(self._high.get(symbol, ZERO)), abs(self._low.get(symbol, ZERO)))

    def notional(self, symbol: str) -> Decimal:
        """Return the worst case of a symbol in money, at the highest price known of what is held and pending."""
        return self.shares(symbol) * self._dear.get(symbol, ZERO)

    def totals(self, symbols: Container[str] | None = None) -> Totals:
        """Return the worst cases of these symbols together, or of all."""
        gross = shares = high = low = ZERO
        for symbol, up in self._high.items():
            if symbols is not None and symbol not in symbols:
                continue
            down, dear, cheap = self._low[symbol], self._dear[symbol], self._cheap[symbol]
            units = max(abs(up), abs(down))
            shares += units
            gross += units * dear
            high += up * (dear if up > 0 else cheap)
            low += down * (cheap if down > 0 else dear)
        return Totals(gross, max(abs(high), abs(low)), shares)

    def gross(self) -> Decimal:
        """Return the sum of the symbols' worst cases."""
        return self.totals().gross
