"""Identifiers that the broker gives: permanent order ids and execution ids."""

from __future__ import annotations

import random
from itertools import count

__all__ = ["FIRST_PERM_ID", "ExecutionIds", "perm_ids"]

FIRST_PERM_ID = 1_500_000_001


def perm_ids(after: int = 0) -> count[int]:
    """Return the permanent ids above `after`: one to an order, unique over all accounts."""
    return count(max(FIRST_PERM_ID, after + 1))


class ExecutionIds:
    """Execution ids in TWS's form, `0000e0d5.64305db8.01.01`.

    The part before the last dot is the execution's identity; the last two digits are its version, raised by a
    correction (ib-facts §3).
    """

    def __init__(self, random_numbers: random.Random) -> None:
        self._random = random_numbers
        self._given: set[int] = set()

    def know(self, exec_id: str) -> None:
        """Never give this id again."""
        self._given.add(int(exec_id.split(".")[1], 16))

    def next(self) -> str:
        """Return an id that was never given before."""
        while (bits := self._random.getrandbits(32)) in self._given:
            continue
        self._given.add(bits)
        return f"0000e0d5.{bits:08x}.01.01"
