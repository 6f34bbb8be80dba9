"""Market data: which symbols are wanted, which of them tick, and what is wrong with the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Literal

from attrs import define, field

from actors.gateway.outlets import Outlets
from actors.ib.numbers import known
from actors.runtime.address import Address
from actors.runtime.items import TickDelivery
from config.logging import log
from messages.market import ContractQuery, FeedInterrupted, FeedResumed, TickType

__all__ = ["NO_LINE_LEFT", "Fault", "Feed", "FeedDesk"]

_DELAYED = 66
_LIVE_KINDS = 15
# 10167 comes with delayed ticks in place of live ones; the others with none
_DELAYED_SHOWN = 10167


class Fault(StrEnum):
    """What keeps a feed from being trusted."""

    LINK = "the link is down"
    LINE = "the broker refused the data"
    WAITING = "it waits for a market data line"
    DELAYED = "delayed instead of live"
    FROZEN = "frozen"
    HALTED = "halted"
    SILENT = "no tick comes"
    NO_BID = "no bid"
    NO_ASK = "no ask"


NO_LINE_LEFT = 101
"""TWS: "Max number of tickers has been reached"."""

# a live tick proves these to be over; each of the others ends by a word of its own
_ENDED_BY_A_TICK = (Fault.LINK, Fault.LINE, Fault.WAITING, Fault.DELAYED, Fault.SILENT)
_QUOTES = {TickType.BID: Fault.NO_BID, TickType.ASK: Fault.NO_ASK}


@define(slots=True, eq=False)
class Feed:
    """A symbol that is wanted. `request_id` is 0 while no data is asked for; faults keep their order, and a detail."""

    symbol: str
    address: Address
    query: ContractQuery
    request_id: int = 0
    faults: dict[Fault, str] = field(factory=dict)


class FeedDesk:
    """Keeps the feeds across connections. A feed with faults is out of `routes`, so that its ticks come to `odd_tick`;
    the healthy ones cost one dictionary look-up a tick."""

    def __init__(self, outlets: Outlets, address_of: Callable[[str], Address]) -> None:
        """`address_of(symbol)` is where a symbol's ticks go."""
        self.routes: dict[int, Address] = {}  # request id → address
        self._feeds: dict[str, Feed] = {}  # symbol → feed
        self._by_request: dict[int, Feed] = {}  # request id → feed
        self._outlets = outlets
        self._address_of = address_of

    def __len__(self) -> int:
        return len(self._feeds)

    def __iter__(self) -> Iterator[Feed]:
        return iter(list(self._feeds.values()))

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._feeds

    def __getitem__(self, symbol: str) -> Feed:
        return self._feeds[symbol]

    def want(self, symbol: str, query: ContractQuery) -> Feed:
        """Return the feed of a symbol, which is wanted from now on."""
        feed = self._feeds.get(symbol)
        if feed is None:
            feed = self._feeds[symbol] = Feed(symbol, self._address_of(symbol), query)
        feed.query = query
        return feed

    def drop(self, symbol: str) -> int:
        """Want a symbol no more; return the request id to cancel, or 0."""
        feed = self._feeds.pop(symbol, None)
        if feed is None:
            return 0
        return self._detach(feed)

    def attach(self, feed: Feed, request_id: int) -> int:
        """Note the request that brings a feed's ticks; return that of the one before, or 0."""
        before = self._detach(feed)
        feed.request_id = request_id
        self._by_request[request_id] = feed
        self._route(feed)
        return before

    def detach_all(self, reason: str) -> None:
        """The link is down: no ticks from now on."""
        for feed in self:
            self._detach(feed)
            self._add(feed, Fault.LINK, reason)

    def suspend(self, symbol: str) -> int:
        """A feed has no market data line for now; return the request id to cancel, or 0."""
        feed = self._feeds.get(symbol)
        if feed is None:
            return 0
        self._add(feed, Fault.WAITING)
        return self._detach(feed)

    def silent(self, symbol: str) -> bool:
        """Note that a feed brings nothing; return whether nothing else explains that."""
        feed = self._feeds.get(symbol)
        if feed is None or not feed.request_id or feed.faults.keys() - {Fault.SILENT}:
            return False
        self._add(feed, Fault.SILENT)
        return True

    def repeat(self, feed: Feed) -> None:
        """Tell a feed's faults again, to a reader that may have restarted."""
        if feed.faults:
            self._outlets.position(feed.symbol, FeedInterrupted(feed.symbol, _describe(feed)))

    # what comes in; `ticks` is the batch of this read, and each method is called before later ticks are added to it

    def odd_tick(self, request_id: int, kind: int, price: float, size: float, ticks: list[TickDelivery]) -> bool:
        """Take a tick that was not routed; return whether it is one to deliver."""
        feed = self._by_request.get(request_id)
        if feed is None:
            return False
        if kind >= _DELAYED:
            self._add(feed, Fault.DELAYED)
            return False
        if kind >= _LIVE_KINDS:
            return False
        quote = _QUOTES.get(TickType(kind)) if kind in (TickType.BID, TickType.ASK) else None
        if known(price) is None or price <= 0.0:
            if quote is not None:
                self._add(feed, quote)
            return False
        self._remove(feed, *_ENDED_BY_A_TICK, *((quote,) if quote is not None else ()))
        ticks.append((feed.address, kind, price, size))
        return True

    def halted(self, request_id: int, value: float) -> None:
        """Take tick 49."""
        feed = self._by_request.get(request_id)
        if feed is not None:
            if value > 0:
                self._add(feed, Fault.HALTED)
            elif value == 0:
                self._remove(feed, Fault.HALTED)

    def data_type(self, request_id: int, kind: int) -> None:
        """Take marketDataType."""
        feed = self._by_request.get(request_id)
        if feed is None:
            return
        if kind == 1:
            self._remove(feed, Fault.FROZEN, Fault.DELAYED)
        else:
            self._add(feed, Fault.FROZEN if kind == 2 else Fault.DELAYED)

    def refused(self, request_id: int, code: int, text: str) -> str:
        """Take an error; return the symbol whose feed asked with this id, or ""."""
        feed = self._by_request.get(request_id)
        if feed is None:
            return ""
        if code == NO_LINE_LEFT:
            self._detach(feed)
            self._add(feed, Fault.WAITING, text)
        else:
            self._add(feed, Fault.DELAYED if code == _DELAYED_SHOWN else Fault.LINE, f"{code} {text}")
        return feed.symbol

    def _detach(self, feed: Feed) -> int:
        before, feed.request_id = feed.request_id, 0
        self._by_request.pop(before, None)
        self.routes.pop(before, None)
        return before

    def _route(self, feed: Feed) -> None:
        if feed.request_id and not feed.faults:
            self.routes[feed.request_id] = feed.address
        else:
            self.routes.pop(feed.request_id, None)

    def _add(self, feed: Feed, fault: Fault, detail: str = "") -> None:
        if fault in feed.faults:
            return
        feed.faults[fault] = detail
        self._route(feed)
        reason = _describe(feed)
        # turns are the order of the day where there are more symbols than lines
        level: Literal["DEBUG", "WARNING"] = "DEBUG" if fault is Fault.WAITING else "WARNING"
        log("feed.interrupted", level=level, actor="gateway", symbol=feed.symbol, reason=reason)
        self._outlets.position(feed.symbol, FeedInterrupted(feed.symbol, reason))

    def _remove(self, feed: Feed, *faults: Fault) -> None:
        found = [fault for fault in faults if fault in feed.faults]
        for fault in found:
            del feed.faults[fault]
        if found and not feed.faults:
            self._route(feed)
            log(
                "feed.resumed",
                level="DEBUG" if found == [Fault.WAITING] else "INFO",
                actor="gateway",
                symbol=feed.symbol,
            )
            self._outlets.position(feed.symbol, FeedResumed(feed.symbol))


def _describe(feed: Feed) -> str:
    return "; ".join(f"{fault}: {detail}" if detail else str(fault) for fault, detail in feed.faults.items())
