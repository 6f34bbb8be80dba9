"""What a verb ends with. People and scripts rely on these numbers."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode", "ProcessFailed"]


class ExitCode(IntEnum):
    """The exit codes of `pitboss`."""

    FINE = 0
    FAILED = 1  # port taken, state folder in use, a command was refused, …
    USAGE = 2  # usage or configuration
    BROKER = 3  # unreachable or refused
    JOURNAL = 4  # damaged, or the disk unusable
    NO_PROCESS = 5  # nothing runs in that state folder
    AT_ONCE = 130  # a second signal ended it without an orderly stop


class ProcessFailed(Exception):  # it is what happened
    """A verb cannot go on: one line for people, and the exit code."""

    def __init__(self, code: ExitCode, text: str) -> None:
        """`text` goes to stderr as it is."""
        super().__init__(text)
        self.code = code
