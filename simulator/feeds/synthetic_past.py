"""The past of a synthetic contract: five days by the minute and before them a year by the hour, from the seed.

The walk goes backwards from the price at which the feed begins. It is a market at its own pace, open around the clock.
"""

from __future__ import annotations

import math
import random
from datetime import datetime
from functools import lru_cache

from simulator.contracts import ContractDefinition
from simulator.feeds.walk import DAY, YEAR, sizes_of
from simulator.past import BAR_KINDS, Past, Row

__all__ = ["synthetic_past"]

MINUTES, HOURS = 5 * 1_440, 360 * 24
MINUTE, HOUR = 60, 3_600
_TRADES_A_MINUTE = 60


def synthetic_past(definition: ContractDefinition, seed: int, volatility: float, value: float, now: datetime) -> Past:
    """Return the bars before the minute of `now`, when the contract is worth `value`; `volatility` is annual."""
    own = random.Random(f"{seed}/{definition.contract.con_id}/past")
    end = int(now.timestamp()) // MINUTE * MINUTE
    # so many minutes that the hours before them are whole
    minutes = MINUTES + (end - MINUTES * MINUTE) // MINUTE % 60
    shocks = _shared_shocks(seed)
    bars: dict[tuple[str, int], list[Row]] = {}
    first = 0
    for length, count in ((MINUTE, minutes), (HOUR, HOURS)):
        rows: dict[str, list[Row]] = {kind: [] for kind in BAR_KINDS}
        for number in range(count):
            end -= length
            value = _add(rows, definition, own, shocks[first + number], volatility, value, end, length)
        first += MINUTES + 60
        for kind in BAR_KINDS:
            if rows[kind]:
                bars[kind, length] = rows[kind][::-1]
    return Past((), bars)


@lru_cache(maxsize=4)
def _shared_shocks(seed: int) -> tuple[float, ...]:
    """What moves all contracts, the newest interval first."""
    shared = random.Random(f"{seed}/market/past")
    return tuple(shared.gauss(0, 1) for _ in range(MINUTES + 60 + HOURS))


def _add(
    rows: dict[str, list[Row]],
    definition: ContractDefinition,
    own: random.Random,
    shared: float,
    volatility: float,
    close: float,
    begin: int,
    length: int,
) -> float:
    """Add the bar that ends at `close`; return where it opens."""
    share = definition.market_correlation
    width = volatility * math.sqrt(length / YEAR)
    opens = close * math.exp(-width * (share * shared + math.sqrt(1 - share * share) * own.gauss(0, 1)))
    high = max(opens, close) * math.exp(abs(own.gauss(0, 0.4)) * width)
    low = min(opens, close) * math.exp(-abs(own.gauss(0, 0.4)) * width)
    increment = next(step for edge, step in reversed(definition.bands) if close >= edge or not edge)
    step, digits = float(increment), max(-int(increment.as_tuple().exponent), 0)

    def row(shift: float, volume: float, count: float) -> Row:
        prices = [round(max(round(price / step + shift), 1) * step, digits) for price in (opens, high, low, close)]
        return (float(begin), *prices, volume, volume * (prices[0] + prices[3]) / 2, count)

    unit, _ = sizes_of(definition)
    if definition.contract.sec_type != "CASH":
        mean = definition.daily_volume * length / DAY * own.lognormvariate(-0.1, 0.5)
        volume = max(round(mean / unit), 1) * unit
        rows["TRADES"].append(row(0.0, float(volume), min(volume, _TRADES_A_MINUTE * length // MINUTE)))
    if definition.contract.sec_type != "IND":
        rows["BID"].append(row(-0.5, 0.0, 1.0))
        rows["ASK"].append(row(0.5, 0.0, 1.0))
    return opens
