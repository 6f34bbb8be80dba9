"""A price that a program gives: it counts while the broker's own feed is silent."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import trio

from messages.market import PriceEvent, TakePrice
from messages.position import CommandAccepted, CommandOutcome, CommandRefused

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["take_price"]


def take_price(actor: PositionActor, message: TakePrice) -> CommandOutcome:
    """Take it for the last price: P&L and the local monitor follow it.

    Bid, ask and the age of the quote stay as they are, so nothing is entered on it. A wrong price could draw a trailing
    stop up for good: while live ticks come it is refused.
    """
    price, quote = message.price, actor.quote
    if not (isfinite(price) and price > 0):
        return CommandRefused("this is no price", repr(price))
    if not quote.stale(trio.current_time(), actor.settings.risk.quote_max_age_seconds):
        return CommandRefused("live prices come in", f"last {quote.mark}")
    quote.last = price
    monitor = actor.levels.monitor
    if monitor is not None:
        reason = monitor.on_price(price)
        if reason is not None:
            actor.second_line.crossed(reason, price)
        if monitor.news:
            actor.levels.news(monitor)
    if actor.bus.wanted(PriceEvent):
        actor.bus.publish(PriceEvent(actor.symbol, price, actor.environment.now()))
    actor.reports.holding()
    return CommandAccepted(text=f"{actor.symbol} at {price:g}")
