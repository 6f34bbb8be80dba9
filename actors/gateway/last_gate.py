"""The last look at an order before its bytes leave. It can only say no."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal

from attrs import frozen

from config.settings import RiskSettings
from domain.instrument import canonical, off_tick
from messages.gateway import OutgoingOrder
from messages.market import Instrument
from messages.order import OrderType
from messages.what_if import WHAT_IF

__all__ = ["MAX_ORDER_ID", "LastGate", "Refusal"]

# Request ids of the gateway begin here, so that the id of an error names either a request or an order. TWS reads ids
# as signed 32-bit integers (INC-11).
MAX_ORDER_ID = 1_999_999_999
_MINUTE = 60.0


@frozen(slots=True)
class Refusal:
    """Why a unit must not leave. `impossible` marks what no bug-free sender can ask for: it is worth an alarm.
    `overtaken` says that nothing stands against it but its order ids."""

    order_ref: str
    reason: str
    impossible: bool = False
    overtaken: bool = False


class LastGate:
    """Counts orders out, against what was sent before, the order rate, quantity, price and notional.

    It knows nothing of why an order was made and trusts nobody's bookkeeping but its own; one gate serves a process,
    whatever restarts in it. Units that add risk may use the whole order rate; the rest, which protects, twice as much,
    for a runaway exit is no better than a runaway entry.
    """

    def __init__(self, risk: RiskSettings) -> None:
        """Take the limits `max_orders_per_minute` and `max_order_notional` of the settings."""
        self._max_orders = risk.max_orders_per_minute
        self._max_notional = risk.max_order_notional
        self._refs: dict[int, str] = {}  # order id → order_ref, of what was sent
        self._sent_refs: set[str] = set()
        self._leaves: deque[float] = deque()  # when each new order of the last minute leaves it
        self._highest = 0  # order id sent
        self.orders_out = 0
        self.questions: set[int] = set()  # order ids that were used up by what-if orders

    def refusal(
        self,
        orders: Sequence[OutgoingOrder],
        *,
        account: str,
        first_order_id: int,
        instruments: Mapping[str, Instrument],
        now: float,
    ) -> Refusal | None:
        """Return why the unit must not leave, or None.

        `first_order_id` is the nextValidId of this connection: TWS has seen every id below it, so a new order must not
        carry one. `now` is trio's.
        """
        if not orders:
            return Refusal("", "a unit without orders", impossible=True)
        refs: set[str] = set()
        ids: set[int] = set()
        for order in orders:
            ref = order.request.order_ref
            reason = self._identity_fault(order, account, first_order_id)
            if order.what_if or ref.startswith(WHAT_IF):
                reason = "a question is no order"
            if ref in refs or order.order_id in ids:
                reason = "its reference or order id occurs twice in one unit"
            if reason is not None:
                return Refusal(ref, reason, impossible=True)
            refs.add(ref)
            ids.add(order.order_id)
            reason = self._terms_fault(order, instruments.get(order.request.symbol))
            if reason is not None:
                return Refusal(ref, reason, impossible=True)
        return self._rate_fault(orders, now) or self._notional_fault(orders, instruments) or self._order_fault(orders)

    def question_refusal(
        self, order: OutgoingOrder, *, account: str, first_order_id: int, instruments: Mapping[str, Instrument]
    ) -> Refusal | None:
        """Return why a question must not leave, or None: one that could trade is never let out.

        It counts as no order and passes no limit, but its id is used up like an order's.
        """
        request = order.request
        reason = self._identity_fault(order, account, first_order_id)
        if not (order.what_if and order.transmit and request.order_ref.startswith(WHAT_IF)) or order.modification:
            reason = "it is not marked as a question"
        reason = reason or self._terms_fault(order, instruments.get(request.symbol))
        if reason is not None:
            return Refusal(request.order_ref, reason, impossible=True)
        return self._order_fault((order,))

    def asked(self, order: OutgoingOrder) -> None:
        """Take note of a question whose bytes leave now."""
        self._refs[order.order_id] = order.request.order_ref
        self._sent_refs.add(order.request.order_ref)
        self._highest = max(self._highest, order.order_id)
        self.questions.add(order.order_id)

    def sent(self, orders: Sequence[OutgoingOrder], now: float) -> None:
        """Count orders whose bytes leave now."""
        for order in orders:
            self._refs[order.order_id] = order.request.order_ref
            self._sent_refs.add(order.request.order_ref)
            if not order.modification:
                self._highest = max(self._highest, order.order_id)
                self.orders_out += 1
                self._leaves.append(now + _MINUTE)

    def _identity_fault(self, order: OutgoingOrder, account: str, first_order_id: int) -> str | None:
        ref = order.request.order_ref
        if not ref:
            return "it has no reference"
        if order.account != account:
            return f"it names the account {order.account!r}, not {account!r}"
        if not 0 < order.order_id <= MAX_ORDER_ID:
            return f"its order id {order.order_id} is out of range"
        known = self._refs.get(order.order_id)
        if order.modification:
            if known is not None and known != ref:
                return f"it would modify order id {order.order_id}, which is {known}"
            if not order.transmit:
                return "a modification that is not transmitted"
            return None
        if known is not None:
            return f"order id {order.order_id} was sent before, for {known}"
        if ref in self._sent_refs:
            return f"{ref} was sent before"
        if order.order_id < first_order_id:
            return f"order id {order.order_id} lies below {first_order_id}, the broker's next valid one"
        return None

    def _terms_fault(self, order: OutgoingOrder, instrument: Instrument | None) -> str | None:
        request = order.request
        numbers = (
            request.quantity,
            request.limit_price,
            request.stop_price,
            request.trailing_pct,
            request.trailing_amount,
        )
        for number in numbers:
            if number is not None and not (number.is_finite() and number > 0):
                return f"{number} is no number above zero"
        if instrument is None:
            return f"no contract is known for {request.symbol}"
        off = off_tick(instrument, request)
        return f"{canonical(off[0])} is not on a tick" if off else None

    def _order_fault(self, orders: Sequence[OutgoingOrder]) -> Refusal | None:
        """TWS answers 103 to an id below one that it has seen: what an urgent order has overtaken needs another."""
        highest = self._highest
        for order in orders:
            if order.modification:
                continue
            if order.order_id <= highest:
                reason = f"overtaken: order id {highest} has left, and TWS takes no lower one than that"
                return Refusal(order.request.order_ref, reason, overtaken=True)
            highest = order.order_id
        return None

    def weigh(
        self, orders: Sequence[OutgoingOrder], instruments: Mapping[str, Instrument], now: float
    ) -> tuple[tuple[str, str, str], ...]:
        """Return (what is looked at, what stands against it or '', figures) for orders that have no ids yet."""
        terms = next((fault for each in orders if (fault := self._terms_fault(each, _known(each, instruments)))), "")
        count, limit = self._rate(orders, now)
        rate = self._rate_fault(orders, now)
        found = [
            ("terms", terms, "whole and on ticks"),
            (
                "order rate",
                rate.reason if rate else "",
                f"{count} orders left within a minute of {limit or 'any number'}",
            ),
        ]
        if self._max_notional is not None:
            priced = [one for each in orders if (one := self._notional(each, orders, instruments)) is not None]
            largest = max(priced, default=Decimal(0))
            over = f"{canonical(largest)} > {canonical(self._max_notional)}" if largest > self._max_notional else ""
            found.append(("notional", over, f"{canonical(largest)} <= {canonical(self._max_notional)}"))
        return tuple(found)

    def _rate(self, orders: Sequence[OutgoingOrder], now: float) -> tuple[int, int | None]:
        """Return how many new orders left within the last minute, and how many may."""
        while self._leaves and self._leaves[0] <= now:
            self._leaves.popleft()
        adds_risk = any(order.request.role.adds_risk for order in orders if not order.modification)
        limit = self._max_orders
        return len(self._leaves), limit if adds_risk or limit is None else 2 * limit

    def _rate_fault(self, orders: Sequence[OutgoingOrder], now: float) -> Refusal | None:
        new = [order for order in orders if not order.modification]
        count, limit = self._rate(orders, now)
        if limit is None or not new or count + len(new) <= limit:
            return None
        return Refusal(new[0].request.order_ref, f"{count} orders left within a minute; {limit} are allowed")

    def _notional_fault(self, orders: Sequence[OutgoingOrder], instruments: Mapping[str, Instrument]) -> Refusal | None:
        if self._max_notional is None:
            return None
        for order in orders:
            notional = self._notional(order, orders, instruments)
            if notional is not None and notional > self._max_notional:
                reason = f"its notional of about {canonical(notional)} exceeds {canonical(self._max_notional)}"
                return Refusal(order.request.order_ref, reason)
        return None

    def _notional(
        self, order: OutgoingOrder, orders: Sequence[OutgoingOrder], instruments: Mapping[str, Instrument]
    ) -> Decimal | None:
        """Return what an order is counted with; None where it adds no risk, or nothing is known of its symbol."""
        instrument = _known(order, instruments)
        if instrument is None or not order.request.role.adds_risk:
            return None
        return order.request.quantity * _worst_price(order.request.symbol, orders) * instrument.multiplier


def _known(order: OutgoingOrder, instruments: Mapping[str, Instrument]) -> Instrument | None:
    return instruments.get(order.request.symbol)


def _worst_price(symbol: str, orders: Sequence[OutgoingOrder]) -> Decimal:
    """Return the price to count a symbol's orders with.

    A market order has none: the quote that it was decided on counts, unless that lies outside its own bracket; of an
    unknown one, or one outside, the highest of the bracket's prices.
    """
    own = [
        price
        for order in orders
        if order.request.symbol == symbol and order.request.role.adds_risk
        for price in (order.request.limit_price, order.request.stop_price)
        if price is not None and order.request.order_type is not OrderType.TRAILING_STOP
    ]
    others = [
        price
        for order in orders
        if order.request.symbol == symbol
        for price in (order.request.limit_price, order.request.stop_price)
        if price is not None
    ]
    if own:
        return max(own)
    quotes = [order.reference_price for order in orders if order.request.symbol == symbol and order.reference_price]
    inside = [quote for quote in quotes if len(others) < 2 or min(others) <= quote <= max(others)]
    return max(inside or others, default=Decimal(0))
