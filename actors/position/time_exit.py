"""Leaving a position because its time is up."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from attrs import frozen

from domain.sessions import in_liquid_hours
from domain.time_exits import leaves_at, zone_of
from messages.position import HeldOverClose

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["REASON", "TimeExit", "TimeIsUp"]

REASON = "time_exit"
LONGEST_SECONDS = 3600.0  # between two looks at the clock: it may be set, and so may the exchange's
CLOSED_SECONDS = 15.0  # between two looks while the exchange is closed


@frozen(slots=True)
class TimeIsUp:
    """To oneself: it may be time to leave."""

    look: int


class TimeExit:
    """Follows from the plan and the time of the first fill alone, so a restart leaves when it would have, or at once.

    Outside the contract's liquid hours it waits for them: a market order would rest until the open, and a position that
    was stopped meanwhile would be opened the other way. Once begun, the closing is in the journal and goes on.
    """

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._of: tuple[object, ...] = ()
        self._looks = 0
        self.due: datetime | None = None
        """When the position is left; None while no time is set."""

    def refresh(self) -> None:
        """Compute the instant anew where plan or opening have changed, and see to it that it is noticed."""
        actor = self._actor
        opened = actor.book.ledger.opened if actor.book.plan is not None else None
        key = (actor.book.exits, opened, actor.instrument)
        if key == self._of:
            return
        self._of = key
        self.due = None
        self._looks += 1
        if opened is None or actor.instrument is None:
            return
        try:
            self.due = leaves_at(actor.book.exits, opened, zone_of(actor.instrument.time_zone))
        except ValueError as error:
            actor.alarm("protection.impossible", f"the exits are no times: {error}")
            return
        if self.due is not None:
            self._wait(0.0)

    def look(self, message: TimeIsUp) -> None:
        """Leave if it is time, or look again later."""
        actor, due = self._actor, self.due
        if message.look != self._looks or due is None or not actor.book.quantity or actor.closing is not None:
            return
        now = actor.environment.now()
        if now < due:
            self._wait(min((due - now).total_seconds(), LONGEST_SECONDS))
        elif actor.instrument is not None and in_liquid_hours(actor.instrument, now):
            actor.begin_closing(REASON, "position")
        else:
            exit_at = actor.book.exits.exit_at
            if exit_at is not None:  # who names a time of day does not want to hold it over the close
                text = f"it was to be left by {exit_at}, and the exchange is closed: it is left when that opens"
                actor.alarm("position.not_closed", text)
            self._wait(CLOSED_SECONDS)

    def held_over(self, message: HeldOverClose) -> None:
        """Say that it was to be flat before the close, and is not; where a time of day of its own has passed too, that
        is said already."""
        actor, due = self._actor, self.due
        said = due is not None and actor.book.exits.exit_at is not None and actor.environment.now() >= due
        if actor.book.quantity and actor.closing is None and not said:
            close = f"the close of {message.closed:%Y-%m-%d %H:%M} UTC"
            actor.alarm("position.not_closed", f"held over {close}, and was to be flat by {message.flatten_at}")

    def _wait(self, seconds: float) -> None:
        if seconds:
            self._actor.after(seconds, TimeIsUp(self._looks))
        else:
            self._actor.tell_self(TimeIsUp(self._looks))
