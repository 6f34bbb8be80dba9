"""`rules test`: signals through the rules of a configuration, without anything being sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter

from config.rules import build_rules
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.rule_files import rules_from_files
from supervisors.rule_trial import RuleTrial, TriedSignal
from supervisors.verbs_configuration import ConfigFile, effective

__all__ = ["try_"]


def try_(
    *,
    config: ConfigFile,
    signal: Annotated[Path, Parameter(name=["--signal", "-s"], help="Signals as JSON lines; - is standard input.")],
    json_: Annotated[bool, Parameter(name="--json", negative="", help="One JSON object a line.")] = False,
) -> int:
    """Say for each signal which rules would act and what they would do, and why the others would not.

    Nothing is sent and nothing is written. What a rule asks for is taken to be carried out, so that cooldowns, daily
    limits and positions go on to the next line. Exit code 1 if a line is no signal.
    """
    settings = effective(config, None)
    trial = RuleTrial(settings, (*build_rules(settings), *rules_from_files(settings)))
    refused = acted = count = 0
    for tried in _tried(trial, signal):
        count += 1
        refused += tried.status == "refused"
        acted += tried.acts
        print(json.dumps(attrs.asdict(tried)) if json_ else "\n".join(_in_words(tried)))
    if not json_:
        print(f"{count} signals: {acted} acted on, {refused} refused; nothing was sent")
    return ExitCode.FAILED if refused else ExitCode.FINE


def _tried(trial: RuleTrial, path: Path) -> Iterator[TriedSignal]:
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            data: Any = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield trial.refuse(number, "line", f"is not JSON: {error}")
            continue
        yield trial.take(number, data)


def _lines(path: Path) -> list[str]:
    try:
        return (sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")).splitlines()
    except OSError as error:
        raise ProcessFailed(ExitCode.USAGE, f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ProcessFailed(ExitCode.USAGE, f"{path} is not text in UTF-8") from None


def _in_words(tried: TriedSignal) -> Iterator[str]:
    if tried.status == "refused":
        yield f"line {tried.line}: refused: {tried.reason}"
        return
    head = f"line {tried.line}: {tried.symbol} {tried.signal} at {tried.confidence:g}, {tried.time}"
    if tried.status != "given":
        yield f"{head}: {tried.status}: {tried.reason}"
        return
    yield head if tried.rules else f"{head}: no rule waits for it"
    for rule in tried.rules:
        what = "; then ".join(rule.commands) if rule.commands else rule.why
        yield f"  {rule.rule_id}: {rule.outcome}: {what}"
