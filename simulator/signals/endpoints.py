"""What each endpoint answers: the `data` of the success envelope."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from simulator.signals.divergence import LAMBDA_LONG, LAMBDA_SHORT, Keep, divergence_rows
from simulator.signals.flow import Trade, minutes
from simulator.signals.parameters import EASTERN, flag, number, required, span, whole
from simulator.signals.problem import Problem
from simulator.signals.service import SignalService

__all__ = [
    "data_range",
    "divergence",
    "latest_prediction",
    "minute_data",
    "predictions",
    "status",
    "tickers",
    "trades",
]

DAY = timedelta(days=1)
_FILTERS = (("value", "trade_value"), ("size", "size"), ("delta", "delta"))
"""name in the query → field of a trade"""


def status(service: SignalService, request: Request, now: datetime) -> dict[str, Any]:
    """Return the service's state."""
    eastern = now.astimezone(EASTERN)
    opens, closes = time(9, 30), time(16, 0)
    threads = {f"predictor_{ticker}": "running" for ticker in service.tickers} if service.settings.generated else {}
    return {
        "system": {
            "service": "Options Flow Monitor",
            "status": "running",
            "current_time_et": eastern.isoformat(timespec="seconds"),
            "timezone": "America/New_York",
        },
        "market": {
            "is_market_hours": eastern.weekday() < 5 and opens <= eastern.time() < closes,
            "market_open": f"{opens:%H:%M}",
            "market_close": f"{closes:%H:%M}",
        },
        "tickers": list(service.tickers),
        "threads": threads,
        "ml_system": {"running": service.settings.generated, "predictors": list(service.tickers)},
    }


def tickers(service: SignalService, request: Request, now: datetime) -> dict[str, Any]:
    """Return the tickers served."""
    return {"tickers": list(service.tickers), "count": len(service.tickers)}


def latest_prediction(service: SignalService, request: Request, now: datetime) -> dict[str, Any]:
    """Return a ticker's last prediction."""
    ticker = _ticker(service, request.query_params)
    model = _model(ticker, request.query_params)
    prediction = service.latest(ticker)
    if prediction is None:
        raise Problem(404, f"No prediction available for ticker {ticker}")
    return {"ticker": ticker, "prediction": prediction.body(), "model_info": model}


def predictions(service: SignalService, request: Request, now: datetime) -> dict[str, Any]:
    """Return a ticker's predictions of the last day or of the dates asked, oldest first."""
    query = request.query_params
    ticker = _ticker(service, query)
    model = _model(ticker, query)
    found = service.between(ticker, *span(query, now, DAY), whole(query, "limit", 100))
    return {
        "ticker": ticker,
        "predictions": [one.body() for one in found],
        "count": len(found),
        "model_info": model,
    }


def trades(service: SignalService, request: Request, now: datetime) -> dict[str, Any]:
    """Return the last option trades of the span asked, oldest first."""
    query = request.query_params
    ticker = _ticker(service, query)
    start, end = _recent_span(query, now)
    limit = whole(query, "limit", 100)
    found: list[Trade] = []
    for minute in reversed(list(minutes(start, end))):
        within = [one for one in service.flow.trades(ticker, minute) if _between(one, start, end)]
        found = within + found
        if len(found) >= limit:
            break
    found = found[-limit:]
    return {"ticker": ticker, "trades": found, "count": len(found)}


def minute_data(service: SignalService, request: Request, now: datetime) -> dict[str, Any]:
    """Return the last finished minute bars of the span asked, oldest first."""
    query = request.query_params
    ticker = _ticker(service, query)
    start, end = _recent_span(query, now)
    finished = [minute for minute in minutes(start, end) if minute + timedelta(minutes=1) <= now]
    found = [service.flow.bar(ticker, minute) for minute in finished[-whole(query, "limit", 100) :]]
    return {"ticker": ticker, "minute_data": found, "count": len(found)}


def divergence(service: SignalService, request: Request, now: datetime) -> dict[str, Any]:
    """Return the last divergence rows of the span asked, or of `days`, oldest first."""
    query = request.query_params
    ticker = _ticker(service, query)
    start, end = span(query, now, whole(query, "days", 1, most=7) * DAY)
    limit = whole(query, "limit", 1440)
    start = max(start, end - limit * timedelta(minutes=1))
    rows = divergence_rows(service.flow, ticker, start, end)[-limit:]
    return {"ticker": ticker, "divergence_data": rows, "count": len(rows)}


def data_range(service: SignalService, request: Request, now: datetime) -> dict[str, Any]:
    """Return divergence worked out anew from the trades that pass the filters; one day at most."""
    query = request.query_params
    ticker = _ticker(service, query)
    required(query, "start_date")
    required(query, "end_date")
    start, end = span(query, now, DAY)
    if end - start > DAY + timedelta(hours=1):  # the day on which clocks are put back has 25 hours
        raise Problem(400, "The range may span one day at most")
    lookback = number(query, "lookback_hours", 8.0) or 0.0
    if not 0 <= lookback <= 48:
        raise Problem(400, "Parameter lookback_hours must lie between 0 and 48")
    lambdas = (_weight(query, "lambda_short", LAMBDA_SHORT), _weight(query, "lambda_long", LAMBDA_LONG))
    filters, keep = _filters(query)
    every = [one for minute in minutes(start, end) for one in service.flow.trades(ticker, minute)]
    rows = divergence_rows(
        service.flow, ticker, start, end, lambdas=lambdas, keep=keep, warm_up=timedelta(hours=lookback)
    )
    return {
        "ticker": ticker,
        "parameters": {
            "start_date": query["start_date"],
            "end_date": query["end_date"],
            "lookback_hours": lookback,
            "lambda_short": lambdas[0],
            "lambda_long": lambdas[1],
            "filters": filters,
        },
        "data_info": {
            "original_trades": len(every),
            "filtered_trades": sum(1 for one in every if keep(one)),
            "minute_data_points": len(rows),
            "divergence_points": len(rows),
        },
        "divergence_data": rows,
    }


def _ticker(service: SignalService, query: QueryParams) -> str:
    ticker = required(query, "ticker").upper()
    if ticker not in service.tickers:
        raise Problem(404, f"Unknown ticker: {ticker}")
    return ticker


def _model(ticker: str, query: QueryParams) -> dict[str, Any]:
    default = flag(query, "use_default_only")
    name = "default" if default else ticker.lower()
    return {
        "model_path": f"models/{name}_predictor.joblib",
        "is_ticker_specific": not default,
        "using_default_only": default,
    }


def _recent_span(query: QueryParams, now: datetime) -> tuple[datetime, datetime]:
    # `recent` asks for what has just happened, whatever dates are given
    return (now - timedelta(hours=1), now) if flag(query, "recent") else span(query, now, DAY)


def _between(trade: Trade, start: datetime, end: datetime) -> bool:
    return bool(start.timestamp() * 1000 <= trade["trade_timestamp"] <= end.timestamp() * 1000)


def _weight(query: QueryParams, name: str, default: float) -> float:
    value = number(query, name, default)
    if value is None or not 0 <= value < 1:
        raise Problem(400, f"Parameter {name} must be at least 0 and below 1")
    return value


def _filters(query: QueryParams) -> tuple[dict[str, float | None], Keep]:
    bounds = [
        (field, number(query, f"min_{name}", None), number(query, f"max_{name}", None)) for name, field in _FILTERS
    ]

    def keep(trade: Trade) -> bool:
        return all(
            (low is None or abs(trade[field]) >= low) and (high is None or abs(trade[field]) <= high)
            for field, low, high in bounds
        )

    written: dict[str, float | None] = {}
    for (name, _), (_, low, high) in zip(_FILTERS, bounds, strict=True):
        written |= {f"min_{name}": low, f"max_{name}": high}
    return written, keep
