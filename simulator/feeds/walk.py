"""One contract's random walk: quote, sizes, trades and volume."""

from __future__ import annotations

import math
import random
from bisect import bisect_right

from simulator.contracts import ContractDefinition

__all__ = ["DAY", "TICKS_PER_UPDATE", "YEAR", "Tick", "Walk", "activity", "sizes_of"]

DAY = 6.5 * 3600  # seconds of a US session: the unit of volume and of the daily pattern
YEAR = 252 * DAY
TICKS_PER_UPDATE = 2.9  # how many ticks an update makes on average
JUMPS_A_DAY = 3.0
JUMP = 0.004  # standard deviation of a jump
NIGHT = DAY / 4  # how much of a session a night moves the price
PEAK_SPREAD = 1.8  # at the open, where it is 1 on average
TRADED = 0.45  # updates that come with a trade

Tick = tuple[int, float, int]
"""tick type, price, size"""


def activity(elapsed: float) -> float:
    """Return how lively the market is, 1 on average: high after the open and before the close, low at noon."""
    part = (elapsed % DAY) / DAY
    return 0.6 + 1.2 * (2 * part - 1) ** 2


class Walk:
    """A geometric random walk with jumps, seen through a quote on the contract's tick grid.

    Everything is drawn from its own generator; `step` is also given a shock that all walks share.
    """

    def __init__(self, definition: ContractDefinition, seed: str, factor: float = 1.0) -> None:
        self.contract = definition.contract
        self._random = random.Random(seed)
        self._edges = [float(low) for low, _ in definition.bands]
        self._steps = [(float(step), max(-int(step.as_tuple().exponent), 0)) for _, step in definition.bands]
        self._value = definition.reference_price
        self.volatility = definition.volatility * factor  # annual
        self._sigma = self.volatility / math.sqrt(YEAR)
        self._share = definition.market_correlation
        self._rest = math.sqrt(1 - self._share**2)
        self._has_quote = definition.contract.sec_type != "IND"
        self._has_trades = definition.contract.sec_type != "CASH"
        self._unit, self._typical = sizes_of(definition)
        self._daily_volume = definition.daily_volume
        self._volume = 0
        self._bid = self._ask = self._last = 0.0
        self._bid_size = self._ask_size = 0
        self._high, self._low = 0.0, math.inf

    @property
    def value(self) -> float:
        """What it is worth now, somewhere inside the quote."""
        return self._value

    def first(self) -> list[Tick]:
        """Return what TWS tells on subscription: the whole quote, the day so far and the close of the day before."""
        found: list[Tick] = []
        self._quote(found)
        close = self._on_grid(self._value)
        self._volume = self._round(self._daily_volume * 0.02)
        if self._has_trades:
            self._trade(found, self._on_grid(self._value), self._unit)
            found.append((14, self._last, 0))
        found.append((9, close, 0))
        return found

    def step(self, seconds: float, elapsed: float, shared: float) -> list[Tick]:
        """Move on by `seconds`; `shared` is a standard normal number. Return the ticks that tell it."""
        lively = activity(elapsed)
        self.move(seconds, elapsed, shared, lively)
        return self.tell(seconds, lively)

    def move(self, seconds: float, elapsed: float, shared: float, lively: float) -> None:
        """Move on by `seconds` and tell nothing."""
        shock = self._share * shared + self._rest * self._random.gauss(0, 1)
        move = self._sigma * math.sqrt(seconds * lively) * shock
        if self._random.random() < JUMPS_A_DAY * seconds / DAY:
            move += self._random.gauss(0, JUMP)
        self._value *= math.exp(move)

    def tell(self, seconds: float, lively: float, spread: float = 1.0) -> list[Tick]:
        """Return the ticks of an update that comes `seconds` after the one before."""
        found: list[Tick] = []
        if self._has_quote:
            self._quote(found, spread)
        if self._has_trades and self._random.random() < TRADED:
            mean = self._daily_volume * seconds / DAY / TRADED * lively
            size = self._round(mean * self._random.lognormvariate(-0.5, 1.0))
            price = self._random.choice((self._bid, self._ask)) if self._has_quote else self._on_grid(self._value)
            self._trade(found, price, size)
        return found

    def begin_day(self) -> list[Tick]:
        """Count volume, high and low anew, and return the close of the day that is over."""
        close = self._last if self._has_trades else self._on_grid(self._value)
        self._volume, self._high, self._low = 0, 0.0, math.inf
        return [(9, close, 0)]

    def open(self, shared: float) -> list[Tick]:
        """Open the session where the night has brought the price, with a trade of the auction."""
        shock = self._share * shared + self._rest * self._random.gauss(0, 1)
        self._value *= math.exp(self._sigma * math.sqrt(NIGHT) * shock)
        found: list[Tick] = []
        self._quote(found, PEAK_SPREAD)
        if self._has_trades:
            self._trade(found, self._on_grid(self._value), self._round(self._daily_volume * 0.02))
            found.append((14, self._last, 0))
        return found

    def _quote(self, found: list[Tick], spread: float = 1.0) -> None:
        if not self._has_quote:
            return
        step, digits = self._steps[self._band(self._value)]
        width = 1 + int(self._random.expovariate(1.2 / spread))
        # the value lies inside the quote, anywhere
        lower = max(math.floor(self._value / step - self._random.random() * (width - 1)), 1)
        bid, ask = round(lower * step, digits), round((lower + width) * step, digits)
        bid_size, ask_size = self._shown(), self._shown()
        if bid != self._bid:
            found.append((1, bid, bid_size))
        elif bid_size != self._bid_size:
            found.append((0, 0.0, bid_size))
        if ask != self._ask:
            found.append((2, ask, ask_size))
        elif ask_size != self._ask_size:
            found.append((3, 0.0, ask_size))
        self._bid, self._ask, self._bid_size, self._ask_size = bid, ask, bid_size, ask_size

    def _trade(self, found: list[Tick], price: float, size: int) -> None:
        self._last = price
        self._volume += size
        found.append((4, price, size))
        found.append((8, 0.0, self._volume))
        if price > self._high:
            self._high = price
            found.append((6, price, 0))
        if price < self._low:
            self._low = price
            found.append((7, price, 0))

    def _shown(self) -> int:
        return self._round(self._typical * self._random.lognormvariate(0, 0.7))

    def _round(self, size: float) -> int:
        return max(round(size / self._unit), 1) * self._unit

    def _on_grid(self, price: float) -> float:
        step, digits = self._steps[self._band(price)]
        return round(round(price / step) * step, digits)

    def _band(self, price: float) -> int:
        return max(bisect_right(self._edges, price) - 1, 0) if len(self._edges) > 1 else 0


def sizes_of(definition: ContractDefinition) -> tuple[int, float]:
    """Return the unit of sizes, and the size that a side of the quote typically shows."""
    match definition.contract.sec_type:
        case "STK":
            return 100, min(max(definition.daily_volume / DAY * 2, 200), 5000)
        case "CASH":
            return 10_000, 2_000_000
        case _:
            return 1, 20
