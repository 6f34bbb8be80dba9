"""The terms of an act, and those that many kinds share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, TypeAlias

__all__ = ["Draw", "Terms", "nothing", "one_symbol"]

Terms: TypeAlias = Mapping[str, Any]
Draw: TypeAlias = Callable[[Random, list[str]], Terms]


def nothing(dice: Random, symbols: list[str]) -> Terms:
    """No terms: which order, or position, is decided when it happens, by the act's seed."""
    return {}


def one_symbol(dice: Random, symbols: list[str]) -> Terms:
    """Any symbol."""
    return {"symbol": dice.choice(symbols)}
