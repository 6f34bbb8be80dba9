"""Who may see and do what: the token, the sessions of browsers that have shown it, and the scraper's own token."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from attrs import frozen

from config.environment import Environment

__all__ = ["SESSION_LASTS", "Credentials", "Session"]

SESSION_LASTS = timedelta(hours=12)


@frozen(slots=True)
class Session:
    """A browser that has shown the token; `csrf` is what its commands carry besides the cookie."""

    nonce: str
    csrf: str


class Credentials:
    """Judges tokens and cookies. A cookie is signed with the token, so it outlives a restart with the same token.

    The cookie is not the token: browsers send cookies to every port of a host, and what another program there sees
    ends with the session.
    """

    def __init__(self, token: str, environment: Environment, metrics_token: str = "") -> None:
        """`metrics_token`, where there is one, opens `/metrics` and nothing else."""
        self._token = _digest(token)
        self._metrics_token = _digest(metrics_token) if metrics_token else None
        self._key = _digest(f"pitboss web session {token}")
        self._environment = environment
        self._closed: dict[str, float] = {}  # nonce → when it would have expired

    def is_token(self, given: str, *, for_metrics: bool = False) -> bool:
        """Whether this is the token; takes as long for a wrong one as for the right one."""
        digest = _digest(given)
        right = hmac.compare_digest(digest, self._token)
        if for_metrics and self._metrics_token is not None:
            right |= hmac.compare_digest(digest, self._metrics_token)
        return right

    def open_session(self) -> str:
        """Return a cookie for somebody who has shown the token."""
        expires = self._environment.now() + SESSION_LASTS
        signed = f"{int(expires.timestamp())}.{self._environment.new_secret()}"
        return f"{signed}.{self._sign('cookie', signed)}"

    def session(self, cookie: str) -> Session | None:
        """Return the session of a cookie; None where it is not ours, has expired or was closed."""
        signed, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(self._sign("cookie", signed).encode(), signature.encode()):
            return None
        expires, _, nonce = signed.partition(".")
        if nonce in self._closed or int(expires) <= self._environment.now().timestamp():
            return None
        return Session(nonce, self._sign("csrf", nonce))

    def close_session(self, session: Session) -> None:
        """Let a session's cookie open nothing any more."""
        now = self._environment.now().timestamp()
        self._closed = {nonce: expires for nonce, expires in self._closed.items() if expires > now}
        self._closed[session.nonce] = now + SESSION_LASTS.total_seconds()

    def is_csrf(self, session: Session, given: str) -> bool:
        """Whether a command comes from a page of this session."""
        return hmac.compare_digest(session.csrf.encode(), given.encode())

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose} {text}".encode(), hashlib.sha256).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
