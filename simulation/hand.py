"""A hand in TWS: trades, and orders that rest, fill later, are changed and cancelled, without a word to any program."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from attrs import evolve

from simulation.market import Market
from simulator.app import PaperBroker
from simulator.model import Order

__all__ = ["Hand"]


class Hand:
    """What a person does in TWS beside Pitboss. Each returns what came of it in words."""

    def __init__(self, paper: PaperBroker, market: Market) -> None:
        self._paper, self._market = paper, market

    def trade(self, symbol: str, quantity: int, close: bool) -> str:
        """Trade at once; with `close` all that is held of it."""
        venue = self._paper.venue
        signed = -self._held(symbol) if close else Decimal(quantity)
        if not signed:
            return "nothing is held"
        contract = self._paper.contracts.find(symbol, "STK")[0].contract
        price = Decimal(f"{self._market.prices[symbol]:.2f}")
        venue.manual_trade(venue.accounts[0], contract, signed, price)
        return f"{signed} {symbol} by hand @ {price}"

    def order(self, symbol: str, side: str, quantity: int, kind: str, away: float, tif: str) -> str:
        """Place an order that rests `away` from the price, as a part of it: a limit below for a buy, a stop above."""
        order = Order(
            order_id=0,
            client_id=0,
            account=self._paper.venue.accounts[0],
            contract=self._paper.contracts.find(symbol, "STK")[0].contract,
            side=side,
            quantity=Decimal(quantity),
            order_type=kind,
            tif=tif,
        )
        self._price(order, away)
        self._paper.tws.place_by_hand(order)
        return f"{order.status}: {_named(order)}"

    def change(self, dice: Random) -> str:
        """Give one of them another quantity, or another price."""
        working = self.working()
        if not working:
            return "no order by hand works"
        order = evolve(dice.choice(working))
        if dice.random() < 0.5:
            order.quantity = order.filled + dice.choice((1, 30, 100))
        else:
            self._price(order, dice.choice((0.0, 0.003, 0.01)))
        self._paper.venue.place(order)
        return f"{_named(order)} now"

    def cancel(self, dice: Random) -> str:
        """Cancel one of them."""
        working = self.working()
        if not working:
            return "no order by hand works"
        order = dice.choice(working)
        self._paper.venue.cancel(order.client_id, order.order_id)
        return f"{_named(order)} is {order.status}"

    def cancel_all(self) -> str:
        """Cancel all of them."""
        working = self.working()
        for order in working:
            self._paper.venue.cancel(order.client_id, order.order_id)
        return f"{len(working)} cancelled"

    def working(self) -> list[Order]:
        """Return its orders that may still fill, as far as TWS can still reach them."""
        venue = self._paper.venue
        orders = [one for one in venue.orders.values() if one.client_id == 0 and not one.done]
        return [one for one in orders if venue.find(0, one.order_id) is one]

    def _price(self, order: Order, away: float) -> None:
        symbol = order.contract.symbol
        below = (order.side == "BUY") == (order.order_type == "LMT")
        price = Decimal(f"{self._market.prices[symbol] * (1 - away if below else 1 + away):.2f}")
        if order.order_type == "LMT":
            order.limit = price
        else:
            order.stop = price

    def _held(self, symbol: str) -> Decimal:
        held = [one.quantity for one in self._paper.venue.positions() if one.contract.symbol == symbol]
        return held[0] if held else Decimal(0)


def _named(order: Order) -> str:
    price = order.limit if order.order_type == "LMT" else order.stop
    return f"{order.side} {order.quantity} {order.contract.symbol} {order.order_type} {price} by hand"
