"""From records and lines to a day's report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from domain.trading_day import TradingDay
from messages.order import Role
from monitoring.report.books import Books, Holding
from monitoring.report.equity import equity_curve
from monitoring.report.facts import KINDS, Facts
from monitoring.report.incidents import TOLD, Incidents, from_log
from monitoring.report.marks import last_marks, marks_of
from monitoring.report.model import DayReport, Fill, Group, Held, Mark, Money, Trade
from monitoring.report.signals import Fates, reasons

__all__ = ["LOG_EVENTS", "day_report"]

LOG_EVENTS = frozenset({*TOLD, "position.marked"})
"""The events of a log that a report reads."""

_ZERO = Decimal(0)
_ADDING = {str(role) for role in Role if role.adds_risk}


def day_report(day: str, days: TradingDay, facts: Facts, log: Iterable[Mapping[str, Any]] = ()) -> DayReport:
    """Return the report of a trading day (ISO); `log` are the lines of the log, as far as they are still there.

    The whole journal is read: what a position cost may be long ago. Raises what `facts` raises.
    """
    fates, incidents = Fates(), Incidents()
    books = Books(day, days.of, fates.source_of)
    known_to = None
    for record in facts.every(*KINDS):
        known_to = record.time
        for part in (fates, incidents, books):
            part.take(record.time, record.payload)
    lines = [line for line in log if line.get("event") in LOG_EVENTS]
    marks = marks_of(lines, day, days.of)
    fills = tuple(books.fills)
    before = [fill for fill in books.brought.values() if fill.held_after]
    latest = last_marks(marks, [*before, *fills])
    held = tuple(_held(one, latest.get(one.symbol)) for one in books.holdings.values() if one.ledger.quantity)
    trades = tuple(books.trades)
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        if fill.role in _ADDING:
            filled[fill.order_ref] += fill.quantity
    signals = fates.of_day(day, days.of, filled)
    found = [*incidents.of_day(day, days.of), *books.incidents, *from_log(lines, day, days.of)]
    return DayReport(
        day=day,
        zone=days.zone.key,
        known_to=known_to,
        marked=bool(marks),
        fills=fills,
        trades=trades,
        held=held,
        totals=_groups(fills, trades, held, lambda _: "all"),
        symbols=_groups(fills, trades, held, lambda one: one.symbol),
        rules=_groups(fills, trades, held, lambda one: one.rule),
        strategies=_groups(fills, trades, held, lambda one: one.strategy),
        signals=signals,
        reasons=reasons(signals),
        incidents=tuple(sorted(found, key=lambda one: one.time)),
        equity=equity_curve(fills, marks, before),
    )


def _held(holding: Holding, mark: Mark | None) -> Held:
    ledger = holding.ledger
    return Held(
        symbol=holding.symbol,
        quantity=ledger.quantity,
        average_price=ledger.average_price or _ZERO,
        mark=mark,
        unrealized=None if mark is None else ledger.unrealized_pnl(mark.price),
        currency=holding.currency,
        rule=holding.rule,
        strategy=holding.last.strategy if holding.last is not None else "",
    )


_Part = tuple[list[Fill], list[Trade], list[Held]]


def _groups(
    fills: Iterable[Fill],
    trades: Iterable[Trade],
    held: Iterable[Held],
    name_of: Callable[[Fill | Trade | Held], str],
) -> tuple[Group, ...]:
    parts: dict[tuple[str, str], _Part] = defaultdict(lambda: ([], [], []))
    for fill in fills:
        parts[name_of(fill), fill.currency][0].append(fill)
    for trade in trades:
        parts[name_of(trade), trade.currency][1].append(trade)
    for one in held:
        parts[name_of(one), one.currency][2].append(one)
    return tuple(_group(name, currency, *part) for (name, currency), part in sorted(parts.items()))


def _group(name: str, currency: str, fills: list[Fill], trades: list[Trade], held: list[Held]) -> Group:
    money = Money(
        realized=sum((fill.realized for fill in fills), _ZERO),
        unrealized=sum((one.unrealized or _ZERO for one in held), _ZERO),
        commission=sum((fill.commission or _ZERO for fill in fills), _ZERO),
        slippage=sum((fill.slippage or _ZERO for fill in fills), _ZERO),
        fills=len(fills),
    )
    return Group(name, currency, money, len(trades), sum(1 for trade in trades if trade.realized > trade.commission))
