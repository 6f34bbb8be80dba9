"""The log as a JSON schema (draft 2020-12), and whether a line keeps to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from config.log_events import EVENTS, OTHERS
from config.log_events.definition import Event, nullable
from config.log_events.kinds import MOMENT, TEXT

__all__ = ["line_problems", "schema"]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


def schema() -> dict[str, Any]:
    """Return the schema of one line."""
    definitions = {name: _of_event({"const": name}, event) for name, event in EVENTS.items()}
    definitions["log.*"] = _of_event({"type": "string", "pattern": r"^log\."}, OTHERS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of Pitboss's log",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in definitions],
        "$defs": definitions,
    }


def _of_event(name: Mapping[str, Any], event: Event) -> dict[str, Any]:
    fields = {field: defined.kind.schema for field, defined in event.required.items()}
    fields |= {field: nullable(defined.kind.schema) for field, defined in event.optional.items()}
    return {
        "description": event.about,
        "type": "object",
        "properties": {
            "ts": MOMENT.schema,
            "level": {"enum": list(event.levels)},
            "event": name,
            "actor": TEXT.schema,
            **fields,
        },
        "required": ["ts", "level", "event", "actor", *event.required],
        "additionalProperties": event.open,
    }


def line_problems(text: str) -> list[str]:
    """Say what is wrong with a line of a log; nothing where it keeps to the schema."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        return [f"is not JSON: {error}"]
    name = line.get("event") if isinstance(line, dict) else None
    if not isinstance(name, str):
        return ["is no object with an event"]
    event = EVENTS.get(name)
    if event is not None:
        return list(_problems(line, _of_event({"const": name}, event), name))
    if name.startswith("log."):
        return list(_problems(line, _of_event({"const": name}, OTHERS), name))
    return [f"{name} is no event that this version of Pitboss knows"]


def _problems(value: Any, wanted: Mapping[str, Any], where: str) -> Iterator[str]:
    """Check what the kinds of `config.log_events.kinds` use of JSON schema."""
    if "anyOf" in wanted:
        if all(list(_problems(value, one, where)) for one in wanted["anyOf"]):
            yield from _problems(value, wanted["anyOf"][0], where)
        return
    kind = wanted.get("type")
    if kind is not None and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{where} is {value!r:.80}, not of type {kind}"
        return
    if "const" in wanted and value != wanted["const"]:
        yield f"{where} is {value!r:.80}, not {wanted['const']!r}"
    if "enum" in wanted and value not in wanted["enum"]:
        yield f"{where} is {value!r:.80}, not one of {', '.join(wanted['enum'])}"
    if "pattern" in wanted and not re.search(wanted["pattern"], value):
        yield f"{where} is {value!r:.80}, which does not match {wanted['pattern']}"
    if wanted.get("format") == "date-time" and not _is_moment(value):
        yield f"{where} is {value!r:.80}, no date and time"
    if kind == "array":
        for item in value:
            yield from _problems(item, wanted["items"], f"{where}[]")
    elif kind == "object":
        yield from _members(value, wanted, where)


def _members(value: Mapping[str, Any], wanted: Mapping[str, Any], where: str) -> Iterator[str]:
    known = wanted.get("properties", {})
    for name in wanted.get("required", ()):
        if name not in value:
            yield f"{where} has no {name}"
    further = wanted.get("additionalProperties", True)
    for name, item in value.items():
        if name in known:
            yield from _problems(item, known[name], f"{where}.{name}")
        elif further is False:
            yield f"{where} has {name}, which is not defined"
        elif further is not True:
            yield from _problems(item, further, f"{where}.{name}")


def _is_moment(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
