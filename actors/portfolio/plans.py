"""Which symbols have an open plan, and what the day's closed positions earned: counted from the journal.

So that a start need not count every plan that ever was, the count itself is journaled now and then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from attrs import Factory, define

from actors.runtime.address import Address
from messages.journal import Append, Entry, Record, Replay
from messages.position import CORRECTION, PositionClosed, PositionPlanned
from messages.risk import PlansCounted

__all__ = ["EVERY", "Plans", "losses_after"]

EVERY = 2_000
"""Records of plans and closings after which the count is journaled."""

_KINDS = (PositionPlanned.__name__, PositionClosed.__name__)


@define(slots=True)
class Plans:
    """The count up to the record `upto`. `day` is the last on which a position closed, `closed` what each symbol's came
    to on it (realised, commission), `losses` how many in a row, in any symbol, came to less than nothing."""

    day_of: Callable[[datetime], str]
    upto: int = 0
    symbols: set[str] = Factory(set)
    day: str = ""
    closed: dict[str, tuple[Decimal, Decimal]] = Factory(dict)
    losses: int = 0
    _rearmed: datetime | None = None

    @classmethod
    async def counted(
        cls, journal: Address, day_of: Callable[[datetime], str], rearmed: datetime | None = None
    ) -> Plans:
        """Return the count as of now, of losses since `rearmed`. Raises JournalError."""
        records = await journal.ask(Replay(kinds=(PlansCounted.__name__,)))
        plans = cls(day_of, rearmed=rearmed)
        if records:
            last: PlansCounted = records[-1].payload
            plans.upto, plans.symbols, plans.day = last.upto, set(last.symbols), last.day
            plans.closed = {symbol: (realized, commission) for symbol, realized, commission in last.by_symbol}
            if not last.by_symbol and (last.realized_pnl or last.commission):
                plans.closed = {"": (last.realized_pnl, last.commission)}  # written before symbols were told apart
            plans.losses = last.losses if rearmed is None or rearmed < records[-1].time else 0
        await plans.go_on(journal)
        return plans

    @property
    def realized(self) -> Decimal:
        """What the positions that closed on `day` earned, whatever their currencies."""
        return sum((realized for realized, _ in self.closed.values()), Decimal(0))

    @property
    def commission(self) -> Decimal:
        """What they cost."""
        return sum((commission for _, commission in self.closed.values()), Decimal(0))

    def rearm(self, now: datetime) -> None:
        """Count losses in a row from now on."""
        self.losses, self._rearmed = 0, now

    async def go_on(self, journal: Address) -> None:
        """Count what has come since, and journal the count where that was much. Raises JournalError."""
        counted = 0
        while records := await journal.ask(Replay(kinds=_KINDS, after=self.upto, most=EVERY)):
            for record in records:
                self._count(record)
            counted += len(records)
        if counted >= EVERY:
            by_symbol = tuple((symbol, *closed) for symbol, closed in sorted(self.closed.items()))
            fact = PlansCounted(
                self.upto,
                tuple(sorted(self.symbols)),
                self.day,
                self.realized,
                self.commission,
                by_symbol,
                self.losses,
            )
            journal.tell(Append((Entry("plans", fact),)))

    def _count(self, record: Record) -> None:
        self.upto = record.sequence
        match record.payload:
            case PositionPlanned(symbol=symbol):
                self.symbols.add(symbol)
            case PositionClosed(symbol=symbol) as closed:
                self.symbols.discard(symbol)
                day = self.day_of(record.time)
                if day > self.day:
                    self.day, self.closed = day, {}
                if day == self.day:
                    realized, commission = self.closed.get(symbol, (Decimal(0), Decimal(0)))
                    self.closed[symbol] = (realized + closed.realized_pnl, commission + closed.commission)
                if closed.reason != CORRECTION and (self._rearmed is None or record.time > self._rearmed):
                    self.losses = losses_after(self.losses, closed.realized_pnl - closed.commission)


def losses_after(losses: int, result: Decimal) -> int:
    """Return how many losses in a row there are after one more result; nothing earned, nothing lost changes none."""
    return losses + 1 if result < 0 else losses if result == 0 else 0
