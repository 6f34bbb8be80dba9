"""The settings with which the process of a storm runs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from config.loading import settings_from
from config.settings import Settings
from simulation.configuration import ON_PREDICTIONS
from simulation.plan import Plan

__all__ = ["SIGNAL_URL", "settings_of"]

SIGNAL_URL = "http://signals/api/v1"


def settings_of(plan: Plan) -> Settings:
    """Return the settings: what every storm has, and what the plan says beside and over that. Raises SettingsError."""
    more: dict[str, Any] = _fractions(plan.settings)
    signals = {"base_url": SIGNAL_URL, "allow_plain_http": True, "poll_seconds": 10.0}
    return settings_from(
        {
            "broker": {"reconcile_seconds": 20.0, **more.pop("broker", {})},
            "signals": {**signals, **more.pop("signals", {})},
            "log": {"pulse_seconds": 0.0},  # whoever writes the log must not change the storm
            "symbols": {symbol: {} for symbol in plan.symbols},
            "rules": _fractions(ON_PREDICTIONS),
            **more,
        },
        {"API_KEY": "key"},
    )


def _fractions(value: Any) -> Any:
    """Copy what a configuration file could say, with its fractions as Decimal."""
    match value:
        case float():
            return Decimal(repr(value))
        case Mapping():
            return {key: _fractions(item) for key, item in value.items()}
        case list() | tuple():
            return [_fractions(item) for item in value]
    return value
