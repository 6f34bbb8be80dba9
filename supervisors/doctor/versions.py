"""Versions: Python's, and of each package that Pitboss is made of."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from supervisors.doctor.finding import Finding, fail, ok, warn

__all__ = ["check_versions", "pinned"]

_HOME = Path(__file__).resolve().parents[2]
_LEAST = (3, 11)
_INSTALL = "pip install --constraint constraints.txt ."


def check_versions(constraints: Path = _HOME / "constraints.txt") -> Iterator[Finding]:
    """What is installed, against what Pitboss needs and what it was tested with."""
    python = platform.python_version()
    if sys.version_info < _LEAST:
        yield fail("versions", f"Python {python}", "use Python 3.11 or newer")
    else:
        yield ok("versions", f"Pitboss {version('pitboss')}, Python {python}")
    tested = pinned(constraints)
    missing, other, count = [], [], 0
    for name in _needed():
        count += 1
        try:
            installed = version(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        wanted = tested.get(_canonical(name), installed)
        if installed != wanted:
            other.append(f"{name} {installed} (tested with {wanted})")
    if missing:
        yield fail("versions", f"not installed: {', '.join(missing)}", _INSTALL)
    elif other:
        yield warn("versions", f"not those that were tested: {', '.join(other)}", _INSTALL)
    else:
        yield ok("versions", f"{count} packages" + (" as tested" if tested else ", each installed"))


def pinned(constraints: Path) -> Mapping[str, str]:
    """Package → version of a constraints file; nothing where there is none, as in an installed package."""
    try:
        lines = constraints.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        name, equals, wanted = line.partition("==")
        if equals:
            found[_canonical(name)] = wanted.strip()
    return found


def _needed() -> Iterator[str]:
    for requirement in requires("pitboss") or ():
        if "extra ==" not in requirement:
            yield re.split(r"[\s\[<>=!~;(]", requirement, maxsplit=1)[0]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
