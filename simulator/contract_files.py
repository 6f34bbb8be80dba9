"""Reads contract definitions: the list shipped with the program, and any TOML or CSV file of the user's.

TOML: an array `contract` of tables. CSV: a header line, then one contract a line. Both use the field names of
`Contract` and `ContractDefinition`; what is left out takes the default of its security type.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs
import cattrs

from simulator.contracts import ContractBook, ContractDefinition
from simulator.market_rules import MARKET_RULES
from simulator.model import Contract

__all__ = ["built_in", "load", "read_rows"]

_CONTRACT_FIELDS = {f.name for f in attrs.fields(Contract)}
_DEFINITION_FIELDS = {f.name for f in attrs.fields(ContractDefinition)} - {"contract"}

_US_EXCHANGES = "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,PSX"
_DEFAULTS: dict[str, dict[str, Any]] = {
    "STK": {"valid_exchanges": _US_EXCHANGES, "stock_type": "COMMON"},
    "OPT": {
        "multiplier": "100",
        "market_rule_id": 110,
        "valid_exchanges": "SMART,AMEX,CBOE,PHLX,ISE,NASDAQOM",
    },
    "FUT": {"calendar": "CMES", "time_zone": "US/Central", "valid_exchanges": "CME", "exchange": "CME"},
    "CASH": {
        "calendar": "24/5",
        "market_rule_id": 239,
        "valid_exchanges": "IDEALPRO",
        "exchange": "IDEALPRO",
        "volatility": 0.08,
    },
    "IND": {"valid_exchanges": "CBOE", "exchange": "CBOE"},
}
"""security type → what holds unless the row says otherwise"""

_converter = cattrs.Converter(forbid_extra_keys=True)
_converter.register_structure_hook(bool, lambda value, _: str(value).lower() in ("1", "true", "yes"))
_converter.register_structure_hook(Decimal, lambda value, _: Decimal(str(value)))
_converter.register_structure_hook(str, lambda value, _: str(value))


def built_in() -> ContractBook:
    """Return the book shipped with the program."""
    text = (files("simulator") / "contracts.toml").read_text(encoding="utf-8")
    return ContractBook(read_rows(tomllib.loads(text)["contract"]))


def load(path: Path) -> list[ContractDefinition]:
    """Read a `.toml` or `.csv` file. Raises ValueError naming the file and the row that is wrong, OSError."""
    try:
        if path.suffix.lower() == ".csv":
            with path.open(newline="", encoding="utf-8") as stream:
                rows = [{k: v for k, v in row.items() if v not in ("", None)} for row in csv.DictReader(stream)]
        else:
            rows = tomllib.loads(path.read_text(encoding="utf-8")).get("contract", [])
        return read_rows(rows)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error


def read_rows(rows: Iterable[Mapping[str, Any]]) -> list[ContractDefinition]:
    """Turn rows of named values into definitions. Raises ValueError for a row that is incomplete or wrong."""
    return [_definition(number, row) for number, row in enumerate(rows, 1)]


def _definition(number: int, row: Mapping[str, Any]) -> ContractDefinition:
    where = f"contract {number} ({row.get('symbol', 'no symbol')})"
    unknown = set(row) - _CONTRACT_FIELDS - _DEFINITION_FIELDS
    if unknown:
        raise ValueError(f"{where}: unknown field {', '.join(sorted(map(str, unknown)))}")
    values = _DEFAULTS.get(str(row.get("sec_type", "STK")), {}) | dict(row)
    symbol = str(values.get("symbol", ""))
    values.setdefault("local_symbol", symbol)
    # IB's trading class of Nasdaq's stocks is that of its National Market System
    national = values.get("primary_exchange") == "NASDAQ" and str(values.get("sec_type", "STK")) == "STK"
    values.setdefault("trading_class", "NMS" if national else symbol)
    rule = int(values.get("market_rule_id", 26))
    if rule not in MARKET_RULES:
        raise ValueError(f"{where}: there is no market rule {rule}")
    values.setdefault("min_tick", str(min(step for _, step in MARKET_RULES[rule])))
    try:
        contract = _converter.structure({k: v for k, v in values.items() if k in _CONTRACT_FIELDS}, Contract)
        rest = {k: v for k, v in values.items() if k in _DEFINITION_FIELDS}
        return _converter.structure({**rest, "contract": attrs.asdict(contract)}, ContractDefinition)
    except (cattrs.BaseValidationError, TypeError, ArithmeticError) as error:
        raise ValueError(f"{where}: {'; '.join(_reasons(error))}") from error


def _reasons(error: Exception) -> list[str]:
    if isinstance(error, cattrs.BaseValidationError):
        return list(cattrs.transform_error(error))
    return [str(error)]
