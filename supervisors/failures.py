"""Which exit code belongs to what kept a process from starting or from going on."""

from __future__ import annotations

from collections.abc import Iterator

from actors.gateway.errors import BrokerUnavailableError
from actors.runtime.deadletters import describe_error
from storage.errors import JournalError
from supervisors.exit_codes import ExitCode, ProcessFailed

__all__ = ["failure_of"]


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
