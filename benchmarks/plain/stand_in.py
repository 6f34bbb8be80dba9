"""The plain trader in Pitboss's place: the same commands, and the same judgement of the end by the venue's own book.

A scenario is played as far as it needs only a trader: up to the first question that only Pitboss can answer.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import trio

from actors.ib.memory import MemoryConnection
from benchmarks.plain.trader import PlainTrader
from messages.order import Side

__all__ = ["Finished", "StandIn", "faults_of"]

D = Decimal
QUIET = 130.0
BOUND = 7.0  # seconds without a stop


class Finished(Exception):
    """The scenario asks what a plain application cannot answer, or has come to its end."""


class StandIn:
    """Mix it in before the plant: what the plant does to a process is done to the plain trader."""

    paper: Any
    links: list[Any]
    settings: Any
    trader: PlainTrader
    _nursery: trio.Nursery
    _scope: trio.CancelScope

    async def start(self) -> None:
        """Start a trader with no memory of what was before."""
        self.errors: list[str] = getattr(self, "errors", [])
        self.trader = trader = PlainTrader(MemoryConnection(self._dial), list(self.settings.symbols))  # type: ignore[attr-defined]
        trader.ib.errorEvent.clear()
        self._scope = trio.CancelScope()

        async def run() -> None:
            with self._scope:
                try:
                    await trader.run()
                except Exception as error:  # noqa: BLE001  # whatever it is, the trader has crashed
                    self.errors.append(repr(error))

        self._nursery.start_soon(run)
        with trio.move_on_after(30):
            await trader.ready.wait()
        await trio.sleep(0.5)

    async def kill(self) -> None:
        """End it; its socket goes with it."""
        self._scope.cancel()
        self.links[-1].disconnect()
        await trio.sleep(0.01)

    async def open(
        self, side: Side = Side.BUY, quantity: int = 100, *, symbol: str = "AAPL", limit: str = "", **exits: Any
    ) -> None:
        """Open with the usual exits, or those named."""
        price = float(limit) if limit else self._last(symbol)
        down, up = float(exits.get("stop_loss_pct", 0.03)), float(exits.get("take_profit_pct", 0.08))
        sign = side.sign
        self._try(
            self.trader.open, symbol, str(side), quantity, price * (1 - sign * down), price * (1 + sign * up),
            float(limit) if limit else None,
        )  # fmt: skip
        await trio.sleep(0.2)

    def enter(self) -> None:
        """Buy 100 AAPL at the market."""
        price = self._last("AAPL")
        self._try(self.trader.open, "AAPL", "BUY", 100, price * 0.97, price * 1.08, None)

    async def close(self, symbol: str = "AAPL") -> None:
        """Go flat."""
        self._try(self.trader.close, symbol)
        await trio.sleep(0.2)

    async def adjust(self, symbol: str = "AAPL", **exits: Any) -> None:
        """Move the exits."""
        price = self._last(symbol)
        down, up = float(exits.get("stop_loss_pct", 0.03)), float(exits.get("take_profit_pct", 0.08))
        self._try(self.trader.adjust, symbol, price * (1 - down), price * (1 + up))
        await trio.sleep(0.2)

    async def ask(self, name: str, message: Any) -> Any:
        """Nothing answers."""
        raise Finished

    async def view(self, symbol: str = "AAPL") -> Any:
        """It has no such view."""
        raise Finished

    def seen(self, kind: type) -> list[Any]:
        """It tells of nothing."""
        raise Finished

    def _last(self, symbol: str) -> float:
        contract = self.paper.contracts.find(symbol, "STK")[0].contract
        return float(self.paper.venue.quote(contract.con_id).last)

    def _try(self, command: Any, *values: Any) -> None:
        def guarded() -> None:
            try:
                command(*values)
            except ConnectionError:
                return  # told to whoever asked
            except Exception as error:  # noqa: BLE001  # whatever it is, the trader has crashed
                self.errors.append(repr(error))

        if self.trader.loop is not None:
            self.trader.loop.call_soon(guarded)


async def faults_of(stage: Any, plant: Any) -> list[str]:
    """After a quiet period, what is wrong by the venue's own book; [] where nothing is."""
    stage.paper.faults.clear()
    for session in stage.paper.tws.clients:
        session.resume()
    await trio.sleep(QUIET)
    wrong = [f"it crashed: {error}" for error in plant.errors]
    trader = plant.trader
    for symbol in plant.settings.symbols:
        held = plant.held(symbol)
        if D(str(trader.positions[symbol])) != held:
            wrong.append(f"{symbol}: {trader.positions[symbol]:g} by its account, {held} by the broker's")
        live = [order for order in plant.at_broker(symbol) if order.order_ref]
        if not held and live and all(order.parent_perm_id for order in live):
            wrong.append(f"{symbol}: exits work for a position that is flat")
    theirs = {order.order_ref: float(order.remaining) for order in plant.at_broker() if order.order_ref}
    if trader.open_orders() != theirs:
        wrong.append(f"{len(trader.open_orders())} orders work by its account, {len(theirs)} by the broker's")
    doubled = [ref for ref, count in Counter(order.order_ref for order in stage.ours()).items() if count > 1]
    if doubled:
        wrong.append(f"{len(doubled)} intents became several orders")
    stage.naked.end()
    wrong += [
        f"{symbol} was held without a stop for {s:.0f} s" for symbol, s in stage.naked.longest.items() if s > BOUND
    ]
    return wrong
