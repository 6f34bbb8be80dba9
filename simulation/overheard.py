"""What crosses the link, as far as dangerous states can be told by it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import inf

import trio

from simulation.oracle.records import Records
from simulation.oracle.truth import Truth

__all__ = ["Overheard"]

_OVER = frozenset(("Filled", "Cancelled", "ApiCancelled"))
_WORKS = frozenset(("Submitted", "PreSubmitted"))
_ENDS = frozenset(("53", "102", "55", "62"))  # of open orders, completed orders, executions, positions
_TOO_LATE = frozenset(("161", "10147", "10148"))
_LOST, _BACK = frozenset(("1100", "2110")), frozenset(("1101", "1102"))


class Overheard:
    """Follows the frames of all links; what is dangerous goes to `count`."""

    def __init__(self, truth: Truth, records: Records, count: Callable[[str], object]) -> None:
        self._truth, self._records, self._count = truth, records, count
        self.left: dict[str, float] = {}  # order_ref → when it left first
        self.changing: set[str] = set()  # order_refs of which a change has left, and is not echoed
        self.left_at = -inf  # when an order left last, on the link that is up
        self.lost_ib = False
        self.hangs_until = -inf  # the link, by a fault
        self.life = 0
        self._heard: set[str] = set()  # order ids of which anything was heard
        self._over: set[str] = set()  # order ids that were told to be over
        self._told: dict[str, int] = {}  # execution, without its version → the life that heard of it first
        self._versions: set[str] = set()  # of all executions that were heard of
        self._ended: set[str] | None = None  # lists of which the end has come in this connection

    def unacknowledged(self) -> list[str]:
        """Return the order_refs that have left, and of which nothing was heard."""
        known = {one.order_ref: str(one.order_id) for one in self._truth.venue.orders.values()}
        return [ref for ref in self.left if known.get(ref, "") not in self._heard]

    def acknowledged(self, order_id: int) -> bool:
        """Whether anything was heard of an order."""
        return str(order_id) in self._heard

    def link_lost(self) -> None:
        """A link has ended, by whichever side."""
        if self._ended is not None and self._ended < _ENDS:
            self._count("link was lost while the broker told its lists")
        if trio.current_time() - self.left_at < 1.0:
            self._count("order left within a second before its link was lost")
        self._ended, self.lost_ib, self.left_at = None, False, -inf

    def frame(self, outgoing: bool, fields: list[str]) -> None:
        """A message has passed."""
        kind = fields[0]
        if outgoing:
            if kind == "3":
                self._placed(fields)
            elif kind == "71":
                self._ended = set()
            return
        match kind:
            case "5":
                for ref in self.changing.intersection(fields):
                    self.changing.discard(ref)
                self._of_order(kind, fields[1], fields)
            case "3":
                self._of_order(kind, fields[1], fields[2:3])
            case "11":
                self._of_order(kind, fields[2], ())
                self._executed(fields[2], fields)
            case "59":
                if fields[2].rpartition(".")[0] not in self._told:
                    self._count("commission told before its execution")
            case "4" if len(fields) > 3:
                self._error(fields[3])
            case "61" if len(fields) > 14 and Decimal(fields[14]) != self._truth.held(fields[4]):
                self._count("position told that was no longer so")
            case "53" if self._truth.by_hand():
                self._count("order by hand worked when all was compared")
        if kind in _ENDS and self._ended is not None:
            self._ended.add(kind)

    def _placed(self, fields: list[str]) -> None:
        for ref in [field for field in fields if field in self._records.intents]:
            if ref in self.left:
                self.changing.add(ref)
            self.left.setdefault(ref, trio.current_time())
        self.left_at = trio.current_time()
        if self.left_at < self.hangs_until:
            self._count("order left into a link that hung")

    def _of_order(self, kind: str, order_id: str, status: list[str] | tuple[()]) -> None:
        if int(order_id or 0) <= 0:
            return
        if order_id not in self._heard:
            self._heard.add(order_id)
            if kind == "11":
                self._count("execution before openOrder")
            elif kind == "3":
                self._count("status before openOrder")
        if order_id in self._over and not _WORKS.isdisjoint(status):
            self._count("status went backwards")
        if not _OVER.isdisjoint(status):
            self._over.add(order_id)

    def _executed(self, order_id: str, fields: list[str]) -> None:
        exec_id = next((field for field in fields if field.count(".") == 3), "")
        base, _, version = exec_id.rpartition(".")
        if exec_id in self._versions:
            return
        self._versions.add(exec_id)
        if version == "01" and order_id in self._over:
            self._count("execution told after its order was over")
        elif version != "01" and base not in self._told:
            self._count("correction told before what it corrects")
        elif version != "01" and self._told[base] < self.life:
            self._count("correction in a later life")
        self._told.setdefault(base, self.life)

    def _error(self, code: str) -> None:
        if code in _TOO_LATE:
            self._count("cancellation was refused")
        elif code in _LOST:
            self.lost_ib = True
        elif code in _BACK:
            self.lost_ib = False
