"""The life of orders: accepted, waiting, live, executed, ended, and what each step does to their relatives.

Every change is told through `emit` in the order in which TWS tells it; the books are always changed first, so that
whoever asks while being told sees the new state.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from simulator.contracts import ContractBook, ContractDefinition
from simulator.model import Executed, Execution, Order, OrderChanged, OrderError, VenueEvent
from simulator.venue.bookkeeping import Bookkeeping
from simulator.venue.conditional import ConditionBook
from simulator.venue.conditions import Conditions
from simulator.venue.families import CANCEL, capacity, may_start, members, reduced, spent
from simulator.venue.market import Market
from simulator.venue.matching import Match, next_match, next_midpoint_match
from simulator.venue.registry import Registry
from simulator.venue.sessions import Sessions
from simulator.venue.terms import Trigger
from simulator.venue.triggers import follow, prepare, reached
from simulator.venue.working import Stage, Working

__all__ = ["CANCELLED", "Engine"]

CANCELLED = "Order Canceled - reason:"


class Engine:
    """Moves orders through their stages and executes them."""

    def __init__(
        self,
        registry: Registry,
        books: Bookkeeping,
        emit: Callable[[VenueEvent], None],
        now: Callable[[], datetime],
        contracts: ContractBook,
        sessions_of: Callable[[ContractDefinition], Sessions],
    ) -> None:
        self.markets: dict[int, Market] = {}
        self._contracts = contracts
        self._conditions = ConditionBook(self._market_of, books.valuation, sessions_of, now)
        self._registry = registry
        self._books = books
        self._emit = emit
        self._now = now
        self._dirty: deque[Market] = deque()

    def market(self, definition: ContractDefinition) -> Market:
        """Return the market of a contract."""
        con_id = definition.contract.con_id
        if con_id not in self.markets:
            self.markets[con_id] = Market(definition)
        return self.markets[con_id]

    def enter(self, working: Working, announce: bool = False) -> None:
        """Move an order to the stage that it belongs in now; tell it if that shows, or if `announce`."""
        order, market = working.order, self.market(working.definition)
        before = (order.status, order.why_held)
        working.stage = self._stage(working)
        order.status, order.why_held = working.stage.status, working.stage.why_held
        market.leave(working)
        if working.stage is Stage.TRIGGER:
            _arm(working, market)
        elif working.stage is Stage.LIVE:
            _price(working)
        if working.stage in (Stage.TRIGGER, Stage.LIVE):
            market.enter(working)
            self._dirty.append(market)
        if announce or before != (order.status, order.why_held):
            self._emit(OrderChanged(order))
        if working.conditions is not None:
            self._conditions.watch(working)
            if working.conditions.cancels and self._conditions.hold(working):
                self.end(working, CANCELLED)
                return
        if working.stage is Stage.TRIGGER and market.trading and reached(working, market.quote, None):
            self._trigger(working)

    def settle(self) -> None:
        """Execute whatever can execute, until nothing can."""
        while self._dirty:
            market = self._dirty.popleft()
            while (match := next_match(market, capacity)) is not None:
                self._take(market, match)
            for working in [*market.buys, *market.sells]:
                if working.order.tif in ("IOC", "FOK") and working.stage is Stage.LIVE:
                    self.end(working, CANCELLED)

    def tick(self, market: Market, tick_type: int, printed: Decimal) -> None:
        """React to a tick that the market's quote has taken in; `printed` is the size of a trade."""
        if market.quote.halted:
            market.postponed.clear()
        elif not market.trading:
            market.postponed.append(tick_type)
        else:
            for told in (*market.postponed, tick_type):
                self._look(market, told)
            market.postponed.clear()
        while (match := next_midpoint_match(market, printed, capacity)) is not None:
            printed -= match.quantity
            self.fill(match.working, match.quantity, match.price)
        self._dirty.append(market)
        self.settle()

    def weigh(self, working: Working) -> None:
        """Let an order act, or end it, if its conditions hold now."""
        conditions = working.conditions
        if conditions is None or working.stage in (Stage.HELD, Stage.DONE):
            return
        if conditions.cancels:
            if self._conditions.hold(working):
                self.end(working, CANCELLED)
        elif working.stage is Stage.CONDITION and self._conditions.hold(working):
            self._conditions.forget(working)
            working.met = True
            self.enter(working)

    def reconsider(self, working: Working, conditions: Conditions | None) -> None:
        """Give an order that was changed its conditions; those that it has had stay as they are."""
        before = working.conditions
        if (before and before.text) != (conditions and conditions.text):
            self._conditions.forget(working)
            working.conditions, working.met = conditions, False

    def look_on(self, market: Market, tick_type: int) -> None:
        """Weigh the orders whose conditions look at a market that has had a tick."""
        if market.trading:
            for working in [*market.watchers]:
                self._conditions.tick(working, market, tick_type)
                self.weigh(working)
            self.settle()

    def hear(self, execution: Execution) -> None:
        """Weigh the orders that wait for a trade of their account."""
        for working in self._conditions.hear(execution):
            self.weigh(working)

    def fill(self, working: Working, quantity: Decimal, price: Decimal) -> None:
        """Execute part or all of an order, and tell its relatives."""
        order = working.order
        share = quantity / order.remaining
        execution, commission, position = self._books.execute(working, quantity, price, self._now())
        if order.remaining <= 0:
            self._finish(working, "Filled")
        self._emit(Executed(order, execution))
        self._emit(OrderChanged(order))
        self._books.tell(execution, commission, position)
        self._rebalance(working, share)
        self._release_children(working)
        self._end_spent(working)
        self.hear(execution)

    def end(self, working: Working, text: str, status: str = "Cancelled", code: int = 202) -> None:
        """End an order that is not filled, and the children that can do nothing without it."""
        self._finish(working, status)
        self._emit(OrderChanged(working.order))
        self.refuse(working.order, code, text)
        for child in [*working.children]:
            if child.stage is not Stage.DONE and working.order.filled == 0:
                self.end(child, CANCELLED)
        self._end_spent(working)

    def complete(self, working: Working) -> None:
        """End an order whose quantity was lowered to what it has filled."""
        self._finish(working, "Filled")
        self._emit(OrderChanged(working.order))
        self._release_children(working)
        self._end_spent(working)

    def tell(self, working: Working) -> None:
        """Tell the order as it is."""
        self._emit(OrderChanged(working.order))

    def refuse(self, order: Order, code: int, text: str) -> None:
        """Tell the order's client an error or a warning."""
        self._emit(OrderError(order.order_id, order.client_id, code, text))

    def auction(self, working: Working) -> None:
        """Execute an order on close at the closing price, in full: an auction is not bound to the sizes shown."""
        price = self._books.valuation.mark(working.definition)
        limit = working.order.limit if working.terms.limit else None
        good = limit is None or (price <= limit if working.buys else price >= limit)
        if price > 0 and good and not self.market(working.definition).quote.halted and capacity(working) > 0:
            self.fill(working, min(working.order.remaining, capacity(working)), price)

    def _market_of(self, con_id: int) -> Market:
        definition = self._contracts.by_con_id(con_id)
        if definition is None:
            raise KeyError(con_id)
        return self.market(definition)

    def _stage(self, working: Working) -> Stage:
        if working.parent is not None and not working.released:
            return Stage.CHILD
        if working.conditions is not None and not (working.met or working.conditions.cancels):
            working.met = self._conditions.hold(working)
            if not working.met:
                return Stage.CONDITION
            self._conditions.forget(working)
        if not working.located and self._books.sells_short_unlocated(working):
            return Stage.LOCATE
        working.located = True
        if working.starts is not None and working.starts > self._now():
            return Stage.SCHEDULED
        if working.terms.trigger is not None and not working.triggered:
            return Stage.TRIGGER
        return Stage.LIVE

    def _look(self, market: Market, tick_type: int) -> None:
        for working in [*market.waiting]:
            if working.stage is Stage.TRIGGER:
                if working.terms.trigger is Trigger.TRAIL and tick_type in (1, 2, 4):
                    follow(working, market.quote)
                if reached(working, market.quote, tick_type):
                    self._trigger(working)

    def _trigger(self, working: Working) -> None:
        working.triggered = True
        self.enter(working)

    def _take(self, market: Market, match: Match) -> None:
        if match.working.buys:
            market.ask_taken += match.quantity
        else:
            market.bid_taken += match.quantity
        self.fill(match.working, match.quantity, match.price)

    def _finish(self, working: Working, status: str) -> None:
        self.market(working.definition).leave(working)
        self._conditions.forget(working)
        working.stage = Stage.DONE
        working.order.status, working.order.why_held = status, ""
        working.order.done_at = self._now()
        self._registry.live.pop(working.order.perm_id, None)

    def _rebalance(self, working: Working, share: Decimal) -> None:
        for other in members(working, self._registry.live.values()):
            if other.stage is Stage.DONE:
                continue
            quantity = reduced(other, share)
            gone = quantity <= other.order.filled
            if working.stage is Stage.DONE or working.order.oca_type == CANCEL or gone:
                self.end(other, CANCELLED)
            else:
                other.order.quantity = quantity
                self._emit(OrderChanged(other.order))

    def _release_children(self, parent: Working) -> None:
        for child in [*parent.children]:
            if child.stage is Stage.CHILD and may_start(child):
                child.released = True
                self.enter(child)
            elif child.stage is Stage.LIVE:
                self._dirty.append(self.market(child.definition))  # it may execute more now

    def _end_spent(self, working: Working) -> None:
        relatives = [*working.children, *(working.parent.children if working.parent is not None else ())]
        for one in relatives:
            if one.stage is not Stage.DONE and spent(one):
                self.end(one, CANCELLED)


def _arm(working: Working, market: Market) -> None:
    order = working.order
    prepare(working)
    if working.terms.trigger is not Trigger.TRAIL:
        if order.stop is not None:
            working.set_level(order.stop)
        return
    if working.level is None and order.trail_stop is not None:
        working.set_level(order.trail_stop)
    follow(working, market.quote)


def _price(working: Working) -> None:
    order = working.order
    if working.terms.trigger is Trigger.TRAIL and working.terms.limit and working.level is not None:
        offset = -working.limit_offset if order.side == "SELL" else working.limit_offset
        order.limit = working.level + offset
    working.set_limit(order.limit if working.terms.limit else None)
