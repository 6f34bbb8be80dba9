"""Time, randomness and ids: the only place that takes them from the machine.

Everything else receives an `Environment`. Two runs with the same seed under a virtual clock are the same run.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import trio

__all__ = ["Environment", "machine", "virtual"]


class Environment:
    """Wall clock, random numbers and ids for one process.

    Timers, time-outs and back-off do not come from here: they use trio's own clock.
    """

    def __init__(self, now: Callable[[], datetime], seed: int, secret_bits: Callable[[int], int] | None = None) -> None:
        """`now` returns an aware UTC time; `seed` starts the random numbers, the ids, and secrets without a source."""
        self.now = now
        self.random = random.Random(seed)
        self._ids = random.Random(seed ^ 0x9E3779B97F4A7C15)
        self._secret_bits = secret_bits or self._ids.getrandbits

    def new_id(self) -> str:
        """Return twelve characters of base 32, unique in practice: 60 random bits."""
        return _in_base_32(self._ids.getrandbits(60), 12)

    def new_secret(self) -> str:
        """Return 32 characters of base 32, 160 bits: on a real machine from its own source, which nobody can guess."""
        return _in_base_32(self._secret_bits(160), 32)


def _in_base_32(bits: int, length: int) -> str:
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[bits >> 5 * place & 31] for place in reversed(range(length)))


def machine(seed: int | None = None) -> Environment:
    """Return the real one: the machine's clock, and a seed from the machine unless one is given."""
    return Environment(
        lambda: datetime.fromtimestamp(time.time(), UTC),
        secrets.randbits(64) if seed is None else seed,
        secrets.randbits,
    )


def virtual(start: datetime, seed: int) -> Environment:
    """Return one whose wall clock starts at `start` and moves with trio's clock. Call it inside a trio run."""
    current_time = trio.lowlevel.current_clock().current_time
    began = told = current_time()
    moment = start

    def now() -> datetime:
        # many ask within one instant
        nonlocal told, moment
        instant = current_time()
        if instant != told:
            told, moment = instant, start + timedelta(seconds=instant - began)
        return moment

    return Environment(now, seed)
