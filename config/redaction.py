"""Keep secrets out of everything that is written for people: one filter for log lines and error texts.

What is known to be a secret is masked wherever and however it is written; what only looks like one, by the name before
it or by its form, is masked too. The second is a net below the first: it cannot know every form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

__all__ = ["MASK", "is_secret_name", "redact", "register_environment", "register_secret"]

MASK = "***"
_SHORTEST = 4  # what is shorter protects nothing, and masking it would garble the text
_SHORTEST_UNASKED = 8  # of what nobody has called a secret but the name of its variable

_WORDS = r"""(?: (?:api|access|secret|private|auth)[-_\ ]?key | passw(?:or)?d | passphrase | pwd | secret | token
              | credentials? | session[-_]?id )"""
_NAME = re.compile(rf"(?ix)^ (x[-_])? (.*[-_])? (?:{_WORDS} | authorization | cookie)$")

# as it stands before each line is looked at more closely: nearly all have none of these, and that costs 1 µs
_HINTS = ("key", "pass", "pwd", "secret", "token", "credential", "session", "author", "cookie", "bearer", "eyj", "://")

# name = "value", in Python, JSON, JSON within JSON, and as pairs of a header: up to the quote that closes, and never
# beyond a bare one, which in a line of the log is the line's own
_QUOTED = re.compile(
    rf"""(?ixs) ( (?:{_WORDS} | authorization | cookie) (?: \\*["']? \s* [:=] | (?: \\+" | ') \s* , ) \s* b? (\\*["']) )
         .*? (?<!\\) (?=\2|"|$)"""
)
# name=value up to where a value ends in a URL, a form or a sentence
_PLAIN = re.compile(rf"""(?ix) ( {_WORDS} \\*["']? \s* [:=] \s* ) (?! b?\\*["'] | \*\*\* ) [^\s"'\\,;&]+""")
# these go to the end of their line
_HEADER = re.compile(
    r"""(?ix) ( (?:authorization | cookie) \s* [:=] \s* (?:bearer\s+|basic\s+|digest\s+)? )
        (?! b?\\*["'] | \*\*\* ) [^\r\n"\\]+"""
)
_BEARER = re.compile(r"(?i)(\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}")
_WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)?")
_USER_INFO = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@\"']+@")

_BOTH_QUOTES = "'\""
_secrets: dict[str, None] = {}


def register_secret(value: str) -> None:
    """Mask this value wherever it turns up from now on, also escaped for JSON, Python or a URL, and twice so."""
    if len(value) >= _SHORTEST:
        forms = {value}
        for _ in range(2):
            forms |= {escaped for form in forms for escaped in _escaped(form)}
        _secrets.update(dict.fromkeys(forms))
        ordered = sorted(_secrets, key=len, reverse=True)
        _secrets.clear()
        _secrets.update(dict.fromkeys(ordered))


def _escaped(text: str) -> tuple[str, ...]:
    return (
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        repr(text + _BOTH_QUOTES)[1:-4],  # as part of a text that has both
        repr(text.encode())[2:-1],
        quote(text, safe=""),
        quote(text),
        quote_plus(text),
    )


_FOLDERS = ("PWD", "OLDPWD")  # where a shell is and was: masking these would garble every path


def register_environment(environ: Mapping[str, str]) -> None:
    """Mask the values of all variables whose name says that they are secrets."""
    for name, value in environ.items():
        if len(value) >= _SHORTEST_UNASKED and is_secret_name(name) and name not in _FOLDERS:
            register_secret(value)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, whatever its value."""
    return _NAME.match(name) is not None


def redact(text: str) -> str:
    """Mask registered secrets, what is assigned to a name such as `api_key`, tokens by their form, and who logs in to
    an URL."""
    for secret in _secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    lowered = text.lower()
    if any(hint in lowered for hint in _HINTS):
        text = _QUOTED.sub(rf"\1{MASK}", text)
        text = _HEADER.sub(rf"\1{MASK}", text)
        text = _PLAIN.sub(rf"\1{MASK}", text)
        text = _BEARER.sub(rf"\1{MASK}", text)
        text = _WEB_TOKEN.sub(MASK, text)
        text = _USER_INFO.sub(rf"\1{MASK}@", text)
    return text
