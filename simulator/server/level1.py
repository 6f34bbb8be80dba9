"""One level 1 subscription: prices with sizes, and the snapshot of them."""

from __future__ import annotations

from datetime import datetime
from math import isnan
from typing import TYPE_CHECKING

from simulator.model import Contract, Quote, Ticked
from simulator.wire import market_answers as say

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["Level1Line", "Snapshot"]

_SIZES = frozenset({0, 3, 5, 8})
_FIRM = frozenset({1, 2})  # what can be executed against automatically
_LAST, _VOLUME, _HALTED, _LAST_TIMESTAMP, _SHORTABLE, _SHORTABLE_SHARES = 4, 8, 49, 45, 46, 89
_RT_VOLUME = {"233": 48, "375": 77}
"""generic tick asked for → tick type told with each trade"""
_EASY_TO_BORROW = 10_000_000  # shares
_DELAYED = {1: 66, 2: 67, 4: 68, 0: 69, 3: 70, 5: 71, 6: 72, 7: 73, 8: 74, 9: 75, 14: 76, 45: 88}
"""tick type → its delayed counterpart"""


class Level1Line:
    """Tells one client the ticks of one contract."""

    def __init__(self, session: Session, req_id: int, contract: Contract, generic_ticks: str, delayed: bool) -> None:
        self.contract = contract
        self.req_id = req_id
        self.session = session
        self._delayed = delayed
        self._frames = session.tws.board.frames
        generic = {word.strip() for word in generic_ticks.split(",")}
        self._rt_volume = [told for asked, told in _RT_VOLUME.items() if asked in generic]
        self._shortable = "236" in generic
        self._last_second = 0
        self._traded = 0
        self._turnover = 0.0

    def tell_all(self, quote: Quote) -> None:
        """Tell the market as it stands; what has never been seen is left out."""
        rows = (
            (1, quote.bid, quote.bid_size),
            (2, quote.ask, quote.ask_size),
            (_LAST, quote.last, quote.last_size),
            (6, quote.high, 0),
            (7, quote.low, 0),
            (9, quote.close, 0),
            (14, quote.open, 0),
        )
        for tick_type, price, size in rows:
            if not isnan(price):
                self._price(tick_type, price, size)
        if quote.volume:
            self._size(_VOLUME, quote.volume)
        if quote.halted:
            self.session.send(say.tick_generic(self.req_id, _HALTED, 1))
        if self._shortable:
            self._tell_shortable()

    def tick(self, tick: Ticked, quote: Quote) -> None:
        """Tell a tick."""
        kind = tick.tick_type
        session = self.session
        if kind == _HALTED:
            session.send(say.tick_generic(self.req_id, _HALTED, tick.price))
        elif not session.undisturbed:
            if kind in _SIZES:
                self._size(kind, tick.size)
            else:
                self._price(kind, tick.price, tick.size)
        else:
            # there are more of these than of all other messages, and most clients are told the same
            told = _DELAYED.get(kind, kind) if self._delayed else kind
            if kind in _SIZES:
                session.write_frame(self._frames.size(tick, self.req_id, told))
            else:
                session.write_frame(self._frames.price(tick, self.req_id, told, kind in _FIRM))
        if kind == _LAST:
            self._trade(tick, quote)

    def _price(self, tick_type: int, price: float, size: int) -> None:
        told = _DELAYED.get(tick_type, tick_type) if self._delayed else tick_type
        self.session.send(say.tick_price(self.req_id, told, price, size, int(tick_type in _FIRM)))

    def _size(self, tick_type: int, size: int) -> None:
        told = _DELAYED.get(tick_type, tick_type) if self._delayed else tick_type
        self.session.send(say.tick_size(self.req_id, told, size))

    def _trade(self, tick: Ticked, quote: Quote) -> None:
        second = int(tick.time.timestamp())
        if second != self._last_second:
            self._last_second = second
            told = _DELAYED[_LAST_TIMESTAMP] if self._delayed else _LAST_TIMESTAMP
            self.session.send(say.tick_string(self.req_id, told, str(second)))
        if self._rt_volume:
            self._traded += tick.size
            self._turnover += tick.price * tick.size
            average = self._turnover / self._traded if self._traded else tick.price
            moment = int(tick.time.timestamp() * 1000)
            text = f"{tick.price};{tick.size};{moment};{quote.volume};{average:.8g};true"
            for told in self._rt_volume:
                self.session.send(say.tick_string(self.req_id, told, text))

    def _tell_shortable(self) -> None:
        definition = self.session.tws.contracts.by_con_id(self.contract.con_id)
        # above 2.5: at least 1000 shares; above 1.5: after a locate
        hard = definition is not None and definition.hard_to_borrow
        self.session.send(say.tick_generic(self.req_id, _SHORTABLE, 2.0 if hard else 3.0))
        self.session.send(say.tick_size(self.req_id, _SHORTABLE_SHARES, 0 if hard else _EASY_TO_BORROW))


class Snapshot:
    """A request for the market once: over when bid, ask and last have been told, or after eleven seconds."""

    def __init__(self, line: Level1Line, quote: Quote, due: datetime) -> None:
        self._line = line
        self._quote = quote
        self._due = due
        self._told = self._complete()

    def _complete(self) -> bool:
        return not any(isnan(price) for price in (self._quote.bid, self._quote.ask, self._quote.last))

    def finish(self, now: datetime) -> bool:
        """Send the end when it is due; return whether it was sent."""
        if not self._told and not self._complete() and now < self._due:
            return False
        if not self._told:
            self._line.tell_all(self._quote)
        self._line.session.send(say.tick_snapshot_end(self._line.req_id))
        return True
