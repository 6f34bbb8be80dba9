"""The market of one contract: its quote, what is left of the sizes shown, and the orders that wait in it."""

from __future__ import annotations

from bisect import insort
from collections import deque
from decimal import Decimal

from simulator.contracts import ContractDefinition
from simulator.model import ZERO, Quote, Ticked
from simulator.venue.working import Stage, Working

__all__ = ["Market", "as_decimal"]


def as_decimal(price: float) -> Decimal:
    """Return the number that the float is meant to be: its shortest decimal form."""
    return Decimal(repr(price))


class Market:
    """Quote and waiting orders of one contract."""

    def __init__(self, definition: ContractDefinition) -> None:
        self.definition = definition
        self.quote = Quote()
        self.bid_taken = ZERO  # of the bid size shown, since it was last told
        self.ask_taken = ZERO
        self.postponed: deque[int] = deque(maxlen=64)  # types of ticks that came while the quote was crossed
        self.waiting: list[Working] = []  # for their triggers, in order of arrival
        self.buys: list[Working] = []  # live, best price first, then oldest
        self.sells: list[Working] = []
        self.pegged: list[Working] = []  # to the midpoint, oldest first
        self.watchers: list[Working] = []  # orders, also for other contracts, with conditions that look at this market

    @property
    def idle(self) -> bool:
        """Whether no order could react to a tick."""
        return not (self.waiting or self.buys or self.sells or self.pegged or self.watchers)

    @property
    def bid(self) -> bool:
        """Whether there is a bid to sell to (TWS shows −1 or 0 for none)."""
        return self.quote.bid > 0 and self.quote.bid_size > 0

    @property
    def ask(self) -> bool:
        """Whether there is an offer to buy from."""
        return self.quote.ask > 0 and self.quote.ask_size > 0

    @property
    def trading(self) -> bool:
        """Whether orders can execute.

        Not while halted, and not while bid > ask: bid and ask come as two messages, so a crossed quote is one of
        which only half has been told.
        """
        quote = self.quote
        return not quote.halted and not quote.bid > quote.ask > 0

    def update(self, tick: Ticked) -> None:
        """Take a tick into the quote. A new price or size makes the whole size shown available again.

        Raises ValueError for a tick type that no quote has.
        """
        quote, price, size = self.quote, tick.price, tick.size
        match tick.tick_type:
            case 1:  # bid
                quote.bid, quote.bid_size, self.bid_taken = price, size, ZERO
            case 0:  # bid size
                quote.bid_size, self.bid_taken = size, ZERO
            case 2:  # ask
                quote.ask, quote.ask_size, self.ask_taken = price, size, ZERO
            case 3:  # ask size
                quote.ask_size, self.ask_taken = size, ZERO
            case 4:  # last
                self._trade(price, size)
            case 5:  # last size
                quote.last_size = size
            case 8:  # volume
                quote.volume = size
            case 6:  # high
                quote.high = price
            case 7:  # low
                quote.low = price
            case 9:  # close of the day before
                quote.close = price
            case 14:  # open
                quote.open = price
            case 49:  # halted: 0 no, 1 general, 2 volatility
                quote.halted = price > 0
            case other:
                raise ValueError(f"no quote has a tick of type {other}")

    def _trade(self, price: float, size: int) -> None:
        quote = self.quote
        quote.last, quote.last_size = price, size
        # comparisons with NaN are false: the first trade sets all three
        if not quote.high >= price:
            quote.high = price
        if not quote.low <= price:
            quote.low = price
        if quote.open != quote.open:
            quote.open = price

    def enter(self, working: Working) -> None:
        """Let an order wait for its trigger, or execute, as its stage says."""
        if working.terms.rests:
            return
        if working.stage is Stage.TRIGGER:
            self.waiting.append(working)
        elif working.terms.midpoint:
            self.pegged.append(working)
        else:
            insort(self.buys if working.buys else self.sells, working, key=lambda one: one.priority)

    def leave(self, working: Working) -> None:
        """Take an order out, wherever it is."""
        for orders in (self.waiting, self.buys, self.sells, self.pegged):
            if working in orders:
                orders.remove(working)
                return
