"""What every test can do with a paper TWS, wherever that runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from simulator.app import PaperBroker
from simulator.model import Contract, Ticked
from simulator.testing.book import Book, book_of
from simulator.testing.call import Call, at_once
from simulator.testing.faults import Faults

__all__ = ["Paper", "Question"]

Question = Callable[[Book], object]
"""asks something of the books; whatever is true is a yes"""

_TICK_TYPES = {"bid": 1, "ask": 2, "last": 4, "high": 6, "low": 7, "close": 9, "open": 14, "halted": 49}


class Paper:
    """A paper TWS: its address, its market, its faults and its books."""

    def __init__(self, broker: PaperBroker, host: str, port: int, call: Call = at_once) -> None:
        self.host = host
        self.port = port
        self.account = broker.venue.accounts[0]
        self.accounts = broker.venue.accounts
        self.faults = Faults(broker.faults, call)
        self._broker = broker
        self._call = call

    def tick(
        self,
        symbol: str,
        *,
        bid: float | None = None,
        ask: float | None = None,
        last: float | None = None,
        size: int = 1000,
        halted: bool | None = None,
        high: float | None = None,
        low: float | None = None,
        open: float | None = None,
        close: float | None = None,
    ) -> None:
        """Move a market in one batch, with `size` at each price; what that fills is filled when this returns.

        `symbol` means the stock of that name, or what else has it: `EUR` is EUR.USD. Raises ValueError.
        """
        prices = {"bid": bid, "ask": ask, "last": last, "high": high, "low": low, "open": open, "close": close}
        told = {name: float(price) for name, price in prices.items() if price is not None}
        if halted is not None:
            told["halted"] = float(halted)
        self._call(partial(self._tick, symbol, told, size))

    def trade_by_hand(self, symbol: str, quantity: float, price: float, account: str = "") -> None:
        """Let somebody trade in TWS itself: positive buys, negative sells."""
        table = {"verb": "manual", "symbol": symbol, "quantity": quantity, "price": price, "account": account}
        self.faults.do(table)

    @property
    def book(self) -> Book:
        """The books as they stand: what is true, whatever was said."""
        return self._call(partial(book_of, self._broker.venue))

    def _tick(self, symbol: str, told: dict[str, float], size: int) -> None:
        contract, now = self._contract(symbol), self._broker.environment.now()
        self._broker.deliver([Ticked(contract, _TICK_TYPES[name], price, size, now) for name, price in told.items()])

    def _contract(self, symbol: str) -> Contract:
        found = self._broker.contracts.find(symbol)
        if not found:
            raise ValueError(f"no contract is named {symbol!r}; `contracts` takes a file of further ones")
        stocks = [one for one in found if one.contract.sec_type == "STK"]
        return (stocks or found)[0].contract
