"""The books of the accounts: cash by currency, holdings, cost and realised profit.

Everything follows from the executions, exactly: for each currency, cash = start − Σ value − Σ commission (futures move
cash only by what they realise), and start + Σ realised = cash + Σ (cost + fees) of what is held. What is divided is
rounded to eight decimals first, so that the parts add up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from attrs import define

from simulator.contracts import ContractDefinition
from simulator.model import ZERO, Commission, Execution, Position
from simulator.venue.rates import BASE, Rates

__all__ = ["Entry", "Holding", "Ledger", "multiplier"]

_PARTS = Decimal("0.00000001")

Entry = tuple[Execution, ContractDefinition, Decimal, str]
"""execution, its contract, what it cost, the currency of that"""


def multiplier(definition: ContractDefinition) -> Decimal:
    """Return how much of the underlying one contract stands for."""
    return Decimal(definition.contract.multiplier or 1)


@define(slots=True)
class Holding:
    """What an account holds of one contract, in the contract's currency."""

    account: str
    definition: ContractDefinition
    quantity: Decimal = ZERO  # negative: short
    cost: Decimal = ZERO  # signed Σ quantity × price × multiplier of what is held
    fees: Decimal = ZERO  # commissions paid for what is held
    realized: Decimal = ZERO  # since the day began
    unrealized_before: Decimal = ZERO  # when the day began

    @property
    def average_cost(self) -> Decimal:
        """Per unit, commission included; of an option or a future per contract, as TWS tells it."""
        return (self.cost + self.fees) / self.quantity if self.quantity else ZERO

    def unrealized(self, mark: Decimal) -> Decimal:
        """Return the profit of what is held at the price `mark`."""
        return self.quantity * mark * multiplier(self.definition) - self.cost - self.fees

    def position(self) -> Position:
        """Return it as clients see it."""
        return Position(self.account, self.definition.contract, self.quantity, self.average_cost)


class Ledger:
    """Cash and holdings of all accounts."""

    def __init__(self, accounts: Sequence[str], cash: Decimal, rates: Rates) -> None:
        self.accounts = tuple(accounts)
        self._start = cash
        self._cash: dict[str, dict[str, Decimal]] = {account: {BASE: cash} for account in accounts}
        self._holdings: dict[tuple[str, int], Holding] = {}
        self._delivered: list[tuple[str, ContractDefinition, Decimal]] = []  # shares that came or went without a trade
        self._rates = rates
        self._day_began: datetime | None = None

    def cash(self, account: str) -> dict[str, Decimal]:
        """Return the account's cash by currency."""
        return self._cash[account]

    def holding(self, account: str, definition: ContractDefinition) -> Holding:
        """Return what the account holds of a contract, which may be nothing."""
        key = (account, definition.contract.con_id)
        if key not in self._holdings:
            self._holdings[key] = Holding(account, definition)
        return self._holdings[key]

    def holdings(self, account: str) -> Iterable[Holding]:
        """Return all that the account holds or has held."""
        return [holding for (owner, _), holding in self._holdings.items() if owner == account]

    def book(self, execution: Execution, definition: ContractDefinition, amount: Decimal, currency: str) -> Commission:
        """Book an execution and what it cost. Return the commission with the profit that it realised."""
        holding = self.holding(execution.account, definition)
        side = 1 if execution.side == "BOT" else -1
        closing = min(execution.quantity, abs(holding.quantity)) if holding.quantity * side < 0 else ZERO
        opening = execution.quantity - closing
        unit = execution.price * multiplier(definition)
        fee = self._rates.convert(amount, currency, execution.contract.currency).quantize(_PARTS)
        closing_fee = fee if not opening else (fee * closing / execution.quantity).quantize(_PARTS)

        realized, gained = None, ZERO
        if closing:
            part = closing / abs(holding.quantity)
            all_of_it = closing == abs(holding.quantity)
            cost = holding.cost if all_of_it else (holding.cost * part).quantize(_PARTS)
            fees = holding.fees if all_of_it else (holding.fees * part).quantize(_PARTS)
            holding.cost -= cost
            holding.fees -= fees
            gained = -side * closing * unit - cost
            realized = gained - fees - closing_fee
            holding.realized += realized
        if opening:
            holding.cost += side * opening * unit
            holding.fees += fee - closing_fee
        holding.quantity += side * execution.quantity

        self._pay(execution, definition, side * execution.quantity * unit, gained)
        self._add(execution.account, currency, -amount)
        return Commission(execution.exec_id, amount, currency, realized)

    def deliver(self, account: str, definition: ContractDefinition, signed: Decimal) -> Holding:
        """Let shares come or go at no cost; return what is held then."""
        self._delivered.append((account, definition, signed))
        holding = self.holding(account, definition)
        holding.quantity += signed
        return holding

    def replay(self, entries: Iterable[Entry]) -> list[Commission]:
        """Write the books anew from the first entry on, after one has been corrected. Return the commissions."""
        before = {key: holding.unrealized_before for key, holding in self._holdings.items()}
        self._cash = {account: {BASE: self._start} for account in self.accounts}
        self._holdings.clear()
        commissions = []
        for execution, definition, amount, currency in entries:
            commissions.append(self.book(execution, definition, amount, currency))
            if self._day_began is not None and execution.time < self._day_began:
                self.holding(execution.account, definition).realized = ZERO
        for account, definition, signed in self._delivered:
            self.holding(account, definition).quantity += signed
        for key, holding in self._holdings.items():
            holding.unrealized_before = before.get(key, ZERO)
        return commissions

    @property
    def opening_cash(self) -> Decimal:
        """What each account began with, in the accounts' currency."""
        return self._start

    @property
    def day_began(self) -> datetime | None:
        """When the day began; None if it is the one on which the books were opened."""
        return self._day_began

    def resume(
        self,
        opening_cash: Decimal,
        purses: Mapping[str, Mapping[str, Decimal]],
        holdings: Iterable[Holding],
        day_began: datetime | None,
    ) -> None:
        """Go on with the books as they were."""
        self._start = opening_cash
        self._cash = {account: dict(purses[account]) for account in self.accounts}
        self._holdings = {(one.account, one.definition.contract.con_id): one for one in holdings}
        self._day_began = day_began

    def new_day(self, unrealized: dict[tuple[str, int], Decimal], began: datetime) -> None:
        """Begin a day: what is realised counts from zero, profit from what `unrealized` says there is now."""
        self._day_began = began
        for key, holding in self._holdings.items():
            holding.realized = ZERO
            holding.unrealized_before = unrealized.get(key, ZERO)

    def _pay(self, execution: Execution, definition: ContractDefinition, value: Decimal, gained: Decimal) -> None:
        contract = definition.contract
        if contract.sec_type == "FUT":
            self._add(execution.account, contract.currency, gained)
            return
        self._add(execution.account, contract.currency, -value)
        if contract.sec_type == "CASH":
            bought = execution.quantity if execution.side == "BOT" else -execution.quantity
            self._add(execution.account, contract.symbol, bought)

    def _add(self, account: str, currency: str, amount: Decimal) -> None:
        purse = self._cash[account]
        purse[currency] = purse.get(currency, ZERO) + amount
