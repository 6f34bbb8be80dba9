"""The portfolio: the gate through which all new risk goes, the breaker, and the totals."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import trio
from attrs import evolve, frozen

from actors.bus import EventBus
from actors.portfolio import plans
from actors.portfolio.breaker import BreakerDesk, LookAgain
from actors.portfolio.exposures import Exposures
from actors.portfolio.figures import Figures
from actors.portfolio.hearsay import Heard, Hearsay
from actors.portfolio.last_told import LastTold
from actors.portfolio.terms import guards_of
from actors.portfolio.weighing import Circumstances, Weighed, weigh_group
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.status import ActorState
from config.logging import log
from config.settings import Settings
from domain.breaker_meters import Trip
from domain.entry_gates import entry_of, outcome_text, worth_recording
from domain.guards import OrderFlow
from domain.limits import LimitCheck
from messages.decision import WeighOrders
from messages.gateway import AccountPnl, AccountValue, AskAccount
from messages.journal import Appended, JournalBroken, JournalFailed, Replay
from messages.lifecycle import ActorQuarantined, ClearAlarm, RaiseAlarm
from messages.market import InstrumentQualified, NeedRate
from messages.order import (
    GroupRefused,
    ListOrders,
    OrderAcceptedEvent,
    OrderDenied,
    OrderEvent,
    OrderFilledEvent,
    OrderIntended,
    OrderRejectedEvent,
    OrderView,
    SubmitOrders,
)
from messages.position import CORRECTION, CommandRefused, DescribePosition, PositionCloseEvent, PositionView
from messages.risk import (
    DescribePortfolio,
    FlattenAll,
    Halt,
    HoldingChanged,
    LimitUse,
    PortfolioView,
    Rearm,
    Resume,
    TradingState,
)
from messages.symbol import SymbolAdded, SymbolRemoved
from messages.verdict import GateVerdict
from storage.errors import JournalError

__all__ = ["PortfolioActor"]

_ZERO = Decimal(0)
_POSITION = "position/"
_PATIENCE = 5.0  # seconds for the positions that start by themselves to say what they hold
_LOOK_SECONDS = 1.0


@frozen(slots=True)
class _CallThem:
    """Symbols with an open plan have not been heard of."""


@frozen(slots=True)
class _DayBegins:
    """The exchange's day may have changed."""


class PortfolioActor(RunQueueActor):
    """Lets SubmitOrders through to `orders`, or answers its `reply_to` with GroupRefused.

    What it lets through is reserved at once, in the same handler, so that no two positions can use the same room. An
    order counts as reserved with what may still fill until its position has told HoldingChanged and then the order's
    event: a fill is never counted as neither.

    New risk ends by command, when the journal fails, or when the breaker trips (`actors.portfolio.breaker`), and only a
    person allows it again. After its own restart it takes no new risk until every symbol with an open plan has said
    what it holds.
    """

    # a halt is said once: by `orders`, where what goes out may not be what was meant
    repeatable = (Halt,)

    def __init__(
        self, context: ActorContext, *, settings: Settings, bus: EventBus, told: LastTold | None = None
    ) -> None:
        """`told` is shared by the incarnations of one process."""
        super().__init__(context)
        risk = settings.risk
        self._guards = guards_of(risk)
        self._flow = OrderFlow(self._guards)
        self._resize = risk.on_limit == "resize"
        self._max_daily_loss = risk.max_daily_loss
        self.bus = bus
        self._exposures = Exposures(settings)
        self.figures = Figures(risk, self._exposures.rates, self._exposures.currency_of)
        self._desk = BreakerDesk(self, risk, told or LastTold())
        self._journal_broken = ""  # why no intent that adds risk can be written
        self._awaited: set[str] = set()  # symbols whose holding is not known yet
        self._plans = plans.Plans(self.figures.day_of.of)
        self._closings = 0  # since they were last counted
        self._looking = False
        self._rates_asked: set[str] = set()  # currencies whose worth the gateway was asked for

    async def prepare(self) -> None:
        """Take up the breaker, the day's results and what works from journal and `orders`."""
        journal = self.system.address("journal")
        standing = self._desk.restore(record.payload for record in await journal.ask(Replay(stream="portfolio")))
        self.figures.roll(self.environment.now())
        self._plans = await plans.Plans.counted(journal, self.figures.day_of.of, self._desk.rearmed)
        self._awaited |= self._plans.symbols
        self._desk.losses = self._plans.losses
        self.figures.restore(standing, self._plans, self._awaited)
        for view in await self.system.address("orders").ask(ListOrders()):
            if view.role is not None and view.role.adds_risk:
                self._exposures.follow(view, await self._decided_at(view))
        for event_type in (AccountValue, AccountPnl, PositionCloseEvent, ActorQuarantined, InstrumentQualified):
            self.bus.subscribe(event_type, self.address)
        for about_orders in (OrderRejectedEvent, OrderAcceptedEvent, OrderFilledEvent):
            self.bus.subscribe(about_orders, Hearsay(self.address))
        self.after(_PATIENCE, _CallThem())
        self._wait_for_the_day()
        if standing is None or standing.day != self.figures.day:
            self._desk.write()
        self._desk.begin()

    async def _decided_at(self, view: OrderView) -> Decimal | None:
        """Return the quote on which a working order was decided."""
        for record in await self.system.address("journal").ask(Replay(stream=view.symbol)):
            match record.payload:
                case OrderIntended(order=order, reference_price=price) if order.order_ref == view.order_ref:
                    return price
        return None

    def on_receive(self, message: Any) -> Any:
        """Handle one message."""
        match message:
            case SubmitOrders():
                self._submit(message)
            case WeighOrders():
                self._pass_on(message)
            case HoldingChanged():
                self._awaited.discard(message.symbol)
                self._hold(message)
            case OrderEvent():
                self._exposures.follow(message.order)
                self._desk.step()
            case Heard(event=event):
                self._hear(event)
            case AccountValue():
                self._judge(self.figures.told_value(message, trio.current_time()))
            case AccountPnl():
                self._roll_day()
                self._judge(self.figures.told_pnl(message, trio.current_time()))
            case PositionCloseEvent(position=view, reason=reason):
                self._closed(view, reason)
            case ActorQuarantined(actor=actor):
                self._awaited.discard(actor.removeprefix(_POSITION))
            case JournalBroken(error):
                self._no_journal(error)
            case DescribePortfolio():
                return self._view()
            case LookAgain():
                self._look()
            case InstrumentQualified(instrument):
                self._exposures.describe(instrument)
                self._need_rate(instrument.currency)
            case _:
                return self._on_command(message)
        return None

    def _need_rate(self, currency: str) -> None:
        base = self.figures.rates.base
        if currency != base and currency not in self._rates_asked:
            self._rates_asked.add(currency)
            self.system.address("gateway").tell(NeedRate(currency, base))

    def _on_command(self, message: Any) -> Any:
        match message:
            case SymbolAdded(symbol, written):
                self._exposures.add_symbol(symbol, written)
            case SymbolRemoved():
                pass  # its limits may still be needed: what it earned and lost today counts on
            case Halt(reason, cancel_entries):
                return self._desk.halt(reason, cancel_entries=cancel_entries)
            case Resume(reason):
                return self._desk.resume(reason)
            case Rearm(reason, by):
                return self._desk.rearm(reason, by)
            case FlattenAll(reason):
                return self._desk.flatten(reason)
            case Appended(token):
                self._desk.settle(token)
            case JournalFailed(token, error):
                self._desk.settle(token, error)
            case _DayBegins():
                self._roll_day()
                self._wait_for_the_day()
            case _CallThem():
                for symbol in sorted(self._awaited):
                    # a first message starts an actor: so a plan that a crash left behind is taken up again
                    self.system.address(f"{_POSITION}{symbol}").tell(DescribePosition())
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Return what a dump shows."""
        view = self._view()
        return {
            "state": str(view.state),
            "reason": self._desk.words,
            "gross_exposure": str(view.gross_exposure),
            "reserved": {order_ref: str(order.quantity) for order_ref, order in self._exposures.reserved.items()},
            "awaited": sorted(self._awaited),
            "day": view.day,
            "suspicions": list(view.suspicions),
        }

    # the gate

    def _submit(self, message: SubmitOrders) -> None:
        weighed = self._weigh(message)
        denials = list(weighed.denials)
        if denials:
            named = {denial.order_ref for denial in denials}
            rest = (order for order in message.orders if order.order_ref not in named)
            denials += (OrderDenied(order.order_ref, "its group was refused") for order in rest)
            for denial in denials:
                log(
                    "order.denied",
                    level="WARNING",
                    actor=self.address.name,
                    symbol=message.orders[0].symbol,
                    order_ref=denial.order_ref,
                    reason=denial.reason,
                    figures=denial.figures,
                )
            self.system.address(message.reply_to).tell(GroupRefused(tuple(denials)))
            self._tell_why(message, weighed)
            return
        if weighed.group is not message:
            cut = weighed.verdicts[-1].figures
            log("order.resized", actor=self.address.name, symbol=message.orders[0].symbol, figures=cut)
        self._exposures.reserve(weighed.group.orders, message.reference_price)
        self._flow.passed(weighed.group.orders, trio.current_time())
        verdicts = message.verdicts + weighed.verdicts
        self.system.address("orders").tell(evolve(weighed.group, cleared=True, verdicts=verdicts))

    def _weigh(self, group: SubmitOrders) -> Weighed:
        symbol = group.orders[0].symbol if group.orders else ""
        exposures = self._exposures
        worth, unknown = exposures.worth(symbol)
        now = Circumstances(
            state=self._state_checks(),
            limits=exposures.limits,
            guards=self._guards,
            flow=self._flow,
            holdings=exposures.held(),
            reserved=exposures.waiting(),
            sectors=exposures.sectors,
            worth=worth,
            unknown=unknown,
            lot=exposures.lot_of(symbol),
            resize=self._resize,
            now=trio.current_time(),
        )
        return weigh_group(group, now)

    def _tell_why(self, group: SubmitOrders, weighed: Weighed) -> None:
        """Pass a refused group on to the gates behind this one, which have all verdicts journaled."""
        entry, first = entry_of(group), weighed.denials[0]
        if entry is not None and worth_recording(entry.source, entry.signal_id):
            self.system.address("orders").tell(
                WeighOrders(
                    symbol=entry.symbol,
                    group=group,
                    verdicts=group.verdicts + weighed.verdicts,
                    source=entry.source,
                    signal_id=entry.signal_id,
                    outcome=outcome_text(first.reason, first.figures),
                )
            )

    def _pass_on(self, message: WeighOrders) -> None:
        """Add the verdicts on orders that are not to be sent."""
        if message.group is None:
            verdicts = tuple(check.verdict for check in self._state_checks())
            verdicts += (GateVerdict("portfolio", "limits", False, "not comparable: without a price or a size"),)
        else:
            verdicts = self._weigh(message.group).verdicts
        self.system.address("orders").tell(evolve(message, verdicts=message.verdicts + verdicts))

    def _state_checks(self) -> tuple[LimitCheck, ...]:
        """Whether any new risk may be taken at all."""
        broken, awaited = self._journal_broken, ", ".join(sorted(self._awaited))
        breaker = self._desk.breaker
        against = "trading is halted" if breaker.state is not TradingState.ACTIVE else ""
        if breaker.tripped:
            against = "the breaker has tripped"
        currency = self.figures.rates.disagreement or self._exposures.unvalued()
        return (
            LimitCheck("journal", "the journal has failed" if broken else "", broken or "sound"),
            LimitCheck("halted", against, self._desk.words if against else "active"),
            LimitCheck("holdings", "what is held is not known yet" if awaited else "", awaited or "all known"),
            LimitCheck(
                "currency",
                "what is held or works cannot be valued" if currency else "",
                currency or f"all in {self.figures.rates.base}",
            ),
        )

    # totals

    def _hold(self, message: HoldingChanged) -> None:
        """Take what a symbol holds; the totals follow by the difference, however many symbols there are."""
        self._roll_day()
        self._exposures.hold(message)
        if self.figures.hold(message):
            self._desk.write()
        self._judge(self.figures.look(trio.current_time()))
        self._desk.step()

    def _closed(self, view: PositionView, reason: str) -> None:
        self._roll_day()
        self.figures.close(view)
        self._judge(self.figures.look(trio.current_time()))
        if reason != CORRECTION:
            self._desk.result(plans.losses_after(self._desk.losses, view.realized_pnl - view.commission))
        self._closings += 1
        if self._closings >= plans.EVERY:
            self._closings = 0
            self.spawn(self._count_plans)

    async def _count_plans(self) -> None:
        try:
            await self._plans.go_on(self.system.address("journal"))
        except JournalError as error:
            # a start would count more, that is all; what is wrong with the journal it says itself
            log("journal.snapshot_failed", level="WARNING", actor=self.address.name, error=str(error))

    def _view(self) -> PortfolioView:
        self._roll_day()
        figures, desk = self.figures, self._desk
        pnl, rates = figures.pnl, figures.rates
        held = self._exposures.totals()
        return PortfolioView(
            state=desk.breaker.state,
            reason=desk.breaker.reason,
            equity=figures.equity,
            gross_exposure=held.gross,
            net_exposure=held.net,
            reserved=sum((order.quantity * order.price for order in self._exposures.waiting()), _ZERO),
            rates=rates.known(),
            realized_pnl=rates.total(pnl.realized.amounts) or _ZERO,
            unrealized_pnl=rates.total(pnl.unrealized.amounts) or _ZERO,
            commission=rates.total(pnl.commission.amounts) or _ZERO,
            goal=desk.breaker.goal,
            trigger=desk.breaker.trigger,
            since=desk.since,
            day=figures.day,
            daily_pnl=figures.own(),
            broker_daily_pnl=figures.brokers(),
            losses_in_a_row=desk.losses,
            rejects_in_a_row=max(map(len, desk.rejected.values())),
            suspicions=figures.suspicions,
            closing=desk.closing(),
            limits=self._limit_uses(),
        )

    def _limit_uses(self) -> tuple[LimitUse, ...]:
        used = self._exposures.uses()
        maximum, today = self._max_daily_loss, self.figures.own()
        if maximum is None or today is None:
            return used
        return (*used, LimitUse("daily loss", max(_ZERO, -today), maximum))

    # days

    def _roll_day(self) -> None:
        if self.figures.roll(self.environment.now()):
            self._desk.write()

    def _wait_for_the_day(self) -> None:
        now = self.environment.now()
        self.after((self.figures.day_of.next_start(now) - now).total_seconds() + 0.001, _DayBegins())

    # the breaker

    def entries(self) -> list[str]:
        """Return the orders that may still add to a position."""
        return list(self._exposures.reserved)

    def open_symbols(self, *, everything: bool) -> list[str]:
        """Return the symbols that hold something, or have an order or a plan that may come to it.

        Without `everything` holdings that nobody manages are left out.
        """
        return sorted(self._exposures.symbols(everything=everything) | self._awaited)

    def unheard(self) -> list[str]:
        """Return the symbols whose position is there, or is starting, and has not said so far what it holds."""
        addresses = self.system.addresses(_POSITION)
        known = self._exposures.known
        return sorted(
            symbol
            for symbol, state in ((each.name.removeprefix(_POSITION), each.state) for each in addresses)
            if symbol not in known and state not in (ActorState.STOPPED, ActorState.QUARANTINED)
        )

    def journal_refusal(self) -> CommandRefused | None:
        """Return why no new risk can be allowed for the journal's sake."""
        if not self._journal_broken:
            return None
        return CommandRefused("the journal has failed, and Pitboss must be started again", self._journal_broken)

    def tell_alarms(self, message: RaiseAlarm | ClearAlarm) -> None:
        """Raise or clear an alarm."""
        self.system.address("alarms").tell(message)

    def rearm(self, now: datetime) -> None:
        """Begin to count anew: a person has seen what tripped the breaker."""
        self.figures.rearm()
        self._plans.rearm(now)

    def look_soon(self) -> None:
        """Look again in a second."""
        if not self._looking:
            self._looking = True
            self.after(_LOOK_SECONDS, LookAgain())

    def _look(self) -> None:
        self._looking = False
        self._roll_day()
        if self.figures.unsettled:
            # what stands is asked for again: a wild value is not repeated
            self.system.address("gateway").tell(AskAccount())
        self._judge(self.figures.look(trio.current_time()))
        self._desk.step()

    def _judge(self, trip: Trip | None) -> None:
        """Let the breaker have what is confirmed, and look again at what is not."""
        if trip is not None:
            self._desk.trip(trip)
        elif self.figures.worth_writing:
            self._desk.write()
        if self.figures.unsettled:
            self.look_soon()

    def _hear(self, event: OrderEvent) -> None:
        order = event.order
        if order.role is None:
            return
        if isinstance(event, OrderRejectedEvent):
            self._desk.refused(order.order_ref, adds_risk=order.role.adds_risk, reason=f"{event.code} {event.reason}")
        else:
            self._desk.taken(adds_risk=order.role.adds_risk)

    def _no_journal(self, error: str) -> None:
        if not self._journal_broken:
            self._journal_broken = error
            self._desk.halt(f"the journal has failed: {error}", "journal")
