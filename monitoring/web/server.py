"""Serving it on a socket, inside trio."""

from __future__ import annotations

import logging
from typing import cast

import trio
from attrs import evolve
from hypercorn.config import Config
from hypercorn.trio import serve
from hypercorn.typing import ASGIFramework

from config.environment import Environment
from config.listening import listening
from monitoring.web.app import web_app
from monitoring.web.settings import WebSettings
from monitoring.web.watch import Watch

__all__ = ["serve_web"]

_GRACE_SECONDS = 0.2  # streams never end by themselves


async def serve_web(
    settings: WebSettings, environment: Environment, *, task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED
) -> None:
    """Follow the logs and serve until cancelled; `task_status` is told the port once connections are accepted.

    Raises OSError if the address cannot be taken, or a log cannot be read.
    """
    watches = [Watch(place, environment, settings.cache) for place in settings.places]
    listener = listening(settings.host, settings.port)
    port = listener.getsockname()[1]
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = logging.getLogger("hypercorn.error")
    config.loglevel = "WARNING"
    config.graceful_timeout = _GRACE_SECONDS
    config.include_server_header = False
    # an ASGI application like any other, but Starlette and hypercorn write its type differently
    application = cast(ASGIFramework, web_app(evolve(settings, port=port), watches, environment))
    async with trio.open_nursery() as nursery:
        for watch in watches:
            await nursery.start(watch.run)
        await nursery.start(serve, application, config)
        task_status.started(port)
