"""The figures on which the breaker trips: what the day came to by our books and by the broker's, and the equity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from math import inf

from actors.portfolio.plans import Plans
from config.settings import RiskSettings
from domain.breaker_meters import Meter, MeterLimits, Patience, Trip
from domain.day_pnl import DayPnl
from domain.rates import Rates
from domain.trading_day import TradingDay
from messages.gateway import AccountPnl, AccountValue
from messages.position import PositionView
from messages.risk import BreakerTrigger, HoldingChanged, RiskStanding

__all__ = ["Figures"]

_ZERO = Decimal(0)
_CONTRADICTED_SECONDS = 60.0  # that a breach by our own marks must last while the broker's figure says otherwise
_WORTH_WRITING = Decimal("0.05")  # of its limit: how much a peak must rise before it is journaled again


class Figures:
    """One day's figures; `roll` begins the next one. Currencies are those of the instruments, and summed by rate."""

    def __init__(self, risk: RiskSettings, rates: Rates, currency_of: Callable[[str], str]) -> None:
        """`currency_of` names a symbol's currency where its position has not said it."""
        self.day_of = TradingDay(risk.trading_day_zone, risk.trading_day_start)
        self.day = ""
        self.pnl = DayPnl()
        self.rates = rates
        self.equity: Decimal | None = None
        self.broker: AccountPnl | None = None
        self._broker_told = -inf
        self._currency_of = currency_of
        self._max_fall = risk.max_drawdown
        patience = Patience(risk.breaker_observations, risk.breaker_seconds)
        daily = MeterLimits(loss=risk.max_daily_loss, fall=risk.max_drawdown)
        self._own = Meter("the day's P&L", daily, patience, _ZERO)
        self._brokers = Meter("the broker's daily P&L", daily, patience, _ZERO)
        self._equity = Meter("the equity", MeterLimits(fall_pct=risk.max_drawdown_pct), patience)
        self._written: list[Decimal | None] = [None, None, None]

    # what the figures are

    def own(self) -> Decimal | None:
        """Return what the day came to by our books; None where an exchange rate is missing."""
        return self.rates.total(self.pnl.earned.amounts)

    def brokers(self) -> Decimal | None:
        """Return what it came to by the broker's word of today."""
        return self.broker.daily if self.broker is not None else None

    @property
    def suspicions(self) -> tuple[str, ...]:
        """What is beyond a limit and not confirmed yet."""
        return tuple(meter.suspicion for meter in self._meters() if meter.suspicion)

    @property
    def unsettled(self) -> bool:
        """Whether a figure must be told again to count: what is suspected, and a first peak."""
        return any(meter.suspicion or meter.unsettled for meter in self._meters())

    def still_lost(self) -> str:
        """Return what keeps the daily loss at its limit, "" where nothing does."""
        for meter, figure in ((self._own, self.own()), (self._brokers, self.brokers())):
            breach = meter.breach(figure) if figure is not None else None
            if breach is not None and breach.trigger is BreakerTrigger.DAILY_LOSS:
                return breach.text
        return ""

    # what is told

    def hold(self, message: HoldingChanged) -> bool:
        """Take what a symbol holds; return whether that is worth journaling."""
        return self.pnl.hold(message, message.currency or self._currency_of(message.symbol))

    def close(self, view: PositionView) -> None:
        """Take the result of a position that closed."""
        self.pnl.close(view.symbol, view.realized_pnl, view.commission, self._currency_of(view.symbol))

    def told_pnl(self, message: AccountPnl, now: float) -> Trip | None:
        """Take the broker's word on the day."""
        self.broker, self._broker_told = message, now
        return None if message.daily is None else self._brokers.observe(message.daily, now)

    def told_value(self, message: AccountValue, now: float) -> Trip | None:
        """Take a value of the account."""
        self.rates.learn(message.key, message.value, message.currency)
        if message.key != "NetLiquidation" or message.currency == "BASE":
            return None
        try:
            self.equity = Decimal(message.value)
        except InvalidOperation:
            self.equity = None
        if self.equity is None or not self.equity.is_finite():
            self.equity = None
            return None
        return self._equity.observe(self.equity, now)

    def look(self, now: float) -> Trip | None:
        """Observe our own figure as it stands. Where the broker's word contradicts a breach, it must last longer."""
        own = self.own()
        if own is None:
            return None
        brokers = self.brokers()
        contradicted = (
            brokers is not None and self._broker_told >= self._own.suspected_since and not self._brokers.breach(brokers)
        )
        return self._own.observe(own, now, _CONTRADICTED_SECONDS if contradicted else None)

    # days

    def roll(self, moment: datetime) -> bool:
        """Begin the day of this moment where it is another; what the broker said of the day before counts no more."""
        day = self.day_of.of(moment)
        if day == self.day:
            return False
        self.day = day
        self.broker = None
        self.pnl.new_day()
        self._own.begin(_ZERO)
        self._brokers.begin(_ZERO)
        return True

    def restore(self, standing: RiskStanding | None, plans: Plans, awaited: Iterable[str]) -> None:
        """Take the day up where it was left; on a day without a record what is open begins with what it tells first."""
        baselines: dict[str, tuple[Decimal, str]] = {}
        if standing is not None:
            self._equity.begin(standing.peak_equity)
            if standing.day == self.day:
                self._own.begin(standing.peak_own)
                self._brokers.begin(standing.peak_broker)
                baselines = {symbol: (amount, self._currency_of(symbol)) for symbol, amount in standing.baselines}
        closed = plans.closed if plans.day == self.day else {}
        self.pnl.restore(
            [(symbol, realized, cost, self._currency_of(symbol)) for symbol, (realized, cost) in closed.items()],
            baselines,
        )
        if standing is None or standing.day != self.day:
            self.pnl.await_baseline(awaited)

    def rearm(self) -> None:
        """Measure falls from here on."""
        self._own.begin(self.own())
        self._brokers.begin(self.brokers())
        self._equity.begin(self.equity)

    @property
    def peaks(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """Of our figure, the broker's and the equity."""
        return self._own.peak.level, self._brokers.peak.level, self._equity.peak.level

    def written(self) -> None:
        """Note that the peaks as they are were journaled."""
        self._written = list(self.peaks)

    @property
    def worth_writing(self) -> bool:
        """Whether a peak has risen so far that it should be journaled."""
        steps = (self._max_fall, self._max_fall, self._equity.peak.level if self._equity.watched else None)
        return any(
            peak is not None and step is not None and (before is None or peak - before >= step * _WORTH_WRITING)
            for peak, before, step in zip(self.peaks, self._written, steps, strict=True)
        )

    def _meters(self) -> Iterator[Meter]:
        yield from (self._own, self._brokers, self._equity)
