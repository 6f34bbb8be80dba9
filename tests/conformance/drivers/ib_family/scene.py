"""What checks do at the broker, in step with the clients: nothing of theirs is on its way before or after."""

from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import channel
from ib_family.library import ib, settle


def tick(symbol: str, **prices: float) -> None:
    """Move the market: bid=, ask=, last=, size=."""
    _do(f"tick {symbol} " + " ".join(f"{name}={value}" for name, value in prices.items()))


def clock(seconds: float) -> None:
    """Let time pass."""
    _do(f"clock {seconds}")


def fault(client_id: int, verbs: str) -> None:
    """Let the broker misbehave towards a client; verbs as in a fault script."""
    _do(f"fault {client_id}: {verbs}")


def cut_off(client_id: int) -> None:
    """Break a client's link off."""
    settle()
    channel.do(f'fault {client_id}: "reset"')


def pace(per_second: int, breaches: int) -> None:
    """Limit the messages of links that come from now on; 0 takes the limit off."""
    _do(f"pace {per_second} {breaches}")


def master(client_id: int) -> None:
    """Make a client id the master's."""
    _do(f"master {client_id}")


def connected(*client_ids: int) -> None:
    """Wait until the server knows just these clients."""
    channel.do("await " + " ".join(str(one) for one in client_ids))


def _do(act: str) -> None:
    settle()
    channel.do(act)
    settle()


def until(happened: Callable[[], bool], client: Any = ib) -> None:
    """Wait for what a client is told unasked. Raises TimeoutError."""
    deadline = monotonic() + 5
    while not happened():
        if monotonic() > deadline:
            raise TimeoutError
        with suppress(ConnectionError):  # so the library tells the end of a link to whoever waits
            client.waitOnUpdate(0.05)  # not longer: the end of a link is not always an update


def hearing(name: str, client: Any = ib) -> list[tuple[Any, ...]]:
    """Return a list that from now on gets the arguments of each call of a method of the client's wrapper."""
    heard: list[tuple[Any, ...]] = []
    method = getattr(client.wrapper, name)

    def hear(*arguments: Any) -> None:
        heard.append(arguments)
        method(*arguments)

    setattr(client.wrapper, name, hear)
    return heard
