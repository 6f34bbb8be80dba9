"""Divergence of the options flow: what was bought against what was sold, by delta and value, smoothed twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from simulator.signals.flow import OptionsFlow, Trade, minutes

__all__ = ["LAMBDA_LONG", "LAMBDA_SHORT", "WARM_UP", "divergence_rows"]

LAMBDA_SHORT, LAMBDA_LONG = 0.45, 0.9
WARM_UP = timedelta(minutes=60)  # the smoothing begins so long before the first row

Keep = Callable[[Trade], bool]


def divergence_rows(
    flow: OptionsFlow,
    ticker: str,
    start: datetime,
    end: datetime,
    *,
    lambdas: Sequence[float] = (LAMBDA_SHORT, LAMBDA_LONG),
    keep: Keep = lambda trade: True,
    warm_up: timedelta = WARM_UP,
) -> list[dict[str, Any]]:
    """Return a row for each minute of `[start, end)`.

    `sum_pos` and `sum_neg` are the delta-weighted values (in millions) bought and sold in that minute; `d_pos`, `d_neg`
    their exponential averages with weight λ on the past, `d_diff` the difference, `d_diff_derivative` its change.
    """
    names = ("short", "long")
    state = {name: [0.0, 0.0, 0.0] for name in names}  # d_pos, d_neg, d_diff
    rows = []
    for minute in minutes(start - warm_up, end):
        trades = [trade for trade in flow.trades(ticker, minute) if keep(trade)]
        weights = [trade["updated_delta"] * trade["trade_value"] / 1e6 for trade in trades]
        bought = sum(weight for weight in weights if weight > 0)
        sold = -sum(weight for weight in weights if weight < 0)
        row: dict[str, Any] = {"timestamp": round(minute.timestamp() * 1000), "datetime": minute.isoformat()}
        for name, past in zip(names, lambdas, strict=True):
            positive, negative, difference = state[name]
            positive = past * positive + (1 - past) * bought
            negative = past * negative + (1 - past) * sold
            change = positive - negative - difference
            state[name] = [positive, negative, positive - negative]
            row[f"d_pos_{name}"] = round(positive, 6)
            row[f"d_neg_{name}"] = round(negative, 6)
            row[f"d_diff_{name}"] = round(positive - negative, 6)
            row[f"d_diff_derivative_{name}"] = round(change, 6)
            row[f"lambda_{name}"] = past
        if minute >= start.replace(second=0, microsecond=0):
            row |= {
                "stock_price": flow.price(ticker, minute),
                "sum_pos": round(bought, 6),
                "sum_neg": round(sold, 6),
                "number_of_trades": len(trades),
                "date_added": (minute + timedelta(minutes=1)).isoformat(),
            }
            rows.append(row)
    return rows
