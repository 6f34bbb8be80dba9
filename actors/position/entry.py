"""The commands that add to a position: checked, planned, sent, and answered once it is known what became of them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import trio
from attrs import define, evolve, frozen

from actors.position.buying_power import Carried, carried, question_wanted, within
from actors.position.guards import guard
from actors.position.planning import plan_within_limits
from actors.position.weighing import verdicts_on, weigh
from actors.runtime.future import ReplyFuture
from config.logging import log
from domain.distances import needs_atr
from domain.entries import EntryRefused, PlannedEntry
from domain.entry_gates import outcome_text
from domain.exit_words import exits_in_words
from domain.sizing import Worth
from messages.decision import WeighEntry
from messages.indicator import AskIndicator
from messages.market import Instrument
from messages.order import OrderRequest
from messages.position import (
    CommandAccepted,
    CommandOutcome,
    CommandRefused,
    OpenPosition,
    PositionPlanned,
)
from messages.risk import DescribePortfolio, PortfolioView
from messages.verdict import GateVerdict

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["BrokerHasSaid", "EntryDesk", "EquityKnown", "LookAgain"]

PATIENCE = 5.0  # seconds that a command waits for the instrument, the first quote and the account's equity
INTERVAL = 0.1
_INDICATOR_SECONDS = 1.0


@frozen(slots=True)
class LookAgain:
    """What a waiting command lacks may be there now."""


@frozen(slots=True)
class EquityKnown:
    """The portfolio told the account's equity and exchange rates."""

    worth: Worth


@define(slots=True)
class _Waiting:
    command: OpenPosition
    answer: ReplyFuture[CommandOutcome] | None
    deadline: float
    carried: Carried | None = None  # what the broker has said of its size


@frozen(slots=True)
class BrokerHasSaid:
    """What the account can carry of the entry that the broker was asked about."""

    found: Carried


class _NotYet(Exception):
    """What the command needs may still come."""


class _Asking(Exception):
    """The broker is being asked; its answer takes the command up again."""


class EntryDesk:
    """Takes OpenPosition. The answer comes when `orders` has made the intent durable, or somebody refused it."""

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._waiting: list[_Waiting] = []
        self._answers: dict[str, ReplyFuture[CommandOutcome]] = {}  # order_ref of the entry → who waits
        self._cut: dict[str, str] = {}  # order_ref of the entry → that it is smaller than asked for
        self._reversal: _Waiting | None = None
        self._worth: Worth | None = None  # as told for the commands that wait
        self._looking = False
        self._asking = False
        self._questioned: _Waiting | None = None  # of which the broker is asked what the account can carry

    @property
    def waiting(self) -> bool:
        """Whether a command waits for what it needs."""
        return bool(self._waiting) or self._questioned is not None

    # commands

    def open(self, command: OpenPosition) -> ReplyFuture[CommandOutcome]:
        """Take a command."""
        answer: ReplyFuture[CommandOutcome] = self._actor.promise()
        self._try(_Waiting(command, answer, trio.current_time() + PATIENCE))
        self._actor.need_ticks()
        return answer

    def weigh(self, message: WeighEntry) -> None:
        """Judge a command that nobody gives, for the journal."""
        command = message.command
        used = command.signal_id is not None and command.signal_id in self._actor.book.signal_ids
        weigh(self._actor, command, message.reason, self._known_worth(), used=used)

    def look_again(self) -> None:
        """Try the commands that wait."""
        self._looking = False
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            self._try(one)
        self._actor.need_ticks()

    def equity_known(self, message: EquityKnown) -> None:
        """Take the account's equity, for the commands that wait for it now."""
        self._asking = False
        self._worth = message.worth
        self.look_again()
        self._worth = None

    def broker_has_said(self, message: BrokerHasSaid) -> None:
        """Take the broker's word on the size, and decide at the quote of now."""
        questioned, self._questioned = self._questioned, None
        if questioned is not None:
            self._try(evolve(questioned, carried=message.found))
        self._actor.need_ticks()

    def flat(self) -> None:
        """Enter the other way, where a reversal waits for that."""
        reversal, self._reversal = self._reversal, None
        if reversal is None:
            return
        if trio.current_time() > reversal.deadline:
            self._refused(reversal, "the position took too long to close", "")
            return
        self._try(evolve(reversal, deadline=trio.current_time() + PATIENCE))

    def drop_reversal(self, reason: str) -> None:
        """Give up a reversal that waits."""
        reversal, self._reversal = self._reversal, None
        if reversal is not None:
            self._refused(reversal, reason, "")

    # outcomes

    def created(self, order_ref: str) -> None:
        """Note that the entry's intent is durable."""
        answer, text = self._answers.pop(order_ref, None), self._cut.pop(order_ref, "")
        if answer is not None:
            answer.set(CommandAccepted((order_ref,), text))

    def denied(self, order_ref: str, reason: str, figures: str) -> None:
        """Note that the entry was refused."""
        answer, _ = self._answers.pop(order_ref, None), self._cut.pop(order_ref, "")
        if answer is not None:
            answer.set(CommandRefused(reason, figures))

    def expect(self, order_ref: str, answer: ReplyFuture[CommandOutcome]) -> None:
        """Have the answer to a command that made this order settled by what becomes of it."""
        self._answers[order_ref] = answer

    # deciding

    def _try(self, waiting: _Waiting) -> None:
        try:
            text = self._decide(waiting)
        except _NotYet as lacking:
            if trio.current_time() < waiting.deadline:
                self._waiting.append(waiting)
                if not self._looking:
                    self._looking = True
                    self._actor.after(INTERVAL, LookAgain())
            else:
                self._refused(waiting, str(lacking), "")
        except _Asking:
            self._questioned = waiting
        except EntryRefused as refused:
            self._refused(waiting, refused.reason, refused.figures)
        else:
            if text and waiting.answer is not None:
                waiting.answer.set(CommandAccepted(text=text))

    def _refused(self, waiting: _Waiting, reason: str, figures: str) -> None:
        signal_id = waiting.command.signal_id
        used = waiting.answer is not None and signal_id is not None and signal_id in self._actor.book.signal_ids
        weigh(
            self._actor,
            waiting.command,
            outcome_text(reason, figures),
            self._known_worth(),
            used=used,
            more=_said_by_the_broker(waiting),
        )
        if waiting.answer is not None:
            waiting.answer.set(CommandRefused(reason, figures))
            return
        log(
            "order.denied",
            level="WARNING",
            actor=self._actor.address.name,
            symbol=self._actor.symbol,
            reason=f"reversal dropped: {reason}",
            figures=figures,
        )

    def _decide(self, waiting: _Waiting) -> str:
        """Carry the command out, or raise. Returns a text where the answer is known at once."""
        command, actor = waiting.command, self._actor
        book = actor.book
        if command.signal_id is not None and command.signal_id in book.signal_ids and waiting.answer is not None:
            raise EntryRefused("this signal was acted on already", command.signal_id)
        actor.refuse_new_risk()
        plan = book.plan
        scale = None
        if plan is not None:
            word = "long" if plan.side.sign > 0 else "short"
            if actor.closing is not None:
                raise EntryRefused("the position is being closed")
            if command.side is not plan.side:
                return self._reverse(waiting)
            if not command.add:
                raise EntryRefused(f"already {word}", f"{book.quantity} held")
            scale = plan
        elif book.quantity:
            raise EntryRefused("a holding that is not managed stands against it", f"{book.quantity} held")
        elif book.unsettled:
            raise _NotYet("what the symbol came to before is being closed")
        entry = self._carried(waiting, self._plan(command, scale), scale)
        verdicts = verdicts_on(actor, command, entry.orders) + _said_by_the_broker(waiting)
        orders = evolve(entry.orders, verdicts=verdicts)
        if scale is None:
            book.planned(entry.plan)
        elif command.signal_id is not None:
            book.signal_ids[command.signal_id] = None
        actor.append(entry.plan if scale is None else evolve(entry.plan, quantity=scale.quantity + entry.plan.quantity))
        log(
            "position.planned",
            actor=actor.address.name,
            symbol=actor.symbol,
            side=command.side,
            quantity=entry.plan.quantity,
            position_id=entry.plan.position_id,
            source=command.source,
            signal_id=command.signal_id,
            exits=exits_in_words(entry.plan.exits),
        )
        order_ref = entry.orders.orders[0].order_ref
        if waiting.answer is not None:
            self._answers[order_ref] = waiting.answer
            if waiting.carried is not None:
                self._cut[order_ref] = waiting.carried.cut_to(entry.plan.quantity)
        actor.submit(orders)
        return ""

    def _plan(self, command: OpenPosition, scale: PositionPlanned | None) -> PlannedEntry:
        actor = self._actor
        instrument = actor.instrument
        if instrument is None:
            if actor.unknown:
                raise EntryRefused("the broker does not know the symbol", actor.unknown)
            raise _NotYet("the broker has not described the instrument yet")
        price = actor.quote.against(command.side.sign)
        stale = actor.quote.stale(trio.current_time(), actor.settings.risk.quote_max_age_seconds)
        if stale or not price:
            raise _NotYet(stale or actor.quote.nobody(command.side.sign))
        guard(actor, command.side)
        lacking = self._lacking(command, instrument)
        if lacking:
            if self._worth is None and not self._asking:
                self._asking = True
                actor.spawn(self._ask_equity)
            raise _NotYet(lacking)
        new_id = actor.environment.new_id
        return plan_within_limits(actor, command, instrument, price, new_id, worth=self._known_worth(), scale=scale)

    def _carried(self, waiting: _Waiting, entry: PlannedEntry, scale: PositionPlanned | None) -> PlannedEntry:
        """Return the entry as large as the account can carry, where that is asked for; else as it is."""
        actor, command = self._actor, waiting.command
        instrument, order = actor.instrument, entry.orders.orders[0]
        if instrument is None or not question_wanted(actor, command):
            return entry
        if waiting.carried is None:
            if self._questioned is not None:
                raise _NotYet("the broker is being asked about another entry")
            actor.spawn(self._ask_broker, order, instrument, waiting.deadline)
            raise _Asking
        smaller = within(command, order.quantity, waiting.carried)
        return entry if smaller is command else self._plan(smaller, scale)

    async def _ask_broker(self, order: OrderRequest, instrument: Instrument, deadline: float) -> None:
        self._actor.tell_self(BrokerHasSaid(await carried(self._actor, order, instrument, deadline)))

    def _reverse(self, waiting: _Waiting) -> str:
        """Close first; enter the other way once executions prove the position flat. A crash in between drops it."""
        actor = self._actor
        if waiting.command.signal_id is not None:
            actor.book.signal_ids[waiting.command.signal_id] = None
        deadline = trio.current_time() + actor.settings.signals.max_age_seconds
        self._reversal = _Waiting(waiting.command, None, deadline)
        actor.begin_closing("reversal", waiting.command.source)
        return "reversing: the position is closed first"

    def _lacking(self, command: OpenPosition, instrument: Instrument) -> str:
        """Return which figure of account or symbol the command needs and does not have, "" where none."""
        size, currency, worth = command.size, instrument.currency, self._known_worth()
        by_equity = size.risk_pct is not None or size.volatility_pct is not None
        if by_equity and worth.equity is None:
            return "the account's equity is not known"
        if (size.volatility_pct is not None or needs_atr(command.exits)) and worth.atr is None:
            return "the ATR of the symbol is not known: it needs an indicator named atr"
        if worth.rate is None:
            return f"no exchange rate from {currency} to {self._actor.settings.risk.currency} is known"
        return ""

    def _known_worth(self) -> Worth:
        if self._worth is not None:
            return self._worth
        instrument = self._actor.instrument
        foreign = instrument is not None and instrument.currency != self._actor.settings.risk.currency
        return Worth(rate=None) if foreign else Worth()

    async def _ask_atr(self) -> Decimal | None:
        """Return the indicator `atr` of the symbol; None where it is not configured, or not known."""
        actor = self._actor
        if "atr" not in actor.settings.indicators:
            return None
        with trio.move_on_after(_INDICATOR_SECONDS):
            event = await actor.system.address("indicators").ask(AskIndicator(actor.symbol, "atr"))
            return None if event.value is None else Decimal(str(round(event.value, 8)))
        return None

    async def _ask_equity(self) -> None:
        instrument, worth = self._actor.instrument, Worth(rate=None)
        with trio.move_on_after(PATIENCE):
            view: PortfolioView = await self._actor.system.address("portfolio").ask(DescribePortfolio())
            currency = instrument.currency if instrument is not None else ""
            worth = Worth(equity=view.equity, rate=dict(view.rates).get(currency), atr=await self._ask_atr())
        self._actor.tell_self(EquityKnown(worth))


def _said_by_the_broker(waiting: _Waiting) -> tuple[GateVerdict, ...]:
    return () if waiting.carried is None else (waiting.carried.verdict,)
