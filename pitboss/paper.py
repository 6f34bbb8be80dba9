"""The embedded paper TWS: a broker and a market of the program's own, on a loopback port."""

from __future__ import annotations

from decimal import Decimal

import trio

from messages.market import TickType
from simulator.app import PaperBroker, SimulatorSettings
from simulator.model import Ticked

__all__ = ["PaperMarket", "paper_settings"]


def paper_settings(paper: bool | str | SimulatorSettings, symbols: tuple[str, ...]) -> SimulatorSettings:
    """Return how the paper TWS runs: as given, with a feed (text), or with a synthetic market of these symbols."""
    if isinstance(paper, SimulatorSettings):
        return paper
    if isinstance(paper, str):
        return SimulatorSettings(port=0, feed=paper)
    return SimulatorSettings(port=0, feed=f"synthetic:{','.join(symbols)}" if symbols else "synthetic")


class PaperMarket:
    """What a program may do to its paper market. The broker's own book is `broker.venue`."""

    def __init__(self, broker: PaperBroker, host: str = "memory", port: int = 0) -> None:
        """Made by the system: `system.paper`."""
        self.host = host
        self.port = port
        self.broker = broker

    async def trade_at(self, symbol: str, price: Decimal | float, size: int = 1000) -> None:
        """Let the market of a US stock trade at a price, with bid and ask a cent around it.

        It works at once; clients hear of it within a quarter of a second, as with TWS. With the feed "manual" nothing
        else moves it; any other feed goes on from where it was. Raises ValueError for a
        symbol that the paper TWS does not have.
        """
        found = self.broker.contracts.find(symbol, "STK")
        if not found:
            raise ValueError(f"the paper TWS has no stock {symbol}")
        contract, now, last = found[0].contract, self.broker.environment.now(), float(price)
        self.broker.deliver(
            [
                Ticked(contract, kind, round(value, 2), size, now)
                for kind, value in ((TickType.BID, last - 0.01), (TickType.ASK, last + 0.01), (TickType.LAST, last))
            ]
        )
        await trio.lowlevel.checkpoint()
