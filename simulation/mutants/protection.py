"""Mutants of what protects a position, and of how it is left."""

from __future__ import annotations

from typing import Any

from attrs import evolve

import actors.position.closing
import actors.position.protection
import domain.exit_orders
from actors.orders.submission import Submission
from actors.position.closing import Closing
from actors.position.convergence import Convergence
from actors.position.protection import Protection
from domain.exit_orders import ModifyExit, SubmitExit
from simulation.mutants.mutant import Change, Mutant, replaces

__all__ = ["PROTECTION"]


def _transmit_all(unit: Any) -> Any:
    def mutated(self: Any, group: Any, intents: Any) -> Any:
        made = unit(self, group, intents)
        return evolve(made, orders=tuple(evolve(order, transmit=True) for order in made.orders))

    return mutated


def _without(kind: type) -> Any:
    def make(reconcile_exits: Any) -> Any:
        def mutated(*args: Any) -> Any:
            return tuple(action for action in reconcile_exits(*args) if not isinstance(action, kind))

        return mutated

    return make


def _any_quantity(same_terms: Any) -> Any:
    return lambda leg, order: same_terms(evolve(leg, quantity=order.remaining), order)


def _no_group(submit: Any) -> Any:
    def mutated(self: Any, message: Any) -> None:
        submit(self, evolve(message, orders=tuple(evolve(order, oca_group="") for order in message.orders)))

    return mutated


def _beside_the_exits(step: Any) -> Any:
    def mutated(self: Any) -> None:
        submit = self._actor.submit

        def alone(message: Any) -> None:
            submit(evolve(message, orders=tuple(evolve(order, oca_group="") for order in message.orders)))

        self._actor.submit = alone
        try:
            step(self)
        finally:
            self._actor.submit = submit

    return mutated


def _nothing(*_: Any, **__: Any) -> None:
    return None


PROTECTION = (
    Mutant(
        name="bracket",
        guard="an entry leaves untransmitted, until its exits are there as well",
        changes=(Change(Submission, "_unit", _transmit_all),),
        often=(
            ("buy", {"limit": None}),
            ("sell", {"limit": None}),
        ),
    ),
    Mutant(
        name="watchdog",
        guard="a position without confirmed exits is alarmed in time",
        changes=(
            replaces(Protection, "naked_too_long", _nothing),
            Change(actors.position.protection, "reconcile_exits", _without(SubmitExit)),
        ),
        beside="arming",
    ),
    Mutant(
        name="arming",
        guard="exits that are missing are sent",
        changes=(Change(actors.position.protection, "reconcile_exits", _without(SubmitExit)),),
    ),
    Mutant(
        name="exit-quantity",
        guard="exits have the quantity that is held",
        changes=(Change(domain.exit_orders, "_same_terms", _any_quantity),),
        often=(
            ("buy", {"limit": -0.002}),
            ("hand", {"quantity": 50, "close": False}),
            ("part", {}),
        ),
    ),
    Mutant(
        name="amendment",
        guard="exits that differ from what they should be are changed",
        changes=(Change(actors.position.protection, "reconcile_exits", _without(ModifyExit)),),
        often=(
            ("buy", {"limit": -0.002}),
            ("hand", {"quantity": 50, "close": False}),
            ("part", {}),
        ),
    ),
    Mutant(
        name="sleeping-children",
        guard="a child of an entry protects no more than that has filled",
        changes=(replaces(actors.position.protection, "reach", lambda orders: {}),),
        often=(
            ("buy", {"limit": -0.01}),
            ("buy", {"limit": None}),
        ),
    ),
    Mutant(
        name="oca-group",
        guard="stop and target are one OCA group: what fills cancels the other",
        changes=(Change(Submission, "submit", _no_group),),
        often=(
            ("buy", {"limit": None}),
            ("jump", {}),
            ("close", {}),
        ),
    ),
    Mutant(
        name="exit-in-group",
        guard="the market order that closes a position joins the group of its exits",
        changes=(Change(Closing, "step", _beside_the_exits),),
        often=(
            ("buy", {"limit": None}),
            ("close", {}),
        ),
    ),
    Mutant(
        name="sweep",
        guard="exits that still work for a position that is flat are cancelled",
        changes=(replaces(Convergence, "sweep", _nothing),),
        often=(
            ("buy", {"limit": None}),
            ("hand", {"close": True}),
            ("part", {}),
        ),
    ),
    Mutant(
        name="flipped",
        guard="a position that lies on the wrong side is made flat",
        changes=(replaces(Convergence, "_flipped", _nothing),),
        often=(
            ("buy", {"limit": None}),
            ("hand", {"close": True}),
            ("close", {}),
        ),
    ),
)
