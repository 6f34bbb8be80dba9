"""A seeded market: correlated random walks with spreads, sizes, trades and jumps."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from config.environment import Environment
from simulator.contracts import ContractDefinition
from simulator.feeds.feed import Deliver
from simulator.feeds.pacing import Timed, check_speed, play
from simulator.feeds.walk import TICKS_PER_UPDATE, Walk

__all__ = ["SyntheticFeed"]


class SyntheticFeed:
    """Ticks without end for the given contracts, the same for the same seed."""

    def __init__(
        self,
        definitions: Sequence[ContractDefinition],
        environment: Environment,
        *,
        speed: float = 1.0,
        seed: int = 1,
        rate: float = 5.0,
        factor: float = 1.0,
    ) -> None:
        """`rate` is about how many ticks a second each contract has, `factor` multiplies its volatility.

        Raises FeedError for a bad speed.
        """
        self._definitions = definitions
        self._environment = environment
        self._speed = check_speed(speed)
        self._seed = seed
        self._factor = factor
        self._interval = TICKS_PER_UPDATE / rate

    async def run(self, deliver: Deliver) -> None:
        """Deliver ticks until cancelled."""
        await play(self.ticks(), deliver, self._environment, self._speed)

    def ticks(self) -> Iterator[Timed]:
        """Return the ticks with their times, without end.

        In each round every contract has one update, spread evenly over the round; each walk has a generator of its
        own, so that a contract's ticks depend on which others there are only through their number.
        """
        walks = [Walk(one, f"{self._seed}/{one.contract.con_id}", self._factor) for one in self._definitions]
        shared = random.Random(f"{self._seed}/market")
        for walk in walks:
            for tick in walk.first():
                yield 0.0, walk.contract, *tick
        gap = self._interval / max(len(walks), 1)
        number = 0
        while walks:
            shock = shared.gauss(0, 1)
            for walk in walks:
                number += 1
                elapsed = number * gap
                for tick in walk.step(self._interval, elapsed, shock):
                    yield elapsed, walk.contract, *tick
