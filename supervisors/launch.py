"""Run a process on this machine: its folder, its log, its signals, its exit code."""

from __future__ import annotations

import gc
import os
import traceback
from collections.abc import Awaitable, Callable
from functools import partial

import trio

from config.environment import Environment, machine
from config.log_console import ConsoleListener
from config.log_record import LogRecord
from config.logging import Log, log, start_logging
from config.settings import Settings
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.failures import failure_of
from supervisors.process import Process
from supervisors.rule_files import rules_from_files
from supervisors.service_manager import ServiceManager
from supervisors.source_files import sources_from_files
from supervisors.state_folder import own_state_folder
from supervisors.tree import World, build_tree
from supervisors.unix_signals import watch_signals

__all__ = ["Companion", "launch", "own_folder_and_log", "serve"]

Companion = Callable[[Process], Awaitable[None]]


def launch(settings: Settings) -> None:
    """The verb `run`: until a signal stops it.

    Raises ProcessFailed with the reason and the exit code, and, before anything starts, SettingsError for a file of
    rules or sources.
    """
    world = World(rules=rules_from_files(settings), sources=sources_from_files(settings))
    environment = machine()

    async def main(log_: Log) -> None:
        await serve(settings, environment, log_, world=world)

    own_folder_and_log(settings, environment, main, (ConsoleListener(),))


def own_folder_and_log(
    settings: Settings,
    environment: Environment,
    main: Callable[[Log], Awaitable[None]],
    listeners: tuple[Callable[[LogRecord], object], ...],
) -> None:
    """Run `main` under trio, with the state folder owned and the log open. Raises ProcessFailed."""
    with own_state_folder(settings.process.state_dir):
        try:
            running = start_logging(
                environment,
                path=settings.log_path,
                rotation=settings.log.rotation,
                level=settings.log.level,
                listeners=listeners,
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise ProcessFailed(ExitCode.JOURNAL, f"the log {settings.log_path} cannot be opened: {reason}") from error
        try:
            trio.run(main, running)
        except ProcessFailed:
            raise
        except Exception as error:
            failure = failure_of(error)
            trace = "".join(traceback.format_exception(error))
            log("system.failed", level="ERROR", error=str(failure), traceback=trace)
            raise ProcessFailed(failure.code, f"{failure} (more in {settings.log_path})") from error
        finally:
            running.stop()


async def serve(
    settings: Settings,
    environment: Environment,
    log_: Log,
    *,
    companion: Companion | None = None,
    world: World | None = None,
) -> None:
    """Run a process with its control socket until a signal stops it; `companion` runs beside it and ends with it."""
    process = Process(settings, environment, partial(build_tree, world=world), process_id=os.getpid())
    async with trio.open_nursery() as around:
        await around.start(watch_signals, process, log_)
        if companion is not None:
            around.start_soon(companion, process)
        manager = ServiceManager(os.environ)
        around.start_soon(manager.keep_alive, lambda: str(process.state.state))

        def started() -> None:
            _settle_garbage_collector()
            manager.started()

        await process.run(control=settings.control_path, on_started=started)
        around.cancel_scope.cancel()


def _settle_garbage_collector() -> None:
    """What lives after the start lives to the end: scanning it again and again made pauses of 15 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
