"""The options-flow poller against the signal service, in virtual time; HTTP without a network between."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
import trio
import trio.testing
from attrs import evolve

from actors.bus import EventBus
from actors.journal import JournalActor
from actors.runtime.base import RunQueueActor
from actors.runtime.system import System
from actors.signals.client import OptionsFlowClient, RateLimitedError
from actors.signals.options_flow import OptionsFlowActor
from config.environment import virtual
from config.settings import SignalSettings as PollerSettings
from messages.gateway import AskTradingAllowed, TradingAllowed
from messages.indicator import AskIndicator, IndicatorEvent
from messages.lifecycle import ClearAlarm, RaiseAlarm
from messages.signal import PredictionSignalEvent, SignalIgnoredEvent
from simulator.signals import Prediction, SignalService, SignalSettings
from simulator.signals.api import api
from storage.memory import SimulatedDisk, SimulatedStorage

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
KEY = "test-key"


class Listener(RunQueueActor):
    """Keeps what it hears in the test's list."""

    def __init__(self, context, heard):
        super().__init__(context)
        self.heard = heard

    def on_receive(self, message):
        self.heard.append(message)


class Orders(RunQueueActor):
    """Says what the test wants said about new risk."""

    def __init__(self, context, house):
        super().__init__(context)
        self.house = house

    def on_receive(self, message):
        match message:
            case AskTradingAllowed():
                return TradingAllowed(self.house.tradable)
            case _:
                return super().on_receive(message)


class Indicators(RunQueueActor):
    """Knows what the test wants known."""

    def __init__(self, context, house):
        super().__init__(context)
        self.house = house

    def on_receive(self, message):
        match message:
            case AskIndicator(symbol, name):
                value = 0.5 if (symbol, name) in self.house.known else None
                return IndicatorEvent(symbol, name, value, self.environment.now())
            case _:
                return super().on_receive(message)


class Outage(httpx.AsyncBaseTransport):
    """The service's transport, with a switch that takes the network away, and a count of requests."""

    def __init__(self, app):
        self.inner = httpx.ASGITransport(app)
        self.down = False
        self.requests = []

    async def handle_async_request(self, request):
        self.requests.append(trio.current_time())
        if self.down:
            raise httpx.ConnectError("refused")
        return await self.inner.handle_async_request(request)


class House:
    """Signal service, poller, journal, and who listens."""

    def __init__(self, system, service, network, disk):
        self.system, self.service, self.network, self.disk = system, service, network, disk
        self.bus = EventBus()
        self.events, self.alarms = [], []
        self.tradable = True
        self.intervals = {}
        self.indicators = {}
        self.known = set()
        self.key = KEY
        self.settings = PollerSettings(base_url="http://service/api/v1", api_key=KEY, min_confidence=0.75)

    async def start(self, tickers=("SLV",), name="signals/options-flow"):
        client = lambda: OptionsFlowClient(self.settings.base_url, self.key, self.network)  # noqa: E731
        await self.system.start(
            name,
            lambda context: OptionsFlowActor(
                context,
                settings=self.settings,
                symbols=tickers,
                bus=self.bus,
                client=client,
                intervals=self.intervals,
                indicators=self.indicators,
            ),
        )

    def push(self, signal="BUY", confidence=0.9, ticker="SLV", **changes):
        at = self.system.environment.now()
        self.service.push(evolve(Prediction.now(ticker, signal, confidence, at, 22.75), **changes))

    def taken(self):
        return [event for event in self.events if isinstance(event, PredictionSignalEvent)]

    def ignored(self):
        return [event for event in self.events if isinstance(event, SignalIgnoredEvent)]


def run(body, requests_per_minute=1000):
    async def main():
        environment = virtual(START, seed=1)
        system = System(environment)
        settings = SignalSettings(
            api_key=KEY, generated=False, tickers=("SLV",), requests_per_minute=requests_per_minute
        )
        service = SignalService(settings, environment)
        disk = SimulatedDisk()
        house = House(system, service, Outage(api(service, environment)), disk)
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            await system.start(
                "journal", lambda context: JournalActor(context, storage=SimulatedStorage(disk), owner="test")
            )
            await system.start("orders", lambda context: Orders(context, house))
            await system.start("indicators", lambda context: Indicators(context, house))
            await system.start("alarms", lambda context: Listener(context, house.alarms))
            await system.start("listener", lambda context: Listener(context, house.events))
            for event_type in (PredictionSignalEvent, SignalIgnoredEvent):
                house.bus.subscribe(event_type, system.address("listener"))
            await body(house)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0.001))


def test_a_prediction_that_is_polled_again_and_again_is_published_once():
    async def body(house):
        house.push()
        await house.start()
        await trio.sleep(200)
        [event] = house.taken()
        assert (event.symbol, event.confidence) == ("SLV", 0.9)
        assert house.ignored() == [], "stale later, but judged already"
        assert len(house.network.requests) == 4
        house.push()
        await trio.sleep(61)
        assert len(house.taken()) == 2

    run(body)


def test_a_prediction_acts_once_across_restarts():
    async def body(house):
        house.push()
        await house.start()
        await trio.sleep(1)
        await house.system.stop("signals/options-flow")
        await house.start(name="signals/again")
        await trio.sleep(70)
        assert len(house.taken()) == 1

    run(body)


def test_stale_unsure_and_malformed_predictions_are_accounted_for_and_not_given_to_rules():
    async def body(house):
        house.push(prediction_time=house.system.environment.now() - timedelta(seconds=130))
        await house.start()
        await trio.sleep(1)
        house.push(confidence=0.5)
        await trio.sleep(60)
        house.push(confidence=1.5, id="broken")
        await trio.sleep(60)
        assert house.taken() == []
        assert [event.reason for event in house.ignored()] == ["stale", "confidence", "malformed"]

    run(body)


def test_a_wrong_key_stops_the_polling_and_is_alarmed():
    async def body(house):
        house.key = "wrong"
        await house.start(("SLV", "GLD"))
        await trio.sleep(600)
        assert {alarm.kind for alarm in house.alarms} == {"signals.key_refused"}
        assert all(isinstance(alarm, RaiseAlarm) and "wrong" not in alarm.text for alarm in house.alarms)
        assert len(house.network.requests) <= 2

    run(body)


def test_an_outage_backs_off_is_alarmed_and_cleared_when_it_is_over():
    async def body(house):
        house.network.down = True
        await house.start()
        await trio.sleep(20)
        assert house.alarms[0].kind == "signals.unavailable"
        gaps = [late - early for early, late in zip(house.network.requests, house.network.requests[1:], strict=False)]
        assert all(gap >= 0.5 for gap in gaps)
        assert gaps[-1] > gaps[0]
        house.network.down = False
        house.push()
        await trio.sleep(60)
        assert house.alarms[-1] == ClearAlarm("signals.unavailable")
        assert len([alarm for alarm in house.alarms if isinstance(alarm, RaiseAlarm)]) == 1
        assert len(house.taken()) == 1

    run(body)


def test_an_outage_of_the_service_is_one_alarm_whatever_the_number_of_tickers():
    async def body(house):
        house.network.down = True
        await house.start(("SLV", "GLD", "CVNA", "UVXY", "SOXL", "SOXS", "TQQQ", "SQQQ"))
        await trio.sleep(600)
        [alarm] = house.alarms
        assert (alarm.kind, alarm.symbol) == ("signals.unavailable", None)
        house.network.down = False
        await trio.sleep(600)
        assert [alarm for alarm in house.alarms if isinstance(alarm, RaiseAlarm)] == [alarm]

    run(body)


def test_each_ticker_is_polled_at_its_own_interval():
    async def body(house):
        house.intervals = {"GLD": 30.0}
        await house.start(("SLV", "GLD"))
        await trio.sleep(119)
        assert len(house.network.requests) == 2 + 4

    run(body)


def test_a_pause_in_retry_after_goes_before_the_reset():
    async def body():
        def answer(request):
            return httpx.Response(429, headers={"Retry-After": "7", "X-RateLimit-Reset": "50"}, json={})

        async with OptionsFlowClient("http://service/api/v1", KEY, httpx.MockTransport(answer)) as client:
            with pytest.raises(RateLimitedError) as caught:
                await client.latest_prediction("SLV", 0.0)
            assert caught.value.seconds == 7

    trio.run(body)


def test_a_limit_that_is_used_up_is_waited_for_before_the_service_refuses():
    async def body():
        def answer(request):
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "20"}
            return httpx.Response(200, headers=headers, json={"status": "success", "data": {}})

        async with OptionsFlowClient("http://service/api/v1", KEY, httpx.MockTransport(answer)) as client:
            await client.latest_prediction("SLV", 0.0)
            assert client.exhausted_seconds == 20

    trio.run(body)


def test_the_rate_limit_of_the_service_is_honoured():
    async def body(house):
        house.settings = evolve(house.settings, poll_seconds=1.0)
        await house.start()
        await trio.sleep(300)
        for moment in house.network.requests:
            within = [other for other in house.network.requests if moment <= other < moment + 60]
            assert len(within) <= 30
        assert len(house.network.requests) >= 120

    run(body, requests_per_minute=30)


def test_after_a_429_nothing_is_asked_before_the_service_said():
    async def body(house):
        house.push()
        await house.start(("SLV", "GLD", "CVNA"))
        await trio.sleep(59)
        assert len(house.network.requests) <= 4, "two were let through, then the pause held for all"

    run(body, requests_per_minute=2)


def test_a_prediction_waits_until_it_can_be_acted_on():
    async def body(house):
        house.tradable = False
        house.push()
        await house.start()
        await trio.sleep(30)
        assert house.network.requests == []
        house.tradable = True
        await trio.sleep(1)
        assert len(house.taken()) == 1

    run(body)


def test_a_prediction_is_not_taken_before_the_indicators_that_rules_look_at_are_known():
    async def body(house):
        house.indicators = {"SLV": ("atr", "trend")}
        house.known = {("SLV", "atr")}
        house.push()
        await house.start(("SLV", "GLD"))
        await trio.sleep(2)
        assert [event.symbol for event in house.taken()] == []
        house.known.add(("SLV", "trend"))
        await trio.sleep(1)
        assert [event.symbol for event in house.taken()] == ["SLV"]
        assert len(house.network.requests) == 2, "the other one did not wait"

    run(body)


def test_an_indicator_that_stays_unknown_holds_a_prediction_up_for_a_moment_only():
    async def body(house):
        house.indicators = {"SLV": ("atr",)}
        house.push()
        await house.start()
        await trio.sleep(4)
        assert house.taken() == []
        await trio.sleep(2)
        assert len(house.taken()) == 1, "the rules say why nothing comes of it"

    run(body)
