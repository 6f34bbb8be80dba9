"""The poller of the Options Flow Monitor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import trio
from attrs import frozen

from actors.bus import EventBus
from actors.runtime.base import ActorContext, RunQueueActor
from actors.signals.client import (
    KeyRefusedError,
    NoPredictionError,
    OptionsFlowClient,
    RateLimitedError,
    ServiceError,
)
from actors.signals.intake import Intake
from actors.signals.prediction import MalformedPredictionError, parse_prediction
from config.logging import log
from config.settings import SignalSettings
from messages.gateway import AskTradingAllowed
from messages.journal import Append, Appended, Entry, JournalFailed, Replay
from messages.lifecycle import ClearAlarm, RaiseAlarm
from messages.signal import PredictionSignalEvent, SignalIgnored, SignalIgnoredEvent, SignalReceived, SignalsSeen

__all__ = ["OptionsFlowActor"]

_REQUESTS_PER_MINUTE = 30  # what the service allows
_LONGEST_BACKOFF_SECONDS = 300.0
_FAILURES_BEFORE_ALARM = 3
_TRADABLE_SECONDS = 0.25  # between two questions whether new risk is possible
_CHECKPOINT_EVERY = 500  # records of the stream "signals"


@frozen(slots=True)
class _Answer:
    symbol: str
    data: Any
    received: datetime


@frozen(slots=True)
class _Failure:
    symbol: str
    error: str
    retry_seconds: float
    key_refused: bool


class OptionsFlowActor(RunQueueActor):
    """Polls `prediction/latest` for each symbol, and publishes each new prediction once, across restarts too.

    A prediction is journaled (stream "signals") before it is published: after a crash in between it is lost rather
    than acted on twice. A failing service is asked again with growing, jittered pauses and alarmed after three
    failures of one symbol; a refused key stops the polling until the process is restarted.
    """

    def __init__(
        self,
        context: ActorContext,
        *,
        settings: SignalSettings,
        symbols: Iterable[str],
        bus: EventBus,
        client: Callable[[], OptionsFlowClient] | None = None,
    ) -> None:
        """`client` makes the HTTP client; None means one for `settings.base_url`."""
        super().__init__(context)
        self._settings = settings
        self._symbols = tuple(symbols)
        self._bus = bus
        self._client = client or (lambda: OptionsFlowClient(settings.base_url, settings.api_key))
        self._intake = Intake(settings.min_confidence, settings.max_age_seconds)
        self._current: dict[str, str] = {}  # symbol → signal id that the service last answered with
        self._pending: dict[str, PredictionSignalEvent] = {}
        self._failures: dict[str, int] = {}
        self._records = 0
        self._requests: deque[float] = deque()  # trio times of the last minute's requests
        self._not_before = 0.0

    async def prepare(self) -> None:
        """Learn from the journal what was judged before."""
        now = self.environment.now()
        records = await self.system.address("journal").ask(Replay(stream="signals"))
        self._records = len(records)
        for record in records:
            match record.payload:
                case SignalReceived(event):
                    self._intake.remember(event.signal_id, now)
                case SignalIgnored(_, signal_id, _):
                    self._intake.remember(signal_id, now)
                case SignalsSeen(signal_ids):
                    for signal_id in signal_ids:
                        self._intake.remember(signal_id, now)
        self.spawn(self._poll)

    def on_receive(self, message: Any) -> Any:
        """Judge an answer, publish what has become durable, note a failure."""
        match message:
            case _Answer():
                self._answered(message)
            case _Failure():
                self._failed(message)
            case Appended(token, _):
                self._publish(self._pending.pop(token))
            case JournalFailed(token, error):
                event = self._pending.pop(token)
                self._tell_ignored(event.symbol, event.signal_id, "journal", error)
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Show what it polls and how that goes."""
        return {"symbols": list(self._symbols), "failures": dict(self._failures), "pending": len(self._pending)}

    async def _poll(self) -> None:
        async with self._client() as client, trio.open_nursery() as nursery:
            for symbol in self._symbols:
                nursery.start_soon(self._poll_symbol, client, symbol, nursery.cancel_scope)

    async def _poll_symbol(self, client: OptionsFlowClient, symbol: str, everything: trio.CancelScope) -> None:
        pause = self._settings.poll_seconds
        backoff = 0.0
        while True:
            await self._wait_until_tradable()
            await self._wait_for_allowance()
            try:
                data = await client.latest_prediction(symbol, self.environment.now().timestamp())
            except KeyRefusedError as error:
                self.tell_self(_Failure(symbol, str(error), 0.0, key_refused=True))
                everything.cancel()
                return
            except RateLimitedError as error:
                self._not_before = max(self._not_before, trio.current_time() + error.seconds)
                self.tell_self(_Failure(symbol, str(error), error.seconds, key_refused=False))
            except NoPredictionError as error:
                self.tell_self(_Failure(symbol, str(error), pause, key_refused=False))
            except ServiceError as error:
                backoff = min(max(1.0, backoff * 2), _LONGEST_BACKOFF_SECONDS)
                wait = backoff * (0.5 + self.environment.random.random())
                self.tell_self(_Failure(symbol, str(error), wait, key_refused=False))
                await trio.sleep(wait)
                continue
            else:
                backoff = 0.0
                self.tell_self(_Answer(symbol, data, self.environment.now()))
            await trio.sleep(pause)

    async def _wait_until_tradable(self) -> None:
        """Hold off while orders and broker do not agree: a prediction taken now would be refused, and never come again.

        One that gets stale meanwhile is recorded as such.
        """
        orders = self.system.address("orders")
        while not (await orders.ask(AskTradingAllowed())).allowed:
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
        if self._failures.pop(symbol, 0) >= _FAILURES_BEFORE_ALARM:
            self.system.address("alarms").tell(ClearAlarm("signals.unavailable", symbol=symbol))
        try:
            event = parse_prediction(answer.data, symbol, answer.received)
        except MalformedPredictionError as error:
            self._tell_ignored(symbol, "", "malformed", str(error))
            return
        now = self.environment.now()
        self._current[symbol] = event.signal_id
        if self._intake.known(event.signal_id):
            self._intake.remember(event.signal_id, now)
            return
        self._intake.remember(event.signal_id, now)
        judgement = self._intake.judge(event, now)
        if (gate := judgement.ignored) is not None:
            fact = SignalIgnored(symbol, event.signal_id, gate.gate, event, judgement.verdicts)
            self._append(Entry("signals", fact))
            self._tell_ignored(symbol, event.signal_id, gate.gate, gate.figures, event)
            return
        self._pending[event.signal_id] = event
        self._append(Entry("signals", SignalReceived(event, judgement.verdicts)), token=event.signal_id)

    def _append(self, entry: Entry, token: str = "") -> None:
        reply_to = self.address.name if token else ""
        self.system.address("journal").tell(Append((entry,), reply_to, token))
        self._records += 1
        if self._records >= _CHECKPOINT_EVERY:
            self._records = 0
            self._intake.forget(self.environment.now(), frozenset(self._current.values()))
            seen = Entry("signals", SignalsSeen(self._intake.remembered), checkpoint=True)
            self.system.address("journal").tell(Append((seen,)))

    def _publish(self, event: PredictionSignalEvent) -> None:
        log(
            "signal.received",
            actor=self.address.name,
            symbol=event.symbol,
            signal_id=event.signal_id,
            signal=str(event.signal),
            confidence=event.confidence,
        )
        self._bus.publish(event)

    def _tell_ignored(
        self,
        symbol: str,
        signal_id: str,
        reason: str,
        figures: str,
        prediction: PredictionSignalEvent | None = None,
    ) -> None:
        log(
            "signal.ignored",
            actor=self.address.name,
            symbol=symbol,
            signal_id=signal_id,
            reason=reason,
            figures=figures,
        )
        self._bus.publish(SignalIgnoredEvent(symbol, signal_id, reason, figures, prediction))

    def _failed(self, failure: _Failure) -> None:
        alarms = self.system.address("alarms")
        if failure.key_refused:
            alarms.tell(RaiseAlarm("signals.key_refused", f"{failure.error}; polling has stopped"))
            return
        count = self._failures[failure.symbol] = self._failures.get(failure.symbol, 0) + 1
        log(
            "signal.unavailable",
            level="WARNING",
            actor=self.address.name,
            symbol=failure.symbol,
            reason=failure.error,
            failures=count,
            retry_seconds=round(failure.retry_seconds, 1),
        )
        if count == _FAILURES_BEFORE_ALARM:
            text = f"{count} requests in a row failed: {failure.error}"
            alarms.tell(RaiseAlarm("signals.unavailable", text, symbol=failure.symbol))
