"""What `benchmarks.replay` plays: one recording, for many symbols. Standard library alone, as both sides read it.

A recording is a JSON list of objects with `price`, `size` and `tickType`, in the order in which TWS sent them (0 bid
size, 1 bid, 2 ask, 3 ask size, 4 last, 5 last size, 8 volume). Each symbol plays it from another point on, and at
prices of its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

__all__ = ["LAST", "STEP", "TRAIL", "Recorded", "levels", "made", "read", "sign_of", "spread", "trades"]

STEP = 0.2  # between two prices of the recorded stock
LAST = 4
STOP, TARGET, TRAIL = 0.002, 0.003, 0.0025  # of the entry price; the recorded stock moves by 0.7 % in all

Recorded: TypeAlias = list[tuple[int, float, float]]
"""kind, price, size"""


def read(path: Path) -> Recorded:
    """Read a recording."""
    return [(tick["tickType"], tick["price"], tick["size"]) for tick in json.loads(path.read_text(encoding="utf-8"))]


def made(seed: int, count: int = 14_000) -> Recorded:
    """Make one of the shape of a stock recorded from TWS in January 2022: each kind with its share, a last price that
    springs between two steps and drifts slowly."""
    generator = random.Random(seed)
    kinds, shares = (0, 8, 3, 5, 4, 1, 2), (3617, 3373, 3235, 1974, 1643, 96, 89)
    bid, last, volume = 443.6, 443.8, 12_000_000
    recorded: Recorded = []
    for kind in generator.choices(kinds, shares, k=count):
        size = 100.0 * generator.randint(1, 200)
        if kind == LAST:
            springs = generator.random() < 0.98
            last = round((bid if last > bid else bid + STEP) if springs else last, 1)
            recorded.append((kind, last, size))
        elif kind in (1, 2):
            bid = round(min(max(bid + generator.choice((-STEP, STEP)), 441.4), 444.6), 1)
            recorded.append((kind, round(bid + STEP * (kind - 1), 1), size))
        elif kind == 8:
            volume += int(size)
            recorded.append((kind, -1.0, float(volume)))
        else:
            recorded.append((kind, round(bid + (STEP if kind == 3 else 0.0), 1), size))
    return recorded


def trades(recorded: Recorded) -> Recorded:
    """Return the last prices alone."""
    return [tick for tick in recorded if tick[0] == LAST]


def spread(recorded: Recorded, symbols: int, count: int) -> Iterator[tuple[int, int, float, float]]:
    """Yield `count` ticks (symbol, kind, price, size): of each symbol in turn.

    Symbol n starts n / `symbols` into the recording, goes on at its beginning after its end (a gap, as over night), and
    costs n steps more.
    """
    length = len(recorded)
    starts = [symbol * length // symbols for symbol in range(symbols)]
    for number in range(count):
        symbol = number % symbols
        kind, price, size = recorded[(starts[symbol] + number // symbols) % length]
        yield symbol, kind, round(price + STEP * symbol, 1) if price > 0 else price, size


def sign_of(symbol: int) -> int:
    """Say who is long (+1) and who is short (-1)."""
    return 1 if symbol % 2 == 0 else -1


def levels(sign: int, entry: float) -> tuple[float, float]:
    """Return where stop and target of a position stand, to four places."""
    return round(entry * (1 - sign * STOP), 4), round(entry * (1 + sign * TARGET), 4)
