"""What a value in the configuration must be, and how it is read from TOML or from the environment.

Each expectation names itself in words, for the message that refuses a value, and returns the value to keep.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from attrs import frozen

from config.windows import RestartWindow

__all__ = [
    "Conditions",
    "EnvironmentText",
    "Expectation",
    "FieldConditions",
    "Flag",
    "Folder",
    "Folders",
    "Number",
    "OneOf",
    "Refused",
    "Text",
    "Texts",
    "TimeOfDay",
    "Url",
    "Whole",
    "Windows",
    "Zone",
]


class EnvironmentText(str):
    """A value that came from an environment variable, where everything is text."""

    __slots__ = ()


class Refused(ValueError):
    """A value is not what was expected; the text says what was, in the form `is not …`.

    `value` is the part of it that was refused, where that is not the whole.
    """

    def __init__(self, text: str, value: object = None) -> None:
        """See above."""
        super().__init__(text)
        self.value = value


@frozen
class Expectation:
    """A requirement on one value."""

    def __str__(self) -> str:
        raise NotImplementedError

    def read(self, value: Any) -> Any:
        """Return the value to keep, or raise Refused."""
        raise NotImplementedError

    def refuse(self) -> Refused:
        """The refusal in words."""
        return Refused(f"is not {self}")


@frozen
class Flag(Expectation):
    """A yes or no."""

    def __str__(self) -> str:
        return "true or false"

    def read(self, value: Any) -> bool:
        if isinstance(value, EnvironmentText):
            value = {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)
        if not isinstance(value, bool):
            raise self.refuse()
        return value


@frozen
class Whole(Expectation):
    """A whole number within bounds."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"a whole number from {self.low} to {self.high}"

    def read(self, value: Any) -> int:
        if isinstance(value, EnvironmentText) and re.fullmatch(r"-?\d{1,20}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            raise self.refuse()
        return value


@frozen
class Number(Expectation):
    """A number within bounds, kept as Decimal, or as float where `kind` says so."""

    what: str
    low: Decimal = Decimal(0)
    high: Decimal | None = None
    above: bool = False  # the low bound itself is refused
    kind: type[Decimal] | type[float] = Decimal

    def __str__(self) -> str:
        bounds = f"above {self.low}" if self.above else f"of at least {self.low}"
        return f"{self.what} {bounds}" + ("" if self.high is None else f" and at most {self.high}")

    def read(self, value: Any) -> Decimal | float:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | EnvironmentText):
            raise self.refuse()
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            raise self.refuse() from None
        if not number.is_finite() or number < self.low or (self.above and number == self.low):
            raise self.refuse()
        if self.high is not None and number > self.high:
            raise self.refuse()
        return self.kind(number)


@frozen
class Text(Expectation):
    """Text of a certain shape."""

    what: str
    pattern: str = r"[^\x00-\x1f]*"

    def __str__(self) -> str:
        return self.what

    def read(self, value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise self.refuse()
        return str(value)


@frozen
class OneOf(Expectation):
    """One of a few words."""

    words: tuple[str, ...]
    kind: type[str] = str

    def __str__(self) -> str:
        *most, last = (f'"{word}"' for word in self.words)
        return f"{', '.join(most)} or {last}" if most else last

    def read(self, value: Any) -> str:
        if value not in self.words:
            raise self.refuse()
        return self.kind(value)


@frozen
class Folder(Expectation):
    """A path; `~` is the home folder."""

    def __str__(self) -> str:
        return "a path"

    def read(self, value: Any) -> Path:
        if not isinstance(value, str) or not value or "\0" in value:
            raise self.refuse()
        return Path(value).expanduser()


@frozen
class Url(Expectation):
    """Empty, or an address of one of the schemes."""

    schemes: tuple[str, ...]
    example: str

    def __str__(self) -> str:
        return f"an address such as {self.example}"

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse()
        try:
            parts = urlsplit(value)
            known = parts.scheme in self.schemes and (parts.scheme == "sqlite" or bool(parts.hostname))
            _ = parts.port
        except ValueError:
            raise self.refuse() from None
        if value and (not known or parts.password or parts.username):
            raise self.refuse()
        return str(value).rstrip("/")


@frozen
class Texts(Expectation):
    """A list of texts, each of one shape; in the environment a TOML list or comma-separated."""

    each: Text

    def __str__(self) -> str:
        return f"a list in which each is {self.each}"

    def read(self, value: Any) -> tuple[str, ...]:
        return tuple(self.each.read(item) for item in _items(self, value))


@frozen
class Windows(Expectation):
    """A list of daily windows."""

    def __str__(self) -> str:
        return 'a list of windows like ["23:40-00:10 America/New_York"]'

    def read(self, value: Any) -> tuple[RestartWindow, ...]:
        windows = []
        for item in _items(self, value):
            if not isinstance(item, str):
                raise self.refuse()
            try:
                windows.append(RestartWindow.parse(item))
            except ValueError as error:
                raise Refused(str(error), item) from None
        return tuple(windows)


@frozen
class Folders(Expectation):
    """A list of paths."""

    def __str__(self) -> str:
        return "a list of paths"

    def read(self, value: Any) -> tuple[Path, ...]:
        return tuple(Folder().read(item) for item in _items(self, value))


@frozen
class Zone(Expectation):
    """A time zone by its name in the IANA database."""

    def __str__(self) -> str:
        return "a time zone such as America/New_York"

    def read(self, value: Any) -> ZoneInfo:
        try:
            return ZoneInfo(value)
        except (TypeError, ValueError, OSError, KeyError):
            raise self.refuse() from None


@frozen
class TimeOfDay(Expectation):
    """A time of day."""

    def __str__(self) -> str:
        return 'a time of day such as "17:00"'

    def read(self, value: Any) -> time:
        match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(:00)?", value) if isinstance(value, str) else None
        if match is None:
            raise self.refuse()
        return time(int(match[1]), int(match[2]))


@frozen
class Conditions(Expectation):
    """A table from a field to a value or a comparison."""

    def __str__(self) -> str:
        return 'a table like { signal = "BUY", confidence = ">= 0.8" }'

    def read(self, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.refuse()
        return {name: self._plain(condition) for name, condition in value.items()}

    def _plain(self, condition: Any) -> Any:
        if isinstance(condition, list):
            return [self._plain(item) for item in condition]
        if isinstance(condition, Decimal):  # tomllib was told to keep fractions exact
            return float(condition)
        if not isinstance(condition, str | int | float | bool):
            raise self.refuse()
        return condition


@frozen
class FieldConditions(Conditions):
    """The same, where a field may lie within another: `pnl.unrealized`, with or without quotes."""

    def read(self, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.refuse()
        found: dict[str, Any] = {}
        for name, condition in value.items():
            inner = self.read(condition) if isinstance(condition, Mapping) else {"": self._plain(condition)}
            found |= {f"{name}.{rest}" if rest else name: one for rest, one in inner.items()}
        return found


def _items(expectation: Expectation, value: Any) -> list[Any]:
    if isinstance(value, EnvironmentText):
        text = value.strip()
        if not text.startswith("["):
            return [part.strip() for part in text.split(",") if part.strip()]
        try:
            value = tomllib.loads(f"items = {text}")["items"]
        except tomllib.TOMLDecodeError:
            raise expectation.refuse() from None
    if not isinstance(value, list):
        raise expectation.refuse()
    return value
