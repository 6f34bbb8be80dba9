"""`run`: the supervisor process."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from config.problems import Problem, SettingsError
from supervisors.launch import launch
from supervisors.verbs_configuration import ConfigFile, StateDir, effective

__all__ = ["run"]


def run(
    *,
    config: ConfigFile,
    state_dir: StateDir = None,
    live: Annotated[bool, Parameter(negative=(), help='Confirm that mode = "live" trades real money.')] = False,
) -> None:
    """Trade until SIGINT or SIGTERM.

    A second signal ends it at once. SIGUSR1 writes every actor's state to the log, SIGHUP reopens the log.
    """
    settings = effective(config, state_dir)
    if settings.broker.mode == "live" and not live:
        raise SettingsError([Problem("broker.mode", '"live" trades real money: confirm it with --live')])
    if live and settings.broker.mode != "live":
        raise SettingsError([Problem("--live", f'broker.mode is "{settings.broker.mode}" in {config}')])
    launch(settings)
