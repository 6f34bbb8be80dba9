"""What a position holds and earned, from executions alone, by average cost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import evolve

from domain.instrument import canonical
from messages.order import Commission, Execution, Side

__all__ = ["Ledger"]

ZERO = Decimal(0)
_FINEST = Decimal("1E-8")


def _figure(value: Decimal) -> Decimal:
    """Drop what the division of an average left beyond eight decimals."""
    return Decimal(canonical(value.quantize(_FINEST)))


class Ledger:
    """The fills of one position: signed quantity, average price, realised P&L and commission.

    One fill per execId base, the highest version counts, a version with quantity 0 (a bust) counts for nothing. Fills
    take effect in the order of their times, those of one second in the order of booking, so that a fill learned late
    gives the same figures as one learned at once. A fill larger than the position closes it and opens the other side
    at its own price. Money is in the instrument's currency; P&L does not contain commission.
    """

    def __init__(self, multiplier: Decimal = Decimal(1)) -> None:
        """`multiplier` is the instrument's: money per point and unit."""
        self.multiplier = multiplier
        self._fills: list[Execution] = []
        self._versions: dict[str, int] = {}
        self._commissions: dict[str, tuple[int, Decimal]] = {}
        self._amendments = ZERO
        self._amended: set[str] = set()
        self._reset()

    # reading

    @property
    def quantity(self) -> Decimal:
        """Positive when long, negative when short."""
        return self._quantity

    @property
    def average_price(self) -> Decimal | None:
        """Mean entry price of what is held, commission not included; None when flat."""
        return _figure(self._cost / self._quantity) if self._quantity else None

    @property
    def realized_pnl(self) -> Decimal:
        """P&L of what was closed."""
        return _figure((self._realized + self._amendments) * self.multiplier)

    @property
    def commission(self) -> Decimal:
        """Sum of the commissions that the broker has told; an unknown one counts as nothing until it is told."""
        return _figure(sum((amount for _, amount in self._commissions.values()), ZERO))

    @property
    def opened(self) -> datetime | None:
        """Time of the fill that opened what is held; None when flat."""
        return self._opened

    @property
    def bases(self) -> tuple[str, ...]:
        """The execId bases booked, in order of booking."""
        return tuple(self._versions)

    def unrealized_pnl(self, mark: float | Decimal | None) -> Decimal:
        """Return the P&L of what is held at `mark`; 0 when flat or without a mark."""
        if mark is None or not self._quantity:
            return ZERO
        return _figure((Decimal(str(mark)) * self._quantity - self._cost) * self.multiplier)

    def knows(self, execution: Execution) -> bool:
        """Whether this version of the fill, or a higher one, is booked."""
        return self._versions.get(execution.base, -1) >= execution.version

    # booking

    def book(self, execution: Execution) -> bool:
        """Book a fill or a new version of one; return False, and change nothing, for one already known."""
        if self.knows(execution):
            return False
        known = execution.base in self._versions
        self._versions[execution.base] = execution.version
        if known:
            self._fills = [execution if fill.base == execution.base else fill for fill in self._fills]
            self._refold()
        elif self._fills and execution.time < self._fills[-1].time:
            self._fills.append(execution)
            self._refold()
        else:
            self._fills.append(execution)
            self._apply(execution.signed_quantity, execution.price, execution.time)
        return True

    def correct(self, execution: Execution, replaces: Execution) -> bool:
        """Book a new version of a fill; return False, and change nothing, for one already known.

        Where the fill belongs to an earlier position of the symbol, which this ledger does not hold, the difference
        in quantity is a fill of its own at the corrected price, and what the corrected price changes in the earlier
        position is realised here.
        """
        if self.knows(execution):
            return False
        if execution.base in self._versions and execution.base not in self._amended:
            return self.book(execution)
        self._versions[execution.base] = execution.version
        self._amended.add(execution.base)
        price = execution.price if execution.quantity else replaces.price
        before = replaces.signed_quantity
        change = execution.signed_quantity - before
        self._amendments += before * (replaces.price - price)
        if change:
            side = Side.BUY if change > 0 else Side.SELL
            self._fills.append(evolve(execution, side=side, quantity=abs(change), price=price))
            self._refold()
        return True

    def charge(self, commission: Commission) -> bool:
        """Book the commission of a fill, before or after the fill itself; return whether anything changed.

        A higher version of the execId replaces what was charged for a lower one.
        """
        base, _, suffix = commission.exec_id.rpartition(".")
        version = int(suffix) if suffix.isdigit() else 0
        key = base or commission.exec_id
        known = self._commissions.get(key)
        if known is not None and (known[0] > version or commission.amount is None):
            return False
        amount = commission.amount if commission.amount is not None else ZERO
        self._commissions[key] = (version, amount)
        return amount != (known[1] if known is not None else ZERO)

    @property
    def uncharged(self) -> bool:
        """Whether the commission report of a fill has not come; what amends an earlier position is not charged here."""
        charged = self._commissions.keys() | self._amended
        return any(fill.base not in charged for fill in self._fills if fill.quantity)

    @property
    def only_amends(self) -> bool:
        """Whether all that is booked here are corrections of earlier positions."""
        return bool(self._versions) and self._versions.keys() == self._amended

    # folding

    def _reset(self) -> None:
        self._quantity = ZERO
        self._cost = ZERO  # signed: average price × quantity
        self._realized = ZERO
        self._opened: datetime | None = None

    def _refold(self) -> None:
        self._fills.sort(key=lambda fill: fill.time)
        self._reset()
        for fill in self._fills:
            self._apply(fill.signed_quantity, fill.price, fill.time)

    def _apply(self, change: Decimal, price: Decimal, time: datetime) -> None:
        if not change:
            return
        held = self._quantity
        if held and (held > 0) != (change > 0):
            closing = -held if abs(change) >= abs(held) else change
            share = self._cost if closing == -held else self._cost * -closing / held
            self._realized += -closing * price - share
            self._cost -= share
            self._quantity += closing
            change -= closing
            if not self._quantity:
                self._cost = ZERO
                self._opened = None
        if change:
            if not self._quantity:
                self._opened = time
            self._quantity += change
            self._cost += change * price
