"""A handshake with TWS and nothing more: who answers there, whether a client id is free, what time it has.

Written by hand, without the library's client: that takes a whole connect time-out to say that the id is taken.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import trio
from attrs import define

__all__ = ["Probe", "ProbeError", "probe"]

_VERSIONS = b"v157..176"  # what ib_insync announces
_LONGEST_FRAME = 16 * 1024 * 1024
_LENGTH = struct.Struct(">I")
_NEXT_ID, _ACCOUNTS, _ERROR, _TIME = b"9", b"15", b"4", b"49"
_START_API, _ASK_TIME = b"71", b"49"
_ID_IN_USE = b"326"


class ProbeError(Exception):
    """It is not TWS, or it does not answer; the text says how far it went."""


@define(slots=True)
class Probe:
    """What came of a handshake. `clock` is TWS's time in seconds since 1970, None where it was not told."""

    server_version: int
    accounts: tuple[str, ...] = ()
    client_id_free: bool = False
    clock: int | None = None
    error: str = ""


async def probe(host: str, port: int, client_id: int, seconds: float) -> Probe:
    """Connect, shake hands, ask for the time and leave. Raises OSError, and ProbeError where nothing sensible comes."""
    found: Probe | None = None
    with trio.move_on_after(seconds):
        async with await trio.open_tcp_stream(host, port) as stream:
            frames = _Frames(stream)
            await stream.send_all(b"API\0" + _LENGTH.pack(len(_VERSIONS)) + _VERSIONS)
            version = (await frames.next())[0]
            if not version.isdigit():
                raise ProbeError("what listens there is not TWS")
            found = Probe(int(version))
            await stream.send_all(_frame(_START_API, b"2", str(client_id).encode(), b""))
            told = await frames.until(found, lambda: bool(found.accounts) and found.client_id_free)
            if told:
                await stream.send_all(_frame(_ASK_TIME, b"1"))
                await frames.until(found, lambda: found.clock is not None)
            return found
    if found is None:
        raise ProbeError(f"no answer to the handshake within {seconds:g} s")
    return found


class _Frames:
    """The messages of a stream, each as its fields."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._data = b""

    async def next(self) -> list[bytes]:
        (length,) = _LENGTH.unpack(await self._exactly(4))
        if length > _LONGEST_FRAME:
            raise ProbeError("what listens there is not TWS")
        return (await self._exactly(length)).split(b"\0")

    async def until(self, found: Probe, done: Callable[[], bool]) -> bool:
        """Take what TWS says until enough is known; False where it says that the id is taken, or closes."""
        try:
            while not done():
                match await self.next():
                    case [kind, _, next_id, *_] if kind == _NEXT_ID:
                        found.client_id_free = next_id.isdigit()
                    case [kind, _, accounts, *_] if kind == _ACCOUNTS:
                        found.accounts = tuple(name for name in accounts.decode("ascii", "replace").split(",") if name)
                    case [kind, _, clock, *_] if kind == _TIME:
                        found.clock = int(clock)
                    case [kind, _, _, code, text, *_] if kind == _ERROR and not code.startswith(b"21"):
                        found.error = f"{code.decode('ascii', 'replace')} {text.decode('utf-8', 'replace')}"
                        if code == _ID_IN_USE:
                            found.client_id_free = False
                            return False
        except ProbeError:
            return False
        return True

    async def _exactly(self, count: int) -> bytes:
        while len(self._data) < count:
            try:
                more = await self._stream.receive_some()
            except trio.BrokenResourceError as error:
                raise ProbeError("the connection was cut during the handshake") from error
            if not more:
                raise ProbeError("the connection was closed during the handshake")
            self._data += more
        taken, self._data = self._data[:count], self._data[count:]
        return taken


def _frame(*fields: bytes) -> bytes:
    body = b"".join(field + b"\0" for field in fields)
    return _LENGTH.pack(len(body)) + body
