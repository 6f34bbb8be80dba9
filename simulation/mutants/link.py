"""Mutants of the way to the broker: queue, budget, liveness, client id."""

from __future__ import annotations

import math
from typing import Any

from actors.gateway.budget import RateBudget
from actors.gateway.liveness import RoundTrips
from actors.gateway.queue import SendQueue
from actors.ib.client import WireClient
from actors.orders.renumbering import Renumbering
from messages.gateway import Priority
from simulation.mutants.mutant import Change, Mutant, replaces

__all__ = ["LINK"]


def _one_lane(put: Any) -> Any:
    def mutated(self: Any, unit: Any) -> None:
        unit.priority = Priority.ENTRY
        put(self, unit)

    return mutated


def _another_id(connect: Any) -> Any:
    tried: list[int] = []

    async def mutated(self: Any, host: str, port: int, client_id: int, timeout: float = 0) -> Any:
        tried.append(client_id)
        return await connect(self, host, port, client_id + len(tried) - 1, timeout)

    return mutated


def _nothing(*_: Any) -> None:
    return None


LINK = (
    Mutant(
        name="priority",
        guard="cancellations and exits go before entries",
        changes=(Change(SendQueue, "put", _one_lane),),
        often=(
            ("buy", {}),
            ("sell", {}),
            ("black_hole", {"seconds": 4.0, "then": "flow"}),
            ("exits", {}),
            ("close", {}),
            ("cancel", {}),
        ),
        settings={"broker": {"messages_per_second": 4}},
    ),
    Mutant(
        name="rate-budget",
        guard="no more messages leave in a second than the configuration allows",
        changes=(replaces(RateBudget, "when", lambda self, count, now: now),),
        settings={"broker": {"messages_per_second": 4}},
    ),
    Mutant(
        name="round-trip",
        guard="new risk leaves only on a link that has answered a moment ago",
        changes=(replaces(RoundTrips, "recent", lambda self, now: True),),
        often=(
            ("black_hole", {"seconds": 13.0, "then": "flow"}),
            ("buy", {}),
            ("sell", {}),
            ("buy", {}),
        ),
    ),
    Mutant(
        name="dead-link",
        guard="a link that does not answer is given up",
        changes=(replaces(RoundTrips, "dead_at", lambda self: math.inf),),
        often=(
            ("black_hole", {"seconds": 50.0, "then": "flow"}),
            ("buy", {}),
        ),
    ),
    Mutant(
        name="deadline",
        guard="an order that waited too long does not leave",
        changes=(
            replaces(SendQueue, "take_expired", lambda self, now: []),
            replaces(SendQueue, "next_deadline", lambda self: math.inf),
        ),
        often=(
            ("black_hole", {"seconds": 2.5, "then": "flow"}),
            ("buy", {}),
            ("sell", {}),
            ("buy", {}),
        ),
        settings={"broker": {"liveness_seconds": 1.0, "entry_deadline_seconds": 0.2}},
    ),
    Mutant(
        name="client-id",
        guard="the client id never changes; where it is in use, it is waited for",
        changes=(Change(WireClient.__bases__[0], "connectAsync", _another_id),),
        often=(
            ("black_hole", {"seconds": 30.0, "then": "flow"}),
            ("reset", {}),
            ("buy", {}),
        ),
    ),
    Mutant(
        name="renumbering",
        guard="what was overtaken in the send queue takes new order ids",
        changes=(replaces(Renumbering, "overtaken", _nothing),),
        often=(
            ("buy", {}),
            ("buy", {}),
            ("sell", {}),
            ("close", {}),
            ("close", {}),
        ),
        settings={"broker": {"messages_per_second": 3}},
    ),
)
