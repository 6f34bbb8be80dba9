"""Which names this server answers to, so that no name of somebody else's leads a browser here (DNS rebinding)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

__all__ = ["host_of", "is_loopback", "known_hosts", "same_origin"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host_of(header: str) -> str | None:
    """Return the name in a Host header, without port, in small letters; None where it is none."""
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    if parts.hostname is None or parts.path or parts.query or parts.fragment or parts.username is not None:
        return None
    return parts.hostname


def same_origin(origin: str, host_header: str) -> bool:
    """Whether a page of this origin came from the server that this Host header names; the port counts."""
    scheme, _, place = origin.partition("://")
    return scheme in ("http", "https") and place.lower() == host_header.lower()


def known_hosts(listening_on: str, further: Iterable[str]) -> frozenset[str]:
    """Return the names to answer to: those of this machine's loopback, where we listen, and those that are given."""
    return LOOPBACK | {listening_on.lower()} | {name.lower() for name in further}
