"""Which subscriptions want the ticks of which contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from simulator.model import Contract, Quote, Ticked
from simulator.past import Past
from simulator.server.tick_frames import TickFrames
from simulator.server.tick_tape import TickTape

__all__ = ["QuoteBoard", "TickTaker"]


class TickTaker(Protocol):
    """A subscription to one contract."""

    contract: Contract

    def tick(self, tick: Ticked, quote: Quote) -> None:
        """Take a tick that has just gone into the quote."""


class QuoteBoard:
    """Passes each tick to those who asked for its contract."""

    def __init__(self, quote: Callable[[int], Quote], past: Callable[[int], Past]) -> None:
        self.quote = quote
        self.tape = TickTape(past)
        self.frames = TickFrames()
        self._takers: dict[int, list[TickTaker]] = {}

    def subscribe(self, con_id: int, taker: TickTaker) -> None:
        """From now on pass the contract's ticks to `taker`."""
        self._takers[con_id] = [*self._takers.get(con_id, []), taker]

    def unsubscribe(self, con_id: int, taker: TickTaker) -> None:
        """Stop that, if it has not been stopped before."""
        takers = self._takers.get(con_id, [])
        if taker in takers:
            # A new list: this may be called while the old one is being gone through.
            self._takers[con_id] = [one for one in takers if one is not taker]

    @property
    def subscriptions(self) -> int:
        """How many there are, to all contracts together."""
        return sum(map(len, self._takers.values()))

    def tick(self, tick: Ticked) -> None:
        """Put a tick on the tape and pass it on."""
        con_id = tick.contract.con_id
        quote = self.quote(con_id)
        self.tape.add(tick, quote)
        for taker in self._takers.get(con_id, ()):
            taker.tick(tick, quote)
