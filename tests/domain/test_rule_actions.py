"""Actions: the commands they make, what they refuse, how they say themselves; and rules beside other rules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.rules import (
    ActionError,
    AdjustExitsAction,
    CancelOrderAction,
    CloseAllAction,
    ClosePositionAction,
    ConditionalAction,
    CreateBracketAction,
    CreateOrderAction,
    CreatePositionAction,
    DoubleDownAction,
    Due,
    EventCondition,
    Facts,
    FlattenAction,
    LogAction,
    NotKnownError,
    Rule,
    RuleEngine,
    ScaleInAction,
    TimeCondition,
)
from messages.indicator import IndicatorEvent
from messages.order import CancelOrder, OrderType, Side
from messages.position import AdjustExits, ClosePosition, DoubleDown, OpenPosition, PlaceOrder, ScaleIn
from messages.risk import FlattenAll
from messages.signal import PredictionSignal, PredictionSignalEvent

D = Decimal
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def prediction(number=1, symbol="AAPL", signal="BUY", confidence=0.9):
    return PredictionSignalEvent(
        signal_id=f"{symbol}:{number}",
        symbol=symbol,
        signal=PredictionSignal(signal),
        confidence=confidence,
        timestamp=number,
        prediction_time=NOW,
        received=NOW,
    )


def commands(action, event=None, facts=None):
    context = {"event": event or prediction(), "time": NOW, "rule_id": "r", "facts": facts or Facts()}
    assert action.words()
    return action.commands(context)


def only(action, **options):
    [command] = commands(action, **options)
    return command.message


def test_exits_by_atr_become_distances():
    facts = Facts()
    action = CreatePositionAction(quantity=-10, stop_loss_atr=6, take_profit_atr=4, trailing_stop_pct=0.02)
    with pytest.raises(NotKnownError, match="atr of AAPL is not known"):
        only(action, facts=facts)
    facts.note_indicator(IndicatorEvent("AAPL", "atr", 0.25, NOW))
    opening = only(action, facts=facts)
    assert isinstance(opening, OpenPosition)
    assert opening.side is Side.SELL
    assert (opening.exits.stop_loss_amount, opening.exits.take_profit_amount) == (D("1.5"), D(1))
    assert opening.exits.trailing_stop_pct == D("0.02")
    assert action.looks_at == {"indicator atr"}


@pytest.mark.parametrize(
    ("confidence", "factor"), [(0.1, "0.5"), (0.6, "0.5"), (0.75, "0.75"), (0.9, "1"), (0.95, "1")]
)
def test_confidence_takes_a_part_of_the_size(confidence, factor):
    action = CreatePositionAction(quantity=10, size_by_confidence=[[0.9, 1.0], [0.6, 0.5]])
    assert only(action, event=prediction(confidence=confidence)).size_factor == D(factor)


def test_each_action_makes_its_command():
    bracket = only(CreateBracketAction(quantity=5, limit_price=10, stop_price=9, target_price=12))
    assert isinstance(bracket, OpenPosition)
    assert (bracket.order_type, bracket.limit_price, bracket.exits.stop_loss_price) == (OrderType.LIMIT, D(10), D(9))
    order = only(CreateOrderAction("MSFT", -5, order_type="LMT", limit_price=10))
    assert order == PlaceOrder(
        side=Side.SELL, quantity=D(5), order_type=OrderType.LIMIT, limit_price=D(10), source="rule:r"
    )
    assert only(ScaleInAction(scale_quantity=5)) == ScaleIn(quantity=D(5), source="rule:r")
    assert only(DoubleDownAction(level=2)) == DoubleDown(source="rule:r", level=2)
    assert only(ClosePositionAction()) == ClosePosition("rule:r", "rule:r")
    assert only(CloseAllAction(reason="end of day")) == ClosePosition("end of day", "rule:r")
    assert isinstance(only(AdjustExitsAction(stop_loss_pct=0.01)), AdjustExits)
    assert only(CancelOrderAction("pb-1")) == CancelOrder("pb-1", "rule:r")
    assert commands(CancelOrderAction()) == ()
    assert only(FlattenAction()) == FlattenAll("rule:r")
    assert only(LogAction("{symbol} at {confidence}")).text == "AAPL at 0.9"


def test_commands_go_to_whom_they_concern():
    addresses = [
        command.address
        for action in (ClosePositionAction("MSFT"), CancelOrderAction("pb-1"), FlattenAction(), LogAction("x"))
        for command in commands(action)
    ]
    assert addresses == ["position/MSFT", "orders", "portfolio", ""]


def test_a_conditional_action_chooses_when_it_acts():
    sure = EventCondition(PredictionSignalEvent, {"confidence": ">= 0.8"})
    action = ConditionalAction(sure, ClosePositionAction(), LogAction("not sure"))
    assert isinstance(only(action), ClosePosition)
    assert only(action, event=prediction(confidence=0.5)).text == "not sure"
    assert commands(ConditionalAction(sure, ClosePositionAction()), event=prediction(confidence=0.5)) == ()


@pytest.mark.parametrize(
    "make",
    [
        lambda: CreatePositionAction(quantity=1, stop_loss_pct=0.1, stop_loss_atr=3),
        lambda: CreatePositionAction(quantity=1, stop_loss_atr=-1),
        lambda: CreatePositionAction(quantity=1, size_by_confidence=[]),
        lambda: CreatePositionAction(quantity=1, size_by_confidence=[[0.5, 0]]),
        lambda: CreatePositionAction(quantity=1, size_by_confidence=[[0.5, 1], [0.5, 0.5]]),
        lambda: CreateBracketAction(quantity=1, limit_price=10, stop_price=11),
        lambda: CreateBracketAction(quantity=-1, limit_price=10, stop_price=11, target_price=12),
        lambda: CreateOrderAction(quantity=1, order_type="LMT"),
        lambda: CreateOrderAction(quantity=1, order_type="TRAIL"),
        lambda: CreateOrderAction(quantity=1, limit_price=3),
        lambda: ScaleInAction(scale_quantity=0),
        lambda: ScaleInAction(scale_quantity=1, max_times=0),
        lambda: DoubleDownAction(distance_to_stop_multiplier=1),
        lambda: DoubleDownAction(level=0),
        lambda: AdjustExitsAction(),
        lambda: AdjustExitsAction(nonsense_pct=0.1),
        lambda: LogAction("{"),
    ],
)
def test_an_action_that_makes_no_sense_is_refused(make):
    with pytest.raises(ActionError):
        make()


# rules beside other rules

steps = st.lists(
    st.tuples(
        st.sampled_from(["AAPL", "MSFT"]),
        st.sampled_from(["BUY", "SELL"]),
        st.floats(0, 1),
        st.integers(0, 400),
        st.booleans(),
    ),
    max_size=15,
)
shapes = st.tuples(
    st.sampled_from(["BUY", "SELL"]),
    st.floats(0, 1),
    st.integers(-3, 3),
    st.sampled_from([0.0, 100.0, 1000.0]),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([None, frozenset({"AAPL"}), frozenset({"MSFT", "GLD"})]),
    st.booleans(),
)


def rule(rule_id, shape):
    signal, least, priority, cooldown, most, symbols, bad = shape

    def fail(_):
        raise ZeroDivisionError

    condition = EventCondition(PredictionSignalEvent, {"signal": signal, "confidence": fail if bad else f">= {least}"})
    return Rule(
        rule_id=rule_id,
        condition=condition & ~TimeCondition(weekdays=["Sun"]),
        action=ClosePositionAction(),
        priority=priority,
        cooldown_seconds=cooldown,
        max_executions_per_day=most,
        symbols=symbols,
    )


def history(rules, story):
    """Return what the rule `it` did at each step of the story."""
    engine = RuleEngine()
    for each in rules:
        engine.register_rule(each)
    told, now = [], NOW
    for number, (symbol, signal, confidence, pause, accepted) in enumerate(story):
        now += timedelta(seconds=pause)
        for outcome in engine.evaluate(prediction(number, symbol, signal, confidence), now):
            if isinstance(outcome, Due):
                engine.finished(outcome.rule.rule_id, outcome.symbol)
                if accepted:
                    engine.fired(outcome.rule.rule_id, outcome.symbol, now, f"{symbol}:{number}")
            if outcome.rule.rule_id == "it":
                text = getattr(outcome, "reason", getattr(outcome, "error", ""))
                told.append((number, type(outcome).__name__, text))
    return told


@settings(max_examples=60, deadline=None, database=None)
@given(shapes, st.lists(shapes, max_size=8), st.integers(0, 8), steps)
def test_what_a_rule_does_does_not_depend_on_the_others(own, others, place, story):
    it = rule("it", own)
    crowd = [rule(f"other-{number}", shape) for number, shape in enumerate(others)]
    assert history([it], story) == history([*crowd[:place], it, *crowd[place:]], story)


@settings(max_examples=40, deadline=None, database=None)
@given(shapes, steps)
def test_a_checkpoint_goes_on_where_it_was_taken(own, story):
    it = rule("it", (*own[:-1], False))
    whole, halves = RuleEngine(), RuleEngine()
    whole.register_rule(it)
    halves.register_rule(it)
    now = NOW
    for number, (symbol, signal, confidence, pause, _) in enumerate(story):
        now += timedelta(seconds=pause)
        kinds = []
        for engine in (whole, halves):
            outcomes = list(engine.evaluate(prediction(number, symbol, signal, confidence), now))
            kinds.append([type(outcome) for outcome in outcomes])
            for outcome in outcomes:
                if isinstance(outcome, Due):
                    engine.finished("it", outcome.symbol)
                    engine.fired("it", outcome.symbol, now, f"{symbol}:{number}")
        assert kinds[0] == kinds[1]
        later = RuleEngine()
        later.register_rule(it)
        later.restore(halves.checkpoint())
        halves = later
