"""How a signal service is set up."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from attrs import field, frozen

__all__ = ["SignalSettings"]

DEFAULT_TICKERS = ("CVNA", "UVXY", "SOXL", "SOXS", "TQQQ", "SQQQ", "GLD", "SLV")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@frozen(slots=True, kw_only=True)
class SignalSettings:
    """Settings; making them raises ValueError for what cannot be.

    `port` 0 takes any free one. `interval` is the seconds between two generated predictions of a ticker;
    `generated` off leaves only those that are pushed or scripted. `allow_remote` lets the service listen on an address
    that other machines reach.
    """

    api_key: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = 8765
    allow_remote: bool = False
    tickers: tuple[str, ...] = DEFAULT_TICKERS
    interval: float = 60.0
    seed: int = 1
    generated: bool = True
    script: Path | None = None
    requests_per_minute: int = 30
    heavy_requests_per_minute: int = 15

    def __attrs_post_init__(self) -> None:
        if not self.api_key:
            raise ValueError("the signal service needs an API key")
        if not self.allow_remote and not _is_loopback(self.host):
            raise ValueError(f"the signal service listens on loopback only, not on {self.host!r}, unless allowed")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port must lie between 0 and 65535, not {self.port}")
        if not 0 < self.interval < float("inf"):
            raise ValueError(f"interval must be positive seconds, not {self.interval}")
        if not self.tickers:
            raise ValueError("the signal service needs at least one ticker")
        if self.requests_per_minute < 1 or self.heavy_requests_per_minute < 1:
            raise ValueError("a rate limit must be at least 1 a minute")
