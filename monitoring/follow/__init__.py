"""Following a log from the beginning of its day, or from what is remembered of it: `Follower`."""

from __future__ import annotations

from monitoring.follow.checkpoint import Checkpoints, cache_folder
from monitoring.follow.follower import Condition, Follower

__all__ = ["Checkpoints", "Condition", "Follower", "cache_folder"]
