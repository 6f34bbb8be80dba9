"""The system of the enclosing `async with`: a context variable, so that tasks started within it see it too."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from pitboss.errors import NotRunningError

if TYPE_CHECKING:
    from pitboss.system import PitbossSystem

__all__ = ["CURRENT", "current_system", "find_system"]

CURRENT: ContextVar[PitbossSystem | None] = ContextVar("pitboss_system", default=None)


def find_system() -> PitbossSystem | None:
    """Return the system of the enclosing `async with`, None outside of one."""
    return CURRENT.get()


def current_system(what: str = "this") -> PitbossSystem:
    """Return the system of the enclosing `async with`. Raises NotRunningError that names what needs it."""
    system = CURRENT.get()
    if system is None:
        raise NotRunningError(f"{what} needs a running system: use it inside `async with pitboss.open_system()`")
    return system
