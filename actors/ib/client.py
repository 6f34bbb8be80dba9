"""ib_insync's client, decoder and connection, with what swallows or delays taken out."""

from __future__ import annotations

import dataclasses
import logging
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ib_insync.client import Client
from ib_insync.connection import Connection
from ib_insync.decoder import Decoder

__all__ = ["SocketConnection", "StrictDecoder", "WireClient"]

# Bytes read at once. asyncio's own 256 KiB are 8,000 ticks, and nothing else would get its turn for the 6 ms that they
# take; with 8 KiB a fifth of a burst's time goes into the turns of the loop.
_READ_SIZE = 32 * 1024

_LENGTH = struct.Struct(">I")

# Far above the largest message of TWS. A longer one is no message: the client would wait for its end for ever.
_LONGEST_FRAME = 16 * 1024 * 1024

# kind of message → what takes it as bytes, if it can
_ShortCuts = dict[bytes, Callable[[list[bytes]], bool]]
_NO_SHORT_CUTS: _ShortCuts = {}

_CONVERT: dict[type, Callable[[str], Any]] = {
    str: lambda field: field,
    int: lambda field: int(field or 0),
    float: lambda field: float(field or 0),
    bool: lambda field: bool(int(field or 0)),
}
_PARSE: dict[type, Callable[[str], Any]] = {int: int, float: float, bool: lambda written: bool(int(written))}
_PARSED: dict[type, list[tuple[str, Any, Callable[[str], Any]]]] = {}  # dataclass → its fields that are no texts


class SocketConnection(Connection):  # type: ignore[misc]  # ib_insync has no type information
    """A TCP connection that reads in small pieces and can be cut."""

    async def connectAsync(self, host: str, port: int) -> None:
        """Connect. Raises OSError."""
        await super().connectAsync(host, port)
        self.transport.max_size = _READ_SIZE

    def abort(self) -> None:
        """End the connection at once. What was written and is not on its way yet never leaves: bytes that wait for
        a frozen peer would otherwise become orders minutes later (INC-02)."""
        if self.transport is not None:
            self.transport.abort()


class StrictDecoder(Decoder):  # type: ignore[misc]
    """Tells the wrapper of every message that cannot be read, where the library's logs it and goes on.

    The wrapper needs each method that the library names, and `undecodable(kind, fields, error)`.
    """

    def __init__(self, wrapper: Any, serverVersion: int) -> None:
        super().__init__(wrapper, serverVersion)
        self._handlers = {str(kind): handler for kind, handler in self.handlers.items()}

    def parse(self, obj: Any) -> None:
        """Turn the texts of a dataclass into what its fields are by default; an empty one is the default itself."""
        rows = _PARSED.get(obj.__class__)
        if rows is None:
            rows = _PARSED[obj.__class__] = [
                (one.name, one.default, _PARSE[type(one.default)])
                for one in dataclasses.fields(obj)
                if type(one.default) in _PARSE
            ]
        values = obj.__dict__
        for name, default, convert in rows:
            written = values[name]
            values[name] = convert(written) if written else default

    def wrap(self, methodName: str, types: list[type], skip: int = 2) -> Callable[[list[str]], None]:
        """Return the handler of a message with simple fields. Raises AttributeError for a method that is missing."""
        method = getattr(self.wrapper, methodName)
        converters = [_CONVERT[kind] for kind in types]

        def handler(fields: list[str]) -> None:
            values = fields[skip:]
            if len(values) < len(converters):
                raise ValueError(f"{methodName} has {len(values)} fields of {len(converters)}")
            method(*[convert(value) for convert, value in zip(converters, values, strict=False)])

        return handler

    def interpret(self, fields: list[str]) -> None:
        """Decode one message and hand it to the wrapper. Raises nothing."""
        kind = fields[0] if fields else ""
        try:
            self._handlers[kind](fields)
        except Exception as error:  # noqa: BLE001  # anything can be wrong with a message; the wrapper decides
            self.wrapper.undecodable(kind, fields, error)


class _WireLog(logging.LoggerAdapter):  # type: ignore[type-arg]
    """The library's log, without its own account of connections: the gateway tells that, and better. What remains is
    each message, at level DEBUG."""

    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)

    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        self.debug(msg, *args, **kwargs)


class WireClient(Client):  # type: ignore[misc]
    """One connection's client: it sends when told, and never keeps a message back.

    The library's throttle queues what it is given where nobody sees it, behind it cancels too, and drops it with the
    connection (INC-39).
    """

    MaxRequests = 0
    _data: bytes  # what has arrived of a message that is not complete

    def __init__(self, wrapper: Any, connection: Any) -> None:
        """`connection` is a SocketConnection or its twin in memory, not connected yet."""
        super().__init__(wrapper)
        self._logger = _WireLog(logging.getLogger("ib_insync.client"))
        self.conn = connection
        connection.hasData += self._onSocketHasData
        connection.disconnected += self._onSocketDisconnected
        self.decoder = StrictDecoder(wrapper, 0)
        self._frames: list[bytes] | None = None
        # Most of what arrives are ticks. The wrapper takes well-formed ones as bytes, and what it has read before;
        # everything else, and all of it at level DEBUG, goes through the library's decoder.
        self._short_cuts: _ShortCuts = {b"1": wrapper.take_price, b"2": wrapper.take_size}
        self._short_cuts |= {b"46": wrapper.take_string, b"49": wrapper.take_time}
        # openOrder, commissionReport and completedOrder are repeated word for word whenever the lists are asked for
        self._short_cuts |= dict.fromkeys((b"5", b"59", b"101"), wrapper.take_repeated)

    def sendMsg(self, msg: str) -> None:
        """Write one message. Raises ConnectionError where there is no connection."""
        if not self.conn.isConnected():
            raise ConnectionError("there is no connection")
        frame = self._prefix(msg.encode())
        if self._logger.isEnabledFor(logging.DEBUG):
            self._logger.debug(">>> %s", msg[:-1].replace("\0", ","))
        if self._frames is None:
            self.conn.sendMsg(frame)
        else:
            self._frames.append(frame)

    def _onSocketHasData(self, data: bytes) -> None:
        """Decode what has arrived: as the library does it, without copying the rest of the buffer for each message,
        which is most of what a burst of ticks costs there."""
        if not self._apiReady:
            super()._onSocketHasData(data)  # the handshake is the library's
            return
        buffer = self._data + data if self._data else data
        begin, end = 0, len(buffer)
        debug = self._logger.isEnabledFor(logging.DEBUG)
        short_cut = (_NO_SHORT_CUTS if debug else self._short_cuts).get
        interpret, length_at = self.decoder.interpret, _LENGTH.unpack_from
        while end - begin >= 4:
            (length,) = length_at(buffer, begin)
            begin += 4
            stop = begin + length
            if stop > end:
                begin -= 4
                if length > _LONGEST_FRAME:
                    self.wrapper.undecodable("", [], ValueError(f"a message of {length} bytes"))
                    self.conn.abort()
                break
            raw = buffer[begin:stop].split(b"\0")
            take = short_cut(raw[0])
            if take is None or not take(raw):
                fields = buffer[begin:stop].decode(errors="backslashreplace").split("\0")
                fields.pop()  # behind the last terminator
                if debug:
                    self._logger.debug("<<< %s", ",".join(fields))
                interpret(fields)
            begin = stop
        self._data = buffer[begin:]
        self.wrapper.tcpDataProcessed()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what is sent inside as one piece, or nothing of it where something raises."""
        frames: list[bytes] = []
        self._frames = frames
        try:
            yield
        finally:
            self._frames = None
        self.conn.sendMsg(b"".join(frames))
