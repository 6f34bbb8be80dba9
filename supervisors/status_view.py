"""The status of a process for a person at a terminal, in parts that fit 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["actors_line", "alarm_lines", "breaker_lines", "header", "orders_table", "positions_table", "status_page"]

Status = Mapping[str, Any]

_STATE_STYLES = {"READY": "bold green", "STARTING": "bold yellow", "HALTED": "bold red", "STOPPING": "bold yellow"}
_DONE = frozenset({"FILLED", "CANCELLED", "REJECTED", "EXPIRED", "DENIED", "NOT_SENT"})


def status_page(status: Status) -> RenderableType:
    """All of it, as `pitboss status` prints it."""
    parts: list[RenderableType] = [
        header(status),
        *breaker_lines(status),
        positions_table(status, show_closed=True),
        orders_table(status, limit=50),
        actors_line(status),
        *alarm_lines(status),
    ]
    parts += [Text(f"no answer: {text}", style="red") for text in status["unanswered"]]
    return Group(*parts)


def header(status: Status) -> Text:
    """State, link and totals in one line."""
    broker, portfolio = status["broker"], status["portfolio"]
    line = Text.assemble((f" {status['state']} ", _STATE_STYLES.get(status["state"], "bold")))
    line.no_wrap, line.overflow = True, "ellipsis"
    if broker is None:
        line.append("  broker: no answer", "red")
    elif broker["connected"]:
        line.append(f"  {broker['account']} epoch {broker['epoch']}")
    else:
        line.append("  not connected", "red")
    if portfolio is not None:
        realized, unrealized = portfolio["realized_pnl"], portfolio["unrealized_pnl"]
        line.append("  realised ").append_text(_profit(realized))
        line.append("  unrealised ").append_text(_profit(unrealized))
        line.append(f"  fees {Decimal(portfolio['commission']):.2f}")
    if status["reason"]:
        line.append(f"  ({status['reason']})")
    return line


def breaker_lines(status: Status) -> list[Text]:
    """How the breaker stands, where it is not ACTIVE, and what it suspects."""
    breaker = (status["portfolio"] or {}).get("breaker")
    if breaker is None:
        return []
    lines = []
    if breaker["state"] != "ACTIVE":
        cause = f" by {breaker['trigger']}" if breaker["trigger"] else ""
        text = f"BREAKER {breaker['state']}{cause} since {breaker['since'][11:19]}: {breaker['reason']}"
        if breaker["closing"]:
            text += f"; not flat yet: {', '.join(breaker['closing'])}"
        ends = "rearm --reason …" if breaker["trigger"] else "resume"
        lines.append(Text(f"{text} (`pitboss {ends}` allows new risk)", style="bold red"))
    lines += [Text(f"breaker suspects: {text}", style="yellow") for text in breaker["suspicions"]]
    return lines


def positions_table(status: Status, *, show_closed: bool = False) -> Table:
    """Each position with its exits and profit."""
    table = _table("symbol", *(f"{name}>" for name in ("shares", "average", "last", "stop", "target", "P&L")), "state")
    for position in status["positions"]:
        flat = Decimal(position["quantity"]) == 0
        if flat and position["state"] == "CLOSED" and not show_closed:
            continue
        state = Text(position["state"].lower())
        if not flat and not position["protected"]:
            state = Text("NOT PROTECTED", style="bold red")
        table.add_row(
            position["symbol"],
            _trimmed(position["quantity"]),
            _price(position["average_price"]),
            _price(position["last_price"]),
            _price(position["stop"]),
            _price(position["target"]),
            _profit(position["realized_pnl"] if flat else position["unrealized_pnl"]),
            state,
        )
    if not table.rows:
        table.add_row("none", *[""] * 7)
    return table


def orders_table(status: Status, *, limit: int) -> Table:
    """The orders that still live, exits and entries by role; at most `limit` rows."""
    table = _table("order", "role", "side", "filled>", "type", "price>", "status")
    living = [order for order in status["orders"] or () if order["status"] not in _DONE]
    shown = living if len(living) <= limit else living[: limit - 1]
    for order in shown:
        table.add_row(
            f"{order['symbol']} {order['order_ref']}" if order["order_ref"] else f"{order['symbol']} (not ours)",
            order["role"] or "",
            order["side"],
            f"{_trimmed(order['filled'])}/{_trimmed(order['quantity'])}",
            order["type"],
            _price(order["limit"] or order["stop"]),
            Text(order["status"].lower().replace("_", " "), style="bold red" if order["status"] == "UNKNOWN" else ""),
        )
    if not living:
        table.add_row("no order works", *[""] * 6)
    elif len(shown) < len(living):
        table.add_row(f"and {len(living) - len(shown)} more", *[""] * 6)
    return table


def actors_line(status: Status) -> Text:
    """How many actors run, and by name those that do not or that were restarted."""
    actors: Sequence[Mapping[str, Any]] = status["actors"]
    running = sum(actor["state"] == "running" for actor in actors)
    line = Text(
        f"actors: {running} of {len(actors)} running, {sum(actor['mailbox'] for actor in actors)} messages wait"
    )
    for actor in actors:
        if actor["state"] != "running" or actor["restarts"]:
            line.append(f"; {actor['address']} {actor['state']}, {actor['restarts']} restarts", "yellow")
    return line


def alarm_lines(status: Status) -> list[Text]:
    """One line for each alarm that stands."""
    return [
        Text(f"ALARM {alarm['kind']} since {alarm['since'][11:19]}: {alarm['text']}", style="bold red")
        for alarm in status["alarms"] or ()
    ]


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        name = column.removesuffix(">")
        table.add_column(name, justify="right" if column.endswith(">") else "left", no_wrap=True, overflow="ellipsis")
    return table


def _trimmed(number: str) -> str:
    return format(Decimal(number).normalize(), "f")


def _price(value: str | float | None) -> str:
    return "–" if value is None else f"{Decimal(str(value)):.2f}" if Decimal(str(value)) >= 1 else str(value)


def _profit(value: str) -> Text:
    amount = Decimal(value)
    return Text(f"{amount:+.2f}", style="green" if amount > 0 else "red" if amount < 0 else "")
