"""What the value of a field may be: as Python gives it to `log`, and as it stands in the line."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

__all__ = [
    "ANY",
    "DECIMAL",
    "FLAG",
    "MOMENT",
    "NUMBER",
    "STATUS",
    "TEXT",
    "TEXTS",
    "WHOLE",
    "Kind",
    "Later",
    "list_of",
    "mapping_of",
]


@frozen(slots=True)
class Kind:
    """`accepts(value)` is asked of what the code logs; `schema` is of what a reader finds (JSON schema)."""

    words: str
    schema: Mapping[str, Any]
    accepts: Callable[[Any], bool]


@frozen(slots=True)
class Later:
    """A large object that is put together where the line is written, not on the trading thread."""

    make: Callable[[], Any]


def _is_moment(value: Any) -> bool:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return False
    return isinstance(value, datetime) and value.tzinfo is not None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def list_of(kind: Kind) -> Kind:
    """A list whose members are of one kind."""
    return Kind(
        f"list of {kind.words}",
        {"type": "array", "items": kind.schema},
        lambda value: isinstance(value, list | tuple) and all(map(kind.accepts, value)),
    )


def mapping_of(kind: Kind) -> Kind:
    """An object with any names, whose values are of one kind."""
    return Kind(
        f"object of {kind.words}s",
        {"type": "object", "additionalProperties": kind.schema},
        lambda value: (
            isinstance(value, Mapping)
            and all(isinstance(name, str) and kind.accepts(item) for name, item in value.items())
        ),
    )


TEXT = Kind("text", {"type": "string"}, lambda value: isinstance(value, str))
TEXTS = list_of(TEXT)
DECIMAL = Kind(
    "decimal",
    # what somebody has asked for and was refused may be no number at all
    {"type": "string", "pattern": r"^-?([0-9]+(\.[0-9]+)?|Infinity|s?NaN[0-9]*)$"},
    lambda value: isinstance(value, Decimal),
)
NUMBER = Kind("number", {"type": "number"}, _is_number)
WHOLE = Kind("whole number", {"type": "integer"}, lambda value: isinstance(value, int) and not isinstance(value, bool))
FLAG = Kind("flag", {"type": "boolean"}, lambda value: isinstance(value, bool))
MOMENT = Kind("moment", {"type": "string", "format": "date-time"}, _is_moment)
STATUS = Kind("object", {"type": "object"}, lambda value: isinstance(value, Mapping | Later))
ANY = Kind("anything", {}, lambda value: True)
