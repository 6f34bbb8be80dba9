"""Brackets over ib_insync the usual way: as its examples, its documentation and most published scripts do it.

Bracket orders with a transmit flag, fills from events, cancelled entries sent again, a reconnect after five seconds
that takes positions and open orders from the library. No journal; state is memory.
"""

from __future__ import annotations

from typing import Any

import trio
import trio_asyncio
from ib_insync import IB, LimitOrder, MarketOrder, Order, Stock, StopOrder, Trade

__all__ = ["PlainTrader"]

CLIENT_ID = 7
RETRIES = 20  # of a cancelled entry, so that a scenario ends


class PlainTrader:
    """Trades some symbols. Start `run` in a nursery; `ready` is set when it is connected."""

    def __init__(self, connection: Any, symbols: list[str]) -> None:
        """`connection` is a SocketConnection or its twin in memory."""
        self.ib = IB()
        self.ib.client.conn = connection
        connection.hasData += self.ib.client._onSocketHasData
        connection.disconnected += self.ib.client._onSocketDisconnected
        self.contracts = {symbol: Stock(symbol, "SMART", "USD") for symbol in symbols}
        self.positions: dict[str, float] = dict.fromkeys(symbols, 0.0)
        self.asked_to_cancel: set[str] = set()
        self.retries = 0
        self.loop: Any = None  # asyncio's, in which the commands are to be called
        self.ready = trio.Event()
        self._lost = trio.Event()
        self._references = 0
        self.ib.execDetailsEvent += self._on_fill
        self.ib.orderStatusEvent += self._on_status
        self.ib.disconnectedEvent += lambda: self._lost.set()

    async def run(self) -> None:
        """Connect, and again five seconds after each loss, until cancelled."""
        async with trio_asyncio.open_loop() as self.loop:
            while True:
                try:
                    await trio_asyncio.aio_as_trio(self.ib.connectAsync)("memory", 0, CLIENT_ID)
                    await trio_asyncio.aio_as_trio(self.ib.qualifyContractsAsync)(*self.contracts.values())
                except (OSError, TimeoutError):
                    await trio.sleep(5)
                    continue
                self._lost = trio.Event()
                held = {position.contract.symbol: position.position for position in self.ib.positions()}
                self.positions = {symbol: held.get(symbol, 0.0) for symbol in self.contracts}
                for contract in self.contracts.values():
                    self.ib.reqMktData(contract)
                self.ready.set()
                await self._lost.wait()
                await trio.sleep(5)

    # commands

    def open(self, symbol: str, side: str, quantity: float, stop: float, target: float, limit: float | None) -> None:
        """Send a bracket. Prices are absolute."""
        ids = [self.ib.client.getReqId() for _ in range(3)]
        leave = "SELL" if side == "BUY" else "BUY"
        entry = MarketOrder(side, quantity) if limit is None else LimitOrder(side, quantity, limit)
        legs = [entry, LimitOrder(leave, quantity, round(target, 2)), StopOrder(leave, quantity, round(stop, 2))]
        for order_id, order in zip(ids, legs, strict=True):
            order.orderId, order.orderRef = order_id, self._reference()
            order.transmit = order is legs[-1]
            if order is not entry:
                order.parentId, order.tif = ids[0], "GTC"
        for order in legs:
            self.ib.placeOrder(self.contracts[symbol], order)

    def close(self, symbol: str) -> None:
        """Cancel what works and sell what is held, or buy it back."""
        for trade in self._open(symbol):
            self.asked_to_cancel.add(trade.order.orderRef)
            self.ib.cancelOrder(trade.order)
        held = self.positions[symbol]
        if held:
            order = MarketOrder("SELL" if held > 0 else "BUY", abs(held))
            order.orderRef = self._reference()
            self.ib.placeOrder(self.contracts[symbol], order)

    def adjust(self, symbol: str, stop: float, target: float) -> None:
        """Move the exits."""
        for trade in self._open(symbol):
            if trade.order.orderType == "STP":
                trade.order.auxPrice = round(stop, 2)
            elif trade.order.orderType == "LMT" and trade.order.parentId:
                trade.order.lmtPrice = round(target, 2)
            else:
                continue
            self.ib.placeOrder(trade.contract, trade.order)

    def open_orders(self) -> dict[str, float]:
        """orderRef → what is left of the orders that it believes to be working."""
        return {trade.order.orderRef: trade.remaining() for trade in self.ib.openTrades() if trade.order.orderRef}

    # events

    def _on_fill(self, trade: Trade, fill: Any) -> None:
        sign = 1 if fill.execution.side == "BOT" else -1
        symbol = fill.contract.symbol
        self.positions[symbol] = self.positions.get(symbol, 0.0) + sign * fill.execution.shares
        if not self.positions[symbol]:
            for other in self._open(symbol):
                self.asked_to_cancel.add(other.order.orderRef)
                self.ib.cancelOrder(other.order)

    def _on_status(self, trade: Trade) -> None:
        order = trade.order
        ended = trade.orderStatus.status in ("Cancelled", "ApiCancelled", "Inactive")
        if ended and order.orderRef not in self.asked_to_cancel and self._may_retry(order, trade):
            self.retries += 1
            again = MarketOrder(order.action, order.totalQuantity)
            if order.orderType == "LMT":
                again = LimitOrder(order.action, order.totalQuantity, order.lmtPrice)
            again.orderRef = order.orderRef
            self.ib.placeOrder(trade.contract, again)

    def _may_retry(self, order: Order, trade: Trade) -> bool:
        return not order.parentId and bool(order.orderRef) and not trade.filled() and self.retries < RETRIES

    def _open(self, symbol: str) -> list[Trade]:
        return [trade for trade in self.ib.openTrades() if trade.contract.symbol == symbol and trade.order.orderRef]

    def _reference(self) -> str:
        self._references += 1
        return f"plain-{self._references}-{trio.current_time():.3f}"
