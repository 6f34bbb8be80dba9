"""Exchange rates into the accounts' currency, US dollars."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from simulator.model import Contract, Quote
from simulator.venue.market import as_decimal

__all__ = ["BASE", "Rates"]

BASE = "USD"
# Where a rate starts; a currency pair that is quoted against the dollar moves it.
_STARTING = {
    "USD": "1",
    "EUR": "1.08",
    "GBP": "1.27",
    "CHF": "1.12",
    "JPY": "0.0066",
    "HKD": "0.128",
    "CAD": "0.72",
    "AUD": "0.65",
    "SGD": "0.745",
    "CNH": "0.138",
    "NZD": "0.59",
    "SEK": "0.095",
    "NOK": "0.092",
    "MXN": "0.05",
}


class Rates:
    """currency → US dollars for one unit."""

    def __init__(self) -> None:
        self._rates = {currency: Decimal(rate) for currency, rate in _STARTING.items()}

    def of(self, currency: str) -> Decimal:
        """Return the value of one unit in dollars. Raises KeyError for a currency that was never quoted."""
        return self._rates[currency]

    def all(self) -> dict[str, Decimal]:
        """Return currency → value of one unit in dollars."""
        return dict(self._rates)

    def resume(self, rates: Mapping[str, Decimal]) -> None:
        """Go on with the rates as they were."""
        self._rates |= rates

    def convert(self, amount: Decimal, source: str, target: str) -> Decimal:
        """Return `amount` of `source` in `target`."""
        return amount if source == target else amount * self.of(source) / self.of(target)

    def learn(self, pair: Contract, quote: Quote) -> None:
        """Take the middle of a currency pair's quote, if the dollar is one side of it."""
        if not (quote.bid > 0 and quote.ask > 0):
            return
        middle = (as_decimal(quote.bid) + as_decimal(quote.ask)) / 2
        if pair.currency == BASE:
            self._rates[pair.symbol] = middle
        elif pair.symbol == BASE:
            self._rates[pair.currency] = 1 / middle
