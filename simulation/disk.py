"""The disk of a storm: the one in memory, with more points at which its process may die or be refused, and power that
fails in the middle of a write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from messages.journal import Replay
from storage.errors import JournalError, JournalUnusable
from storage.memory import SimulatedDisk, SimulatedStorage
from storage.port import Opened
from storage.power import Cut, in_part, sectors
from storage.rows import Row
from storage.wreck import Wreck, opened_after

__all__ = ["TORN", "StormDisk", "StormStorage"]

TORN: Mapping[str, Cut] = {"in part": in_part, "sectors": sectors}
"""how a write that was not synced is torn → the cut"""


class StormDisk(SimulatedDisk):
    """`before` is called with "synced" as well, when all is safe and nobody knows it yet, and with "read".

    `on_safe` is called before that, by whoever follows what is on the disk. `on_opened` hears in words what was found
    after a power cut that tore a write, and whether that is what must not be.
    """

    on_safe: Callable[[], object] = staticmethod(lambda: None)
    on_opened: Callable[[str, bool], object] = staticmethod(lambda text, wrong: None)
    wreck: Wreck | None = None  # what a torn power cut has left, until it is opened
    _sound: tuple[int, Row] | None = None  # where a record has rotted, and what was there

    def rot(self, back: int) -> str:
        """Let a record, so many before the last that was safe, not be as it was written; return which."""
        number = self.synced - 1 - back
        if number < 0 or self._sound is not None:
            return "there is no such record"
        row = self.rows[number]
        self._sound = number, row
        self.rows[number] = row._replace(payload=_other_digit(row.payload))
        return f"record {row.sequence}, {row.kind}, is not as it was written"

    def heal(self) -> None:
        """Bring back what `rot` has changed, as from a copy."""
        if self._sound is not None:
            number, row = self._sound
            self._sound = None
            self.rows[number] = row

    @property
    def rotten(self) -> bool:
        """Whether a record is not as it was written."""
        return self._sound is not None

    def sync(self) -> None:
        """See `SimulatedDisk.sync`."""
        super().sync()
        self.on_safe()
        self.before("synced")

    def tear(self, cut: Cut, seed: str) -> None:
        """Cut the power in the middle of what is not synced: what is left of it is found out at the next start."""
        wreck = self.wreck
        if wreck is None and self.header is not None:
            ends = [self.synced, *self._transactions]
            wreck = Wreck(
                self.header,
                self.rows[: self.synced],
                [self.rows[start:end] for start, end in pairwise(ends)],
                self.mark,
                self.reserve[: self.reserve_synced],
                self.reserve[self.reserve_synced :],
                cut,
                seed,
            )
        self.power_cut()
        self.wreck = wreck

    async def open_wreck(self, created: str) -> Opened | None:
        """Take what the journal's own code finds in the files of a torn disk; return how it was opened, None where no
        disk was torn. Raises JournalError, and what `before` raises.
        """
        wreck = self.wreck
        if wreck is None:
            return None
        try:
            opened, rows = await opened_after(wreck, created)
        except JournalError as error:
            self.on_opened(f"the journal was refused after a power cut: {error}", True)
            raise
        if wreck.mark is not None:
            for step in ("write", "sync"):
                self.before(step)
        wrong = _missing(wreck, opened, rows)
        said = " and ".join(text for text in (opened.repaired, opened.recovered) if text)
        self.on_opened(wrong or f"a torn disk was opened: {said or 'nothing to repair'}", bool(wrong))
        self.wreck = None
        self.rows, self.synced = rows, len(rows)
        self.mark, self.reserve, self.reserve_synced = None, [], 0
        self.on_safe()
        return opened


def _other_digit(payload: str) -> str:
    """Return it with its last digit changed; valid JSON all the same."""
    at = max(payload.rfind(digit) for digit in "0123456789")
    return payload[:at] + str((int(payload[at]) + 1) % 10) + payload[at + 1 :] if at >= 0 else payload + " "


def _missing(wreck: Wreck, opened: Opened, rows: list[Row]) -> str:
    """Return what is not there of what was safe, or is there and nobody wrote it; "" for nothing."""
    safe = len(wreck.rows)
    if rows[:safe] != list(wreck.rows):
        return f"records that were safe are not there after a power cut: {safe} were, {len(rows)} are"
    left = rows[safe:]
    for transaction in wreck.unsynced:  # each is there as a whole, or it and all later ones are not
        size = len(transaction)
        if left[:size] != list(transaction):
            break
        left = left[size:]
    if left and not opened.recovered:
        return f"records that nobody wrote are there after a power cut: {left[0]}"
    # a write whose sync was refused may have become safe since: the reserve repeats it, and it is there once
    behind = rows[wreck.mark.sequence :] if wreck.mark is not None else []
    lost = {(row.kind, row.payload) for row in wreck.reserve} - {(row.kind, row.payload) for row in behind}
    return f"records that were safe in the reserve are not there after a power cut: {sorted(lost)}" if lost else ""


class StormStorage(SimulatedStorage):
    """One process's use of it."""

    def __init__(self, disk: StormDisk) -> None:
        super().__init__(disk)
        self._storm_disk = disk

    async def open(self, owner: str, created: str) -> Opened:
        """See `Storage.open`."""
        try:
            torn = await self._storm_disk.open_wreck(created)
        except OSError as error:
            raise JournalUnusable(f"the simulated disk: {error}") from error
        opened = await super().open(owner, created)
        return opened if torn is None else opened._replace(repaired=torn.repaired, recovered=torn.recovered)

    async def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """See `Storage.read`."""
        try:
            self._storm_disk.before("read")
        except OSError as error:
            raise JournalUnusable(f"the simulated disk: {error}") from error
        return await super().read(replay, after, upto, limit)
