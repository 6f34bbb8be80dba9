"""One line of the log, as JSON and in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from config.log_events import EVENTS
from config.log_events.kinds import Later
from config.redaction import MASK, is_secret_name, redact

__all__ = ["LEVELS", "Level", "LogRecord", "as_json", "as_words", "timestamp"]


Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LEVELS: Mapping[Level, int] = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
"""level → its weight, as in stdlib logging"""

NOBODY = "process"
"""Whose doing it is where it is no actor's: the process's own."""


class LogRecord(NamedTuple):
    """An event with its moment (UTC), level and fields. A tuple, for it is made on the trading thread."""

    moment: datetime
    level: str
    event: str
    fields: Mapping[str, Any]


def timestamp(moment: datetime) -> str:
    """`2026-11-22T14:30:00.123456Z`"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain(value: Any) -> Any:
    """What JSON has no form for: money and quantities as canonical text, times in ISO 8601, the rest in words."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    return str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


# ASCII, so that no reader takes a U+2028 in a broker's text for the end of a line
_encode = json.JSONEncoder(default=_plain, allow_nan=False).encode


def as_json(record: LogRecord) -> str:
    """One line of JSON without the line feed, secrets masked."""
    line: dict[str, Any] = {
        "ts": timestamp(record.moment),
        "level": record.level,
        "event": record.event,
        "actor": NOBODY,
    }
    line |= _masked(record.fields)
    large = [name for name, value in line.items() if value.__class__ is Later]
    if not large:
        return _safe(line)
    made = {name: line.pop(name).make() for name in large}
    members = ", ".join(f"{_safe(name)}: {''.join(_in_parts(value))}" for name, value in made.items())
    return f"{_safe(line)[:-1]}, {members}}}"


def _safe(value: Any) -> str:
    try:
        text = _encode(value)
    except ValueError:  # a NaN or an infinity
        text = _encode(_finite(value))
    return redact(text)


def _in_parts(value: Any) -> Iterator[str]:
    """What is large a part at a time: each of these calls keeps every other thread from running."""
    if isinstance(value, dict) and value:
        for number, (name, item) in enumerate(value.items()):
            yield f"{', ' if number else '{'}{_safe(name)}: "
            yield from _in_parts(item) if isinstance(item, list) else (_safe(item),)
        yield "}"
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield f"{', ' if number else '['}{_safe(item)}"
        yield "]"
    else:
        yield _safe(value)


def as_words(record: LogRecord, *, details: bool = True) -> str:
    """The event as a sentence, then with `details` the fields that the sentence does not use; one line, secrets masked.

    A traceback is left to the file.
    """
    event = EVENTS.get(record.event)
    fields = {
        name: value
        for name, value in _masked(record.fields).items()
        if value is not None and value != "" and name != "traceback"
    }
    used: set[str] = set()
    template = event.words if event is not None else "{text?}"
    words = []
    for part in template.split(" "):
        words.append(_fill(part, fields, used))
    sentence = " ".join(word for word in words if word) or record.event
    rest = " ".join(f"{name}={_short(value)}" for name, value in fields.items() if name not in used)
    line = f"{sentence}  {rest}" if rest and details else sentence
    if not line.isprintable():  # text from outside does not command the terminal
        line = "".join(character if character.isprintable() else " " for character in line)
    return redact(line.rstrip())


def _fill(part: str, fields: Mapping[str, Any], used: set[str]) -> str:
    """Put a field into one word of a template; a word whose optional field is missing goes away."""
    before, brace, rest = part.partition("{")
    if not brace:
        return part
    name, _, after = rest.partition("}")
    key = name.removesuffix("?")
    if key not in fields:
        return after.strip("(),:") if name.endswith("?") else f"{before}–{after}"
    used.add(key)
    return f"{before}{_short(fields[key])}{after}"


def _short(value: Any) -> str:
    text = str(_plain(value) if not isinstance(value, str | int | float) else value)
    return text if len(text) <= 200 else f"{text[:199]}…"


def _masked(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: MASK if is_secret_name(name) else value for name, value in fields.items()}
