# mypy: disable-error-code="import-not-found"
# the package is in another environment than the one that is checked
"""One position in each instrument, with live stop-market, limit and trailing-stop orders that cancel each other."""

from __future__ import annotations

from decimal import Decimal

from nautilus_trader.config import StrategyConfig
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.enums import ContingencyType, OrderSide, TrailingOffsetType, TriggerType
from nautilus_trader.model.events import OrderFilled, OrderRejected
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Price, Quantity
from nautilus_trader.model.orders import LimitOrder, OrderList, StopMarketOrder, TrailingStopMarketOrder
from nautilus_trader.trading.strategy import Strategy

from benchmarks.replay_ticks import TRAIL, levels, sign_of

__all__ = ["HoldEach", "HoldEachConfig"]

PLACES = 4
QUANTITY = Quantity.from_int(100)
OFFSET = Decimal(str(TRAIL)) * 10_000  # basis points


class HoldEachConfig(StrategyConfig, frozen=True):  # type: ignore[misc, call-arg]
    """`enter_at_ns`: when all have had their first tick."""

    enter_at_ns: int


class HoldEach(Strategy):  # type: ignore[misc]
    """Enters each instrument by a market order, and enters anew when an exit has filled."""

    def __init__(self, config: HoldEachConfig, instruments: list[Equity]) -> None:
        super().__init__(config)
        self.instruments = {instrument.id: symbol for symbol, instrument in enumerate(instruments)}
        self.exits: list[tuple[int, str, int, float]] = []
        """symbol, which exit, when (ns), at what price"""
        self.entries = 0
        self.rejections: list[str] = []
        self._roles: dict[object, str] = {}  # client order id → which exit

    def on_start(self) -> None:
        """Enter all once each has a price."""
        self.clock.set_time_alert_ns("enter", self.config.enter_at_ns, self._enter_all)

    def on_order_filled(self, event: OrderFilled) -> None:
        """Place the exits of an entry; note an exit, and enter anew."""
        role = self._roles.pop(event.client_order_id, None)
        if role is None:
            self._protect(event.instrument_id, float(event.last_px))
            return
        self.exits.append((self.instruments[event.instrument_id], role, event.ts_event, float(event.last_px)))
        self._enter(event.instrument_id)

    def on_order_rejected(self, event: OrderRejected) -> None:
        """Keep the reason: there should be none."""
        self.rejections.append(str(event.reason))

    def _enter_all(self, _alert: object) -> None:
        for instrument_id in self.instruments:
            self._enter(instrument_id)

    def _enter(self, instrument_id: object) -> None:
        self.entries += 1
        side = OrderSide.BUY if sign_of(self.instruments[instrument_id]) > 0 else OrderSide.SELL
        self.submit_order(self.order_factory.market(instrument_id, side, QUANTITY))

    def _protect(self, instrument_id: object, entry: float) -> None:
        sign = sign_of(self.instruments[instrument_id])
        stop, target = levels(sign, entry)
        factory, now = self.order_factory, self.clock.timestamp_ns()
        list_id = factory.generate_order_list_id()
        ids = {role: factory.generate_client_order_id() for role in ("stop", "trailing_stop", "target")}

        def terms(role: str) -> dict[str, object]:
            self._roles[ids[role]] = role
            return {
                "trader_id": self.trader_id,
                "strategy_id": self.id,
                "instrument_id": instrument_id,
                "client_order_id": ids[role],
                "order_side": OrderSide.SELL if sign > 0 else OrderSide.BUY,
                "quantity": QUANTITY,
                "init_id": UUID4(),
                "ts_init": now,
                "contingency_type": ContingencyType.OCO,
                "order_list_id": list_id,
                "linked_order_ids": [other for name, other in ids.items() if name != role],
            }

        last = TriggerType.LAST_PRICE
        orders = [
            StopMarketOrder(**terms("stop"), trigger_price=Price(stop, PLACES), trigger_type=last),
            TrailingStopMarketOrder(
                **terms("trailing_stop"),
                trigger_price=None,
                trigger_type=last,
                trailing_offset=OFFSET,
                trailing_offset_type=TrailingOffsetType.BASIS_POINTS,
            ),
            LimitOrder(**terms("target"), price=Price(target, PLACES)),
        ]
        self.submit_order_list(OrderList(list_id, orders))
