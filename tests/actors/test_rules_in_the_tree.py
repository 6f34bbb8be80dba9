"""Rules from TOML in the whole tree: what they look at, what they do, and what a restart does not forget."""

import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve

from config.loading import settings_from
from messages.indicator import AskIndicator, IndicatorEvent
from messages.journal import Replay
from messages.lifecycle import AlarmRaised
from messages.order import Role, Side
from messages.position import ClosePosition, CommandAccepted, PositionCloseEvent
from messages.signal import PredictionSignal, PredictionSignalEvent, RuleFiredEvent, RuleSkippedEvent

D = Decimal
SYMBOLS = "[symbols.AAPL]\n[symbols.MSFT]\n"


def predicted(plant, number=1, symbol="AAPL", signal="BUY", confidence=0.9):
    now = plant.process.environment.now()
    return PredictionSignalEvent(
        signal_id=f"{symbol}:{number}",
        symbol=symbol,
        signal=PredictionSignal(signal),
        confidence=confidence,
        timestamp=number,
        prediction_time=now,
        received=now,
    )


@pytest.fixture
def ruled(plant, plant_type):
    """Run `body(plant)` with the rules of a TOML text."""

    def run(written, body, **options):
        configured = settings_from(tomllib.loads(SYMBOLS + written, parse_float=Decimal), {})

        def make(paper, disk, settings, nursery):
            parts = {name: getattr(configured, name) for name in ("rules", "indicators", "defaults", "symbols")}
            return plant_type(paper, disk, evolve(settings, **parts), nursery)

        plant(body, kind=make, **options)

    return run


async def publish(plant, event, seconds=1.0):
    plant.process.bus.publish(event)
    await plant.settle(seconds)


def fired(plant):
    return [event.rule_id for event in plant.seen(RuleFiredEvent)]


def reasons(plant):
    return [event.reason for event in plant.seen(RuleSkippedEvent)]


ENTRY = """
[[rules]]
id = "entry"
event = "PredictionSignalEvent"
when = { signal = "BUY" }
do = "create_position"
side = "BUY"
quantity = 100
"""
SHORT = """
[[rules]]
id = "short"
event = "PredictionSignalEvent"
when = { signal = ["SELL", "SHORT"] }
do = "create_position"
side = "SELL"
quantity = 40
"""


def test_a_signal_against_the_position_reverses_it(ruled):
    async def body(plant):
        await publish(plant, predicted(plant, 1))
        assert plant.held() == 100
        await plant.trade_at(100.0)
        await publish(plant, predicted(plant, 2, signal="SHORT"), 3)
        assert plant.held() == -40
        await plant.agree()
        await plant.trade_at(100.0)
        await publish(plant, predicted(plant, 3), 3)
        assert plant.held() == 100

    ruled(ENTRY + SHORT, body)


def test_exits_by_atr_are_distances_that_are_fixed_when_the_rule_acts(ruled):
    rule = ENTRY.replace("quantity = 100", "quantity = 100\nstop_loss_atr = 6\ntake_profit_atr = 4")
    indicators = '[indicators.atr]\nkind = "atr"\nperiod = 2\nbar = "5 secs"\n'

    async def body(plant):
        await publish(plant, predicted(plant, 1))
        assert plant.held() == 0
        assert reasons(plant)[-1].startswith("atr of AAPL is not known")
        for _ in range(4):
            for price in (100.0, 100.5, 100.25):
                await plant.trade_at(price)
            await plant.settle(4.4)
        await plant.settle(6)
        atr = plant.seen(IndicatorEvent)[-1].value
        assert atr == 0.5
        await plant.trade_at(100.0)
        await publish(plant, predicted(plant, 2))
        view = await plant.view()
        assert view.average_price == D("100.01")
        assert (view.stop, view.target) == (D("97.01"), D("102.01"))
        await plant.agree()

    ruled(indicators + rule, body)


def test_a_market_rule_acts_when_the_indicator_crosses_and_once(ruled):
    written = """
[indicators.slow]
kind = "sma"
period = 3
bar = "5 secs"
[[rules]]
id = "above"
market = { slow = "> 102" }
do = "create_position"
side = "BUY"
quantity = 10
"""

    async def body(plant):
        for price in (100.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0):
            await plant.trade_at(price)
            await plant.settle(4.8)
        await plant.settle(6)
        assert plant.held() == 10
        assert fired(plant) == ["above"]

    ruled(written, body)


def test_the_day_ends_flat_and_nothing_is_opened_after_it(ruled):
    start = datetime(2026, 11, 27, 17, 58, 50, tzinfo=UTC)  # the day after Thanksgiving: New York closes at 13:00

    async def body(plant):
        await publish(plant, predicted(plant, 1))
        assert plant.held() == 100
        await plant.settle(12)
        assert plant.held() == 0
        assert [event.reason for event in plant.seen(PositionCloseEvent)] == ["end of day"]
        assert plant.at_broker() == []
        await plant.trade_at(100.0)
        await publish(plant, predicted(plant, 2))
        assert plant.held() == 0
        assert "end of day: AAPL stays flat from 15:59 on" in reasons(plant)

    ruled('[defaults]\nflatten_at = "15:59"\n' + ENTRY, body, start=start)


def test_what_is_left_of_a_day_is_flattened_after_a_restart_too(ruled):
    start = datetime(2026, 11, 20, 20, 58, 50, tzinfo=UTC)

    async def body(plant):
        await plant.open()
        await plant.kill()
        await plant.settle(20)
        await plant.start()
        await plant.trade_at(100.0)
        await plant.settle(20)
        assert plant.held() == 0

    ruled('[defaults]\nflatten_at = "15:59"\n', body, start=start)


def test_what_is_held_over_the_close_though_it_was_to_be_flat_is_an_alarm_until_it_is_closed(ruled):
    """The process was down at that time, or its clock was set beyond it: nothing said so."""
    start = datetime(2026, 11, 20, 20, 58, 30, tzinfo=UTC)

    async def body(plant):
        await plant.open()
        await plant.kill()
        await plant.settle(120)  # from before 15:59 to after the close
        await plant.start()
        await plant.settle(20)
        assert plant.held() == 100
        assert await plant.alarms() == {"position.not_closed"}
        await plant.trade_at(100.0)
        assert isinstance(await plant.ask("position/AAPL", ClosePosition("by hand")), CommandAccepted)
        await plant.settle(30)
        assert plant.held() == 0
        assert await plant.alarms() == set()

    ruled('[defaults]\nflatten_at = "15:59"\n', body, start=start)


def test_what_is_held_beyond_two_times_of_day_is_said_once(ruled):
    async def body(plant):
        await plant.open(stop_loss_pct=D("0.03"), exit_at="15:59")
        await plant.kill()
        await plant.settle(120)
        await plant.start()
        await plant.settle(90)
        raised = [one for one in plant.seen(AlarmRaised) if one.kind == "position.not_closed"]
        assert len(raised) == 1

    start = datetime(2026, 11, 20, 20, 58, 30, tzinfo=UTC)
    ruled('[defaults]\nflatten_at = "15:59"\n', body, start=start, simulator={"calendar": "XNYS"})


def test_what_is_opened_after_the_close_was_not_to_be_flat_before_it(ruled):
    async def body(plant):
        await plant.open()
        await plant.settle(60)
        assert await plant.alarms() == set()

    ruled('[defaults]\nflatten_at = "15:59"\n', body, start=datetime(2026, 11, 20, 21, 5, tzinfo=UTC))


def test_scaling_in_by_rule_follows_the_profit(ruled):
    written = """
[[rules]]
id = "more"
position = { status = "open" }
do = "scale_in"
scale_quantity = 50
"""

    async def body(plant):
        await plant.open()
        await plant.trade_at(101.0)
        await plant.settle(3)
        assert plant.held() == 100
        await plant.trade_at(103.0)
        await plant.settle(3)
        assert plant.held() == 150
        assert fired(plant) == ["more"]
        await plant.agree()

    ruled(written, body)


def test_doubling_down_by_rule_rests_once_the_position_is_protected(ruled):
    written = """
[[rules]]
id = "down"
position = { status = "OPEN" }
do = "double_down"
quantity_multiplier = 0.5
"""

    async def body(plant):
        await plant.open(stop_loss_price=D("97.01"))
        await plant.settle(3)
        [order] = await plant.working(Role.SCALE)
        assert (order.quantity, order.limit_price) == (50, D("98.51"))
        assert fired(plant) == ["down"]

    ruled(written, body)


def test_a_sequence_with_a_condition_closes_a_loss_and_says_so(ruled):
    written = """
[[rules]]
id = "loss"
position = { profit_pct = "<= -0.01" }
[[rules.actions]]
do = "log"
text = "{nothing} loses"
[[rules.actions]]
do = "close_position"
only_if = { position = { status = "long" } }
"""

    async def body(plant):
        await plant.open(Side.BUY)
        await plant.trade_at(99.5)
        await plant.settle(3)
        assert plant.held() == 100
        await plant.trade_at(98.5)
        await plant.settle(3)
        assert plant.held() == 0
        assert fired(plant) == ["loss"]

    ruled(written, body)


def test_a_cooldown_is_cleared_by_a_stop_where_the_rule_says_so_and_never_for_the_same_prediction(ruled):
    rule = ENTRY + 'cooldown_seconds = 3600\ncooldown_cleared_by = ["stop"]\n'

    async def body(plant):
        first = predicted(plant, 1)
        await publish(plant, first)
        await plant.trade_at(96.0)
        await plant.settle(3)
        assert plant.held() == 0
        await publish(plant, first)
        assert reasons(plant)[-1] == "prediction: acted on already"
        await plant.settle(2)
        await plant.kill()
        await plant.start()
        await plant.trade_at(100.0)
        await publish(plant, first)
        assert plant.held() == 0
        await publish(plant, predicted(plant, 2))
        assert plant.held() == 100
        await plant.ask("position/AAPL", ClosePosition("by hand"))
        await plant.settle(3)
        await publish(plant, predicted(plant, 3))
        assert plant.held() == 0
        assert reasons(plant)[-1].startswith("cooldown: ")

    ruled(rule, body)


def test_counts_survive_a_restart_by_a_checkpoint_of_few_records(ruled):
    rule = ENTRY + "max_executions_per_day = 1\n"

    async def body(plant):
        await publish(plant, predicted(plant, 1))
        for number in range(2, 300):
            plant.process.bus.publish(predicted(plant, number, confidence=0.1))
        await plant.settle(30)
        await plant.kill()
        await plant.start()
        records = await plant.ask("journal", Replay(stream="rules"))
        assert len(records) < 300
        await plant.ask("position/AAPL", ClosePosition("by hand"))
        await plant.trade_at(100.0)
        await publish(plant, predicted(plant, 1000))
        assert plant.held() == 0
        assert reasons(plant)[-1] == "daily limit: 1 of 1 used"

    ruled(rule, body)


def test_confidence_scales_the_size(ruled):
    rule = ENTRY + "size_by_confidence = [[0.6, 0.5], [0.9, 1.0]]\n"

    async def body(plant):
        await publish(plant, predicted(plant, 1, confidence=0.6))
        assert plant.held() == 50

    ruled(rule, body)


def test_time_is_the_exchanges(ruled):
    written = """
[[rules]]
id = "late"
time = { window = "10:01-10:02", weekdays = ["Fri"], market_hours = true }
do = "create_position"
side = "SELL"
quantity = 10
symbols = ["AAPL"]
"""

    async def body(plant):
        await plant.settle(57)
        await plant.trade_at(100.0)
        assert plant.held() == 0
        await plant.settle(5)
        assert plant.held() == -10
        assert fired(plant) == ["late"]
        assert plant.process.environment.now() < datetime(2026, 11, 20, 15, 2, tzinfo=UTC) + timedelta(minutes=1)

    ruled(written, body)


def test_while_bars_do_not_arrive_a_value_is_not_known_and_the_past_closes_the_gap(ruled):
    indicators = '[indicators.slow]\nkind = "sma"\nperiod = 3\nbar = "5 secs"\nsymbols = ["AAPL"]\n'

    async def body(plant):
        async def trade(*prices):
            for price in prices:
                await plant.trade_at(price)
                await plant.settle(4.8)

        await trade(100.0, 101.0, 102.0, 103.0, 104.0)
        known = plant.seen(IndicatorEvent)[-1]
        assert known.value == 102.0
        plant.links[-1].abort()
        await plant.settle(3)
        *_, lost, again = plant.seen(IndicatorEvent)
        assert lost.value is None
        assert "its bars do not arrive" in lost.reason
        assert again.value == 102.0
        assert await plant.ask("indicators", AskIndicator("AAPL", "slow")) == again
        assert (await plant.ask("indicators", AskIndicator("MSFT", "slow"))).value is None
        await trade(105.0, 106.0, 107.0, 108.0)
        assert plant.seen(IndicatorEvent)[-1].value == 106.0

    ruled(indicators, body)
