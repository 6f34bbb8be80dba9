"""Which orders have conditions, what those look at, and whether they hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from simulator.contracts import ContractDefinition
from simulator.model import ZERO, Execution, Quote
from simulator.venue.conditions import ExecutionCondition, PriceCondition
from simulator.venue.market import Market
from simulator.venue.sessions import Sessions
from simulator.venue.valuation import Valuation
from simulator.venue.working import Working

__all__ = ["ConditionBook"]


class ConditionBook:
    """The eyes of orders with conditions."""

    def __init__(
        self,
        market_of: Callable[[int], Market],
        valuation: Valuation,
        sessions_of: Callable[[ContractDefinition], Sessions],
        now: Callable[[], datetime],
    ) -> None:
        self._market_of = market_of
        self._valuation = valuation
        self._sessions_of = sessions_of
        self._awaiting_trades: list[Working] = []
        self.now = now

    def watch(self, working: Working) -> None:
        """Begin to look at what an order's conditions are about; once only."""
        conditions = working.conditions
        if conditions is None or working.met:
            return
        for con_id in conditions.con_ids:
            watchers = self._market_of(con_id).watchers
            if working not in watchers:
                watchers.append(working)
        if any(isinstance(one, ExecutionCondition) for one in conditions) and working not in self._awaiting_trades:
            self._awaiting_trades.append(working)

    def forget(self, working: Working) -> None:
        """Look no more: the order has ended, or has other conditions, or none."""
        if working.conditions is None:
            return
        for con_id in working.conditions.con_ids:
            watchers = self._market_of(con_id).watchers
            if working in watchers:
                watchers.remove(working)
        if working in self._awaiting_trades:
            self._awaiting_trades.remove(working)

    def tick(self, working: Working, market: Market, tick_type: int) -> None:
        """Take a tick of a market that the order's conditions look at."""
        con_id = market.definition.contract.con_id
        for one in working.conditions or ():
            if isinstance(one, PriceCondition) and one.con_id == con_id:
                one.tick(market.quote, tick_type)

    def hear(self, execution: Execution) -> list[Working]:
        """Take a trade; return the orders of its account that wait for trades."""
        concerned = [one for one in self._awaiting_trades if one.order.account == execution.account]
        for working in concerned:
            for one in working.conditions or ():
                if isinstance(one, ExecutionCondition):
                    one.hear(execution)
        return concerned

    def hold(self, working: Working) -> bool:
        """Whether the order's conditions hold now; those that do not ignore the hours hold in regular ones only."""
        conditions = working.conditions
        if conditions is None:
            return True
        if not conditions.ignore_hours:
            now = self.now()
            session = self._sessions_of(working.definition).current(now)
            if not session.opens <= now < session.closes:
                return False
        return conditions.hold(self, working.order.account)

    # what conditions see

    def quote(self, con_id: int) -> Quote:
        """Return the market of a contract."""
        return self._market_of(con_id).quote

    def readable(self, con_id: int) -> bool:
        """Whether that market is neither halted nor half told."""
        return self._market_of(con_id).trading

    def cushion(self, account: str) -> Decimal:
        """Return the account's excess liquidity in percent of its net liquidation value."""
        totals = self._valuation.totals(account)
        if totals.net_liquidation <= 0:
            return ZERO
        return (totals.equity_with_loan - totals.maintenance_margin) / totals.net_liquidation * 100
