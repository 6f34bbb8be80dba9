"""The portfolio: the gate through which all new risk goes, the kill switch, and the totals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import evolve, frozen

from actors.bus import EventBus
from actors.portfolio import plans
from actors.portfolio.weighing import Weighed, weigh_group
from actors.runtime.base import ActorContext, RunQueueActor
from actors.storage.errors import JournalError
from config.logging import log
from config.settings import Settings
from domain.entry_gates import entry_of, outcome_text, worth_recording
from domain.limits import Exposure, Holding, LimitCheck, Limits, PendingOrder
from messages.decision import WeighOrders
from messages.gateway import AccountPnl, AccountValue
from messages.journal import Append, Entry, JournalBroken, Replay
from messages.lifecycle import ActorQuarantined, ClearAlarm, RaiseAlarm
from messages.order import (
    GroupRefused,
    ListOrders,
    OrderDenied,
    OrderEvent,
    OrderIntended,
    OrderView,
    SubmitOrders,
)
from messages.position import (
    ClosePosition,
    CommandRefused,
    DescribePosition,
    PositionCloseEvent,
    PositionView,
)
from messages.risk import (
    DescribePortfolio,
    FlattenAll,
    Halt,
    HaltedEvent,
    HoldingChanged,
    PortfolioView,
    Resume,
    ResumedEvent,
    TradingHalted,
    TradingResumed,
    TradingState,
)
from messages.verdict import GateVerdict

__all__ = ["PortfolioActor"]

_ZERO = Decimal(0)
_PATIENCE = 5.0  # seconds for the positions that start by themselves to say what they hold


@frozen(slots=True)
class _CallThem:
    """Symbols with an open plan have not been heard of."""


class PortfolioActor(RunQueueActor):
    """Lets SubmitOrders through to `orders`, or answers its `reply_to` with GroupRefused.

    What it lets through is reserved at once, in the same handler, so that no two positions can use the same room. An
    order counts as reserved with what may still fill until its position has told HoldingChanged and then the order's
    event: a fill is never counted as neither.

    It is halted by command, when the journal fails, or when the day's loss reaches `risk.max_daily_loss`, by the
    broker's figure or by ours, whichever is worse. A halt survives a restart; only Resume ends it, and none does while
    the journal has failed. After its own restart it takes no new risk until every symbol with an open plan has said
    what it holds.
    """

    def __init__(self, context: ActorContext, *, settings: Settings, bus: EventBus) -> None:
        super().__init__(context)
        risk = settings.risk
        self._limits = Limits(
            max_position_shares=risk.max_position_shares,
            max_position_notional=risk.max_position_notional,
            max_order_notional=risk.max_order_notional,
            max_gross_exposure=risk.max_gross_exposure,
            max_sector_exposure=risk.max_sector_exposure,
            price_collar_pct=risk.price_collar_pct,
        )
        self._max_daily_loss = risk.max_daily_loss
        self._sectors = {symbol: known.sector for symbol, known in settings.symbols.items() if known.sector}
        self._bus = bus
        self._state = TradingState.ACTIVE
        self._reason = ""
        self._journal_broken = ""  # why no intent that adds risk can be written
        self._holdings: dict[str, HoldingChanged] = {}
        self._realized = _ZERO  # sums over the holdings
        self._unrealized = _ZERO
        self._commission = _ZERO
        self._reserved: dict[str, PendingOrder] = {}  # order_ref → what may still fill
        self._awaited: set[str] = set()  # symbols whose holding is not known yet
        self._closed_today = _ZERO  # realised by the positions that closed today
        self._charged_today = _ZERO  # their commission
        self._day = ""
        self._plans = plans.Plans()
        self._closings = 0  # since they were last counted
        self._equity: Decimal | None = None
        self._broker_pnl: AccountPnl | None = None

    async def prepare(self) -> None:
        """Take up halt, the day's results and what works from journal and `orders`."""
        journal = self.system.address("journal")
        for record in await journal.ask(Replay(stream="portfolio")):
            match record.payload:
                case TradingHalted(reason):
                    self._state, self._reason = TradingState.REDUCE_ONLY, reason
                case TradingResumed():
                    self._state, self._reason = TradingState.ACTIVE, ""
        self._roll_day()
        counted = self._plans = await plans.Plans.counted(journal)
        self._awaited |= counted.symbols
        if counted.day == self._day:
            self._closed_today, self._charged_today = counted.realized, counted.commission
        for view in await self.system.address("orders").ask(ListOrders()):
            if view.role is not None and view.role.adds_risk:
                self._follow(view, await self._decided_at(view))
        for event_type in (AccountValue, AccountPnl, PositionCloseEvent, ActorQuarantined):
            self._bus.subscribe(event_type, self.address)
        self.after(_PATIENCE, _CallThem())
        if self._state is not TradingState.ACTIVE:
            self._bus.publish(HaltedEvent(self._reason))

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
                self._check_loss()
            case OrderEvent():
                self._follow(message.order)
            case AccountValue():
                self._account_value(message)
            case AccountPnl():
                self._broker_pnl = message
                self._check_loss()
            case PositionCloseEvent(position=view):
                self._closed(view)
            case ActorQuarantined(actor=actor):
                self._awaited.discard(actor.removeprefix("position/"))
            case Halt(reason):
                self._halt(reason)
            case Resume(reason):
                return self._resume(reason)
            case JournalBroken(error):
                self._no_journal(error)
            case FlattenAll(reason):
                self._flatten(reason)
            case DescribePortfolio():
                return self._view()
            case _CallThem():
                for symbol in sorted(self._awaited):
                    # a first message starts an actor: so a plan that a crash left behind is taken up again
                    self.system.address(f"position/{symbol}").tell(DescribePosition())
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Return what a dump shows."""
        view = self._view()
        return {
            "state": str(view.state),
            "reason": view.reason,
            "gross_exposure": str(view.gross_exposure),
            "reserved": {order_ref: str(order.quantity) for order_ref, order in self._reserved.items()},
            "awaited": sorted(self._awaited),
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
        self._reserved.update(weighed.taken)
        verdicts = message.verdicts + weighed.verdicts
        self.system.address("orders").tell(evolve(message, cleared=True, verdicts=verdicts))

    def _weigh(self, group: SubmitOrders) -> Weighed:
        return weigh_group(group, self._state_checks(), self._limits, self._held(), self._reserved, self._sectors)

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
        halted = self._state is not TradingState.ACTIVE
        return (
            LimitCheck("journal", "the journal has failed" if broken else "", broken or "sound"),
            LimitCheck("halted", "trading is halted" if halted else "", self._reason if halted else "active"),
            LimitCheck("holdings", "what is held is not known yet" if awaited else "", awaited or "all known"),
        )

    def _follow(self, view: OrderView, decided_at: Decimal | None = None) -> None:
        """Reserve what an order that adds risk may still fill; nothing once it is done."""
        if view.role is None or not view.role.adds_risk:
            return
        if view.status.done or view.remaining <= 0:
            self._reserved.pop(view.order_ref, None)
            return
        known = self._reserved.get(view.order_ref)
        if known is not None:
            price = known.price
        else:
            price = decided_at or view.limit_price or view.stop_price or self._mark(view.symbol)
        self._reserved[view.order_ref] = PendingOrder(view.symbol, view.side, view.remaining, price)

    # totals

    def _mark(self, symbol: str) -> Decimal:
        holding = self._holdings.get(symbol)
        if holding is None:
            return _ZERO
        return Decimal(repr(holding.mark)) if holding.mark else holding.average_price or _ZERO

    def _held(self) -> dict[str, Holding]:
        return {
            symbol: Holding(holding.quantity, self._mark(symbol))
            for symbol, holding in self._holdings.items()
            if holding.quantity
        }

    def _hold(self, message: HoldingChanged) -> None:
        """Take what a symbol holds; the totals follow by the difference, however many symbols there are."""
        known = self._holdings.get(message.symbol)
        self._holdings[message.symbol] = message
        self._realized += message.realized_pnl - (known.realized_pnl if known is not None else _ZERO)
        self._unrealized += message.unrealized_pnl - (known.unrealized_pnl if known is not None else _ZERO)
        self._commission += message.commission - (known.commission if known is not None else _ZERO)

    def _closed(self, view: PositionView) -> None:
        self._roll_day()
        self._closed_today += view.realized_pnl
        self._charged_today += view.commission
        known = self._holdings.get(view.symbol)
        if known is not None:
            # what it said last is counted in the day's figure now
            self._hold(evolve(known, realized_pnl=_ZERO, unrealized_pnl=_ZERO, commission=_ZERO))
        self._check_loss()
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
        return PortfolioView(
            state=self._state,
            reason=self._reason,
            equity=self._equity,
            gross_exposure=Exposure(self._held(), (), self._sectors).gross(),
            reserved=sum((order.quantity * order.price for order in self._reserved.values()), _ZERO),
            realized_pnl=self._closed_today + self._realized,
            unrealized_pnl=self._unrealized,
            commission=self._charged_today + self._commission,
        )

    def _roll_day(self) -> None:
        today = self.environment.now().date().isoformat()
        if today != self._day:
            self._day = today
            self._closed_today = self._charged_today = _ZERO

    def _account_value(self, message: AccountValue) -> None:
        if message.key != "NetLiquidation" or message.currency == "BASE":
            return
        try:
            self._equity = Decimal(message.value)
        except InvalidOperation:
            self._equity = None

    # halts

    def _halts(self) -> Iterator[str]:
        limit = self._max_daily_loss
        if limit is None:
            return
        broker = self._broker_pnl.daily if self._broker_pnl is not None else None
        if broker is not None and -broker >= limit:
            yield f"the broker's daily P&L {broker} reaches the limit of {limit}"
        earned = self._closed_today + self._realized + self._unrealized
        own = earned - self._charged_today - self._commission
        if -own >= limit:
            yield f"the day's P&L {own} reaches the limit of {limit}"

    def _check_loss(self) -> None:
        text = next(self._halts(), "")
        if text and self._state is TradingState.ACTIVE:
            self.system.address("alarms").tell(RaiseAlarm("risk.daily_loss", text))
            self._halt(text)

    def _halt(self, reason: str) -> None:
        if self._state is TradingState.ACTIVE:
            self._state = TradingState.REDUCE_ONLY
        self._reason = reason
        self._append(TradingHalted(reason))
        log("system.halted", level="WARNING", actor=self.address.name, reason=reason)
        self._bus.publish(HaltedEvent(reason))

    def _no_journal(self, error: str) -> None:
        if not self._journal_broken:
            self._journal_broken = error
            self._halt(f"the journal has failed: {error}")

    def _resume(self, reason: str) -> CommandRefused | None:
        if self._journal_broken:
            return CommandRefused("the journal has failed, and Pitboss must be started again", self._journal_broken)
        self._state, self._reason = TradingState.ACTIVE, ""
        self._append(TradingResumed(reason))
        log("system.resumed", actor=self.address.name, reason=reason)
        self.system.address("alarms").tell(ClearAlarm("risk.daily_loss"))
        self._bus.publish(ResumedEvent(reason))
        self._check_loss()
        return None

    def _flatten(self, reason: str) -> None:
        self._halt(f"flatten: {reason}")
        symbols = {symbol for symbol, holding in self._holdings.items() if holding.quantity}
        symbols |= {order.symbol for order in self._reserved.values()} | self._awaited
        for symbol in sorted(symbols):
            self.system.address(f"position/{symbol}").tell(ClosePosition(f"flatten: {reason}", "portfolio"))

    def _append(self, fact: TradingHalted | TradingResumed) -> None:
        self.system.address("journal").tell(Append((Entry("portfolio", fact, checkpoint=True),)))
