"""`demo`: everything at once, for somebody who sees Pitboss for the first time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from supervisors.demo import run_demo
from supervisors.durations import seconds
from supervisors.exit_codes import ExitCode, ProcessFailed

__all__ = ["demo"]


def demo(
    *,
    for_: Annotated[str | None, Parameter(name="--for", help="How long: 30s, 5m; without it until Ctrl-C.")] = None,
    seed: Annotated[int, Parameter(help="Of the market and of the predictions.")] = 4,
    state_dir: Annotated[
        Path | None, Parameter(help="Folder for journal and log; a new one under var/ for each run unless given.")
    ] = None,
) -> None:
    """Trade a small portfolio against a paper TWS and a signal service on this machine, and show it."""
    try:
        duration = None if for_ is None else seconds(for_)
    except ValueError as error:
        raise ProcessFailed(ExitCode.USAGE, f"--for: {error}") from None
    run_demo(duration, seed, state_dir)
