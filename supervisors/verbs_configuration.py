"""`check`, and how every verb that takes a configuration reads it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from config.loading import load
from config.redaction import MASK, register_secret
from config.rule_settings import ActionSettings, ConditionSettings
from config.rules import build_rules
from config.settings import Settings
from supervisors.rule_files import rules_from_files
from supervisors.source_files import sources_from_files

__all__ = ["ConfigFile", "StateDir", "check", "effective", "notes"]

ConfigFile = Annotated[Path, Parameter(name=["--config", "-c"], help="The configuration file (TOML).")]
_VARIABLES = {"api_key": "API_KEY", "push_token": "SIGNAL_TOKEN"}
_FIRST = ("id", "event", "when", "position", "time", "market", "do")

StateDir = Annotated[
    Path | None,
    Parameter(name="--state-dir", help="Folder of control socket, journal and log, in place of [process] state_dir."),
]


def check(*, config: ConfigFile, state_dir: StateDir = None) -> None:
    """Validate a configuration and print what it amounts to, secrets masked."""
    settings = effective(config, state_dir)
    for line in describe(settings):
        print(line)


def effective(config: Path | None, state_dir: Path | None) -> Settings:
    """The configuration with the environment's overrides. Raises SettingsError."""
    settings = load(config, os.environ)
    register_secret(settings.signals.api_key)
    register_secret(settings.signals.push_token)
    if state_dir is not None:
        settings = attrs.evolve(settings, process=attrs.evolve(settings.process, state_dir=state_dir.expanduser()))
    return settings


def describe(settings: Settings) -> list[str]:
    """The effective configuration as TOML, then the rules in words and what deserves a second look."""
    lines: list[str] = []
    for name in ("process", "broker", "signals", "risk", "defaults"):
        lines += _table(f"[{name}]", getattr(settings, name))
    for name, group in settings.risk.groups.items():
        lines += _table(f"[risk.groups.{name}]", group)
    for symbol, section in settings.symbols.items():
        lines += _table(f"[symbols.{symbol}]" if symbol.isalnum() else f'[symbols."{symbol}"]', section)
    for name, indicator in settings.indicators.items():
        lines += _table(f"[indicators.{name}]", indicator)
    for rule in settings.rules:
        lines += ["[[rules]]", *(f"{name} = {_toml(value)}" for name, value in _written(rule).items()), ""]
    for name in ("journal", "log"):
        lines += _table(f"[{name}]", getattr(settings, name))
    lines += _table("[alerts]", settings.alerts)
    for name, channel in settings.alerts.channels.items():
        lines += _table(f"[alerts.channels.{name}]", channel)
    for alert in settings.alerts.rules:
        lines += ["[[alerts.rules]]", *(f"{name} = {_toml(value)}" for name, value in _written(alert).items()), ""]
    for made in (*build_rules(settings), *rules_from_files(settings)):
        lines.append(f"# rule {made.words()}")
        lines += [f"#   {made.description}"] if made.description else []
    lines += [f"# source signals/{name}" for name in sources_from_files(settings)]
    lines += [f"# note: {note}" for note in notes(settings)]
    return lines


def _table(head: str, section: Any) -> list[str]:
    lines = [head]
    for field in attrs.fields(type(section)):
        value = getattr(section, field.name)
        if field.name in ("groups", "channels", "rules"):
            continue  # each is a table of its own
        if field.name in _VARIABLES:
            variable = _VARIABLES[field.name]
            lines.append(f"# {field.name} = {MASK} (from {variable})" if value else f"# no {variable}")
        elif value is None:
            lines.append(f"# {field.name}: none")
        else:
            lines.append(f"{field.name} = {_toml(value)}")
    return [*lines, ""]


def _written(section: Any) -> dict[str, Any]:
    """What a rule, or a part of it, says beyond the defaults; its id first."""
    return {
        field.name: getattr(section, field.name)
        for field in sorted(
            attrs.fields(type(section)), key=lambda one: _FIRST.index(one.name) if one.name in _FIRST else 9
        )
        if getattr(section, field.name) not in (None, (), {}, field.default)
    }


def _toml(value: Any) -> str:
    if isinstance(value, ActionSettings | ConditionSettings):
        return _toml(_written(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }" if value else "{}"
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    if type(value).__name__ == "Decimal":
        return format(value, "f")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def notes(settings: Settings) -> list[str]:
    """What deserves a second look before it is trusted with money."""
    notes = []
    if settings.broker.mode == "live":
        notes.append("this trades real money")
    for symbol in settings.symbols:
        if not settings.exits(symbol).protects:
            notes.append(f"positions in {symbol} have no stop by default")
    if not settings.broker.restart_windows:
        notes.append("no restart_windows: entries are also sent while TWS restarts itself")
    limits = ("max_position_notional", "max_order_notional", "max_gross_exposure", "max_daily_loss")
    missing = [name for name in limits if getattr(settings.risk, name) is None]
    if missing:
        notes.append(f"no {', '.join(missing)}")
    return notes
