"""The verbs that say which symbols a running process trades."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from config.loading import with_symbol
from config.problems import SettingsError
from config.settings import Settings
from supervisors.control_client import request
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.verbs_configuration import StateDir
from supervisors.verbs_control import Config, Symbol, folder, say

__all__ = ["add", "list_", "remove"]


def add(
    symbol: Symbol,
    *terms: Annotated[
        str, Parameter(help="Keys of [symbols.X] as in the configuration: sector=technology, stop_loss_pct=0.02, … .")
    ],
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """Trade a symbol from now on: rules, signals and market data take it up. It holds after a restart too.

    Without terms those of the configuration hold if it names the symbol, else the defaults.
    """
    written = {}
    for term in terms:
        key, sign, value = term.partition("=")
        if not sign:
            raise ProcessFailed(ExitCode.USAGE, f'"{term}" is not key=value')
        written[key.strip()] = value.strip()
    try:
        with_symbol(Settings(), symbol.upper(), written)
    except SettingsError as error:
        raise ProcessFailed(ExitCode.USAGE, "; ".join(map(str, error.problems))) from None
    lines = "\n".join(f"{key}={value}" for key, value in written.items())
    say(request(folder(state_dir, config), "symbol", do="add", symbol=symbol, terms=lines or None))


def remove(symbol: Symbol, *, state_dir: StateDir = None, config: Config = None) -> None:
    """Trade a symbol no more, not after a restart either; refused while it has a position or working orders."""
    say(request(folder(state_dir, config), "symbol", do="remove", symbol=symbol))


def list_(
    *,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="One JSON list, for programs.")] = False,
    state_dir: StateDir = None,
    config: Config = None,
) -> None:
    """List the symbols that the running process trades, with their terms."""
    symbols = request(folder(state_dir, config), "symbols")["symbols"]
    if json_:
        print(json.dumps(symbols))
        return
    if not symbols:
        print("no symbol is traded")
        return
    table = Table("symbol", "terms", box=None, pad_edge=False)
    for row in symbols:
        terms = ", ".join(f"{key} {value}" for key, value in row.items() if key != "symbol")
        table.add_row(row["symbol"], terms)
    Console(highlight=False).print(table)
