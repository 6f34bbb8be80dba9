# mypy: disable-error-code="import-not-found"
# the package is in another environment than the one that is checked
"""Replays a recording through NautilusTrader's BacktestEngine: `python -m benchmarks.nautilus.run FILE SYMBOLS TICKS`.

FILE holds last prices (see benchmarks/replay_ticks.py); each becomes a TradeTick without an aggressor, by which the
venue sets bid, ask and last. Prints one JSON object: the seconds of `BacktestEngine.run`, and the exits. What costs
time and is not asked for is off: logging, analysis, the risk engine, the account's changes, latency.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import nautilus_trader
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import BacktestEngineConfig, LoggingConfig, RiskEngineConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, OmsType
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity

from benchmarks.nautilus.strategy import PLACES, HoldEach, HoldEachConfig
from benchmarks.replay_ticks import read, spread

__all__ = ["replay"]

VENUE = Venue("SIM")
BEGAN = 1_641_535_089_000_000_000  # 2022-01-07, in ns
APART = 1_000  # ns between two ticks


def instrument(symbol: int) -> Equity:
    """Return one with four decimal places."""
    name = Symbol(f"S{symbol}")
    return Equity(
        instrument_id=InstrumentId(name, VENUE),
        raw_symbol=name,
        currency=USD,
        price_precision=PLACES,
        price_increment=Price(10**-PLACES, PLACES),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )


def replay(path: Path, symbols: int, count: int) -> dict[str, Any]:
    """Run it; return what it took and what came of it."""
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True), risk_engine=RiskEngineConfig(bypass=True), run_analysis=False
        )
    )
    engine.add_venue(
        VENUE,
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money(1_000_000_000, USD)],
        trade_execution=True,
        frozen_account=True,
    )
    instruments = [instrument(symbol) for symbol in range(symbols)]
    for each in instruments:
        engine.add_instrument(each)
    ticks = []
    for number, (symbol, _, price, size) in enumerate(spread(read(path), symbols, count)):
        when = BEGAN + number * APART
        at, how_many, side = Price(price, PLACES), Quantity(size, 0), AggressorSide.NO_AGGRESSOR
        ticks.append(TradeTick(instruments[symbol].id, at, how_many, side, TradeId(str(number)), when, when))
    engine.add_data(ticks)
    entered = BEGAN + symbols * APART - APART // 2  # between each one's first tick and its second
    strategy = HoldEach(HoldEachConfig(enter_at_ns=entered), instruments)
    engine.add_strategy(strategy)
    start, start_cpu = time.perf_counter(), time.process_time()
    engine.run()
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    exits = [(symbol, role, (when - BEGAN) // APART, price) for symbol, role, when, price in strategy.exits]
    working = len(engine.cache.orders_open())
    engine.dispose()
    return {
        "version": nautilus_trader.__version__,
        "seconds": seconds,
        "cpu": cpu,
        "entries": strategy.entries,
        "exits": exits,
        "rejected": strategy.rejections,
        "working": working,
    }


if __name__ == "__main__":
    print(json.dumps(replay(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
