"""A sign of life to a service that raises an alarm when it stops to come: for the day on which this machine dies.

healthchecks.io, Uptime Kuma, Dead Man's Snitch and the like give out an address for that. It is asked only while the
monitor runs and every log is alive.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx
import trio

from config.redaction import redact

__all__ = ["beat"]

_PATIENCE = 10.0


async def beat(address: str, seconds: float, alive: Callable[[], bool], say: Callable[[str], object]) -> None:
    """Ask the address again and again, until cancelled. Failures are said when they begin and when they end."""
    failing = False
    async with httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=True) as client:
        while True:
            if alive():
                try:
                    (await client.get(address)).raise_for_status()
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    if not failing:
                        say(redact(f"heartbeat: {type(error).__name__}: it goes on trying"))
                    failing = True
                else:
                    if failing:
                        say("heartbeat: it gets through again")
                    failing = False
            await trio.sleep(seconds)
