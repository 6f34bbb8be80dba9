"""A client's socket without a client: handshake, requests as the real client writes them, and frames counted."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from ib_insync import Contract, Order
from ib_insync.client import Client

__all__ = ["connect", "greeting", "kinds", "order_frames", "subscriptions"]


def greeting(client_id: int) -> bytes:
    """Return what a client says first."""
    versions, start = b"v157..176", f"71\x002\x00{client_id}\x00\x00".encode()
    return b"API\0" + b"".join(struct.pack(">I", len(body)) + body for body in (versions, start))


def connect(port: int, client_id: int) -> socket.socket:
    """Connect and start the API; returns when all has come that is said first."""
    link = socket.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    link.sendall(greeting(client_id))
    seen = b""
    while b"2158" not in seen:  # the last of the notices that follow the next valid id
        seen += link.recv(65536)
    return link


class _Recorder:
    """In place of the real client's connection."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def isConnected(self) -> bool:
        return True

    def sendMsg(self, data: bytes) -> None:
        self.frames.append(data)


def _client() -> tuple[Client, _Recorder]:
    client, recorder = Client(None), _Recorder()
    client.MaxRequests, client.conn = 0, recorder
    client.connState, client._serverVersion = Client.CONNECTED, 176
    return client, recorder


def subscriptions(contracts: Sequence[Contract]) -> bytes:
    """Requests for the level 1 ticks of each contract, with ids from 1 on."""
    client, recorder = _client()
    for req_id, contract in enumerate(contracts, 1):
        client.reqMktData(req_id, contract, "", False, False, [])
    return b"".join(recorder.frames)


def order_frames(contracts: Sequence[Contract], orders: Sequence[Order]) -> bytes:
    """Orders with ids from 1 on, in turns for each contract."""
    client, recorder = _client()
    for number, order in enumerate(orders):
        client.placeOrder(number + 1, contracts[number % len(contracts)], order)
    return b"".join(recorder.frames)


def kinds(link: socket.socket) -> Iterator[bytes]:
    """The message id of each frame that comes, for ever."""
    data: Any = b""
    while True:
        more = link.recv(1 << 20)
        if not more:
            raise EOFError("the server has ended the link")
        data += more
        at = 0
        while len(data) - at >= 4:
            (length,) = struct.unpack_from(">I", data, at)
            if len(data) - at < 4 + length:
                break
            yield data[at + 4 : data.index(b"\0", at + 4)]
            at += 4 + length
        data = data[at:]
