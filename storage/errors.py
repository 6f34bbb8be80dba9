"""What keeps a journal from being used."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["JournalDamaged", "JournalError", "JournalLocked", "JournalUnusable", "JournalVersionError"]


class JournalError(Exception):
    """The journal cannot be used. `exit_code` is what the process ends with when that happens at its start."""

    exit_code: ClassVar[int] = 1


class JournalLocked(JournalError):
    """Another process owns it; `process_id` is None where the lock file does not say which."""

    def __init__(self, path: str, process_id: int | None) -> None:
        self.process_id = process_id
        super().__init__(f"{path} is in use by {'another process' if process_id is None else f'process {process_id}'}")


class JournalVersionError(JournalError):
    """It is of a version that this program does not read, or no journal at all."""

    exit_code = 4


class JournalDamaged(JournalError):
    """A record is not as it was written. `sequence` is the first that cannot be trusted, None where that is unknown."""

    exit_code = 4

    def __init__(self, detail: str, sequence: int | None = None) -> None:
        self.sequence = sequence
        super().__init__(detail if sequence is None else f"record {sequence}: {detail}")


class JournalUnusable(JournalError):
    """The disk or the folder does not let it be opened, read or written."""

    exit_code = 4
