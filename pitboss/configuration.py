"""From what a program says to `Settings`: a file, a mapping, `Settings`, and keywords on top of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from config.loading import read, settings_from
from config.settings import Settings

__all__ = ["Configuration", "Symbols", "effective_settings", "names_a_broker"]

Configuration: TypeAlias = Settings | Path | str | Mapping[str, Any] | None
Symbols: TypeAlias = Iterable[str] | Mapping[str, Mapping[str, Any]]


def names_a_broker(configuration: Configuration, sections: Mapping[str, Any]) -> bool:
    """Whether the program says which broker it means; else it gets a paper TWS of its own."""
    if configuration is None or (isinstance(configuration, Mapping) and "broker" not in configuration):
        return bool({"host", "port"} & dict(sections.get("broker", {})).keys())
    return True


def effective_settings(
    configuration: Configuration, symbols: Symbols, sections: Mapping[str, Mapping[str, Any]]
) -> Settings:
    """Return the checked settings. `sections` maps section → key → value, as in the file, and wins.

    The environment (PITBOSS_…, API_…) counts with a file, as it does for `pitboss run`. Raises SettingsError, which
    names everything that is wrong, and TypeError for `Settings` together with other sections than broker and process.
    """
    if isinstance(configuration, Settings):
        return _evolved(configuration, symbols, sections)
    environ: Mapping[str, str] = {}
    data: dict[str, Any]
    if isinstance(configuration, Mapping):
        data = _exact(deepcopy(dict(configuration)))
    elif configuration is None:
        data = {}
    else:
        data, environ = read(Path(configuration).expanduser()), os.environ
    for name, section in sections.items():
        data[name] = {**data.get(name, {}), **_exact(dict(section))}
    if symbols:
        named = symbols if isinstance(symbols, Mapping) else {symbol: {} for symbol in symbols}
        written = data.setdefault("symbols", {})
        for symbol, section in named.items():
            written[symbol] = {**written.get(symbol, {}), **_exact(dict(section))}
    return settings_from(data, environ)


def _evolved(settings: Settings, symbols: Symbols, sections: Mapping[str, Mapping[str, Any]]) -> Settings:
    extra = [name for name, section in sections.items() if section and name not in ("broker", "process")]
    if extra or symbols:
        raise TypeError(f"with Settings, put {', '.join(extra) or 'symbols'} into them (attrs.evolve)")
    return attrs.evolve(
        settings,
        broker=attrs.evolve(settings.broker, **sections.get("broker", {})),
        process=attrs.evolve(settings.process, **sections.get("process", {})),
    )


def _exact(value: Any) -> Any:
    """As TOML gives it: fractions as Decimal, paths as text."""
    match value:
        case float():
            return Decimal(str(value))
        case Path():
            return str(value)
        case Mapping():
            return {name: _exact(item) for name, item in value.items()}
        case list() | tuple():
            return [_exact(item) for item in value]
        case _:
            return value
