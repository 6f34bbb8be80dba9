"""Why a message could not be written as text, or a text not be read as a message."""

from __future__ import annotations

import json
import reprlib
from typing import Any

from cattrs import AttributeValidationNote, ForbiddenExtraKeysError, IterableValidationNote

__all__ = ["CodecError", "Refusal", "refusal"]

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 200
_short.maxlong = 60


class Refusal(ValueError):
    """One value was not what its field wants. Raised by the hooks of single values only."""

    def __init__(self, value: Any, expected: str) -> None:
        super().__init__(f"is not {expected}")
        self.value = value


def refusal(value: Any, expected: str) -> Refusal:
    """Return the error for `value` where `expected` ("a text", "an aware time") was due."""
    return Refusal(value, expected)


class CodecError(ValueError):
    """The message that names what is wrong: `kind`, `key` (a path such as order.quantity, empty for the whole), the
    `value` as a short text, and the `reason`."""

    def __init__(self, kind: str, key: str, value: Any, reason: str) -> None:
        self.kind = kind
        self.key = key
        self.value = _short.repr(value)
        self.reason = reason
        super().__init__(f"{_short.repr(kind)[1:-1]}{'.' if key else ''}{key}: {self.value} {reason}")

    @classmethod
    def of(cls, kind: str, whole: Any, error: Exception, where: str = "") -> CodecError:
        """Make one of what a converter or the JSON parser raised over `whole`, at the key `where` if that is known."""
        path = [where] if where else []
        fault: BaseException = error
        while isinstance(fault, BaseExceptionGroup):
            fault = fault.exceptions[0]
            for note in getattr(fault, "__notes__", ()):
                if isinstance(note, AttributeValidationNote):
                    path.append(note.name)
                elif isinstance(note, IterableValidationNote):
                    path.append(str(note.index))
        key = ".".join(path)
        match fault:
            case Refusal():
                return cls(kind, key, fault.value, str(fault))
            case ForbiddenExtraKeysError():
                extra = sorted(fault.extra_fields)
                return cls(kind, ".".join([*path, extra[0]]), whole, "has a key that this version does not know")
            case KeyError():
                return cls(kind, key, whole, "has no such key")
            case json.JSONDecodeError():
                return cls(kind, key, whole, f"is not JSON: {fault.msg} at character {fault.pos}")
            case RecursionError():
                return cls(kind, key, whole, "is nested too deeply")
            case _:
                return cls(kind, key, whole, f"does not fit: {fault}")
