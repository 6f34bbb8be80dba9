"""Messages ↔ JSON text for the journal.

Money is a plain decimal string, a time ISO 8601 in UTC, an enum its value, a tuple a list; every field is written, so
that a default that changes later does not change what was written earlier. Both ways are strict: what `encode` accepts,
`decode` gives back equal, and what `decode` is given is a value or one `CodecError`, never half of either.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import Enum
from types import ModuleType
from typing import Any

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn

from messages import (
    book,
    decision,
    gateway,
    indicator,
    lifecycle,
    market,
    order,
    position,
    risk,
    schedule,
    signal,
    symbol,
    verdict,
    what_if,
)
from messages.codec_error import CodecError, refusal
from messages.codec_values import register_values

__all__ = ["SCHEMA_VERSION", "CodecError", "decode", "encode", "kinds"]

# Raised when a message changes so that earlier records mean something else. A journal of another version is refused.
SCHEMA_VERSION = 1

MODULES: tuple[ModuleType, ...] = (
    book,
    decision,
    gateway,
    indicator,
    lifecycle,
    market,
    order,
    position,
    risk,
    schedule,
    signal,
    symbol,
    verdict,
    what_if,
)


def _classes() -> dict[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    for module in MODULES:
        for name in module.__all__:
            candidate = getattr(module, name)
            is_message = isinstance(candidate, type) and attrs.has(candidate)
            if is_message and found.setdefault(name, candidate) is not candidate:
                raise TypeError(f"two message classes are called {name}")
    return found


def _is_enum(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Enum) and value.__module__.startswith("messages.")


_CLASSES = _classes()
_converter = Converter(detailed_validation=True, forbid_extra_keys=True)
register_values(_converter, [value for module in MODULES for value in vars(module).values() if _is_enum(value)])


def _exact(cls: type[Any], into: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def unstructure(value: Any) -> Any:
        if type(value) is not cls:
            raise refusal(value, cls.__name__)
        return into(value)

    return unstructure


def _mapping(cls: type[Any], out_of: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not dict:
            raise refusal(value, f"the fields of {cls.__name__}")
        return out_of(value, cls)

    return structure


_converter.register_unstructure_hook_factory(
    attrs.has, lambda cls: _exact(cls, make_dict_unstructure_fn(cls, _converter))
)
_converter.register_structure_hook_factory(
    attrs.has, lambda cls: _mapping(cls, make_dict_structure_fn(cls, _converter, _cattrs_forbid_extra_keys=True))
)

_dumps = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
_loads = json.JSONDecoder().decode
# made on first use: all of them together would cost every start a tenth of a second
_encoders: dict[type[Any], Callable[[Any], Any]] = {}
_decoders: dict[str, tuple[type[Any], Callable[[Any, Any], Any]]] = {}


def kinds() -> dict[str, type[Any]]:
    """Return kind → class of everything that may enter the journal; a kind is the name of its class."""
    return dict(_CLASSES)


def encode(message: Any) -> tuple[str, str]:
    """Return the kind and the JSON text (ASCII, one line). Raises CodecError when it could not be read back equal."""
    cls = type(message)
    kind = cls.__name__
    into = _encoders.get(cls)
    if into is None:
        if _CLASSES.get(kind) is not cls:
            raise CodecError(kind, "", message, "is not a message that the journal knows")
        into = _encoders[cls] = _converter.get_unstructure_hook(cls)
    try:
        return kind, _dumps(into(message))
    except Exception as error:
        raise CodecError.of(kind, message, error, _fault_in(message)) from error


def _fault_in(message: Any) -> str:
    # converters do not say where they failed to write: ask each field on its own, for the path to the first that fails
    for field in attrs.fields(attrs.resolve_types(type(message))):
        value = getattr(message, field.name)
        try:
            _converter.unstructure(value, field.type)
        except Exception:  # noqa: BLE001 - that it fails is known; the question is where
            within = _fault_in(value) if type(value) is field.type and attrs.has(type(value)) else ""
            return f"{field.name}.{within}" if within else field.name
    return ""


def decode(kind: str, text: str) -> Any:
    """Return the message. Raises CodecError, and nothing else, for whatever is not one."""
    found = _decoders.get(kind)
    if found is None:
        cls = _CLASSES.get(kind)
        if cls is None:
            raise CodecError(kind, "", text, "is of a kind that this version does not know")
        found = _decoders[kind] = (cls, _converter.get_structure_hook(cls))
    cls, out_of = found
    try:
        return out_of(_loads(text), cls)
    except Exception as error:
        raise CodecError.of(kind, text, error) from error
