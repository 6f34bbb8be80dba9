"""One log followed: the tail, the board that it gives, and how the process that writes it seems to be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from monitoring.board import Board
from monitoring.follow.begin import Place, last_moment, last_snapshot, midnight, place_of
from monitoring.follow.checkpoint import Checkpoints
from monitoring.tail import LogTail, StreamTail

__all__ = ["Condition", "Follower"]

_FAR = 32_000_000  # bytes between the beginning of the day and the end from which on a first picture is shown at once
_CHUNK = 262_144
_WORTH = 50_000  # lines: what a checkpoint has to save to be worth writing
_PATIENCE = 15.0  # seconds without a line after which a process with a pulse is called silent, at least
_APART = 60.0  # seconds between two checkpoints


@frozen
class Condition:
    """How the process seems to be, and since how many seconds no line came.

    `live`, `stopped` in order, `silent` (its pulse stays out), `quiet` (no pulse was ever seen), `reading` (not at the
    end of the log yet), `ended` (the stream has), `empty`.
    """

    kind: str
    seconds: float = 0.0


class Follower:
    """Follows a log and keeps a board of it. `step` again and again; never waits."""

    def __init__(
        self,
        source: Path | StreamTail,
        now: Callable[[], datetime],
        *,
        cache: Path | None = None,
        since: str | None = None,
        worth: int = _WORTH,
    ) -> None:
        """Begin with the day of the newest line, or at `since` (a time as the log writes it).

        With `cache`, a folder, checkpoints are kept there that are `worth` so many lines, and used unless `since` asks
        for something else.
        """
        self._now, self._worth = now, worth
        self.board = Board()
        self._day: Board | None = None  # the board of the whole day, while `board` is only the end of it
        self._day_tail: LogTail | None = None
        self._checkpoints: Checkpoints | None = None
        self._saved, self._saved_at = 0, now()
        self._heard: datetime | None = None
        self._caught_up = False
        self.tail: LogTail | StreamTail
        if isinstance(source, StreamTail):
            self.name, self.path, self.tail = "stdin", None, source
            return
        self.name, self.path = source.name, source
        if cache is not None and since is None:
            self._checkpoints = Checkpoints(cache, source)
        day = since or midnight(last_moment(source))
        kept = None if self._checkpoints is None else self._checkpoints.load()
        if kept is not None and kept[0].last >= day:  # one of an earlier day is of no more use than a snapshot
            self.board, place = kept
            self._saved = self.board.folded
            self.tail = _tail(source, place)
            return
        place = place_of(source, day)
        near = last_snapshot(source)
        if near is not None and (place.path != source or near.offset - place.offset > _FAR):
            self._day, self._day_tail = Board(), _tail(source, place)
            place = near
        self.tail = _tail(source, place)

    @property
    def progress(self) -> float | None:
        """Which part of the day was read, 0 to 1, while it is being read; None when all of it was."""
        tail = self._day_tail or self.tail
        if self.ended:
            return None
        if not isinstance(tail, LogTail):
            return None
        behind = tail.behind
        return tail.offset / (tail.offset + behind) if tail.live and behind else 0.0 if behind else None

    @property
    def ended(self) -> bool:
        """Whether all that is there now was read."""
        return self._day is None and self._caught_up

    def step(self, limit: int = 1_000_000) -> int:
        """Take the next lines, at most about `limit` bytes of them; return how many. Raises OSError."""
        taken, ended = _take(self.tail, self.board, limit)
        if taken:
            self._heard = self._now() if self._caught_up else _moment(self.board.last)
        self._caught_up = ended if taken else self._caught_up or ended
        if self._day is None or self._day_tail is None:
            self._keep(_APART)
            return taken
        more, ended = _take(self._day_tail, self._day, limit)
        if ended and self._day_tail.live:
            self.tail.close()
            self.board, self.tail = self._day, self._day_tail
            self._day = self._day_tail = None
        return taken + more

    def condition(self) -> Condition:
        """Return how the process seems to be."""
        board = self.board
        if self._heard is None and not board.last:
            return Condition("empty")
        heard = self._heard or _moment(board.last) or self._now()
        seconds = max(0.0, (self._now() - heard).total_seconds())
        if not self._caught_up:
            return Condition("reading", seconds)
        if isinstance(self.tail, StreamTail) and self.tail.ended:
            return Condition("ended", seconds)
        if board.process.about.get("stopped"):
            return Condition("stopped", seconds)
        pulse = board.process.about.get("pulse_seconds")
        if not isinstance(pulse, int | float) or pulse <= 0:  # it tells of itself only when something happens
            return Condition("live" if seconds < 60.0 else "quiet", seconds)
        return Condition("silent" if seconds > max(_PATIENCE, 3 * pulse) else "live", seconds)

    def close(self) -> None:
        """Keep a checkpoint, where it is worth it, and let go of the log."""
        if self._day is None:
            self._keep(0.0)
        self.tail.close()
        if self._day_tail is not None:
            self._day_tail.close()

    def _keep(self, apart: float) -> None:
        if self._checkpoints is None or not isinstance(self.tail, LogTail):
            return
        if self.board.folded - self._saved < self._worth or (self._now() - self._saved_at).total_seconds() < apart:
            return
        self._checkpoints.save(self.board, Place(self.tail.reading, self.tail.begin))
        self._saved, self._saved_at = self.board.folded, self._now()


def _tail(path: Path, place: Place) -> LogTail:
    return LogTail(path, offset=place.offset, first=place.path)


def _take(tail: LogTail | StreamTail, board: Board, limit: int) -> tuple[int, bool]:
    """Fold about `limit` bytes of lines; return how many, and whether there are no more."""
    taken = 0
    for _ in range(max(1, limit // _CHUNK)):
        lines = tail.read(_CHUNK)
        for line in lines:
            board.fold(line)
        taken += len(lines)
        if not lines and not tail.behind:
            return taken, True
    return taken, False


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
