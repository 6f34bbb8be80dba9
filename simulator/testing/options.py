"""What a test asks of its paper TWS, as settings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from simulator.app import SimulatorSettings

__all__ = ["DEFAULTS", "settings_of"]

DEFAULTS: Mapping[str, Any] = {"port": 0, "feed": "manual"}
"""What is otherwise than in `SimulatorSettings`: a free port, and a market that the test moves."""

_PATHS = ("contracts", "faults", "book")


def settings_of(options: Mapping[str, Any], folder: Path = Path()) -> SimulatorSettings:
    """Return settings from options by the names of `SimulatorSettings`; relative paths are looked up in `folder`.

    Raises ValueError that names an option that there is not, or a value that cannot be.
    """
    known = {field.name for field in attrs.fields(SimulatorSettings)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f"unknown option {', '.join(unknown)}; there are {', '.join(sorted(known))}")
    values = {**DEFAULTS, **options}
    for name in _PATHS:
        if values.get(name) is not None:
            values[name] = folder / Path(values[name]).expanduser()
    if "cash" in values:
        values["cash"] = Decimal(str(values["cash"]))
    return SimulatorSettings(**values)
