"""From a match to the books: the execution, its commission, the position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from attrs import evolve

from simulator.contracts import ContractDefinition
from simulator.model import (
    ZERO,
    Charged,
    Commission,
    Execution,
    Position,
    PositionChanged,
    VenueEvent,
)
from simulator.venue.commissions import commission_currency, order_commission
from simulator.venue.ids import ExecutionIds
from simulator.venue.ledger import Ledger, multiplier
from simulator.venue.rates import Rates
from simulator.venue.valuation import Valuation
from simulator.venue.working import Working

__all__ = ["Bookkeeping"]

_AVERAGE = Decimal("0.00000001")


class Bookkeeping:
    """Writes executions into the ledger and keeps them."""

    def __init__(
        self,
        ledger: Ledger,
        rates: Rates,
        valuation: Valuation,
        execution_ids: ExecutionIds,
        emit: Callable[[VenueEvent], None],
    ) -> None:
        self.ledger = ledger
        self.rates = rates
        self.valuation = valuation
        self.executions: list[Execution] = []
        self.commissions: dict[str, Commission] = {}
        self._definitions: list[ContractDefinition] = []  # of the executions
        self._execution_ids = execution_ids
        self._emit = emit

    def execute(
        self, working: Working, quantity: Decimal, price: Decimal, time: datetime
    ) -> tuple[Execution, Commission, Position]:
        """Book a fill of an order."""
        order, definition = working.order, working.definition
        working.notional += quantity * price
        order.filled += quantity
        order.average_price = _tidy(working.notional / order.filled)
        order.last_price = price
        execution = Execution(
            exec_id=self._execution_ids.next(),
            order_id=order.order_id,
            client_id=order.client_id,
            perm_id=order.perm_id,
            order_ref=order.order_ref,
            account=order.account,
            contract=order.contract,
            side="BOT" if working.buys else "SLD",
            quantity=quantity,
            price=price,
            time=time,
            exchange=_exchange(definition),
            cumulative=order.filled,
            average_price=order.average_price,
        )
        total = self.price_of(definition, order.filled, working.notional)
        amount, working.charged = total - working.charged, total
        return execution, *self._book(execution, definition, amount)

    def execute_foreign(
        self,
        account: str,
        definition: ContractDefinition,
        signed: Decimal,
        price: Decimal,
        time: datetime,
        perm_id: int,
        liquidation: bool = False,
    ) -> tuple[Execution, Commission, Position]:
        """Book a trade that no client's order made: one by hand, or the broker's own."""
        execution = Execution(
            exec_id=self._execution_ids.next(),
            order_id=0,
            client_id=0,
            perm_id=perm_id,
            order_ref="",
            account=account,
            contract=definition.contract,
            side="BOT" if signed > 0 else "SLD",
            quantity=abs(signed),
            price=price,
            time=time,
            exchange=_exchange(definition),
            cumulative=abs(signed),
            average_price=price,
            liquidation=liquidation,
        )
        amount = self.price_of(definition, abs(signed), abs(signed) * price)
        return execution, *self._book(execution, definition, amount)

    def number_of(self, exec_id: str) -> int:
        """Return which execution an id means, whatever its version. Raises KeyError."""
        identity = exec_id.rpartition(".")[0]
        for number, execution in enumerate(self.executions):
            if execution.exec_id.rpartition(".")[0] == identity:
                return number
        raise KeyError(exec_id)

    def correct(
        self, number: int, quantity: Decimal, price: Decimal, working: Working | None
    ) -> tuple[Execution, Commission, Position]:
        """Put an execution's next version in its place and write the books anew; a bust costs nothing."""
        old, definition = self.executions[number], self._definitions[number]
        identity, _, version = old.exec_id.rpartition(".")
        new = evolve(
            old,
            exec_id=f"{identity}.{int(version) + 1:02d}",
            quantity=quantity,
            price=price,
            cumulative=old.cumulative - old.quantity + quantity,
        )
        if working is not None:
            working.notional += quantity * price - old.quantity * old.price
            working.order.filled += quantity - old.quantity
            filled = working.order.filled
            working.order.average_price = _tidy(working.notional / filled) if filled else ZERO
            new = evolve(new, average_price=working.order.average_price)
        self.executions[number] = new
        paid = self.commissions.pop(old.exec_id)
        kept = evolve(paid, exec_id=new.exec_id, amount=paid.amount if quantity else ZERO)
        self.commissions[new.exec_id] = kept
        entries = [
            (execution, known, self.commissions[execution.exec_id].amount, self.commissions[execution.exec_id].currency)
            for execution, known in zip(self.executions, self._definitions, strict=True)
        ]
        self.commissions = {one.exec_id: one for one in self.ledger.replay(entries)}
        return new, self.commissions[new.exec_id], self.ledger.holding(new.account, definition).position()

    def resume(self, fills: Sequence[tuple[Execution, Commission]], definitions: Sequence[ContractDefinition]) -> None:
        """Go on with these executions and their contracts; the ledger is resumed by itself."""
        self.executions = [execution for execution, _ in fills]
        self.commissions = {commission.exec_id: commission for _, commission in fills}
        self._definitions = list(definitions)
        for execution in self.executions:
            self._execution_ids.know(execution.exec_id)

    def tell(self, execution: Execution, commission: Commission, position: Position) -> None:
        """Tell what follows a fill: its commission, then the new position."""
        self._emit(Charged(commission, execution))
        self._emit(PositionChanged(position))

    def price_of(self, definition: ContractDefinition, quantity: Decimal, notional: Decimal) -> Decimal:
        """Return what an order costs that has executed `quantity` for Σ quantity × price = `notional`."""
        contract = definition.contract
        value = abs(notional) * multiplier(definition)
        value = self.rates.convert(value, contract.currency, commission_currency(contract))
        return order_commission(contract, quantity, value)

    def sells_short_unlocated(self, working: Working) -> bool:
        """Whether the order would sell short what has to be located first."""
        if working.buys or not working.definition.hard_to_borrow:
            return False
        held = self.ledger.holding(working.order.account, working.definition).quantity
        return held < working.order.remaining

    def _book(
        self, execution: Execution, definition: ContractDefinition, amount: Decimal
    ) -> tuple[Commission, Position]:
        currency = commission_currency(definition.contract)
        commission = self.ledger.book(execution, definition, amount, currency)
        self.executions.append(execution)
        self._definitions.append(definition)
        self.commissions[execution.exec_id] = commission
        return commission, self.ledger.holding(execution.account, definition).position()


def _exchange(definition: ContractDefinition) -> str:
    contract = definition.contract
    return contract.primary_exchange or contract.exchange


def _tidy(average: Decimal) -> Decimal:
    return average.quantize(_AVERAGE).normalize() + Decimal("0.00")
