"""A market that moves: a geometric walk for each symbol, from the storm's seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from random import Random

import trio

from simulator.app import PaperBroker
from simulator.model import Ticked

__all__ = ["Market"]


class Market:
    """Bid, ask and last of each symbol, a step of all of them now and then; `shift` lets one jump."""

    def __init__(
        self, paper: PaperBroker, prices: Mapping[str, float], volatility: float, seed: int, step_seconds: float
    ) -> None:
        """`volatility` is that of one step, and there is one each `step_seconds`."""
        self._paper = paper
        self.prices = dict(prices)
        self._volatility = volatility
        self._step_seconds = step_seconds
        self._dice = Random(f"market {seed}")
        self._contracts = {symbol: paper.contracts.find(symbol, "STK")[0].contract for symbol in prices}

    async def run(self) -> None:
        """Move until cancelled."""
        while True:
            for symbol in self.prices:
                self.shift(symbol, self._dice.gauss(0.0, self._volatility))
            await trio.sleep(self._step_seconds)

    def shift(self, symbol: str, by: float) -> None:
        """Move a price by a factor, and tell it."""
        price = max(1.0, self.prices[symbol] * math.exp(by))
        self.prices[symbol] = price
        contract, now = self._contracts[symbol], self._paper.environment.now()
        quotes = ((1, price - 0.01), (2, price + 0.01), (4, price))
        self._paper.deliver([Ticked(contract, kind, round(value, 2), 500, now) for kind, value in quotes])
