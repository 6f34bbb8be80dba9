"""Prices and quantities that the exchange accepts, and their text on the wire (INC-22).

Away from harm: what is sent is never looser, never worse than what was asked for.

| price | BUY | SELL | because |
|---|---|---|---|
| limit (entry, target) | down | up | never pay more, never receive less than asked |
| protective stop, start of a trailing stop | down | up | never risk more than asked: a long's stop is a SELL |
| stop that enters | up | down | never enter before the price that was asked for |
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum

from messages.market import Instrument
from messages.order import ModifyOrder, OrderRequest, Role, Side

__all__ = [
    "Rounding",
    "canonical",
    "increment_at",
    "limit_rounding",
    "off_tick",
    "on_tick",
    "round_lot",
    "round_price",
    "stop_rounding",
]


class Rounding(StrEnum):
    """Which way a price goes to the next tick. A price on a tick stays."""

    UP = "up"
    DOWN = "down"


def limit_rounding(side: Side) -> Rounding:
    """Return the direction in which a limit price of this side does no harm."""
    return Rounding.DOWN if side is Side.BUY else Rounding.UP


def stop_rounding(side: Side, role: Role) -> Rounding:
    """Return the direction in which the trigger price of a stop of this side and role does no harm."""
    if role.adds_risk:
        return Rounding.UP if side is Side.BUY else Rounding.DOWN
    return Rounding.DOWN if side is Side.BUY else Rounding.UP


def increment_at(instrument: Instrument, price: Decimal) -> Decimal:
    """Return the step in which a price of this height moves (reqMarketRule's bands).

    Raises ValueError for an instrument without bands.
    """
    return _band(instrument, price)[1]


def on_tick(instrument: Instrument, price: Decimal) -> bool:
    """Tell whether the exchange takes this price as it is; error 110 is the answer to one that it does not."""
    return price.is_finite() and price > 0 and price % increment_at(instrument, price) == 0


def round_price(instrument: Instrument, price: Decimal, rounding: Rounding) -> Decimal:
    """Return the nearest price on a tick in that direction, canonical.

    The band of the result counts, not that of `price`: 0.99995 goes up to 1.00. Raises ValueError for a price that is
    not finite and positive, and where rounding down would leave nothing.
    """
    if not price.is_finite() or price <= 0:
        raise ValueError(f"{instrument.symbol}: {price} is no price")
    low, step = _band(instrument, price)
    if rounding is Rounding.UP:
        result = _multiple(price, step, ROUND_CEILING)
        above = _band(instrument, result)[1]
        if above != step:
            result = _multiple(result, above, ROUND_CEILING)
    else:
        result = _multiple(price, step, ROUND_FLOOR)
        if result < low:  # the edge of the band is no multiple of its step: the last tick of the band below
            below = increment_at(instrument, result)
            result = _multiple(low, below, ROUND_CEILING) - below
    if result <= 0:
        raise ValueError(f"{instrument.symbol}: {price} is less than one tick of {step}")
    return Decimal(canonical(result))


def round_lot(instrument: Instrument, quantity: Decimal) -> Decimal:
    """Return the largest quantity the exchange takes that is not above `quantity`; zero where there is none.

    Raises ValueError for one that is negative or not finite.
    """
    if not quantity.is_finite() or quantity < 0:
        raise ValueError(f"{instrument.symbol}: {quantity} is no quantity")
    return Decimal(canonical(_multiple(quantity, instrument.size_increment, ROUND_FLOOR)))


def off_tick(instrument: Instrument, order: OrderRequest | ModifyOrder) -> tuple[Decimal, ...]:
    """Return the prices of an order or a modification that the exchange would refuse."""
    prices = (order.limit_price, order.stop_price)
    return tuple(price for price in prices if price is not None and not on_tick(instrument, price))


def canonical(number: Decimal) -> str:
    """Return the one text of a number: no exponent, no needless zero, no negative zero.

    Raises ValueError where it is not finite: NaN and infinity never leave.
    """
    if not number.is_finite():
        raise ValueError(f"{number} cannot be sent")
    if number == 0:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _band(instrument: Instrument, price: Decimal) -> tuple[Decimal, Decimal]:
    """(low edge, increment) of the band that holds the price; below the first edge the first one holds."""
    if not instrument.price_bands:
        raise ValueError(f"{instrument.symbol} has no price bands")
    held = instrument.price_bands[0]
    for band in instrument.price_bands:
        if price < band[0]:
            break
        held = band
    return held


def _multiple(number: Decimal, step: Decimal, rounding: str) -> Decimal:
    return (number / step).to_integral_value(rounding) * step
