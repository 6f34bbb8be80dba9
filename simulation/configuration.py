"""The configuration of a storm, drawn from its seed: limits, a restart window, rules that add to positions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

__all__ = ["ON_PREDICTIONS", "drawn_settings"]

_BEGIN = timedelta(hours=10)  # a storm begins at 10:00 in New York
_PREDICTION = {"event": "PredictionSignalEvent", "do": "create_position", "quantity": 40, "cooldown_seconds": 60}
ON_PREDICTIONS = [
    {**_PREDICTION, "id": "up", "side": "BUY", "when": {"signal": "BUY", "confidence": ">= 0.8"}},
    {**_PREDICTION, "id": "down", "side": "SELL", "when": {"signal": "SELL", "confidence": ">= 0.8"}},
]
"""The rules of a storm that has no others."""
_ADDING: list[dict[str, Any]] = [
    {
        "id": "more",
        "event": "PriceEvent",
        "do": "scale_in",
        "scale_quantity": 10,
        "trigger_profit_pct": 0.004,
        "max_times": 2,
        "cooldown_seconds": 20,
    },
    {
        "id": "lower",
        "event": "PositionOpenEvent",
        "do": "double_down",
        "distance_to_stop_multiplier": 0.4,
        "quantity_multiplier": 1,
    },
]


def drawn_settings(seed: int, seconds: float) -> Mapping[str, Any]:
    """Return sections of the configuration for a storm of that length."""
    dice = Random(f"configuration {seed}")
    settings: dict[str, Any] = {}
    if dice.random() < 0.4:
        settings["risk"] = {
            "max_position_shares": dice.choice((120, 260)),
            "max_order_notional": 30_000,
            "max_gross_exposure": dice.choice((40_000, 90_000)),
            "on_limit": dice.choice(("reject", "resize")),
        }
    if dice.random() < 0.3:
        begin = _BEGIN + timedelta(seconds=dice.uniform(60.0, seconds / 2))
        end = begin + timedelta(seconds=max(60.0, dice.uniform(0.1, 0.3) * seconds))
        settings["broker"] = {"restart_windows": [f"{_minute(begin)}-{_minute(end)} America/New_York"]}
    if dice.random() < 0.35:
        settings["rules"] = [*ON_PREDICTIONS, *_ADDING]
    return settings


def _minute(time: timedelta) -> str:
    minutes = int(time.total_seconds()) // 60
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
