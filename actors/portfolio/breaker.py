"""The breaker at work: what the portfolio does in each of its states, and what of it is journaled."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import trio
from attrs import frozen

from actors.portfolio.last_told import LastTold
from actors.runtime.future import ReplyFuture
from config.logging import log
from config.settings import RiskSettings
from domain.breaker import Breaker, BreakerRefused, at_least
from domain.breaker_meters import Trip
from messages.journal import Append, Entry
from messages.lifecycle import ClearAlarm, RaiseAlarm
from messages.order import CancelOrder
from messages.position import ClosePosition, CommandAccepted, CommandOutcome, CommandRefused
from messages.risk import (
    BreakerEvent,
    BreakerGoal,
    BreakerMoved,
    BreakerTrigger,
    HaltedEvent,
    ResumedEvent,
    RiskStanding,
    TradingHalted,
    TradingResumed,
    TradingState,
)

if TYPE_CHECKING:
    from actors.portfolio.actor import PortfolioActor

__all__ = ["BreakerDesk", "LookAgain"]

_AGAIN_SECONDS = 5.0  # before a cancellation or a closing is asked for once more
_ENTRY_SECONDS = 5.0  # that positions are not closed because entries are still being cancelled
_FLAT_SECONDS = 60.0  # after that it is said that positions do not close

_STEPS = (BreakerEvent.CLOSE, BreakerEvent.LATCH)


@frozen(slots=True)
class LookAgain:
    """A second has passed with something to do, or with a figure that is not confirmed."""


class BreakerDesk:
    """Moves the breaker, and does what its state asks for.

    REDUCE_ONLY: working entries are cancelled. FLATTENING: what is held is closed by the positions themselves, whose
    exits stay until they are flat. LATCHED: nothing but a late fill of ours, which is closed like the rest. Each move
    is durable before it is answered, and a restart goes on from wherever it was.
    """

    def __init__(self, actor: PortfolioActor, risk: RiskSettings, told: LastTold) -> None:
        self.breaker = Breaker()
        self._told, self._unwritten = told, False
        self.since: datetime = actor.environment.now()
        self.rearmed: datetime | None = None
        self.losses = 0
        # orders that the broker has refused in a row: those that add risk, and the others
        self.rejected: dict[bool, list[str]] = {True: [], False: []}
        self._actor = actor
        self._max_losses = risk.max_consecutive_losses
        self._max_rejects = risk.max_reject_streak
        self._goals = {
            BreakerTrigger.DAILY_LOSS: BreakerGoal(risk.daily_loss_action),
            BreakerTrigger.DRAWDOWN: BreakerGoal(risk.drawdown_action),
            BreakerTrigger.CONSECUTIVE_LOSSES: BreakerGoal(risk.consecutive_losses_action),
            BreakerTrigger.REJECT_STREAK: BreakerGoal(risk.reject_streak_action),
        }
        # token → who waits for a move to be durable, what is answered then, and where it stood before
        self._answers: dict[str, tuple[ReplyFuture[CommandOutcome], CommandOutcome, Breaker]] = {}
        self._entered = trio.current_time()
        self._asked: dict[str, float] = {}  # order or symbol → when its end was last asked for
        self._late = False
        self._cancelling = False  # whether a person's halt goes for what still works

    # start

    def restore(self, payloads: Iterable[Any]) -> RiskStanding | None:
        """Take up where the journal says it stood; return the last record of it."""
        last: RiskStanding | None = None
        for payload in payloads:
            match payload:
                case RiskStanding():
                    last = payload
                    self.breaker = Breaker(
                        state=payload.state, goal=payload.goal, trigger=payload.trigger, reason=payload.reason
                    )
                    self.since, self.rearmed = payload.since, payload.rearmed
                    self.rejected = {True: list(payload.rejected_entries), False: list(payload.rejected_exits)}
                case TradingHalted(reason):
                    self.breaker = Breaker(state=TradingState.REDUCE_ONLY, goal=BreakerGoal.HALT, reason=reason)
                case TradingResumed():
                    self.breaker = Breaker()
        if self._told.stopped and self._told.breaker != self.breaker:
            self.breaker, self.since = self._told.breaker, self._told.since or self.since
            self._unwritten = True
        return last

    def begin(self) -> None:
        """Say how it stands, and go on."""
        if self._unwritten:
            self.write()
        if self.breaker.state is not TradingState.ACTIVE:
            self._actor.bus.publish(HaltedEvent(self.words))
            self._actor.look_soon()

    @property
    def words(self) -> str:
        """Why new risk is not allowed; "" where it is."""
        breaker = self.breaker
        if breaker.trigger is None:
            return breaker.reason
        return f"{breaker.state}, {breaker.trigger}: {breaker.reason}"

    # by hand

    def halt(self, reason: str, by: str = "operator", *, cancel_entries: bool = False) -> ReplyFuture[CommandOutcome]:
        """Allow no new risk."""
        self._cancelling = cancel_entries
        return self._move(BreakerEvent.HALT, reason, by, text="halted: no new risk; exits go on")

    def flatten(self, reason: str) -> ReplyFuture[CommandOutcome]:
        """Pull the kill switch."""
        return self._move(
            BreakerEvent.TRIP,
            f"flatten: {reason}",
            "operator",
            BreakerGoal.FLATTEN_ALL,
            BreakerTrigger.KILL_SWITCH,
            text="halted, and closing every position; `pitboss rearm` allows new risk again",
        )

    def resume(self, reason: str) -> CommandOutcome | ReplyFuture[CommandOutcome]:
        """End a halt."""
        refused = self._actor.journal_refusal()
        return refused or self._move(BreakerEvent.RESUME, reason, "operator", text="resumed")

    def rearm(self, reason: str, by: str) -> CommandOutcome | ReplyFuture[CommandOutcome]:
        """End a trip: losses, refusals and falls are counted anew. Refused while the day's loss is at its limit."""
        refused = self._actor.journal_refusal()
        if refused is not None:
            return refused
        lost = self._actor.figures.still_lost()
        if lost and self.breaker.tripped:
            day = self._actor.figures.day_of
            starts = f"{day.start:%H:%M} {day.zone.key}"
            return CommandRefused("the day's loss is still at its limit", f"{lost}; the next day begins at {starts}")
        return self._move(BreakerEvent.REARM, reason, by, text="re-armed: new risk is allowed")

    # by what happens

    def trip(self, trip: Trip | None) -> None:
        """Take a confirmed trigger."""
        if trip is None:
            return
        goal = self._goals[trip.trigger]
        before = self.breaker
        try:
            after = before.after(BreakerEvent.TRIP, trip.text, goal, trip.trigger)
        except BreakerRefused as refused:  # every state takes a trip
            raise RuntimeError(str(refused)) from refused
        if after == before:
            return
        self._actor.tell_alarms(RaiseAlarm(f"risk.{trip.trigger}", trip.text))
        self._move(BreakerEvent.TRIP, trip.text, "portfolio", goal, trip.trigger)

    def result(self, losses: int) -> None:
        """Take how many positions in a row have lost money."""
        self.losses = losses
        limit = self._max_losses
        if limit is not None and losses >= limit:
            text = f"{losses} positions in a row came to a loss; the limit is {limit}"
            self.trip(Trip(BreakerTrigger.CONSECUTIVE_LOSSES, text))

    def refused(self, order_ref: str, *, adds_risk: bool, reason: str) -> None:
        """Take that the broker refused an order of ours."""
        row, limit = self.rejected[adds_risk], self._max_rejects
        if limit is None or order_ref in row:
            return
        row.append(order_ref)
        del row[:-limit]
        if len(row) >= limit:
            kind = "entries" if adds_risk else "exits"
            text = f"{len(row)} {kind} in a row were refused by the broker, the last one: {reason}"
            self.trip(Trip(BreakerTrigger.REJECT_STREAK, text))
        self.write()

    def taken(self, *, adds_risk: bool) -> None:
        """Take that the broker accepted or filled an order of ours."""
        if self.rejected[adds_risk] and not self.breaker.tripped:
            self.rejected[adds_risk] = []
            self.write()

    # what is to be done

    def step(self) -> None:
        """Do what the state asks for now."""
        state = self.breaker.state
        if state is TradingState.ACTIVE:
            return
        actor, now = self._actor, trio.current_time()
        entries = actor.entries()
        for order_ref in entries if self._cancelling or self.breaker.tripped else ():
            if self._due(order_ref, now):
                actor.system.address("orders").tell(CancelOrder(order_ref, f"breaker: {self.words}"))
        waited = now - self._entered
        if state is TradingState.REDUCE_ONLY and self.breaker.tripped:
            if self.breaker.flattens and (not entries or waited >= _ENTRY_SECONDS):
                self._move(BreakerEvent.CLOSE, "entries are being cancelled" if entries else "entries are cancelled")
            elif not self.breaker.flattens and not entries:
                self._move(BreakerEvent.LATCH, "nothing is left to do")
        elif state is TradingState.LATCHED and self.breaker.flattens and self._left(late=True):
            self._move(BreakerEvent.CLOSE, "something of ours is held again")
        elif state is TradingState.FLATTENING:
            left = self._left()
            for symbol in left:
                if self._due(f"position/{symbol}", now):
                    close = ClosePosition(self._why_closed(), "portfolio")
                    actor.system.address(f"position/{symbol}").tell(close)
            if not left and not entries and not actor.unheard():
                self._move(BreakerEvent.LATCH, "flat")
            elif waited >= _FLAT_SECONDS and not self._late:
                self._late = True
                text = f"not flat after {_FLAT_SECONDS:g} s: {', '.join(left + actor.unheard())}"
                actor.tell_alarms(RaiseAlarm("breaker.not_flat", text))
        if self.breaker.tripped and (entries or self.breaker.state is not TradingState.LATCHED):
            actor.look_soon()

    def _left(self, *, late: bool = False) -> list[str]:
        """Symbols that are to be closed; once latched only what is under management is touched again."""
        everything = self.breaker.goal is BreakerGoal.FLATTEN_ALL and not late
        return self._actor.open_symbols(everything=everything)

    def closing(self) -> tuple[str, ...]:
        """Return the symbols that are not flat yet."""
        return tuple(self._left()) if self.breaker.state is TradingState.FLATTENING else ()

    def _why_closed(self) -> str:
        breaker = self.breaker
        if breaker.trigger is BreakerTrigger.KILL_SWITCH:
            return breaker.reason
        return f"breaker: {breaker.trigger}"

    def _due(self, what: str, now: float) -> bool:
        if now - self._asked.get(what, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
            return False
        self._asked[what] = now
        return True

    # moves

    def _move(
        self,
        event: BreakerEvent,
        reason: str,
        by: str = "portfolio",
        goal: BreakerGoal | None = None,
        trigger: BreakerTrigger | None = None,
        *,
        text: str = "",
    ) -> ReplyFuture[CommandOutcome]:
        """Go on by an event. The answer comes when that is durable."""
        answer: ReplyFuture[CommandOutcome] = self._actor.promise()
        before = self.breaker
        try:
            self.breaker = after = before.after(event, reason, goal, trigger)
        except BreakerRefused as refused:
            answer.set(CommandRefused(str(refused), self.words))
            return answer
        if after.state is not before.state:
            self.since = self._actor.environment.now()
        self._told.note(after, self.since)
        self._entered = trio.current_time()
        self._late = False
        if event not in _STEPS:
            self._asked.clear()
        if event is BreakerEvent.REARM:
            self._begin_anew()
        moved = BreakerMoved(
            event=event,
            before=before.state,
            after=after.state,
            goal=after.goal,
            trigger=after.trigger,
            reason=reason,
            by=by,
        )
        token = f"breaker-{self._actor.environment.new_id()}"
        self._answers[token] = (answer, CommandAccepted(text=text), before)
        # what allows risk again is not written where the journal has failed; the rest goes to its reserve
        safe = after.state is not TradingState.ACTIVE
        self._append(Entry("portfolio", moved), token=token, reduces_risk=safe)
        self._tell(event, before, reason)
        self.step()
        return answer

    def _begin_anew(self) -> None:
        self.rearmed = self._actor.environment.now()
        self.losses = 0
        self.rejected = {True: [], False: []}
        self._actor.rearm(self.rearmed)

    def _tell(self, event: BreakerEvent, before: Breaker, reason: str) -> None:
        actor, after = self._actor, self.breaker
        log(
            "breaker.moved",
            level="INFO" if after.state is TradingState.ACTIVE else "WARNING",
            actor=actor.address.name,
            cause=str(event),
            before=str(before.state),
            after=str(after.state),
            goal=None if after.goal is None else str(after.goal),
            standing=after.reason,
            trigger=None if after.trigger is None else str(after.trigger),
            reason=reason,
        )
        if after.state is TradingState.ACTIVE:
            log("system.resumed", actor=actor.address.name, reason=reason)
            for trigger in BreakerTrigger:
                actor.tell_alarms(ClearAlarm(f"risk.{trigger}"))
            actor.bus.publish(ResumedEvent(reason))
        else:
            if event not in _STEPS:
                log("system.halted", level="WARNING", actor=actor.address.name, reason=reason)
            actor.bus.publish(HaltedEvent(self.words))
        if event is BreakerEvent.LATCH:
            actor.tell_alarms(ClearAlarm("breaker.not_flat"))

    def settle(self, token: str, error: str = "") -> None:
        """Answer what was asked for, now that it is durable, or is not. Tokens of an earlier incarnation are over."""
        waiting = self._answers.pop(token, None)
        if waiting is None:
            return
        answer, outcome, before = waiting
        if error:
            self._take_back(before)
        answer.set(CommandRefused("the journal has failed", error) if error else outcome)

    def _take_back(self, before: Breaker) -> None:
        """What was to allow risk again is not durable: it stands as it stood, unless it goes further by now."""
        breaker = self.breaker
        if before.goal is None or at_least(breaker.goal, before.goal):
            return
        self.breaker, self.since = before, self._actor.environment.now()
        self._told.note(before, self.since)
        self._append(reduces_risk=True)
        log(
            "breaker.moved",
            level="WARNING",
            actor=self._actor.address.name,
            cause="taken back",
            before=str(breaker.state),
            after=str(before.state),
            goal=str(before.goal),
            standing=before.reason,
            trigger=None if before.trigger is None else str(before.trigger),
            reason="the journal has failed under what was to end it",
        )
        self._actor.bus.publish(HaltedEvent(self.words))
        self.step()

    def write(self) -> None:
        """Journal how everything stands; nobody waits for it."""
        self._append()

    def _append(self, *first: Entry, token: str = "", reduces_risk: bool = False) -> None:
        actor, breaker, figures = self._actor, self.breaker, self._actor.figures
        own, brokers, equity = figures.peaks
        standing = RiskStanding(
            state=breaker.state,
            goal=breaker.goal,
            trigger=breaker.trigger,
            reason=breaker.reason,
            since=self.since,
            rearmed=self.rearmed,
            day=figures.day,
            baselines=tuple(sorted(figures.pnl.baselines.items())),
            peak_own=own,
            peak_broker=brokers,
            peak_equity=equity,
            rejected_entries=tuple(self.rejected[True]),
            rejected_exits=tuple(self.rejected[False]),
        )
        figures.written()
        entries = (*first, Entry("portfolio", standing, checkpoint=True))
        reply_to = actor.address.name if token else ""
        actor.system.address("journal").tell(Append(entries, reply_to, token, reduces_risk=reduces_risk))
