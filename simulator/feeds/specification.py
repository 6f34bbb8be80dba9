"""Reads a feed's specification, as `--feed` takes it.

synthetic[:SYM,SYM…][@RATE]       random walks of these contracts, else of all; about RATE ticks a second each
recorded:FILE[:SYMBOL][:loop]     a recording, replayed as the ticks of SYMBOL (700 if not given), once or for ever
manual                            no ticks but those that a program pushes
"""

from __future__ import annotations

import re
from pathlib import Path

from config.environment import Environment
from simulator.contracts import ContractBook, ContractDefinition
from simulator.feeds.feed import Feed, FeedError, ManualFeed
from simulator.feeds.pacing import check_speed
from simulator.feeds.recorded import RecordedFeed
from simulator.feeds.synthetic import SyntheticFeed

__all__ = ["open_feed"]

DEFAULT_RATE = 5.0
DEFAULT_SYMBOL = "700"


def open_feed(spec: str, contracts: ContractBook, environment: Environment, speed: float, seed: int) -> Feed:
    """Return the feed that `spec` describes, `speed` times faster than its data, 0 for as fast as possible.

    Raises FeedError with what is wrong.
    """
    check_speed(speed)
    kind, _, rest = spec.partition(":")
    match re.split(r"[@*]", kind)[0]:
        case "synthetic":
            symbols, rate, factor = _synthetic(spec)
            definitions = [_definition(one, contracts) for one in symbols.split(",")] if symbols else list(contracts)
            return SyntheticFeed(
                definitions, environment, contracts=contracts, speed=speed, seed=seed, rate=rate, factor=factor
            )
        case "recorded" if rest:
            path, symbol, loop = _file(rest)
            contract = _definition(symbol, contracts).contract
            return RecordedFeed(path, contract, environment, speed=speed, loop=loop)
        case "manual" if not rest:
            return ManualFeed()
        case _:
            raise FeedError(
                f"feed {spec!r}: expected synthetic[:SYMBOL,…][@RATE][*FACTOR], recorded:FILE[:SYMBOL][:loop] or manual"
            )


def _definition(symbol: str, contracts: ContractBook) -> ContractDefinition:
    found = contracts.find(symbol)
    if not found:
        raise FeedError(f"feed: no contract is named {symbol!r}; known are {_some(contracts)}")
    return next((one for one in found if one.contract.sec_type == "STK"), found[0])


def _some(contracts: ContractBook) -> str:
    symbols = list(dict.fromkeys(one.contract.symbol for one in contracts))
    return ", ".join(symbols[:8]) + (" …" if len(symbols) > 8 else "")


def _synthetic(spec: str) -> tuple[str, float, float]:
    found = re.fullmatch(r"synthetic(?::([^@*]*))?(?:@([^@*]*))?(?:\*([^@*]*))?", spec)
    if found is None:
        raise FeedError(f"feed {spec!r}: expected synthetic[:SYMBOL,…][@RATE][*FACTOR]")
    symbols, rate, factor = found.groups()
    return (
        symbols or "",
        _number(rate, DEFAULT_RATE, 10_000, "the rate after @ must be ticks a second", spec),
        _number(factor, 1.0, 1_000, "the factor after * must be a number", spec),
    )


def _number(text: str | None, default: float, most: float, what: str, spec: str) -> float:
    try:
        number = default if text is None else float(text)
    except ValueError:
        number = -1.0
    if not 0 < number <= most:
        raise FeedError(f"feed {spec!r}: {what}, above 0 and at most {most:.0f}")
    return number


def _file(text: str) -> tuple[Path, str, bool]:
    loop = text.endswith(":loop")
    text = text.removesuffix(":loop")
    if Path(text).exists() or ":" not in text:
        return Path(text), DEFAULT_SYMBOL, loop
    path, _, symbol = text.rpartition(":")
    return Path(path), symbol, loop
