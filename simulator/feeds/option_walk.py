"""An option's market: its worth follows from its underlying's walk, by Black and Scholes without interest."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time

from simulator.contracts import ContractDefinition
from simulator.feeds.feed import FeedError
from simulator.feeds.walk import Walk

__all__ = ["OptionWalk", "black_scholes"]

SMILE = 1.1  # implied volatility over the underlying's own
YEAR_SECONDS = 365 * 86_400.0


class OptionWalk(Walk):
    """Quotes and trades of one option around its theoretical value. The underlying's walk has to be moved first."""

    def __init__(self, definition: ContractDefinition, seed: str, underlying: Walk, now: datetime) -> None:
        contract = definition.contract
        try:
            day = date.fromisoformat(contract.last_trade_date)
        except ValueError as error:
            name = contract.local_symbol or contract.symbol
            text = f"feed: option {name} expires on {contract.last_trade_date!r}, expected YYYYMMDD"
            raise FeedError(text) from error
        self._underlying = underlying
        self._strike = contract.strike
        self._is_call = contract.right == "C"
        self._years = (datetime.combine(day, time(21), UTC) - now).total_seconds() / YEAR_SECONDS
        self._volatility = underlying.volatility * SMILE
        super().__init__(definition, seed)
        self._value = self._worth(0.0)

    def move(self, seconds: float, elapsed: float, shared: float, lively: float) -> None:
        """Follow the underlying."""
        self._value = self._worth(elapsed)

    def _worth(self, elapsed: float) -> float:
        years = self._years - elapsed / YEAR_SECONDS
        worth = black_scholes(self._underlying.value, self._strike, years, self._volatility, call=self._is_call)
        return max(worth, self._steps[0][0])


def black_scholes(spot: float, strike: float, years: float, volatility: float, *, call: bool) -> float:
    """Return the value of a European option without interest and dividends; from expiry on, what it is in the money."""
    sign = 1.0 if call else -1.0
    if years <= 0:
        return max(sign * (spot - strike), 0.0)
    width = volatility * math.sqrt(years)
    upper = math.log(spot / strike) / width + width / 2
    return sign * (spot * _normal(sign * upper) - strike * _normal(sign * (upper - width)))


def _normal(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))
