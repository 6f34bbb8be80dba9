"""How a test reaches its paper TWS, which is used from one thread only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

__all__ = ["Call", "at_once"]

T = TypeVar("T")


class Call(Protocol):
    """Calls something where the paper TWS runs, and returns what that returned or raises what it raised."""

    def __call__(self, what: Callable[[], T], /) -> T: ...


def at_once(what: Callable[[], T], /) -> T:
    """Call it here: the test runs where the paper TWS does."""
    return what()
