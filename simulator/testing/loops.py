"""trio-asyncio and plain asyncio programs in one process."""

from __future__ import annotations

import asyncio
import sys

__all__ = ["keep_plain_loops"]


def keep_plain_loops() -> None:
    """Let plain asyncio programs in this thread find their own loop although trio-asyncio has been imported.

    Its import puts a policy of its own in asyncio's place, with another loop: `IB().connect()` would then make its
    tasks on one and run the other. Naming the policy that was there before sets that right, and trio-asyncio means
    it to be used so.
    """
    if "trio_asyncio" in sys.modules:
        asyncio.set_event_loop_policy(asyncio.get_event_loop_policy())
