"""Fills, closed positions and holdings of a day, folded from the journal of all days up to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal

from attrs import define, evolve, field

from domain.position import Ledger
from messages.order import CommissionBooked, Execution, ExecutionBooked, ModifyIntended, OrderIntended, OrderRequest
from messages.position import PositionClosed, PositionPlanned
from monitoring.report.model import Fill, Incident, Trade

__all__ = ["Books", "Holding"]

_ZERO = Decimal(0)
_BY_HAND = "outside"
"""The rule of what no plan of ours explains."""


@define(slots=True)
class Holding:
    """One symbol, as it stood after the last fact that was taken."""

    symbol: str
    ledger: Ledger = field(factory=Ledger)
    plan: PositionPlanned | None = None
    currency: str = ""
    fills: list[Fill] = field(factory=list)  # of the position that is open, those of earlier days too
    last: Fill | None = None

    @property
    def rule(self) -> str:
        """What opened it."""
        return self.plan.source if self.plan is not None else _BY_HAND


class Books:
    """All symbols. Facts of days after `day` are passed over, late ones of the day are not."""

    def __init__(self, day: str, day_of: Callable[[datetime], str], strategy_of: Callable[[str | None], str]) -> None:
        self._day, self._day_of, self._strategy_of = day, day_of, strategy_of
        self.holdings: dict[str, Holding] = {}
        self.trades: list[Trade] = []
        self.incidents: list[Incident] = []
        self.brought: dict[str, Fill] = {}  # symbol → its last fill before the day
        self._fills: dict[str, Fill] = {}  # execId base → its line
        self._orders: dict[str, tuple[OrderRequest, Decimal | None]] = {}
        self._versions: dict[str, Execution] = {}  # execId → fill

    def take(self, time: datetime, fact: object) -> None:
        """Take the next record's payload."""
        match fact:
            case OrderIntended(order=order, reference_price=reference):
                self._orders[order.order_ref] = order, reference
            case ModifyIntended(modify=modify):
                known = self._orders.get(modify.order_ref)
                if known is not None:
                    order, reference = known
                    limit = order.limit_price if modify.limit_price is None else modify.limit_price
                    stop = order.stop_price if modify.stop_price is None else modify.stop_price
                    self._orders[modify.order_ref] = evolve(order, limit_price=limit, stop_price=stop), reference
            case PositionPlanned() if self._day_of(time) <= self._day:
                holding = self._holding(fact.symbol)
                holding.plan = fact
                if fact.currency:
                    holding.currency = fact.currency
                    holding.ledger.multiplier = fact.multiplier
            case ExecutionBooked() if self._day_of(fact.execution.time) <= self._day:
                self._book(fact)
            case CommissionBooked(symbol=symbol, commission=commission):
                base = commission.exec_id.rpartition(".")[0]
                self._holding(symbol).ledger.charge(commission)
                if base in self._fills:
                    self._fills[base] = evolve(self._fills[base], commission=commission.amount)
            case PositionClosed() if (fact.day or self._day_of(time)) <= self._day:
                self._close(time, fact)

    @property
    def fills(self) -> Iterator[Fill]:
        """The day's fills, as they stand after all corrections, in the order of their times."""
        of_day = (fill for fill in self._fills.values() if self._day_of(fill.time) == self._day)
        return iter(sorted(of_day, key=lambda fill: fill.time))

    def _holding(self, symbol: str) -> Holding:
        return self.holdings.setdefault(symbol, Holding(symbol))

    def _book(self, fact: ExecutionBooked) -> None:
        execution = fact.execution
        holding = self._holding(execution.symbol)
        before = holding.ledger.realized_pnl
        replaced = self._versions.get(fact.replaces) if fact.replaces is not None else None
        if replaced is not None:
            holding.ledger.correct(execution, replaced)
        else:
            holding.ledger.book(execution)
        self._versions[execution.exec_id] = execution
        realized = holding.ledger.realized_pnl - before
        known = self._fills.get(execution.base)
        fill = self._fill(fact, holding, realized + (known.realized if known is not None else _ZERO))
        if known is not None:
            fill = evolve(fill, commission=known.commission)
        self._fills[execution.base] = fill
        holding.fills = [one for one in holding.fills if one.exec_id.rpartition(".")[0] != execution.base] + [fill]
        if execution.quantity:
            holding.last = fill
        if self._day_of(fill.time) < self._day:
            self.brought[fill.symbol] = fill

    def _fill(self, fact: ExecutionBooked, holding: Holding, realized: Decimal) -> Fill:
        execution = fact.execution
        order, decided = self._orders.get(execution.order_ref, (None, None))
        reference = _reference(order, decided)
        multiplier = holding.ledger.multiplier
        slippage = None
        if reference is not None:
            slippage = (execution.price - reference) * execution.signed_quantity * multiplier
        signal_id = holding.plan.signal_id if holding.plan is not None else None
        return Fill(
            time=execution.time,
            symbol=execution.symbol,
            side=str(execution.side),
            quantity=execution.quantity,
            price=execution.price,
            role=None if fact.role is None else str(fact.role),
            rule=holding.rule,
            strategy=self._strategy_of(signal_id),
            order_ref=execution.order_ref,
            perm_id=execution.perm_id,
            exec_id=execution.exec_id,
            position_id=fact.position_id,
            currency=holding.currency,
            multiplier=multiplier,
            commission=None,
            reference=reference,
            slippage=slippage,
            realized=realized,
            held_after=holding.ledger.quantity,
            average_after=holding.ledger.average_price,
        )

    def _close(self, time: datetime, fact: PositionClosed) -> None:
        holding = self._holding(fact.symbol)
        fills, ledger = holding.fills, holding.ledger
        if (fact.day or self._day_of(time)) == self._day:
            self._check(time, fact, ledger)
            if fills:
                self.trades.append(self._trade(fact, holding))
        holding.ledger = Ledger(ledger.multiplier)
        holding.fills, holding.plan = [], None

    def _check(self, time: datetime, fact: PositionClosed, ledger: Ledger) -> None:
        told, counted = (fact.realized_pnl, fact.commission), (ledger.realized_pnl, ledger.commission)
        if told != counted:
            text = (
                f"its record says profit {told[0]}, commission {told[1]}; "
                f"its fills come to {counted[0]} and {counted[1]}"
            )
            self.incidents.append(Incident(time, "report.difference", fact.symbol, text))

    def _trade(self, fact: PositionClosed, holding: Holding) -> Trade:
        fills = [fill for fill in holding.fills if fill.quantity]
        first = fills[0] if fills else holding.fills[0]
        entries = [fill for fill in fills if fill.side == first.side]
        exits = [fill for fill in fills if fill.side != first.side]
        return Trade(
            position_id=fact.position_id,
            symbol=fact.symbol,
            side=first.side,
            quantity=sum((fill.quantity for fill in entries), _ZERO),
            opened=first.time,
            closed=holding.fills[-1].time,
            entry_price=_average(entries),
            exit_price=_average(exits),
            reason=fact.reason,
            rule=holding.rule,
            strategy=first.strategy,
            realized=fact.realized_pnl,
            commission=fact.commission,
            currency=holding.currency,
        )


def _reference(order: OrderRequest | None, decided: Decimal | None) -> Decimal | None:
    if order is None or order.trailing_pct is not None or order.trailing_amount is not None:
        return None  # where a trailing stop stood when it fired is the broker's knowledge
    if order.limit_price is not None and not order.role.adds_risk:
        return order.limit_price
    if order.stop_price is not None:
        return order.stop_price
    return decided if decided is not None else order.limit_price


def _average(fills: list[Fill]) -> Decimal | None:
    quantity = sum((fill.quantity for fill in fills), _ZERO)
    if not quantity:
        return None
    return sum((fill.quantity * fill.price for fill in fills), _ZERO) / quantity
