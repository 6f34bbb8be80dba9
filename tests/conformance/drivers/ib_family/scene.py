"""What checks do at the broker, in step with the clients: nothing of theirs is on its way before or after."""

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


def pace(per_second: int, breaches: int) -> None:
    """Limit the messages of links that come from now on; 0 takes the limit off."""
    _do(f"pace {per_second} {breaches}")


def connected(*client_ids: int) -> None:
    """Wait until the server knows just these clients."""
    channel.do("await " + " ".join(str(one) for one in client_ids))


def _do(act: str) -> None:
    settle()
    channel.do(act)
    settle()


def hearing(name: str, client: Any = ib) -> list[tuple[Any, ...]]:
    """Return a list that from now on gets the arguments of each call of a method of the client's wrapper."""
    heard: list[tuple[Any, ...]] = []
    method = getattr(client.wrapper, name)

    def hear(*arguments: Any) -> None:
        heard.append(arguments)
        method(*arguments)

    setattr(client.wrapper, name, hear)
    return heard
