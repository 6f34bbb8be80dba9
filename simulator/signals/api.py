"""The Options Flow Monitor's API over HTTP: `/api/v1/…`, GET only, key in `X-API-Key`."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from config.environment import Environment
from simulator.signals import endpoints
from simulator.signals.problem import Problem
from simulator.signals.rate_limit import RateLimit
from simulator.signals.service import SignalService

__all__ = ["PREFIX", "api"]

PREFIX = "/api/v1"

Answer = Callable[[SignalService, Request, datetime], dict[str, Any]]

_LIGHT: dict[str, Answer] = {
    "status": endpoints.status,
    "tickers": endpoints.tickers,
    "prediction/latest": endpoints.latest_prediction,
    "predictions": endpoints.predictions,
}
_HEAVY: dict[str, Answer] = {
    "trades": endpoints.trades,
    "minute-data": endpoints.minute_data,
    "divergence": endpoints.divergence,
    "data-range": endpoints.data_range,
}


def api(service: SignalService, environment: Environment) -> Starlette:
    """Return the application. Every request needs the key; light and heavy endpoints have a rate limit each."""
    settings = service.settings
    light = RateLimit(settings.requests_per_minute, environment.now)
    heavy = RateLimit(settings.heavy_requests_per_minute, environment.now)
    routes = [
        Route(f"{PREFIX}/{name}", partial(_serve, service, environment, answer, limit), methods=["GET"])
        for answers, limit in ((_LIGHT, light), (_HEAVY, heavy))
        for name, answer in answers.items()
    ]
    application = Starlette(routes=routes)
    application.add_exception_handler(Problem, _on_problem)
    application.add_exception_handler(HTTPException, _on_http)
    application.add_exception_handler(500, _on_bug)
    return application


async def _serve(
    service: SignalService, environment: Environment, answer: Answer, limit: RateLimit, request: Request
) -> Response:
    key = request.headers.get("X-API-Key", "")
    if not hmac.compare_digest(key.encode(), service.settings.api_key.encode()):
        raise Problem(401, "Invalid or missing API key")
    if not limit.admit():
        text = f"Rate limit exceeded: {limit.limit} requests a minute"
        return JSONResponse(Problem(429, text).body(), 429, limit.headers())
    data = answer(service, request, environment.now())
    return JSONResponse({"status": "success", "data": data}, headers=limit.headers())


async def _on_problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return JSONResponse(error.body(), error.code)


async def _on_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    text = f"No endpoint {request.url.path}" if error.status_code == 404 else f"{request.method} is not supported"
    return JSONResponse(Problem(error.status_code, text).body(), error.status_code, error.headers)


async def _on_bug(request: Request, error: Exception) -> Response:
    return JSONResponse(Problem(500, "The service failed").body(), 500)
