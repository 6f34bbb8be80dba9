"""What the definition of an event consists of, and the check of a line against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from config.log_events.kinds import Kind

__all__ = ["Event", "Field", "UnknownEventError", "object_of"]


class UnknownEventError(Exception):
    """The code logs something that its definition does not allow."""


@frozen(slots=True)
class Field:
    """What a name means, wherever it stands. `unit` is "" where a value has none.

    `foreign` text comes from outside (the broker, another program, an exception): it may say anything. All text is
    freed of secrets when the line is written.
    """

    kind: Kind
    about: str
    unit: str = ""
    foreign: bool = False


@frozen(slots=True)
class Event:
    """One kind of line. A `required` field is there and not null; others may be missing or null.

    In the words for the console `{name}` is a field; `?` after a name leaves it out where there is no such field.
    """

    words: str
    about: str
    required: Mapping[str, Field] = field(factory=dict)
    optional: Mapping[str, Field] = field(factory=dict)
    levels: tuple[str, ...] = ("INFO",)
    shown: bool = True
    """Whether a person at the console wants to see it."""
    open: bool = False
    """Whether it may have further fields."""

    def field(self, name: str) -> Field | None:
        """Return the definition of a field."""
        return self.required.get(name) or self.optional.get(name)

    def problems(self, level: str, fields: Mapping[str, Any]) -> list[str]:
        """Say what is wrong with a line of this event."""
        found = [f"without {name}" for name in self.required if fields.get(name) is None]
        if level not in self.levels:
            found.append(f"at level {level}, not {' or '.join(self.levels)}")
        for name, value in fields.items():
            defined = self.field(name)
            if defined is None:
                if not self.open and name != "actor":
                    found.append(f"with {name}, which is not defined")
            elif value is not None and not defined.kind.accepts(value):
                found.append(f"with {name} = {value!r}, which is no {defined.kind.words}")
        return found


def object_of(required: Mapping[str, Kind], optional: Mapping[str, Kind] | None = None) -> Kind:
    """An object with these members and no others; optional ones may be null."""
    kinds = {**required, **(optional or {})}

    def accepts(value: Any) -> bool:
        return (
            isinstance(value, Mapping)
            and required.keys() <= value.keys() <= kinds.keys()
            and all(_fits(kinds[name], item, name in required) for name, item in value.items())
        )

    properties = {name: kind.schema if name in required else nullable(kind.schema) for name, kind in kinds.items()}
    schema = {
        "type": "object",
        "properties": properties,
        "required": sorted(required),
        "additionalProperties": False,
    }
    return Kind("object {" + ", ".join(kinds) + "}", schema, accepts)


def _fits(kind: Kind, value: Any, required: bool) -> bool:
    return (value is None and not required) or kind.accepts(value)


def nullable(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a JSON schema that also takes null."""
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema
