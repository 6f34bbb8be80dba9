"""The verb for entries of which one is to fill."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from messages.order import Side
from messages.position import ExitPlan
from supervisors.control_client import request
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.exit_flags import NO_EXITS, Exits
from supervisors.levels import amount, entries, exit_plan
from supervisors.verbs_configuration import StateDir
from supervisors.verbs_control import Config, Symbol, folder, say

__all__ = ["oco"]


def oco(
    symbol: Symbol,
    side: Annotated[str, Parameter(help="buy or sell.")],
    quantity: Annotated[str, Parameter(help="Number of shares of each.")],
    *legs: Annotated[str, Parameter(help="Two or more of limit@95.00 and stop@105.00.")],
    exits: Exits = NO_EXITS,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Place entries of which one is to fill: the broker then cancels the others. Exits are sent after the fill."""
    written = ",".join(legs)
    try:
        if side.lower() not in ("buy", "sell"):
            raise ValueError(f'"{side}" is not buy or sell')
        entries(Side(side.upper()), amount(quantity, "a number of shares"), written)
        exit_plan(ExitPlan(), exits.written())
    except ValueError as error:
        raise ProcessFailed(ExitCode.USAGE, str(error)) from None
    fields = {"symbol": symbol, "side": side.lower(), "quantity": quantity, "legs": written, **exits.written()}
    say(request(folder(state_dir, config), "oco", **fields))
