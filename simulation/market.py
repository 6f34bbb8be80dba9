"""A market that moves: a geometric walk for each symbol, from the storm's seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from random import Random

import trio

from simulator.app import PaperBroker
from simulator.model import Ticked
from simulator.venue.sessions import Calendars

__all__ = ["Market"]

_HALTED = 49  # the tick that says whether trading is halted


class Market:
    """Bid, ask and last of each symbol, a step of all of them now and then; `shift` lets one jump."""

    def __init__(
        self,
        paper: PaperBroker,
        prices: Mapping[str, float],
        volatility: float,
        seed: int,
        step_seconds: float,
        calendar: str = "always",
    ) -> None:
        """`volatility` is that of one step, and there is one each `step_seconds` while the exchange is open."""
        self._sessions = Calendars(calendar, paper.environment.now()).main
        self._paper = paper
        self.prices = dict(prices)
        self.still: Counter[str] = Counter()  # symbol → how many faults keep its ticks from coming
        self.halted: set[str] = set()
        self.told_at: dict[str, float] = {}  # symbol → when a price of it came last, by trio's clock
        self._volatility = volatility
        self._step_seconds = step_seconds
        self._dice = Random(f"market {seed}")
        self._contracts = {symbol: paper.contracts.find(symbol, "STK")[0].contract for symbol in prices}

    async def run(self) -> None:
        """Move until cancelled."""
        while True:
            await self._opening()
            for symbol in self.prices:
                self.shift(symbol, self._dice.gauss(0.0, self._volatility))
            await trio.sleep(self._step_seconds)

    async def _opening(self) -> None:
        now = self._paper.environment.now()
        session = self._sessions.current(now)
        if now >= session.closes:
            session = self._sessions.current(session.late)
        if now < session.opens:
            await trio.sleep((session.opens - now).total_seconds())

    def shift(self, symbol: str, by: float) -> None:
        """Move a price by a factor, and tell it, unless the exchange says nothing."""
        price = max(1.0, self.prices[symbol] * math.exp(by))
        self.prices[symbol] = price
        if symbol in self.halted or self.still[symbol] > 0:
            return
        self.told_at[symbol] = trio.current_time()
        self._tell(symbol, ((1, price - 0.01), (2, price + 0.01), (4, price)))

    def halt(self, symbol: str, kind: int) -> bool:
        """Halt trading: 1 is a general halt, 2 one for volatility. Return whether it was not halted before."""
        if symbol in self.halted:
            return False
        self.halted.add(symbol)
        self._tell(symbol, ((_HALTED, float(kind)),))
        return True

    def resume(self, symbol: str, jump: float) -> None:
        """End a halt, at another price."""
        self.halted.discard(symbol)
        self._tell(symbol, ((_HALTED, 0.0),))
        self.shift(symbol, jump)

    def _tell(self, symbol: str, ticks: tuple[tuple[int, float], ...]) -> None:
        contract, now = self._contracts[symbol], self._paper.environment.now()
        self._paper.deliver([Ticked(contract, kind, round(value, 2), 500, now) for kind, value in ticks])
