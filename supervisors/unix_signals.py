"""SIGINT and SIGTERM stop in order, a second one at once; SIGUSR1 shows every actor; SIGHUP reopens the log."""

from __future__ import annotations

import os
import signal
import sys

import trio

from config.logging import Log
from supervisors.exit_codes import ExitCode
from supervisors.process import Process

__all__ = ["watch_signals"]

_LAST_LINES_SECONDS = 0.5


async def watch_signals(
    process: Process, log: Log, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Act on signals until cancelled."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP) as received:
        task_status.started()
        stopping = False
        async for number in received:
            if number == signal.SIGUSR1:
                process.write_states()
            elif number == signal.SIGHUP:
                log.reopen()
            elif stopping:
                end_at_once(log)
            else:
                stopping = True
                process.stop(signal.Signals(number).name)


def end_at_once(log: Log) -> None:
    """End without stopping anything: what rests at the broker stays there, the journal holds what is durable."""
    sys.stderr.write("pitboss: ended at once; orders that rest at the broker stay there\n")
    sys.stderr.flush()
    log.stop(_LAST_LINES_SECONDS)
    os._exit(ExitCode.AT_ONCE)
