"""What all sources of predictions have in common: each is judged once, journaled, and only then given to the rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from actors.bus import EventBus
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.future import ReplyFuture
from actors.signals.intake import Intake
from config.logging import log
from messages.journal import Append, Appended, Entry, JournalFailed, Replay
from messages.signal import PredictionSignalEvent, SignalIgnored, SignalIgnoredEvent, SignalReceived, SignalsSeen

__all__ = ["SourceActor", "Taken"]

_CHECKPOINT_EVERY = 500  # records of the stream "signals"


@frozen(slots=True)
class Taken:
    """What became of a prediction: `status` is accepted, duplicate or ignored (then `reason` and `figures` say why)."""

    status: str
    signal_id: str
    reason: str = ""
    figures: str = ""


class SourceActor(RunQueueActor):
    """Takes predictions of one source, and publishes each new one once, across sources and restarts.

    A prediction is journaled (stream "signals") before it is published: after a crash in between it is lost rather than
    acted on twice. A source of one's own is a subclass that spawns its task in `prepare`, after this class's own, and
    calls `take`.
    """

    def __init__(self, context: ActorContext, *, intake: Intake, bus: EventBus) -> None:
        """`intake` is the process's: what one source has brought, no other brings again."""
        super().__init__(context)
        self._intake = intake
        self._bus = bus
        self._pending: dict[str, tuple[PredictionSignalEvent, ReplyFuture[Taken] | None]] = {}
        self._earlier: dict[str, PredictionSignalEvent] = {}  # what was journaled before this incarnation
        self._records = 0

    async def prepare(self) -> None:
        """Learn from the journal what was judged before."""
        now = self.environment.now()
        records = await self.system.address("journal").ask(Replay(stream="signals"))
        self._records = len(records)
        for record in records:
            match record.payload:
                case SignalReceived(event):
                    self._earlier[event.signal_id] = event
                    self._intake.remember(event.signal_id, now)
                case SignalIgnored(_, signal_id, _):
                    self._intake.remember(signal_id, now)
                case SignalsSeen(signal_ids):
                    for signal_id in signal_ids:
                        self._intake.remember(signal_id, now)

    def on_receive(self, message: Any) -> Any:
        """Publish what has become durable."""
        match message:
            case Appended(token, _):
                self._durable(token)
            case JournalFailed(token, error):
                self._not_durable(token, error)
            case _:
                return super().on_receive(message)
        return None

    def _durable(self, token: str) -> None:
        event, answer = self._pending.pop(token, (None, None))
        if event is not None:
            self._publish(event)
            if answer is not None:
                answer.set(Taken("accepted", token))
        elif (event := self._earlier.pop(token, None)) is not None:
            # an earlier incarnation took it, and did not live to publish it
            text = "its source was started anew while it was being written"
            self.tell_ignored(event.symbol, event.signal_id, "restart", text, event)

    def _not_durable(self, token: str, error: str) -> None:
        event, answer = self._pending.pop(token, (None, None))
        if event is None:
            return  # an earlier incarnation took it, and there is no record of it
        self.tell_ignored(event.symbol, event.signal_id, "journal", error)
        if answer is not None:
            answer.set(Taken("ignored", token, "journal", error))

    def take(self, event: PredictionSignalEvent, answer: ReplyFuture[Taken] | None = None) -> None:
        """Take a prediction that could be read; `answer` is told what became of it, once that is durable."""
        now = self.environment.now()
        known = self._intake.known(event.signal_id)
        self._intake.remember(event.signal_id, now)
        if known:
            if answer is not None:
                answer.set(Taken("duplicate", event.signal_id))
            return
        judgement = self._intake.judge(event, now)
        if (gate := judgement.ignored) is not None:
            fact = SignalIgnored(event.symbol, event.signal_id, gate.gate, event, judgement.verdicts)
            self._append(Entry("signals", fact))
            self.tell_ignored(event.symbol, event.signal_id, gate.gate, gate.figures, event)
            if answer is not None:
                answer.set(Taken("ignored", event.signal_id, gate.gate, gate.figures))
            return
        self._pending[event.signal_id] = event, answer
        self._append(Entry("signals", SignalReceived(event, judgement.verdicts)), token=event.signal_id)

    def current(self) -> Iterable[str]:
        """Return the identities that the source would still bring again, however old."""
        return ()

    def tell_ignored(
        self,
        symbol: str,
        signal_id: str,
        reason: str,
        figures: str,
        prediction: PredictionSignalEvent | None = None,
    ) -> None:
        """Tell of a prediction that the rules will not see."""
        log(
            "signal.ignored",
            actor=self.address.name,
            symbol=symbol,
            signal_id=signal_id,
            reason=reason,
            figures=figures,
        )
        self._bus.publish(SignalIgnoredEvent(symbol, signal_id, reason, figures, prediction))

    def _append(self, entry: Entry, token: str = "") -> None:
        reply_to = self.address.name if token else ""
        self.system.address("journal").tell(Append((entry,), reply_to, token))
        self._records += 1
        if self._records >= _CHECKPOINT_EVERY:
            self._records = 0
            self._intake.forget(self.environment.now(), frozenset(self.current()))
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
            source=event.source,
        )
        self._bus.publish(event)
