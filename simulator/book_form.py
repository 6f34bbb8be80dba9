"""The form of the book: its rows, how they are written, and how a file is read again.

The documented fields come first (docs/simulator.md); the others are what it takes to go on from a book. Fields may be
added here and never renamed. Numbers are text, so that none loses a digit; times are ISO 8601 with a zone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import cattrs
from attrs import field, frozen
from cattrs.v import format_exception

from simulator.venue.standing import Course, Held

__all__ = [
    "FORM",
    "BookForm",
    "ClientsRow",
    "DayRow",
    "ExecutionRow",
    "OrderRow",
    "PositionRow",
    "number",
    "parse",
    "write",
]

FORM = 2

T = TypeVar("T")


@frozen(slots=True, kw_only=True)
class OrderRow:
    """An order."""

    perm_id: int
    order_id: int
    client_id: int
    order_ref: str
    account: str
    symbol: str
    side: str
    quantity: Decimal
    filled: Decimal
    type: str
    limit: Decimal | None
    stop: Decimal | None
    tif: str
    oca_group: str
    parent_perm_id: int
    status: str
    con_id: int
    contract: Mapping[str, str]  # as the client named it, by the names of `simulator.model.Contract`
    average_price: Decimal
    last_price: Decimal
    oca_type: int
    parent_id: int
    transmit: bool
    outside_rth: bool
    trail_stop: Decimal | None
    trailing_percent: Decimal | None
    good_till: str
    good_after: str
    why_held: str
    placed_at: datetime | None
    done_at: datetime | None
    fields: Mapping[str, str]  # further fields of placeOrder, as they came
    course: Course


@frozen(slots=True, kw_only=True)
class ExecutionRow:
    """An execution in its latest version, with what it cost."""

    exec_id: str
    perm_id: int
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    commission: Decimal | None
    order_id: int
    client_id: int
    order_ref: str
    account: str
    con_id: int
    time: datetime
    exchange: str
    cumulative: Decimal
    average_price: Decimal
    liquidation: bool
    commission_currency: str
    realized_pnl: Decimal | None


@frozen(slots=True, kw_only=True)
class PositionRow:
    """What an account holds; flat positions are left out."""

    account: str
    symbol: str
    quantity: Decimal
    average_cost: Decimal


@frozen(slots=True, kw_only=True)
class ClientsRow:
    """Which order ids have been used, and what restarts have made unknown."""

    next_order_id: int
    highest: Mapping[str, int]  # client id → its highest order id
    refused: tuple[tuple[int, int], ...] = field(default=())  # client id, order id
    freed: tuple[int, ...] = field(default=())  # permIds whose order ids mean nothing any more
    bound: tuple[int, ...] = field(default=())  # order ids made by hand that client 0 has bound
    lost_orders: tuple[int, ...] = field(default=())
    lost_executions: tuple[str, ...] = field(default=())


@frozen(slots=True, kw_only=True)
class DayRow:
    """From when the day's profit counts, and from what."""

    began: datetime | None
    net: Mapping[str, Decimal]  # account → net value then


@frozen(slots=True, kw_only=True)
class BookForm:
    """The whole file."""

    form: int
    saved_at: datetime
    orders: tuple[OrderRow, ...]
    executions: tuple[ExecutionRow, ...]
    positions: tuple[PositionRow, ...]
    cash: Mapping[str, Decimal]  # account → US dollars, all currencies together
    opening_cash: Decimal
    money: Mapping[str, Mapping[str, Decimal]]  # account → currency → amount
    holdings: tuple[Held, ...]
    rates: Mapping[str, Decimal]  # currency → US dollars for one unit
    day: DayRow
    clients: ClientsRow


def write(row: object) -> str:
    """Return a row, or a list or table of rows, as JSON."""
    return json.dumps(_converter.unstructure(row))


def parse(path: Path) -> BookForm:
    """Read a book. Raises ValueError that names the file, the field and what was expected there; OSError."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"the book {path} is damaged: {error}; {_REMEDY}") from error
    found = table.get("form") if isinstance(table, dict) else None
    if found != FORM:
        raise ValueError(f"the book {path} cannot be resumed: form {found!r}, expected {FORM}; {_REMEDY}")
    try:
        book: BookForm = _converter.structure(table, BookForm)
    except cattrs.BaseValidationError as error:
        reasons = cattrs.transform_error(error, path="book", format_exception=_words)
        raise ValueError(f"the book {path} cannot be resumed: {reasons[0]}; {_REMEDY}") from error
    return book


_REMEDY = "remove it, or start afresh with --fresh"


def number(value: Decimal) -> str:
    """Return a number as people write it, with all its digits."""
    written = format(value, "f")
    return written.rstrip("0").rstrip(".") if "." in written and len(written.partition(".")[2]) > 2 else written


def _words(error: BaseException, kind: type | None) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    return str(error) if type(error) is ValueError else format_exception(error, kind)


def _exactly(kind: type[T], name: str) -> Callable[[object, object], T]:
    def take(value: object, _: object) -> T:
        if type(value) is not kind:
            raise ValueError(f"{value!r}, expected {name}")
        return value

    return take


def _decimal(value: object, _: object) -> Decimal:
    try:
        found = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise ValueError(f"{value!r}, expected a number in quotes")
    return found


def _time(value: object, _: object) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError(f"{value!r}, expected a time such as 2026-11-20T14:30:00+00:00")
    return found


def _make_converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_structure_hook(int, _exactly(int, "a whole number"))
    converter.register_structure_hook(str, _exactly(str, "text"))
    converter.register_structure_hook(bool, _exactly(bool, "true or false"))
    converter.register_structure_hook(Decimal, _decimal)
    converter.register_structure_hook(datetime, _time)
    converter.register_unstructure_hook(Decimal, number)
    converter.register_unstructure_hook(datetime, datetime.isoformat)
    return converter


_converter: Any = _make_converter()
