"""What holds after any sequence of orders, changes, cancels and ticks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from config.environment import Environment
from simulator.contract_files import built_in
from simulator.model import Charged, Executed, Order, OrderChanged, Ticked, VenueEvent
from simulator.venue import Venue
from simulator.venue.commissions import order_commission

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CASH = Decimal(10_000_000)
ACCOUNT = "DU1234567"
CENT = Decimal("0.01")
TYPES = ["MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT", "MIDPRICE"]

cents = st.integers(9_900, 10_100).map(lambda number: number * CENT)
quantities = st.integers(1, 40).map(lambda number: Decimal(number * 10))
sizes = st.integers(0, 300)
sides = st.sampled_from(["BUY", "SELL"])


class Market:
    """The test's own picture of one quote: what is shown, and what has been taken of it."""

    def __init__(self) -> None:
        self.bid = self.ask = Decimal(-1)
        self.bid_left = self.ask_left = self.printed = Decimal(0)
        self.halted = False

    def take(self, tick_type: int, price: Decimal, size: int) -> None:
        self.printed = Decimal(size) if tick_type == 4 else Decimal(0)
        match tick_type:
            case 1:
                self.bid, self.bid_left = price, Decimal(size)
            case 2:
                self.ask, self.ask_left = price, Decimal(size)
            case 0:
                self.bid_left = Decimal(size)
            case 3:
                self.ask_left = Decimal(size)


class VenueMachine(RuleBasedStateMachine):
    """Random trading in one stock."""

    placed = Bundle("placed")

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.venue = Venue(Environment(lambda: self.now, seed=1), built_in(), cash=CASH)
        self.contract = self.venue.contracts.find("AAPL", "STK")[0].contract
        self.market = Market()
        self.next_id = 0
        self.brackets: list[tuple[Order, list[Order]]] = []
        self.groups: list[tuple[int, list[Order]]] = []
        self.ended: dict[int, str] = {}
        self.charged: dict[int, Decimal] = {}
        self.last = Decimal(0)
        self.conditional: list[tuple[Order, bool, Decimal, bool]] = []  # order, whether above, price, whether cancels
        self.came_true: set[int] = set()  # order ids
        self.venue.subscribe(self._hear)

    # what is done

    @rule(price=cents, size=sizes, side=st.sampled_from([1, 2]))
    def quote(self, price: Decimal, size: int, side: int) -> None:
        self._tick(side, price, size)

    @rule(middle=cents, half=st.integers(1, 5), size=st.integers(1, 300))
    def whole_quote(self, middle: Decimal, half: int, size: int) -> None:
        self._tick(1, middle - half * CENT, size)
        self._tick(2, middle + half * CENT, size)

    @rule(size=sizes, side=st.sampled_from([0, 3]))
    def shown_size(self, size: int, side: int) -> None:
        self._tick(side, Decimal(0), size)

    @rule(price=cents, size=st.integers(1, 300))
    def trade(self, price: Decimal, size: int) -> None:
        self._tick(4, price, size)

    @rule(on=st.booleans())
    def halt(self, on: bool) -> None:
        self.market.halted = on
        self._tick(49, Decimal(int(on)), 0)

    @rule(
        target=placed,
        kind=st.sampled_from(TYPES),
        side=sides,
        quantity=quantities,
        price=cents,
        distance=st.integers(1, 50),
        tif=st.sampled_from(["DAY", "GTC", "IOC", "FOK"]),
    )
    def place(self, kind: str, side: str, quantity: Decimal, price: Decimal, distance: int, tif: str) -> Order:
        if kind == "MIDPRICE" and tif in ("IOC", "FOK"):
            tif = "DAY"
        return self._place(self._order(kind, side, quantity, price, distance, tif=tif))

    @rule(
        side=sides,
        quantity=quantities,
        price=cents,
        distance=st.integers(1, 100),
        kind=st.sampled_from(["MKT", "LMT"]),
        group=st.sampled_from(["", "exits"]),
        oca_type=st.sampled_from([1, 2, 3]),
    )
    def bracket(
        self, side: str, quantity: Decimal, price: Decimal, distance: int, kind: str, group: str, oca_type: int
    ) -> None:
        away = distance * CENT if side == "BUY" else -distance * CENT
        parent = self._place(self._order(kind, side, quantity, price, 1, transmit=False))
        exits = {
            "parent_id": parent.order_id,
            "tif": "GTC",
            "oca_type": oca_type,
            "oca_group": group and f"{group}-{parent.order_id}",
        }
        other = "SELL" if side == "BUY" else "BUY"
        target = self._place(self._order("LMT", other, quantity, price + away, 1, transmit=False, **exits))
        stop = self._place(self._order("STP", other, quantity, price - away, 1, **exits))
        self.brackets.append((parent, [target, stop]))
        self.groups.append((oca_type, [target, stop]))

    @rule(
        side=sides,
        quantity=quantities,
        prices=st.lists(cents, min_size=2, max_size=4),
        kinds=st.lists(st.sampled_from(["LMT", "STP", "MIT"]), min_size=4, max_size=4),
        oca_type=st.sampled_from([1, 2, 3]),
    )
    def group(self, side: str, quantity: Decimal, prices: list[Decimal], kinds: list[str], oca_type: int) -> None:
        name = f"group-{self.next_id}"
        orders = [
            self._place(self._order(kind, side, quantity, price, 1, oca_group=name, oca_type=oca_type, tif="GTC"))
            for kind, price in zip(kinds, prices, strict=False)
        ]
        # one that joins after a fill is not bound by it
        if not any(one.filled or one.done for one in orders):
            self.groups.append((oca_type, orders))

    @rule(
        target=placed,
        kind=st.sampled_from(["MKT", "LMT", "STP"]),
        side=sides,
        quantity=quantities,
        price=cents,
        above=st.booleans(),
        level=cents,
        cancels=st.booleans(),
    )
    def place_with_a_condition(
        self, kind: str, side: str, quantity: Decimal, price: Decimal, above: bool, level: Decimal, cancels: bool
    ) -> Order:
        # the last trade (method 2) at or beyond a price; at any hour
        fields = (1, 1, "a", int(above), level, self.contract.con_id, "SMART", 2, 1, int(cancels))
        extra = {"conditions": "\0".join(str(one) for one in fields)}
        order = self._order(kind, side, quantity, price, 1, extra=extra, tif="GTC")
        self.conditional.append((order, above, level, cancels))
        self._look_at_conditions()
        return self._place(order)

    @rule(order=placed, quantity=quantities, price=cents)
    def change(self, order: Order, quantity: Decimal, price: Decimal) -> None:
        prices = {"limit": order.limit and price, "stop": order.stop and (order.stop if order.trail_stop else price)}
        self.venue.place(attrs.evolve(order, quantity=quantity, perm_id=0, **prices))

    @rule(order=placed)
    def cancel(self, order: Order) -> None:
        self.venue.cancel(order.client_id, order.order_id)

    @precondition(lambda self: self.brackets)
    @rule(number=st.integers(0, 9))
    def cancel_parent(self, number: int) -> None:
        parent, _ = self.brackets[number % len(self.brackets)]
        self.venue.cancel(parent.client_id, parent.order_id)

    @rule(hours=st.integers(1, 30))
    def pass_time(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.venue.advance(self.now)

    # what always holds

    @invariant()
    def cash_follows_from_executions(self) -> None:
        spent = sum((self._signed(one) * one.price for one in self.venue.executions), Decimal(0))
        paid = sum((one.amount for one in self.venue.commissions.values()), Decimal(0))
        assert self.venue.cash(ACCOUNT) == CASH - spent - paid

    @invariant()
    def positions_follow_from_executions(self) -> None:
        held = sum((self._signed(one) for one in self.venue.executions), Decimal(0))
        assert sum((one.quantity for one in self.venue.positions()), Decimal(0)) == held
        realized = sum((one.realized_pnl or 0 for one in self.venue.commissions.values()), Decimal(0))
        invested = sum((one.quantity * one.average_cost for one in self.venue.positions()), Decimal(0))
        assert abs(CASH + realized - invested - self.venue.cash(ACCOUNT)) < Decimal("1e-9")

    @invariant()
    def orders_follow_from_executions(self) -> None:
        for perm_id, order in self.venue.orders.items():
            fills = [one for one in self.venue.executions if one.perm_id == perm_id]
            assert order.filled == sum((one.quantity for one in fills), Decimal(0)) <= order.quantity
            assert (order.status == "Filled") == (order.remaining == 0)
            value = sum((one.quantity * one.price for one in fills), Decimal(0))
            if fills:
                assert self.charged[perm_id] == order_commission(self.contract, order.filled, value)

    @invariant()
    def exits_never_exceed_their_parent(self) -> None:
        for parent, exits in self.brackets:
            assert sum((one.filled for one in exits), Decimal(0)) <= parent.filled
            if parent.status == "Cancelled" and parent.filled == 0:
                assert all(one.status == "Cancelled" for one in exits)

    @invariant()
    def groups_never_exceed_one_order(self) -> None:
        for oca_type, orders in self.groups:
            filled = [one for one in orders if one.filled]
            if any(one.status == "Filled" for one in orders) or (oca_type == 1 and filled):
                live = [one for one in orders if not one.done]
                assert len(live) <= (1 if oca_type == 1 and filled and filled[0] in live else 0)
            assert oca_type != 1 or len(filled) <= 1

    @invariant()
    def nothing_waits_that_could_execute(self) -> None:
        market = self.market
        if market.halted or market.bid > market.ask > 0:
            return
        for order in self.venue.orders.values():
            if order.done or order.status != "Submitted" or order.order_type not in ("MKT", "LMT") or order.parent_id:
                continue
            limit = order.limit if order.order_type == "LMT" else None
            if order.side == "BUY" and market.ask > 0 and market.ask_left > 0:
                assert limit is not None
                assert limit < market.ask
            if order.side == "SELL" and market.bid > 0 and market.bid_left > 0:
                assert limit is not None
                assert limit > market.bid

    @invariant()
    def conditions_are_kept(self) -> None:
        for order, _, _, cancels in self.conditional:
            came_true = order.order_id in self.came_true
            assert cancels or came_true or not order.filled, "nothing executes before its condition holds"
            if came_true:
                assert order.done or not cancels, "nothing works on when it is to be cancelled"
                assert order.order_type != "LMT" or order.status != "PreSubmitted", "nothing waits on"

    def _look_at_conditions(self) -> None:
        market = self.market
        if market.halted or market.bid > market.ask > 0 or not self.last:
            return
        for order, above, level, _ in self.conditional:
            if not order.done and (self.last >= level if above else self.last <= level):
                self.came_true.add(order.order_id)

    def _hear(self, event: VenueEvent) -> None:
        match event:
            case Executed(order, execution):
                assert order is not None
                self._check_execution(order, execution)
            case Charged(commission, execution):
                self.charged[execution.perm_id] = self.charged.get(execution.perm_id, Decimal(0)) + commission.amount
                assert commission.amount >= 0
            case OrderChanged(order):
                assert order.perm_id not in self.ended, "nothing is told of a finished order"
                if order.status in ("Cancelled", "Filled"):
                    self.ended[order.perm_id] = order.status

    def _check_execution(self, order: Order, execution: Any) -> None:
        market, quantity, price = self.market, execution.quantity, execution.price
        assert quantity > 0
        assert order.perm_id not in self.ended
        assert not market.halted
        assert market.bid <= price, "never outside the bid-ask"
        assert price <= market.ask or market.ask < 0, "never outside the bid-ask"
        if order.order_type == "MIDPRICE":
            market.printed -= quantity
            assert market.printed >= 0
        elif order.side == "BUY":
            market.ask_left -= quantity
            assert (price, market.ask_left >= 0) == (market.ask, True), "never beyond the size shown"
        else:
            market.bid_left -= quantity
            assert (price, market.bid_left >= 0) == (market.bid, True), "never beyond the size shown"
        if order.order_type in ("LMT", "STP LMT", "LIT", "TRAIL LIMIT") or (
            order.order_type == "MIDPRICE" and order.limit
        ):
            assert order.limit is not None
            assert price <= order.limit if order.side == "BUY" else price >= order.limit

    def _order(self, kind: str, side: str, quantity: Decimal, price: Decimal, distance: int, **terms: Any) -> Order:
        self.next_id += 1
        away = distance * CENT
        prices: dict[str, Any] = {}
        if kind in ("LMT", "MIDPRICE"):
            prices = {"limit": price}
        elif kind in ("STP", "MIT"):
            prices = {"stop": price}
        elif kind in ("STP LMT", "LIT"):
            prices = {"stop": price, "limit": price - away}
        elif kind == "TRAIL":
            prices = {"stop": away}
        elif kind == "TRAIL LIMIT":
            prices = {"stop": away, "trail_stop": price, "limit": price - away}
        values = {"account": ACCOUNT, **prices, **terms}
        return Order(self.next_id, 7, contract=self.contract, side=side, quantity=quantity, order_type=kind, **values)

    def _place(self, order: Order) -> Order:
        self.venue.place(order)
        return order

    def _tick(self, tick_type: int, price: Decimal, size: int) -> None:
        self.market.take(tick_type, price, size)
        if tick_type == 4:
            self.last = price
        self._look_at_conditions()
        self.venue.on_tick(Ticked(self.contract, tick_type, float(price), size, self.now))

    @staticmethod
    def _signed(execution: Any) -> Decimal:
        return Decimal(execution.quantity if execution.side == "BOT" else -execution.quantity)


TestVenue = VenueMachine.TestCase
TestVenue.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["AAPL", "MSFT"]), st.integers(1, 90), st.booleans()), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_whatever_has_been_let_in_can_fill_without_a_margin_breach(rows: Any, random: Any) -> None:
    """AAPL is only bought and MSFT only sold, so every order opens."""
    venue = Venue(Environment(lambda: START, seed=1), built_in(), cash=Decimal(400_000))
    contracts = {symbol: venue.contracts.find(symbol, "STK")[0].contract for symbol in ("AAPL", "MSFT")}
    for contract in contracts.values():
        for tick_type in (1, 2):
            venue.on_tick(Ticked(contract, tick_type, 100.0, 1_000, START))
    orders = []
    for number, (symbol, hundreds, at_once) in enumerate(rows, 1):
        side, away = ("BUY", -1) if symbol == "AAPL" else ("SELL", 1)
        terms: dict[str, Any] = (
            {"order_type": "MKT"} if at_once else {"order_type": "LMT", "limit": Decimal(100 + away)}
        )
        order = Order(number, 7, ACCOUNT, contracts[symbol], side, Decimal(hundreds * 100), **terms)
        venue.place(order)
        if order.perm_id:
            orders.append(order)
    random.shuffle(orders)
    for order in orders:
        if order.remaining:
            venue.broker_fill(order.perm_id, order.remaining, Decimal(100))
        values = venue.account_values(ACCOUNT)
        equity, margin = (Decimal(values[name, "USD"]) for name in ("EquityWithLoanValue", "InitMarginReq"))
        paid = sum((one.amount for one in venue.commissions.values()), Decimal(0))
        # two percent: sales rest at 101 and buys at 99, and all fill at 100
        assert margin <= (equity + paid) * Decimal("1.02"), "what was promised was not there"
