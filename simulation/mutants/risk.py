"""Mutants of what may not be done now: gates, halts, limits, signals."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from actors.gateway.keeper import LinkKeeper
from actors.orders.desk import OrderDesk
from actors.orders.reconciliation import Reconciler
from actors.portfolio.actor import PortfolioActor
from actors.portfolio.breaker import BreakerDesk
from actors.portfolio.exposures import Exposures
from actors.position.quote import Quote
from actors.signals.intake import Intake
from actors.signals.source import SourceActor
from domain.limits import Limits
from messages.risk import TradingState
from simulation.mutants.mutant import Change, Mutant, replaces

__all__ = ["RISK"]


def _passes(name: str) -> Any:
    """The gate of this name lets everything through."""

    def make(gates: Any) -> Any:
        def mutated(self: Any) -> Any:
            return tuple(evolve(gate, passed=True) if gate.gate == name else gate for gate in gates(self))

        return mutated

    return make


def _always_reconciled(allow: Any) -> Any:
    return lambda self, not_reconciled: allow(self, "")


def _forget_the_halt(restore: Any) -> Any:
    def mutated(self: Any, payloads: Any) -> Any:
        last = restore(self, payloads)
        self.breaker = type(self.breaker)()
        return last

    return mutated


def _halted_by_nobody(checks: Any) -> Any:
    def mutated(self: Any) -> Any:
        return tuple(check for check in checks(self) if check.name != "halted")

    return mutated


def _resume_ends_all(resume: Any) -> Any:
    def mutated(self: Any, reason: str) -> Any:
        self.breaker = (
            type(self.breaker)(state=TradingState.REDUCE_ONLY, reason="halted")
            if self.breaker.tripped
            else self.breaker
        )
        return resume(self, reason)

    return mutated


def _forget_what_was_seen(prepare: Any) -> Any:
    async def mutated(self: Any) -> None:
        await prepare(self)
        self._intake._seen.clear()

    return mutated


def _nothing(*_: Any) -> None:
    return None


def _never(*_: Any) -> bool:
    return False


def _without_limits(weigh: Any) -> Any:
    def mutated(self: Any, group: Any) -> Any:
        limits, self._exposures.limits = self._exposures.limits, Limits()
        try:
            return weigh(self, group)
        finally:
            self._exposures.limits = limits

    return mutated


RISK = (
    Mutant(
        name="limits",
        guard="no entry leaves that is beyond a limit",
        changes=(Change(PortfolioActor, "_weigh", _without_limits),),
        often=(
            ("buy", {"limit": -0.01, "quantity": 250}),
            ("sell", {"limit": -0.01, "quantity": 250}),
        ),
        settings={"risk": {"max_gross_exposure": 15000}},
    ),
    Mutant(
        name="not-ready",
        guard="no new risk before everything that can rest at the broker is known",
        changes=(
            Change(OrderDesk, "allow", _always_reconciled),
            Change(LinkKeeper, "entry_gates", _passes("broker's lists")),
        ),
        often=(
            ("kill", {"again": -1, "seconds": 0.5}),
            ("buy", {}),
            ("reset", {}),
            ("sell", {}),
            ("buy", {}),
        ),
    ),
    Mutant(
        name="halt",
        guard="no new risk while trading is halted",
        changes=(Change(PortfolioActor, "_state_checks", _halted_by_nobody),),
    ),
    Mutant(
        name="halt-persistence",
        guard="a halt and a latch outlive the process",
        changes=(Change(BreakerDesk, "restore", _forget_the_halt),),
        often=(
            ("halt", {}),
            ("kill", {"at": "now", "seconds": 0.5, "again": -1}),
            ("buy", {}),
            ("sell", {}),
        ),
    ),
    Mutant(
        name="latch",
        guard="resume does not end what only rearm may end",
        changes=(Change(BreakerDesk, "resume", _resume_ends_all),),
        often=(
            ("flatten", {}),
            ("resume", {}),
            ("buy", {}),
            ("sell", {}),
        ),
    ),
    Mutant(
        name="stale-price",
        guard="no entry is decided on a price that is too old",
        changes=(replaces(Quote, "stale", lambda self, now, age: ""),),
        often=(
            ("still", {"seconds": 60.0}),
            ("buy", {}),
            ("sell", {}),
            ("buy", {}),
        ),
    ),
    Mutant(
        name="restart-window",
        guard="no new risk in a window in which TWS restarts",
        changes=(Change(LinkKeeper, "entry_gates", _passes("restart window")),),
        often=(("buy", {}),),
        settings={"broker": {"restart_windows": ["10:00-10:02 America/New_York"]}},
    ),
    Mutant(
        name="lost-ib",
        guard="no new risk while TWS has lost its link to IB",
        changes=(
            Change(LinkKeeper, "entry_gates", _passes("link to IB")),
            Change(LinkKeeper, "entry_gates", _passes("broker's lists")),
            replaces(Quote, "interrupt", _nothing),
            replaces(Reconciler, "notice", _nothing),
            replaces(Quote, "stale", lambda self, now, age: ""),
        ),
        beside="stale-price",
        often=(
            ("connectivity", {"seconds": 10.0}),
            ("buy", {}),
            ("sell", {}),
        ),
    ),
    Mutant(
        name="reservation",
        guard="orders that may still fill count against the limits",
        changes=(replaces(Exposures, "waiting", lambda self: ()),),
        often=(
            ("buy", {"limit": -0.01, "quantity": 100}),
            ("buy", {"limit": -0.01, "quantity": 250}),
            ("sell", {"limit": -0.01, "quantity": 250}),
        ),
        settings={"risk": {"max_gross_exposure": 30000}},
    ),
    Mutant(
        name="atomic-reservation",
        guard="what passes the limits is reserved in the same step",
        changes=(replaces(Exposures, "reserve", _nothing),),
        often=(
            ("buy", {"limit": -0.01, "quantity": 250}),
            ("buy", {"limit": -0.01, "quantity": 250}),
            ("buy", {"limit": -0.01, "quantity": 250}),
        ),
        together=True,
        settings={"risk": {"max_gross_exposure": 26000}},
    ),
    Mutant(
        name="signal-dedupe",
        guard="a prediction that was judged before a restart is not judged again",
        changes=(Change(SourceActor, "prepare", _forget_what_was_seen),),
    ),
    Mutant(
        name="signal-known",
        guard="a prediction is taken once, however often the service answers with it",
        changes=(replaces(Intake, "known", _never),),
    ),
)
