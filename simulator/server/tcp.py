"""TCP links: one task reads, one writes, and a bounded buffer lies between the server and a slow client."""

from __future__ import annotations

import socket
import struct
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeAlias

import trio

from simulator.server.paper_tws import PaperTws

__all__ = ["SocketLink", "listen", "serve_links"]

_READ_SIZE = 65536
_LINGER_SECONDS = 1.0  # how long an orderly close waits for the client's own


Settled: TypeAlias = Callable[[], Awaitable[None]]
"""returns when what was done so far may be told, such as when it is on disk"""


class Hearer(Protocol):
    """Who takes a client's bytes: its session."""

    def feed(self, data: bytes) -> None:
        """Take bytes as they came."""

    def lost(self) -> None:
        """The link is gone."""


class SocketLink:
    """The transport of one session over a socket. Everything written in one turn leaves in one send."""

    def __init__(self, stream: trio.SocketStream, most_bytes: int, settled: Settled | None = None) -> None:
        """A client that leaves more than `most_bytes` unread is dropped: it must not hold up the others.

        Nothing is sent before `settled`, called then, has returned.
        """
        self._settled = settled
        self._stream = stream
        self._most_bytes = most_bytes
        self._out = bytearray()
        self._in_flight = 0
        self._wake = trio.Event()
        self._closing = False
        self._aborted = False
        self._scope = trio.CancelScope()
        self.dropped = False  # because it was too slow

    # Transport

    def write(self, data: bytes) -> None:
        """Queue bytes; over the bound, drop the client."""
        if self._closing or self._aborted:
            return
        self._out += data
        if len(self._out) + self._in_flight > self._most_bytes:
            self.dropped = True
            self.abort()
            return
        self._wake.set()

    def close(self) -> None:
        """Send what is queued, then end the link in order."""
        self._closing = True
        self._wake.set()

    def abort(self) -> None:
        """Reset the link."""
        self._aborted = True
        self._out.clear()
        self._scope.cancel()

    # tasks

    async def run(self, session: Hearer) -> None:
        """Carry bytes both ways until either side ends."""
        with self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send)
                await self._receive(session)
                nursery.cancel_scope.cancel()
        session.lost()
        if self._aborted:
            # With linger 0 the close sends a reset instead of a FIN.
            self._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await trio.aclose_forcefully(self._stream)

    async def _receive(self, session: Hearer) -> None:
        try:
            while data := await self._stream.receive_some(_READ_SIZE):
                session.feed(data)
        except trio.BrokenResourceError:
            return  # reset by the client: the same as its end

    async def _send(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake = trio.Event()
                while self._out:
                    data, self._out = self._out, bytearray()
                    self._in_flight = len(data)
                    if self._settled is not None:
                        await self._settled()
                    await self._stream.send_all(data)
                    self._in_flight = 0
                if self._closing:
                    await self._stream.send_eof()
                    await trio.sleep(_LINGER_SECONDS)
                    self._scope.cancel()
        except trio.BrokenResourceError:
            self._scope.cancel()


async def listen(host: str, port: int) -> list[trio.SocketListener]:
    """Listen for clients; port 0 takes any free one. Raises OSError that names the address."""
    try:
        listeners = await trio.open_tcp_listeners(port, host=host)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {reason}") from error
    if port == 0:
        # A name with several addresses would get a different port on each.
        for surplus in listeners[1:]:
            await surplus.aclose()
        del listeners[1:]
    return listeners


async def serve_links(
    tws: PaperTws, listeners: list[trio.SocketListener], most_bytes: int, settled: Settled | None = None
) -> None:
    """Accept clients until cancelled; see `SocketLink` for the rest."""
    await trio.serve_listeners(partial(_serve_link, tws, most_bytes, settled), listeners)


async def _serve_link(tws: PaperTws, most_bytes: int, settled: Settled | None, stream: trio.SocketStream) -> None:
    link = SocketLink(stream, most_bytes, settled)
    session = tws.connect(link)
    try:
        await link.run(session)
    finally:
        session.lost()
