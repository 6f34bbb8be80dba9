"""Which subscriptions want the ticks of which contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from simulator.model import Contract, Quote, Ticked

__all__ = ["QuoteBoard", "TickTaker"]


class TickTaker(Protocol):
    """A subscription to one contract."""

    contract: Contract

    def tick(self, tick: Ticked, quote: Quote) -> None:
        """Take a tick that has just gone into the quote."""


class QuoteBoard:
    """Passes each tick to those who asked for its contract."""

    def __init__(self, quote: Callable[[int], Quote]) -> None:
        self.quote = quote
        self._takers: dict[int, list[TickTaker]] = {}

    def subscribe(self, con_id: int, taker: TickTaker) -> None:
        """From now on pass the contract's ticks to `taker`."""
        self._takers.setdefault(con_id, []).append(taker)

    def unsubscribe(self, con_id: int, taker: TickTaker) -> None:
        """Stop that, if it has not been stopped before."""
        takers = self._takers.get(con_id, [])
        if taker in takers:
            takers.remove(taker)

    def tick(self, tick: Ticked) -> None:
        """Pass a tick on."""
        takers = self._takers.get(tick.contract.con_id)
        if takers:
            quote = self.quote(tick.contract.con_id)
            for taker in list(takers):
                taker.tick(tick, quote)
