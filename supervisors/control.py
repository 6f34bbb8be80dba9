"""The control socket: one JSON object a line in, one out. A UNIX socket that only its owner can open."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import trio

from actors.runtime.deadletters import describe_error, describe_traceback
from config.logging import log

__all__ = ["PERHAPS", "Answer", "serve_control", "socket_address"]

PERHAPS = "; it may have been carried out all the same: look at `pitboss status`"
"""What is said of a command that was taken up and not answered."""

Answer = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]

_LONGEST = 65_536  # bytes of one request
_CLIENTS = 16  # served at once
_WAITING = 128  # more that may have connected
_PATIENCE = 30.0  # seconds for a client to send its request, or to take the answer


def socket_address(path: Path, folder: int) -> str:
    """The address of the socket: its path, or where that is too long by way of an open descriptor of its folder."""
    text = str(path)
    return text if len(os.fsencode(text)) < 100 else f"/proc/self/fd/{folder}/{path.name}"


async def serve_control(
    path: Path, answer: Answer, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Serve until cancelled, each request by `answer`; what that raises is logged and told to the client.

    The caller owns the folder, so a socket that lies there was left behind by a process that died. Raises OSError.
    """
    listener = _listen(path)
    free = trio.Semaphore(_CLIENTS)
    try:
        async with trio.open_nursery() as nursery:
            task_status.started()
            while True:
                await free.acquire()
                connection, _ = await listener.accept()
                nursery.start_soon(_serve, trio.SocketStream(connection), answer, free)
    finally:
        listener.close()
        path.unlink(missing_ok=True)


def _listen(path: Path) -> trio.socket.SocketType:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    before = os.umask(0o177)  # nobody else can open it, not even between bind and a chmod
    try:
        listener.bind(socket_address(path, folder))
    finally:
        os.umask(before)
        os.close(folder)
    listener.listen(_WAITING)
    return trio.socket.from_stdlib_socket(listener)


async def _serve(stream: trio.SocketStream, answer: Answer, free: trio.Semaphore) -> None:
    try:
        async with stream:
            with trio.move_on_after(_PATIENCE):
                reply = await _reply(stream, answer)
                await stream.send_all(json.dumps(reply).encode() + b"\n")
    except trio.BrokenResourceError:
        log("system.command", level="DEBUG", command="answer", outcome="nobody waited for it")
    finally:
        free.release()


async def _reply(stream: trio.SocketStream, answer: Answer) -> Mapping[str, Any]:
    try:
        request = await _request(stream)
    except ValueError as error:
        return {"ok": False, "error": f"not a request: {error}"}
    try:
        return await answer(request)
    except Exception as error:  # noqa: BLE001  # an operator's question never ends the trading
        log("system.failed", level="ERROR", error=describe_error(error), traceback=describe_traceback(error))
        return {"ok": False, "error": f"Pitboss failed at it: {describe_error(error)}{PERHAPS}", "perhaps": True}


async def _request(stream: trio.SocketStream) -> Mapping[str, Any]:
    data = bytearray()
    while b"\n" not in data:
        chunk = await stream.receive_some(4096)
        if not chunk:
            raise ValueError("it does not end with a line feed")
        data += chunk
        if len(data) > _LONGEST:
            raise ValueError("it is too long")
    request = json.loads(data.partition(b"\n")[0])
    if not isinstance(request, dict):
        raise ValueError("it is not a JSON object")
    return request
