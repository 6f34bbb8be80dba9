"""What a verb ends with. People and scripts rely on these numbers."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from actors.deadletters import describe_error
from actors.gateway.errors import BrokerUnavailableError
from actors.storage.errors import JournalError

__all__ = ["ExitCode", "ProcessFailed", "failure_of"]


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


def failure_of(error: BaseException) -> ProcessFailed:
    """The failure behind an error: the cause that has an exit code of its own speaks for it, else the innermost."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ProcessFailed):
            return cause
        if isinstance(cause, BrokerUnavailableError):
            return ProcessFailed(ExitCode.BROKER, str(cause))
        if isinstance(cause, JournalError):
            return ProcessFailed(ExitCode(cause.exit_code), str(cause))
    return ProcessFailed(ExitCode.FAILED, describe_error(causes[-1]))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, then what it contains or was raised from, outermost first."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _causes(inner)
    elif error.__cause__ is not None:
        yield from _causes(error.__cause__)
