"""The indicators actor: bars in, values out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from attrs import define, evolve

from actors.bus import EventBus
from actors.runtime.base import ActorContext, RunQueueActor
from config.calendars import exchange_hours
from config.logging import log
from config.rule_settings import IndicatorSettings
from config.settings import Settings
from domain.bars import BAR_SECONDS, history_for
from domain.indicators import Indicator
from messages.indicator import AskIndicator, BarEvent, BarsInterrupted, IndicatorEvent, SubscribeBars

__all__ = ["IndicatorsActor"]

_NEW_YORK = ZoneInfo("America/New_York")


@define(slots=True)
class _Series:
    """The bars of one size of one symbol, and what is computed from them."""

    symbol: str
    bar_seconds: int
    indicators: dict[str, Indicator]
    last: datetime | None = None  # start of the last bar
    told: bool = True  # whether an interruption is known to those who listen


class IndicatorsActor(RunQueueActor):
    """Computes the configured indicators from bars of regular hours, their past first, and publishes each value.

    While bars do not arrive, the values are published as not known, with the reason: rules that look at them are
    skipped. When they arrive again, the past closes the gap.
    """

    def __init__(self, context: ActorContext, *, settings: Settings, bus: EventBus) -> None:
        super().__init__(context)
        self._settings = settings
        self._bus = bus
        self._series: dict[tuple[str, int], _Series] = {}

    async def prepare(self) -> None:
        """Ask the gateway for all bars that are needed."""
        for name, indicator in self._settings.indicators.items():
            for symbol in indicator.symbols or tuple(self._settings.symbols):
                self._want(name, indicator, symbol)
        gateway = self.system.address("gateway")
        for (symbol, seconds), series in self._series.items():
            bars = max(indicator.needed for indicator in series.indicators.values())
            gateway.tell(SubscribeBars(symbol, seconds, history_for(seconds, bars), self.address.name))

    def on_receive(self, message: Any) -> Any:
        """Take bars, or that they do not arrive."""
        match message:
            case BarEvent(symbol, bar_seconds):
                self._take(self._series[symbol, bar_seconds], message)
            case AskIndicator(symbol, name):
                return self._answer(symbol, name)
            case BarsInterrupted(symbol, bar_seconds, reason):
                self._interrupted(self._series[symbol, bar_seconds], reason)
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Show the values."""
        return {
            f"{series.symbol} {name}": indicator.value
            for series in self._series.values()
            for name, indicator in series.indicators.items()
        }

    def _want(self, name: str, indicator: IndicatorSettings, symbol: str) -> None:
        seconds = BAR_SECONDS[indicator.bar]
        series = self._series.setdefault((symbol, seconds), _Series(symbol, seconds, {}))
        series.indicators[name] = Indicator(indicator.kind, indicator.period, self._zone(symbol))

    def _zone(self, symbol: str) -> tzinfo:
        calendar = self._settings.calendar(symbol)
        return _NEW_YORK if calendar == "XNYS" else exchange_hours(calendar, self.environment.now()).zone

    def _take(self, series: _Series, message: BarEvent) -> None:
        known = {name: indicator.value is not None for name, indicator in series.indicators.items()}
        for bar in message.bars:
            if series.last is None or bar.start > series.last:
                series.last = bar.start
                for indicator in series.indicators.values():
                    indicator.add(bar)
        for event in self._values(series):
            if event.value is not None and (not series.told or not known[event.name]):
                log(
                    "indicator.known",
                    actor=self.address.name,
                    symbol=event.symbol,
                    name=event.name,
                    value=round(event.value, 6),
                )
            self._bus.publish(event)
        series.told = True

    def _values(self, series: _Series) -> Iterator[IndicatorEvent]:
        ended = self.environment.now() if series.last is None else series.last + timedelta(seconds=series.bar_seconds)
        for name, indicator in series.indicators.items():
            reason = "" if indicator.value is not None else "too few bars"
            yield IndicatorEvent(series.symbol, name, indicator.value, ended, reason)

    def _answer(self, symbol: str, name: str) -> IndicatorEvent:
        for series in self._series.values():
            if series.symbol == symbol and name in series.indicators:
                event = next(each for each in self._values(series) if each.name == name)
                return event if series.told else evolve(event, value=None, reason="its bars do not arrive")
        return IndicatorEvent(symbol, name, None, self.environment.now(), "not configured for the symbol")

    def _interrupted(self, series: _Series, reason: str) -> None:
        if series.told:
            series.told = False
            for name in series.indicators:
                log(
                    "indicator.unknown",
                    level="WARNING",
                    actor=self.address.name,
                    symbol=series.symbol,
                    name=name,
                    reason=reason,
                )
        now = self.environment.now()
        for name in series.indicators:
            self._bus.publish(IndicatorEvent(series.symbol, name, None, now, f"its bars do not arrive: {reason}"))
