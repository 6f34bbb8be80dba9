"""A venue with a hand-driven feed and a recorder of what it tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from config.environment import Environment
from simulator.contract_files import built_in
from simulator.model import (
    Charged,
    Contract,
    Executed,
    Order,
    OrderChanged,
    OrderError,
    PositionChanged,
    Ticked,
    VenueEvent,
)
from simulator.venue import Venue

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # a Monday, noon in New York
CLIENT = 7


class Bench:
    """Places orders and pushes quotes; keeps what was told, in words."""

    def __init__(self, **options: Any) -> None:
        self.time: datetime = options.pop("start", NOON)
        self.environment = Environment(lambda: self.time, seed=1)
        self.contracts = built_in()
        self.venue = Venue(self.environment, self.contracts, **options)
        self.told: list[str] = []
        self.events: list[VenueEvent] = []
        self.venue.subscribe(self._hear)
        self._ids = 0

    def contract(self, symbol: str, sec_type: str = "STK") -> Contract:
        return self.contracts.find(symbol, sec_type)[0].contract

    def order(self, side: str, quantity: Any, order_type: str = "MKT", *, symbol: str = "AAPL", **terms: Any) -> Order:
        if "order_id" not in terms:
            self._ids += 1
        prices = ("limit", "stop", "trail_stop", "trailing_percent")
        values = {name: Decimal(str(v)) if name in prices and v is not None else v for name, v in terms.items()}
        values.setdefault("contract", self.contract(symbol))
        values.setdefault("order_id", self._ids)
        values.setdefault("client_id", CLIENT)
        values.setdefault("account", "")
        return Order(side=side, quantity=Decimal(str(quantity)), order_type=order_type, **values)

    def place(self, side: str, quantity: Any, order_type: str = "MKT", **terms: Any) -> Order:
        order = self.order(side, quantity, order_type, **terms)
        self.venue.place(order)
        return order

    def change(self, order: Order, **terms: Any) -> None:
        """Send the order again with other terms, as a client does."""
        names = ("limit", "stop", "tif", "trail_stop", "trailing_percent", "oca_group", "oca_type", "extra")
        values: dict[str, Any] = {name: getattr(order, name) for name in names}
        quantity = terms.pop("quantity", order.quantity)
        kind = terms.pop("order_type", order.order_type)
        side = terms.pop("side", order.side)
        values.update(terms)
        self.place(side, quantity, kind, contract=order.contract, order_id=order.order_id, **values)

    def cancel(self, order: Order) -> None:
        self.venue.cancel(order.client_id, order.order_id)

    def tick(self, tick_type: int, price: float, size: int = 0, symbol: str | Contract = "AAPL") -> None:
        contract = self.contract(symbol) if isinstance(symbol, str) else symbol
        self.venue.on_tick(Ticked(contract, tick_type, price, size, self.time))

    def quote(self, bid: float, ask: float, size: int = 1000, symbol: str | Contract = "AAPL") -> None:
        """Tell a bid and an ask; sizes are refreshed even where prices stay."""
        self.tick(1, bid, size, symbol)
        self.tick(2, ask, size, symbol)

    def trade(self, price: float, size: int = 100, symbol: str = "AAPL") -> None:
        self.tick(4, price, size, symbol)

    def pass_time(self, **span: float) -> None:
        self.time += timedelta(**span)
        self.venue.advance(self.time)

    def held(self, symbol: str = "AAPL", account: str | None = None) -> Decimal:
        rows = [one for one in self.venue.positions() if one.contract.symbol == symbol]
        return sum((one.quantity for one in rows if account in (None, one.account)), Decimal(0))

    def clear(self) -> None:
        self.told.clear()
        self.events.clear()

    def _hear(self, event: VenueEvent) -> None:
        self.events.append(event)
        match event:
            case OrderChanged(order):
                held = f" {order.why_held}" if order.why_held else ""
                self.told.append(f"{order.order_id} {order.status}{held} {order.filled}/{order.quantity}")
            case Executed(_, execution):
                self.told.append(f"{execution.order_id} {execution.side} {execution.quantity} @ {execution.price}")
            case Charged(commission, execution):
                self.told.append(f"{execution.order_id} commission {commission.amount} {commission.currency}")
            case PositionChanged(position):
                self.told.append(f"position {position.contract.symbol} {position.quantity}")
            case OrderError():
                self.told.append(f"{event.order_id} error {event.code}")
            case Ticked():
                pass


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def make_bench() -> Callable[..., Bench]:
    return Bench
