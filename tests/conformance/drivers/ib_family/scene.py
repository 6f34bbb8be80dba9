"""What checks do at the broker, in step with the clients: nothing of theirs is on its way before or after."""

from typing import Any

import channel
from ib_family.library import ib, settle


def tick(symbol: str, *clients: object, **prices: float) -> None:
    """Move the market: bid=, ask=, last=, size=."""
    _do(f"tick {symbol} " + " ".join(f"{name}={value}" for name, value in prices.items()), *clients)


def clock(seconds: float, *clients: object) -> None:
    """Let time pass."""
    _do(f"clock {seconds}", *clients)


def fault(client_id: int, verbs: str) -> None:
    """Let the broker misbehave towards a client; verbs as in a fault script."""
    channel.do(f"fault {client_id}: {verbs}")


def connected(*client_ids: int) -> None:
    """Wait until the server knows just these clients."""
    channel.do("await " + " ".join(str(one) for one in client_ids))


def _do(act: str, *clients: object) -> None:
    settle(*(clients or (ib,)))
    channel.do(act)
    settle(*(clients or (ib,)))


def hearing(name: str, client: Any = ib) -> list[tuple[Any, ...]]:
    """Return a list that from now on gets the arguments of each call of a method of the client's wrapper."""
    heard: list[tuple[Any, ...]] = []
    method = getattr(client.wrapper, name)

    def hear(*arguments: Any) -> None:
        heard.append(arguments)
        method(*arguments)

    setattr(client.wrapper, name, hear)
    return heard
