"""Keep secrets out of everything that is written for people: one filter for log lines and error texts."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, quote_plus

__all__ = ["MASK", "is_secret_name", "redact", "register_secret"]

MASK = "***"
_SHORTEST = 4  # what is shorter protects nothing, and masking it would garble the text

_NAME = re.compile(r"(?i)^(x[-_])?(.*[-_])?(api[-_]?key|passw(or)?d|passphrase|secret|token|authorization|cookie)$")
_ASSIGNED = re.compile(
    r"""(?ix) ( (?:api[-_]?key | passw(?:or)?d | passphrase | secret | token | authorization)
        ["'\\]* \s* [:=] \s* ["'\\]* (?:bearer\s+|basic\s+)? )
        ( [^\s"'\\,;&*{}()\[\]]+ )"""
)
_USER_INFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s:@\"]+:[^/\s@\"]+@")

_secrets: dict[str, None] = {}


def register_secret(value: str) -> None:
    """Mask this value wherever it turns up from now on, also escaped for JSON or a URL."""
    if len(value) >= _SHORTEST:
        forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
        forms |= {quote(value, safe=""), quote(value), quote_plus(value), repr(value)[1:-1]}
        _secrets.update(dict.fromkeys(sorted(forms, key=len, reverse=True)))


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, whatever its value."""
    return _NAME.match(name) is not None


def redact(text: str) -> str:
    """Mask registered secrets, what is assigned to a name such as `api_key`, and passwords in URLs."""
    for secret in _secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    text = _ASSIGNED.sub(rf"\1{MASK}", text)
    return _USER_INFO.sub(rf"\1{MASK}@", text)
