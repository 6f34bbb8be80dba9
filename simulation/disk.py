"""The disk of a storm: the one in memory, with more points at which its process may die or be refused."""

from __future__ import annotations

from collections.abc import Callable

from messages.journal import Replay
from storage.errors import JournalUnusable
from storage.memory import SimulatedDisk, SimulatedStorage
from storage.rows import Row

__all__ = ["StormDisk", "StormStorage"]


class StormDisk(SimulatedDisk):
    """`before` is called with "synced" as well, when all is safe and nobody knows it yet, and with "read".

    `on_safe` is called before that, by whoever follows what is on the disk.
    """

    on_safe: Callable[[], object] = staticmethod(lambda: None)

    def sync(self) -> None:
        """See `SimulatedDisk.sync`."""
        super().sync()
        self.on_safe()
        self.before("synced")


class StormStorage(SimulatedStorage):
    """One process's use of it."""

    def __init__(self, disk: StormDisk) -> None:
        super().__init__(disk)
        self._storm_disk = disk

    async def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """See `Storage.read`."""
        try:
            self._storm_disk.before("read")
        except OSError as error:
            raise JournalUnusable(f"the simulated disk: {error}") from error
        return await super().read(replay, after, upto, limit)
