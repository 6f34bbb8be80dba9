"""A position's book from the journal, its orders from `orders`."""

from __future__ import annotations

from actors.runtime.address import Address
from domain.position_book import HistoryNeeded, PositionBook
from messages.journal import Replay
from messages.order import ListOrders

__all__ = ["rebuilt"]


async def rebuilt(symbol: str, journal: Address, orders: Address) -> PositionBook:
    """Return the book as it was: from the last checkpoint on, or from the whole stream where a record needs it."""
    payloads = [record.payload for record in await journal.ask(Replay(stream=symbol))]
    try:
        book = PositionBook.replayed(symbol, payloads)
    except HistoryNeeded:
        whole = await journal.ask(Replay(stream=symbol, whole=True))
        book = PositionBook.replayed(symbol, payloads, [record.payload for record in whole])
    book.adopt(await orders.ask(ListOrders(symbol, done=True)))
    return book
