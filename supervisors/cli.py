"""The command line: which verbs there are, and how their failures are told."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError, Group
from rich.console import Console

from config.problems import SettingsError
from config.redaction import redact
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.verbs import FAMILIES, GROUPS, Verb

__all__ = ["run"]


def run(arguments: Sequence[str]) -> int:
    """Run one verb; return its exit code. Errors are one line on stderr each, without secrets."""
    app = _app(arguments)
    try:
        verb, bound, _ = app.parse_args(list(arguments), exit_on_error=False, print_error=False)
        code = verb(*bound.args, **bound.kwargs)
        sys.stdout.flush()
        return code if isinstance(code, int) else ExitCode.FINE
    except CycloptsError as error:
        return _failed(ExitCode.USAGE, f"{error} (see pitboss --help)")
    except SettingsError as error:
        return _failed(ExitCode.USAGE, *str(error).splitlines())
    except ProcessFailed as error:
        return _failed(error.code, redact(str(error)))
    except KeyboardInterrupt:
        return ExitCode.AT_ONCE
    except BrokenPipeError:
        # whoever read the output has seen enough; nothing may be flushed into the closed pipe at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED


def _failed(code: ExitCode, *lines: str) -> int:
    for line in lines:
        print(f"pitboss: {line}", file=sys.stderr)
    return code


def _app(arguments: Sequence[str] = ()) -> App:
    """Make the command line. A verb that is asked for by name speaks for itself, so the table's line is left out."""
    app = App(
        name="pitboss",
        help="Order and position management for Interactive Brokers.",
        version=f"pitboss {version('pitboss')}",
        help_epilogue="Exit codes: 0 fine, 1 failed, 2 usage or configuration, 3 broker, 4 journal or disk, "
        "5 no running process.",
        error_console=Console(stderr=True),
        help_format="plaintext",
    )
    for title, verbs in GROUPS.items():
        _add(app, verbs, arguments[:1], Group.create_ordered(title))
    files = Group.create_ordered("More")
    for family in FAMILIES:
        members = App(name=family.name, help=family.about, group=files)
        _add(members, family.verbs, arguments[1:2])
        app.command(members)
    return app


def _add(app: App, verbs: Iterable[Verb], asked: Sequence[str], group: Group | None = None) -> None:
    for verb in verbs:
        app.command(verb.place, name=verb.name, group=group, help=None if verb.name in asked else verb.about)
