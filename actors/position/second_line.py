"""The local monitor's part: to see that the broker's stop did what it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from domain.exits import ExitReason
from domain.sessions import in_liquid_hours
from messages.gateway import AskBroker

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["AskFirst", "GraceOver", "NotExecuted", "SecondLine", "StopCrossed"]

# The order first: an alarm takes half the time that an order takes until its bytes leave.
WORDS_AFTER_SECONDS = 0.01
_ASK_AFTER = 0.6  # of the grace: the rest of it is for the broker's lists


@frozen(slots=True)
class StopCrossed:
    """A price has gone through the stop."""

    price: float


@frozen(slots=True)
class AskFirst:
    """The stop should have filled, and nothing was heard: an execution may have got lost."""


@frozen(slots=True)
class GraceOver:
    """The broker has had its time to execute the stop."""

    price: float


@frozen(slots=True)
class NotExecuted:
    """The broker has not executed the stop, and the position is being closed from here."""

    text: str


class SecondLine:
    """When a price is through the stop and, `risk.local_stop_grace_seconds` later, still is and nothing has filled,
    the position is closed from here, with an alarm: by the same careful closing as any other, never by a second order
    beside a live stop.

    Outside the contract's liquid hours it only waits: stops at the broker do not trigger then either, and a market
    order would rest until the open.
    """

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._crossed = False

    def crossed(self, reason: ExitReason, price: float) -> None:
        """Note a tick that reached an exit. A target rests as a limit order: nothing is worse for waiting."""
        if self._crossed or reason is ExitReason.TARGET or self._actor.closing is not None:
            return
        if self._actor.holding.split:
            return  # the price has another basis than the stop (INC-36)
        self._crossed = True
        self._actor.tell_self(StopCrossed(price))

    def calm(self) -> None:
        """Note a fill, or the end of the position: what was crossed has had its effect."""
        self._crossed = False

    def step(self, message: StopCrossed | AskFirst | GraceOver | NotExecuted) -> None:
        """Give the broker its time, ask it meanwhile, and then look; last of all say what was found."""
        if isinstance(message, NotExecuted):
            self._actor.alarm("stop.not_executed", message.text)
            return
        if isinstance(message, AskFirst):
            if self._crossed:
                self._actor.system.address("gateway").tell(AskBroker(f"the stop of {self._actor.symbol} was crossed"))
            return
        grace = self._actor.settings.risk.local_stop_grace_seconds
        if grace and isinstance(message, StopCrossed):
            self._actor.after(grace * _ASK_AFTER, AskFirst())
            self._actor.after(grace, GraceOver(message.price))
            return
        actor = self._actor
        monitor, instrument = actor.levels.monitor, actor.instrument
        if not self._crossed or monitor is None or instrument is None:
            return
        self._crossed = False
        if not actor.book.quantity or actor.closing is not None or actor.book.awaits_exit():
            return
        if monitor.on_price(actor.quote.last) in (None, ExitReason.TARGET):
            return
        if in_liquid_hours(instrument, actor.environment.now()):
            text = f"{message.price} went through the stop {monitor.stop}, and the broker's stop has not executed"
            actor.begin_closing(str(monitor.moved or ExitReason.STOP), "position")
            actor.after(WORDS_AFTER_SECONDS, NotExecuted(text))
