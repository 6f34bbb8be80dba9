"""Comparing what a position holds by its executions with what the broker says it holds."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import inf
from typing import TYPE_CHECKING

import trio
from attrs import frozen

from config.logging import log
from domain.corporate_actions import split_ratio
from messages.gateway import AskBroker
from messages.position import BrokerHolding

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["HoldingCheck", "QuietAgain"]

QUIET_SECONDS = 3.0  # position messages lag behind fills (INC-32)


@frozen(slots=True)
class QuietAgain:
    """Enough time without a fill has passed to ask the broker once more."""


class HoldingCheck:
    """A difference is never booked: the first is asked about again after a quiet while; if it stands then, it is an
    alarm, and the symbol takes no new risk until both agree.

    While the broker holds less than the executions say, no new exits are sent and no command closes the position: they
    could only open one on the other side (INC-34). What rests already stays.
    """

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self.last_fill = -inf
        self._asked = False
        self.difference: str | None = None
        self.split = ""  # what a split seems to have changed: prices of before say nothing then
        self._told: Decimal | None = None  # the broker's word where it differs and no fill has come since
        self._latest: BrokerHolding | None = None
        self._claimed_since: float | None = None  # the broker holds what we do, though it says that an exit has filled

    @property
    def short(self) -> bool:
        """Whether the broker, long enough after the last fill, holds less than the executions say."""
        own = self._actor.book.quantity
        return self._told is not None and abs(own) > (self._told if own > 0 else -self._told)

    @property
    def confirmed(self) -> BrokerHolding | None:
        """What the broker holds, asked twice, where executions say another quantity; None where it says the same."""
        return self._latest if self._told is not None else None

    @property
    def asking(self) -> bool:
        """Whether the broker has said another quantity once, and is asked again."""
        return self._asked and self._told is None

    def filled(self) -> None:
        """Note a fill: what the broker said before it says nothing now."""
        self.last_fill = trio.current_time()
        self._told = None

    def compare(self, holding: BrokerHolding) -> None:
        """Compare with a complete snapshot's word."""
        actor = self._actor
        self._latest = holding
        own = actor.book.quantity
        if holding.quantity == own:
            self._asked = False
            self.difference = self._told = None
            self.split = ""
            actor.clear("reconcile.difference")
            actor.clear("position.split")
            self._weigh_claims()
            actor.converge()
            return
        self._claimed_since = None
        quiet = trio.current_time() - self.last_fill >= QUIET_SECONDS
        self._told = holding.quantity if quiet else None
        if not (self._asked and quiet):
            if not self._asked:
                self._asked = True
                actor.after(QUIET_SECONDS, QuietAgain())
            return
        self.difference = f"broker {holding.quantity}, executions {own}"
        log(
            "reconcile.difference",
            level="ERROR",
            actor=actor.address.name,
            symbol=actor.symbol,
            held_at_broker=holding.quantity,
            held_by_fills=own,
            epoch=holding.epoch,
        )
        actor.alarm("reconcile.difference", self.difference)
        self.split = self._split(holding)
        if self.split:
            actor.alarm("position.split", self.split)
        else:
            actor.clear("position.split")

    def _weigh_claims(self) -> None:
        """The broker holds what executions say: a fill that it names beside them was idle talk, if it does so again
        after a while."""
        if not self._actor.book.awaits_exit():
            self._claimed_since = None
        elif self._claimed_since is None:
            self._claimed_since = trio.current_time()
            self._actor.after(QUIET_SECONDS, QuietAgain())
        elif trio.current_time() - self._claimed_since >= QUIET_SECONDS:
            self._claimed_since = None
            self._actor.book.deny_claims()

    def _split(self, holding: BrokerHolding) -> str:
        """Say what a split seems to have made of the position and of its exits (INC-36); "" where none explains it.

        Nothing is changed: the broker may adjust what rests there, and two who do it double it.
        """
        book, price = self._actor.book, self._actor.book.ledger.average_price
        ratio = split_ratio(book.quantity, price, holding.quantity, holding.average_cost)
        if ratio is None or price is None:
            return ""
        exits = [
            f"{leg.role} {leg.remaining} at {leg.stop_price or leg.limit_price}, by the new basis "
            f"{abs(holding.quantity)} at {round((leg.stop_price or leg.limit_price or price) / _decimal(ratio), 4)}"
            for leg in book.all_exits()
            if not leg.status.done
        ]
        return (
            f"since {self._actor.environment.now():%Y-%m-%d %H:%M} UTC it looks like a split {ratio.numerator} for "
            f"{ratio.denominator}: {book.quantity} at {round(price, 4)} are {holding.quantity} at "
            f"{round(holding.average_cost, 4)}; {'; '.join(exits) or 'no exits rest'}"
        )

    def ask_again(self) -> None:
        """Ask the broker once more, when nothing has filled for a while."""
        waited = trio.current_time() - self.last_fill
        if waited < QUIET_SECONDS:
            self._actor.after(QUIET_SECONDS - waited, QuietAgain())
            return
        self._actor.system.address("gateway").tell(AskBroker(f"holding of {self._actor.symbol} differs"))


def _decimal(ratio: Fraction) -> Decimal:
    return Decimal(ratio.numerator) / Decimal(ratio.denominator)
