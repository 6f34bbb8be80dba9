"""`web`: the picture of a log in a browser, and metrics for Prometheus."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import trio
from cyclopts import Parameter

from config.environment import Environment, machine
from config.loading import load_places
from config.redaction import register_secret
from domain.trading_day import TradingDay
from monitoring.follow import cache_folder
from monitoring.tail import StreamTail
from monitoring.trace import document, trace
from monitoring.web import CommandFailed, Place, WebSettings, is_loopback, serve_web
from storage.sqlite import SqliteJournal, journal_path
from supervisors.control_client import request
from supervisors.day_report import report_page
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.journal_source import JournalSource
from supervisors.verbs_configuration import StateDir
from supervisors.verbs_control import Config

__all__ = ["web"]

_LISTEN = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:]+)\]|(?P<host>[A-Za-z0-9._\-]+)):(?P<port>\d{1,5})")
_NAME = re.compile(r"[A-Za-z0-9._\-]{1,253}")
_SHORTEST = 16  # characters of a token that somebody has chosen


def web(
    *logs: Annotated[
        str,
        Parameter(
            name="LOG",
            allow_leading_hyphen=True,
            help="Logs to show, `-` for standard input; without any that of the state folder.",
        ),
    ],
    listen: Annotated[str, Parameter(help="Address and port; port 0 takes a free one.")] = "127.0.0.1:8808",
    host: Annotated[
        tuple[str, ...],
        Parameter(negative=(), show_default=False, help="A name that browsers know this server by; may be repeated."),
    ] = (),
    commands: Annotated[
        bool, Parameter(negative=(), help="Offer halt, resume, flatten and close, through the control socket.")
    ] = False,
    token_file: Annotated[
        Path | None,
        Parameter(help="Keep the token in this file, made where there is none."),
    ] = None,
    journal: Annotated[
        Path | None, Parameter(help="The journal's file, in place of the one in the state folder.")
    ] = None,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Show processes in a browser, and their metrics to Prometheus, from their logs alone.

    Prints the address and the token. WEB_TOKEN sets the token, METRICS_TOKEN one that opens /metrics alone.
    """
    address, port = _listening(listen)
    names = _names(host)
    if not is_loopback(address) and not names:
        raise ProcessFailed(
            ExitCode.USAGE, f"--listen {listen}: others can reach it; say with --host by which name their browsers do"
        )
    places = _places(logs, journal, state_dir, config, commands=commands)
    environment = machine()
    token, told = _token(token_file, environment)
    metrics_token = _chosen("METRICS_TOKEN")
    settings = WebSettings(
        places=places,
        host=address,
        port=port,
        hosts=names,
        cache=cache_folder(Path.home(), os.environ.get("XDG_CACHE_HOME")),
        token=token,
        metrics_token=metrics_token,
    )
    try:
        trio.run(_serve, settings, environment, told)
    except (BaseExceptionGroup, OSError) as error:
        raise _failure(error, listen) from error


async def _serve(settings: WebSettings, environment: Environment, told: str) -> None:
    async with trio.open_nursery() as nursery:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            port = await nursery.start(serve_web, settings, environment)
            name = settings.hosts[0] if settings.hosts else settings.host
            print(f"pitboss web on http://{f'[{name}]' if ':' in name else name}:{port}", flush=True)
            print(told, flush=True)
            if any(place.command is not None for place in settings.places):
                print("commands are enabled: whoever has the token can halt, resume, flatten and close", flush=True)
            if not is_loopback(settings.host):
                print(
                    "pitboss: tokens travel in the clear: put a proxy with TLS in front, or use ssh -L",
                    file=sys.stderr,
                )
            async for _ in signals:
                nursery.cancel_scope.cancel()
                return


def _listening(text: str) -> tuple[str, int]:
    match = _LISTEN.fullmatch(text)
    if match is None or int(match["port"]) > 65_535:
        raise ProcessFailed(ExitCode.USAGE, f'--listen: "{text}" is not an address and a port such as 127.0.0.1:8808')
    return match["six"] or match["host"], int(match["port"])


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _NAME.fullmatch(name):
            raise ProcessFailed(ExitCode.USAGE, f'--host: "{name}" is not a name such as trading.example.com')
    return names


def _places(
    logs: tuple[str, ...], journal: Path | None, state_dir: Path | None, config: Path | None, *, commands: bool
) -> tuple[Place, ...]:
    """One place a log. Journal and control socket are known of one state folder alone."""
    sources = [_source(log) for log in logs]
    local = not logs or state_dir is not None or config is not None
    if len(logs) > 1 and (local or journal is not None or commands):
        raise ProcessFailed(ExitCode.USAGE, "several logs are shown without their journals, and without commands")
    if commands and not local:
        raise ProcessFailed(ExitCode.USAGE, "--commands needs the state folder of the process: --state-dir")
    if not local:
        trace_of = None if journal is None else partial(_trace, journal.expanduser())
        return tuple(Place(log=source, trace_of=trace_of) for source in sources)
    settings = load_places(config, os.environ)
    folder = settings.process.state_dir if state_dir is None else state_dir.expanduser()
    if not folder.is_dir():
        raise ProcessFailed(ExitCode.USAGE, f"there is no state folder {folder}; name it with --state-dir, or a log")
    file = journal_path(settings.journal.url, folder) if journal is None else journal.expanduser()
    log = sources[0] if sources else folder / settings.log.path  # waited for where the process did not start yet
    command = partial(_command, folder) if commands else None
    days = TradingDay(settings.risk.trading_day_zone, settings.risk.trading_day_start)
    # a stream cannot be read again: the report takes the log that the process writes
    report_of = partial(report_page, file, log if isinstance(log, Path) else folder / settings.log.path, days)
    return (Place(log=log, trace_of=partial(_trace, file), report_of=report_of, command=command),)


def _source(log: str) -> Path | StreamTail:
    if log == "-":
        if sys.stdin.isatty():
            raise ProcessFailed(ExitCode.USAGE, "`-` reads a log from standard input: ssh … tail -F … | pitboss web -")
        return StreamTail(sys.stdin.fileno())
    if log.startswith("-"):
        raise ProcessFailed(ExitCode.USAGE, f"Unknown option: {log} (see pitboss web --help)")
    path = Path(log).expanduser()
    if not path.is_file():
        raise ProcessFailed(ExitCode.USAGE, f"there is no log {path}")
    return path


def _trace(path: Path, identity: str) -> dict[str, Any] | None:
    if not path.is_file():
        raise FileNotFoundError(f"there is no journal {path}")
    journal = SqliteJournal(path, read_only=True)
    journal.open()
    try:
        found = trace(identity, JournalSource(journal))
    finally:
        journal.close()
    return None if found is None else document(found)


def _command(folder: Path, command: str, fields: Mapping[str, str]) -> str:
    try:
        reply = request(folder, command, **fields)
    except ProcessFailed as failure:
        raise CommandFailed(str(failure)) from None
    return " ".join([reply["text"], *reply["order_refs"]])


def _token(file: Path | None, environment: Environment) -> tuple[str, str]:
    """Return the token, and what to tell about it."""
    chosen = _chosen("WEB_TOKEN")
    if file is None:
        token = chosen or environment.new_secret()
        register_secret(token)
        return token, "token: that of WEB_TOKEN" if chosen else f"token: {token}"
    path = file.expanduser()
    try:
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="ascii") as made:
                made.write(f"{environment.new_secret()}\n")
        elif path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ProcessFailed(ExitCode.USAGE, f"--token-file {path}: others may read it; chmod 600 it")
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ProcessFailed(ExitCode.USAGE, f"--token-file {path}: {error}") from None
    _long_enough(f"--token-file {path}", token)
    return token, f"token: in {path}"


def _chosen(variable: str) -> str:
    token = os.environ.get(variable, "").strip()
    if token:
        _long_enough(variable, token)
    return token


def _long_enough(whose: str, token: str) -> None:
    if len(token) < _SHORTEST or not token.isprintable() or not token.isascii():
        raise ProcessFailed(ExitCode.USAGE, f"{whose} is to have {_SHORTEST} or more printable ASCII characters")
    register_secret(token)


def _failure(error: BaseException, listen: str) -> BaseException:
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return _failure(error.exceptions[0], listen)
    if isinstance(error, OSError):
        what = error.filename or f"--listen {listen}"
        return ProcessFailed(ExitCode.FAILED, f"{what}: {error.strerror or error}")
    return error
