"""What one writes with ib_insync in an afternoon: watch the ticks, sell at the stop. The baseline of the live path.

No journal, no reconnect, no supervision; the position is assumed.
"""

from __future__ import annotations

import sys

from ib_insync import IB, MarketOrder, Stock

STOP, TARGET, TRAIL = 0.03, 0.08, 0.05
ENTRY = 100.0


class Held:
    """One long position of 100 shares with stop, target and trailing stop."""

    def __init__(self, contract: Stock) -> None:
        self.contract = contract
        self.enter()

    def enter(self) -> None:
        """Begin anew at 100."""
        self.open = True
        self.stop = ENTRY * (1 - STOP)
        self.target = ENTRY * (1 + TARGET)
        self.unrealized = 0.0

    def on_price(self, price: float) -> bool:
        """Return whether to leave."""
        self.unrealized = (price - ENTRY) * 100
        self.stop = max(self.stop, price * (1 - TRAIL))
        return self.open and (price <= self.stop or price >= self.target)


def main(port: int, symbols: list[str]) -> None:
    """Trade until the connection ends."""
    ib = IB()
    ib.connect("127.0.0.1", port, clientId=3)
    held: dict[int, Held] = {}
    for symbol in symbols:
        contract = Stock(symbol, "SMART", "USD")
        ib.qualifyContracts(contract)
        held[contract.conId] = Held(contract)
        ib.reqMktData(contract)

    def on_ticks(tickers: set[object]) -> None:
        for ticker in tickers:
            position = held[ticker.contract.conId]  # type: ignore[attr-defined]
            for data in ticker.ticks:  # type: ignore[attr-defined]
                if data.tickType != 4:
                    continue
                if not position.open and data.price == ENTRY:
                    position.enter()
                elif position.on_price(data.price):
                    position.open = False
                    ib.placeOrder(position.contract, MarketOrder("SELL", 100))

    ib.pendingTickersEvent += on_ticks
    ib.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
