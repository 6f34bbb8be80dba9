"""From SubmitOrders to the gateway: gates, ids, the durable intent, then the bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import trio
from attrs import evolve, frozen

from actors.orders.desk import OrderDesk
from actors.orders.log import log_event
from config.settings import BrokerSettings
from domain.entry_gates import entry_of, worth_recording
from domain.ids import OrderIdsExhausted
from domain.order_gates import Circumstances, Verdict, denials, gates, judge
from messages.decision import EntryWeighed, WeighOrders, WeighOutgoing
from messages.gateway import OrderNotSent, OutgoingOrder, PlaceOrders, Priority
from messages.journal import Append, Entry
from messages.order import (
    CancelOrder,
    GroupRefused,
    IdsReserved,
    OrderDenied,
    OrderDeniedEvent,
    OrderIntended,
    OrderRequest,
    OrderStatus,
    OrderView,
    Role,
    SubmitOrders,
)
from messages.verdict import GateVerdict

__all__ = ["Submission"]


@frozen(slots=True)
class _Pending:
    """A group whose intents are being written."""

    group: SubmitOrders
    intents: tuple[OrderIntended, ...]


class Submission:
    """Takes groups of orders. Several wait for the journal at a time and share its fsync; answers may come in any
    order."""

    def __init__(self, desk: OrderDesk, settings: BrokerSettings) -> None:
        self._desk = desk
        self._settings = settings
        self._pending: dict[str, _Pending] = {}  # token → group
        self._refs: set[str] = set()  # references in those groups
        self._cancelled: dict[str, CancelOrder] = {}  # cancellations of orders in those groups
        self._leaving: dict[str, float] = {}  # order_ref → when it came, of orders whose bytes have not left

    @property
    def waiting(self) -> int:
        """How many groups wait for the journal."""
        return len(self._pending)

    def submit(self, group: SubmitOrders) -> None:
        """Judge a group and have its intents written; refuse it as a whole where a gate stands against any of it."""
        desk = self._desk
        verdicts = judge(group, self._circumstances())
        denied = denials(verdicts)
        weighed = self._weighed(group, verdicts, denied)
        if denied or not group.orders:
            if weighed is not None:
                self._have_weighed(weighed, group)
            self._refuse(group, denied)
            return
        try:
            ids, reservation = desk.book.ids.take(len(group.orders))
        except OrderIdsExhausted as error:
            desk.alarm("order.ids_exhausted", str(error))
            self._refuse(group, tuple(OrderDenied(order.order_ref, str(error)) for order in group.orders))
            return
        intents = tuple(
            OrderIntended(order, order_id, desk.book.client_id, desk.account, group.reference_price)
            for order, order_id in zip(group.orders, ids, strict=True)
        )
        entries = [Entry(intent.order.symbol, intent) for intent in intents]
        if weighed is not None:
            entries.insert(0, Entry(weighed.symbol, weighed))
        if reservation is not None:
            entries.insert(0, Entry("orders", IdsReserved(reservation)))
        token = desk.token()
        self._pending[token] = _Pending(group, intents)
        self._refs.update(order.order_ref for order in group.orders)
        self._leaving.update((order.order_ref, trio.current_time()) for order in group.orders)
        safe = not any(order.role.adds_risk for order in group.orders)
        desk.journal.tell(Append(tuple(entries), desk.context.address.name, token, reduces_risk=safe))

    def weigh(self, message: WeighOrders) -> None:
        """Judge orders that are not to be sent, and have the verdicts of all gates journaled."""
        now = self._circumstances()
        if message.group is None:
            verdicts: tuple[GateVerdict, ...] = (
                GateVerdict("orders", "reconciled", not now.not_reconciled, now.not_reconciled),
                GateVerdict("orders", "halted", not now.halted, now.halted),
                GateVerdict("orders", "hold", message.symbol not in now.on_hold, now.on_hold.get(message.symbol, "")),
            )
        else:
            # whether the portfolio clears them it has said itself
            verdicts = gates(message.group, judge(evolve(message.group, cleared=True), now))
        fact = EntryWeighed(
            symbol=message.symbol,
            source=message.source,
            signal_id=message.signal_id,
            order_refs=(),
            outcome=message.outcome,
            verdicts=message.verdicts + verdicts,
        )
        self._have_weighed(fact, message.group)

    def weighed(self, fact: EntryWeighed) -> None:
        """The gateway has judged too what is not sent: the record is whole."""
        self._desk.journal.tell(Append((Entry(fact.symbol, fact),)))

    def _have_weighed(self, fact: EntryWeighed, group: SubmitOrders | None) -> None:
        outgoing: tuple[OutgoingOrder, ...] = ()
        if group is not None:
            account, quote = self._desk.account, group.reference_price
            outgoing = tuple(OutgoingOrder(order, 0, account, reference_price=quote) for order in group.orders)
        self._desk.gateway.tell(WeighOutgoing(fact, outgoing, self._settings.entry_deadline_seconds))

    def _weighed(
        self, group: SubmitOrders, verdicts: Mapping[str, tuple[Verdict, ...]], denied: tuple[OrderDenied, ...]
    ) -> EntryWeighed | None:
        """Return the record of all verdicts on a group that adds risk, None where none is to be made."""
        entry = entry_of(group)
        if entry is None or (denied and not worth_recording(entry.source, entry.signal_id)):
            return None
        return EntryWeighed(
            symbol=entry.symbol,
            source=entry.source,
            signal_id=entry.signal_id,
            order_refs=tuple(order.order_ref for order in group.orders),
            outcome=denied[0].reason if denied else "",
            verdicts=group.verdicts + gates(group, verdicts),
        )

    def _circumstances(self) -> Circumstances:
        desk = self._desk
        return Circumstances(
            connected=desk.epoch > 0,
            not_reconciled=desk.not_reconciled,
            halted=desk.halted,
            on_hold=desk.holds(),
            instruments=desk.instruments,
            known_refs=_Known(desk, self._refs),
        )

    def cancelled(self, cancel: CancelOrder) -> bool:
        """Take a cancellation of an order whose intent is being written; False where it is none of those."""
        if cancel.order_ref not in self._refs:
            return False
        self._cancelled.setdefault(cancel.order_ref, cancel)
        return True

    def appended(self, token: str) -> tuple[CancelOrder, ...] | None:
        """The intents are durable: bytes may leave, unless what adds risk was cancelled meanwhile. Return the
        cancellations of what leaves; None where the token belongs to somebody else."""
        pending = self._pending.pop(token, None)
        if pending is None:
            return None
        desk = self._desk
        effects = [effect for intent in pending.intents for effect in desk.fold(intent)]
        group, waiting = pending.group, self._settled(pending)
        reason = ""
        if desk.epoch == 0 or (desk.not_reconciled and any(order.role is not Role.EXIT for order in group.orders)):
            reason = desk.not_reconciled or "the connection was lost"
        elif self._left(group) <= 0.0:
            reason = "its deadline passed while its intent was being written"
        else:
            reason = _recalled(group, waiting)
        if reason:
            desk.carry_out(effects)
            for intent in pending.intents:
                self.not_sent(intent.order.order_ref)
                desk.apply(OrderNotSent(intent.order.order_ref, intent.order_id, reason))
            return ()
        desk.gateway.tell(self._unit(group, pending.intents))
        desk.carry_out_soon(effects)
        return waiting

    def sent(self, order_ref: str) -> None:
        """Its bytes have left."""
        since = self._leaving.pop(order_ref, None)
        if since is not None:
            self._desk.context.system.measures.order_latency.observe(trio.current_time() - since)

    def not_sent(self, order_ref: str) -> None:
        """No byte of it leaves."""
        self._leaving.pop(order_ref, None)

    def failed(self, token: str, error: str) -> bool:
        """The intents are not durable: nothing of the group may leave. False where the token belongs elsewhere."""
        pending = self._pending.pop(token, None)
        if pending is None:
            return False
        for order in pending.group.orders:
            self.not_sent(order.order_ref)
        self._settled(pending)
        reason = f"the journal failed: {error}"
        self._refuse(pending.group, tuple(OrderDenied(order.order_ref, reason) for order in pending.group.orders))
        return True

    def _settled(self, pending: _Pending) -> tuple[CancelOrder, ...]:
        refs = [intent.order.order_ref for intent in pending.intents]
        self._refs.difference_update(refs)
        waiting = (self._cancelled.pop(ref, None) for ref in refs)
        return tuple(cancel for cancel in waiting if cancel is not None)

    def _unit(self, group: SubmitOrders, intents: Sequence[OrderIntended]) -> PlaceOrders:
        ids = {intent.order.order_ref: intent.order_id for intent in intents}
        parents = {order.parent_ref for order in group.orders}
        outgoing = []
        for position, intent in enumerate(intents):
            order = intent.order
            family = {order.parent_ref, order.order_ref} - {None}
            # a bracket is held back by TWS until its last member, which alone transmits
            later = any(other.order.parent_ref in family for other in intents[position + 1 :])
            held = (order.parent_ref is not None or order.order_ref in parents) and later
            outgoing.append(
                OutgoingOrder(
                    order,
                    intent.order_id,
                    intent.account,
                    parent_order_id=ids[order.parent_ref] if order.parent_ref is not None else 0,
                    transmit=not held,
                    reference_price=group.reference_price,
                )
            )
        risk = any(order.role.adds_risk for order in group.orders)
        return PlaceOrders(tuple(outgoing), Priority.ENTRY if risk else Priority.EXIT, self._left(group))

    def _left(self, group: SubmitOrders) -> float:
        """Seconds until its bytes must have left. What adds risk was decided on a price, and time runs from then on:
        also while the disk is slow, or the process stopped. Exits have all their time in the send queue."""
        if not any(order.role.adds_risk for order in group.orders):
            return self._settings.exit_deadline_seconds
        now = trio.current_time()
        since = min(self._leaving.get(order.order_ref, now) for order in group.orders)
        return self._settings.entry_deadline_seconds - (now - since)

    def _refuse(self, group: SubmitOrders, denied: tuple[OrderDenied, ...]) -> None:
        desk = self._desk
        reasons = {denial.order_ref: denial for denial in denied}
        orders = {order.order_ref: order for order in group.orders}
        desk.journal.tell(Append(tuple(Entry(orders[ref].symbol or "orders", each) for ref, each in reasons.items())))
        reply_to = desk.address(group.reply_to) if group.reply_to else None
        for ref, denial in reasons.items():
            event = OrderDeniedEvent(_denied(orders[ref]), denial.reason, denial.figures)
            log_event(event)
            desk.bus.publish(event)
            if reply_to is not None:
                reply_to.tell(event)
        if reply_to is not None:
            reply_to.tell(GroupRefused(denied))


class _Known:
    """References in use: those of the book, and those whose intents are being written."""

    def __init__(self, desk: OrderDesk, pending: set[str]) -> None:
        self._desk = desk
        self._pending = pending

    def __contains__(self, order_ref: object) -> bool:
        return isinstance(order_ref, str) and (order_ref in self._pending or self._desk.book.knows(order_ref))


def _denied(order: OrderRequest) -> OrderView:
    return OrderView(
        order_ref=order.order_ref,
        symbol=order.symbol,
        role=order.role,
        side=order.side,
        quantity=order.quantity,
        filled=order.quantity * 0,
        order_type=order.order_type.value,
        status=OrderStatus.DENIED,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        trailing_pct=order.trailing_pct,
        trailing_amount=order.trailing_amount,
        tif=order.tif.value,
        parent_ref=order.parent_ref,
        oca_group=order.oca_group,
        position_id=order.position_id,
    )


def _recalled(group: SubmitOrders, cancels: Sequence[CancelOrder]) -> str:
    """Why a group is not sent after all: all its new risk was cancelled, as by a halt. Its exits go with it."""
    entries = {order.order_ref for order in group.orders if order.role.adds_risk}
    if not entries or not entries <= {cancel.order_ref for cancel in cancels}:
        return ""
    return f"cancelled while its intent was being written: {cancels[0].reason}"
