"""Which path leads where."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from config.environment import Environment
from monitoring.metrics import exposition, readings
from monitoring.web.assets import load_assets
from monitoring.web.attempts import Attempts
from monitoring.web.commands import carry_out
from monitoring.web.credentials import Credentials
from monitoring.web.guard import LOGIN, Guard, csp
from monitoring.web.hosts import known_hosts
from monitoring.web.login import Login
from monitoring.web.settings import WebSettings
from monitoring.web.stream import Streams
from monitoring.web.watch import Watch
from storage.errors import JournalError

__all__ = ["web_app"]

PAGES = (
    "/",
    "/symbol/{symbol:path}",
    "/order/{identity:path}",
    "/orders",
    "/signals",
    "/tree",
    "/alarms",
    "/log",
    "/report",
)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_REPORT_CSP = csp(
    script_src="'none'",
    connect_src="'none'",
    img_src="data:",
    style_src="'unsafe-inline'",
    frame_ancestors="'self'",
    sandbox="",
)  # made elsewhere, with its pictures inside: it may show, and do nothing

Endpoint = Callable[[Request, Watch], Awaitable[Response]]


def web_app(settings: WebSettings, watches: Sequence[Watch], environment: Environment) -> ASGIApp:
    """Return the application; the watches are run by the caller."""
    credentials = Credentials(settings.token, environment, settings.metrics_token)
    attempts = Attempts(trio.current_time)
    cookie = f"pitboss-{settings.port}"  # cookies know no ports: two servers on one machine keep theirs apart
    login = Login(credentials, attempts, cookie)
    api = _Api(watches)
    assets = load_assets()
    shell = assets["page.html"]

    async def page(request: Request) -> Response:
        return shell.answer(request)

    async def static(request: Request) -> Response:
        asset = assets.get(request.path_params["name"])
        return asset.answer(request) if asset is not None else _not_found()

    def of_process(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            number = request.path_params["process"]
            if number >= len(watches):
                return _not_found()
            return await endpoint(request, watches[number])

        return Route(f"/api/{{process:int}}/{path}", answer, methods=[method])

    routes = [
        Route(LOGIN, login.page),
        Route(LOGIN, login.enter, methods=["POST"]),
        Route("/logout", login.leave, methods=["POST"]),
        Route("/metrics", api.metrics),
        Route("/api/session", api.session),
        of_process("state", api.state),
        of_process("stream", api.stream),
        of_process("symbol/{symbol:path}", api.symbol),
        of_process("trace/{identity:path}", api.trace),
        of_process("report/{day}", api.report),
        of_process("command", api.command, "POST"),
        Route("/static/{name}", static),
        *(Route(path, page) for path in PAGES),
    ]
    hosts = known_hosts(settings.host, settings.hosts)
    return Guard(Starlette(routes=routes), credentials, attempts, hosts, cookie)


class _Api:
    """What is not a page."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        self._watches = watches
        self._streams = Streams()
        self._one_at_a_time = trio.CapacityLimiter(1)  # a journal is long, and pictures are not drawn by two threads

    async def session(self, request: Request) -> Response:
        """What a page must know before it asks for more."""
        session = request.scope["state"]["session"]
        processes = [
            {
                "name": name,
                "commands": watch.place.command is not None,
                "trace": watch.place.trace_of is not None,
                "report": watch.place.report_of is not None,
            }
            for name, watch in self._named()
        ]
        return JSONResponse({"csrf": None if session is None else session.csrf, "processes": processes})

    async def metrics(self, request: Request) -> Response:
        """Everything as Prometheus wants it."""
        read = [await watch.look(partial(readings, name)) for name, watch in self._named()]
        content, media_type = exposition(read, request.headers.get("Accept", ""))
        return Response(content, headers={"Content-Type": media_type})

    def _named(self) -> list[tuple[str, Watch]]:
        """Each with a name of its own: two processes may have the same one, which Prometheus would not take."""
        used: Counter[str] = Counter()
        found = []
        for watch in self._watches:
            used[watch.name] += 1
            found.append((watch.name if used[watch.name] == 1 else f"{watch.name}-{used[watch.name]}", watch))
        return found

    async def state(self, request: Request, watch: Watch) -> Response:
        """All sections at once, for programs."""
        parts = ",".join(f"{json.dumps(name)}:{text}" for name, text in watch.shown.items())
        return Response(f"{{{parts}}}", media_type="application/json")

    async def stream(self, request: Request, watch: Watch) -> Response:
        """The same, and then what changes."""
        return self._streams.answer(request, watch)

    async def symbol(self, request: Request, watch: Watch) -> Response:
        """One symbol over time."""
        return JSONResponse(await watch.symbol(request.path_params["symbol"]))

    async def trace(self, request: Request, watch: Watch) -> Response:
        """The life of an order, a position or a prediction, from the journal."""
        trace_of = watch.place.trace_of
        if trace_of is None:
            return JSONResponse({"error": "the journal is not known here: see --journal"}, 404)
        identity = request.path_params["identity"]
        try:
            found = await trio.to_thread.run_sync(trace_of, identity, limiter=self._one_at_a_time)
        except (OSError, JournalError) as error:
            return JSONResponse({"error": f"the journal cannot be read: {error}"}, 503)
        if found is None:
            return JSONResponse({"error": f"the journal knows nothing of {identity}"}, 404)
        return JSONResponse(found)

    async def report(self, request: Request, watch: Watch) -> Response:
        """The report of a day."""
        report_of, day = watch.place.report_of, request.path_params["day"]
        if report_of is None or not _DAY.fullmatch(day):
            return _not_found()
        try:
            page = await trio.to_thread.run_sync(report_of, day, limiter=self._one_at_a_time)
        except LookupError as error:
            return PlainTextResponse(str(error), 404)
        return HTMLResponse(page, headers={"Content-Security-Policy": _REPORT_CSP, "X-Frame-Options": "SAMEORIGIN"})

    async def command(self, request: Request, watch: Watch) -> Response:
        """Do something."""
        if watch.place.command is None:
            return JSONResponse({"error": "commands are not enabled: see --commands"}, 403)
        return await carry_out(request, watch.place.command)


def _not_found() -> Response:
    return JSONResponse({"error": "there is nothing here"}, 404)
