"""A position: one actor per symbol, address `position/SYMBOL`.

Everything it does follows from its book (`domain.position_book`), which is told facts: journal records, order events,
executions. After each fact `_converge` compares what is with what should be and asks for the difference; asking twice
does no harm. Entries are in `position_entry`, exits in `position_protection`, going flat in `position_closing`.
"""

from __future__ import annotations

from decimal import Decimal
from math import inf
from typing import Any

import trio
from attrs import evolve, frozen

from actors.base import ActorContext, RunQueueActor
from actors.bus import EventBus
from actors.position_alarms import Alarms
from actors.position_closing import CloseAgain, Closing, StillOpen
from actors.position_entry import EntryDesk, EquityKnown, LookAgain
from actors.position_holding import HoldingCheck, QuietAgain
from actors.position_orders import place_order
from actors.position_protection import NakedTooLong, Protection, TryAgain
from actors.position_quote import Quote
from actors.position_reports import Reports
from actors.position_second_line import GraceOver, SecondLine, StopCrossed
from config.settings import Settings
from domain.entries import EntryRefused, levels_refusal
from domain.exit_orders import exit_levels
from domain.position_book import HistoryNeeded, PositionBook, requested
from messages.gateway import TradingAllowed
from messages.journal import Append, Entry, Replay
from messages.market import (
    FeedInterrupted,
    FeedResumed,
    Instrument,
    InstrumentQualified,
    InstrumentUnknown,
    PriceEvent,
    Subscribe,
    TickType,
)
from messages.order import (
    CancelOrder,
    CommissionBooked,
    GroupRefused,
    ListOrders,
    OrderAcceptedEvent,
    OrderCancelledEvent,
    OrderCorrectedEvent,
    OrderCreatedEvent,
    OrderDeniedEvent,
    OrderEvent,
    OrderExpiredEvent,
    OrderFilledEvent,
    OrderModifiedEvent,
    OrderRejectedEvent,
    OrderStatus,
    OrderView,
    Role,
    SubmitOrders,
)
from messages.position import (
    AdjustExits,
    BrokerHolding,
    ClosePosition,
    CommandAccepted,
    CommandOutcome,
    CommandRefused,
    DescribePosition,
    ExitPlan,
    ExitsAdjusted,
    OpenPosition,
    PlaceOrder,
    PositionPlanned,
    PositionView,
)

__all__ = ["PositionActor"]

_LAST, _LAST_SIZE = int(TickType.LAST), int(TickType.LAST_SIZE)
OCA_SECONDS = 1.0
CANCEL_SECONDS = 10.0  # after that a cancellation without an answer may be asked for again


@frozen(slots=True)
class _Begin:
    """The mailbox is open: say what is held, and do what is left to do."""


@frozen(slots=True)
class _Marked:
    """A second has passed with something held."""


@frozen(slots=True)
class _LatePlan:
    """The plan of a position that had closed before this incarnation began, and of which a fill came late."""

    plan: PositionPlanned


class PositionActor(RunQueueActor):
    """The position of one symbol: opens it, protects it, closes it, and knows what it holds and earned.

    Asked OpenPosition, ClosePosition, AdjustExits or PlaceOrder it answers with a CommandOutcome; asked
    DescribePosition, with a PositionView. The stop rests at the broker; the local monitor follows the last price, on
    which the broker triggers too, and acts only when the broker's stop has not (`risk.local_stop_grace_seconds`).
    """

    def __init__(self, context: ActorContext, *, settings: Settings, bus: EventBus) -> None:
        """The symbol is the address without `position/`."""
        super().__init__(context)
        self.symbol = context.address.name.removeprefix("position/")
        self.settings = settings
        self.bus = bus
        self.orders = self.system.address("orders")
        self.quote = Quote()
        self.instrument: Instrument | None = None
        self.unknown = ""  # why the broker does not know the symbol
        self.closing: Closing | None = None
        self.book = PositionBook(self.symbol)
        self._allowed = TradingAllowed(True)
        self._cancelling: dict[str, float] = {}  # order_ref → when it was asked for
        self._alarms = Alarms(self.system.address("alarms"), self.symbol)
        self.alarm = self._alarms.alarm
        self.clear = self._alarms.clear
        self._clock = self.address.dispatcher.clock
        self._wanted = bus.wanted
        self._marking = False
        self.protection = Protection(self)
        self.second_line = SecondLine(self)
        self.desk = EntryDesk(self)
        self.reports = Reports(self)
        self.holding = HoldingCheck(self)

    # start

    async def prepare(self) -> None:
        """Rebuild the book from the journal, and the orders from `orders`."""
        journal = self.system.address("journal")
        records = await journal.ask(Replay(stream=self.symbol))
        payloads = [record.payload for record in records]
        try:
            self.book = PositionBook.replayed(self.symbol, payloads)
        except HistoryNeeded:
            whole = await journal.ask(Replay(stream=self.symbol, whole=True))
            self.book = PositionBook.replayed(self.symbol, payloads, [record.payload for record in whole])
        self.book.adopt(await self.orders.ask(ListOrders(self.symbol, done=True)))
        self._clock = self.address.dispatcher.clock
        self.protection = Protection(self, restored=bool(self.book.quantity))
        self.bus.subscribe(TradingAllowed, self.address)
        self.system.address("gateway").tell(Subscribe(self.symbol))
        self.tell_self(_Begin())

    def _begin(self) -> None:
        book = self.book
        if any(order.order_ref == book.closing_order for order in book.live(Role.EXIT)):
            source, _, reason = book.closing_source.partition(": ")
            self.closing = Closing(self, reason, source)
        for order in book.live(Role.ENTRY, Role.SCALE):
            self.system.address("portfolio").tell(OrderEvent(order))
        self.reports.begin()
        self._converge()

    # ticks

    def on_tick(self, kind: int, price: float, size: float) -> None:
        """Take one tick: no log, no Decimal, nothing allocated unless a threshold is crossed."""
        quote = self.quote
        if kind > _LAST_SIZE:
            # delayed prices (66 and up) are no quote
            quote.take(kind, price)
            return
        quote.heard = self._clock()
        if kind != _LAST:
            quote.take(kind, price)
            return
        if not 0.0 < price < inf:
            return
        quote.last = price
        monitor = self.protection.monitor
        if monitor is not None:
            reason = monitor.on_price(price)
            if reason is not None:
                self.second_line.crossed(reason, price)
        if self._wanted(PriceEvent):
            now = self.environment.now()
            self.bus.publish(PriceEvent(self.symbol, price, now, quote.bid or None, quote.ask or None))

    # messages

    def on_receive(self, message: Any) -> Any:
        """Handle one message."""
        match message:
            case OrderEvent():
                self._on_order(message)
            case _Marked():
                self._mark()
            case StopCrossed() | GraceOver():
                self.second_line.step(message)
            case CommissionBooked(_, commission):
                if self.book.ledger.charge(commission):
                    self.reports.holding()
            case InstrumentQualified(instrument):
                self._qualified(instrument)
            case InstrumentUnknown(_, text):
                self.unknown = text or "no such contract"
                self.alarm("instrument.unknown", self.unknown)
            case FeedInterrupted(_, reason):
                self.quote.interrupt(reason)
            case FeedResumed():
                self.quote.interrupted = ""
            case OpenPosition():
                return self.desk.open(message)
            case ClosePosition(reason, source):
                return self._close(reason, source)
            case AdjustExits(exits, source):
                return self._adjust(exits, source)
            case PlaceOrder():
                return self._place(message)
            case DescribePosition():
                return self.view()
            case GroupRefused():
                self._group_refused(message)
            case BrokerHolding():
                self.holding.compare(message)
            case _:
                return self._on_own(message)
        return None

    def _on_own(self, message: Any) -> Any:
        match message:
            case _Begin():
                self._begin()
            case TradingAllowed():
                self._allowed = message
                if message.allowed:
                    self.protection.again()
                    self._converge()
            case TryAgain():
                self._converge()
            case NakedTooLong(since):
                self.protection.naked_too_long(since)
                self._converge()
            case LookAgain():
                self.desk.look_again()
            case EquityKnown():
                self.desk.equity_known(message)
            case CloseAgain(closing, restart):
                self._close_again(closing, restart=restart)
            case StillOpen(closing):
                if closing is self.closing and self.book.quantity:
                    self.alarm("position.not_closed", f"{self.book.quantity} still held, closing since 30 s")
            case QuietAgain():
                self.holding.ask_again()
            case _LatePlan(plan):
                if self.book.plan is None and self.book.quantity:
                    self.book.plan = plan
                    self.book.exits = plan.exits
                    self._converge()
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Return what a dump shows."""
        view = self.view()
        return {
            "status": str(view.status),
            "quantity": str(view.quantity),
            "stop": str(view.stop),
            "protected": view.protected,
            "orders": {ref: str(order.status) for ref, order in self.book.orders.items()},
            "closing": self.closing.reason if self.closing is not None else "",
        }

    def view(self) -> PositionView:
        """Return the position as it stands."""
        return self.reports.view()

    # order events

    def _on_order(self, event: OrderEvent) -> None:
        order, book = event.order, self.book
        own = book.note(order)
        match event:
            case OrderFilledEvent(execution=execution):
                self._fill(book.book(execution, order.role, order.position_id), order)
            case OrderCorrectedEvent(execution=execution, replaces=replaces):
                self._fill(book.book(execution, order.role, order.position_id, replaces), order)
            case OrderCreatedEvent():
                self.desk.created(order.order_ref)
            case OrderDeniedEvent(reason=reason, figures=figures):
                self.desk.denied(order.order_ref, reason, figures)
                self._ended(order)
            case OrderModifiedEvent(applied=applied):
                self.protection.amended(order, applied=applied)
            case OrderCancelledEvent() | OrderExpiredEvent() | OrderRejectedEvent():
                self._ended(order)
            case OrderAcceptedEvent():
                self._cancelling.pop(order.order_ref, None)
            case _:
                pass
        if not own and order.position_id and not order.status.done:
            # bytes that waited in a frozen gateway (INC-02): the position it was for is over
            self.cancel(order.order_ref, "its position has closed")
        self._converge()
        if order.role is not None and order.role.adds_risk:
            # after HoldingChanged: the portfolio counts a fill as held before it stops counting it as working
            self.system.address("portfolio").tell(event)

    def _fill(self, booked: bool, order: OrderView) -> None:
        if not booked:
            return
        self.book.note(order)
        self.holding.filled()
        self.second_line.calm()
        if self.book.plan is None and order.position_id and self.book.quantity:
            self.spawn(self._find_plan, order.position_id)

    async def _find_plan(self, position_id: str) -> None:
        for record in await self.system.address("journal").ask(Replay(stream=self.symbol, whole=True)):
            if isinstance(record.payload, PositionPlanned) and record.payload.position_id == position_id:
                self.tell_self(_LatePlan(record.payload))
                return

    def _ended(self, order: OrderView) -> None:
        if order.role in (Role.STOP, Role.TARGET):
            self.protection.lost(order)
        elif order.role is Role.EXIT and self.closing is not None:
            self.closing.ended(order)
        self._cancelling.pop(order.order_ref, None)

    def _group_refused(self, message: GroupRefused) -> None:
        for denial in message.denials:
            self.desk.denied(denial.order_ref, denial.reason, denial.figures)
            known = self.book.orders.get(denial.order_ref)
            if known is not None and not known.status.done:
                text = f"{denial.reason} {denial.figures}".strip()
                order = evolve(known, status=OrderStatus.DENIED, text=text)
                self.book.note(order)
                self._ended(order)
        self._converge()

    # what should be

    def _converge(self) -> None:
        """Do what is left to do. Called after every fact, and does nothing twice."""
        book = self.book
        self.reports.changes()
        self.protection.refresh()
        if book.plan is None:
            self._unmanaged()
            return
        self.clear("position.unmanaged")
        if book.wrong_side:
            self._flipped()
        if book.plan is None:
            self._unmanaged()
        elif self.closing is not None:
            self.closing.step()
            self.protection.watch()
        elif not book.quantity:
            self._flat()
        else:
            if book.last_reduction is not None and book.last_reduction[0] in (Role.STOP, Role.TARGET):
                # an exit has begun to fill: what of the entry has not filled is no longer wanted (INC-28)
                for order in book.live(Role.ENTRY, Role.SCALE):
                    self.cancel(order.order_ref, "the position is being left")
            self.protection.step()
        if book.plan is not None and book.done():
            self._finish()
        self._keep_marking()

    def _flat(self) -> None:
        book = self.book
        self.protection.watch()
        entering = list(book.live(Role.ENTRY, Role.SCALE))
        refused = any(one.role is Role.STOP and one.status is OrderStatus.REJECTED for one in book.orders.values())
        if book.held or refused:
            for order in entering:
                self.cancel(order.order_ref, "flat" if book.held else "its stop was refused")
        if book.held or not entering:
            self.sweep()

    def sweep(self) -> None:
        """Cancel the exits that still work for a position that is flat.

        Those whose OCA group a fill has spent are the broker's to cancel: it gets a moment for that.
        """
        spent = {order.oca_group for order in self.book.all_exits() if order.filled and order.oca_group}
        now = trio.current_time()
        for order in self.book.live(Role.STOP, Role.TARGET, Role.EXIT):
            if order.oca_group in spent and now - self.holding.last_fill < OCA_SECONDS:
                self.after(OCA_SECONDS, TryAgain())
            else:
                self.cancel(order.order_ref, "flat")

    def _flipped(self) -> None:
        """More was sold than held, or bought than short: say so, and go flat."""
        book = self.book
        if self.closing is not None and self.closing.reason == "flipped":
            return
        role = book.last_reduction[0] if book.last_reduction is not None else None
        if role is None:
            # somebody else turned it, on purpose: ours ends here, and what is held is theirs
            for order in book.orders.values():
                if not order.status.done:
                    self.cancel(order.order_ref, "the position was turned outside")
            book.previous, book.plan = book.plan, None
            self.closing = None
            return
        self.alarm("position.flipped", f"{book.quantity} held on the wrong side: flattened")
        self.closing = None
        self.begin_closing("flipped", "position", now=False)

    def _unmanaged(self) -> None:
        book = self.book
        self.protection.watch()
        if book.quantity:
            self.alarm("position.unmanaged", f"{book.quantity} held without a plan, and so without exits of ours")
        elif book.held:
            self._finish()
        self._keep_marking()

    def _finish(self) -> None:
        """Flat and nothing works any more: close the book on it."""
        book = self.book
        reason = self.reports.closing_reason()
        held, view = book.held, self.view()
        record = book.closing_record(reason, self.environment.now().date().isoformat())
        self.append(record, checkpoint=True)
        book.closed(record)
        self.closing = None
        self.second_line.calm()
        self._cancelling.clear()
        self.protection = Protection(self)
        self.reports.closed(view, record, held=held)
        for kind in ("protection.missing", "protection.failed", "position.flipped", "position.not_closed"):
            self.clear(kind)
        self.clear("position.unmanaged")
        self.clear("stop.not_executed")
        self.desk.flat()

    # commands

    def refuse_new_risk(self) -> None:
        """Raise EntryRefused where this symbol must not take new risk now."""
        if not self._allowed.allowed:
            raise EntryRefused("orders are not reconciled with the broker", self._allowed.reason)
        if self.holding.difference is not None:
            raise EntryRefused("the broker holds another quantity", self.holding.difference)

    def begin_closing(self, reason: str, source: str, *, now: bool = True) -> None:
        """Go flat, unless that is being done."""
        if self.closing is None:
            self.closing = Closing(self, reason, source)
            if now:
                self._converge()

    def pause_closing(self, again: CloseAgain, seconds: float) -> None:
        """Stop trying for a while; the exits are armed again meanwhile."""
        self.closing = None
        self.after(seconds, again)

    def _close_again(self, closing: Closing, *, restart: bool) -> None:
        if restart and self.closing is None and self.book.quantity and self.book.plan is not None:
            self.begin_closing(closing.reason, closing.source)
        elif closing is self.closing:
            closing.again()
            self._converge()

    def _close(self, reason: str, source: str) -> CommandOutcome:
        book = self.book
        self.desk.drop_reversal("the position was closed by a command")
        if book.plan is None and book.quantity:
            taken_over = PositionPlanned(
                position_id=self.environment.new_id(),
                symbol=self.symbol,
                side=book.side,
                quantity=abs(book.quantity),
                exits=ExitPlan(),
                source=source,
            )
            self.append(taken_over)
            book.planned(taken_over)
        if book.plan is None:
            return CommandRefused("no position")
        if self.closing is not None:
            return CommandAccepted(text=f"being closed already: {self.closing.reason}")
        self.begin_closing(reason, source)
        return CommandAccepted(tuple(order.order_ref for order in book.live(Role.EXIT)), "closing")

    def _adjust(self, exits: ExitPlan, source: str) -> CommandOutcome:
        book = self.book
        if book.plan is None or self.closing is not None:
            return CommandRefused("no open position" if book.plan is None else "the position is being closed")
        average, mark = book.ledger.average_price, self.quote.mark
        if average is not None and self.instrument is not None:
            try:
                levels = exit_levels(exits, book.side, average, self.instrument)
            except ValueError as error:
                return CommandRefused("the exits are no prices", str(error))
            wrong = levels_refusal(levels, book.side, Decimal(repr(mark))) if mark is not None else ""
            if wrong:
                return CommandRefused("the exits would fire at once", wrong)
        fact = ExitsAdjusted(book.plan.position_id, exits, source)
        self.append(fact)
        book.adjusted(fact)
        self.protection.monitor = None
        self._converge()
        return CommandAccepted(text="exits adjusted")

    def _place(self, message: PlaceOrder) -> Any:
        try:
            return place_order(self, message)
        except EntryRefused as refused:
            return CommandRefused(refused.reason, refused.figures)

    # the second

    def _keep_marking(self) -> None:
        if self.book.quantity and not self._marking:
            self._marking = True
            self.after(1.0, _Marked())

    def _mark(self) -> None:
        self._marking = False
        if not self.book.quantity:
            return
        self.reports.marked()
        self.second_line.note_trail()
        self._keep_marking()

    def _qualified(self, instrument: Instrument) -> None:
        self.unknown = ""
        self.clear("instrument.unknown")
        self.instrument = instrument
        self.book.ledger.multiplier = instrument.multiplier
        self._converge()

    # sending

    def submit(self, message: SubmitOrders) -> None:
        """Send new orders: what adds risk by way of the portfolio."""
        for request in message.orders:
            self.book.note(requested(request))
        risky = any(request.role.adds_risk for request in message.orders)
        (self.system.address("portfolio") if risky else self.orders).tell(message)

    def cancel(self, order_ref: str, reason: str) -> None:
        """Ask for a cancellation, unless that was done and its answer is awaited."""
        if not self.cancelling(order_ref):
            self._cancelling[order_ref] = trio.current_time()
            self.orders.tell(CancelOrder(order_ref, reason))

    def cancelling(self, order_ref: str) -> bool:
        """Whether a cancellation was asked for and its answer is awaited."""
        return trio.current_time() - self._cancelling.get(order_ref, -inf) < CANCEL_SECONDS

    def append(self, fact: Any, *, checkpoint: bool = False) -> None:
        """Write to the symbol's stream; what is sent afterwards is never durable before it."""
        self.system.address("journal").tell(Append((Entry(self.symbol, fact, checkpoint),)))

    def reference_price(self) -> Decimal | None:
        """Return the mark as the price that an order is decided on."""
        mark = self.quote.mark
        return None if mark is None else Decimal(repr(mark))
