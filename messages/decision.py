"""Why something was traded or not: every gate, as it stood when it was decided, for the journal."""

from __future__ import annotations

from attrs import frozen

from messages.gateway import OutgoingOrder
from messages.order import SubmitOrders
from messages.position import OpenPosition
from messages.verdict import GateVerdict

__all__ = ["EntryWeighed", "RuleSkipped", "RulesWeighed", "WeighEntry", "WeighOrders", "WeighOutgoing"]


# rules → position


@frozen(slots=True)
class WeighEntry:
    """Judge this command by every gate and have the verdicts journaled. Nothing is planned, reserved or sent.

    `reason` is why it is not carried out.
    """

    command: OpenPosition
    reason: str


# position → portfolio → orders


@frozen(slots=True, kw_only=True)
class WeighOrders:
    """Judge these orders, which are not to be sent, by every gate from here on, and have all verdicts journaled.

    `verdicts` are those of the gates before; without orders (no price, no size) only what needs none is judged.
    """

    symbol: str
    group: SubmitOrders | None
    verdicts: tuple[GateVerdict, ...]
    source: str
    signal_id: str | None
    outcome: str


# journal (stream "rules")


@frozen(slots=True)
class RulesWeighed:
    """What each rule said to a prediction, one that the rules were not given included: written once for each."""

    symbol: str
    signal_id: str
    verdicts: tuple[GateVerdict, ...]


@frozen(slots=True)
class RuleSkipped:
    """A rule's condition held for a prediction, and yet it did nothing."""

    rule_id: str
    symbol: str
    signal_id: str
    reason: str


# journal (stream: the symbol)


@frozen(slots=True, kw_only=True)
class EntryWeighed:
    """Every gate that stood before an entry, with its figures, written before or together with the intents.

    An empty `outcome` says that it was let through as `order_refs`; any other says why not.
    """

    symbol: str
    source: str
    signal_id: str | None
    order_refs: tuple[str, ...]
    outcome: str
    verdicts: tuple[GateVerdict, ...]


# orders → gateway, which gives the record back to orders


@frozen(slots=True)
class WeighOutgoing:
    """Judge these orders, which are not to be sent and have no ids, by every gate from here on, and give `fact` back
    with what was found."""

    fact: EntryWeighed
    orders: tuple[OutgoingOrder, ...]
    deadline_seconds: float
