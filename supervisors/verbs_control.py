"""The verbs that speak to a running process."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from config.loading import load_process
from messages.position import ExitPlan
from supervisors.control_client import request
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.exit_flags import NO_EXITS, ExitFlags, Exits
from supervisors.levels import amount, exit_plan
from supervisors.status_view import status_page
from supervisors.verbs_configuration import StateDir

__all__ = [
    "Config",
    "Symbol",
    "buy",
    "cancel",
    "close",
    "flatten",
    "folder",
    "halt",
    "rearm",
    "resume",
    "say",
    "sell",
    "status",
]

Config = Annotated[
    Path | None, Parameter(name=["--config", "-c"], help="The configuration whose [process] state_dir is meant.")
]
Symbol = Annotated[str, Parameter(help="The symbol, as in the configuration.")]
Quantity = Annotated[str, Parameter(help="Number of shares.")]
Limit = Annotated[str | None, Parameter(help="Limit price; without it a market order.")]
Reason = Annotated[str | None, Parameter(help="Why, for the journal.")]


def status(
    *,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON object, for programs.")] = False,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Show state, connection, positions, orders, actors and alarms of a running process."""
    answer = request(folder(state_dir, config), "status")["status"]
    if json_:
        print(json.dumps(answer))
    else:
        Console(highlight=False).print(status_page(answer))


def buy(
    symbol: Symbol,
    quantity: Quantity,
    *,
    limit: Limit = None,
    exits: Exits = NO_EXITS,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Open a long position, add to one, or make a short one smaller."""
    _trade("buy", symbol, quantity, limit, exits, folder(state_dir, config))


def sell(
    symbol: Symbol,
    quantity: Quantity,
    *,
    limit: Limit = None,
    exits: Exits = NO_EXITS,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Make a long position smaller, open a short one, or add to one."""
    _trade("sell", symbol, quantity, limit, exits, folder(state_dir, config))


def close(symbol: Symbol, *, state_dir: StateDir = None, config: Config = None) -> None:
    """Close a position: its entries are cancelled, what is held is sold or bought back."""
    say(request(folder(state_dir, config), "close", symbol=symbol))


def cancel(
    order_ref: Annotated[str, Parameter(help="The order's reference, from `pitboss status`.")],
    *,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Cancel a working order."""
    say(request(folder(state_dir, config), "cancel", order_ref=order_ref))


def halt(*, reason: Reason = None, state_dir: StateDir = None, config: Config = None) -> None:
    """Allow no new risk from now on, also after a restart: entries are cancelled, exits go on."""
    say(request(folder(state_dir, config), "halt", reason=reason))


def resume(*, reason: Reason = None, state_dir: StateDir = None, config: Config = None) -> None:
    """Allow new risk again after a halt. After a trip of the breaker: rearm."""
    say(request(folder(state_dir, config), "resume", reason=reason))


def rearm(
    *,
    reason: Annotated[str, Parameter(help="Why it may trade again, for the journal.")],
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Allow new risk again after the breaker has tripped, or after flatten."""
    if not reason.strip():
        raise ProcessFailed(ExitCode.USAGE, "say why it may trade again: --reason …")
    say(request(folder(state_dir, config), "rearm", reason=reason))


def flatten(
    symbol: Annotated[str | None, Parameter(help="Only this symbol; without it everything, until rearm.")] = None,
    *,
    reason: Reason = None,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Close everything, or one symbol."""
    say(request(folder(state_dir, config), "flatten", symbol=symbol, reason=reason))


def _trade(verb: str, symbol: str, quantity: str, limit: str | None, exits: ExitFlags, place: Path) -> None:
    try:
        amount(quantity, "a number of shares")
        if limit is not None:
            amount(limit, "a price")
        exit_plan(ExitPlan(), exits.written())
    except ValueError as error:
        raise ProcessFailed(ExitCode.USAGE, str(error)) from None
    say(request(place, verb, symbol=symbol, quantity=quantity, limit=limit, **exits.written()))


def folder(state_dir: Path | None, config: Path | None) -> Path:
    """Return the state folder that these options mean. Raises SettingsError."""
    return state_dir.expanduser() if state_dir is not None else load_process(config, os.environ).state_dir


def say(reply: Any) -> None:
    """Print what a command came to, and the orders that it is about."""
    print(reply["text"])
    for order_ref in reply["order_refs"]:
        print(order_ref)
