from __future__ import annotations

from decimal import Decimal

import pytest
from attrs import evolve

from actors.gateway.last_gate import MAX_ORDER_ID, LastGate, Refusal
from config.settings import RiskSettings
from messages.gateway import OutgoingOrder
from messages.market import Instrument
from messages.order import OrderRequest, OrderType, Role, Side

AAPL = Instrument(
    symbol="AAPL",
    con_id=265598,
    sec_type="STK",
    exchange="SMART",
    primary_exchange="NASDAQ",
    currency="USD",
    multiplier=Decimal(1),
    price_bands=((Decimal(0), Decimal("0.0001")), (Decimal(1), Decimal("0.01"))),
    size_increment=Decimal(1),
)


def order(number: int, ref: str | None = None, **changes: object) -> OutgoingOrder:
    request = OrderRequest(
        order_ref=f"pb-{number}" if ref is None else ref,
        symbol="AAPL",
        role=Role.ENTRY,
        side=Side.BUY,
        quantity=Decimal(100),
        order_type=OrderType.LIMIT,
        limit_price=Decimal("150.10"),
    )
    names = ("account", "modification", "transmit", "reference_price")
    own = {key: changes.pop(key) for key in names if key in changes}
    return evolve(OutgoingOrder(evolve(request, **changes), number, "DU1"), **own)


def ask(gate: LastGate, *orders: OutgoingOrder, now: float = 0.0) -> Refusal | None:
    return gate.refusal(orders, account="DU1", first_order_id=5, instruments={"AAPL": AAPL}, now=now)


def passes(gate: LastGate, *orders: OutgoingOrder, now: float = 0.0) -> bool:
    refusal = ask(gate, *orders, now=now)
    if refusal is None:
        gate.sent(orders, now)
    return refusal is None


def test_an_order_id_or_reference_leaves_once() -> None:
    gate = LastGate(RiskSettings())
    assert passes(gate, order(5))
    again = ask(gate, order(5, ref="pb-other"))
    assert again is not None
    assert again.impossible
    assert "order id 5 was sent before, for pb-5" in again.reason
    assert "pb-5 was sent before" in str(ask(gate, order(6, ref="pb-5")))
    assert gate.orders_out == 1


def test_a_modification_keeps_its_order_id_and_reference() -> None:
    gate = LastGate(RiskSettings())
    assert passes(gate, order(5))
    assert passes(gate, order(5, modification=True, quantity=Decimal(60)))
    assert "would modify order id 5, which is pb-5" in str(ask(gate, order(5, ref="pb-9", modification=True)))
    assert "not transmitted" in str(ask(gate, order(5, modification=True, transmit=False)))
    # one of an earlier process: unknown here, and below the broker's next id
    assert ask(gate, order(2, modification=True)) is None
    assert gate.orders_out == 1


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (order(6, ref=""), "no reference"),
        (order(4), "below 5"),
        (order(0), "out of range"),
        (order(MAX_ORDER_ID + 1), "out of range"),
        (order(6, account="DU2"), "account"),
        (order(6, quantity=Decimal(0)), "above zero"),
        (order(6, quantity=Decimal("NaN")), "above zero"),
        (order(6, limit_price=Decimal("Infinity")), "above zero"),
        (order(6, limit_price=Decimal("-1")), "above zero"),
        (order(6, limit_price=Decimal("150.101")), "not on a tick"),
        (order(6, symbol="MSFT"), "no contract"),
    ],
)
def test_what_should_be_impossible_is_refused_and_marked(wrong: OutgoingOrder, reason: str) -> None:
    refusal = ask(LastGate(RiskSettings()), wrong)
    assert refusal is not None
    assert reason in refusal.reason
    assert refusal.impossible


def test_a_tick_is_that_of_the_price_band() -> None:
    gate = LastGate(RiskSettings())
    assert ask(gate, order(5, limit_price=Decimal("0.9999"))) is None
    assert ask(gate, order(5, limit_price=Decimal("1.0001"))) is not None


def test_one_wrong_leg_stops_the_whole_unit() -> None:
    gate = LastGate(RiskSettings())
    refusal = ask(gate, order(5), order(6, quantity=Decimal(0)))
    assert refusal is not None
    assert refusal.order_ref == "pb-6"
    assert "twice in one unit" in str(ask(gate, order(5), order(5, ref="pb-6")))
    assert "without orders" in str(ask(gate))


def test_the_order_rate_bounds_entries_and_leaves_room_for_exits() -> None:
    gate = LastGate(RiskSettings(max_orders_per_minute=3))
    assert all(passes(gate, order(number), now=0.0) for number in (5, 6, 7))
    refusal = ask(gate, order(8), now=59.0)
    assert refusal is not None
    assert not refusal.impossible
    assert all(passes(gate, order(number, role=Role.STOP), now=59.0) for number in (8, 9, 10))
    assert ask(gate, order(11, role=Role.EXIT), now=59.0) is not None
    assert passes(gate, order(5, modification=True), now=59.0)
    assert not passes(gate, order(11), now=60.0)
    assert passes(gate, order(11), now=119.0)


def test_notional_bounds_what_adds_risk() -> None:
    gate = LastGate(RiskSettings(max_order_notional=Decimal(15_000)))
    refusal = ask(gate, order(5))
    assert refusal is not None
    assert "15010 exceeds 15000" in refusal.reason
    assert ask(gate, order(5, quantity=Decimal(99))) is None
    assert ask(gate, order(5, role=Role.EXIT)) is None


def test_a_market_order_is_counted_with_the_prices_of_its_bracket() -> None:
    gate = LastGate(RiskSettings(max_order_notional=Decimal(15_000)))
    entry = order(5, order_type=OrderType.MARKET, limit_price=None)
    target = order(6, role=Role.TARGET, limit_price=Decimal("162.11"))
    assert "16211 exceeds" in str(ask(gate, entry, target))
    assert ask(gate, entry) is None


@pytest.mark.parametrize(("target", "stop"), [("162.11", "130.00"), ("130.00", "170.00")])
def test_a_market_order_is_counted_with_the_price_that_it_was_decided_on(target, stop) -> None:
    gate = LastGate(RiskSettings(max_order_notional=Decimal(15_000)))
    exits = (
        order(6, role=Role.TARGET, limit_price=Decimal(target)),
        order(7, role=Role.STOP, order_type=OrderType.STOP, limit_price=None, stop_price=Decimal(stop)),
    )

    def entry(price: str) -> OutgoingOrder:
        return order(5, order_type=OrderType.MARKET, limit_price=None, reference_price=Decimal(price))

    assert ask(gate, entry("149.99"), *exits) is None
    assert "15001 exceeds" in str(ask(gate, entry("150.01"), *exits))
    assert "15001 exceeds" in str(ask(gate, entry("150.01")))
    # a price outside its own bracket is nobody's market
    assert "exceeds 15000" in str(ask(gate, entry("1.50"), *exits))


def question(number: int, **changes: object) -> OutgoingOrder:
    return evolve(order(number, ref=f"what-if-{number}"), **({"what_if": True} | changes))


def stands_against(gate: LastGate, asked: OutgoingOrder) -> Refusal | None:
    return gate.question_refusal(asked, account="DU1", first_order_id=5, instruments={"AAPL": AAPL})


def test_a_question_leaves_as_one_and_never_as_an_order() -> None:
    gate = LastGate(RiskSettings())
    assert stands_against(gate, question(5)) is None
    for asked in (question(5), evolve(question(5), what_if=False), evolve(order(5), what_if=True)):
        refusal = ask(gate, asked)
        assert refusal is not None
        assert refusal.impossible
        assert refusal.reason == "a question is no order"


@pytest.mark.parametrize(
    "asked",
    [
        order(5),
        evolve(order(5), what_if=True),
        question(5, what_if=False),
        question(5, transmit=False),
        question(5, modification=True),
    ],
)
def test_what_is_not_marked_as_a_question_in_every_way_is_not_asked(asked: OutgoingOrder) -> None:
    refusal = stands_against(LastGate(RiskSettings()), asked)
    assert refusal is not None
    assert refusal.impossible
    assert refusal.reason == "it is not marked as a question"


def test_the_id_of_a_question_is_used_up_and_it_counts_as_no_order() -> None:
    gate = LastGate(RiskSettings(max_orders_per_minute=1))
    gate.asked(question(7))
    assert gate.orders_out == 0
    assert gate.questions == {7}
    assert "order id 7 was sent before, for what-if-7" in str(ask(gate, order(7)))
    assert "would modify order id 7, which is what-if-7" in str(ask(gate, order(7, ref="pb-x", modification=True)))
    overtaken = ask(gate, order(6))
    assert overtaken is not None
    assert overtaken.overtaken
    again = stands_against(gate, question(6))
    assert again is not None
    assert again.overtaken
    assert passes(gate, order(8))


def test_a_question_passes_the_gates_of_any_order() -> None:
    gate = LastGate(RiskSettings())
    for asked, reason in [
        (question(4), "lies below 5"),
        (question(5, account="DU2"), "names the account"),
        (question(MAX_ORDER_ID + 1), "out of range"),
        (evolve(question(5), request=evolve(question(5).request, quantity=Decimal(0))), "no number above zero"),
        (evolve(question(5), request=evolve(question(5).request, limit_price=Decimal("1.001"))), "not on a tick"),
    ]:
        assert reason in str(stands_against(gate, asked))
