"""The verbs for what needs a person: holdings that nobody manages, and alarms."""

from __future__ import annotations

import json
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from messages.position import ExitPlan
from supervisors.control_client import request
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.exit_flags import NO_EXITS, Exits
from supervisors.levels import exit_plan, fill
from supervisors.verbs_configuration import StateDir
from supervisors.verbs_control import Config, Symbol, folder, say

__all__ = ["adopt", "alarms", "change_exits", "release", "settle"]


def adopt(
    symbol: Symbol,
    *,
    exits: Exits = NO_EXITS,
    beside: Annotated[
        bool, Parameter(negative=(), help="Place exits although orders of somebody else rest on the closing side.")
    ] = False,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Take a holding without a plan under management: at the broker's average cost, with these exits.

    Own exits that rest at the broker are taken over. Where orders of somebody else rest on the closing side it is
    refused and they are listed: Pitboss can neither change them nor tie its own to them.
    """
    try:
        plan = exit_plan(ExitPlan(), exits.written())
    except ValueError as error:
        raise ProcessFailed(ExitCode.USAGE, str(error)) from None
    if not plan.protects:
        raise ProcessFailed(ExitCode.USAGE, "adopt needs --stop or --trail: without one nothing would limit the loss")
    how = exits.written() | ({"beside": "yes"} if beside else {})
    say(request(folder(state_dir, config), "adopt", symbol=symbol, **how))


def release(symbol: Symbol, *, state_dir: StateDir = None, config: Config = None) -> None:
    """Manage a position no longer: its exits are cancelled, what is held stays at the broker, without a stop of ours.

    After a split, or to go on by hand. No new risk is taken in the symbol until the holding is adopted or gone.
    """
    say(request(folder(state_dir, config), "release", symbol=symbol))


def settle(
    order_ref: Annotated[str, Parameter(help="The order's reference, from `pitboss status` or the alarm.")],
    *,
    filled: Annotated[str, Parameter(help="What has filled that Pitboss was never told: 100@97.02, or none.")],
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Say how an order ended of which the broker tells no more, from TWS's trade log or the statement.

    For an order that stays UNKNOWN, such as a stop that filled while no process ran, before TWS restarted in the night:
    the fill is booked at that price, without a commission. Refused while the broker may still tell.
    """
    try:
        fill(filled)
    except ValueError as error:
        raise ProcessFailed(ExitCode.USAGE, str(error)) from None
    say(request(folder(state_dir, config), "settle", order_ref=order_ref, filled=filled))


def change_exits(symbol: Symbol, *, exits: Exits = NO_EXITS, state_dir: StateDir = None, config: Config = None) -> None:
    """Change how an open position is left; what is not named stays. Without any flag: show it.

    By hand a stop may be loosened too; `none` takes an exit out.
    """
    try:
        exit_plan(ExitPlan(), exits.written())
    except ValueError as error:
        raise ProcessFailed(ExitCode.USAGE, str(error)) from None
    say(request(folder(state_dir, config), "exits", symbol=symbol, **exits.written()))


def alarms(
    *,
    clear: Annotated[
        str | None, Parameter(help="End the alarm with this id. One whose cause lasts ends only with that.")
    ] = None,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON list, for programs.")] = False,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """List the alarms that stand, with their ids, or clear one that a person has seen to."""
    place = folder(state_dir, config)
    if clear is not None:
        say(request(place, "alarms", clear=clear))
        return
    standing: list[dict[str, Any]] | None = request(place, "status")["status"]["alarms"]
    if standing is None:
        raise ProcessFailed(ExitCode.FAILED, "the actor that keeps the alarms does not answer")
    if json_:
        print(json.dumps(standing))
        return
    console = Console(highlight=False, soft_wrap=True)
    for alarm in standing:
        console.print(f"{alarm['id']}  {alarm['since']}  {alarm['kind']}: {alarm['text']}", markup=False)
    if standing:
        kinds = dict.fromkeys(alarm["kind"] for alarm in standing)
        console.print("what to do: " + ", ".join(f"pitboss runbook {kind}" for kind in kinds), markup=False)
    if not standing:
        print("no alarm stands")
