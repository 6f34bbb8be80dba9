"""The gates of a position before an entry, all of them, so that the journal can say why it was or was not made."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from domain.limits import LimitCheck
from messages.order import OrderRequest, Side, SubmitOrders
from messages.position import OpenPosition, PositionPlanned
from messages.verdict import GateVerdict

__all__ = ["STAGE", "Standing", "entry_of", "outcome_text", "weigh_entry", "worth_recording"]

STAGE = "position"


@frozen(slots=True, kw_only=True)
class Standing:
    """What a position's gates look at. Texts say why not; "" is fine."""

    used: bool  # the signal was acted on before
    not_allowed: str
    difference: str
    closing: str
    plan: PositionPlanned | None
    held: Decimal
    instrument: str
    quote: str
    price: float
    market: tuple[LimitCheck, ...]  # hours, short sale
    plannable: str  # why no order follows from the command: sizes, exits
    planned: OrderRequest | None  # the entry that would follow from it


def weigh_entry(command: OpenPosition, now: Standing) -> tuple[GateVerdict, ...]:
    """Return what each gate says of a command to open a position, in the order in which they are asked."""
    price = f"{'ask' if command.side.sign > 0 else 'bid'} {now.price}"
    return (
        _verdict("signal", f"acted on already: {command.signal_id}" if now.used else "", "not acted on before"),
        _verdict("reconciled", now.not_allowed, "in agreement with the broker"),
        _verdict("holding", now.difference, "executions and broker agree"),
        _verdict("closing", now.closing, "not being closed"),
        _side(command, now),
        _verdict("instrument", now.instrument, "described by the broker"),
        _verdict("quote", now.quote, price),
        *(GateVerdict(STAGE, check.name, not check.reason, _said(check)) for check in now.market),
        _verdict("size and exits", now.plannable, _terms(now.planned)),
    )


def entry_of(group: SubmitOrders) -> OrderRequest | None:
    """Return the order of a group that adds risk, None where none does."""
    return next((order for order in group.orders if order.role.adds_risk), None)


def worth_recording(source: str, signal_id: str | None) -> bool:
    """Whether a refusal is journaled with all its verdicts: those of predictions and of people, of which there are few.

    A rule on prices may be refused with every tick.
    """
    return signal_id is not None or not source.startswith("rule:")


def outcome_text(reason: str, figures: str) -> str:
    """Return a refusal as one text."""
    return f"{reason} ({figures})" if figures else reason


def _side(command: OpenPosition, now: Standing) -> GateVerdict:
    plan = now.plan
    if plan is None:
        against = f"a holding that is not managed: {now.held} held" if now.held else ""
        return _verdict("side", against, "no position")
    word = "long" if plan.side is Side.BUY else "short"
    if command.side is not plan.side:
        return _verdict("side", "", f"{word}, {now.held} held: closed first, then entered the other way")
    return _verdict("side", "" if command.add else f"already {word}: {now.held} held", f"adds to {now.held} held")


def _verdict(gate: str, against: str, figures: str) -> GateVerdict:
    return GateVerdict(STAGE, gate, not against, against or figures)


def _said(check: LimitCheck) -> str:
    return f"{check.reason}: {check.figures}" if check.reason else check.figures


def _terms(entry: OrderRequest | None) -> str:
    if entry is None:
        return ""
    limit = "" if entry.limit_price is None else f" {entry.limit_price}"
    return f"{entry.side} {entry.quantity} {entry.order_type}{limit}"
