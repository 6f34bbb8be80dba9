"""What happens in a storm, drawn from its seed before it begins: a list of acts, each a time, a kind and its terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

from attrs import field, frozen

from simulation.acts import Act, drawn_act
from simulation.configuration import drawn_settings
from simulation.days import SYMBOLS as OF_DAYS
from simulation.days import TICK_SECONDS, drawn_days
from simulation.drawing import FAULTS, ORDERS

__all__ = ["START", "Act", "Plan", "Weather", "draw"]

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, half an hour after New York's opening

SYMBOLS = {"AAPL": 100.0, "MSFT": 250.0, "NVDA": 48.0, "AMD": 140.0}
_COMPANION = 0.4  # of the faults have another one close behind them
_AT_ORDER = 0.6  # of the faults come at an order


@frozen(slots=True, kw_only=True)
class Weather:
    """How rough it is: ranges from which a seed draws."""

    minutes: float = 30.0
    orders: tuple[int, int] = (8, 60)
    faults: tuple[int, int] = (5, 30)
    only: tuple[str, ...] = ()  # kinds of faults; () for all
    symbols: Mapping[str, float] = field(factory=dict)  # and their first prices; {} for some of SYMBOLS
    days: int = 0  # whole days with their nights, in place of all the others

    @classmethod
    def dense(cls, minutes: float = 8.0) -> Weather:
        """Return weather with an act every ten seconds and a fault every twenty."""
        each = int(minutes)
        return cls(minutes=minutes, orders=(4 * each, 8 * each), faults=(2 * each, 5 * each))


@frozen(slots=True)
class Plan:
    """A whole storm, as data. `settings` are sections of the configuration, beside and over those of every storm."""

    seed: int
    symbols: Mapping[str, float]
    acts: tuple[Act, ...]
    seconds: float
    volatility: float
    sync_seconds: float
    latency: float
    settings: Mapping[str, Any] = field(factory=dict)
    step_seconds: float = 2.0  # between two ticks of a symbol
    calendar: str = "always"  # or an exchange's: when there are ticks

    def faults(self) -> list[Act]:
        """Return what goes wrong in it."""
        return [act for act in self.acts if act.kind in FAULTS]


def draw(seed: int, weather: Weather | None = None) -> Plan:
    """Return the storm of a seed; the same for the same seed and weather."""
    weather = weather or Weather()
    if weather.days:
        return _days(seed, weather.days)
    dice = Random(f"storm {seed}")
    seconds = weather.minutes * 60.0
    symbols = weather.symbols or dict(dice.sample(sorted(SYMBOLS.items()), dice.randint(1, len(SYMBOLS))))
    orders = [
        drawn_act(dice, ORDERS, list(symbols), dice.uniform(5.0, seconds - 60.0))
        for _ in range(dice.randint(*weather.orders))
    ]
    kinds = {kind: FAULTS[kind] for kind in FAULTS if not weather.only or kind in weather.only}
    faults: list[Act] = []
    wanted = dice.randint(*weather.faults)
    while len(faults) < wanted:
        at = dice.uniform(5.0, seconds - 120.0)
        if orders and dice.random() < _AT_ORDER:
            at = min(max(0.0, dice.choice(orders).at + dice.gauss(0.1, 0.4)), seconds - 120.0)
        elif faults and dice.random() < _COMPANION:
            at = min(faults[-1].at + dice.expovariate(0.4), seconds - 120.0)
        faults.append(drawn_act(dice, kinds, list(symbols), at))
    orders += _undone(orders, seed, seconds)
    return Plan(
        seed=seed,
        symbols=symbols,
        acts=tuple(sorted((*orders, *faults), key=lambda act: act.at)),
        seconds=seconds,
        volatility=dice.choice((0.0005, 0.002, 0.004)),
        sync_seconds=dice.choice((0.0, 0.002, 0.05)),
        latency=dice.choice((0.0005, 0.005, 0.08)),
        settings=drawn_settings(seed, seconds),
    )


def _undone(orders: list[Act], seed: int, seconds: float) -> list[Act]:
    """Whoever halts goes on again, mostly soon: a storm in which nothing is traded shows little."""
    dice = Random(f"undone {seed}")
    undo = {"halt": ("resume",), "flatten": ("rearm", "resume")}
    undone: list[Act] = []
    for act in orders:
        at = act.at + dice.expovariate(1 / 40.0) + 2.0
        for kind in undo.get(act.kind, ()) if at < seconds - 30.0 else ():
            undone.append(Act(round(at, 4), kind, {}, dice.getrandbits(32)))
    return undone


def _days(seed: int, days: int) -> Plan:
    drawn, dice = drawn_days(seed, days, START), Random(f"machine of days {seed}")
    return Plan(
        seed=seed,
        symbols=OF_DAYS,
        acts=drawn.acts,
        seconds=drawn.seconds,
        volatility=dice.choice((0.0005, 0.0015)),
        sync_seconds=dice.choice((0.002, 0.02)),
        latency=dice.choice((0.0005, 0.005, 0.08)),
        settings=drawn.settings,
        step_seconds=TICK_SECONDS,
        calendar="XNYS",
    )
