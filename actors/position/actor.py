"""A position: one actor per symbol, address `position/SYMBOL`.

Everything it does follows from its book (`domain.position_book`), which is told facts: journal records, order events,
executions. After each fact `convergence` compares what is with what should be and asks for the difference.
Entries are in `entry`, exits in `protection`, going flat in `closing`.
"""

from __future__ import annotations

from decimal import Decimal
from math import inf
from typing import Any

from attrs import frozen

from actors.bus import EventBus
from actors.position.adoption import Adoption, Attached, Listed
from actors.position.alarms import Alarms
from actors.position.answers import Answers
from actors.position.closing import CloseAgain, Closing, StillOpen
from actors.position.commands import adjust_exits, close_position
from actors.position.convergence import Convergence
from actors.position.entry import BrokerHasSaid, EntryDesk, EquityKnown, LookAgain
from actors.position.feed import FeedWatch, LookAtFeed
from actors.position.given_price import take_price
from actors.position.hearing import Hearing, LatePlan
from actors.position.holding import HoldingCheck, QuietAgain
from actors.position.orders import PlaceAgain, PlainOrders
from actors.position.outlet import Outlet
from actors.position.protection import NakedTooLong, Protection, TryAgain
from actors.position.quote import Quote
from actors.position.rebuilding import rebuilt
from actors.position.release import Release, ReleaseOver
from actors.position.reports import Reports
from actors.position.scaling import double_down, scale_in
from actors.position.second_line import AskFirst, GraceOver, NotExecuted, SecondLine, StopCrossed
from actors.position.stop_levels import StopLevels, StopMoved
from actors.position.subscription import Subscription
from actors.position.time_exit import TimeExit, TimeIsUp
from actors.runtime.base import ActorContext, RunQueueActor
from config.loading import with_symbol
from config.settings import Settings
from domain.entries import EntryRefused
from domain.position_book import PositionBook
from messages.decision import WeighEntry
from messages.gateway import TradingAllowed
from messages.journal import Appended, JournalFailed
from messages.market import (
    FeedInterrupted,
    FeedResumed,
    Instrument,
    InstrumentQualified,
    InstrumentUnknown,
    PriceEvent,
    TakePrice,
    TickType,
    VolumeEvent,
)
from messages.order import (
    CommissionBooked,
    GroupRefused,
    OrderEvent,
    Role,
)
from messages.position import (
    AdjustExits,
    AdoptHolding,
    BrokerHolding,
    ClosePosition,
    DescribePosition,
    DoubleDown,
    HeldOverClose,
    OpenPosition,
    PlaceOco,
    PlaceOrder,
    PositionClosing,
    PositionView,
    ReleasePosition,
    ScaleIn,
)
from messages.symbol import LeaveSymbol, SymbolAdded

__all__ = ["PositionActor"]

_BID, _ASK, _LAST, _LAST_SIZE, _VOLUME = map(
    int, (TickType.BID, TickType.ASK, TickType.LAST, TickType.LAST_SIZE, TickType.VOLUME)
)


@frozen(slots=True)
class _Begin:
    """The mailbox is open: say what is held, and do what is left to do."""


@frozen(slots=True)
class _Marked:
    """A second has passed with something held."""


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
        self.allowed = TradingAllowed(True)
        self._alarms = Alarms(self.system.address("alarms"), self.symbol)
        self.alarm = self._alarms.alarm
        self.clear = self._alarms.clear
        self._dispatcher = self.address.dispatcher
        self._wanted = bus.wanted
        self._marking = False  # whether the timer of the second runs
        self._resting = False  # whether it has stopped until something is heard
        outlet = Outlet(self)
        self.submit, self.cancel = outlet.submit, outlet.cancel
        self.cancelling, self.answered = outlet.cancelling, outlet.answered
        self.append = outlet.append
        self._subscription = Subscription(self)
        self.need_ticks = self._subscription.need_ticks
        self.levels = StopLevels(self)
        self.protection = Protection(self)
        self.time_exit = TimeExit(self)
        self.second_line = SecondLine(self)
        self.desk = EntryDesk(self)
        self.reports = Reports(self)
        self.holding = HoldingCheck(self)
        self._convergence = Convergence(self)
        self._hearing = Hearing(self)
        self._adoption = Adoption(self)
        self.release = Release(self)
        self._answers = Answers(self)
        self._feed = FeedWatch(self)
        self.plain = PlainOrders(self)

    # start

    async def prepare(self) -> None:
        """Rebuild the book from the journal, and the orders from `orders`."""
        self.book = await rebuilt(self.symbol, self.system.address("journal"), self.orders)
        self.protection = Protection(self, restored=bool(self.book.quantity))
        self.bus.subscribe(TradingAllowed, self.address)
        self._subscription.begin()
        self._feed.begin()
        self.tell_self(_Begin())

    def _begin(self) -> None:
        book = self.book
        if book.closing is not None:
            self.closing = Closing(self, book.closing.reason, book.closing.source)
        for order in book.live(Role.ENTRY, Role.SCALE):
            self.system.address("portfolio").tell(OrderEvent(order))
        self.reports.begin()
        self.converge()

    # ticks

    def on_tick(self, kind: int, price: float, size: float) -> None:
        """Take one tick: no log, no Decimal, nothing allocated unless a threshold is crossed."""
        quote = self.quote
        if kind > _LAST_SIZE:
            # delayed prices (66 and up) are no quote
            quote.note(kind, price)
            if kind == _VOLUME and self._wanted(VolumeEvent):
                self.bus.publish(VolumeEvent(self.symbol, size, self.environment.now()))
            return
        quote.heard = self._dispatcher.published
        if self._resting:
            self.keep_marking()
        if kind == _BID:
            # −1 means that there is none
            quote.bid = price if 0.0 < price < inf else 0.0
            return
        if kind == _ASK:
            quote.ask = price if 0.0 < price < inf else 0.0
            return
        if kind != _LAST or not 0.0 < price < inf:
            return
        quote.last = price
        monitor = self.levels.monitor
        if monitor is not None:
            reason = monitor.on_price(price)
            if reason is not None:
                self.second_line.crossed(reason, price)
            if monitor.news:
                self.levels.news(monitor)
        if self._wanted(PriceEvent):
            now = self.environment.now()
            self.bus.publish(PriceEvent(self.symbol, price, now, quote.bid or None, quote.ask or None))

    # messages

    def on_receive(self, message: Any) -> Any:
        """Handle one message."""
        if self._resting and not isinstance(message, (LookAtFeed, DescribePosition)):
            self.keep_marking()
        match message:
            case OrderEvent():
                self._hearing.order(message)
            case _Marked():
                self._mark()
            case StopCrossed() | AskFirst() | GraceOver() | NotExecuted():
                self.second_line.step(message)
            case CommissionBooked(_, commission):
                if self.book.charge(commission):
                    self.reports.holding()
                self.converge()
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
            case WeighEntry():
                self.desk.weigh(message)
            case ClosePosition():
                return self._answers.durable(close_position(self, message))
            case ReleasePosition():
                return self.release.begin()
            case AdjustExits():
                return self._answers.durable(adjust_exits(self, message))
            case AdoptHolding():
                return self._adoption.begin(message)
            case PlaceOrder() | PlaceOco():
                return self.plain.place(message)
            case ScaleIn():
                return scale_in(self, message)
            case DoubleDown():
                return double_down(self, message)
            case TakePrice():
                return take_price(self, message)
            case DescribePosition():
                return self.view()
            case LeaveSymbol():
                return self._subscription.leave()
            case SymbolAdded(symbol, written):
                self._subscription.come_back(with_symbol(self.settings, symbol, dict(written)))
            case GroupRefused():
                self._hearing.refused(message)
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
                self.allowed = message
                if message.allowed:
                    self.protection.again()
                    self.converge()
            case LookAtFeed():
                self._feed.look()
                if self._resting and self.reports.mark_is_wanted:
                    self.keep_marking()
            case TryAgain():
                self.converge()
            case StopMoved():
                self.levels.move()
            case TimeIsUp():
                self.time_exit.look(message)
            case HeldOverClose():
                self.time_exit.held_over(message)
            case NakedTooLong(since):
                self.protection.naked_too_long(since)
                self.converge()
            case LookAgain():
                self.desk.look_again()
            case PlaceAgain():
                self.plain.again(message)
            case EquityKnown():
                self.desk.equity_known(message)
            case BrokerHasSaid():
                self.desk.broker_has_said(message)
            case CloseAgain(closing, restart):
                self._close_again(closing, restart=restart)
            case StillOpen(closing):
                if closing is self.closing and self.book.quantity:
                    self.alarm("position.not_closed", f"{self.book.quantity} still held, closing since 30 s")
            case ReleaseOver():
                self.release.over(message)
            case QuietAgain():
                self.holding.ask_again()
            case LatePlan(plan):
                self._hearing.late_plan(plan)
            case Listed():
                self._adoption.listed(message)
            case Appended() | JournalFailed():
                self._answers.written(message)
            case Attached():
                self._adoption.attached(message)
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
            "feed": self.quote.interrupted or "live",
        }

    def view(self) -> PositionView:
        """Return the position as it stands."""
        return self.reports.view()

    # what should be

    def converge(self) -> None:
        """Do what is left to do."""
        self._convergence.step()
        self.need_ticks()

    def sweep(self) -> None:
        """Cancel the exits that still work for a position that is flat."""
        self._convergence.sweep()

    # commands

    def refuse_new_risk(self) -> None:
        """Raise EntryRefused where this symbol must not take new risk now."""
        if self._subscription.left:
            raise EntryRefused("the symbol was removed", f"pitboss symbol add {self.symbol}")
        if not self.allowed.allowed:
            raise EntryRefused("orders are not reconciled with the broker", self.allowed.reason)
        if self.holding.difference is not None:
            raise EntryRefused("the broker holds another quantity", self.holding.difference)

    def begin_closing(self, reason: str, source: str, *, now: bool = True) -> None:
        """Go flat, unless that is being done."""
        if self.closing is None:
            self.closing = Closing(self, reason, source)
            if self.book.closing is None and self.book.plan is not None:
                self.book.closing = PositionClosing(self.book.plan.position_id, reason, source)
                self.append(self.book.closing)
            if now:
                self.converge()

    def pause_closing(self, again: CloseAgain, seconds: float) -> None:
        """Stop trying for a while; the exits are armed again meanwhile."""
        self.closing = None
        self.after(seconds, again)

    def _close_again(self, closing: Closing, *, restart: bool) -> None:
        if restart and self.closing is None and self.book.quantity and self.book.plan is not None:
            self.begin_closing(closing.reason, closing.source)
        elif closing is self.closing:
            closing.again()
            self.converge()

    # the second

    def keep_marking(self) -> None:
        """See to it that a second from now the mark is told, while something is held."""
        self._resting = False
        if self.book.quantity and not self._marking:
            self._marking = True
            self.after(1.0, _Marked())

    def _mark(self) -> None:
        self._marking = False
        if not self.book.quantity:
            return
        self.reports.marked()
        if self.levels.note_trail() or self.reports.mark_is_wanted:
            self.keep_marking()
        else:
            # nothing can change any more until a tick or a message comes
            self._resting = True

    def _qualified(self, instrument: Instrument) -> None:
        self.unknown = ""
        self.clear("instrument.unknown")
        self.instrument = instrument
        self.book.ledger.multiplier = instrument.multiplier
        self.converge()

    def reference_price(self) -> Decimal | None:
        """Return the mark as the price that an order is decided on."""
        mark = self.quote.mark
        return None if mark is None else Decimal(repr(mark))
