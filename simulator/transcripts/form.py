r"""The text of a transcript.

    ## Connecting                                          a part, with what is to be said of it
    # The client greets, …
    1> v157..176                                           from the client on link 1
    1< serverVersion       176|20261123 10:00:00 US/Eastern|     to it; each | ends a field
    *  tick AAPL bid=99.99 ask=100.0                       what happened at the broker
    1x client                                              the link ends: by the client, or the server's close or reset

Bytes are told in full: `|` is a NUL; a backslash begins `\|`, `\\`, `\n`, `\r` and `\xhh`, a byte that cannot be shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from attrs import field, frozen

__all__ = ["Entry", "Transcript", "told", "untold"]

_NAME_WIDTH = 22
_LINE = re.compile(r"(\d+)([<>x]) (?:(\S+) +)?(\S.*)", re.DOTALL)
_ESCAPED = {"|": "\\|", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\0": "|"}
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|.)|\|", re.DOTALL)


@frozen(slots=True)
class Entry:
    """One line: `kind` is `>`, `<`, `x`, `*` (link 0) or `#`, a part (its title, then its explanation)."""

    kind: str
    link: int
    text: str
    name: str = field(default="", eq=False)  # of the message; for people alone

    def written(self) -> str:
        """Return the line, or the lines of a part."""
        if self.kind == "#":
            title, _, rest = self.text.partition("\n")
            return "\n".join(["", f"## {title}", *(f"# {line}".rstrip() for line in rest.split("\n") if rest)])
        if self.kind == "*":
            return f"*  {self.text}"
        if self.kind == "x" or not self.name:
            return f"{self.link}{self.kind} {self.text}"
        return f"{self.link}{self.kind} {self.name:<{_NAME_WIDTH}} {self.text}"


class Transcript:
    """Entries in the order in which they happened."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: list[Entry] = list(entries)

    def add(self, kind: str, link: int, text: str, name: str = "") -> None:
        """Note what happened."""
        self.entries.append(Entry(kind, link, text, name))

    def part(self, title: str, explanation: str = "") -> None:
        """Begin a part."""
        self.add("#", 0, f"{title}\n{explanation}" if explanation else title)

    def written(self) -> str:
        """Return the text."""
        return "".join(f"{entry.written()}\n" for entry in self.entries).lstrip("\n")

    @classmethod
    def read(cls, text: str) -> Transcript:
        """Read what `written` returned. Raises ValueError that names the line."""
        return cls(_entries(text.split("\n")))


def _entries(lines: Iterable[str]) -> Iterator[Entry]:
    part: list[str] | None = None
    for number, line in enumerate(lines, 1):
        if part is not None and line.startswith("#") and not line.startswith("##"):
            part.append(line[2:])
            continue
        if part is not None:
            yield Entry("#", 0, "\n".join(part))
            part = None
        if line.startswith("## "):
            part = [line[3:]]
        elif line.startswith("*  "):
            yield Entry("*", 0, line[3:])
        elif found := _LINE.fullmatch(line):
            yield Entry(found[2], int(found[1]), found[4], found[3] or "")
        elif line:
            raise ValueError(f"line {number} is no line of a transcript: {line[:60]!r}")
    if part is not None:
        yield Entry("#", 0, "\n".join(part))


def told(body: bytes) -> str:
    """Return the text of a frame's body."""
    text = "".join(_shown(char) for char in body.decode("utf-8", errors="surrogateescape"))
    if text[:1].isspace():  # the line's own blanks come before
        return "".join(f"\\x{byte:02x}" for byte in text[0].encode()) + text[1:]
    return text


def _shown(char: str) -> str:
    if char < " " or char == "\x7f" or "\udc80" <= char <= "\udcff":
        return _ESCAPED.get(char, f"\\x{ord(char) & 0xFF:02x}")
    return _ESCAPED.get(char, char)


def untold(text: str) -> bytes:
    """Return the body that `told` was given."""
    chars = _ESCAPE.sub(_unescaped, text)
    return chars.encode("utf-8", errors="surrogateescape")


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if code is None:
        return "\0"
    if code.startswith("x"):
        number = int(code[1:], 16)
        return chr(number if number < 0x80 else 0xDC00 + number)
    return {"n": "\n", "r": "\r"}.get(code, code)
