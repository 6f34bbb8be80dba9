"""The order actor: the only writer of orders. Identity, state, groups, reconciliation.

It holds no truth of its own: what it knows is a fold of the journal (`domain.orders.book`), checked against the
broker after each connect. Its parts: `submission` lets groups through and has their intents written,
`amendments` modifies and cancels, `renumbering` saves what was overtaken in the send queue, `what_if` asks about orders
that are not placed, `watch` notices silence, `reconciliation` compares with the broker, and `desk` carries out what
follows.

A message that journals something is answered by Appended or JournalFailed, in whatever order; nothing waits.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import trio
from attrs import frozen

from actors.bus import EventBus
from actors.orders.amendments import NOT_CANCELLED, Amendments
from actors.orders.attachment import attach
from actors.orders.desk import OrderDesk
from actors.orders.log import log_sent
from actors.orders.reconciliation import AskNow, Reconciler, Scheduled
from actors.orders.renumbering import Renumbering
from actors.orders.settlement import settle_by_hand
from actors.orders.snapshots import Snapshots, recover
from actors.orders.submission import Submission
from actors.orders.watch import LookAgain, Watch
from actors.orders.what_if import NoAnswer, WhatIfs
from actors.runtime.base import ActorContext, RunQueueActor
from config.settings import Settings
from domain.order_states import IllegalTransition
from domain.orders.book import FACTS
from messages.decision import EntryWeighed, WeighOrders
from messages.gateway import (
    AskTradingAllowed,
    BrokerCommission,
    BrokerConnected,
    BrokerError,
    BrokerExecution,
    BrokerLost,
    BrokerNotice,
    BrokerOrder,
    BrokerOrderStatus,
    BrokerSnapshot,
    GatewayStatus,
    LinkStatus,
    OrderNotSent,
    OrderSent,
    OrdersOvertaken,
)
from messages.journal import Appended, JournalFailed, Record, Replay
from messages.market import InstrumentQualified
from messages.order import (
    CancelOrder,
    CheckAlarms,
    ListOrders,
    ModifyOrder,
    OrderStatus,
    OrderView,
    SettleOrder,
    SubmitOrders,
)
from messages.position import AttachOrders, CompareHoldings, DescribePosition
from messages.risk import ResumedEvent
from messages.what_if import AskWhatIf, WhatIfAnswer, WhatIfOvertaken

__all__ = ["OrderActor"]

_GATEWAY_ANSWERS_WITHIN = 2.0
_REPLAYED = 20_000  # records of the journal in memory at a time


@frozen(slots=True)
class _CatchUp:
    """Carry out what was left while the gateway was sending."""


class OrderActor(RunQueueActor):
    """Address `orders`."""

    def __init__(self, context: ActorContext, *, settings: Settings, bus: EventBus) -> None:
        super().__init__(context)
        broker = settings.broker
        self._desk = desk = OrderDesk(context, broker.client_id, bus)
        self._submission = Submission(desk, broker)
        self._amendments = Amendments(desk, broker)
        self._renumbering = Renumbering(desk)
        self._what_ifs = WhatIfs(desk, broker.ack_timeout_seconds, self.promise, self.after)
        self._snapshots = Snapshots(desk, self._quiet)
        self._watch = Watch(desk, broker.ack_timeout_seconds, broker.reconcile_seconds, self.after)
        self._reconciler = Reconciler(desk, broker.reconcile_seconds, self.after)
        desk.verify, desk.watch, desk.cancel = (
            self._reconciler.ask,
            self._watch.start,
            self._amendments.send_cancel,
        )
        desk.follow_up = lambda: self.after(0.0, _CatchUp())
        self._every = broker.reconcile_seconds
        bus.subscribe(ResumedEvent, self.address)

    async def prepare(self) -> None:
        """Rebuild the book from the journal; what was in flight is unknown until the first complete snapshot."""
        desk = self._desk
        desk.bus.publish(desk.trading_allowed)  # an incarnation before this one may have allowed it
        journal = self.address_of("journal")
        desk.book, after = await recover(journal, desk.book.client_id)
        records: list[Record]
        while records := await journal.ask(Replay(kinds=FACTS, after=after, most=_REPLAYED)):
            await self._replay(records)
            after = records[-1].sequence
            if len(records) < _REPLAYED:
                break
        desk.book.forget_connections()
        # Where only this actor was restarted the connection stands, and BrokerConnected does not come again.
        link: LinkStatus | None = None
        with trio.move_on_after(_GATEWAY_ANSWERS_WITHIN):
            link = await self.address_of("gateway").ask(GatewayStatus())
        if link is not None and not link.connected:
            link = None
        for order in desk.book.live():
            if link is not None:
                order.epoch = order.request_epoch = link.epoch
        desk.doubt([order for order in desk.book.live() if order.in_flight], "in flight when the process ended")
        for order in desk.book.live():
            if order.cancel_wanted:
                order.outlived.add(NOT_CANCELLED)  # an earlier process may have raised it
        # whoever held something must exist again, whether the broker can be reached or not
        symbols = {symbol for symbol, quantity in desk.book.executions.net().items() if quantity}
        for symbol in sorted(symbols | {order.symbol for order in desk.book.live()}):
            desk.address(f"position/{symbol}").ask(DescribePosition())
        self.every(self._every, Scheduled())
        if link is not None:
            self._reconciler.standing(link.epoch, link.account)

    async def _replay(self, records: list[Record]) -> None:
        desk = self._desk
        for number, record in enumerate(records):
            try:
                desk.book.apply(record.payload, record.time)
            except IllegalTransition as error:
                desk.alarm("journal.inconsistent", f"record {record.sequence}: {error}")
            if number % 256 == 255:
                await trio.lowlevel.checkpoint()
        desk.recorded += len(records)
        self._snapshots.retire()

    def _quiet(self) -> bool:
        return not (self._submission.waiting or self._amendments.writing or self._renumbering.writing)

    def address_of(self, name: str) -> Any:
        """Return an address of the system."""
        return self.system.address(name)

    def on_receive(self, message: Any) -> Any:
        """Handle one message, then start the modifications that it has made possible."""
        self._desk.catch_up()
        answer = self._handle(message)
        self._amendments.resume()
        self._snapshots.consider()
        return answer

    def _handle(self, message: Any) -> Any:
        match message:
            case BrokerOrder() | BrokerOrderStatus() | BrokerExecution() | BrokerCommission() | BrokerError():
                self._desk.apply(message)
            case OrderSent():
                self._desk.apply(message)
                self._submission.sent(message.order_ref)
                record = self._desk.book.get(message.order_ref)
                if record is not None:
                    log_sent(message, record.view())
            case OrderNotSent():
                if message.cancellation:
                    self._amendments.cancel_not_sent(message.order_ref)
                else:
                    self._submission.not_sent(message.order_ref)
                self._desk.apply(message)
            case OrdersOvertaken():
                self._renumbering.overtaken(message)
            case SubmitOrders():
                self._submission.submit(message)
            case AskWhatIf():
                return self._what_ifs.ask(message)
            case WhatIfAnswer():
                self._what_ifs.answered(message)
            case WhatIfOvertaken():
                self._what_ifs.overtaken(message)
            case NoAnswer(order_ref):
                self._what_ifs.no_answer(order_ref)
            case WeighOrders():
                self._submission.weigh(message)
            case EntryWeighed():
                self._submission.weighed(message)
            case AttachOrders():
                return attach(self._desk, message)
            case ModifyOrder():
                self._amendments.modify(message)
            case CancelOrder():
                if not self._submission.cancelled(message):
                    self._amendments.cancel(message)
            case SettleOrder():
                return settle_by_hand(self._desk, message, self._reconciler.apart)
            case Appended(token, sequence):
                if not self._snapshots.appended(token, sequence):
                    self._appended(token)
            case JournalFailed(token, error):
                waiting = (self._snapshots, self._submission, self._amendments, self._renumbering, self._what_ifs)
                if not any(each.failed(token, error) for each in waiting):
                    self._nobodys(token)
            case ListOrders(symbol, done):
                return self._list(symbol, done)
            case AskTradingAllowed():
                return self._desk.trading_allowed
            case InstrumentQualified(instrument):
                self._desk.learn(instrument)
            case ResumedEvent():
                self._desk.halted = ""  # somebody has looked
            case _:
                return self._of_the_link(message)
        return None

    def _of_the_link(self, message: Any) -> Any:
        match message:
            case BrokerSnapshot():
                self._reconciler.snapshot(message)
            case BrokerConnected():
                self._reconciler.connected(message)
            case BrokerLost():
                self._reconciler.lost(message)
                self._what_ifs.lost()
            case BrokerNotice():
                self._reconciler.notice(message)
            case LookAgain(order_ref):
                self._watch.look(order_ref)
            case AskNow(reason):
                self._reconciler.ask_now(reason)
            case Scheduled():
                self._reconciler.scheduled()
            case CompareHoldings(symbols):
                self._reconciler.compare(symbols)
            case CheckAlarms(alarms):
                self._desk.end_alarms(alarms)
            case _CatchUp():
                pass  # done before each message
            case _:
                return super().on_receive(message)
        return None

    def _appended(self, token: str) -> None:
        waiting = self._submission.appended(token)
        if waiting is not None:
            if waiting:
                self._desk.catch_up()
            for cancel in waiting:
                self._amendments.cancel(cancel)
        elif not any(each.appended(token) for each in (self._amendments, self._renumbering, self._what_ifs)):
            self._nobodys(token)

    def _nobodys(self, token: str) -> None:
        """An answer to an incarnation that is gone is in the journal, and so in the replay; one to this is a bug."""
        if self._desk.own(token):
            raise LookupError(f"nothing waits for the journal's {token!r}")

    def _list(self, symbol: str | None, done: bool) -> tuple[OrderView, ...]:
        """Those that are not done, and external ones; with `done` also the ones of today (UTC) that are."""
        book, today = self._desk.book, self.environment.now().date()
        ours = book.orders() if done else book.live()
        listed = [
            order for order in ours if not order.status.done or (order.at is not None and order.at.date() == today)
        ]
        return tuple(order.view() for order in [*listed, *book.external()] if symbol in (None, order.symbol))

    def describe(self) -> dict[str, Any]:
        """Return how things stand."""
        desk = self._desk
        statuses = Counter(order.status for order in desk.book.live())
        return {
            "epoch": desk.epoch,
            "not_reconciled": desk.not_reconciled,
            "halted": desk.halted,
            "on_hold": desk.holds(),
            "live": {status.value: statuses[status] for status in OrderStatus if statuses[status]},
            "external": sum(1 for _ in desk.book.external()),
            "groups_being_written": self._submission.waiting,
            "modifications_waiting": self._amendments.waiting,
            "next_order_id": desk.book.ids.next,
        }
