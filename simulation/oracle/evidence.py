"""What the process makes of what it was told of its orders: none is given up without proof, none outlives its end, and
none is awaited for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from simulation.oracle.heard import Heard
from simulation.oracle.records import GIVEN_UP, Records
from simulation.oracle.truth import Truth

__all__ = ["Evidence"]

_LISTS = {"16": "53", "99": "102", "7": "55"}  # request → end of its list: open orders, completed ones, executions
_STATUS, _NOTICE = "3", "4"
_LOST_IB, _IB_BACK = ("1100", "2110"), ("1101", "1102")
_ENDED = ("Cancelled", "ApiCancelled")
_RESTS = ("ACCEPTED", "PARTIALLY_FILLED", "HELD", "PENDING_MODIFY")
_SENT = "SENT"
_UNHEARD_SECONDS = 20.0  # acknowledgements are awaited for five
_OUTLIVED_SECONDS = 45.0  # the word may be lost with the actor that crashed over it: two reconciliations, 20 s each
_NOT_ANSWERED = "broker.incomplete"  # the alarm that says that it cannot be known


class Evidence:
    """Follows the frames that ask for lists, and their ends; what is wrong goes to `broken`.

    Lists prove that an order is over when all three were asked for after it had left, and ended, in one connection in
    which TWS had not said meanwhile that it has lost IB. What stands in them is not judged: rows may be lost on their
    way, and nobody could know.
    """

    def __init__(
        self, truth: Truth, records: Records, heard: Heard, clock: Callable[[], float], broken: Callable[[str], object]
    ) -> None:
        self._truth, self._records, self._heard = truth, records, heard
        self._clock, self._broken = clock, broken
        self._frames = 0
        self._left: dict[str, int] = {}  # order_ref → the frame with which it left first
        self._asked: dict[
            str, int
        ] = {}  # end of a list → the frame that asked for it, as long as it can prove anything
        self._answered: dict[str, int] = {}  # end of a list → the frame that had asked for it
        self._lost_ib = False
        self._ended: dict[str, float] = {}  # permId → when it was told that the order is over
        self._unanswered_until = 0.0  # when a status said last that the broker does not answer
        self._sent: dict[str, float] = {}  # orders of which a status says no more than that → since when
        records.on_record.append(self._recorded)

    def frame(self, outgoing: bool, fields: list[str]) -> None:
        """A message has passed."""
        self._frames += 1
        if outgoing:
            self._went(fields)
        elif fields[0] in self._asked:
            self._answered[fields[0]] = self._asked.pop(fields[0])
        elif fields[0] == _NOTICE and len(fields) > 3:
            self._lost_ib = fields[3] in _LOST_IB or (self._lost_ib and fields[3] not in _IB_BACK)
            if self._lost_ib:
                self._asked.clear()
        elif fields[0] == _STATUS and len(fields) > 6 and fields[2] in _ENDED:
            order = self._truth.venue.orders.get(int(fields[6] or 0))
            if order is not None and order.done:
                self._ended.setdefault(fields[6], self._clock())

    def _went(self, fields: list[str]) -> None:
        match fields[0]:
            case "71":
                self._asked.clear()
                self._answered.clear()
                self._lost_ib = False
            case "3":
                self._records.read()
                ref = next((field for field in fields if field in self._records.intents), None)
                if ref is not None:
                    self._left.setdefault(ref, self._frames)
            case kind if kind in _LISTS and not self._lost_ib:
                self._asked[_LISTS[kind]] = self._frames

    def _recorded(self, _: str, kind: str, payload: Mapping[str, Any]) -> None:
        if kind != "OrderResolved" or payload["status"] not in GIVEN_UP:
            return
        ref = payload["order_ref"]
        left = self._left.get(ref)
        if left is None or not any(one.order_ref == ref for one in self._truth.live()):
            return
        if any(self._answered.get(end, -1) < left for end in _LISTS.values()):
            self._broken(f"{ref} works, and was given up as {payload['status']} without lists that prove it")

    def look(self, status: Mapping[str, Any], alive_since: float) -> Iterable[str]:
        """Yield what a status says to rest that the process has long been told is over, and what it says to have been
        sent of which nothing has been heard since."""
        now = self._clock()
        sent = [row["order_ref"] for row in status["orders"] or () if row["status"] == _SENT]
        self._sent = {ref: max(alive_since, self._sent.get(ref, now)) for ref in sent}
        for ref, since in self._sent.items():
            if now - since > _UNHEARD_SECONDS:
                yield f"{ref} has been called {_SENT} for {now - since:.0f} s, and not UNKNOWN"
        if any(alarm["kind"] == _NOT_ANSWERED for alarm in status["alarms"] or ()):
            self._unanswered_until = now
        for row in status["orders"] or ():
            if row["status"] not in _RESTS:
                continue
            ref = row["order_ref"]
            ended = [self._told_at(one.perm_id) for one in self._truth.venue.orders.values() if one.order_ref == ref]
            if not ended or None in ended or not self._heard.all_fills_of(ref):
                continue
            seconds = now - max(alive_since, self._unanswered_until, *(at for at in ended if at is not None))
            if seconds > _OUTLIVED_SECONDS:
                yield f"{ref} is called {row['status']} {seconds:.0f} s after it was told to be over"

    def _told_at(self, perm_id: int) -> float | None:
        return self._ended.get(str(perm_id))
