"""From a TOML file and the environment to `Settings`, or to one error that names everything that is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from attrs import evolve, frozen
from cattrs.errors import ClassValidationError

from config.checks import inconsistencies
from config.expectations import EnvironmentText
from config.overrides import PREFIX, apply_overrides
from config.problems import Problem, SettingsError, problems_of
from config.redaction import register_environment, register_secret
from config.settings import ProcessSettings, Settings, Symbol, SymbolSettings
from config.structuring import converter

__all__ = [
    "load",
    "load_alerts",
    "load_places",
    "load_process",
    "read",
    "settings_from",
    "with_symbol",
    "without_symbol",
]


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read a configuration file (None: only the defaults) and the overrides in `environ`. Raises SettingsError."""
    return settings_from({} if path is None else read(path), environ)


def load_process(path: Path | None, environ: Mapping[str, str]) -> ProcessSettings:
    """Read the section `process` alone: enough to find a running process. Raises SettingsError."""
    return _sections(path, environ, "process").process


def load_places(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read what is needed to find what a process left, and to tell its days: `process`, `journal`, `log`, and when a
    trading day begins. Raises SettingsError."""
    return _sections(path, environ, "process", "journal", "log", "risk.trading_day")


def load_alerts(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read what watching needs: the sections `process`, `broker`, `log` and `alerts`. Raises SettingsError."""
    return _sections(path, environ, "process", "broker", "log", "alerts")


def _sections(path: Path | None, environ: Mapping[str, str], *names: str) -> Settings:
    """`section`, or `section.beginning` for those of its keys that begin so."""
    written = {} if path is None else read(path)
    found: dict[str, Any] = {}
    overrides: dict[str, str] = {}
    for name in names:
        section, _, beginning = name.partition(".")
        keys = written.get(section)
        if keys is not None:
            plain = not isinstance(keys, dict) or not beginning
            found[section] = keys if plain else {key: keys[key] for key in keys if key.startswith(beginning)}
        prefix = f"{PREFIX}{section.upper()}__{beginning.upper()}"
        overrides |= {variable: text for variable, text in environ.items() if variable.startswith(prefix)}
    return settings_from(found, overrides)


def settings_from(data: dict[str, Any], environ: Mapping[str, str]) -> Settings:
    """Check a configuration that is already read; fractions are Decimal. Changes `data`. Raises SettingsError.

    Secrets in the environment, and those written where they do not belong, are masked from now on.
    """
    register_environment(environ)
    problems = []
    for key, variable in (("api_key", "API_KEY"), ("push_token", "SIGNAL_TOKEN")):
        if key in data.get("signals", {}):
            register_secret(str(data["signals"].pop(key)))
            problems.append(Problem(f"signals.{key}", f"is taken from the environment variable {variable} alone"))
    problems += apply_overrides(data, environ)
    try:
        settings = converter().structure(data, Settings)
    except ClassValidationError as error:
        raise SettingsError(problems + list(problems_of(error, data))) from None
    problems += inconsistencies(settings)
    if problems:
        raise SettingsError(problems)
    return settings


def with_symbol(settings: Settings, symbol: str, written: Mapping[str, str]) -> Settings:
    """Add a symbol, its section written as key → value, both text; without any the section that is there stays.

    Raises SettingsError.
    """
    if not written and symbol in settings.symbols:
        return settings
    data = {symbol: {key: EnvironmentText(value) for key, value in written.items()}}
    try:
        section = converter().structure({"symbols": data}, _Symbols).symbols
    except ClassValidationError as error:
        raise SettingsError(problems_of(error, {"symbols": data})) from None
    changed = evolve(settings, symbols={**settings.symbols, **section})
    known = set(inconsistencies(settings))
    problems = [one for one in inconsistencies(changed) if one not in known]
    if problems:
        raise SettingsError(problems)
    return changed


def without_symbol(settings: Settings, symbol: str) -> Settings:
    """Leave a symbol out. Rules may still name it; they do nothing for it."""
    return evolve(settings, symbols={name: section for name, section in settings.symbols.items() if name != symbol})


@frozen
class _Symbols:
    symbols: Mapping[Annotated[str, Symbol], SymbolSettings]


def read(path: Path) -> dict[str, Any]:
    """Return what a configuration file says, unchecked; fractions are Decimal. Raises SettingsError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        raise SettingsError([Problem(str(path), "there is no such file")]) from None
    except OSError as error:
        raise SettingsError([Problem(str(path), f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise SettingsError([Problem(str(path), "is not text in UTF-8")]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([Problem(str(path), f"is not TOML: {error}")]) from None
