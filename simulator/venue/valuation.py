"""What the accounts are worth now: marks, margins, profit, in the accounts' currency unless said otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from attrs import evolve, frozen

from simulator.contracts import ContractDefinition
from simulator.model import ZERO, PositionProfitAndLoss, ProfitAndLoss, Quote
from simulator.venue.ledger import Holding, Ledger, multiplier
from simulator.venue.margin import Requirement, requirement
from simulator.venue.market import as_decimal
from simulator.venue.rates import BASE, Rates

__all__ = ["Totals", "Valuation"]


@frozen(slots=True)
class Totals:
    """An account's standing, in its currency."""

    cash: Decimal
    stock: Decimal
    options: Decimal
    futures: Decimal  # profit not yet settled into cash
    gross: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    unrealized: Decimal
    realized: Decimal

    @property
    def equity_with_loan(self) -> Decimal:
        """What margin may be drawn on: all but options."""
        return self.cash + self.stock + self.futures

    @property
    def net_liquidation(self) -> Decimal:
        """What would be left if everything were closed at its mark."""
        return self.equity_with_loan + self.options


class Valuation:
    """Prices the ledger."""

    def __init__(self, ledger: Ledger, rates: Rates, quote_of: Callable[[int], Quote], now: datetime) -> None:
        self._ledger = ledger
        self._rates = rates
        self.quote_of = quote_of
        self._day_start: dict[str, Decimal] = {}
        self.new_day(now)

    def mark(self, definition: ContractDefinition, otherwise: Decimal = ZERO) -> Decimal:
        """Return the price at which a contract is valued: the last trade held inside bid and ask, or their middle."""
        quote = self.quote_of(definition.contract.con_id)
        bid, ask, last = quote.bid, quote.ask, quote.last
        if bid > 0 and ask > 0:
            if last > 0:
                return as_decimal(min(max(last, bid), max(ask, bid)))
            return (as_decimal(bid) + as_decimal(ask)) / 2
        known = next((price for price in (last, bid, ask, quote.close) if price > 0), None)
        return otherwise if known is None else as_decimal(known)

    def holding_mark(self, holding: Holding) -> Decimal:
        """Return the mark of what is held; without any market its cost."""
        if not holding.quantity:
            return self.mark(holding.definition)
        return self.mark(holding.definition, holding.cost / holding.quantity / multiplier(holding.definition))

    def totals(self, account: str, extra: Holding | None = None, fee: Decimal = ZERO) -> Totals:
        """Return the account's standing; with `extra` in place of its holding, and `fee` paid."""
        cash = sum((amount * self._rates.of(money) for money, amount in self._ledger.cash(account).items()), -fee)
        stock = options = futures = gross = initial = maintenance = unrealized = realized = ZERO
        for held in self._ledger.holdings(account):
            replaced = extra is not None and extra.definition is held.definition
            holding = extra if extra is not None and replaced else held
            rate = self._rates.of(holding.definition.contract.currency)
            realized += held.realized * rate
            if not holding.quantity:
                continue
            mark = self.holding_mark(holding)
            value = holding.quantity * mark * multiplier(holding.definition)
            margin = self.margin(holding, mark)
            initial += margin.initial * rate
            maintenance += margin.maintenance * rate
            unrealized += holding.unrealized(mark) * rate
            match holding.definition.contract.sec_type:
                case "FUT":
                    futures += (value - holding.cost) * rate
                case "CASH":
                    continue
                case "OPT" | "FOP":
                    options += value * rate
                    gross += abs(value) * rate
                case _:
                    stock += value * rate
                    gross += abs(value) * rate
        return Totals(cash, stock, options, futures, gross, initial, maintenance, unrealized, realized)

    def margin(self, holding: Holding, mark: Decimal) -> Requirement:
        """Return what the holding ties up, in its contract's currency."""
        definition = holding.definition
        underlying = ZERO
        if definition.under_con_id:
            quote = self.quote_of(definition.under_con_id)
            underlying = as_decimal(quote.last) if quote.last > 0 else Decimal(repr(definition.contract.strike))
        return requirement(definition, holding.quantity, mark, underlying)

    def after(self, holding: Holding, signed: Decimal, price: Decimal, fee: Decimal) -> Totals:
        """Return the account's standing if it now traded `signed` at `price` for `fee` (in the account's currency)."""
        unit = price * multiplier(holding.definition)
        contract = holding.definition.contract
        traded = evolve(holding, quantity=holding.quantity + signed, cost=holding.cost + signed * unit)
        paid = ZERO if contract.sec_type in ("FUT", "CASH") else signed * unit * self._rates.of(contract.currency)
        return self.totals(holding.account, traded, fee + paid)

    def profit(self, account: str) -> ProfitAndLoss:
        """Return the account's profit of the day."""
        totals = self.totals(account)
        return ProfitAndLoss(totals.net_liquidation - self._day_start[account], totals.unrealized, totals.realized)

    def position_profit(self, holding: Holding) -> PositionProfitAndLoss:
        """Return one position's profit of the day."""
        mark = self.holding_mark(holding)
        unrealized = holding.unrealized(mark) if holding.quantity else ZERO
        daily = holding.realized + unrealized - holding.unrealized_before
        value = holding.quantity * mark * multiplier(holding.definition)
        return PositionProfitAndLoss(holding.quantity, daily, unrealized, holding.realized, value)

    def new_day(self, now: datetime) -> None:
        """Count the day's profit from now."""
        unrealized = {
            (account, holding.definition.contract.con_id): holding.unrealized(self.holding_mark(holding))
            for account in self._ledger.accounts
            for holding in self._ledger.holdings(account)
            if holding.quantity
        }
        self._ledger.new_day(unrealized, now)
        for account in self._ledger.accounts:
            self._day_start[account] = self.totals(account).net_liquidation

    @property
    def day_start(self) -> Mapping[str, Decimal]:
        """account → its net value when the day began."""
        return self._day_start

    def resume(self, day_start: Mapping[str, Decimal]) -> None:
        """Go on with the day as it began."""
        self._day_start = dict(day_start)

    def rate(self, currency: str) -> Decimal:
        """Return what one unit of the currency is worth in the accounts' currency."""
        return self._rates.of(currency)

    @property
    def base(self) -> str:
        """The accounts' currency."""
        return BASE
