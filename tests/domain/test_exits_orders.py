"""Exit orders: where they lie, and that whatever happens they end up covering exactly the position."""

from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from domain.exit_levels import ExitLevels, exit_levels
from domain.exit_orders import (
    CancelExit,
    ModifyExit,
    SubmitExit,
    armed,
    exit_legs,
    leg_armed,
    next_oca_group,
    reconcile_exits,
)
from messages.market import Instrument
from messages.order import OrderStatus, OrderType, OrderView, Role, Side
from messages.position import ExitPlan

D = Decimal
S = OrderStatus
STOCK = Instrument(
    symbol="AAPL",
    con_id=265598,
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NASDAQ",
    currency="USD",
    multiplier=D(1),
    price_bands=((D(0), D("0.0001")), (D(1), D("0.01"))),
    size_increment=D(1),
)
PLAN = ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))


@pytest.mark.parametrize(
    ("side", "plan", "average", "expected"),
    [
        (Side.BUY, PLAN, "150.10", ExitLevels(stop=D("145.6"), target=D("162.11"))),
        (Side.SELL, PLAN, "150.10", ExitLevels(stop=D("154.6"), target=D("138.09"))),
        (Side.BUY, ExitPlan(stop_loss_price=D("95.001"), stop_loss_pct=D("0.5")), "100", ExitLevels(stop=D("95.01"))),
        (Side.BUY, PLAN, "1.02", ExitLevels(stop=D("0.9894"), target=D("1.11"))),
        (
            Side.BUY,
            ExitPlan(stop_loss_pct=D("0.03"), trailing_stop_pct=D("0.02")),
            "100",
            ExitLevels(stop=D(98), trailing_pct=D("0.02")),
        ),
        (
            Side.SELL,
            ExitPlan(stop_loss_pct=D("0.01"), trailing_stop_amount=D("2.005")),
            "100",
            ExitLevels(stop=D(101), trailing_amount=D(2)),
        ),
        (
            Side.SELL,
            ExitPlan(trailing_stop_amount=D("0.001")),
            "100",
            ExitLevels(stop=D("100.01"), trailing_amount=D("0.01")),
        ),
    ],
)
def test_levels_follow_the_average_and_round_away_from_harm(
    side: Side, plan: ExitPlan, average: str, expected: ExitLevels
) -> None:
    assert exit_levels(plan, side, D(average), STOCK) == expected


@given(
    st.decimals(D("0.05"), D(3000), places=4), st.sampled_from(list(Side)), st.decimals(D("0.001"), D("0.5"), places=3)
)
def test_no_stop_is_looser_and_no_target_nearer_than_asked(average: Decimal, side: Side, pct: Decimal) -> None:
    levels = exit_levels(ExitPlan(stop_loss_pct=pct, take_profit_pct=pct), side, average, STOCK)
    sign = side.sign
    assert levels.stop is not None
    assert levels.target is not None
    assert (levels.stop - average * (1 - sign * pct)) * sign >= 0
    assert (levels.target - average * (1 + sign * pct)) * sign >= 0


def test_a_level_that_is_no_price_is_refused() -> None:
    with pytest.raises(ValueError):
        exit_levels(ExitPlan(stop_loss_pct=D(1)), Side.BUY, D(10), STOCK)


class Broker:
    """Exit orders and a position at a broker that answers when asked to; it honours OCA groups like type 1."""

    def __init__(self, held: int) -> None:
        self.held = D(held)  # of a long position
        self.orders: list[OrderView] = []

    def take(self, plan: ExitLevels) -> None:
        legs = exit_legs(plan, Side.BUY, self.held) if self.held > 0 else ()
        for action in reconcile_exits(legs, self.orders):
            match action:
                case SubmitExit(leg):
                    self.orders.append(
                        OrderView(
                            order_ref=f"pb-{len(self.orders)}",
                            symbol="AAPL",
                            role=leg.role,
                            side=leg.side,
                            quantity=leg.quantity,
                            filled=D(0),
                            order_type=leg.order_type,
                            status=S.SENT,
                            limit_price=leg.limit_price,
                            stop_price=leg.stop_price,
                            trailing_pct=leg.trailing_pct,
                            oca_group=next_oca_group("p", self.orders),
                        )
                    )
                case ModifyExit(order_ref, quantity, leg):
                    self._change(
                        order_ref,
                        quantity=quantity,
                        limit_price=leg.limit_price,
                        stop_price=leg.stop_price,
                        status=S.PENDING_MODIFY,
                        confirmed=False,
                    )
                case CancelExit(order_ref, _):
                    self._change(order_ref, status=S.PENDING_CANCEL)

    def answer(self, index: int) -> None:
        """Confirm what is asked of the order at this place, or cancel it where that was asked."""
        live = [order for order in self.orders if not order.status.done]
        if live:
            order = live[index % len(live)]
            if order.status is S.PENDING_CANCEL:
                self._change(order.order_ref, status=S.CANCELLED)
            else:
                self._change(order.order_ref, status=S.PARTIALLY_FILLED if order.filled else S.ACCEPTED, confirmed=True)

    def kill(self, index: int) -> None:
        live = [order for order in self.orders if not order.status.done]
        if live:
            self._change(live[index % len(live)].order_ref, status=S.REJECTED)

    def fill(self, index: int, quantity: int) -> None:
        live = [order for order in self.orders if not order.status.done]
        if not live or self.held <= 0:
            return
        order = live[index % len(live)]
        filled = min(D(quantity), order.remaining)
        self.held -= filled
        done = filled == order.remaining
        self._change(order.order_ref, filled=order.filled + filled, status=S.FILLED if done else S.PARTIALLY_FILLED)
        for other in live:
            if other is not order and other.oca_group == order.oca_group:
                self._change(other.order_ref, status=S.CANCELLED)

    def _change(self, order_ref: str, **terms: object) -> None:
        self.orders = [
            evolve(order, **terms) if order.order_ref == order_ref else order  # type: ignore[arg-type]
            for order in self.orders
        ]


LEVELS = [
    ExitLevels(stop=D(97), target=D(108)),
    ExitLevels(stop=D(98), target=D(108)),
    ExitLevels(stop=D(98), target=D(109), trailing_pct=D("0.02")),
    ExitLevels(stop=D(98), trailing_pct=D("0.02")),
    ExitLevels(target=D(109)),
    ExitLevels(),
]
step = st.one_of(
    st.tuples(st.just("entry"), st.integers(1, 100)),
    st.tuples(st.just("outside"), st.integers(1, 50)),
    st.tuples(st.just("fill"), st.integers(0, 3), st.integers(1, 120)),
    st.tuples(st.just("answer"), st.integers(0, 3)),
    st.tuples(st.just("kill"), st.integers(0, 3)),
    st.tuples(st.just("plan"), st.sampled_from(LEVELS)),
)


@given(st.lists(step, max_size=25))
def test_after_any_history_the_exits_come_to_cover_exactly_the_position(history: list[tuple]) -> None:  # type: ignore[type-arg]
    broker = Broker(100)
    levels = LEVELS[0]
    for kind, *values in history:
        match kind:
            case "entry":
                broker.held += values[0]
            case "outside":
                broker.held -= values[0]
            case "fill":
                broker.fill(*values)
            case "answer":
                broker.answer(values[0])
            case "kill":
                broker.kill(values[0])
            case "plan":
                levels = values[0]
        broker.take(levels)
    for _ in range(40):
        for index in range(4):
            broker.answer(index)
        broker.take(levels)
    live = [order for order in broker.orders if not order.status.done]
    if broker.held <= 0:
        assert live == []
        return
    legs = exit_legs(levels, Side.BUY, broker.held)
    stop_works = any(order.role is Role.STOP and order.filled for order in live)
    wanted = [leg for leg in legs if leg.role is Role.STOP or not stop_works or leg_armed(leg, live)]
    assert sorted(order.role for order in live if order.role) == sorted(leg.role for leg in wanted)
    assert all(order.remaining == broker.held for order in live)
    assert armed(wanted, live)
    assert reconcile_exits(legs, broker.orders) == ()


def view(role: Role, status: OrderStatus = S.ACCEPTED, **terms: object) -> OrderView:
    stop = role is Role.STOP
    order = OrderView(
        order_ref=f"pb-{role}",
        symbol="AAPL",
        role=role,
        side=Side.SELL,
        quantity=D(100),
        filled=D(0),
        order_type=OrderType.STOP if stop else OrderType.LIMIT,
        status=status,
        stop_price=D(97) if stop else None,
        limit_price=None if stop else D(108),
        oca_group="oca-p",
        confirmed=True,
    )
    return evolve(order, **terms)  # type: ignore[arg-type]


LEGS = exit_legs(LEVELS[0], Side.BUY, D(100))


@pytest.mark.parametrize("status", [S.INTENDED, S.SENT, S.PENDING_MODIFY, S.PENDING_CANCEL, S.UNKNOWN, S.HELD])
def test_an_order_that_awaits_an_answer_is_left_alone_and_never_doubled(status: OrderStatus) -> None:
    half = exit_legs(LEVELS[0], Side.BUY, D(50))
    orders = [view(Role.STOP, status), view(Role.TARGET, status)]
    assert reconcile_exits(half, orders) == ()
    assert not armed(LEGS, orders)


@pytest.mark.parametrize("status", [S.CANCELLED, S.REJECTED, S.EXPIRED, S.NOT_SENT, S.DENIED])
def test_a_leg_that_is_gone_is_sent_again(status: OrderStatus) -> None:
    actions = reconcile_exits(LEGS, [view(Role.STOP, status), view(Role.TARGET)])
    assert actions == (SubmitExit(LEGS[0]),)


def test_a_change_of_a_trailing_stop_never_loosens_it() -> None:
    levels = ExitLevels(stop=D(98), trailing_pct=D("0.02"))
    trail = view(Role.STOP, order_type=OrderType.TRAILING_STOP, stop_price=D(98), trailing_pct=D("0.02"))
    assert reconcile_exits(exit_legs(levels, Side.BUY, D(100)), [trail], D(103)) == ()
    (action,) = reconcile_exits(exit_legs(levels, Side.BUY, D(60)), [trail], D(103))
    assert isinstance(action, ModifyExit)
    assert (action.quantity, action.leg.stop_price) == (60, 103)


def test_a_double_leg_is_cancelled_once_the_other_is_confirmed() -> None:
    double = view(Role.STOP, order_ref="pb-2", status=S.SENT, confirmed=False)
    orders = [double, view(Role.STOP), view(Role.TARGET)]
    assert reconcile_exits(LEGS, orders) == (CancelExit("pb-2", "replaced"),)
    assert reconcile_exits(LEGS, [double, view(Role.TARGET)]) == ()


def test_a_fill_spends_the_group() -> None:
    assert next_oca_group("p", []) == "oca-p"
    assert next_oca_group("p", [view(Role.STOP, S.CANCELLED)]) == "oca-p"
    spent = view(Role.TARGET, filled=D(10))
    assert next_oca_group("p", [spent]) == "oca-p-2"
    fresh = view(Role.STOP, oca_group="oca-p-2")
    assert next_oca_group("p", [spent, fresh]) == "oca-p-2"
    assert next_oca_group("p", [spent, evolve(fresh, filled=D(1))]) == "oca-p-3"
    assert next_oca_group("p", [view(Role.STOP, oca_group="somebody's", filled=D(1))]) == "oca-p"


def test_a_group_is_spent_whose_fill_was_busted_or_that_the_broker_calls_filled() -> None:
    assert next_oca_group("p", [view(Role.TARGET, S.FILLED)]) == "oca-p-2"
    text = "error 201 Order rejected - reason:OCA group is already filled."
    assert next_oca_group("p", [view(Role.STOP, S.REJECTED, text=text)]) == "oca-p-2"
    assert next_oca_group("p", [view(Role.STOP, S.REJECTED, text="error 201 margin")]) == "oca-p"


def test_a_position_that_goes_on_after_its_end_uses_no_group_of_before() -> None:
    assert next_oca_group("p", [], first=4) == "oca-p-4"
    assert next_oca_group("p", [view(Role.STOP, filled=D(1))], first=4) == "oca-p-4"
    assert next_oca_group("p", [view(Role.STOP, oca_group="oca-p-4", filled=D(1))], first=4) == "oca-p-5"


def test_a_target_that_filled_in_part_moves_to_the_group_of_the_next_stop() -> None:
    target = view(Role.TARGET, S.PARTIALLY_FILLED, filled=D(40))
    legs = exit_legs(LEVELS[0], Side.BUY, D(60))
    assert reconcile_exits(legs, [view(Role.STOP, S.CANCELLED), target]) == (SubmitExit(legs[0]),)
    stop = view(Role.STOP, quantity=D(60), oca_group="oca-p-2")
    assert reconcile_exits(legs, [evolve(stop, confirmed=False, status=S.SENT), target]) == ()
    assert reconcile_exits(legs, [stop, target]) == (CancelExit("pb-target", "its OCA group is spent"),)
    assert reconcile_exits(legs, [stop, evolve(target, status=S.CANCELLED)]) == (SubmitExit(legs[1]),)


def test_a_leg_of_another_kind_does_not_count_as_armed() -> None:
    trail = view(Role.STOP, order_type=OrderType.TRAILING_STOP)
    assert not armed(LEGS, [trail, view(Role.TARGET)])
    assert armed(LEGS, [view(Role.STOP), view(Role.TARGET)])
