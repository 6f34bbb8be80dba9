"""What the breaker told last, beyond the end of an incarnation of the portfolio."""

from __future__ import annotations

from datetime import datetime

from attrs import Factory, define

from domain.breaker import Breaker
from messages.risk import TradingState

__all__ = ["LastTold"]


@define(slots=True)
class LastTold:
    """A move takes effect before it is durable: entries are cancelled, and everybody hears that new risk is stopped.

    Where the journal fails under it, the portfolio is started again with it, from a journal that lacks the move. What
    takes risk away stands all the same; what allows it does not.
    """

    breaker: Breaker = Factory(Breaker)
    since: datetime | None = None

    def note(self, breaker: Breaker, since: datetime) -> None:
        """Keep where it stands."""
        self.breaker, self.since = breaker, since

    @property
    def stopped(self) -> bool:
        """Whether new risk was stopped."""
        return self.breaker.state is not TradingState.ACTIVE
