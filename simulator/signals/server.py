"""Serves the API on a socket, inside trio."""

from __future__ import annotations

import logging
from typing import cast

import trio
from attrs import frozen
from hypercorn.config import Config
from hypercorn.trio import serve
from hypercorn.typing import ASGIFramework

from config.environment import Environment
from config.listening import listening
from simulator.signals.api import PREFIX, api
from simulator.signals.generator import PriceOf
from simulator.signals.service import SignalService
from simulator.signals.settings import SignalSettings

__all__ = ["SignalServer", "serve_signals"]

GRACE = 0.2  # seconds that a request in progress has at the end; all answers are made at once


@frozen(slots=True)
class SignalServer:
    """A signal service that listens."""

    host: str
    port: int
    service: SignalService

    @property
    def base_url(self) -> str:
        """What clients put in front of the endpoints' names."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{PREFIX}"


async def serve_signals(
    settings: SignalSettings,
    environment: Environment,
    *,
    price_of: PriceOf | None = None,
    task_status: trio.TaskStatus[SignalServer] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled; `task_status` is told the server once it accepts connections.

    Raises OSError if the address cannot be taken, ScriptError for a script that cannot be used.
    """
    service = SignalService(settings, environment, price_of)
    listener = listening(settings.host, settings.port)
    server = SignalServer(settings.host, listener.getsockname()[1], service)
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = logging.getLogger("hypercorn.error")
    config.loglevel = "WARNING"
    config.graceful_timeout = GRACE
    config.include_server_header = False
    # an ASGI application like any other, but Starlette and hypercorn write its type differently
    application = cast(ASGIFramework, api(service, environment))
    await serve(application, config, task_status=_Started(server, task_status))


class _Started(trio.TaskStatus[list[str]]):
    """Passes on that hypercorn listens, in our own terms."""

    def __init__(self, server: SignalServer, task_status: trio.TaskStatus[SignalServer]) -> None:
        self._server = server
        self._task_status = task_status

    def started(self, value: list[str] | None = None) -> None:
        self._task_status.started(self._server)
