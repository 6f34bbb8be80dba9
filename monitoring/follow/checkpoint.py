"""A board as it stood somewhere in a log, kept so that opening the log again need not read it all.

One file a log, in the user's cache folder: what is lost with it is time.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from monitoring.board import Board
from monitoring.follow.begin import Place
from monitoring.tail import family, opened

__all__ = ["Checkpoints", "cache_folder"]

_VERSION = 1
_PRINT = 4_096


def cache_folder(home: Path, xdg: str | None) -> Path:
    """Return where checkpoints are kept: below `$XDG_CACHE_HOME`, or `~/.cache`."""
    return (Path(xdg) if xdg else home / ".cache") / "pitboss" / "monitor"


class Checkpoints:
    """The checkpoint of one log. Whatever is wrong with it (stale, damaged, not writable), there is none."""

    def __init__(self, folder: Path, log: Path) -> None:
        """Use `folder`, made when something is written."""
        self._log = log
        name = hashlib.sha256(str(log.resolve()).encode()).hexdigest()[:24]
        self.path = folder / f"{name}.json"

    def load(self) -> tuple[Board, Place] | None:
        """Return the board and where the line after it begins, if that log still holds what the board has seen."""
        try:
            with self.path.open("rb") as file:
                kept = json.load(file)
            if kept["version"] != _VERSION:
                return None
            offset = kept["offset"]
            for path in [self._log, *reversed(family(self._log))]:
                if _prints(path, offset) == kept["prints"]:
                    return Board.restored(kept["board"]), Place(path, offset)
        except (OSError, EOFError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError):
            return None  # it only costs the time to read the log
        return None

    def save(self, board: Board, place: Place) -> bool:
        """Keep the board in place of the one before. Returns whether that went well."""
        try:
            prints = _prints(place.path, place.offset)
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = self.path.with_suffix(f".{os.getpid()}")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(
                    {"version": _VERSION, "offset": place.offset, "prints": prints, "board": board.dump()},
                    file,
                    separators=(",", ":"),
                )
            fresh.replace(self.path)
        except OSError:
            return False
        return True


def _prints(path: Path, offset: int) -> list[str]:
    """What tells this beginning of a file from every other: a hash of its first bytes and of those before `offset`."""
    with opened(path) as file:
        first = file.read(min(_PRINT, offset))
        file.seek(max(0, offset - _PRINT))
        last = file.read(min(_PRINT, offset))
    return [hashlib.sha256(part).hexdigest() for part in (first, last)]
