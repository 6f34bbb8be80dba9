"""Options flow of a ticker, trades and minute bars: from a seed, for any minute, without the minutes before."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.signals.generator import PriceOf
from simulator.signals.noise import PricePath

__all__ = ["OptionsFlow", "Trade", "minutes"]

Trade = dict[str, Any]
MINUTE = timedelta(minutes=1)


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    """Return the whole minutes of `[start, end)`."""
    at = start.replace(second=0, microsecond=0)
    while at < end:
        yield at
        at += MINUTE


class OptionsFlow:
    """Trades in a ticker's options, and the underlying's price."""

    def __init__(self, seed: int, price_of: PriceOf | None, now: Callable[[], datetime]) -> None:
        self._seed = seed
        self._price_of = price_of
        self._now = now
        self._paths: dict[str, PricePath] = {}

    def price(self, ticker: str, at: datetime) -> float:
        """Return the underlying's price; it leads up to the last one where that is known."""
        path = self._paths.get(ticker)
        if path is None:
            path = self._paths[ticker] = PricePath(ticker, self._seed)
        current = self._price_of(ticker) if self._price_of is not None else None
        scale = current / path.at(self._now().timestamp()) if current is not None and current > 0 else 1.0
        return round(path.at(at.timestamp()) * scale, 4)

    def bar(self, ticker: str, minute: datetime) -> dict[str, Any]:
        """Return the underlying's bar of one minute."""
        prices = [self.price(ticker, minute + timedelta(seconds=second)) for second in range(0, 61, 10)]
        drawn = random.Random(f"{self._seed}/{ticker}/bar/{minute.timestamp()}")
        return {
            "ticker": ticker,
            "timestamp": _milliseconds(minute),
            "datetime": minute.isoformat(),
            "open": prices[0],
            "high": max(prices),
            "low": min(prices),
            "close": prices[-1],
            "volume": round(drawn.lognormvariate(9.5, 0.8)),
            "date_added": (minute + MINUTE).isoformat(),
        }

    def trades(self, ticker: str, minute: datetime) -> list[Trade]:
        """Return the option trades of one minute, oldest first."""
        drawn = random.Random(f"{self._seed}/{ticker}/trades/{minute.timestamp()}")
        times = sorted(drawn.uniform(0, 60) for _ in range(drawn.choice((0, 1, 1, 2, 3, 5))))
        return [self._trade(ticker, minute + timedelta(seconds=time), drawn, n) for n, time in enumerate(times)]

    def _trade(self, ticker: str, at: datetime, drawn: random.Random, number: int) -> Trade:
        spot = self.price(ticker, at)
        step = 1.0 if spot < 100 else 5.0
        strike = max(round(spot * drawn.uniform(0.92, 1.08) / step) * step, step)
        call = drawn.random() < 0.55
        days = drawn.choice((7, 14, 30, 60))
        expiry = (at + timedelta(days=days)).date()
        expiry += timedelta(days=(4 - expiry.weekday()) % 7)  # a Friday
        distance = (spot - strike) / spot / (0.04 * (days / 7) ** 0.5)
        delta = round(min(max(0.5 + 0.35 * distance, 0.02), 0.98) - (0 if call else 1), 4)
        intrinsic = max(spot - strike if call else strike - spot, 0.0)
        middle = intrinsic + spot * 0.015 * (days / 7) ** 0.5 * max(1 - abs(distance) / 3, 0.1)
        bid, ask = round(max(middle * 0.985, 0.01), 2), round(middle * 1.015 + 0.01, 2)
        at_ask = drawn.random() < 0.5
        price = ask if at_ask else bid
        size = round(drawn.lognormvariate(2.0, 1.2)) + 1
        updated = round(delta if at_ask else -delta, 4)  # bought at the ask, sold at the bid
        return {
            "id": int(at.timestamp() // 60) * 10 + number,
            "ticker": ticker,
            "option_symbol": f"{ticker:<6}{expiry:%y%m%d}{'C' if call else 'P'}{round(strike * 1000):08d}",
            "trade_timestamp": _milliseconds(at),
            "trade_datetime": at.isoformat(timespec="milliseconds"),
            "price": price,
            "size": size,
            "trade_value": round(price * size * 100, 2),
            "bid": bid,
            "ask": ask,
            "price_threshold": round((bid + ask) / 2, 4),
            "delta": delta,
            "updated_delta": updated,
            "underlying_price": spot,
            "underlying_bid": round(spot - 0.01, 4),
            "underlying_ask": round(spot + 0.01, 4),
            "date_added": at.astimezone(UTC).isoformat(timespec="milliseconds"),
        }


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
