"""The check, before anything else is imported, that a program's own modules do not take the place of ours.

A `config.py` beside a program would silently be taken for our package `config`. Only the standard library, and a module
of ours that needs no more, are imported here.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

__all__: list[str] = []

_HOME = Path(__file__).resolve().parent.parent


def _check() -> None:
    spec = find_spec("supervisors")
    if spec is None or spec.origin is None or Path(spec.origin).resolve().parent != _HOME / "supervisors":
        found = "nowhere" if spec is None else spec.origin or str(spec.submodule_search_locations)
        raise ImportError(f"a module of yours shadows a package of Pitboss: supervisors is {found}. Rename it.")
    from supervisors.origin import foreign_packages

    foreign = foreign_packages()
    if foreign:
        found = ", ".join(f"{name} is {place}" for name, place in foreign.items())
        raise ImportError(f"modules of yours shadow packages of Pitboss: {found}. Rename them.")


_check()
