"""What is wrong with a configuration: each problem with its path, the value and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from attrs import frozen
from cattrs.errors import (
    AttributeValidationNote,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationNote,
)

from config.expectations import Refused
from config.redaction import redact

__all__ = ["Problem", "SettingsError", "did_you_mean", "problems_of"]


@frozen
class Problem:
    """One thing that is wrong: where, and what."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


class SettingsError(Exception):
    """The configuration cannot be used. One line for each problem, all of them at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Take them in the order in which they are to be shown."""
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """A hint at the known word that looks most like this one, or all of them if they are few, or nothing.

    `cutoff` is how much alike they must be, from 0 to 1.
    """
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=cutoff)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; known are {', '.join(words)}" if 0 < len(words) <= 12 else ""


def problems_of(error: ClassValidationError, data: Any) -> Iterator[Problem]:
    """The problems in a validation error of cattrs; `data` is what was to be structured, for the values."""
    return _walk(error, "", data)


def _walk(error: BaseException, path: str, data: Any) -> Iterator[Problem]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            place, value = _step(inner, path, data)
            yield from _walk(inner, place, value)
    elif isinstance(error, ForbiddenExtraKeysError):
        known = [
            attribute.name for attribute in attrs.fields(error.cl) if attribute.name not in ("api_key", "push_token")
        ]
        for key in sorted(error.extra_fields):
            yield Problem(_join(path, key), f"is not a known key{did_you_mean(key, known)}")
    elif isinstance(error, Refused):
        yield Problem(path, f"{_shown(data if error.value is None else error.value)} {error}")
    elif isinstance(error, KeyError):
        yield Problem(path, "is missing")
    else:
        yield Problem(path, f"{_shown(data)} is not a table of keys")


def _step(error: BaseException, path: str, data: Any) -> tuple[str, Any]:
    """Where an inner error lies, by the note that cattrs left on it, and the value there."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return _join(path, note.name), data.get(note.name) if isinstance(data, Mapping) else None
        if isinstance(note, IterableValidationNote):
            if isinstance(data, Mapping):
                of_key = note.startswith("Structuring mapping key")
                return _join(path, str(note.index)), note.index if of_key else data[note.index]
            return f"{path}[{note.index}]", data[int(note.index)]
    return path, data


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    text = redact(str(value))
    text = text if len(text) <= 80 else f"{text[:79]}…"
    return f'"{text}"' if isinstance(value, str) else text
