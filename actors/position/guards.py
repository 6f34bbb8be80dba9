"""The guards that look at the market of one symbol: its hours, and whether it may be sold short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.calendars import exchange_hours
from domain.entries import EntryRefused
from domain.guards import hours_refusal, short_refusal
from domain.limits import LimitCheck
from messages.market import Instrument
from messages.order import Side

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["guard", "market_checks"]


def market_checks(actor: PositionActor, side: Side) -> tuple[LimitCheck, ...]:
    """Return what each guard says of an entry on this side now; none while the contract is not described."""
    instrument = actor.instrument
    if instrument is None:
        return ()
    held, risk = actor.book.quantity, actor.settings.risk
    return (
        _hours(actor, instrument),
        LimitCheck("short sale", *short_refusal(side, held, actor.quote.shortable, allowed=risk.allow_short)),
    )


def guard(actor: PositionActor, side: Side) -> None:
    """Raise EntryRefused with the first guard that stands against an entry on this side."""
    for check in market_checks(actor, side):
        if check.reason:
            raise EntryRefused(check.reason, check.figures)


def _hours(actor: PositionActor, instrument: Instrument) -> LimitCheck:
    rule, now = actor.settings.risk.entry_hours, actor.environment.now()
    told = bool(instrument.liquid_hours and instrument.time_zone)
    needed = rule == "calendar" or (rule == "broker" and not told)
    calendar = exchange_hours(actor.settings.calendar(actor.symbol), now) if needed else None
    return LimitCheck("market hours", *hours_refusal(instrument, now, rule, calendar))
