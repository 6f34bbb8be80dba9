"""How single values are written and read: strictly, and so that they come back equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from math import isfinite
from typing import Any

from cattrs import Converter

from messages.codec_error import refusal

__all__ = ["register_values"]

# Longer than any price or quantity, and short enough that arithmetic with it stays cheap.
_DIGITS = 64


def _text(value: Any, _: Any = None) -> str:
    if type(value) is not str:
        raise refusal(value, "a text")
    return value


def _whole(value: Any, _: Any = None) -> int:
    if type(value) is not int:
        raise refusal(value, "a whole number")
    return value


def _flag(value: Any, _: Any = None) -> bool:
    if value is not True and value is not False:
        raise refusal(value, "true or false")
    return bool(value)


def _number(value: Any, _: Any = None) -> float:
    if type(value) is float and isfinite(value):
        return value
    if type(value) is int and -(2**53) <= value <= 2**53:
        return float(value)
    raise refusal(value, "a finite number")


def _decimal_out(value: Any) -> str:
    if type(value) is not Decimal:
        raise refusal(value, "a Decimal")
    text: str = str(value)
    if "E" in text and abs(value.adjusted()) < _DIGITS:
        text = format(value, "f")
    if len(text) > _DIGITS or "E" in text or not value.is_finite():
        raise refusal(value, f"a finite decimal of at most {_DIGITS} characters")
    return text


def _decimal_in(value: Any, _: Any) -> Decimal:
    if type(value) is not str or len(value) > _DIGITS or "E" in value or "e" in value:
        raise refusal(value, "a plain decimal")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise refusal(value, "a plain decimal") from None
    if not number.is_finite():
        raise refusal(value, "a finite decimal")
    return number


def _time_out(value: Any) -> str:
    if type(value) is not datetime or value.tzinfo is None:
        raise refusal(value, "a time with a time zone")
    if value.tzinfo is not UTC:
        value = value.astimezone(UTC)
    text: str = value.isoformat()
    return text[:-6] + "Z"


def _time_in(value: Any, _: Any) -> datetime:
    if type(value) is not str or value[-1:] != "Z":
        raise refusal(value, "a time in UTC")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise refusal(value, "a time in UTC") from None


def _enum_out(cls: type[Enum]) -> Callable[[Any], Any]:
    def unstructure(value: Any) -> Any:
        if type(value) is not cls:
            raise refusal(value, cls.__name__)
        return value.value

    return unstructure


def _enum_in(cls: type[Enum]) -> Callable[[Any, Any], Enum]:
    members = {member.value: member for member in cls}
    (kind,) = {type(value) for value in members}

    def structure(value: Any, _: Any) -> Enum:
        # the type first: true is a key equal to 1, and a list is no key at all
        if type(value) is not kind or value not in members:
            raise refusal(value, f"one of {cls.__name__}")
        return members[value]

    return structure


def register_values(converter: Converter, enums: Iterable[type[Enum]]) -> None:
    """Teach `converter` every type that a field of a message may have, other than messages themselves."""
    for cls, out, back in (
        (str, _text, _text),
        (int, _whole, _whole),
        (bool, _flag, _flag),
        (float, _number, _number),
        (Decimal, _decimal_out, _decimal_in),
        (datetime, _time_out, _time_in),
    ):
        converter.register_unstructure_hook(cls, out)
        converter.register_structure_hook(cls, back)
    # each by itself: what cattrs has for Enum takes a plain text for a StrEnum
    for enum in enums:
        converter.register_unstructure_hook(enum, _enum_out(enum))
        converter.register_structure_hook(enum, _enum_in(enum))
