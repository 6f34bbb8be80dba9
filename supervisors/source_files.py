"""The signal sources of a user's own, in Python files that a configuration names."""

from __future__ import annotations

import re
import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.problems import Problem, SettingsError
from config.settings import Settings
from supervisors.signal_sources import OwnSource

__all__ = ["sources_from_files"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_TAKEN = re.compile(r"options-flow|push|follow-\d+")


def sources_from_files(settings: Settings) -> dict[str, OwnSource]:
    """Run the files and return what makes each source, by its name. Raises SettingsError, also for a taken name.

    Each file binds a mapping to the name `sources`: see docs/signals.md.
    """
    sources: dict[str, OwnSource] = {}
    for number, path in enumerate(settings.signals.source_files):
        place = f"signals.source_files[{number}]"
        for name, source in _found(place, path).items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise _wrong(place, f"{path}: {name!r} is no name: small letters, digits and dashes")
            if name in sources or _TAKEN.fullmatch(name):
                raise _wrong(place, f'{path}: the name "{name}" is taken')
            if not callable(source):
                raise _wrong(place, f"{path}: {name}: expected a class of SourceActor, got {source!r}")
            sources[name] = source
    return sources


def _found(place: str, path: Path) -> Mapping[Any, Any]:
    try:
        found = runpy.run_path(str(path)).get("sources")
    except Exception as error:
        raise _wrong(place, f"{path}: {type(error).__name__}: {error}") from error
    if not isinstance(found, Mapping):
        raise _wrong(place, f"{path}: expected a mapping bound to the name `sources`, got {found!r}")
    return found


def _wrong(place: str, text: str) -> SettingsError:
    return SettingsError([Problem(place, text)])
