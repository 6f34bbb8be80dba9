"""Which symbols have an open plan, and what the day's closed positions earned: counted from the journal.

So that a start need not count every plan that ever was, the count itself is journaled now and then.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import Factory, define

from actors.runtime.address import Address
from messages.journal import Append, Entry, Record, Replay
from messages.position import PositionClosed, PositionPlanned
from messages.risk import PlansCounted

__all__ = ["EVERY", "Plans"]

EVERY = 2_000
"""Records of plans and closings after which the count is journaled."""

_KINDS = (PositionPlanned.__name__, PositionClosed.__name__)


@define(slots=True)
class Plans:
    """The count up to the record `upto`. `day` is the last (UTC) on which a position closed."""

    upto: int = 0
    symbols: set[str] = Factory(set)
    day: str = ""
    realized: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)

    @classmethod
    async def counted(cls, journal: Address) -> Plans:
        """Return the count as of now. Raises JournalError."""
        records = await journal.ask(Replay(kinds=(PlansCounted.__name__,)))
        plans = cls()
        if records:
            last: PlansCounted = records[-1].payload
            plans = cls(last.upto, set(last.symbols), last.day, last.realized_pnl, last.commission)
        await plans.go_on(journal)
        return plans

    async def go_on(self, journal: Address) -> None:
        """Count what has come since, and journal the count where that was much. Raises JournalError."""
        counted = 0
        while records := await journal.ask(Replay(kinds=_KINDS, after=self.upto, most=EVERY)):
            for record in records:
                self._count(record)
            counted += len(records)
        if counted >= EVERY:
            fact = PlansCounted(self.upto, tuple(sorted(self.symbols)), self.day, self.realized, self.commission)
            journal.tell(Append((Entry("plans", fact),)))

    def _count(self, record: Record) -> None:
        self.upto = record.sequence
        match record.payload:
            case PositionPlanned(symbol=symbol):
                self.symbols.add(symbol)
            case PositionClosed(symbol=symbol, day=day) as closed:
                self.symbols.discard(symbol)
                if day > self.day:
                    self.day, self.realized, self.commission = day, Decimal(0), Decimal(0)
                if day == self.day:
                    self.realized += closed.realized_pnl
                    self.commission += closed.commission
