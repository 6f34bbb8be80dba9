"""The command line: which verbs there are, and how their failures are told."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError
from rich.console import Console

from config.problems import SettingsError
from config.redaction import redact
from supervisors.exit_codes import ExitCode, ProcessFailed

__all__ = ["run"]

# verb → where it is; a module is imported when its verb is used, so that `status` need not load a broker's client
_VERBS = {
    "run": "supervisors.verbs_run:run",
    "demo": "supervisors.verbs_demo:demo",
    "simulator": "supervisors.verbs_simulator:simulator",
    "check": "supervisors.verbs_configuration:check",
    "status": "supervisors.verbs_control:status",
    "buy": "supervisors.verbs_control:buy",
    "sell": "supervisors.verbs_control:sell",
    "close": "supervisors.verbs_control:close",
    "cancel": "supervisors.verbs_control:cancel",
    "halt": "supervisors.verbs_control:halt",
    "resume": "supervisors.verbs_control:resume",
    "rearm": "supervisors.verbs_control:rearm",
    "flatten": "supervisors.verbs_control:flatten",
    "adopt": "supervisors.verbs_care:adopt",
    "release": "supervisors.verbs_care:release",
    "exits": "supervisors.verbs_care:change_exits",
    "oco": "supervisors.verbs_groups:oco",
    "alarms": "supervisors.verbs_care:alarms",
    "doctor": "supervisors.verbs_doctor:doctor",
    "runbook": "supervisors.verbs_alerts:runbook",
    "why": "supervisors.verbs_why:why",
    "whynot": "supervisors.verbs_why:whynot",
    "web": "supervisors.verbs_web:web",
    "monitor": "supervisors.verbs_monitor:monitor",
    "report": "supervisors.verbs_report:report",
    "soak": "simulation.verb:soak_verb",  # above this layer: named, never imported
}
_JOURNAL_VERBS = ("verify", "dump", "stats", "backup")
_RULES_VERBS = {"test": "try_"}
_ALERTS_VERBS = {"run": "run", "check": "check", "test": "try_", "list": "list_"}
_LOG_VERBS = {"schema": "print_schema", "events": "events", "check": "check"}
_SYMBOL_VERBS = {"add": "add", "remove": "remove", "list": "list_"}


def run(arguments: Sequence[str]) -> int:
    """Run one verb; return its exit code. Errors are one line on stderr each, without secrets."""
    app = _app()
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


def _app() -> App:
    app = App(
        name="pitboss",
        help="Order and position management for Interactive Brokers.",
        version=f"pitboss {version('pitboss')}",
        help_epilogue="Exit codes: 0 fine, 1 failed, 2 usage or configuration, 3 broker, 4 journal or disk, "
        "5 no running process.",
        error_console=Console(stderr=True),
        help_format="plaintext",
    )
    for name, place in _VERBS.items():
        app.command(place, name=name)
    journal = App(name="journal", help="Check a journal, print it as JSON lines, summarise it, or copy it.")
    for name in _JOURNAL_VERBS:
        journal.command(f"supervisors.verbs_journal:{name}", name=name)
    app.command(journal)
    symbol = App(name="symbol", help="Add a symbol to a running process, take one away, or list them.")
    for name, function in _SYMBOL_VERBS.items():
        symbol.command(f"supervisors.verbs_symbol:{function}", name=name)
    app.command(symbol)
    alerts = App(name="alerts", help="Watch a log and tell people: by mail, Telegram, Slack, on the desktop, …")
    for name, function in _ALERTS_VERBS.items():
        alerts.command(f"supervisors.verbs_alerts:{function}", name=name)
    app.command(alerts)
    rules = App(name="rules", help="Try the rules of a configuration on signals; nothing is sent.")
    for name, function in _RULES_VERBS.items():
        rules.command(f"supervisors.verbs_rules:{function}", name=name)
    app.command(rules)
    log = App(name="log", help="What the lines of the log are, and whether those of a file keep to it.")
    for name, function in _LOG_VERBS.items():
        log.command(f"supervisors.verbs_log:{function}", name=name)
    app.command(log)
    return app
