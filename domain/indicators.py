"""Indicators from bars, one value after each bar. The arithmetic is talipp's, which is incremental and pure Python."""

from __future__ import annotations

from collections import deque
from datetime import date, tzinfo
from typing import Any

from messages.indicator import Bar

__all__ = ["KINDS", "Indicator"]

KINDS = ("atr", "sma", "ema", "rsi", "vwap")
_MEMORY = 20  # periods that are kept to begin anew from: what lies before has faded to 1e-8 in an EMA
_RENEW = 4096  # inputs after which that is done; talipp keeps them all


class Indicator:
    """One indicator of one symbol.

    `atr` is the mean of the last `period` true ranges (the largest of H − L, |H − previous C|, |L − previous C|), so it
    is known after period + 1 bars; `sma`, `ema` and `rsi` (Wilder's) are of closes; `vwap` is of the day so far, by the
    typical price, and ignores `period`.
    """

    def __init__(self, kind: str, period: int, zone: tzinfo) -> None:
        """`zone` is the exchange's: its days begin the VWAP anew. Raises ValueError for another kind."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no indicator; known are {', '.join(KINDS)}")
        self._kind = kind
        self._period = period
        self._zone = zone
        self._close: float | None = None  # of the bar before
        self._day: date | None = None
        self._inputs: deque[Any] = deque(maxlen=_MEMORY * (period + 1))
        self._count = 0
        self._computed = self._new()

    @property
    def value(self) -> float | None:
        """The value after the last bar; None while there are too few."""
        values = [float(series[-1]) for series in self._computed if series and series[-1] is not None]
        if len(values) < len(self._computed):
            return None
        if self._kind != "rsi":
            return values[0]
        gain, loss = values
        return 100.0 * gain / (gain + loss) if gain + loss else 50.0

    @property
    def needed(self) -> int:
        """How many bars to begin with, so that the value no longer depends on where it began."""
        return 1 if self._kind == "vwap" else 2 * self._period if self._kind in ("atr", "sma") else 8 * self._period

    def add(self, bar: Bar) -> None:
        """Take a bar that has ended; they come in order."""
        values = self._input(bar)
        if values is None:
            return
        self._count += 1
        self._inputs.append(values)
        if self._count > _RENEW and self._kind != "vwap":
            self._computed, self._count = self._new(), len(self._inputs)
            for kept in self._inputs:
                self._compute(kept)
        else:
            self._compute(values)

    def _compute(self, values: tuple[Any, ...]) -> None:
        for series, value in zip(self._computed, values, strict=True):
            series.add(value)

    def _input(self, bar: Bar) -> tuple[Any, ...] | None:
        """Return one input for each series, None while the bar before is missing."""
        before, self._close = self._close, bar.close
        match self._kind:
            case "atr":
                if before is None:
                    return None
                return (max(bar.high - bar.low, abs(bar.high - before), abs(bar.low - before)),)
            case "rsi":
                if before is None:
                    return None
                return (max(bar.close - before, 0.0), max(before - bar.close, 0.0))
            case "vwap":
                return self._of_the_day(bar)
            case _:
                return (bar.close,)

    def _of_the_day(self, bar: Bar) -> tuple[Any, ...]:
        day = bar.start.astimezone(self._zone).date()
        if day != self._day:
            self._day, self._computed = day, self._new()
        # imported here, as below: a process without indicators does without
        from talipp.ohlcv import OHLCV

        return (OHLCV(bar.open, bar.high, bar.low, bar.close, bar.volume),)

    def _new(self) -> tuple[Any, ...]:
        from talipp import indicators

        match self._kind:
            case "vwap":
                return (indicators.VWAP(),)
            case "rsi":
                # talipp's own divides by zero where the price does not move
                return (indicators.SMMA(self._period), indicators.SMMA(self._period))
            case "ema":
                return (indicators.EMA(self._period),)
            case _:
                # of true ranges a plain mean too: talipp's own ATR smooths them as Wilder did
                return (indicators.SMA(self._period),)
