"""trio's order of tasks from a seed: the one place that knows how.

trio puts tasks that are ready together into a random order, so that no program relies on one. Under a virtual clock
that is all that differs between two runs of the same seed. The switch and the generator are private to trio, and
hypothesis' own trio support uses the same two; `tests/config/test_determinism.py` fails should they change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import trio._core._run as _scheduler

__all__ = ["scheduled_from"]


@contextmanager
def scheduled_from(seed: int) -> Iterator[None]:
    """Order trio's tasks by `seed` in the runs that begin inside. Not for two threads at once.

    Raises RuntimeError where trio no longer has what this needs.
    """
    scheduler: Any = _scheduler
    generator = getattr(scheduler, "_r", None)
    allowed = getattr(scheduler, "_ALLOW_DETERMINISTIC_SCHEDULING", None)
    if allowed is None or not isinstance(generator, Random):
        raise RuntimeError("this version of trio cannot be scheduled from a seed: see config/determinism.py")
    state = generator.getstate()
    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True
    generator.seed(seed)
    try:
        yield
    finally:
        scheduler._ALLOW_DETERMINISTIC_SCHEDULING = allowed
        generator.setstate(state)
