"""The HTTP side of pushed predictions: what a request must be, and what is answered."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import frozen
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from actors.signals.source import Taken

__all__ = ["Refusal", "push_api"]

_LARGEST_BODY = 256 * 1024
_MOST = 100  # predictions in one request

Submit = Callable[[Any], Awaitable["Taken | Refusal | None"]]


@frozen(slots=True)
class Refusal:
    """What was posted is no prediction: the field that is wrong, and why."""

    field: str
    error: str


class _BadRequest(Exception):
    def __init__(self, code: int, field: str, error: str) -> None:
        super().__init__(error)
        self.code = code
        self.answer = {"status": "refused", "field": field, "error": error}


def push_api(token: str, submit: Submit) -> Starlette:
    """Return the application; `submit` takes one prediction, and gives None where none can be taken now."""

    async def signals(request: Request) -> JSONResponse:
        if not _authorised(request, token):
            answer = {"status": "refused", "field": "Authorization", "error": "expected Bearer and the token"}
            return JSONResponse(answer, 401, headers={"WWW-Authenticate": "Bearer"})
        try:
            body = _parsed(await _body(request))
        except _BadRequest as bad:
            return JSONResponse(bad.answer, bad.code)
        if not isinstance(body, list):
            code, answer = _answer(await submit(body))
            return JSONResponse(answer, code, headers={"Retry-After": "1"} if code == 503 else None)
        answers = [_answer(await submit(each)) for each in body]
        worst = max((code for code, _ in answers), default=200)
        return JSONResponse({"results": [answer for _, answer in answers]}, worst)

    return Starlette(routes=[Route("/signals", signals, methods=["POST"])])


def _authorised(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


async def _body(request: Request) -> bytes:
    body, length = b"", 0
    async for chunk in request.stream():
        # what is too long is read to its end, so that the sender hears why, and not kept
        length += len(chunk)
        body = body + chunk if length <= _LARGEST_BODY else b""
    if length > _LARGEST_BODY:
        raise _BadRequest(413, "body", f"{length} bytes, at most {_LARGEST_BODY}")
    return body


def _parsed(body: bytes) -> Any:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _BadRequest(400, "body", f"is not JSON: {error}") from None
    if not isinstance(parsed, dict | list):
        raise _BadRequest(400, "body", "expected an object, or a list of objects")
    if isinstance(parsed, list) and len(parsed) > _MOST:
        raise _BadRequest(413, "body", f"{len(parsed)} predictions, at most {_MOST} in a request")
    return parsed


def _answer(outcome: Taken | Refusal | None) -> tuple[int, dict[str, str]]:
    match outcome:
        case Taken("accepted", signal_id):
            return 202, {"status": "accepted", "signal_id": signal_id}
        case Taken(status, signal_id, reason, figures):
            answer = {"status": status, "signal_id": signal_id, "reason": reason, "figures": figures}
            return 200, {name: value for name, value in answer.items() if value}
        case Refusal(field, error):
            return 422, {"status": "refused", "field": field, "error": error}
        case _:
            return 503, {"status": "unavailable", "error": "not in agreement with the broker; try again"}
