"""Modifying and cancelling orders: journaled before the bytes, one modification at a time, the latest wish wins."""

from __future__ import annotations

import trio
from attrs import evolve, frozen

from actors.orders.desk import OrderDesk
from config.logging import log
from config.settings import BrokerSettings
from domain.order_gates import terms_fault
from domain.orders.record import LIVE_UNTOUCHED, OrderRecord, Terms
from messages.gateway import CancelOutgoing, OrderNotSent, OutgoingOrder, PlaceOrders, Priority
from messages.journal import Append, Entry
from messages.order import CancelIntended, CancelOrder, ModifyIntended, ModifyOrder, OrderModifiedEvent

__all__ = ["NOT_CANCELLED", "Amendments"]

NOT_CANCELLED = "order.not_cancelled"
"""The alarm of an order that works on however often it is cancelled."""


_TELL_AFTER = 4
"""Cancellations of one order in a connection, the last of which is told to a person."""


@frozen(slots=True)
class _Written:
    """When, in which connection, and how often in it a cancellation was given to the gateway."""

    at: float
    epoch: int
    times: int = 1


class Amendments:
    """Changes of orders that rest, or may rest, at the broker."""

    def __init__(self, desk: OrderDesk, settings: BrokerSettings) -> None:
        self._desk = desk
        self._settings = settings
        self._later: dict[str, ModifyOrder] = {}  # order_ref → the latest wish, while another is outstanding
        self._writing: dict[str, ModifyIntended | CancelIntended] = {}  # token → being written
        self._cancels: dict[str, _Written] = {}  # order_ref → the last cancellation

    # modifications

    def modify(self, wish: ModifyOrder) -> None:
        """Replace the terms of an order as soon as nothing else about it is outstanding."""
        record = self._desk.book.get(wish.order_ref)
        if record is None or record.status.done or record.cancel_wanted:
            self._not_modified(record, wish, "there is no such order to modify")
            return
        self._later[wish.order_ref] = wish
        self.resume()

    def resume(self) -> None:
        """Start the modifications that nothing stands against any more."""
        for ref, wish in list(self._later.items()):
            record = self._desk.book.get(ref)
            if record is None or record.status.done or record.cancel_wanted:
                del self._later[ref]
            elif self._desk.reconciled and self._stands(record) and not self._is_writing(ref):
                del self._later[ref]
                self._start(record, wish)

    def _stands(self, record: OrderRecord) -> bool:
        """Whether the order rests, as shown in this very connection.

        An order that has gone meanwhile may have given its id back (INC-06): a change of it would be a new order.
        """
        return record.status in LIVE_UNTOUCHED and record.epoch == self._desk.epoch and not record.missing

    def _start(self, record: OrderRecord, wish: ModifyOrder) -> None:
        request = record.request
        if request is None:
            raise ValueError(f"{wish.order_ref} is nobody's order here")
        fault = terms_fault(request.order_type, wish, self._desk.instruments.get(record.symbol))
        if not fault and wish.quantity <= record.filled_once:
            fault = f"{record.filled_once} has filled already"
        if fault:
            self._not_modified(record, wish, fault)
        elif Terms.of(wish) == record.terms and record.confirmed:
            self._desk.tell(record.symbol, OrderModifiedEvent(record.view(), applied=True))
        else:
            self._write(record, ModifyIntended(wish, record.revision + 1))

    def _send(self, record: OrderRecord) -> None:
        request = record.request
        if request is None or record.wanted is None:
            raise ValueError(f"no modification of {record.order_ref} is outstanding")
        terms = record.versions[record.wanted]
        # all trailing fields go out again, or TWS forgets them; the parent does not, or TWS answers 135
        changed = evolve(
            request,
            quantity=terms.quantity,
            limit_price=terms.limit_price,
            stop_price=terms.stop_price,
            trailing_pct=terms.trailing_pct,
            trailing_amount=terms.trailing_amount,
            parent_ref=None,
        )
        risk = request.role.adds_risk
        self._desk.gateway.tell(
            PlaceOrders(
                (OutgoingOrder(changed, record.order_id, record.account, modification=True),),
                Priority.ENTRY if risk else Priority.EXIT,
                self._settings.entry_deadline_seconds if risk else self._settings.exit_deadline_seconds,
            )
        )

    def _not_modified(
        self, record: OrderRecord | None, wish: ModifyOrder, reason: str, *, denied: bool = False
    ) -> None:
        symbol = record.symbol if record is not None else ""
        log(
            "order.denied", level="WARNING", actor="orders", symbol=symbol, order_ref=wish.order_ref,
            reason=f"not modified: {reason}", quantity=wish.quantity, limit=wish.limit_price, stop=wish.stop_price,
        )  # fmt: skip
        if record is not None:
            self._desk.tell(record.symbol, OrderModifiedEvent(record.view(), applied=False, denied=denied))

    # cancellations

    def cancel(self, cancel: CancelOrder) -> None:
        """Cancel an order, however often it is asked for; what is done stays as it is."""
        record = self._desk.book.get(cancel.order_ref)
        if record is None:
            log(
                "order.denied",
                level="WARNING",
                actor="orders",
                symbol="",
                order_ref=cancel.order_ref,
                reason="not cancelled: there is no such order",
            )
            return
        self._later.pop(cancel.order_ref, None)
        writing = self._is_writing(cancel.order_ref, CancelIntended)
        if not (record.status.done or record.cancel_wanted or writing):
            self._write(record, CancelIntended(cancel.order_ref, cancel.reason))

    def send_cancel(self, order_ref: str, urgent: bool) -> None:
        """Write a cancellation, unless one was written in this connection a short while ago and this is not urgent.

        A cancellation may pend for hours (INC-16); one that the broker's lists do not show is written again: after
        `ack_timeout_seconds`, then ever more rarely, at last with each regular comparison.
        """
        desk = self._desk
        record = desk.book.get(order_ref)
        if record is None or record.status.done or (record.queued and record.wanted is None):
            return
        now = trio.current_time()
        last = self._cancels.get(order_ref)
        times = 1
        if last is not None and last.epoch == desk.epoch and not urgent:
            if now - last.at < self._pause(last.times):
                return
            times = last.times + 1
        self._cancels[order_ref] = _Written(now, desk.epoch, times)
        desk.gateway.tell(CancelOutgoing(order_ref, record.order_id, record.symbol))
        if times == 1:
            desk.watch(order_ref)  # what is written again is watched already
        elif times == _TELL_AFTER:
            record.outlived.add(NOT_CANCELLED)  # the alarm ends with the order
            text = f"cancelled {times - 1} times, and the broker's lists show that it works"
            desk.alarm(NOT_CANCELLED, text, record.symbol, order_ref)

    def _pause(self, times: int) -> float:
        """Seconds for which a cancellation written so many times in a row must stay unanswered."""
        seconds = self._settings.ack_timeout_seconds
        return min(max(seconds, seconds * 2.0 ** (times - 2)), self._settings.reconcile_seconds)

    def cancel_not_sent(self, order_ref: str) -> None:
        """No byte of the last cancellation left: the next one need not wait."""
        self._cancels.pop(order_ref, None)

    # the journal's answers

    def appended(self, token: str) -> bool:
        """An intention is durable: bytes may leave. False where the token belongs to somebody else."""
        intended = self._writing.pop(token, None)
        if intended is None:
            return False
        ref = intended.order_ref if isinstance(intended, CancelIntended) else intended.modify.order_ref
        record = self._desk.book.get(ref)
        if record is None:
            raise LookupError(f"order {ref} has left the book")
        if isinstance(intended, CancelIntended):
            self._desk.apply(intended)
            self.send_cancel(ref, urgent=True)
        elif record.status in LIVE_UNTOUCHED and self._desk.reconciled:
            self._desk.apply(intended)
            self._send(record)
        else:
            # it filled, was cancelled or fell into doubt meanwhile: the journal must not believe that bytes left
            reason = f"{record.status} before the modification could leave"
            self._desk.journal.tell(Append((Entry(record.symbol, OrderNotSent(ref, record.order_id, reason)),)))
            self._not_modified(record, intended.modify, reason, denied=True)
        return True

    def failed(self, token: str, error: str) -> bool:
        """An intention is not durable. A modification is given up; a cancellation goes out all the same, for it takes
        risk away and the broker's word will say that it happened."""
        intended = self._writing.pop(token, None)
        if intended is None:
            return False
        if isinstance(intended, CancelIntended):
            self._desk.apply(intended)
            self.send_cancel(intended.order_ref, urgent=True)
        else:
            record = self._desk.book.get(intended.modify.order_ref)
            self._not_modified(record, intended.modify, f"the journal failed: {error}", denied=True)
        return True

    def _write(self, record: OrderRecord, intended: ModifyIntended | CancelIntended) -> None:
        token = self._desk.token()
        self._writing[token] = intended
        name = self._desk.context.address.name
        safe = isinstance(intended, CancelIntended) or (record.role is not None and not record.role.adds_risk)
        self._desk.journal.tell(Append((Entry(record.symbol, intended),), name, token, reduces_risk=safe))

    def _is_writing(self, order_ref: str, kind: type[ModifyIntended | CancelIntended] | None = None) -> bool:
        return any(
            (each.order_ref if isinstance(each, CancelIntended) else each.modify.order_ref) == order_ref
            and (kind is None or isinstance(each, kind))
            for each in self._writing.values()
        )

    @property
    def writing(self) -> int:
        """How many intentions wait for the journal."""
        return len(self._writing)

    @property
    def waiting(self) -> tuple[str, ...]:
        """References of the orders whose modification waits for an outstanding request."""
        return tuple(self._later)
