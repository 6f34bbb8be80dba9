"""The order book: who an order is, and what each fact means for it.

The same function takes live messages and journaled facts, in any order and any number of times; replaying the journal
therefore gives the book that wrote it. It has no clock and tells nobody: what follows is returned as effects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

from domain.ids import OrderIds
from domain.order_states import OrderInput
from domain.orders.echo import wrong_execution
from domain.orders.effects import Alarm, AlarmOver, Effect, Happened, SendCancel, ToJournal, Verify
from domain.orders.executions import Executions
from domain.orders.fills import fill_alarms, foreign_view, recount
from domain.orders.hearing import hear_echo, hear_error, hear_status
from domain.orders.record import OrderRecord
from domain.orders.standing import Standing, changes, move, settle
from domain.orders.steps import Step, take_step
from messages.gateway import (
    BrokerCommission,
    BrokerError,
    BrokerExecution,
    BrokerOrder,
    BrokerOrderStatus,
    OrderNotSent,
    OrderSent,
)
from messages.order import (
    CancelIntended,
    Commission,
    CommissionBooked,
    Execution,
    ExecutionBooked,
    IdsReserved,
    ModifyIntended,
    OrderCorrectedEvent,
    OrderCreatedEvent,
    OrderFilledEvent,
    OrderIntended,
    OrderRenumbered,
    OrderResolved,
    OrderStatus,
)

__all__ = ["FACTS", "Fact", "OrderBook"]

_DUPLICATED = "order.duplicated"

Fact: TypeAlias = (
    IdsReserved
    | OrderIntended
    | OrderRenumbered
    | OrderSent
    | OrderNotSent
    | ModifyIntended
    | CancelIntended
    | OrderResolved
    | ExecutionBooked
    | CommissionBooked
    | BrokerOrder
    | BrokerOrderStatus
    | BrokerExecution
    | BrokerCommission
    | BrokerError
)

FACTS: tuple[str, ...] = tuple(kind.__name__ for kind in Fact.__args__)
"""Kinds of journal records that make the book."""


class OrderBook:
    """Every order and every execution that was ever heard of.

    An order is found by orderRef, then permId; an order id counts only together with its client id and the connection
    epoch in which it was sent or shown (INC-06).
    """

    def __init__(self, client_id: int) -> None:
        """`client_id` is ours: errors of the broker name an order id and no client."""
        self.client_id = client_id
        self.account = ""  # ours, once it is known
        self.ids = OrderIds()
        self.executions = Executions()
        self.con_ids: dict[str, int] = {}  # symbol → contract, where known
        self._orders: dict[str, OrderRecord] = {}
        self._live: dict[str, OrderRecord] = {}  # those of them that are not done
        self._troubled: dict[str, OrderRecord] = {}  # those that are severely wrong, or unknown
        self._external: dict[int, OrderRecord] = {}  # permId → order of somebody else that is open
        self._by_perm: dict[int, OrderRecord] = {}
        self._by_id: dict[tuple[int, int, int], OrderRecord] = {}  # (client id, epoch, order id) → order
        self._retired: set[str] = set()  # references of orders that are done and have left memory

    def get(self, order_ref: str) -> OrderRecord | None:
        """Return one of our orders."""
        return self._orders.get(order_ref)

    def knows(self, order_ref: str) -> bool:
        """Tell whether one of our orders had this reference, however long ago."""
        return order_ref in self._orders or order_ref in self._retired

    def numbers(self) -> dict[str, list[tuple[int, int, int]]]:
        """Return order_ref → (client id, epoch, order id) under which it was sent or shown."""
        numbers: dict[str, list[tuple[int, int, int]]] = {}
        for number, record in self._by_id.items():
            numbers.setdefault(record.order_ref, []).append(number)
        return numbers

    def retire(self, order_refs: Collection[str]) -> list[str]:
        """Let done orders leave memory: their references stay known, and what of them filled (`knows`, `executions`).

        Returns the lines of their executions, and of those of other people's orders.
        """
        gone = [self._orders.pop(ref) for ref in order_refs]
        self._retired.update(order_refs)
        for record in gone:
            for perm_id in record.perms:
                self._by_perm.pop(perm_id, None)
        refs = set(order_refs)
        self._by_id = {number: record for number, record in self._by_id.items() if record.order_ref not in refs}
        kept = {base for record in self._orders.values() for base in record.bases}
        return self.executions.archive([base for base in self.executions.in_memory() if base not in kept])

    def restore(
        self,
        orders: Iterable[OrderRecord],
        numbers: Mapping[str, Iterable[tuple[int, int, int]]],
        retired: Iterable[str],
    ) -> None:
        """Begin with these orders; `executions` have been restored already."""
        self._retired.update(retired)
        for record in orders:
            self._orders[record.order_ref] = record
            self._file(record)
            self._by_perm.update(dict.fromkeys(record.perms, record))
            self._by_id.update(dict.fromkeys(numbers.get(record.order_ref, ()), record))
            if record.bases:
                recount(record, self.executions)

    def orders(self) -> Iterator[OrderRecord]:
        """Yield our orders, oldest first."""
        return iter(self._orders.values())

    def live(self) -> list[OrderRecord]:
        """Return those of our orders that are not done, oldest first."""
        return list(self._live.values())

    def troubled(self) -> Iterator[OrderRecord]:
        """Yield those that are severely wrong, or unknown: live ones, and those of which a second one may live."""
        return iter(self._troubled.values())

    def warrants(self, kind: str, order_ref: str) -> bool:
        """Whether an order is as an alarm of that kind says, or may still become so: all of them end with it."""
        record = self._orders.get(order_ref)
        if record is None:
            return False
        if kind == "order.unknown":
            return record.status is OrderStatus.UNKNOWN
        return not record.status.done or kind in record.severe

    def external(self) -> Iterator[OrderRecord]:
        """Yield the open orders that are not ours."""
        return iter(self._external.values())

    def keep_external(self, perm_ids: set[int]) -> None:
        """Forget the external orders that a complete list of open orders does not show."""
        self._external = {perm: record for perm, record in self._external.items() if perm in perm_ids}

    def find(
        self, order_ref: str, perm_id: int, client_id: int = -1, epoch: int = 0, order_id: int = 0
    ) -> OrderRecord | None:
        """Return the order of ours that these name, None where they name none. A reference decides alone."""
        if order_ref:
            return self._orders.get(order_ref)
        if perm_id and perm_id in self._by_perm:
            return self._by_perm[perm_id]
        return self._by_id.get((client_id, epoch, order_id)) if order_id > 0 else None

    def apply(self, fact: Fact, at: datetime | None = None) -> list[Effect]:
        """Take a fact and return what follows. Raises IllegalTransition only for an intent of ours that cannot be."""
        effects, record = self._dispatch(fact)
        if record is not None:
            record.at = at or record.at
            lived = record.order_ref in self._live
            self._file(record)
            if record.status.done and not record.twofold:
                # what is found wrong with its end, or after it, is to be seen; only a second order can be over by then
                raised = {effect.kind for effect in effects if isinstance(effect, Alarm)}
                over = [each for each in record.outlived if each == _DUPLICATED or (lived and each not in raised)]
                record.outlived.difference_update(over)
                effects += [AlarmOver(kind, record.symbol, record.order_ref) for kind in sorted(over)]
        return effects

    def _file(self, record: OrderRecord) -> None:
        ref = record.order_ref
        if record.status.done:
            self._live.pop(ref, None)
        else:
            self._live.setdefault(ref, record)
        if record.severe or record.status is OrderStatus.UNKNOWN:
            self._troubled[ref] = record
        else:
            self._troubled.pop(ref, None)

    def forget_connections(self) -> None:
        """End a replay: what was said belongs to connections of an earlier process, and nothing is queued any more.

        Epochs of this process start above those; what was in flight is to be doubted by the caller.
        """
        self._by_id.clear()
        for record in self._orders.values():
            record.epoch = record.request_epoch = 0
            record.queued = False

    def doubt(self, record: OrderRecord, reason: str) -> list[Effect]:
        """Hold nothing for sure about an order any more, unless it still waits in the gateway's queue."""
        if record.queued:
            return []
        before = Standing.of(record)
        move(record, OrderInput.DOUBT)
        self._file(record)
        return [Happened(record.symbol, event) for event in changes(record, before, reason)]

    def _dispatch(self, fact: Fact) -> tuple[list[Effect], OrderRecord | None]:
        match fact:
            case BrokerOrder():
                return self._echo(fact)
            case BrokerOrderStatus():
                self.ids.saw(fact.order_id)
                record = self.find("", fact.perm_id, fact.client_id, fact.epoch, fact.order_id)
                if record is None:
                    self._external_status(fact)
                    return [], None
                bound = self._bind(record, fact.perm_id, fact.client_id, fact.epoch, fact.order_id)
                return bound + hear_status(record, fact), record
            case BrokerError():
                record = self.find("", 0, self.client_id, fact.epoch, fact.order_id)
                if record is None:
                    # its order has not shown itself in this connection yet
                    text = f"error {fact.code} for order id {fact.order_id}: {fact.text}"
                    return [Verify("", text)], None
                return hear_error(record, fact), record
            case BrokerExecution(epoch, execution):
                return self._fill(execution, epoch, journal=True)
            case ExecutionBooked(execution):
                return self._fill(execution, 0, journal=False)
            case BrokerCommission(_, commission):
                return self._charge(commission, journal=True), None
            case CommissionBooked(_, commission):
                return self._charge(commission, journal=False), None
            case OrderIntended():
                return self._intend(fact)
            case IdsReserved(next_order_id):
                self.ids.recover(next_order_id)
                return [], None
            case OrderRenumbered():
                self.ids.saw(fact.order_id)
                return self._step(fact)
            case OrderSent() | OrderNotSent() | ModifyIntended() | CancelIntended() | OrderResolved():
                return self._step(fact)

    def _intend(self, fact: OrderIntended) -> tuple[list[Effect], OrderRecord]:
        record = OrderRecord.intended(fact)
        move(record, OrderInput.INTEND)
        record.queued = True
        self.ids.saw(fact.order_id)
        self._orders[record.order_ref] = record
        return [Happened(record.symbol, OrderCreatedEvent(record.view()))], record

    def _step(self, fact: Step) -> tuple[list[Effect], OrderRecord | None]:
        """Take a fact of our own side about an order of ours."""
        record = self._orders.get(fact.modify.order_ref if isinstance(fact, ModifyIntended) else fact.order_ref)
        if record is None:
            return [], None
        if isinstance(fact, OrderSent):
            self._by_id[record.client_id, fact.epoch, fact.order_id] = record
        return take_step(record, fact), record

    def _echo(self, echo: BrokerOrder) -> tuple[list[Effect], OrderRecord | None]:
        self.ids.saw(echo.order_id)
        record = self.find(echo.order_ref, echo.perm_id, echo.client_id, echo.epoch, echo.order_id)
        if record is not None:
            bound = self._bind(record, echo.perm_id, echo.client_id, echo.epoch, echo.order_id)
            return bound + hear_echo(record, echo, self.con_ids.get(record.symbol)), record
        if echo.completed or not echo.perm_id or self._elsewhere(echo.account):
            return [], None
        foreign = self._external.setdefault(echo.perm_id, OrderRecord.external(echo))
        hear_echo(foreign, echo, None)
        if foreign.status.done:
            del self._external[echo.perm_id]
        return [], None

    def _external_status(self, status: BrokerOrderStatus) -> None:
        foreign = self._external.get(status.perm_id)
        if foreign is not None:
            hear_status(foreign, status)
            if foreign.status.done:
                del self._external[status.perm_id]

    def _elsewhere(self, account: str) -> bool:
        """Whether it belongs to another account of the same login, which is none of ours."""
        return bool(self.account and account) and account != self.account

    def _bind(self, record: OrderRecord, perm_id: int, client_id: int, epoch: int, order_id: int) -> list[Effect]:
        """Note under which numbers the broker speaks of an order. A second permId is a second order (INC-08)."""
        if order_id > 0:
            self._by_id[client_id, epoch, order_id] = record
        if not perm_id or perm_id in record.perms:
            return []
        effects: list[Effect] = []
        if record.perms:
            record.severe.add(_DUPLICATED)
            # both answer to one order id, so neither can be spared; the cancellation goes on until both are dead
            record.cancel_wanted, record.cancel_reason = True, "one intent had become two orders"
            text = f"one intent lives under permIds {', '.join(map(str, [*record.perms, perm_id]))}"
            effects = [
                Alarm(_DUPLICATED, text, record.symbol, record.order_ref, hold=True),
                SendCancel(record.order_ref, urgent=True),
                Verify(record.order_ref, text),
            ]
        record.perms[perm_id] = True
        self._by_perm[perm_id] = record
        self._external.pop(perm_id, None)
        fills = self.executions.claim(perm_id)
        if fills:  # booked before anybody knew whose they were
            record.bases += [base for base in fills if base not in record.bases]
            recount(record, self.executions)
        return effects

    def _fill(self, execution: Execution, epoch: int, *, journal: bool) -> tuple[list[Effect], OrderRecord | None]:
        record = self.find(execution.order_ref, execution.perm_id, execution.client_id, epoch, execution.order_id)
        if record is None and self._elsewhere(execution.account):
            return [], None
        if self.executions.is_in_force(execution) and (record is None or execution.perm_id in record.perms):
            return [], record  # the broker tells the whole day again with each comparison
        effects: list[Effect] = []
        wrong: tuple[str, ...] = ()
        before = None
        if record is not None:
            effects += self._bind(record, execution.perm_id, execution.client_id, epoch, 0)
            wrong = wrong_execution(record, execution, self.con_ids.get(record.symbol))
            before = Standing.of(record)
        known_most = self.executions.known_most(execution.base)
        booking = self.executions.book(execution)
        if booking is None and self.executions.most(execution.base) == known_most:
            return effects, record
        if record is None:
            self.executions.leave_unclaimed(execution)
        else:
            if execution.base not in record.bases:
                record.bases.append(execution.base)
            if wrong:
                record.severe.add("order.mismatch")
            record.acknowledged = True
            record.missing = 0
            record.epoch = max(record.epoch, epoch)
            recount(record, self.executions)
            settle(record)
        if booking is None:  # an older version after a newer one: it counts only for what the order has lost
            effects.append(ToJournal(execution.symbol, BrokerExecution(epoch, execution)))
        else:
            ours = record if not wrong else None
            view = ours.view() if ours is not None else foreign_view(execution)
            if journal:
                replaced = booking.replaces.exec_id if booking.replaces else None
                effects.append(
                    ToJournal(execution.symbol, ExecutionBooked(execution, view.role, view.position_id, replaced))
                )
            if booking.replaces is None:
                effects.append(Happened(execution.symbol, OrderFilledEvent(view, execution)))
            else:
                effects.append(Happened(execution.symbol, OrderCorrectedEvent(view, execution, booking.replaces)))
            effects += fill_alarms(record, execution, wrong)
            early = self.executions.awaited(execution)
            if early is not None:
                effects += _charged(execution.symbol, early, journal)
        if record is not None and before is not None:
            cause = f"execution {execution.exec_id}"
            told = changes(record, before, cause, booked=booking is not None)
            effects += [Happened(record.symbol, event) for event in told]
            dead = record.status.done and record.status is before.status is not OrderStatus.FILLED
            if dead and booking is not None and booking.replaces is None:
                # from before its end, or it never ended (INC-12, INC-14)
                effects.append(Verify(record.order_ref, f"{cause} of an order that is {record.status}"))
        return effects, record

    def _charge(self, commission: Commission, *, journal: bool) -> list[Effect]:
        charged = self.executions.charge(commission)
        return [] if charged is None else _charged(*charged, journal)


def _charged(symbol: str, commission: Commission, journal: bool) -> list[Effect]:
    fact = CommissionBooked(symbol, commission)
    return [ToJournal(symbol, fact), Happened(symbol, fact)] if journal else [Happened(symbol, fact)]
