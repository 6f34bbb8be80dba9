"""What the day came to by our own books: each position's result less what it had come to when the day began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from attrs import Factory, define

from messages.risk import HoldingChanged

__all__ = ["DayPnl", "Sums"]

_ZERO = Decimal(0)


@define(slots=True)
class Sums:
    """currency → amount, kept by differences: reading it costs the same however many symbols there are."""

    amounts: dict[str, Decimal] = Factory(dict)

    def add(self, currency: str, amount: Decimal) -> None:
        """Add an amount, which may be negative."""
        if amount:
            self.amounts[currency] = self.amounts.get(currency, _ZERO) + amount


class DayPnl:
    """Sums over all symbols, each in its instrument's currency.

    `realized`, `unrealized` and `commission` are those of the positions that closed today and of the open ones;
    `earned` is what came of them today: after commission, and less what open ones brought from the days before.
    """

    def __init__(self) -> None:
        self.realized, self.unrealized, self.commission, self.earned = Sums(), Sums(), Sums(), Sums()
        self.baselines: dict[str, Decimal] = {}
        self._currencies: dict[str, str] = {}  # of the baselines
        self._told: dict[str, tuple[HoldingChanged, str]] = {}  # with its currency
        self._closed: dict[str, tuple[Decimal, Decimal, str]] = {}  # symbol → realized, commission, currency
        self._unknown: set[str] = set()  # symbols whose baseline is not known yet

    def restore(
        self, closed: Iterable[tuple[str, Decimal, Decimal, str]], baselines: Mapping[str, tuple[Decimal, str]]
    ) -> None:
        """Take up a day: (symbol, realized, commission, currency) of what closed, symbol → (baseline, currency)."""
        for symbol, realized, commission, currency in closed:
            self._close(symbol, realized, commission, currency)
        for symbol, (amount, currency) in baselines.items():
            self._set_baseline(symbol, amount, currency)

    def await_baseline(self, symbols: Iterable[str]) -> None:
        """These were open when the day began and nobody knows at what: what they come to first is where they begin."""
        self._unknown.update(set(symbols) - self.baselines.keys())

    def hold(self, told: HoldingChanged, currency: str) -> bool:
        """Take what a symbol holds. Return whether a baseline has become known by it."""
        known = self._told.get(told.symbol)
        self._told[told.symbol] = (told, currency)
        if known is not None:
            self._add(*known, -1)
        self._add(told, currency, 1)
        if told.symbol in self._unknown and (told.mark is not None or not told.quantity):
            self._unknown.discard(told.symbol)
            self._set_baseline(told.symbol, _result(told), currency)
            return bool(_result(told))
        return False

    def close(self, symbol: str, realized: Decimal, commission: Decimal, currency: str) -> None:
        """Take what a position that has closed came to in all; what it told of itself before is counted in that."""
        known = self._told.pop(symbol, None)
        if known is not None:
            self._add(*known, -1)
        self._close(symbol, realized, commission, currency)

    def new_day(self) -> None:
        """Begin anew: what open positions have come to so far belongs to the days before."""
        for realized, commission, currency in self._closed.values():
            self.realized.add(currency, -realized)
            self.commission.add(currency, -commission)
            self.earned.add(currency, commission - realized)
        self._closed.clear()
        self._unknown.clear()
        for symbol in list(self.baselines):
            self._drop_baseline(symbol)
        for symbol, (told, currency) in self._told.items():
            if told.quantity:
                self._set_baseline(symbol, _result(told), currency)

    def _close(self, symbol: str, realized: Decimal, commission: Decimal, currency: str) -> None:
        before = self._closed.get(symbol, (_ZERO, _ZERO, currency))
        self._closed[symbol] = (before[0] + realized, before[1] + commission, currency)
        self.realized.add(currency, realized)
        self.commission.add(currency, commission)
        self.earned.add(currency, realized - commission)

    def _add(self, told: HoldingChanged, currency: str, sign: int) -> None:
        self.realized.add(currency, sign * told.realized_pnl)
        self.unrealized.add(currency, sign * told.unrealized_pnl)
        self.commission.add(currency, sign * told.commission)
        self.earned.add(currency, sign * _result(told))

    def _set_baseline(self, symbol: str, amount: Decimal, currency: str) -> None:
        self._drop_baseline(symbol)
        if amount:
            self.baselines[symbol], self._currencies[symbol] = amount, currency
            self.earned.add(currency, -amount)

    def _drop_baseline(self, symbol: str) -> None:
        amount = self.baselines.pop(symbol, None)
        if amount is not None:
            self.earned.add(self._currencies.pop(symbol), amount)


def _result(told: HoldingChanged) -> Decimal:
    return told.realized_pnl + told.unrealized_pnl - told.commission
