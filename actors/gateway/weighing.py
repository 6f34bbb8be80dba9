"""What each gate of the gateway says of an entry, all of them, for the journal: of one that is not to be sent, as far
as that can be weighed before it is, and of one that they refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import trio
from attrs import evolve

from actors.gateway.last_gate import LastGate
from actors.gateway.outlets import Outlets
from actors.gateway.sender import Sender
from messages.decision import WeighOutgoing
from messages.gateway import OutgoingOrder, Priority
from messages.market import Instrument
from messages.verdict import GateVerdict

__all__ = ["STAGE", "Weighing"]

STAGE = "gateway"


class Weighing:
    """Looks at the link, the queue and the last gate, and changes nothing."""

    def __init__(
        self,
        link: Callable[[], tuple[GateVerdict, ...]],
        sender: Sender,
        gate: LastGate,
        instruments: Mapping[str, Instrument],
        outlets: Outlets,
    ) -> None:
        """`link()` returns the verdicts about the connection."""
        self._link = link
        self._sender = sender
        self._gate = gate
        self._instruments = instruments
        self._outlets = outlets

    def weigh(self, message: WeighOutgoing) -> None:
        """Judge what is not to be sent, and give the record back to `orders` with what was found."""
        found = self.verdicts(message.orders, message.deadline_seconds)
        self._outlets.orders(evolve(message.fact, verdicts=message.fact.verdicts + found))

    def verdicts(self, orders: Sequence[OutgoingOrder], deadline_seconds: float) -> tuple[GateVerdict, ...]:
        """Return what each gate says now of orders of one symbol that may leave within so many seconds; without orders
        only of the link."""
        now = trio.current_time()
        found = [*self._link(), self._liveness()]
        if orders:
            found.append(self._queue(len(orders), deadline_seconds))
            found += [
                GateVerdict(STAGE, f"last gate: {gate}", not against, against or figures)
                for gate, against, figures in self._gate.weigh(orders, self._instruments, now)
            ]
        return tuple(found)

    def _liveness(self) -> GateVerdict:
        age, limit = self._sender.round_trip()
        if age is None:
            return GateVerdict(STAGE, "liveness", passed=False, figures="no round trip on this connection")
        text = f"last round trip {age:.1f} s ago, at most {limit:g} s"
        return GateVerdict(STAGE, "liveness", age < limit, text)

    def _queue(self, size: int, deadline_seconds: float) -> GateVerdict:
        ahead, seconds = self._sender.wait(size, Priority.ENTRY)
        text = f"{ahead} messages before it: leaves after {seconds:.1f} s, at most {deadline_seconds:g} s"
        return GateVerdict(STAGE, "send queue", seconds <= deadline_seconds, text)
