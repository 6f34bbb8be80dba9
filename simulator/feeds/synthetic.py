"""A seeded market: correlated random walks with spreads, sizes, trades and jumps."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

from config.environment import Environment
from simulator.contracts import ContractBook, ContractDefinition
from simulator.feeds.feed import Deliver, FeedError
from simulator.feeds.hours import PEAK, Hours, Phase
from simulator.feeds.option_walk import OptionWalk
from simulator.feeds.pacing import Timed, check_speed, play
from simulator.feeds.synthetic_past import synthetic_past
from simulator.feeds.walk import TICKS_PER_UPDATE, Tick, Walk
from simulator.past import NO_PAST, Past
from simulator.venue.sessions import Calendars

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
        calendar: str = "always",
    ) -> None:
        """`rate` is about how many ticks a second each contract has, `factor` multiplies its volatility;
        `contracts` is where the underlyings of options are found that are not themselves among the definitions.

        With a `calendar` other than `always` each contract keeps the hours of its own exchange (see `hours`).

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
        self._calendar = calendar
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
        if self._calendar != "always":
            return self._in_hours(walks, hidden)
        return self._around_the_clock(walks, hidden)

    def _around_the_clock(self, walks: list[Walk], hidden: list[Walk]) -> Iterator[Timed]:
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

    def _in_hours(self, walks: list[Walk], hidden: list[Walk]) -> Iterator[Timed]:
        """As around the clock, in rounds as short as the liveliest hours want them; in others not each is told."""
        shared = random.Random(f"{self._seed}/market")
        for walk in walks:
            for tick in walk.first():
                yield 0.0, walk.contract, *tick  # the market as it stands
        hours = self._hours()
        course = [_Course(walk, hours[walk.contract.con_id]) for walk in walks]
        round_length = self._interval / PEAK
        gap = round_length / max(len(walks), 1)
        grid = min(CONFLATION, self._interval)
        elapsed = 0.0
        while course:
            if all(one.hours.begins(elapsed) > elapsed for one in course):
                elapsed = min(one.hours.begins(elapsed) for one in course)
            shock = shared.gauss(0, 1)
            for walk in hidden:
                walk.move(round_length, elapsed, shock, 1.0)
            for number, one in enumerate(course, 1):
                moment = elapsed + number * gap
                told = math.ceil(moment / grid) * grid
                for tick in one.step(round_length, elapsed, told, shock):
                    yield told, one.walk.contract, *tick
            elapsed += round_length

    def _hours(self) -> dict[int, Hours]:
        """conId → the hours of its exchange"""
        calendars = Calendars(self._calendar, self._opened)
        by_name: dict[str, Hours] = {}
        found = {}
        for one in self._definitions:
            if one.calendar not in by_name:
                by_name[one.calendar] = Hours(calendars.of(one), self._opened, self._speed)
            found[one.contract.con_id] = by_name[one.calendar]
        return found

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


class _Course:
    """One contract's way through the hours of its exchange."""

    def __init__(self, walk: Walk, hours: Hours) -> None:
        self.walk = walk
        self.hours = hours
        self._phase = hours.mood(0.0).phase
        self._credit = 0.0

    def step(self, seconds: float, elapsed: float, told: float, shock: float) -> list[Tick]:
        mood = self.hours.mood(elapsed)
        if mood.phase is Phase.CLOSED or told >= self.hours.ends:
            self._phase = Phase.CLOSED
            return []
        before, self._phase = self._phase, mood.phase
        found = self.walk.begin_day() if before is Phase.CLOSED else []
        if mood.phase is Phase.REGULAR and before is not Phase.REGULAR:
            return found + self.walk.open(shock)
        self.walk.move(seconds, elapsed, shock, mood.lively)
        self._credit += mood.pace / PEAK
        if self._credit >= 1.0:
            self._credit -= 1.0
            found += self.walk.tell(seconds * PEAK / mood.pace, mood.lively, mood.spread)
        return found


def _is_option(definition: ContractDefinition) -> bool:
    return definition.contract.sec_type == "OPT"
