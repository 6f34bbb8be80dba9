"""`doctor`: whether this machine and this configuration are fit to trade on, and what to do where they are not."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import attrs
import trio
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from config.environment import Environment, machine
from config.problems import SettingsError
from config.redaction import redact
from config.settings import Settings
from supervisors.control_client import request
from supervisors.doctor.calendars import check_calendars
from supervisors.doctor.clock import check_clock, check_drift, kernel_clock
from supervisors.doctor.disk import check_disk, check_folder
from supervisors.doctor.files import check_alerts, check_journal, check_log
from supervisors.doctor.finding import Finding, Verdict, fail, ok, warn
from supervisors.doctor.reach import check_broker, check_running_broker, check_signals
from supervisors.doctor.versions import check_versions
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.verbs_configuration import StateDir, effective, notes

__all__ = ["doctor"]

_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}
_OptionalConfig = Annotated[
    Path | None, Parameter(name=["--config", "-c"], help="The configuration; without it only the machine is looked at.")
]


def doctor(
    *,
    config: _OptionalConfig = None,
    state_dir: StateDir = None,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON list, for programs.")] = False,
) -> int:
    """Check clock, disk, permissions, broker, signals, versions, configuration, journal, log, calendars and alerts.

    Changes nothing, and may be run beside a running process. Exit code 1 if something fails; 0 with warnings.
    """
    findings = trio.run(_examine, config, state_dir, machine())
    if json_:
        print(json.dumps([{**attrs.asdict(each), "text": redact(each.text)} for each in findings], indent=1))
    else:
        _show(findings)
    return ExitCode.FAILED if any(each.verdict is Verdict.FAIL for each in findings) else ExitCode.FINE


async def _examine(config: Path | None, state_dir: Path | None, environment: Environment) -> list[Finding]:
    began = (environment.now(), trio.current_time())
    findings = [*check_clock(kernel_clock()), *check_versions()]
    settings = _configured(config, state_dir, findings)
    if settings is not None:
        folder = settings.process.state_dir
        findings += [*check_folder(folder), *check_disk(folder, trio.current_time)]
        if all(each.verdict is not Verdict.FAIL for each in findings if each.check == "state folder"):
            findings += [*check_journal(settings), *check_log(settings)]
        findings += check_calendars(settings, environment.now())
        findings += check_alerts(settings, os.environ)
        findings += await _reached(settings, environment)
    findings += check_drift(began, environment.now, trio.current_time)
    return findings


def _configured(config: Path | None, state_dir: Path | None, findings: list[Finding]) -> Settings | None:
    if config is None and state_dir is None:
        advice = "name one with --config, to have disk, broker and all the rest looked at"
        findings.append(warn("configuration", "none was named", advice))
        return None
    if config is None:
        findings.append(ok("configuration", "none was named: the defaults"))
        return effective(None, state_dir)
    try:
        settings = effective(config, state_dir)
    except SettingsError as error:
        findings += [fail("configuration", str(problem), f"correct it in {config}") for problem in error.problems]
        return None
    findings.append(ok("configuration", f"{config}: {len(settings.symbols)} symbols, {settings.broker.mode}"))
    remarks: Iterable[str] = (note for note in notes(settings) if note != "this trades real money")
    findings += [warn("configuration", remark, f"see docs/risk.md, and {config}") for remark in remarks]
    return settings


async def _reached(settings: Settings, environment: Environment) -> list[Finding]:
    found: dict[str, list[Finding]] = {}

    async def keep(name: str, look: Callable[[], Awaitable[list[Finding]]]) -> None:
        found[name] = await look()

    async def broker() -> list[Finding]:
        running = await trio.to_thread.run_sync(_status, settings.process.state_dir)
        if isinstance(running, Finding):
            return [running]
        if running:
            return list(check_running_broker(running))
        return await check_broker(settings, environment.now())

    async def signals() -> list[Finding]:
        return await check_signals(settings, environment.now())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(keep, "broker", broker)
        nursery.start_soon(keep, "signals", signals)
    return found["broker"] + found["signals"]


def _status(state_dir: Path) -> dict[str, Any] | Finding:
    """What a process that runs in the folder says; {} where none does."""
    try:
        return dict(request(state_dir, "status")["status"])
    except ProcessFailed as error:
        if error.code == ExitCode.NO_PROCESS:
            return {}
        return fail("process", f"one runs here, and does not answer: {error}", "pitboss runbook log.silent")


def _show(findings: list[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for each in findings:
        line = Text.assemble((f"{each.verdict:<5}", _STYLES[each.verdict]), f" {each.check:<13} {redact(each.text)}")
        console.print(line)
        if each.advice:
            console.print(Text(f"{'':<19} → {redact(each.advice)}"))
    counts = Counter(each.verdict for each in findings)
    print(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict))
