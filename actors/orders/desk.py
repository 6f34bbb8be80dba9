"""What the parts of the order actor share: the book, what is known of the link, and how effects are carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from actors.bus import EventBus
from actors.orders.log import log_event
from actors.runtime.address import Address
from actors.runtime.base import ActorContext
from domain.orders.book import Fact, OrderBook
from domain.orders.effects import Alarm, AlarmOver, Effect, Happened, SendCancel, ToJournal, Verify, Watch
from domain.orders.record import OrderRecord
from messages.event import BaseEvent
from messages.gateway import TradingAllowed
from messages.journal import Append, Entry
from messages.lifecycle import ClearAlarm, RaiseAlarm
from messages.market import Instrument
from messages.order import OrderEvent, OrderResolvedEvent, OrderUnknownEvent
from messages.risk import Halt

__all__ = ["OrderDesk"]


class OrderDesk:
    """The book and the outlets of the order actor.

    The parts that react to effects (asking the broker, watching for answers, cancelling) put their functions in after
    construction.
    """

    def __init__(self, context: ActorContext, client_id: int, bus: EventBus) -> None:
        self.context = context
        self.bus = bus
        self.book = OrderBook(client_id)
        self.instruments: dict[str, Instrument] = {}
        self.account = ""
        self.epoch = 0  # of the connection that stands; 0 where none does
        self.not_reconciled = "not reconciled with the broker yet"
        self.halted = ""
        self.verify: Callable[[str], None]
        self.watch: Callable[[str], None]
        self.cancel: Callable[[str, bool], None]
        self.follow_up: Callable[[], object]  # has `catch_up` called soon
        self._soon: list[Effect] = []
        self.recorded = 0  # facts that this incarnation has journaled, or found in the journal
        self._tokens = 0
        self._incarnation = context.environment.new_id()
        self.journal = self.address("journal")
        self.gateway = self.address("gateway")
        self._portfolio = self.address("portfolio")

    def address(self, name: str) -> Address:
        """Return an address of the system."""
        return self.context.system.address(name)

    def token(self) -> str:
        """Return a token for the journal that no other incarnation of this actor makes."""
        self._tokens += 1
        return f"{self._incarnation} {self._tokens}"

    def own(self, token: str) -> bool:
        """Tell whether this incarnation made the token."""
        return token.startswith(self._incarnation)

    @property
    def reconciled(self) -> bool:
        """Whether everything that can rest at the broker is known."""
        return not self.not_reconciled

    def learn(self, instrument: Instrument) -> None:
        """Take what the broker knows of a symbol."""
        self.instruments[instrument.symbol] = instrument
        self.book.con_ids[instrument.symbol] = instrument.con_id

    def holds(self) -> dict[str, str]:
        """Return symbol → why it takes no new risk: an order of it is severely wrong, or unknown."""
        held: dict[str, str] = {}
        for record in self.book.troubled():
            if record.severe:
                held[record.symbol] = f"on hold: {record.order_ref} has {', '.join(sorted(record.severe))}"
            else:
                held.setdefault(record.symbol, f"nobody knows where {record.order_ref} stands")
        return held

    def apply(self, fact: Fact) -> None:
        """Fold a fact and carry out what follows."""
        self.carry_out(self.fold(fact))

    def fold(self, fact: Fact) -> Iterable[Effect]:
        """Fold a fact; return what follows, for the caller to carry out."""
        return self.book.apply(fact, self.context.environment.now())

    def carry_out_soon(self, effects: Iterable[Effect]) -> None:
        """Carry out once the gateway has taken what it has been told just now, and before the next message of the order
        actor: the log and the others can wait for the bytes."""
        self._soon.extend(effects)
        self.follow_up()

    def catch_up(self) -> None:
        """Carry out what `carry_out_soon` has left."""
        if self._soon:
            effects, self._soon = self._soon, []
            self.carry_out(effects)

    def doubt(self, records: Iterable[OrderRecord], reason: str) -> None:
        """Take orders for unknown."""
        for record in records:
            self.carry_out(self.book.doubt(record, reason))

    def carry_out(self, effects: Iterable[Effect]) -> None:
        """Do what the book says, in its order; records go into the journal as one group, before anybody is told."""
        effects = tuple(effects)
        entries = tuple(Entry(each.stream or "orders", each.payload) for each in effects if isinstance(each, ToJournal))
        if entries:
            self.recorded += len(entries)
            self.journal.tell(Append(entries))
        for effect in effects:
            match effect:
                case ToJournal():
                    pass  # done above
                case Happened(symbol, message):
                    self.tell(symbol, message)
                case Verify("", reason):
                    self.verify(reason)
                case Verify(order_ref, reason):
                    self.verify(f"{order_ref}: {reason}")
                    self.watch(order_ref)
                case Watch(order_ref):
                    self.watch(order_ref)
                case SendCancel(order_ref, urgent):
                    self.cancel(order_ref, urgent)
                case Alarm():
                    self._raise(effect)
                case AlarmOver(kind, symbol, order_ref):
                    self.clear(kind, symbol, order_ref)

    def tell(self, symbol: str, message: Any) -> None:
        """Tell a symbol's position; events go to the log and the bus as well."""
        self.address(f"position/{symbol}").tell(message)
        if isinstance(message, OrderEvent):
            log_event(message)
            self._alarms_of(message)
        if isinstance(message, BaseEvent):
            self.bus.publish(message)

    def alarm(self, kind: str, text: str, symbol: str | None = None, order_ref: str | None = None) -> None:
        """Raise an alarm."""
        self.address("alarms").tell(RaiseAlarm(kind, text, symbol, order_ref))

    def clear(self, kind: str, symbol: str | None = None, order_ref: str | None = None) -> None:
        """Clear an alarm."""
        self.address("alarms").tell(ClearAlarm(kind, symbol, order_ref))

    def end_alarms(self, alarms: Iterable[tuple[str, str, str]]) -> None:
        """Clear those whose cause is gone, of these: kind, symbol, order reference."""
        for kind, symbol, order_ref in alarms:
            if not self.book.warrants(kind, order_ref):
                self.clear(kind, symbol, order_ref)

    def allow(self, not_reconciled: str) -> None:
        """Say whether new risk is possible; "" means that it is. Said again only when it changes."""
        if not_reconciled == self.not_reconciled:
            return
        self.not_reconciled = not_reconciled
        self.bus.publish(self.trading_allowed)

    @property
    def trading_allowed(self) -> TradingAllowed:
        """Whether new risk is possible, and if not, why."""
        return TradingAllowed(not self.not_reconciled, self.not_reconciled)

    def _raise(self, alarm: Alarm) -> None:
        self.address("alarms").tell(RaiseAlarm(alarm.kind, alarm.text, alarm.symbol, alarm.order_ref, alarm.perm_id))
        if alarm.halt and not self.halted:
            # INC-23: what goes out may not be what was meant; the halt is the portfolio's and outlives this process
            self.halted = f"{alarm.symbol}: {alarm.text}"
            self._portfolio.tell(Halt(self.halted))

    def _alarms_of(self, event: OrderEvent) -> None:
        order = event.order
        if isinstance(event, OrderUnknownEvent):
            self.alarm("order.unknown", event.reason, order.symbol, order.order_ref)
        elif isinstance(event, OrderResolvedEvent):
            self.clear("order.unknown", order.symbol, order.order_ref)
