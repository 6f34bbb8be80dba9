"""A report as tables: the same for the terminal, for CSV and for HTML."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from attrs import frozen

from monitoring.report.model import DayReport, Group

__all__ = ["Table", "tables", "unclear"]

_CENT = Decimal("0.01")
_MONEY = {"net", "realised", "commission", "unrealised", "slippage"}
_MONEY |= {"price", "entry", "exit", "average", "mark", "reference"}


@frozen(slots=True)
class Table:
    """`columns` are (title, whether it holds figures); cells are Decimal (exact), int, time, text, or None."""

    name: str
    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[object, ...], ...]

    def written(self, row: tuple[object, ...], zone: ZoneInfo) -> list[str]:
        """Return a row as people read it: money with its cents, times by the exchange's clock."""
        cells = zip(self.columns, row, strict=True)
        return [_written(cell, zone, money=title in _MONEY) for (title, _), cell in cells]


def tables(report: DayReport) -> tuple[Table, ...]:
    """Return all of them, in the order in which they are read."""
    return (
        _groups("totals", "The day", report.totals, ""),
        _groups("symbols", "By symbol", report.symbols, "symbol"),
        _groups("rules", "By rule", report.rules, "rule"),
        _groups("strategies", "By source of the signal", report.strategies, "source"),
        _held(report),
        _trades(report),
        _blotter(report),
        _signals(report),
        _reasons(report),
        _incidents(report),
    )


def unclear(report: DayReport) -> list[str]:
    """Return what a reader must know of how the figures came about."""
    notes = []
    if report.held:
        source = "the log" if report.marked else "its last fill: no log with prices was found"
        notes.append(f"What is held is valued by {source}.")
    uncharged = sum(1 for fill in report.fills if fill.commission is None and fill.quantity)
    if uncharged:
        notes.append(f"The broker has told no commission of {uncharged} fills; they count as nothing.")
    if len({group.currency for group in report.totals}) > 1:
        notes.append("Each currency stands for itself; nothing is converted.")
    if any(one.kind == "report.difference" for one in report.incidents):
        notes.append("A position's record and its fills differ: see the incidents.")
    return notes


def _columns(names: str, figures: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    numeric = set(figures)
    return tuple((name, name in numeric) for name in names.split("|"))


def _groups(name: str, title: str, groups: Iterable[Group], what: str) -> Table:
    figures = "net|realised|commission|unrealised|slippage|fills|closed|won"
    first = f"{what}|" if what else ""
    rows = (
        (
            *((group.name,) if what else ()),
            group.currency,
            group.money.net,
            group.money.realized,
            group.money.commission,
            group.money.unrealized,
            group.money.slippage,
            group.money.fills,
            group.trades,
            group.won,
        )
        for group in groups
    )
    return Table(name, title, _columns(f"{first}currency|{figures}", figures.split("|")), tuple(rows))


def _held(report: DayReport) -> Table:
    figures = "quantity|average|mark|unrealised"
    rows = (
        (one.symbol, one.quantity, one.average_price, one.mark and one.mark.price, one.unrealized, one.currency)
        for one in report.held
    )
    return Table("held", "Held at the end", _columns(f"symbol|{figures}|currency", figures.split("|")), tuple(rows))


def _trades(report: DayReport) -> Table:
    names = "closed|symbol|side|quantity|entry|exit|reason|realised|commission|rule|source|position"
    rows = (
        (
            one.closed,
            one.symbol,
            one.side,
            one.quantity,
            one.entry_price,
            one.exit_price,
            one.reason,
            one.realized,
            one.commission,
            one.rule,
            one.strategy,
            one.position_id,
        )
        for one in report.trades
    )
    figures = ("quantity", "entry", "exit", "realised", "commission")
    return Table("trades", "Positions closed", _columns(names, figures), tuple(rows))


def _blotter(report: DayReport) -> Table:
    names = "time|symbol|side|quantity|price|role|reference|slippage|realised|commission|rule|order|execution"
    rows = (
        (
            fill.time,
            fill.symbol,
            fill.side,
            fill.quantity,
            fill.price,
            fill.role or "not ours",
            fill.reference,
            fill.slippage,
            fill.realized,
            fill.commission,
            fill.rule,
            fill.order_ref or fill.perm_id,
            fill.exec_id,
        )
        for fill in report.fills
    )
    figures = ("quantity", "price", "reference", "slippage", "realised", "commission")
    return Table("blotter", "Blotter", _columns(names, figures), tuple(rows))


def _signals(report: DayReport) -> Table:
    rows = (
        (
            one.time,
            one.symbol,
            one.signal,
            None if one.confidence is None else Decimal(repr(one.confidence)),
            one.taken or None,
            one.reason,
            one.strategy,
            one.signal_id,
        )
        for one in report.signals
    )
    names = "time|symbol|signal|confidence|taken|not traded because|source|id"
    return Table("signals", "Signals", _columns(names, ("confidence", "taken")), tuple(rows))


def _reasons(report: DayReport) -> Table:
    rows = tuple((one.count, one.text) for one in report.reasons)
    return Table("reasons", "Why signals were not traded", _columns("signals|reason", ("signals",)), rows)


def _incidents(report: DayReport) -> Table:
    rows = tuple((one.time, one.until, one.kind, one.symbol, one.text) for one in report.incidents)
    return Table("incidents", "Incidents", _columns("from|until|what|symbol|text", ()), rows)


def _written(cell: object, zone: ZoneInfo, *, money: bool) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return _figure(cell or Decimal(0), money=money)  # no minus before nothing
        case datetime():
            return f"{cell.astimezone(zone):%H:%M:%S}"
        case _:
            return str(cell)


def _figure(value: Decimal, *, money: bool) -> str:
    exact = value.quantize(_CENT)
    if exact != value:
        return f"{value:,.4f}".rstrip("0")
    return f"{exact:,.2f}" if money or value != value.to_integral_value() else f"{value:,.0f}"
