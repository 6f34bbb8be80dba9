"""Fills: one per execId base, the highest version in force, whatever order they come in (INC-24, INC-27)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from attrs import frozen

from domain.orders.archive import BookedFill, base_of, fill_of, line_of, tells, version_of
from messages.order import Commission, Execution

__all__ = ["Booking", "Executions"]


@frozen(slots=True)
class Booking:
    """A version of a fill came into force, in place of `replaces` if that is not None."""

    execution: Execution
    replaces: Execution | None


class Executions:
    """Every execution of the account that was ever seen, and what each cost.

    Nothing is forgotten: an execution that comes again after days is still known. Old ones are kept as lines of text
    (`archive`) and are taken out again when something is said of them.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._in_force: dict[str, Execution] = {}  # execId base → version in force
        self._most: dict[str, Decimal] = {}  # execId base → largest quantity any version had
        self._commissions: dict[str, Commission] = {}  # execId → what is known of its cost
        self._net: dict[str, Decimal] = {}  # symbol → signed sum of the versions in force
        self._unclaimed: dict[int, list[str]] = {}  # permId → execId bases of fills whose order is not known
        self._early: dict[str, Commission] = {}  # execId → a report whose execution is not here yet
        self._archived: dict[str, str] = {}  # execId base → line, of those that have left memory
        self._restored: dict[str, str] = {}  # the same, of others of which nothing was said since a start

    def book(self, execution: Execution) -> Booking | None:
        """Take a version of a fill; None where it is known already or older than the one in force."""
        base = execution.base
        self._take_out(base)
        known = self._in_force.get(base)
        self._most[base] = max(execution.quantity, self._most.get(base, execution.quantity))
        if known is not None and execution.version <= known.version:
            return None
        self._in_force[base] = execution
        if known is not None:
            self._net[known.symbol] -= known.signed_quantity
        self._net[execution.symbol] = self._net.get(execution.symbol, Decimal(0)) + execution.signed_quantity
        return Booking(execution, known)

    def is_in_force(self, execution: Execution) -> bool:
        """Tell whether this very version is in force; what is kept as a line stays one."""
        base = execution.base
        known = self._in_force.get(base)
        if known is not None:
            return known.exec_id == execution.exec_id and known.quantity == execution.quantity
        line = self._restored.get(base) or self._archived.get(base)
        return line is not None and version_of(line) == execution.exec_id

    def in_force(self, base: str) -> Execution:
        """Return the version in force; raises KeyError for a base that was never booked."""
        self._take_out(base)
        return self._in_force[base]

    def corrected(self, base: str) -> bool:
        """Tell whether the version in force is not the first that there was of this fill."""
        return self.in_force(base).version > 1

    def most(self, base: str) -> Decimal:
        """Return the largest quantity that any version of this fill had: what the order was filled with, once."""
        self._take_out(base)
        return self._most[base]

    def known_most(self, base: str) -> Decimal | None:
        """Return the same, None for a fill that is not known."""
        self._take_out(base)
        return self._most.get(base)

    def charge(self, commission: Commission) -> tuple[str, Commission] | None:
        """Take a commission report; return (symbol, report) where it is news about a fill that is here.

        A report without figures says nothing. One that comes before its fill waits for it (`awaited`).
        """
        if commission.amount is None and commission.realized_pnl is None:
            return None
        base = commission.exec_id.rpartition(".")[0] or commission.exec_id
        line = self._restored.get(base) or self._archived.get(base)
        if line is not None and tells(line, commission):
            return None
        self._take_out(base)
        if self._commissions.get(commission.exec_id) == commission:
            return None
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

    # the archive and snapshots

    def in_memory(self) -> list[str]:
        """Return the execId bases of those that are not archived."""
        return [*self._restored, *self._in_force]

    def lines(self) -> list[str]:
        """Return the lines of those that are not archived."""
        costs = self._costs()
        return [*self._restored.values(), *(line_of(self._fill(base, costs)) for base in self._in_force)]

    def archive(self, bases: Iterable[str]) -> list[str]:
        """Keep these as lines from now on, and return the lines."""
        costs = self._costs()
        lines = []
        for base in bases:
            line = self._restored.pop(base, None)
            if line is None:
                fill = self._fill(base, costs)
                line = line_of(fill)
                del self._in_force[base], self._most[base]
                for commission in fill.commissions:
                    del self._commissions[commission.exec_id]
            self._archived[base] = line
            lines.append(line)
        return lines

    def restore(
        self,
        kept: Iterable[str],
        archived: Iterable[str],
        net: Iterable[tuple[str, Decimal]],
        unclaimed: Iterable[tuple[int, Iterable[str]]],
        early: Iterable[Commission],
    ) -> None:
        """Begin with these. Fills stay lines until something is said of them; `kept` ones count over `archived`."""
        self._restored = {base_of(line): line for line in kept}
        self._archived = {base: line for line in archived if (base := base_of(line)) not in self._restored}
        self._net = dict(net)
        self._unclaimed = {perm_id: list(bases) for perm_id, bases in unclaimed}
        self._early = {commission.exec_id: commission for commission in early}

    def unclaimed(self) -> dict[int, list[str]]:
        """Return permId → execId bases of the fills whose order is not known."""
        return self._unclaimed

    def early(self) -> list[Commission]:
        """Return the reports whose execution is not here yet."""
        return list(self._early.values())

    def _costs(self) -> dict[str, list[Commission]]:
        costs: dict[str, list[Commission]] = {}
        for exec_id, commission in self._commissions.items():
            costs.setdefault(exec_id.rpartition(".")[0] or exec_id, []).append(commission)
        return costs

    def _fill(self, base: str, costs: Mapping[str, Sequence[Commission]]) -> BookedFill:
        return BookedFill(self._in_force[base], self._most[base], tuple(costs.get(base, ())))

    def _take_out(self, base: str) -> None:
        line = self._restored.pop(base, None) or self._archived.pop(base, None)
        if line is not None:
            fill = fill_of(line)
            self._in_force[base], self._most[base] = fill.execution, fill.most
            self._commissions.update((commission.exec_id, commission) for commission in fill.commissions)
