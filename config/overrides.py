"""Environment variables that override the configuration: PITBOSS_<SECTION>__<KEY>, the API's two, SIGNAL_TOKEN."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from config.expectations import EnvironmentText
from config.problems import Problem, did_you_mean
from config.settings import Settings, SymbolSettings

__all__ = ["PREFIX", "SECRETS", "apply_overrides"]

PREFIX = "PITBOSS_"
SECRETS = frozenset({"api_key", "push_token"})
"""Keys that only variables of their own set."""

_SECTIONS: Mapping[str, type[Any]] = {
    name: type(section) for name, section in attrs.asdict(Settings(), recurse=False).items() if attrs.has(type(section))
}


def apply_overrides(data: dict[str, Any], environ: Mapping[str, str]) -> list[Problem]:
    """Write the overrides into `data` in place; return what cannot be understood. Empty variables count as unset."""
    problems: list[Problem] = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and environ[name]:
            problems += _apply(data, name, EnvironmentText(environ[name]))
    signals = data.setdefault("signals", {})
    if isinstance(signals, dict):
        if environ.get("API_BASE_URL") and "base_url" not in signals:
            signals["base_url"] = EnvironmentText(environ["API_BASE_URL"])
        if environ.get("API_KEY") and "api_key" not in signals:
            signals["api_key"] = EnvironmentText(environ["API_KEY"])
        if environ.get("SIGNAL_TOKEN") and "push_token" not in signals:
            signals["push_token"] = EnvironmentText(environ["SIGNAL_TOKEN"])
    return problems


def _apply(data: dict[str, Any], name: str, value: EnvironmentText) -> Iterator[Problem]:
    parts = name.removeprefix(PREFIX).split("__")
    section = parts[0].lower()
    if len(parts) == 3 and section == "symbols":
        target, known = data.setdefault("symbols", {}), {field.name for field in attrs.fields(SymbolSettings)}
        if isinstance(target, dict):
            target = target.setdefault(parts[1], {})
    elif len(parts) == 2 and section in _SECTIONS:
        target = data.setdefault(section, {})
        known = {field.name for field in attrs.fields(_SECTIONS[section])} - SECRETS
    else:
        yield Problem(name, f"is not an override that Pitboss knows{did_you_mean(name, _names(), 0.8)}")
        return
    key = parts[-1].lower()
    if key not in known:
        yield Problem(name, f'"{key}" is not a known key{did_you_mean(key, known)}')
    elif isinstance(target, dict):
        target[key] = value


def _names() -> set[str]:
    """The names of every override outside `symbols`."""
    return {
        f"{PREFIX}{section.upper()}__{field.name.upper()}"
        for section, kind in _SECTIONS.items()
        for field in attrs.fields(kind)
        if field.name not in SECRETS
    }
