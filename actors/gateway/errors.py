"""Why there is no connection."""

from __future__ import annotations

__all__ = ["BrokerRefusedError", "BrokerUnavailableError", "LinkLostError"]


class BrokerUnavailableError(Exception):
    """The first connection did not come about: nothing listens there, or it does not answer as TWS does."""


class BrokerRefusedError(BrokerUnavailableError):
    """The broker is there, and this process must not use it: wrong account, live for paper, a host far away."""


class LinkLostError(Exception):
    """An attempt to connect ended before the handshake was done; `failure` is what our own side raised meanwhile."""

    def __init__(self, text: str, failure: Exception | None = None) -> None:
        super().__init__(text)
        self.failure = failure
