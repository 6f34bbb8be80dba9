"""Writes openOrder and completedOrder from an order's named fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from simulator.wire import order_layout as at
from simulator.wire.order_reader import is_scaled

__all__ = ["completed_names", "open_names", "write_completed", "write_open"]


# of messages made: orders are told again and again, whenever a client asks for its lists
_MOST_KNOWN = 2_000

Teller = Callable[[at.Layout], list[str]]


def _values_told(values: Mapping[str, str]) -> Teller:
    """What the order says, or what TWS says where it says nothing."""

    def told(layout: at.Layout) -> list[str]:
        return [values.get(name) or at.TOLD_WHEN_UNSET.get(name, "") for name, _ in layout]

    return told


def _names_told(layout: at.Layout) -> list[str]:
    return [name for name, _ in layout]


def open_names(values: Mapping[str, str], version: int) -> list[str]:
    """Return the name of each element of `write_open`; a list is one element, named by its first field."""
    return _open(values, version, _names_told)


def write_open(values: Mapping[str, str], version: int) -> list[str]:
    """Return the fields of openOrder after the order id."""
    return [*_open_told(tuple(values.items()), version)]


def _open(values: Mapping[str, str], version: int, told: Teller) -> list[str]:
    fields = [*told(at.C11), *told(at.OPEN_HEAD), *told(at.DELTA_NEUTRAL), *told(at.OPEN_TRAIL)]
    fields += _legs_and_scale(values, told)
    fields += told(at.OPT_OUT)
    fields += _clearing_and_algo(values, told)
    fields += told(at.OPEN_STATUS)
    fields += [*told(at.MARGINS), *told(at.OPEN_WARNING)]
    fields += _benchmark_and_conditions(values, told)
    fields += told(at.OPEN_TAIL)
    for since, layout in at.OPEN_SINCE:
        if version >= since:
            fields += told(layout)
    return fields


@lru_cache(maxsize=_MOST_KNOWN)
def _open_told(items: tuple[tuple[str, str], ...], version: int) -> list[str]:
    values = dict(items)
    return _open(values, version, _values_told(values))


@lru_cache(maxsize=_MOST_KNOWN)
def _completed_told(items: tuple[tuple[str, str], ...], version: int) -> list[str]:
    values = dict(items)
    return _completed(values, version, _values_told(values))


def write_completed(values: Mapping[str, str], version: int) -> list[str]:
    """Return the fields of completedOrder after the message id."""
    return [*_completed_told(tuple(values.items()), version)]


def completed_names(values: Mapping[str, str], version: int) -> list[str]:
    """Return the name of each element of `write_completed`."""
    return _completed(values, version, _names_told)


def _completed(values: Mapping[str, str], version: int, told: Teller) -> list[str]:
    fields = [*told(at.C11), *told(at.COMPLETED_HEAD), *told(at.COMPLETED_DELTA), *told(at.COMPLETED_TRAIL)]
    fields += _legs_and_scale(values, told)
    fields += _clearing_and_algo(values, told)
    fields += told(at.COMPLETED_STATUS)
    fields += _benchmark_and_conditions(values, told)
    fields += told(at.COMPLETED_TAIL)
    if version >= 170:
        fields += told(at.PEGGED)
    return fields


def _legs_and_scale(values: Mapping[str, str], told: Teller) -> list[str]:
    fields = [values.get(name) or "0" for name in ("comboLegs", "orderComboLegs", "smartComboRoutingParams")]
    fields += told(at.SCALE_SIZES)
    if is_scaled(values):
        fields += told(at.SCALE)
    fields += told(at.HEDGE_TYPE)
    if values.get("hedgeType"):
        fields += told(at.HEDGE_PARAM)
    return fields


def _clearing_and_algo(values: Mapping[str, str], told: Teller) -> list[str]:
    fields = told(at.CLEARING)
    if values.get("deltaContractConId"):
        fields += ["1", *told(at.DELTA_CONTRACT)]
    else:
        fields.append("0")
    fields += told(at.ALGO)
    if values.get("algoStrategy"):
        fields.append(values.get("algoParams") or "0")
    return fields


def _benchmark_and_conditions(values: Mapping[str, str], told: Teller) -> list[str]:
    fields = told(at.PEG_BENCH) if values.get("orderType") == "PEG BENCH" else []
    return [*fields, values.get("conditions") or "0"]
