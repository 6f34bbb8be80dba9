"""The garbage collector as the process sets it once it has started (supervisors/launch.py)."""

from __future__ import annotations

import gc

__all__ = ["settle"]


def settle() -> None:
    """Leave alone what lives now, and look for garbage rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
