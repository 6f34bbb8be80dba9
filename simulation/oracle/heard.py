"""What the process has been told: by the frames that reached it."""

from __future__ import annotations

from decimal import Decimal

from simulation.oracle.truth import STOPS, Truth

__all__ = ["Heard"]

_EXECUTION, _STATUS, _OPEN_ORDER, _COMPLETED = "11", "3", "5", "101"
_POSITION, _POSITIONS_END = "61", "62"
_OVER = frozenset(("Filled", "Cancelled", "ApiCancelled", "Inactive"))
_PERM_ID_DIGITS = 10


class Heard:
    """Nobody can act on what he was not told: the oracle's bounds begin when the process could know."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._texts: set[str] = set()  # fields of reports of executions: their ids among them
        self._over: set[str] = set()  # permIds of orders that were told to be over
        self._rows: dict[str, Decimal] = {}  # symbol → what was told to be held, since the last list of that ended
        self._misled: set[str] = set()  # symbols of which the last such list told something else than was true

    def frame(self, fields: list[str]) -> None:
        """A frame has reached the process."""
        kind = fields[0]
        if kind == _EXECUTION:
            self._texts.update(field for field in fields if field.count(".") == 3)
        elif kind in (_STATUS, _OPEN_ORDER, _COMPLETED) and not _OVER.isdisjoint(fields):
            self._over.update(field for field in fields if len(field) == _PERM_ID_DIGITS and field.isdigit())
        elif kind == _POSITION and len(fields) > 14:
            self._rows[fields[4]] = Decimal(fields[14])
        elif kind == _POSITIONS_END:
            symbols = {one.contract.symbol for one in self._truth.venue.positions()} | self._rows.keys()
            self._misled = {one for one in symbols if self._rows.get(one, Decimal(0)) != self._truth.held(one)}
            self._rows.clear()

    def misled(self, symbol: str) -> bool:
        """Whether the broker's last list told a holding that was not so, or lacked it: its rows may be late."""
        return symbol in self._misled

    def all_fills_of(self, order_ref: str) -> bool:
        """Whether it has been told of every execution of an order."""
        fills = (one for one in self._truth.venue.executions if one.order_ref == order_ref)
        return all(one.exec_id in self._texts for one in fills)

    def all_of(self, symbol: str) -> bool:
        """Whether it has been told of every execution of a symbol, and of every stop that is over."""
        for execution in self._truth.venue.executions:
            if execution.contract.symbol == symbol and execution.exec_id not in self._texts:
                return False
        return all(
            str(order.perm_id) in self._over
            for order in self._truth.venue.orders.values()
            if order.done and order.contract.symbol == symbol and order.order_type in STOPS and order.order_ref
        )
