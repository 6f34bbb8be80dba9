"""`pitboss monitor`: one or several logs as a picture on the terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from config.environment import machine
from config.loading import load_places
from config.log_record import timestamp
from monitoring.follow import Follower, cache_folder
from monitoring.tail import StreamTail
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.verbs_configuration import StateDir
from supervisors.verbs_control import Config

__all__ = ["monitor"]


def monitor(
    *logs: Annotated[
        str,
        Parameter(
            name="LOG",
            allow_leading_hyphen=True,
            help="Logs to show, `-` for standard input; without any that of the state folder.",
        ),
    ],
    since: Annotated[
        str | None,
        Parameter(help="Begin at this time, 09:30, 2026-11-20 or 2026-11-20T09:30; else with the newest line's day."),
    ] = None,
    json_: Annotated[
        bool, Parameter(name="--json", negative=(), help="Print the picture once, as status --json does, and end.")
    ] = False,
    state_dir: StateDir = None,
    config: Config = None,
) -> int:
    """Show positions, orders, actors, signals and alarms from the log: of a running process, or of a dead one."""
    environment = machine()
    sources = _sources(logs, state_dir, config)
    begin = None if since is None else _moment(since, environment.now())
    cache = cache_folder(Path.home(), os.environ.get("XDG_CACHE_HOME"))
    followers: list[Follower] = []
    try:
        for source in sources:
            followers.append(Follower(source, environment.now, cache=cache, since=begin))
        if json_:
            return _print(followers)
        if not sys.stdout.isatty():
            raise ProcessFailed(ExitCode.USAGE, "the picture needs a terminal; --json prints it as one object")
        from monitoring.terminal.app import Monitor  # textual takes a while, and --json needs none

        return Monitor(followers, environment.now).run() or ExitCode.FINE
    except OSError as error:
        raise ProcessFailed(ExitCode.FAILED, f"{error.filename or 'the log'}: {error.strerror or error}") from None
    finally:
        for follower in followers:
            follower.close()


def _sources(logs: Sequence[str], state_dir: Path | None, config: Path | None) -> list[Path | StreamTail]:
    if not logs:
        settings = load_places(config, os.environ)
        folder = settings.process.state_dir if state_dir is None else state_dir.expanduser()
        if not folder.is_dir():
            raise ProcessFailed(ExitCode.USAGE, f"no state folder {folder}; name it with --state-dir, or a log")
        return [folder / settings.log.path]  # waited for where the process did not start yet
    sources: list[Path | StreamTail] = []
    for name in dict.fromkeys(logs):
        if name.startswith("-") and name != "-":
            raise ProcessFailed(ExitCode.USAGE, f"Unknown option: {name} (see pitboss monitor --help)")
        if name == "-":
            sources.append(StreamTail(_stream()))
            continue
        path = Path(name).expanduser()
        if path.is_dir():
            raise ProcessFailed(ExitCode.USAGE, f"{path} is a folder: name the log in it")
        if not path.exists():
            raise ProcessFailed(ExitCode.USAGE, f"{path}: there is no such log")
        sources.append(path)
    return sources


def _stream() -> int:
    """Standard input as a stream of lines, and the terminal in its place, for the keys. Returns the descriptor."""
    if sys.stdin.isatty():
        raise ProcessFailed(ExitCode.USAGE, "`-` reads a log from standard input: ssh … tail -F … | pitboss monitor -")
    descriptor = os.dup(0)
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:
        return descriptor  # no terminal: `--json` needs none
    os.dup2(terminal, 0)
    os.close(terminal)
    return descriptor


def _moment(written: str, now: datetime) -> str:
    try:
        if "-" not in written:
            hours = datetime.strptime(written, "%H:%M" if written.count(":") == 1 else "%H:%M:%S")
            moment = now.astimezone().replace(hour=hours.hour, minute=hours.minute, second=hours.second, microsecond=0)
        else:
            moment = datetime.fromisoformat(written).astimezone()
    except ValueError:
        expected = "09:30, 2026-11-20 or 2026-11-20T09:30"
        raise ProcessFailed(ExitCode.USAGE, f'--since: "{written}" is not a time such as {expected}') from None
    return timestamp(moment)


def _print(followers: Sequence[Follower]) -> int:
    for follower in followers:
        tail = follower.tail
        while isinstance(tail, StreamTail) and not tail.ended:
            tail.wait()
            follower.step()
        while not follower.ended:
            follower.step()
        print(json.dumps(follower.board.status()))
    return ExitCode.FINE
