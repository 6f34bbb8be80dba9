"""What every request passes first: Host, Origin, token or session; and what every answer carries."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.web.attempts import Attempts
from monitoring.web.credentials import Credentials, Session
from monitoring.web.hosts import host_of, same_origin

__all__ = ["CSRF_HEADER", "LOGIN", "Guard", "address_of", "csp", "local_path", "too_many"]

CSRF_HEADER = "X-Pitboss-CSRF"
LOGIN = "/login"

_logger = logging.getLogger("pitboss.web")
_SAFE = ("GET", "HEAD")


def csp(**more: str) -> str:
    """Return a content security policy: nothing but our own scripts, styles, pictures and data, and what is added."""
    allowed = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "frame-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    } | {name.replace("_", "-"): value for name, value in more.items()}
    return "; ".join(f"{name} {value}".strip() for name, value in allowed.items())


_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": csp(),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with "no-referrer" the login form would come with the origin "null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


def local_path(text: str) -> str:
    """Return where to go after the login: a path of this server, `/` where it is anything else."""
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text
    return text if plain else "/"


class Guard:
    """An ASGI application around ours. What it lets through has `state["session"]`: None with a token in the header."""

    def __init__(
        self, app: ASGIApp, credentials: Credentials, attempts: Attempts, hosts: frozenset[str], cookie: str
    ) -> None:
        """`hosts` are the names that we answer to, `cookie` the name of the session's."""
        self._app = app
        self._credentials = credentials
        self._attempts = attempts
        self._hosts = hosts
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # we speak no web sockets
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(Request(scope))
        await (self._app if refusal is None else refusal)(scope, receive, with_headers)

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("Host", "")
        if host_of(host) not in self._hosts:
            return _error(421, "this server does not answer to that name; start it with --host NAME to allow one")
        origin = request.headers.get("Origin")
        if origin is not None and not same_origin(origin, host):
            return _error(403, "a page of another origin may not ask here")
        return self._authenticated(request, origin)

    def _authenticated(self, request: Request, origin: str | None) -> Response | None:
        state = request.scope.setdefault("state", {})
        state["session"] = session = self._session(request)
        if request.url.path == LOGIN and request.method in (*_SAFE, "POST"):
            return None
        if session is not None:
            # a cookie comes with every request that a browser makes: what changes anything must come from our own pages
            sent_by_us = origin is not None and self._credentials.is_csrf(session, request.headers.get(CSRF_HEADER, ""))
            if request.method in _SAFE or sent_by_us:
                return None
            return _error(403, f"expected the header {CSRF_HEADER} of the session, and an Origin")
        authorization = request.headers.get("Authorization")
        if authorization is None:
            if request.method in _SAFE and "text/html" in request.headers.get("Accept", ""):
                asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return RedirectResponse(f"{LOGIN}?next={quote(local_path(asked))}" if asked != "/" else LOGIN, 303)
            return _error(401, "expected Authorization: Bearer and the token", {"WWW-Authenticate": "Bearer"})
        return self._by_token(request, authorization)

    def _by_token(self, request: Request, authorization: str) -> Response | None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return _error(401, "expected Authorization: Bearer and the token", {"WWW-Authenticate": "Bearer"})
        address = address_of(request)
        if wait := self._attempts.wait_seconds(address):
            return too_many(wait)
        metrics = request.url.path == "/metrics" and request.method in _SAFE
        if self._credentials.is_token(given.strip(), for_metrics=metrics):
            self._attempts.right(address)
            return None
        self._attempts.wrong(address)
        _logger.warning("wrong token from %s", address)
        return _error(401, "the token is wrong", {"WWW-Authenticate": 'Bearer error="invalid_token"'})

    def _session(self, request: Request) -> Session | None:
        cookie = request.cookies.get(self._cookie)
        return None if cookie is None else self._credentials.session(cookie)


def address_of(request: Request) -> str:
    """Return the address that a request comes from."""
    return request.client.host if request.client is not None else ""


def too_many(wait: float) -> Response:
    """Return the answer to somebody who has shown too many wrong tokens."""
    return _error(429, "too many wrong tokens; wait", {"Retry-After": str(math.ceil(wait))})


def _error(code: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": text}, code, headers=dict(headers or {}))
