"""Reads a feed's specification, as `--feed` takes it.

synthetic[:SYM,SYM…][@RATE]       random walks of these contracts, else of all; about RATE ticks a second each
recorded:FILE[:SYMBOL][:loop]     a recording, replayed as the ticks of SYMBOL (700 if not given), once or for ever
manual                            no ticks but those that a program pushes
"""

from __future__ import annotations

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
    kind, _, rate = kind.partition("@")
    match kind:
        case "synthetic":
            if rest:
                rest, _, rate = rest.partition("@")
            definitions = [_definition(symbol, contracts) for symbol in rest.split(",")] if rest else list(contracts)
            return SyntheticFeed(definitions, environment, speed=speed, seed=seed, rate=_rate(rate, spec))
        case "recorded" if rest:
            path, symbol, loop = _file(rest)
            contract = _definition(symbol, contracts).contract
            return RecordedFeed(path, contract, environment, speed=speed, loop=loop)
        case "manual" if not rest:
            return ManualFeed()
        case _:
            raise FeedError(
                f"feed {spec!r}: expected synthetic[:SYMBOL,…][@RATE], recorded:FILE[:SYMBOL][:loop] or manual"
            )


def _definition(symbol: str, contracts: ContractBook) -> ContractDefinition:
    found = contracts.find(symbol)
    if not found:
        raise FeedError(f"feed: no contract is named {symbol!r}; known are {_some(contracts)}")
    return next((one for one in found if one.contract.sec_type == "STK"), found[0])


def _some(contracts: ContractBook) -> str:
    symbols = list(dict.fromkeys(one.contract.symbol for one in contracts))
    return ", ".join(symbols[:8]) + (" …" if len(symbols) > 8 else "")


def _rate(text: str, spec: str) -> float:
    try:
        rate = float(text) if text else DEFAULT_RATE
    except ValueError:
        rate = -1.0
    if not 0 < rate <= 10_000:
        raise FeedError(f"feed {spec!r}: the rate after @ must be ticks a second, above 0 and at most 10000")
    return rate


def _file(text: str) -> tuple[Path, str, bool]:
    loop = text.endswith(":loop")
    text = text.removesuffix(":loop")
    if Path(text).exists() or ":" not in text:
        return Path(text), DEFAULT_SYMBOL, loop
    path, _, symbol = text.rpartition(":")
    return Path(path), symbol, loop
