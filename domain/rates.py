"""Money of several currencies in one: by the broker's exchange rates, and never one for one."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

__all__ = ["Rates"]

_ONE = Decimal(1)


class Rates:
    """currency → what one unit of it is worth in the account's own; None where nobody has said."""

    def __init__(self, base: str, given: Mapping[str, Decimal] | None = None) -> None:
        """`base` is the currency in which the limits are meant; the broker's word on it is checked.

        `given` are the rates that hold until the broker tells others.
        """
        self.base = base
        self.told_base = ""
        self._rates: dict[str, Decimal] = dict(given or {})

    def learn(self, key: str, value: str, currency: str) -> None:
        """Take a value of the account by TWS's key: ExchangeRate of a currency, or the currency of NetLiquidation."""
        if currency in ("", "BASE"):
            return
        if key == "NetLiquidation":
            self.told_base = currency
        elif key == "ExchangeRate":
            try:
                rate = Decimal(value)
            except InvalidOperation:
                return
            if rate.is_finite() and rate > 0:
                self._rates[currency] = rate

    @property
    def disagreement(self) -> str:
        """Why no limit can be kept at all: the account counts in another currency than they do; "" if it does not."""
        if self.told_base in ("", self.base):
            return ""
        return f"the account counts in {self.told_base}, risk.currency is {self.base}"

    def known(self) -> tuple[tuple[str, Decimal], ...]:
        """Return each currency with its rate, the account's own included."""
        return tuple({**self._rates, self.base: _ONE}.items())

    def of(self, currency: str) -> Decimal | None:
        """Return the rate."""
        return _ONE if currency == self.base else self._rates.get(currency)

    def total(self, amounts: Mapping[str, Decimal]) -> Decimal | None:
        """Return the sum of currency → amount in the account's currency; None where a rate is missing."""
        total = Decimal(0)
        for currency, amount in amounts.items():
            rate = self.of(currency)
            if rate is None:
                if amount:
                    return None
                continue
            total += amount * rate
        return total
