"""All that a venue has to be told to go on where it left off."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from simulator.model import Commission, Execution, Order
from simulator.venue.ledger import Holding, Ledger
from simulator.venue.working import Stage, Working

__all__ = ["Course", "Held", "Standing", "course_of", "held_of"]


@frozen(slots=True, kw_only=True)
class Course:
    """Where an order is on its way; see `Working`, whose names these are."""

    rank: int
    stage: Stage
    released: bool
    located: bool
    triggered: bool
    met: bool
    hits: int
    level: Decimal | None
    best: float | None  # None: nothing followed yet
    limit_offset: Decimal
    notional: Decimal
    charged: Decimal
    starts: datetime | None
    pauses: datetime | None
    expires: datetime | None


@frozen(slots=True, kw_only=True)
class Held:
    """What an account holds, or has held, of one contract; see `Holding`."""

    account: str
    con_id: int
    quantity: Decimal
    cost: Decimal
    fees: Decimal
    realized: Decimal
    unrealized_before: Decimal


@frozen(slots=True, kw_only=True)
class Standing:
    """A venue at one moment. Markets are not part of it: they come from the feed."""

    time: datetime
    orders: Sequence[tuple[Order, Course]]  # in order of their permanent ids
    fills: Sequence[tuple[Execution, Commission]]  # oldest first
    opening_cash: Decimal
    purses: Mapping[str, Mapping[str, Decimal]]  # account → currency → cash
    holdings: Sequence[Held]
    rates: Mapping[str, Decimal]
    day_began: datetime | None
    day_start: Mapping[str, Decimal]  # account → its net value then
    freed: Collection[int]  # permanent ids of orders whose own ids mean nothing any more
    refused: Collection[tuple[int, int]]  # client and order id of orders that were not accepted


def course_of(working: Working) -> Course:
    """Return where an order is."""
    return Course(
        rank=working.rank,
        stage=working.stage,
        released=working.released,
        located=working.located,
        triggered=working.triggered,
        met=working.met,
        hits=working.hits,
        level=working.level,
        best=working.best if working.best == working.best else None,
        limit_offset=working.limit_offset,
        notional=working.notional,
        charged=working.charged,
        starts=working.starts,
        pauses=working.pauses,
        expires=working.expires,
    )


def held_of(ledger: Ledger) -> list[Held]:
    """Return the holdings of all accounts."""
    return [_held(holding) for account in ledger.accounts for holding in ledger.holdings(account)]


def _held(holding: Holding) -> Held:
    return Held(
        account=holding.account,
        con_id=holding.definition.contract.con_id,
        quantity=holding.quantity,
        cost=holding.cost,
        fees=holding.fees,
        realized=holding.realized,
        unrealized_before=holding.unrealized_before,
    )
