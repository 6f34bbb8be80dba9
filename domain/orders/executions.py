"""Fills: one per execId base, the highest version in force, whatever order they come in (INC-24, INC-27)."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from messages.order import Commission, Execution

__all__ = ["Booking", "Executions"]


@frozen(slots=True)
class Booking:
    """A version of a fill came into force, in place of `replaces` if that is not None."""

    execution: Execution
    replaces: Execution | None


class Executions:
    """Every execution of the account that was ever seen, and what each cost.

    Nothing is forgotten: an execution that comes again after days is still known.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._in_force: dict[str, Execution] = {}  # execId base → version in force
        self._most: dict[str, Decimal] = {}  # execId base → largest quantity any version had
        self._commissions: dict[str, Commission] = {}  # execId → what is known of its cost
        self._net: dict[str, Decimal] = {}  # symbol → signed sum of the versions in force
        self._unclaimed: dict[int, list[str]] = {}  # permId → execId bases of fills whose order is not known
        self._early: dict[str, Commission] = {}  # execId → a report whose execution is not here yet

    def book(self, execution: Execution) -> Booking | None:
        """Take a version of a fill; None where it is known already or older than the one in force."""
        base = execution.base
        known = self._in_force.get(base)
        self._most[base] = max(execution.quantity, self._most.get(base, execution.quantity))
        if known is not None and execution.version <= known.version:
            return None
        self._in_force[base] = execution
        if known is not None:
            self._net[known.symbol] -= known.signed_quantity
        self._net[execution.symbol] = self._net.get(execution.symbol, Decimal(0)) + execution.signed_quantity
        return Booking(execution, known)

    def in_force(self, base: str) -> Execution:
        """Return the version in force; raises KeyError for a base that was never booked."""
        return self._in_force[base]

    def most(self, base: str) -> Decimal:
        """Return the largest quantity that any version of this fill had: what the order was filled with, once."""
        return self._most[base]

    def known_most(self, base: str) -> Decimal | None:
        """Return the same, None for a fill that is not known."""
        return self._most.get(base)

    def charge(self, commission: Commission) -> tuple[str, Commission] | None:
        """Take a commission report; return (symbol, report) where it is news about a fill that is here.

        A report without figures says nothing. One that comes before its fill waits for it (`awaited`).
        """
        if commission.amount is None and commission.realized_pnl is None:
            return None
        if self._commissions.get(commission.exec_id) == commission:
            return None
        base = commission.exec_id.rpartition(".")[0] or commission.exec_id
        execution = self._in_force.get(base)
        if execution is None:
            self._early[commission.exec_id] = commission
            return None
        self._commissions[commission.exec_id] = commission
        return execution.symbol, commission

    def awaited(self, execution: Execution) -> Commission | None:
        """Return, once, the report that came before this execution."""
        commission = self._early.pop(execution.exec_id, None)
        if commission is not None:
            self._commissions[execution.exec_id] = commission
        return commission

    def leave_unclaimed(self, execution: Execution) -> None:
        """Note a fill whose order is not known; its permId may tell later."""
        bases = self._unclaimed.setdefault(execution.perm_id, [])
        if execution.base not in bases:
            bases.append(execution.base)

    def claim(self, perm_id: int) -> list[str]:
        """Return, once, the execId bases of the fills under this permId whose order was not known."""
        return self._unclaimed.pop(perm_id, [])

    def net(self) -> dict[str, Decimal]:
        """Return symbol → signed sum of the fills in force."""
        return dict(self._net)
