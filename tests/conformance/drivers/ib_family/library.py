"""The client library under test: ib_insync, or ib_async, whose interface is the same but where a check says else."""

import importlib
import logging
import sys
from typing import Any

CLIENT = sys.argv[1]
VERSION = int(sys.argv[2])
PORT = int(sys.argv[3])
ACCOUNT = "DU1234567"

ibi: Any = importlib.import_module(CLIENT)

complaints: list[str] = []
"""What the library has logged as a warning or an error since this was emptied last."""


class _Collector(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        complaints.append(record.getMessage())


logging.getLogger().addHandler(_Collector(logging.WARNING))


def unasked() -> list[str]:
    """Return the complaints that nobody has taken, and forget them."""
    taken, complaints[:] = complaints[:], []
    return taken


def complained(*words: str) -> None:
    """Take all complaints; assert that there were some, and that each word is in one of them."""
    taken = unasked()
    assert taken, f"no complaint where {words} were to come"
    for word in words:
        assert any(word in one for one in taken), f"{word!r} is not in {taken}"


def cancelled() -> None:
    """Take the complaints about orders that were cancelled, which come from ib_async alone: 202 is an error to it."""
    if CLIENT == "ib_async":
        complained("Error 202")


def new_client() -> Any:
    """Return an `IB()` that speaks the version under test; its throttle is off."""
    ib = ibi.IB()
    ib.client.MaxRequests = 0
    ib.client.MaxClientVersion = min(VERSION, type(ib.client).MaxClientVersion)
    if VERSION == 176:
        ib.client.MaxClientVersion = type(ib.client).MaxClientVersion  # what it asks for by itself
    ib.RequestTimeout = 5
    return ib


ib = new_client()
"""The client of most checks, with client id 7."""
other = new_client()
"""A second one, with client id 8, where a check connects it."""


def settle(*clients: Any) -> None:
    """Return when the clients have everything that the server has said: one round trip on the same link."""
    for client in clients or (ib, other):
        if client.isConnected():
            client.reqCurrentTime()
