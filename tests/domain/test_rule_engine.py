"""The rule engine: what is due, what is skipped, and what other rules must not change."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules import (
    ActionError,
    ClosePositionAction,
    ConditionError,
    CreatePositionAction,
    Due,
    EventCondition,
    Faulty,
    PredicateError,
    Rule,
    RuleEngine,
    Skipped,
    parse_predicate,
)
from messages.market import PriceEvent
from messages.order import Side
from messages.position import ClosePosition, OpenPosition
from messages.signal import PredictionSignal, PredictionSignalEvent

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def prediction(symbol="AAPL", signal="BUY", confidence=0.9):
    return PredictionSignalEvent(
        signal_id=f"{symbol}:1:{signal}",
        symbol=symbol,
        signal=PredictionSignal(signal),
        confidence=confidence,
        timestamp=1,
        prediction_time=NOW,
        received=NOW,
    )


def entry_rule(rule_id="prediction_entry", **terms):
    condition = EventCondition(PredictionSignalEvent, {"signal": "BUY", "confidence": lambda c: c > 0.8})
    action = CreatePositionAction(
        symbol=lambda ctx: ctx["event"].symbol, quantity=100, stop_loss_pct=0.03, take_profit_pct=0.08
    )
    return Rule(rule_id=rule_id, name="Enter", condition=condition, action=action, **terms)


def engine(*rules):
    made = RuleEngine()
    for rule in rules:
        made.register_rule(rule)
    return made


def due(made, event, now=NOW):
    return [outcome for outcome in made.evaluate(event, now) if isinstance(outcome, Due)]


def test_the_rule_of_the_requirements_opens_a_position_with_its_exits():
    [outcome] = due(engine(entry_rule()), prediction())
    [command] = outcome.commands
    assert command.symbol == "AAPL"
    assert isinstance(command.message, OpenPosition)
    assert command.message.side is Side.BUY
    assert command.message.size.quantity == Decimal(100)
    assert command.message.exits.stop_loss_pct == Decimal("0.03")
    assert command.message.exits.take_profit_pct == Decimal("0.08")
    assert command.message.signal_id == "AAPL:1:BUY"
    assert command.message.source == "rule:prediction_entry"


@pytest.mark.parametrize(("signal", "confidence"), [("SELL", 0.9), ("BUY", 0.8), ("NEUTRAL", 0.99)])
def test_a_condition_that_does_not_hold_yields_nothing(signal, confidence):
    assert list(engine(entry_rule()).evaluate(prediction(signal=signal, confidence=confidence), NOW)) == []


def test_higher_priority_goes_first_and_registration_breaks_ties():
    made = engine(
        entry_rule("a"), entry_rule("b", priority=5), entry_rule("c", priority=5, symbols=frozenset({"AAPL"}))
    )
    assert [outcome.rule.rule_id for outcome in due(made, prediction())] == ["b", "c", "a"]


def test_a_rule_for_other_symbols_is_not_even_looked_at():
    def explode(_):
        raise AssertionError("evaluated for a foreign symbol")

    made = engine(
        Rule(
            rule_id="msft",
            condition=EventCondition(PredictionSignalEvent, {"confidence": explode}),
            action=ClosePositionAction(),
            symbols=frozenset({"MSFT"}),
        )
    )
    assert list(made.evaluate(prediction(), NOW)) == []


def test_a_due_rule_is_busy_until_its_commands_are_answered():
    made = engine(entry_rule())
    assert len(due(made, prediction())) == 1
    [skipped] = made.evaluate(prediction(), NOW)
    assert isinstance(skipped, Skipped)
    assert "not answered" in skipped.reason
    made.finished("prediction_entry", "AAPL")
    assert len(due(made, prediction())) == 1


def test_only_an_action_that_did_something_starts_the_cooldown():
    made = engine(entry_rule(cooldown_seconds=300))
    due(made, prediction())
    made.finished("prediction_entry", "AAPL")
    assert len(due(made, prediction())) == 1, "a refused action starts no cooldown"
    made.finished("prediction_entry", "AAPL")
    made.fired("prediction_entry", "AAPL", NOW)
    [skipped] = made.evaluate(prediction(), NOW + timedelta(seconds=299))
    assert "cooldown: 1 s left of 300 s" in skipped.reason
    assert len(due(made, prediction(), NOW + timedelta(seconds=300))) == 1
    assert len(due(made, prediction("MSFT"))) == 1, "the cooldown is the symbol's"


def test_the_daily_limit_counts_the_exchange_day():
    made = engine(entry_rule(max_executions_per_day=2))
    late = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # still the 20th in New York
    for _ in range(2):
        made.fired("prediction_entry", "AAPL", NOW)
    [skipped] = made.evaluate(prediction(), late)
    assert "daily limit: 2 of 2" in skipped.reason
    assert len(due(made, prediction(), late + timedelta(hours=6))) == 1


def test_a_rule_that_raises_is_disabled_for_its_symbol_and_the_others_go_on():
    def explode(_):
        raise ZeroDivisionError("by the user")

    bad = Rule(
        rule_id="bad",
        condition=EventCondition(PredictionSignalEvent, {"confidence": explode}),
        action=ClosePositionAction(),
        priority=1,
    )
    made = engine(bad, entry_rule())
    first, second = made.evaluate(prediction(), NOW)
    assert isinstance(first, Faulty)
    assert "ZeroDivisionError: by the user" in first.error
    assert isinstance(second, Due)
    made.finished("prediction_entry", "AAPL")
    assert [type(outcome) for outcome in made.evaluate(prediction(), NOW)] == [Due]
    assert [type(outcome) for outcome in made.evaluate(prediction("MSFT"), NOW)] == [Faulty, Due]


def test_conditions_combine():
    buy = EventCondition(PredictionSignalEvent, {"signal": "BUY"})
    sure = EventCondition(PredictionSignalEvent, {"confidence": ">= 0.8"})
    price = EventCondition(PriceEvent, {"price": "> 10"})
    context = {"event": prediction(confidence=0.5)}
    assert (buy | sure).matches(context)
    assert not (buy & sure).matches(context)
    assert (buy & ~sure).matches(context)
    assert (buy | price).event_types == (PredictionSignalEvent, PriceEvent)
    assert (buy & price).event_types == ()


def test_a_sequence_gives_the_commands_in_order():
    action = ClosePositionAction("MSFT", "switch") + CreatePositionAction("AAPL", -5)
    close, opening = action.commands({"event": prediction(), "rule_id": "r"})
    assert close.message == ClosePosition("switch", "rule:r")
    assert opening.message.side is Side.SELL
    assert opening.message.size.quantity == Decimal(5)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({}, "exactly one of quantity, allocation and risk_pct"),
        ({"quantity": 1, "allocation": 5}, "exactly one"),
        ({"quantity": 0}, "quantity: expected a positive number"),
        ({"quantity": float("nan")}, "not a finite number"),
        ({"quantity": 1, "stop_loss_pct": 3}, "expected a fraction between 0 and 1"),
        ({"risk_pct": 0.01}, "risk_pct needs a stop"),
        ({"quantity": -1, "side": "BUY"}, "already says SELL"),
    ],
)
def test_impossible_terms_are_refused_with_what_was_expected(terms, message):
    with pytest.raises(ActionError, match=message):
        CreatePositionAction("AAPL", **terms)


def test_a_condition_on_a_field_that_does_not_exist_is_refused():
    with pytest.raises(ConditionError, match="no field 'confidense'"):
        EventCondition(PredictionSignalEvent, {"confidense": 1})


@pytest.mark.parametrize(
    ("written", "passes", "fails"),
    [
        (">= 0.8", 0.8, 0.79),
        ("< 5", 4, 5),
        ("!= BUY", "SELL", "BUY"),
        ("BUY", PredictionSignal.BUY, PredictionSignal.SELL),
        (["BUY", "> 3"], 4, 3),
        (True, True, False),
        (0.5, 0.5, None),
    ],
)
def test_predicates_read_as_they_are_written(written, passes, fails):
    predicate = parse_predicate(written)
    assert predicate(passes)
    assert not predicate(fails)


@pytest.mark.parametrize("written", [">= high", [], {"a": 1}, ">="])
def test_what_is_no_predicate_is_refused(written):
    with pytest.raises(PredicateError):
        parse_predicate(written)


def test_a_rule_says_itself_in_words():
    words = entry_rule(cooldown_seconds=300, symbols=frozenset({"AAPL"})).words()
    assert "buy 100 shares of the event's symbol, with stop 3 %, target 8 %" in words
    assert "at most once in 300 s per symbol" in words


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(["AAPL", "MSFT", None]), st.booleans()), max_size=30),
    st.sampled_from(["AAPL", "MSFT", "TSLA"]),
)
def test_the_index_finds_exactly_what_a_full_scan_finds(shapes, symbol):
    made = RuleEngine()
    rules = []
    for number, (priority, only, enabled) in enumerate(shapes):
        rule = entry_rule(
            f"r{number}",
            priority=priority,
            enabled=enabled,
            symbols=None if only is None else frozenset({only}),
        )
        rules.append(rule)
        made.register_rule(rule)
    scanned = sorted(
        (rule for rule in rules if rule.enabled and (rule.symbols is None or symbol in rule.symbols)),
        key=lambda rule: (-rule.priority, rules.index(rule)),
    )
    assert [outcome.rule for outcome in due(made, prediction(symbol))] == scanned
