"""Historical ticks: which are asked for, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import frozen

from simulator.server.history_terms import BadTerms, parse_moment
from simulator.server.tick_tape import QuoteRow, TickTape, TradeRow
from simulator.wire import market_answers as say
from simulator.wire.requests import ReqHistoricalTicks
from simulator.wire.session_answers import Fields

__all__ = ["TickWindow", "tick_answer", "tick_window"]

MOST_TICKS = 1000

Row = TypeVar("Row", TradeRow, QuoteRow)


@frozen(slots=True)
class TickWindow:
    """From a start on, or up to an end; in seconds since 1970. TWS takes one of the two."""

    start: float | None
    end: float | None
    count: int
    inside: Callable[[float], bool]  # whether a moment is of the hours asked for

    def choose(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows meant: the first after the start, or the last before the end."""
        rows = [row for row in rows if self.inside(row[0])]
        if self.start is not None:
            return [row for row in rows if row[0] >= self.start][: self.count]
        end = self.end if self.end is not None else float("inf")
        return [row for row in rows if row[0] < end][-self.count :]


def tick_window(request: ReqHistoricalTicks, inside: Callable[[float], bool]) -> TickWindow:
    """Return what a request asks; `inside` tells which moments are of its hours. Raises BadTerms."""
    refused = "Error validating request.-'di' : cause - "
    if bool(request.start) == bool(request.end):
        raise BadTerms(10187, f"{refused}Please specify either start time or end time")
    if not 1 <= request.count <= MOST_TICKS:
        raise BadTerms(10187, f"{refused}Number of ticks must be between 1 and {MOST_TICKS}")
    start = parse_moment(request.start).timestamp() if request.start else None
    end = parse_moment(request.end).timestamp() if request.end else None
    return TickWindow(start, end, request.count, inside)


def tick_answer(request: ReqHistoricalTicks, tape: TickTape, con_id: int, window: TickWindow) -> Fields:
    """Return the ticks as the message of their kind. Raises BadTerms for an unknown kind."""
    if request.what == "TRADES":
        trades = window.choose(tape.trades(con_id))
        return say.historical_ticks_last(request.req_id, [(int(at), price, size, "") for at, price, size in trades])
    quotes = window.choose(tape.quotes(con_id))
    if request.what == "BID_ASK":
        return say.historical_ticks_quote(request.req_id, [(int(row[0]), *row[1:]) for row in quotes])
    if request.what == "MIDPOINT":
        middles = [(int(at), round((bid + ask) / 2, 10)) for at, bid, ask, _, _ in quotes]
        return say.historical_ticks(request.req_id, middles)
    raise BadTerms(10187, f"Error validating request.-'di' : cause - Unsupported kind of ticks {request.what}")
