"""Mutants of what the broker's lists may prove: absence, ends, connections, and when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import trio
from attrs import evolve

import actors.orders.reconciliation
import domain.reconciliation
from actors.gateway.outlets import Outlets
from actors.gateway.snapshot import SnapshotDesk
from actors.orders.reconciliation import Reconciler
from domain.orders.effects import SendCancel
from messages.gateway import BrokerSnapshot
from simulation.mutants.mutant import Change, Mutant, replaces

__all__ = ["LISTS"]

_LATE_SECONDS = 1.5


def _complete_anyway(ask: Any) -> Any:
    async def mutated(self: Any, listing: Any, request: Any) -> bool:
        await ask(self, listing, request)
        return True

    return mutated


def _lists_come_late(orders: Any) -> Any:
    def slow(self: Any, message: Any) -> None:
        if isinstance(message, BrokerSnapshot):
            trio.lowlevel.spawn_system_task(_after_a_while, partial(orders, self, message))
        else:
            orders(self, message)

    return slow


async def _after_a_while(tell: Callable[[], None]) -> None:
    await trio.sleep(_LATE_SECONDS)
    tell()


def _of_any_epoch(snapshot: Any) -> Any:
    def mutated(self: Any, message: Any) -> None:
        snapshot(self, evolve(message, epoch=self._desk.epoch))

    return mutated


def _unexplained_is_fine(reconcile: Any) -> Any:
    def mutated(*args: Any, **terms: Any) -> Any:
        return reconcile(*args, **{**terms, "offsets": None})

    return mutated


def _conclusive_anyway(reconcile: Any) -> Any:
    def mutated(book: Any, snapshot: Any, *args: Any, **terms: Any) -> Any:
        return reconcile(book, evolve(snapshot, conclusive=True), *args, **terms)

    return mutated


def _one_is_enough(_: Any) -> Any:
    return lambda last_epoch, epoch, count: True


def _never_cancel_again(seen_open: Any) -> Any:
    def mutated(*args: Any) -> Any:
        concluded, doubt = seen_open(*args)
        return [one for one in concluded if not isinstance(one, SendCancel)], doubt

    return mutated


def _never_gone(_: Any) -> Any:
    return lambda record, before, epoch, *, witnessed: ([], "")


def _nothing(*_: Any, **__: Any) -> None:
    return None


LISTS = (
    Mutant(
        name="end-marker",
        guard="a list without its end marker is unknown, not empty",
        changes=(Change(SnapshotDesk, "_ask", _complete_anyway),),
        often=(
            ("buy", {"limit": -0.01}),
            (
                "drop",
                {"messages": ["openOrder", "openOrderEnd", "completedOrdersEnd", "execDetailsEnd"], "seconds": 40.0},
            ),
            ("connectivity", {"seconds": 0.5}),
        ),
    ),
    Mutant(
        name="two-snapshots",
        guard="absence is proven by two snapshots in a row of the same connection",
        changes=(Change(domain.reconciliation, "_enough", _one_is_enough),),
        often=(
            ("hold", {"messages": ["openOrder", "orderStatus", "execDetails"], "seconds": 3.0}),
            ("buy", {"limit": -0.01}),
            ("connectivity", {"seconds": 0.1}),
            ("buy", {"limit": -0.01}),
            ("sell", {"limit": -0.01}),
        ),
        settings={"broker": {"reconcile_seconds": 2.0}},
    ),
    Mutant(
        name="unexplained-position",
        guard="nothing is concluded about orders while the position has moved by more than executions explain",
        changes=(Change(actors.orders.reconciliation, "reconcile", _unexplained_is_fine),),
        often=(
            ("buy", {"limit": None}),
            ("drop", {"messages": ["execDetails", "completedOrder", "orderStatus", "openOrder"], "seconds": 30.0}),
            ("close", {}),
        ),
    ),
    Mutant(
        name="lost-servers",
        guard="while TWS has lost its servers its lists prove nothing",
        changes=(Change(actors.orders.reconciliation, "reconcile", _conclusive_anyway),),
        often=(
            ("buy", {}),
            ("connectivity", {"seconds": 25.0, "lacks": ["completedOrder", "openOrder"]}),
            ("close", {}),
        ),
    ),
    Mutant(
        name="epoch",
        guard="a snapshot of an earlier connection says nothing about this one",
        changes=(Change(Reconciler, "snapshot", _of_any_epoch),),
        # The mailbox of `orders` keeps the order: the loss of a connection comes behind its lists. Here it does not.
        terms=(Change(Outlets, "orders", _lists_come_late),),
        often=(
            ("connectivity", {"seconds": 0.1}),
            ("reset", {}),
            ("drop", {"messages": ["openOrderEnd", "execDetailsEnd"], "seconds": 30.0}),
        ),
    ),
    Mutant(
        name="absence",
        guard="what is in none of the complete lists is over",
        changes=(Change(domain.reconciliation, "_seen_nowhere", _never_gone),),
        often=(
            ("swallow", {"on": "placeOrder", "after": 1, "times": 3}),
            ("buy", {}),
            ("sell", {}),
        ),
    ),
    Mutant(
        name="schedule",
        guard="the broker is asked for everything again and again, not only when something seems wrong",
        changes=(replaces(Reconciler, "scheduled", _nothing),),
        often=(
            ("buy", {"limit": None}),
            ("hand", {"quantity": 50, "close": False}),
            ("hand", {"quantity": -100, "close": False}),
        ),
    ),
    Mutant(
        name="cancel-again",
        guard="a cancellation that the broker's lists do not show is written again",
        changes=(Change(domain.reconciliation, "_seen_open", _never_cancel_again),),
        often=(
            ("buy", {"limit": -0.01}),
            ("swallow", {"on": "cancelOrder", "after": 1, "times": 2}),
            ("cancel", {}),
            ("close", {}),
        ),
    ),
)
