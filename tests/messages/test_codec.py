"""Codec: what goes into the journal comes back equal, and nothing else comes out of it."""

from __future__ import annotations

import contextlib
import json
import pkgutil
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import messages
from messages.codec import MODULES, CodecError, decode, encode, kinds
from messages.gateway import BrokerPosition, OutgoingOrder, PlaceOrders, Priority
from messages.market import Instrument
from messages.order import OrderIntended, OrderRequest, OrderType, Role, Side, TimeInForce
from messages.position import Distance, ExitPlan, ExitsAdjusted, PositionPlanned, ScaleTarget, StopStep, Unit
from messages.risk import TradingHalted
from messages.signal import PredictionSignal, PredictionSignalEvent

KINDS = kinds()
PLUMBING = {"messages.codec", "messages.codec_error", "messages.codec_values", "messages.event", "messages.journal"}

scalars: dict[Any, st.SearchStrategy[Any]] = {
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=12)
    | st.integers(-(10**12), 10**12).map(Decimal)
    | st.sampled_from([Decimal("1E+3"), Decimal("-0"), Decimal("1E-12"), Decimal("0E-8")]),
    datetime: st.datetimes(timezones=st.just(UTC)),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=20),
}
for scalar, strategy in scalars.items():
    st.register_type_strategy(scalar, strategy)


def messages_of(cls: type[Any]) -> st.SearchStrategy[Any]:
    fields = attrs.fields(attrs.resolve_types(cls))
    return st.builds(cls, **{field.name: st.from_type(field.type) for field in fields})


for registered in KINDS.values():
    st.register_type_strategy(registered, messages_of)


def intent(**changes: Any) -> OrderIntended:
    terms: dict[str, Any] = {
        "order_ref": "pb-0123456789ab",
        "symbol": "AAPL",
        "role": Role.STOP,
        "side": Side.SELL,
        "quantity": Decimal(100),
        "order_type": OrderType.STOP,
        "stop_price": Decimal("145.60"),
        "tif": TimeInForce.GTC,
    }
    return OrderIntended(OrderRequest(**{**terms, **changes}), 5, 7, "DU123", Decimal("150.10"))


def test_every_module_of_messages_is_known_to_the_codec() -> None:
    found = {name for _, name, _ in pkgutil.iter_modules(messages.__path__, "messages.")}
    assert found - PLUMBING == {module.__name__ for module in MODULES}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_comes_back_equal(kind: str) -> None:
    @settings(max_examples=15, deadline=None, database=None)
    @given(messages_of(KINDS[kind]))
    def comes_back(message: Any) -> None:
        written, text = encode(message)
        assert written == kind
        assert "\n" not in text
        assert text.isascii()
        assert decode(kind, text) == message

    comes_back()


def test_the_written_form_is_plain() -> None:
    kind, text = encode(intent())
    assert kind == "OrderIntended"
    order = json.loads(text)["order"]
    assert order["stop_price"] == "145.60"
    assert order["side"] == "SELL"
    assert order["order_type"] == "STP"
    assert order["limit_price"] is None
    assert encode(BrokerPosition("DU1", "X", 1, Decimal("1E+3"), Decimal("1E-8")))[1] == (
        '{"account":"DU1","symbol":"X","con_id":1,"quantity":"1000","average_cost":"0.00000001"}'
    )


def test_tuples_and_numbered_enums_come_back_as_they_were() -> None:
    bands = ((Decimal(0), Decimal("0.0001")), (Decimal(1), Decimal("0.01")))
    instrument = Instrument("AAPL", 1, "STK", "SMART", "NASDAQ", "USD", Decimal(1), bands, Decimal(1))
    read = decode(*encode(instrument))
    assert read == instrument
    assert type(read.price_bands[1]) is tuple
    place = PlaceOrders((OutgoingOrder(intent().order, 5, "DU1"),), Priority.EXIT, 10.0)
    assert decode(*encode(place)).priority is Priority.EXIT


def test_a_time_is_written_in_utc_and_a_naive_one_is_refused() -> None:
    def signal(time: datetime) -> PredictionSignalEvent:
        return PredictionSignalEvent(
            signal_id="1",
            symbol="AAPL",
            signal=PredictionSignal.BUY,
            confidence=1,
            timestamp=0,
            prediction_time=time,
            received=time,
        )

    noon = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=-5)))
    kind, text = encode(signal(noon))
    assert json.loads(text)["received"] == "2026-11-22T17:00:00Z"
    assert decode(kind, text).received == noon
    with pytest.raises(CodecError, match=r"PredictionSignalEvent\.prediction_time: .* is not a time with a time zone"):
        encode(signal(datetime(2026, 11, 22)))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"quantity": 100}, "order.quantity"),
        ({"quantity": Decimal("NaN")}, "order.quantity"),
        ({"quantity": Decimal("1E+1000000")}, "order.quantity"),
        ({"limit_price": 1.5}, "order.limit_price"),
        ({"side": "BUY"}, "order.side"),
        ({"symbol": None}, "order.symbol"),
        ({"outside_rth": 1}, "order.outside_rth"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(CodecError) as caught:
        encode(intent(**changes))
    assert (caught.value.kind, caught.value.key) == ("OrderIntended", key)


def test_what_is_not_a_message_is_not_written() -> None:
    with pytest.raises(CodecError, match="not a message that the journal knows"):
        encode({"order": 1})


@pytest.mark.parametrize(
    ("change", "key", "reason"),
    [
        (lambda d: d["order"].update(quantity=100), "order.quantity", "a plain decimal"),
        (lambda d: d["order"].update(quantity="Infinity"), "order.quantity", "a finite decimal"),
        (lambda d: d["order"].update(quantity="1e999999999"), "order.quantity", "a plain decimal"),
        (lambda d: d["order"].update(side="HOLD"), "order.side", "one of Side"),
        (lambda d: d["order"].update(side=[]), "order.side", "one of Side"),
        (lambda d: d["order"].update(outside_rth=0), "order.outside_rth", "true or false"),
        (lambda d: d.update(order_id=True), "order_id", "a whole number"),
        (lambda d: d.update(order=[1]), "order", "the fields of OrderRequest"),
        (lambda d: d.update(order_id=None), "order_id", "a whole number"),
        (lambda d: d.pop("order_id"), "order_id", "no such key"),
        (lambda d: d["order"].update(venue="X"), "order.venue", "does not know"),
    ],
)
def test_the_error_names_the_kind_the_key_and_the_reason(change: Any, key: str, reason: str) -> None:
    data = json.loads(encode(intent())[1])
    change(data)
    with pytest.raises(CodecError, match=reason) as caught:
        decode("OrderIntended", json.dumps(data))
    assert (caught.value.kind, caught.value.key) == ("OrderIntended", key)


def test_a_record_of_before_a_field_was_added_takes_its_default() -> None:
    data = json.loads(encode(intent())[1])
    del data["reference_price"]
    assert decode("OrderIntended", json.dumps(data)).reference_price is None


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", '"x"', "{", "[" * 100_000, "1" * 10_000, "NaN", '{"reason":NaN}', "{}\x00", "\ud800", "{} {}"],
)
def test_text_that_is_no_message_is_one_clear_error(text: str) -> None:
    with pytest.raises(CodecError, match=r"^TradingHalted") as caught:
        decode("TradingHalted", text)
    assert len(str(caught.value)) < 500


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, database=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_decoding_damaged_text_gives_a_message_or_a_codec_error(kind: str, data: st.DataObject) -> None:
    fields = json.loads(encode(data.draw(messages_of(KINDS[kind])))[1])
    for name in fields:
        if data.draw(st.booleans()):
            fields[name] = data.draw(json_values)
    text = json.dumps(fields)
    if text and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(text) - 1))
        text = text[:at] + data.draw(st.characters()) + text[at + 1 :]
    message = None
    with contextlib.suppress(CodecError):
        message = decode(kind, text)
    if message is not None:
        assert type(message) is KINDS[kind]
        assert decode(*encode(message)) == message


@settings(max_examples=200, deadline=None, database=None)
@given(st.text(), st.text())
def test_decoding_any_kind_and_text_is_total(kind: str, text: str) -> None:
    with pytest.raises(CodecError):
        decode(kind, text)


def test_an_unreadable_record_does_not_break_the_next() -> None:
    with pytest.raises(CodecError):
        decode("TradingHalted", "{}")
    assert decode("TradingHalted", '{"reason":"x"}') == TradingHalted("x")


def test_a_plan_that_was_written_before_there_were_steps_and_targets_is_read() -> None:
    plan = PositionPlanned(
        position_id="p", symbol="AAPL", side=Side.BUY, quantity=Decimal(1), exits=ExitPlan(), source="operator"
    )
    document = json.loads(encode(plan)[1])
    newer = ("break_even", "steps", "targets", "exit_after_seconds", "exit_after_bars", "bar_seconds", "exit_at")
    for name in (*newer, "trail_here", "stop_loss_atr", "take_profit_atr", "trailing_stop_atr"):
        del document["exits"][name]
    assert decode("PositionPlanned", json.dumps(document)) == plan


def test_a_plan_with_everything_comes_back_equal() -> None:
    step = StopStep(Distance(Decimal("0.02"), Unit.PCT), Distance(Decimal(-1), Unit.R))
    target = ScaleTarget(fraction=Decimal("0.25"), distance=Distance(Decimal(2), Unit.AMOUNT))
    exits = ExitPlan(
        break_even=step, steps=(step, step), targets=(target,), exit_after_bars=3, bar_seconds=60, exit_at="15:45"
    )
    fact = ExitsAdjusted("p", exits, "operator")
    assert decode(*encode(fact)) == fact
