"""A client of Interactive Brokers' own API that remembers all it is told."""

import inspect
import logging
import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from ibapi.client import EClient
from ibapi.wrapper import EWrapper

VERSION = int(sys.argv[2])
PORT = int(sys.argv[3])
ACCOUNT = "DU1234567"
PATIENCE = 5.0
_NOTICES = range(2100, 2200)

complaints: list[str] = []
"""What the library has logged as an error, and errors that no check has taken."""


class _Collector(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        complaints.append(record.getMessage())


logging.getLogger().addHandler(_Collector(logging.WARNING))


class Told:
    """One call of a wrapper method: its arguments by name, as attributes."""

    def __init__(self, name: str, arguments: dict[str, Any]) -> None:
        self.name = name
        self.__dict__.update(arguments)

    def __repr__(self) -> str:
        rest = {key: value for key, value in self.__dict__.items() if key != "name"}
        return f"{self.name}({', '.join(f'{key}={value}' for key, value in rest.items())})"


class Client(EWrapper, EClient):  # type: ignore[misc]
    """Every callback goes into `told`, in order."""

    def __init__(self) -> None:
        EWrapper.__init__(self)
        EClient.__init__(self, self)
        self.told: list[Any] = []
        self._changed = threading.Condition()  # re-entrant
        self._thread: threading.Thread | None = None
        self._next = 0

    def remember(self, name: str, arguments: dict[str, Any]) -> None:
        """Take a callback."""
        with self._changed:
            self.told.append(Told(name, arguments))
            self._changed.notify_all()

    def start(self, client_id: int) -> None:
        """Connect, and read in a thread, as IB's examples do."""
        self.connect("127.0.0.1", PORT, client_id)
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Disconnect and wait for the reading thread."""
        self.disconnect()
        self.joined()

    def joined(self) -> None:
        """Wait for the reading thread to end."""
        assert self._thread is not None
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def new_id(self) -> int:
        """Return an id for a request or an order."""
        if not self._next:
            self._next = self.wait("nextValidId").orderId
        self._next += 1
        return self._next - 1

    def count_on(self, next_id: int) -> None:
        """Use this id next: other clients may have used up those before it."""
        self._next = next_id

    def mark(self) -> int:
        """Return a position in `told`, to look only at what comes after."""
        with self._changed:
            return len(self.told)

    def every(self, name: str, since: int = 0, **wanted: object) -> list[Any]:
        """Return what was told by this name with these arguments."""
        with self._changed:
            return [
                one
                for one in self.told[since:]
                if one.name == name and all(getattr(one, key) == value for key, value in wanted.items())
            ]

    def wait(self, name: str, since: int = 0, **wanted: object) -> Any:
        """Return the first such callback, waiting for it. Raises AssertionError when it does not come."""
        deadline = monotonic() + PATIENCE
        with self._changed:
            while True:
                found = self.every(name, since, **wanted)
                if found:
                    return found[0]
                left = deadline - monotonic()
                assert left > 0, f"{name} {wanted} did not come; last were {self.told[-5:]}"
                self._changed.wait(left)

    def settle(self) -> None:
        """Return when everything the server has said is in: one round trip on the same link."""
        since = self.mark()
        self.reqCurrentTime()
        self.wait("currentTime", since)

    def error_code(self, answered_on: int, since: int) -> int:
        """Take the error about a request or order, waiting for it, and return its code."""
        found = self.wait("error", since, reqId=answered_on)
        self.forget([found])
        return int(found.errorCode)

    def forget(self, some: list[Any]) -> None:
        """Drop what a check has dealt with."""
        with self._changed:
            for one in some:
                one.name = f"taken {one.name}"

    def complaints(self) -> list[str]:
        """Take the errors that no check has taken; notices are none."""
        with self._changed:
            errors = [one for one in self.told if one.name == "error" and one.errorCode not in _NOTICES]
        complaints = [str(one) for one in errors]
        self.forget(errors)
        return complaints


def _remembering(name: str, parameters: list[str]) -> Callable[..., None]:
    def method(self: Client, *arguments: object) -> None:
        self.remember(name, dict(zip(parameters, arguments, strict=True)))

    return method


for _name, _method in inspect.getmembers(EWrapper, inspect.isfunction):
    if not _name.startswith("_") and _name not in ("logAnswer", "winError"):
        setattr(Client, _name, _remembering(_name, [*inspect.signature(_method).parameters][1:]))

app = Client()
"""The client of most checks, with client id 7."""
other = Client()
"""A second one, with client id 8, where a check connects it."""


def settle() -> None:
    """Return when both clients have everything that the server has said."""
    for client in (app, other):
        if client.isConnected():
            client.settle()


def unasked() -> list[str]:
    """Return the complaints that nobody has taken, and forget them."""
    taken, complaints[:] = complaints[:], []
    return taken + app.complaints() + other.complaints()
