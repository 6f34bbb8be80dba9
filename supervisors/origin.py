"""The check, before anything else is imported, that our flat package names mean our packages.

A package named `config` or `domain` that lies earlier on the path would silently take the place of ours. Only the
standard library is imported here.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

__all__ = ["PACKAGES", "foreign_packages", "foreign_packages_message"]

PACKAGES = ("messages", "domain", "actors", "config", "simulator", "monitoring")
_MARK = "py.typed"  # each of ours has one, next to the others
_HOME = Path(__file__).resolve().parent.parent


def foreign_packages(find: Callable[[str], ModuleSpec | None] = find_spec, home: Path = _HOME) -> dict[str, str]:
    """Package name → where Python found it, for each that is not next to this package (`home`)."""
    foreign = {}
    for name in PACKAGES:
        spec = find(name)
        places = list(spec.submodule_search_locations or [spec.origin or "nowhere"]) if spec is not None else []
        if [Path(place).resolve() for place in places] != [home / name] or not (home / name / _MARK).is_file():
            foreign[name] = places[0] if places else "nowhere"
    return foreign


def foreign_packages_message(foreign: dict[str, str]) -> str:
    """One line that says what is wrong and what to do."""
    found = ", ".join(f"{name} is {place}" for name, place in foreign.items())
    return (
        f"pitboss: other software shadows packages of Pitboss: {found}. "
        "Start it in an environment of its own, and not from a folder that contains such a package."
    )
