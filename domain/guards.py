"""Guards against orders that nobody can have meant: too large, too small, too many, twice, short, out of hours."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from domain.exchange_hours import ExchangeHours
from domain.limits import LimitCheck
from domain.sessions import in_liquid_hours
from messages.market import Instrument
from messages.order import OrderRequest, Side

__all__ = ["GuardLimits", "OrderFlow", "hours_refusal", "short_refusal", "weigh_size"]

_MINUTE = 60.0
_AVAILABLE, _LOCATE = 2.5, 1.5


@frozen(slots=True, kw_only=True)
class GuardLimits:
    """What is allowed; None is no guard. Notionals are in the account's currency."""

    min_shares: Decimal | None = None
    max_shares: Decimal | None = None
    min_notional: Decimal | None = None
    orders_per_minute: int | None = None
    duplicate_seconds: float | None = None


@frozen(slots=True)
class _Passed:
    time: float
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal | None


def weigh_size(quantity: Decimal, unit: Decimal, limits: GuardLimits) -> tuple[LimitCheck, ...]:
    """Return what the bounds on one order say; `unit` is what one unit is worth."""
    return (
        _within("order size", quantity, limits.min_shares, limits.max_shares),
        _within("smallest notional", quantity * unit, limits.min_notional, None),
    )


def _within(name: str, figure: Decimal, low: Decimal | None, high: Decimal | None) -> LimitCheck:
    said = f"{figure.normalize():f}"
    if low is not None and figure < low:
        return LimitCheck(name, f"{name} below the minimum", f"{said} < {low.normalize():f}")
    if high is not None and figure > high:
        return LimitCheck(name, f"{name} above the limit", f"{said} > {high.normalize():f}")
    bounds = [f">= {low.normalize():f}"] if low is not None else []
    bounds += [f"<= {high.normalize():f}"] if high is not None else []
    return LimitCheck(name, "", f"{said} {' and '.join(bounds)}" if bounds else f"{said}, no bound")


class OrderFlow:
    """The orders that were let through lately. It counts those that add risk with their exits, like the last gate."""

    def __init__(self, limits: GuardLimits) -> None:
        self._limits = limits
        self._window = max(_MINUTE, limits.duplicate_seconds or 0.0)
        self._passed: deque[_Passed] = deque()

    def weigh(self, order: OrderRequest, together: int, now: float) -> tuple[LimitCheck, ...]:
        """Return what rate and repetition say of an order that leaves with `together` orders in all."""
        self._forget(now)
        return self._rate(together, now), self._twice(order, now)

    def passed(self, orders: tuple[OrderRequest, ...], now: float) -> None:
        """Note orders that were let through."""
        self._passed.extend(
            _Passed(now, order.symbol, order.side, order.quantity, order.limit_price) for order in orders
        )

    def _rate(self, together: int, now: float) -> LimitCheck:
        limit = self._limits.orders_per_minute
        count = sum(now - one.time < _MINUTE for one in self._passed)
        if limit is None:
            return LimitCheck("order rate", "", f"{count + together} a minute, no limit")
        above = count + together > limit
        figures = f"{count} within a minute and {together} now {'>' if above else '<='} {limit}"
        return LimitCheck("order rate", "more orders a minute than allowed" if above else "", figures)

    def _twice(self, order: OrderRequest, now: float) -> LimitCheck:
        seconds = self._limits.duplicate_seconds
        if seconds is None:
            return LimitCheck("duplicate", "", "not looked for")
        terms = (order.symbol, order.side, order.quantity, order.limit_price)
        for one in reversed(self._passed):
            if now - one.time < seconds and (one.symbol, one.side, one.quantity, one.price) == terms:
                price = "at the market" if one.price is None else f"at {one.price}"
                figures = f"{one.side} {one.quantity} {price}, {now - one.time:.1f} s ago; {seconds:g} s must pass"
                return LimitCheck("duplicate", "the same order was sent a moment ago", figures)
        return LimitCheck("duplicate", "", f"none within {seconds:g} s")

    def _forget(self, now: float) -> None:
        while self._passed and now - self._passed[0].time >= self._window:
            self._passed.popleft()


def short_refusal(side: Side, held: Decimal, shortable: float | None, *, allowed: bool) -> tuple[str, str]:
    """Return why a sale that opens or adds to a short must not be made ("" where it may), and the figures.

    `shortable` is IB's generic tick 236: above 2.5 at least 1,000 shares are there, above 1.5 they must be located,
    below there are none; None is not told, and the broker decides.
    """
    if side is Side.BUY or held > 0:
        return "", "no short sale"
    if not allowed:
        return "short sales are not allowed", "risk.allow_short = false"
    if shortable is None:
        return "", "whether shares can be borrowed was not told"
    figures = f"shortable {shortable:g}"
    if shortable > _AVAILABLE:
        return "", figures
    if shortable > _LOCATE:
        return "shares must be located before they are sold short", f"{figures} <= {_AVAILABLE}"
    return "there are no shares to borrow", f"{figures} <= {_LOCATE}"


def hours_refusal(instrument: Instrument, now: datetime, rule: str, calendar: ExchangeHours | None) -> tuple[str, str]:
    """Return why no entry may be made at this hour ("" where it may), and the figures.

    `rule` is "broker" (the contract's own liquid hours, half days included; the calendar where it names none),
    "calendar" (both must be open) or "any".
    """
    if rule == "any":
        return "", "at any hour"
    figures = []
    told = bool(instrument.liquid_hours and instrument.time_zone)
    closed = told and not in_liquid_hours(instrument, now)
    if told:
        figures.append(f"by the contract's hours {'closed' if closed else 'open'}")
    if calendar is not None and (rule == "calendar" or not told):
        session = calendar.session(now)
        is_open = calendar.is_open(now)
        closed = closed or not is_open
        hours = "no session today"
        if session is not None:
            opens, closes = calendar.local(session.opens), calendar.local(session.closes)
            hours = f"{opens:%H:%M}-{closes:%H:%M}"
        figures.append(f"by {calendar.name} {'open' if is_open else 'closed'} ({hours})")
    text = f"{'; '.join(figures) or 'no hours are known'}, {now:%Y-%m-%d %H:%M} UTC"
    return ("outside the market's hours" if closed else ""), text
