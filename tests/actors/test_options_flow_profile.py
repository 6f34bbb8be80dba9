"""The shipped strategy on a half day, against the paper TWS: every signal accounted for, flat by 13:00."""

import random
from datetime import UTC, datetime
from pathlib import Path

from attrs import evolve

from config.loading import load
from messages.indicator import IndicatorEvent
from messages.order import OrderFilledEvent, Side
from messages.position import PositionCloseEvent
from messages.signal import (
    PredictionSignal,
    PredictionSignalEvent,
    RuleFiredEvent,
    RuleSkippedEvent,
    SignalIgnoredEvent,
)

PROFILE = Path(__file__).parents[2] / "config" / "profiles" / "options_flow.toml"
START = datetime(2026, 11, 27, 14, 35, tzinfo=UTC)  # five minutes after the open; New York closes at 13:00
TICKERS = ("SLV", "GLD", "TQQQ")
MINUTES = 206


def test_a_half_day_of_the_shipped_strategy(plant, plant_type):
    configured = load(PROFILE, {})

    def make(paper, disk, settings, nursery):
        parts = {name: getattr(configured, name) for name in ("rules", "indicators", "defaults", "symbols", "risk")}
        return plant_type(paper, disk, evolve(settings, **parts), nursery)

    async def body(plant):
        chance = random.Random(7)
        prices = dict.fromkeys(TICKERS, 100.0)
        sent = []
        for minute in range(MINUTES):
            for ticker in TICKERS:
                prices[ticker] = round(prices[ticker] * (1 + chance.gauss(0, 0.002)), 2)
                await plant.trade_at(prices[ticker], ticker)
            if minute % 3 == 0:
                now = plant.process.environment.now()
                ticker = TICKERS[minute // 3 % len(TICKERS)]
                event = PredictionSignalEvent(
                    signal_id=f"{ticker}:{minute}",
                    symbol=ticker,
                    signal=chance.choice([PredictionSignal.BUY, PredictionSignal.SHORT, PredictionSignal.NEUTRAL]),
                    confidence=round(chance.uniform(0.5, 1.0), 2),
                    timestamp=minute,
                    prediction_time=now,
                    received=now,
                )
                sent.append(event.signal_id)
                plant.process.bus.publish(event)
            await plant.settle(60 - 0.2 * len(TICKERS))
        accounted = {
            event.signal_id
            for kind in (RuleFiredEvent, RuleSkippedEvent, SignalIgnoredEvent)
            for event in plant.seen(kind)
        }
        assert accounted >= set(sent)
        assert {event.value for event in plant.seen(IndicatorEvent) if event.symbol == "SLV"} - {None}
        fills = [event.order.side for event in plant.seen(OrderFilledEvent)]
        assert Side.BUY in fills
        assert Side.SELL in fills
        reasons = {event.reason for event in plant.seen(PositionCloseEvent)}
        assert reasons >= {"end of day", "reversal"}
        late = [event.reason for event in plant.seen(RuleSkippedEvent) if event.reason.startswith("end of day")]
        assert late or not any(int(one.split(":")[1]) >= 204 for one in sent)
        for ticker in TICKERS:
            assert plant.held(ticker) == 0
            assert (await plant.view(ticker)).quantity == 0
        assert plant.at_broker() == []
        assert plant.crashes() == []

    plant(body, kind=make, start=START)
