"""Reads a feed's specification, as `--feed` takes it.

synthetic[:SYM,SYM…][@RATE][*FACTOR]          random walks of these contracts, else of all
recorded:FILE[:SYMBOL][,FILE[:SYMBOL]…][:loop]  recordings, merged in order of time; once or over and over
lean:FOLDER:SYM,SYM…[:RESOLUTION]             LEAN's files; tick, second or minute, else the finest that there is
manual                                        no ticks but those that a program pushes

`recorded` and `lean` may end in @FROM..TO: dates or times, either may be left out; of recordings in UTC, of LEAN's
files in New York's time unless they name a zone.
"""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path

from config.environment import Environment
from simulator.contracts import ContractBook, ContractDefinition
from simulator.feeds.feed import Feed, FeedError, ManualFeed
from simulator.feeds.files import Wanted, read_file
from simulator.feeds.lean import LeanData
from simulator.feeds.lean_files import ZONE
from simulator.feeds.pacing import check_speed
from simulator.feeds.packed import merged
from simulator.feeds.recorded import RecordedFeed
from simulator.feeds.span import cut_span
from simulator.feeds.synthetic import SyntheticFeed
from simulator.model import Contract

__all__ = ["open_feed"]

DEFAULT_RATE = 5.0
DEFAULT_SYMBOL = "700"
_LEAN = "lean:FOLDER:SYMBOL,…[:RESOLUTION][@FROM..TO]"
_EXPECTED = f"synthetic[:SYMBOL,…][@RATE][*FACTOR], recorded:FILE[:SYMBOL][,FILE…][:loop][@FROM..TO], {_LEAN} or manual"


def open_feed(
    spec: str, contracts: ContractBook, environment: Environment, speed: float, seed: int, calendar: str = "always"
) -> Feed:
    """Return the feed that `spec` describes, `speed` times faster than its data, 0 for as fast as possible.

    A synthetic market keeps the hours of `calendar`; recordings have their own.

    Raises FeedError with what is wrong.
    """
    check_speed(speed)
    kind, _, rest = spec.partition(":")
    match re.split(r"[@*]", kind)[0]:
        case "synthetic":
            symbols, rate, factor = _synthetic(spec)
            definitions = [_definition(one, contracts) for one in symbols.split(",")] if symbols else list(contracts)
            return SyntheticFeed(
                definitions,
                environment,
                contracts=contracts,
                speed=speed,
                seed=seed,
                rate=rate,
                factor=factor,
                calendar=calendar,
            )
        case "recorded" if rest:
            return _recorded(rest, contracts, environment, speed)
        case "lean" if rest:
            return _lean(rest, contracts, environment, speed)
        case "manual" if not rest:
            return ManualFeed()
        case _:
            raise FeedError(f"feed {spec!r}: expected {_EXPECTED}")


def _recorded(text: str, contracts: ContractBook, environment: Environment, speed: float) -> Feed:
    text, span = cut_span(text, UTC)
    loop = text.endswith(":loop")

    def contract_of(symbol: str) -> Contract:
        return _definition(symbol, contracts).contract

    parts = []
    for one in _files(text.removesuffix(":loop")):
        path, symbol = _file(one)
        parts.append(read_file(path, Wanted(contract_of, symbol, DEFAULT_SYMBOL)))
    return RecordedFeed(merged(parts), environment, span=span, speed=speed, loop=loop)


def _lean(text: str, contracts: ContractBook, environment: Environment, speed: float) -> Feed:
    text, span = cut_span(text, ZONE)
    found = re.fullmatch(r"(.+?):([^:/]+)(?::([^:/]*))?", text)
    if found is None:
        raise FeedError(f"feed 'lean:{text}': expected {_LEAN}")
    folder, symbols, resolution = found.groups()
    definitions = [_definition(symbol, contracts) for symbol in symbols.split(",")]
    data = LeanData(Path(folder).expanduser(), definitions, resolution or "", span)
    return RecordedFeed(data.read(), environment, span=span, speed=speed, earlier=data.past)


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


def _files(text: str) -> list[str]:
    """Part a list of files; a name that has a comma in it is one file if it exists."""
    return [text] if Path(text).expanduser().exists() else text.split(",")


def _file(text: str) -> tuple[Path, str]:
    whole = Path(text).expanduser()
    if whole.exists() or ":" not in text:
        return whole, ""
    path, _, symbol = text.rpartition(":")
    return Path(path).expanduser(), symbol
