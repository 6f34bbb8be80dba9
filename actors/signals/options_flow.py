"""The poller of the Options Flow Monitor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import trio
from attrs import frozen

from actors.bus import EventBus
from actors.runtime.base import ActorContext
from actors.signals.client import (
    KeyRefusedError,
    NoPredictionError,
    OptionsFlowClient,
    RateLimitedError,
    ServiceError,
)
from actors.signals.intake import Intake
from actors.signals.outage import Outages
from actors.signals.prediction import MalformedPredictionError, parse_prediction
from actors.signals.source import SourceActor
from config.logging import log
from config.settings import SignalSettings
from messages.gateway import AskTradingAllowed
from messages.indicator import AskIndicator
from messages.lifecycle import ClearAlarm, RaiseAlarm

__all__ = ["OptionsFlowActor"]

_REQUESTS_PER_MINUTE = 30  # what the service allows
_LONGEST_BACKOFF_SECONDS = 300.0
_TRADABLE_SECONDS = 0.25  # between two questions whether new risk is possible, or an indicator known
_INDICATOR_SECONDS = 5.0  # that an indicator gets to become known: after a start it takes the answer to one request


@frozen(slots=True)
class _Answer:
    symbol: str
    data: Any
    received: datetime


@frozen(slots=True)
class _NoPrediction:
    """The service answers, and has no prediction for the symbol."""

    symbol: str
    error: str


@frozen(slots=True)
class _Failure:
    symbol: str
    error: str
    retry_seconds: float


@frozen(slots=True)
class _KeyRefused:
    error: str


class OptionsFlowActor(SourceActor):
    """Polls `prediction/latest` for each symbol at its own interval, within the service's rate limit.

    A failing service is asked again with growing, jittered pauses. It is alarmed once, after three failures in a row,
    and not logged again until it answers; where only one symbol fails, the alarm is that symbol's. A refused key stops
    the polling until the process is restarted.
    """

    def __init__(
        self,
        context: ActorContext,
        *,
        settings: SignalSettings,
        symbols: Iterable[str],
        bus: EventBus,
        client: Callable[[], OptionsFlowClient] | None = None,
        intake: Intake | None = None,
        intervals: Mapping[str, float] | None = None,
        indicators: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`client` makes the HTTP client; None means one for `settings.base_url`.

        `intervals` are seconds by symbol where they are not `settings.poll_seconds`; `indicators` are the names of
        those that rules may look at, by symbol.
        """
        own = Intake(settings.min_confidence, settings.max_age_seconds)
        super().__init__(context, intake=intake or own, bus=bus)
        self._settings = settings
        self._symbols = tuple(symbols)
        self._intervals = dict(intervals or {})
        self._indicators = dict(indicators or {})
        self._client = client or (lambda: OptionsFlowClient(settings.base_url, settings.api_key))
        self._current: dict[str, str] = {}  # symbol → signal id that the service last answered with
        self._outages = Outages(self._symbols)
        self._requests: deque[float] = deque()  # trio times of the last minute's requests
        self._not_before = 0.0
        self._heard = False  # whether the service has answered in this incarnation

    async def prepare(self) -> None:
        """Learn what was judged before, and begin to poll."""
        await super().prepare()
        self.spawn(self._poll)

    def on_receive(self, message: Any) -> Any:
        """Judge an answer, note a failure."""
        match message:
            case _Answer():
                self._answered(message)
            case _NoPrediction(symbol, error):
                self._told_again(symbol)
                log("signal.unavailable", level="DEBUG", actor=self.address.name, symbol=symbol, reason=error)
            case _Failure():
                self._failed(message)
            case _KeyRefused(error):
                text = f"{error}; polling has stopped"
                self.system.address("alarms").tell(RaiseAlarm("signals.key_refused", text))
            case _:
                return super().on_receive(message)
        return None

    def current(self) -> Iterable[str]:
        """Return the identities that the service still answers with."""
        return self._current.values()

    def describe(self) -> dict[str, Any]:
        """Show what it polls and how that goes."""
        return {"symbols": list(self._symbols), "failures": self._outages.failures, "pending": len(self._pending)}

    async def _poll(self) -> None:
        async with self._client() as client, trio.open_nursery() as nursery:
            for symbol in self._symbols:
                nursery.start_soon(self._poll_symbol, client, symbol, nursery.cancel_scope)

    async def _poll_symbol(self, client: OptionsFlowClient, symbol: str, everything: trio.CancelScope) -> None:
        pause = self._intervals.get(symbol, self._settings.poll_seconds)
        backoff = 0.0
        while True:
            await self._wait_until_tradable()
            await self._wait_for_indicators(symbol)
            await self._wait_for_allowance()
            try:
                data = await client.latest_prediction(symbol, self.environment.now().timestamp())
            except KeyRefusedError as error:
                self.tell_self(_KeyRefused(str(error)))
                everything.cancel()
                return
            except RateLimitedError as error:
                self._pause_all(error.seconds)
                self.tell_self(_Failure(symbol, str(error), error.seconds))
                continue
            except NoPredictionError as error:
                self.tell_self(_NoPrediction(symbol, str(error)))
            except ServiceError as error:
                backoff = min(max(1.0, backoff * 2), _LONGEST_BACKOFF_SECONDS)
                wait = backoff * (0.5 + self.environment.random.random())
                self.tell_self(_Failure(symbol, str(error), wait))
                await trio.sleep(wait)
                continue
            else:
                backoff = 0.0
                self.tell_self(_Answer(symbol, data, self.environment.now()))
            self._pause_all(client.exhausted_seconds)
            await trio.sleep(pause)

    def _pause_all(self, seconds: float) -> None:
        """Ask nothing before so many seconds have passed: the service says so."""
        if seconds > 0:
            self._not_before = max(self._not_before, trio.current_time() + seconds)

    async def _wait_until_tradable(self) -> None:
        """Hold off while orders and broker do not agree: a prediction taken now would be refused, and never come again.

        One that gets stale meanwhile is recorded as such.
        """
        orders = self.system.address("orders")
        while not (await orders.ask(AskTradingAllowed())).allowed:
            await trio.sleep(_TRADABLE_SECONDS)

    async def _wait_for_indicators(self, symbol: str) -> None:
        """Hold off until the rules can judge: just after a start they would skip a prediction, which never comes again.

        Not for long: what stays unknown is a reason that the rules tell.
        """
        indicators = self.system.address("indicators")
        with trio.move_on_after(_INDICATOR_SECONDS):
            for name in self._indicators.get(symbol, ()):
                while (await indicators.ask(AskIndicator(symbol, name))).value is None:
                    await trio.sleep(_TRADABLE_SECONDS)

    async def _wait_for_allowance(self) -> None:
        while True:
            now = trio.current_time()
            while self._requests and now - self._requests[0] >= 60.0:
                self._requests.popleft()
            free_at = self._not_before
            if len(self._requests) >= _REQUESTS_PER_MINUTE:
                free_at = max(free_at, self._requests[0] + 60.0)
            if now >= free_at:
                self._requests.append(now)
                return
            await trio.sleep(free_at - now + 0.001)  # never for exactly that instant: see it pass

    def _answered(self, answer: _Answer) -> None:
        symbol = answer.symbol
        self._told_again(symbol)
        try:
            event = parse_prediction(answer.data, symbol, answer.received)
        except MalformedPredictionError as error:
            self.tell_ignored(symbol, "", "malformed", str(error))
            return
        self._current[symbol] = event.signal_id
        self.take(event)

    def _told_again(self, symbol: str) -> None:
        if not self._heard:
            # an alarm of an earlier life of the process stands until now
            self._heard = True
            for kind in ("signals.key_refused", "signals.unavailable"):
                self.system.address("alarms").tell(ClearAlarm(kind))
        for change in self._outages.answered(symbol):
            self.system.address("alarms").tell(ClearAlarm("signals.unavailable", symbol=change.symbol))
            log("signal.available", actor=self.address.name, symbol=change.symbol)

    def _failed(self, failure: _Failure) -> None:
        changes = self._outages.failed(failure.symbol)
        log(
            "signal.unavailable",
            level="WARNING" if self._outages.first(failure.symbol) else "DEBUG",
            actor=self.address.name,
            symbol=failure.symbol,
            reason=failure.error,
            failures=self._outages.failures[failure.symbol],
            retry_seconds=round(failure.retry_seconds, 1),
        )
        for change in changes:
            text = f"{change.failures} requests in a row failed: {failure.error}"
            self.system.address("alarms").tell(RaiseAlarm("signals.unavailable", text, symbol=change.symbol))
