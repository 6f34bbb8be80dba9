"""What outlives a gateway actor within a process."""

from __future__ import annotations

from attrs import define, field

from actors.gateway.last_gate import LastGate
from messages.market import Instrument

__all__ = ["LinkHistory"]


@define(slots=True, eq=False)
class LinkHistory:
    """One for a process, made before its first gateway actor and given to each.

    Epochs must never come twice, and the last gate would be no check if a crash made it forget what it let out.
    """

    gate: LastGate
    epoch: int = 0
    instruments: dict[str, Instrument] = field(factory=dict)
