"""The past of a synthetic contract: five days by the minute and before them a year by the hour, from the seed.

The walk goes backwards from the price at which the feed begins. It is a market at its own pace, open around the clock.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from simulator.contracts import ContractDefinition
from simulator.feeds.walk import DAY, YEAR, sizes_of
from simulator.past import Past, Row

__all__ = ["synthetic_past"]

MINUTES, HOURS = 5 * 1_440, 360 * 24
MINUTE, HOUR = 60, 3_600
_TRADES_A_MINUTE = 60


def synthetic_past(definition: ContractDefinition, seed: int, volatility: float, value: float, now: datetime) -> Past:
    """Return the bars before the minute of `now`, when the contract is worth `value`; `volatility` is annual."""
    own = random.Random(f"{seed}/{definition.contract.con_id}/past")
    shocks = _shared_shocks(seed)
    end = int(now.timestamp()) // MINUTE * MINUTE
    # so many minutes that the hours before them are whole
    minutes = MINUTES + (end - MINUTES * MINUTE) // MINUTE % 60
    ends = {MINUTE: end, HOUR: end - minutes * MINUTE}
    walks = {MINUTE: _walk(definition, own, shocks[:minutes], volatility, value, MINUTE)}
    walks[HOUR] = _walk(definition, own, shocks[-HOURS:], volatility, walks[MINUTE][-1][0], HOUR)
    shifts = _kinds(definition)

    def bars(kind: str, seconds: int) -> Sequence[Row]:
        if kind not in shifts:
            return ()
        volumes = _volumes(definition, seed, len(walks[seconds]), seconds) if kind == "TRADES" else None
        return _rows(definition, walks[seconds], volumes, shifts[kind], ends[seconds], seconds)[::-1]

    return Past((), lru_cache(maxsize=None)(bars))


def _kinds(definition: ContractDefinition) -> dict[str, float]:
    """Kind of bars that the contract has → by how many ticks they lie above the walk."""
    match definition.contract.sec_type:
        case "CASH":
            return {"BID": -0.5, "ASK": 0.5}
        case "IND":
            return {"TRADES": 0.0}
        case _:
            return {"TRADES": 0.0, "BID": -0.5, "ASK": 0.5}


@lru_cache(maxsize=4)
def _shared_shocks(seed: int) -> tuple[float, ...]:
    """What moves all contracts, the newest interval first."""
    shared = random.Random(f"{seed}/market/past")
    return tuple(shared.gauss(0, 1) for _ in range(MINUTES + 60 + HOURS))


def _walk(
    definition: ContractDefinition,
    own: random.Random,
    shocks: Sequence[float],
    volatility: float,
    close: float,
    length: int,
) -> list[tuple[float, float, float, float]]:
    """Open, high, low and close of bars that end at `close`, the newest first."""
    share = definition.market_correlation
    rest = math.sqrt(1 - share * share)
    width = volatility * math.sqrt(length / YEAR)
    gauss, exp = own.gauss, math.exp
    found = []
    for shared in shocks:
        opens = close * exp(-width * (share * shared + rest * gauss(0, 1)))
        top, bottom = (close, opens) if close > opens else (opens, close)
        found.append((opens, top * exp(abs(gauss(0, 0.4)) * width), bottom * exp(-abs(gauss(0, 0.4)) * width), close))
        close = opens
    return found


def _volumes(definition: ContractDefinition, seed: int, count: int, length: int) -> list[int]:
    own = random.Random(f"{seed}/{definition.contract.con_id}/past/{length}")
    unit, _ = sizes_of(definition)
    mean = definition.daily_volume * length / DAY / unit
    return [max(round(mean * own.lognormvariate(-0.1, 0.5)), 1) * unit for _ in range(count)]


def _rows(
    definition: ContractDefinition,
    walk: Sequence[tuple[float, float, float, float]],
    volumes: Sequence[int] | None,
    shift: float,
    end: int,
    length: int,
) -> list[Row]:
    """Bars on the contract's tick grid, `shift` ticks from the walk, the newest first; `end` is when that one ends."""
    trades = _TRADES_A_MINUTE * length // MINUTE
    bands = [(float(edge), float(step), max(-int(step.as_tuple().exponent), 0)) for edge, step in definition.bands]
    found: list[Row] = []
    for number, prices in enumerate(walk):
        step, digits = bands[0][1:]
        for edge, step_above, digits_above in bands:
            if prices[3] >= edge:
                step, digits = step_above, digits_above
        told = [round(max(round(price / step + shift), 1) * step, digits) for price in prices]
        volume = volumes[number] if volumes is not None else 0
        value = volume * (told[0] + told[3]) / 2
        begin = float(end - (number + 1) * length)
        found.append((begin, *told, float(volume), value, float(min(volume, trades) or 1)))
    return found
