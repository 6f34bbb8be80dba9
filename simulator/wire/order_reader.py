"""Reads placeOrder into names.

Every field is kept as its wire text, so that what is not understood is still echoed exactly. Lists (combo legs,
algo parameters, conditions) are kept as one text: the piece of the message, count included, with its NULs.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.wire import order_layout as at
from simulator.wire.fields import (
    INFINITE,
    BadField,
    FieldReader,
    check_flag,
    check_integer,
    check_number,
    is_infinite,
    is_unset,
)

__all__ = ["is_scaled", "read_contract", "read_order"]


def read_contract(reader: FieldReader) -> dict[str, str]:
    """Take the twelve fields of a contract in a request."""
    values: dict[str, str] = {}
    _take(reader, at.CONTRACT, values)
    return values


def read_order(reader: FieldReader, version: int) -> dict[str, str]:
    """Take a placeOrder from its contract on. Raises BadField, also for what is left over."""
    values = read_contract(reader)
    _take(reader, at.PLACE_HEAD, values)
    if values["secType"] == "BAG":
        values["comboLegs"] = reader.repeated(8)
        values["orderComboLegs"] = reader.repeated(1)
        values["smartComboRoutingParams"] = reader.repeated(2)
    _take(reader, at.PLACE_MIDDLE, values)
    if values["deltaNeutralOrderType"]:
        _take(reader, at.DELTA_NEUTRAL, values)
    _take(reader, at.PLACE_TRAIL, values)
    if is_scaled(values):
        _take(reader, at.SCALE, values)
    _take(reader, at.PLACE_TABLE, values)
    if values["hedgeType"]:
        values["hedgeParam"] = reader.text()
    _take(reader, at.PLACE_CLEARING, values)
    if reader.flag():
        _take(reader, at.DELTA_CONTRACT, values)
    values["algoStrategy"] = reader.text()
    if values["algoStrategy"]:
        values["algoParams"] = reader.repeated(2)
    _take(reader, at.PLACE_WHAT_IF, values)
    if values["orderType"] == "PEG BENCH":
        _take(reader, at.PEG_BENCH, values)
    _take_conditions(reader, values)
    _take(reader, at.PLACE_TAIL, values)
    for since, layout in at.PLACE_SINCE:
        if version >= since:
            _take(reader, layout, values)
    if version >= 170:
        _take_pegged(reader, values)
    if reader.left:
        raise BadField(f"{reader.left} fields too many")
    return values


def _take(reader: FieldReader, layout: at.Layout, values: dict[str, str]) -> None:
    for name, kind in layout:
        written = reader.text()
        if kind == "i":
            check_integer(written)
        elif kind == "n":
            check_number(written)
            written = INFINITE if is_infinite(written) else written
        elif kind == "b":
            check_flag(written)
        values[name] = written


def _take_conditions(reader: FieldReader, values: dict[str, str]) -> None:
    count = reader.integer()
    if not 0 <= count <= reader.left:
        raise BadField(f"{count} conditions where {reader.left} fields are left")
    pieces = [str(count)]
    for _ in range(count):
        kind = reader.integer()
        if kind not in at.CONDITION_SIZES:
            raise BadField(f"condition type {kind}")
        pieces += [str(kind), *(reader.text() for _ in range(at.CONDITION_SIZES[kind]))]
    if count:
        values["conditions"] = "\0".join([*pieces, reader.text(), reader.text()])


def _take_pegged(reader: FieldReader, values: dict[str, str]) -> None:
    if values["exchange"] == "IBKRATS":
        _take(reader, at.MIN_TRADE, values)
    if values["orderType"] == "PEG BEST":
        _take(reader, at.COMPETE, values)
        if values["competeAgainstBestOffset"] == INFINITE:
            _take(reader, at.MID_OFFSETS, values)
    elif values["orderType"] == "PEG MID":
        _take(reader, at.MID_OFFSETS, values)


def is_scaled(values: Mapping[str, str]) -> bool:
    """Whether the order has a positive scale price increment, which brings seven more fields."""
    increment = values.get("scalePriceIncrement", "")
    return not is_unset(increment) and increment != INFINITE and float(increment) > 0
