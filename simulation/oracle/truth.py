"""The broker's book: what is really held, what really works, what really happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from math import inf

from simulator.model import Executed, Execution, Order, PositionChanged, Ticked, VenueEvent
from simulator.venue import Venue

__all__ = ["STOPS", "Truth"]

STOPS = ("STP", "STP LMT", "TRAIL", "TRAIL LIMIT")


_PRICES = (1, 2, 4)  # bid, ask, last
_HALTED = 49
BY_HAND = 0  # TWS's own client id


class Truth:
    """Questions to the paper TWS's venue."""

    def __init__(self, venue: Venue, clock: Callable[[], float] = lambda: 0.0) -> None:
        """`clock` is trio's."""
        self.venue = venue
        self.price: dict[str, float] = {}  # symbol → its last price of any kind
        self.priced_at: dict[str, float] = {}  # symbol → when it had one
        self.halted_at: dict[str, float] = {}  # symbol → when the exchange halted it; only those that are
        self.disturbed_at: dict[str, float] = {}  # symbol → when it last changed in a way that is told late
        self.without_trade_at: dict[str, float] = {}  # symbol → when shares last came, or went, without a trade
        self._without_trade: dict[str, Decimal] = {}  # symbol → how many have come so
        self._clock = clock
        venue.subscribe(self._on_event)
        self.enters: Callable[[str], bool] = lambda ref: False  # whether an order of that reference is to add risk

    def _on_event(self, event: VenueEvent) -> None:
        match event:
            case Ticked() if event.tick_type in _PRICES:
                self.price[event.contract.symbol] = event.price
                self.priced_at[event.contract.symbol] = self._clock()
            case Ticked() if event.tick_type == _HALTED:
                self.halted_at.pop(event.contract.symbol, None)
                if event.price > 0:
                    self.halted_at[event.contract.symbol] = self._clock()
            case Executed(order, execution):
                if order is None or order.client_id == BY_HAND or not execution.exec_id.endswith(".01"):
                    self.disturbed_at[execution.contract.symbol] = self._clock()
            case PositionChanged(position):
                symbol = position.contract.symbol
                came = self.held(symbol) - self.by_executions(symbol)
                if came != self._without_trade.get(symbol, 0):
                    self._without_trade[symbol] = came
                    self.without_trade_at[symbol] = self.disturbed_at[symbol] = self._clock()
                elif came:
                    self.disturbed_at[symbol] = self._clock()

    def disturbed(self, symbol: str, seconds: float) -> bool:
        """Whether others traded it, or shares came without a trade, or an execution was corrected, not long ago."""
        return self._clock() - self.disturbed_at.get(symbol, -inf) < seconds

    def by_executions(self, symbol: str) -> Decimal:
        """What executions alone come to: all that is held, but for shares that came or went without a trade."""
        return sum(
            (
                one.quantity * (1 if one.side == "BOT" else -1)
                for one in self.venue.executions
                if one.contract.symbol == symbol
            ),
            Decimal(0),
        )

    def held(self, symbol: str) -> Decimal:
        """What is held of a symbol, signed."""
        return sum((one.quantity for one in self.venue.positions() if one.contract.symbol == symbol), Decimal(0))

    def live(self, symbol: str = "") -> list[Order]:
        """Orders of API clients that may still fill."""
        orders = self.venue.orders.values()
        return [one for one in orders if not one.done and one.order_ref and symbol in ("", one.contract.symbol)]

    def by_hand(self) -> list[Order]:
        """Orders placed in TWS that may still fill."""
        return [one for one in self.venue.orders.values() if not one.done and one.client_id == BY_HAND]

    def covered(self, symbol: str) -> Decimal:
        """How much of what is held the live stops, and closing market orders, would take away: one of each group."""
        side = "SELL" if self.held(symbol) > 0 else "BUY"
        live = [
            one
            for one in self.live(symbol)
            if one.side == side and one.order_type in (*STOPS, "MKT") and not self.enters(one.order_ref)
        ]
        groups: dict[str, Decimal] = {}
        for one in live:
            group = one.oca_group or f"permId {one.perm_id}"
            groups[group] = max(groups.get(group, Decimal(0)), self.awake(one))
        return sum(groups.values(), Decimal(0))

    def awake(self, order: Order) -> Decimal:
        """What of an order can fill now: a child no more than its parent has, until that has filled in whole."""
        parent = self.venue.orders.get(order.parent_perm_id)
        return order.remaining if parent is None or parent.remaining <= 0 else min(order.remaining, parent.filled)

    def doubles(self) -> list[str]:
        """References under which more than one order was placed.

        The broker may make two orders of one by itself, when it is changed; both have its order id then (INC-08).
        """
        placed = {(one.order_ref, one.client_id, one.order_id) for one in self.venue.orders.values() if one.order_ref}
        counts = Counter(ref for ref, *_ in placed)
        return [ref for ref, count in counts.items() if count > 1]

    def twofold(self, ref: str) -> bool:
        """Whether the broker has made two orders of one."""
        return sum(one.order_ref == ref for one in self.venue.orders.values()) > 1 and ref not in self.doubles()

    def executions(self) -> dict[str, Execution]:
        """execution id → execution, in their latest versions."""
        return {one.exec_id: one for one in self.venue.executions}

    def cash(self, symbol: str) -> Decimal:
        """What all trades in a symbol have brought, without commission: the profit, once nothing is held."""
        return sum(
            (
                one.quantity * one.price * (1 if one.side == "SLD" else -1)
                for one in self.venue.executions
                if one.contract.symbol == symbol
            ),
            Decimal(0),
        )

    def commission(self) -> Decimal:
        """What all trades have cost."""
        return sum((one.amount for one in self.venue.commissions.values()), Decimal(0))
