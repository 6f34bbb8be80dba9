"""Stops, trailing stops and touches: when a waiting order may go to the market.

The methods are those of TWS's `triggerMethod`. A falling trigger (a sell stop, a buy that waits for a touch) looks at
the last trade and the ask, a rising one at the last trade and the bid, as TWS's user guide says.

By default TWS takes the last trade for stocks and futures, double bid/ask for US options and bid/ask for currency
pairs. The venue takes last *or* bid/ask where TWS takes last, so that a feed without trades cannot disarm a stop.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from simulator.model import Quote
from simulator.venue.market import as_decimal
from simulator.venue.terms import Trigger
from simulator.venue.working import Working

__all__ = ["DOUBLE_METHODS", "default_method", "follow", "prepare", "reached"]

DOUBLE_QUOTE, QUOTE, LAST_OR_QUOTE, MIDPOINT = 1, 4, 7, 8
DOUBLE_METHODS = frozenset({1, 3})
"""the methods that want two ticks in a row"""
_DEFAULT = {"OPT": DOUBLE_QUOTE, "FOP": DOUBLE_QUOTE, "CASH": QUOTE}
"""security type → method, where it is not LAST_OR_QUOTE"""

_BID_TICKS, _ASK_TICKS = (1, 0), (2, 3)


class Threshold(Protocol):
    """A price to be reached: an order's, or that of a condition."""

    method: int
    falling: bool  # whether it lies below the market
    level_price: float
    hits: int  # consecutive ticks through it, for the double methods


def default_method(sec_type: str) -> int:
    """Return the trigger method of a kind of contract where none is asked for."""
    return _DEFAULT.get(sec_type, LAST_OR_QUOTE)


def prepare(working: Working) -> None:
    """Work out, before an order waits, which method it has and in which direction its trigger lies."""
    asked = int(working.order.extra.get("triggerMethod") or 0)
    working.method = asked or default_method(working.definition.contract.sec_type)
    working.falling = (working.terms.trigger is Trigger.TOUCH) is working.buys


def reached(threshold: Threshold, quote: Quote, tick_type: int | None) -> bool:
    """Whether the quote has reached the price.

    `tick_type` is what has just been told, and only that counts: a trade may come before the quote that goes with it,
    and the old one is no news. None looks at the market as it stands, as when an order arrives. The double methods want
    two ticks in a row, so they count here.
    """
    falling = threshold.falling
    trades = tick_type is None or tick_type == 4
    quotes = tick_type is None or tick_type in (_ASK_TICKS if falling else _BID_TICKS)
    method = threshold.method
    if method == MIDPOINT:
        return _through((quote.bid + quote.ask) / 2, threshold.level_price, falling)
    if not (trades or quotes):
        return False
    traded = trades and _through(quote.last, threshold.level_price, falling)
    quoted = quotes and _through(quote.ask if falling else quote.bid, threshold.level_price, falling)
    match method:
        case 7:  # last or bid/ask
            return traded or quoted
        case 2:  # last
            return traded
        case 4:  # bid/ask
            return quoted
        case 3:  # double last
            return _twice(threshold, traded, tick_type is not None and trades)
        case 1:  # double bid/ask
            return _twice(threshold, quoted, tick_type is not None and quotes)
        case other:
            raise ValueError(f"trigger method {other}")


def _through(price: float, level: float, falling: bool) -> bool:
    # NaN compares false; TWS shows a missing price as 0 or −1
    return price > 0 and (price <= level if falling else price >= level)


def _twice(threshold: Threshold, through: bool, counts: bool) -> bool:
    if counts:
        threshold.hits = threshold.hits + 1 if through else 0
    return threshold.hits >= 2


def follow(working: Working, quote: Quote) -> None:
    """Let a trailing stop follow the market: the last trade or the side that it would trade with. It only tightens."""
    side = quote.ask if working.buys else quote.bid
    prices = [price for price in (quote.last, side) if price > 0]
    if not prices:
        return
    reference = min(prices) if working.buys else max(prices)
    if reference >= working.best if working.buys else reference <= working.best:
        return
    working.best = reference
    level = _behind(working, as_decimal(reference))
    if working.level is None or (level < working.level if working.buys else level > working.level):
        working.set_level(level)
        working.order.trail_stop = level


def _behind(working: Working, reference: Decimal) -> Decimal:
    order = working.order
    if order.trailing_percent is not None:
        distance = reference * order.trailing_percent / 100
    elif order.stop is not None:
        distance = order.stop
    else:
        raise ValueError("a trailing stop without an amount was let in")
    level = reference + distance if working.buys else reference - distance
    step = working.definition.increment(level)
    steps = level / step
    whole = steps.to_integral_value("ROUND_CEILING" if working.buys else "ROUND_FLOOR")
    return whole * step
