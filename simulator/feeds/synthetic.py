"""A seeded market: correlated random walks with spreads, sizes, trades and jumps."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

from config.environment import Environment
from simulator.contracts import ContractBook, ContractDefinition
from simulator.feeds.feed import Deliver, FeedError
from simulator.feeds.option_walk import OptionWalk
from simulator.feeds.pacing import Timed, check_speed, play
from simulator.feeds.synthetic_past import synthetic_past
from simulator.feeds.walk import TICKS_PER_UPDATE, Walk
from simulator.past import NO_PAST, Past

__all__ = ["SyntheticFeed"]

CONFLATION = 0.25  # seconds: TWS tells the level 1 quotes of stocks no more often (ib-facts §6)


class SyntheticFeed:
    """Ticks without end for the given contracts, the same for the same seed."""

    def __init__(
        self,
        definitions: Sequence[ContractDefinition],
        environment: Environment,
        *,
        contracts: ContractBook | None = None,
        speed: float = 1.0,
        seed: int = 1,
        rate: float = 5.0,
        factor: float = 1.0,
    ) -> None:
        """`rate` is about how many ticks a second each contract has, `factor` multiplies its volatility;
        `contracts` is where the underlyings of options are found that are not themselves among the definitions.

        Raises FeedError for a bad speed, and for an option without an underlying or a date of expiry.
        """
        self._definitions = definitions
        self._contracts = contracts or ContractBook(definitions)
        self._environment = environment
        self._speed = check_speed(speed)
        self._seed = seed
        self._factor = factor
        self._interval = TICKS_PER_UPDATE / rate
        self._opened = environment.now()
        self._walks()  # so that what is wrong with a definition shows now

    async def run(self, deliver: Deliver) -> None:
        """Deliver ticks until cancelled."""
        await play(self.ticks(), deliver, self._environment, self._speed)

    def past(self, con_id: int) -> Past:
        """Return a year of bars; none for an option, whose worth would need a past of its underlying."""
        definition = next((one for one in self._definitions if one.contract.con_id == con_id), None)
        if definition is None or _is_option(definition):
            return NO_PAST
        walk = self._walk(definition)
        return synthetic_past(definition, self._seed, walk.volatility, walk.value, self._opened)

    def ticks(self) -> Iterator[Timed]:
        """Return the ticks with their times, without end.

        In each round every contract has one update, spread evenly over the round and told four times a second; each
        walk has a generator of its own, so that a contract's ticks depend on the others only through their number.
        """
        walks, hidden = self._walks()
        shared = random.Random(f"{self._seed}/market")
        for walk in walks:
            for tick in walk.first():
                yield 0.0, walk.contract, *tick
        gap = self._interval / max(len(walks), 1)
        grid = min(CONFLATION, self._interval)
        number = 0
        while walks:
            shock = shared.gauss(0, 1)
            for walk in hidden:
                walk.step(self._interval, number * gap, shock)
            for walk in walks:
                number += 1
                elapsed = number * gap
                told = math.ceil(elapsed / grid) * grid
                for tick in walk.step(self._interval, elapsed, shock):
                    yield told, walk.contract, *tick

    def _walks(self) -> tuple[list[Walk], list[Walk]]:
        """Return the walks to tell, options after what they are on, and those that only options need."""
        told = {one.contract.con_id: self._walk(one) for one in self._definitions if not _is_option(one)}
        hidden: dict[int, Walk] = {}
        now = self._environment.now()
        for one in self._definitions:
            if _is_option(one):
                con_id = one.under_con_id
                underlying = told.get(con_id) or hidden.get(con_id)
                if underlying is None:
                    underlying = hidden[con_id] = self._walk(self._underlying(one))
                told[one.contract.con_id] = OptionWalk(one, self._name(one), underlying, now)
        return list(told.values()), list(hidden.values())

    def _underlying(self, option: ContractDefinition) -> ContractDefinition:
        found = self._contracts.by_con_id(option.under_con_id)
        if found is None:
            raise FeedError(f"feed: {option.contract.local_symbol} has no underlying with conId {option.under_con_id}")
        return found

    def _walk(self, definition: ContractDefinition) -> Walk:
        return Walk(definition, self._name(definition), self._factor)

    def _name(self, definition: ContractDefinition) -> str:
        return f"{self._seed}/{definition.contract.con_id}"


def _is_option(definition: ContractDefinition) -> bool:
    return definition.contract.sec_type == "OPT"
