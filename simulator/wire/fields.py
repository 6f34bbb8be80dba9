"""Fields: how numbers, flags and unset values are written, and how they are read with care.

TWS parses into Java's 32-bit integers and finite doubles; what does not fit is refused with error 320. Texts such
as `1e-05` or `nan`, which a careless client writes, are refused too, although Java itself would read the first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal

from simulator.wire.framing import frame

__all__ = ["UNSET_DOUBLE", "UNSET_INTEGER", "BadField", "FieldReader", "encode", "text"]

UNSET_INTEGER = "2147483647"
UNSET_DOUBLE = "1.7976931348623157E308"
INFINITE = "Infinity"
"""Told so, because every client can read it; ib_insync itself writes `Infinite`, which it cannot read back."""
_ALSO_INFINITE = "Infinite"

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_INTEGER = re.compile(r"[-+]?\d+", re.ASCII)
_UNSET = {"", UNSET_INTEGER, UNSET_DOUBLE, "1.7976931348623157e+308", "1.7976931348623157e308"}


class BadField(ValueError):
    """A field that cannot be read; the text is what TWS puts into error 320."""


def text(value: object) -> str:
    """Return the wire text of a value: None is unset, True is 1, and a float has no exponent.

    Raises ValueError for NaN, which no client can read.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        if math.isinf(value):
            return INFINITE
        if math.isnan(value):
            raise ValueError("NaN cannot be written")
        written = repr(value)
        return format(Decimal(written), "f") if "e" in written else written
    raise TypeError(f"{type(value).__name__} cannot be written")


def encode(fields: Iterable[object]) -> bytes:
    """Return the frame of these fields, each terminated by NUL."""
    written = [value if value.__class__ is str else text(value) for value in fields]
    written.append("")
    return frame("\0".join(written).encode("utf-8"))


def is_infinite(written: str) -> bool:
    """Whether the text stands for infinity, in either spelling."""
    return written in (INFINITE, _ALSO_INFINITE)


def is_unset(written: str) -> bool:
    """Whether the text stands for no value."""
    return written in _UNSET


class FieldReader:
    """Takes the fields of one body in order."""

    def __init__(self, body: bytes) -> None:
        """Raises BadField if the body does not end in NUL or is no UTF-8."""
        if not body.endswith(b"\0"):
            raise BadField("the message does not end in NUL")
        try:
            self._fields = body[:-1].decode("utf-8").split("\0")
        except UnicodeDecodeError as error:
            raise BadField("the message is no UTF-8") from error
        self._next = 0

    @property
    def left(self) -> int:
        """How many fields have not been taken."""
        return len(self._fields) - self._next

    def text(self) -> str:
        """Take a field as it is. Raises BadField when there is none."""
        try:
            written = self._fields[self._next]
        except IndexError:
            raise BadField("the message is too short") from None
        self._next += 1
        return written

    def integer(self, unset: int = 0) -> int:
        """Take a 32-bit integer; unset gives `unset`."""
        written = self.text()
        if is_unset(written):
            return unset
        check_integer(written)
        return int(written)

    def number(self) -> float | None:
        """Take a number, or None when unset."""
        written = self.text()
        if is_unset(written):
            return None
        check_number(written)
        return math.inf if is_infinite(written) else float(written)

    def flag(self) -> bool:
        """Take 1 or 0; unset is false."""
        written = self.text()
        check_flag(written)
        return written == "1"

    def repeated(self, size: int) -> str:
        """Take a count and count × `size` fields, as one text with the NULs in between."""
        count = self.text()
        number = 0
        if not is_unset(count):
            check_integer(count)
            number = int(count)
        if not 0 <= number * size <= self.left:
            raise BadField(f"a list of {number} where {self.left} fields are left")
        return "\0".join([str(number), *(self.text() for _ in range(number * size))])


def check_integer(written: str) -> None:
    """Raise BadField unless the text is unset or an integer below 2³¹ in size."""
    if is_unset(written):
        return
    if len(written) > 11 or not _INTEGER.fullmatch(written) or not -(2**31) <= int(written) < 2**31:
        raise BadField(f'java.lang.NumberFormatException: For input string: "{written[:40]}"')


def check_number(written: str) -> None:
    """Raise BadField unless the text is unset, infinite, or a plain decimal number."""
    if is_unset(written) or is_infinite(written):
        return
    if len(written) > 64 or not _NUMBER.fullmatch(written):
        raise BadField(f'java.lang.NumberFormatException: For input string: "{written[:40]}"')


def check_flag(written: str) -> None:
    """Raise BadField unless the text is 1, 0 or empty."""
    if written not in ("1", "0", ""):
        raise BadField(f'java.lang.NumberFormatException: For input string: "{written[:40]}"')
