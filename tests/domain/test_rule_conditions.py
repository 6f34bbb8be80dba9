"""Conditions on position, time and market: what they say, what they do not know, and how they combine."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.exchange_hours import ExchangeHours, Session
from domain.rules import (
    ClosePositionAction,
    ConditionError,
    Due,
    EventCondition,
    Facts,
    MarketCondition,
    NotKnownError,
    PositionCondition,
    Rule,
    RuleEngine,
    Skipped,
    TimeCondition,
)
from domain.rules.condition import Condition
from messages.indicator import IndicatorEvent
from messages.market import PriceEvent
from messages.position import PositionEvent, PositionStatus, PositionView
from messages.schedule import TimeEvent
from messages.signal import PredictionSignalEvent

D = Decimal
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # a Friday, 10:00 in New York
ZONE = ZoneInfo("America/New_York")


def hours(symbol, now):
    day = NOW.date()
    session = Session(datetime(2026, 11, 20, 9, 30, tzinfo=ZONE), datetime(2026, 11, 20, 13, 0, tzinfo=ZONE))
    return ExchangeHours("XNYS", ZONE, {day: session}, time(16))


def view(quantity="100", average="100", price=103.0, opened=NOW - timedelta(hours=1)):
    return PositionView(
        symbol="AAPL",
        position_id="p",
        status=PositionStatus.OPEN if D(quantity) else PositionStatus.CLOSED,
        quantity=D(quantity),
        average_price=D(average),
        realized_pnl=D(0),
        unrealized_pnl=(D(str(price)) - D(average)) * D(quantity),
        commission=D(0),
        stop=None,
        target=None,
        protected=True,
        last_price=price,
        opened=opened,
    )


def holds(condition, *facts, now=NOW, event=None):
    known = Facts(hours)
    for fact in facts:
        match fact:
            case PositionView():
                known.note_position(fact)
            case PriceEvent():
                known.note_price(fact)
            case IndicatorEvent():
                known.note_indicator(fact)
    context = {"event": event or TimeEvent("AAPL", now), "time": now, "rule_id": "r", "facts": known}
    assert condition.explain(context)
    return condition.matches(context)


def indicator(name, value):
    return IndicatorEvent("AAPL", name, value, NOW)


def price(value, bid=None, ask=None):
    return PriceEvent("AAPL", value, NOW, bid, ask)


@pytest.mark.parametrize(
    ("terms", "position", "expected"),
    [
        ({"status": "open"}, view(), True),
        ({"status": "flat"}, None, True),
        ({"status": "flat"}, view(), False),
        ({"status": "short"}, view("-5"), True),
        ({"status": ["long", "flat"]}, view("-5"), False),
        ({"status": "OPEN"}, view(), True),
        ({"profit_pct": ">= 0.03"}, view(), True),
        ({"profit_pct": ">= 0.03"}, view("-100"), False),
        ({"profit_pct": "<= -0.03"}, view("-100"), True),
        ({"profit_pct": "<= 0.03"}, view("0"), False),
        ({"profit_pct": "<= 0.03"}, None, False),
        ({"profit": "> 299"}, view(), True),
        ({"age_seconds": ">= 3600"}, view(), True),
        ({"age_seconds": lambda age: age > 3600}, view(), False),
        ({"quantity": "< 0", "status": "open"}, view("-1"), True),
    ],
)
def test_positions(terms, position, expected):
    assert holds(PositionCondition(**terms), *([position] if position else [])) is expected


def test_the_newest_price_counts_for_the_profit():
    assert holds(PositionCondition(profit_pct=">= 0.05"), view(), price(106.0))


@pytest.mark.parametrize(
    ("terms", "now", "expected"),
    [
        ({"window": "09:45-10:01"}, NOW, True),
        ({"window": "09:45-10:00"}, NOW, False),
        ({"window": "22:00-10:01"}, NOW, True),
        ({"window": "22:00-09:00"}, NOW, False),
        ({"weekdays": ["Fri"]}, NOW, True),
        ({"weekdays": ["Mon", "Sat"]}, NOW, False),
        ({"weekdays": ["Fri"]}, datetime(2026, 11, 21, 3, 0, tzinfo=UTC), True),  # still Friday in New York
        ({"market_hours": True}, NOW, True),
        ({"market_hours": True}, datetime(2026, 11, 20, 18, 0, tzinfo=UTC), False),  # a half day
        ({"market_hours": False}, datetime(2026, 11, 21, 15, 0, tzinfo=UTC), True),
    ],
)
def test_times_are_the_exchanges(terms, now, expected):
    assert holds(TimeCondition(**terms), now=now) is expected


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"price": "> 100"}, True),
        ({"price": "> slow"}, True),
        ({"price": "< slow"}, False),
        ({"spread": "<= 0.02"}, True),
        ({"spread_pct": "< 0.0001"}, False),
        ({"indicators": {"rsi": "< 30"}}, True),
        ({"price": "> 100", "indicators": {"rsi": "> 30"}}, False),
    ],
)
def test_markets(terms, expected):
    facts = (price(103.0, 102.99, 103.01), indicator("slow", 102.5), indicator("rsi", 21.0))
    assert holds(MarketCondition(**terms), *facts) is expected


def test_what_is_not_known_is_said_and_decides_nothing():
    unknown, yes = MarketCondition(indicators={"rsi": "< 30"}), PositionCondition(status="flat")
    with pytest.raises(NotKnownError, match="rsi of AAPL is not known yet"):
        holds(unknown)
    assert holds(unknown | yes)
    assert holds(yes | unknown)
    assert not holds(unknown & ~yes)
    assert not holds(~yes & unknown)
    for combined in (unknown & yes, yes & unknown, unknown | ~yes, ~unknown):
        with pytest.raises(NotKnownError):
            holds(combined)


class Known(Condition):
    def __init__(self, answer):
        self.answer = answer

    def matches(self, context):
        if self.answer is None:
            raise NotKnownError("unknown")
        return self.answer

    def words(self):
        return str(self.answer)


def truth(condition):
    try:
        return condition.matches({})
    except NotKnownError:
        return None


answers = st.sampled_from([True, False, None])


@settings(max_examples=30, deadline=None, database=None)
@given(answers, answers)
def test_unknowns_follow_the_logic_of_three_values(one, other):
    left, right = Known(one), Known(other)
    assert truth(left & right) == truth(right & left)
    assert truth(left | right) == truth(~(~left & ~right))
    assert truth(left & right) is (False if False in (one, other) else None if None in (one, other) else True)


@pytest.mark.parametrize(
    "make",
    [
        PositionCondition,
        lambda: PositionCondition(status="upside down"),
        TimeCondition,
        lambda: TimeCondition(window="9:61-10:00"),
        lambda: TimeCondition(window="10:00-10:00"),
        lambda: TimeCondition(weekdays=["Friday"]),
        MarketCondition,
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(make):
    with pytest.raises(ConditionError):
        make()


def test_a_rule_of_state_acts_once_each_time_that_it_becomes_true():
    rule = Rule(rule_id="r", condition=PositionCondition(profit_pct=">= 0.02"), action=ClosePositionAction())
    engine = RuleEngine(facts=Facts(hours))
    engine.register_rule(rule)
    acted = []
    for number, last in enumerate((101.0, 102.0, 103.0, 101.0, 102.5, 102.5)):
        engine.facts.note_position(view(price=last))
        for outcome in engine.evaluate(PositionEvent(view(price=last)), NOW + timedelta(seconds=number)):
            assert isinstance(outcome, Due)
            engine.finished("r", "AAPL")
            engine.fired("r", "AAPL", NOW)
            acted.append(number)
    assert acted == [1, 4]


def test_a_rule_of_state_whose_action_was_refused_tries_again():
    rule = Rule(rule_id="r", condition=PositionCondition(status="open"), action=ClosePositionAction())
    engine = RuleEngine(facts=Facts(hours))
    engine.register_rule(rule)
    engine.facts.note_position(view())
    for _ in range(2):
        [outcome] = engine.evaluate(PositionEvent(view()), NOW)
        assert isinstance(outcome, Due)
        engine.finished("r", "AAPL")


def test_rules_are_asked_only_for_what_can_concern_them():
    event = EventCondition(PredictionSignalEvent, {"symbol": ["AAPL", "MSFT"]})
    assert event.symbols == {"AAPL", "MSFT"}
    assert (event & EventCondition(PredictionSignalEvent, {"symbol": "AAPL"})).symbols == {"AAPL"}
    assert (event & TimeCondition(market_hours=True)).wakes == (PredictionSignalEvent,)
    assert TimeCondition(market_hours=True).wakes == (TimeEvent,)
    both = PositionCondition(status="open") & MarketCondition(price="> 1")
    assert set(both.wakes) == {PositionEvent, PriceEvent}
    assert both.looks_at == {"positions", "prices"}
    assert (event | PositionCondition(status="open")).by_state
    assert not (event & PositionCondition(status="open")).by_state


def test_a_rule_that_lacks_a_fact_is_skipped_with_the_reason():
    engine = RuleEngine(facts=Facts(hours))
    engine.register_rule(
        Rule(
            rule_id="r",
            condition=MarketCondition(price="> 1", indicators={"rsi": "< 30"}),
            action=ClosePositionAction(),
        )
    )
    engine.facts.note_price(price(100.0))
    [outcome] = engine.evaluate(price(100.0), NOW)
    assert isinstance(outcome, Skipped)
    assert outcome.reason == "rsi of AAPL is not known yet"
