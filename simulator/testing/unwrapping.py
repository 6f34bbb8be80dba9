"""A test is to fail with what went wrong, not with trio's parcel around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["unwrapped"]


@contextmanager
def unwrapped() -> Iterator[None]:
    """Raise the only exception of a group in the group's place."""
    try:
        yield
    except BaseExceptionGroup as group:
        inner = _only(group)
        if inner is group:
            raise
        raise inner from None


def _only(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
