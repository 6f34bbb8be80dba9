"""Whole trading days and their nights, drawn from a seed: sessions of New York, and what happens between them.

Ten symbols, a tick of each every ten seconds while the exchange is open, twenty acts of people and predictions a day,
and fifteen faults, a few of them at night. At 23:45 the gateway restarts, with order ids from 1 and without the day's
executions; the process is stopped and started, or dies, in some nights. By 9:15 all must agree again. Some seeds are
flat before the close, others keep their positions and the exits at the broker overnight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from attrs import frozen

from simulation.acts import Act, drawn_act
from simulation.drawing import FAULTS, ORDERS
from simulation.terms import Draw
from simulator.venue.sessions import ExchangeSessions

__all__ = ["SYMBOLS", "Days", "drawn_days"]

SYMBOLS = {
    "AAPL": 230.0,
    "AMD": 138.0,
    "AMZN": 200.0,
    "GOOGL": 170.0,
    "META": 560.0,
    "MSFT": 430.0,
    "NFLX": 880.0,
    "NVDA": 140.0,
    "PLTR": 62.0,
    "TSLA": 340.0,
}
TICK_SECONDS = 10.0
_NEW_YORK = ZoneInfo("America/New_York")
_RESTART, _AGREED = timedelta(hours=23, minutes=45), timedelta(hours=9, minutes=15)
_ORDERS, _BY_DAY, _BY_NIGHT = 20, 12, 3
_LAST_SECONDS = 2400.0  # of the last morning
# what is told of executions of the day before cannot be asked for after the restart
_NOT_BY_NIGHT = ("correction", "commissions", "liquidation", "split", "trading_halt", "still", "locate", "clock")


@frozen
class Days:
    """What happens in them, how long they last, and their configuration."""

    acts: tuple[Act, ...]
    seconds: float
    settings: Mapping[str, object]


def drawn_days(seed: int, days: int, start: datetime) -> Days:
    """Return so many sessions with the nights after them, and the beginning of one more, from `start` on."""
    dice, calendar = Random(f"days {seed}"), ExchangeSessions("XNYS", start)
    flat = dice.random() < 0.5
    acts: list[Act] = []
    session = calendar.current(start)
    for _ in range(days):
        following = calendar.current(session.late)
        opens, closes = (max(0.0, (moment - start).total_seconds()) for moment in (session.opens, session.closes))
        acts += _drawn(dice, ORDERS, _ORDERS, opens + 120.0, closes - 600.0)
        acts += _drawn(dice, FAULTS, _BY_DAY, opens + 60.0, closes - 120.0)
        if flat:
            acts.append(Act(closes + 120.0, "evening", {}, dice.getrandbits(32)))
        acts += _night(dice, session.closes, following.opens, start)
        session = following
    settings = {
        "broker": {"reconcile_seconds": 30.0, "restart_windows": ["23:40-00:10 America/New_York"]},
        "signals": {"poll_seconds": 60.0},
        "risk": {"quote_max_age_seconds": 25.0},
        **({"defaults": {"flatten_at": "15:58"}} if flat else {}),
    }
    return Days(
        tuple(sorted(acts, key=lambda act: act.at)),
        (session.opens - start).total_seconds() + _LAST_SECONDS,
        settings,
    )


def _night(dice: Random, closed: datetime, opens: datetime, start: datetime) -> Iterator[Act]:
    evening = datetime.combine(closed.astimezone(_NEW_YORK).date(), datetime.min.time(), _NEW_YORK)
    morning = datetime.combine(opens.astimezone(_NEW_YORK).date(), datetime.min.time(), _NEW_YORK)
    restart = (evening + _RESTART - start).total_seconds()
    agreed = (morning + _AGREED - start).total_seconds()
    kinds = {kind: known for kind, known in FAULTS.items() if kind not in _NOT_BY_NIGHT}
    yield from _drawn(dice, kinds, _BY_NIGHT, (closed - start).total_seconds() + 900.0, restart - 900.0)
    yield drawn_act(dice, FAULTS, list(SYMBOLS), restart, kind="nightly")
    for _ in range(dice.choice((0, 1, 1, 2))):
        at = dice.uniform(restart + 600.0, agreed - 3600.0)
        if dice.random() < 0.5:
            yield Act(round(at, 4), "stop_process", {}, dice.getrandbits(32))
        else:
            yield drawn_act(dice, FAULTS, list(SYMBOLS), at, kind="kill")
    yield Act(agreed, "morning", {}, dice.getrandbits(32))


def _drawn(
    dice: Random, kinds: Mapping[str, tuple[float, Draw]], count: int, since: float, until: float
) -> Iterator[Act]:
    for _ in range(count):
        yield drawn_act(dice, kinds, list(SYMBOLS), dice.uniform(since, until))
