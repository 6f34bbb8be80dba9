"""Commands from the browser: few, confirmed by a typed word, carried out through the control socket."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import trio
from attrs import frozen
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from monitoring.web.body import body_of
from monitoring.web.guard import address_of
from monitoring.web.settings import Command, CommandFailed

__all__ = ["carry_out", "confirmation"]

_LARGEST_BODY = 4_096
_FIELDS: Mapping[str, frozenset[str]] = {
    "halt": frozenset({"reason"}),
    "resume": frozenset({"reason"}),
    "flatten": frozenset({"symbol", "reason"}),
    "close": frozenset({"symbol"}),
}

_logger = logging.getLogger("pitboss.web")


@frozen(slots=True)
class _Asked:
    command: str
    fields: Mapping[str, str]
    confirm: str


class _BadRequest(Exception):
    pass


def confirmation(command: str, symbol: str = "") -> str:
    """Return what a person types to confirm: the symbol, or the command in capitals where it is about everything."""
    return symbol or command.upper()


async def carry_out(request: Request, command: Command) -> Response:
    """Answer a request to do something: 200 with `text`, 409 with `error` where Pitboss refused, 400 for nonsense."""
    try:
        asked = _read(await _body(request))
    except _BadRequest as bad:
        return JSONResponse({"error": str(bad)}, 400)
    expected = confirmation(asked.command, asked.fields.get("symbol", ""))
    if asked.confirm != expected:
        return JSONResponse({"error": f"not confirmed: type {expected}"}, 400)
    what = " ".join([asked.command, asked.fields.get("symbol", "")]).strip()
    _logger.warning("%s, asked from %s", what, address_of(request))
    try:
        text = await trio.to_thread.run_sync(partial(command, asked.command, asked.fields))
    except CommandFailed as failure:
        return JSONResponse({"error": str(failure)}, 409)
    return JSONResponse({"text": text})


def _read(body: bytes) -> _Asked:
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise _BadRequest("expected a JSON object") from None
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        raise _BadRequest("expected a JSON object with text in it")
    command, confirm = data.pop("command", ""), data.pop("confirm", "")
    allowed = _FIELDS.get(command)
    if allowed is None:
        raise _BadRequest(f"expected one of {', '.join(_FIELDS)}")
    if data.keys() - allowed:
        raise _BadRequest(f"{command} takes {', '.join(sorted(allowed))}")
    if command == "close" and not data.get("symbol"):
        raise _BadRequest("close takes a symbol")
    return _Asked(command, {name: value for name, value in data.items() if value}, confirm)


async def _body(request: Request) -> bytes:
    body = await body_of(request, _LARGEST_BODY)
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        raise _BadRequest("expected Content-Type: application/json")
    if body is None:
        raise _BadRequest(f"at most {_LARGEST_BODY} bytes")
    return body
