"""A storm of Pitboss's, with the same market, faults and entries, and the plain trader in its place."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import trio
from attrs import define, field

from benchmarks.plain.judge import Judge
from benchmarks.plain.machine import PlainMachine
from config.clock import JumpingClock
from config.determinism import scheduled_from
from config.environment import virtual
from config.loading import settings_from
from simulation.drawing import FAULTS
from simulation.market import Market
from simulation.oracle.truth import Truth
from simulation.people import People
from simulation.plan import Act, Plan
from simulation.service import Service
from simulation.trouble import Trouble
from simulation.wire import Transcript
from simulator.app import PaperBroker, SimulatorSettings

__all__ = ["NOT_ITS_OWN", "PlainOutcome", "ride_plain"]

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CALM_SECONDS = 240.0
FLAT_SECONDS = 120.0
NOT_ITS_OWN = ("crash", "disk", "slow_disk", "signals", "clock")
"""Faults of what a plain application does not have: actors, a journal, its own poller, a clock that it asks."""


@define
class PlainOutcome:
    """What came of a storm: invariant → where it fell."""

    seed: int
    fallen: dict[str, str] = field(factory=dict)
    faults: Counter[str] = field(factory=Counter)
    orders: int = 0
    executions: int = 0


class PlainStorm:
    """One storm, in one trio run."""

    def __init__(self, plan: Plan, outcome: PlainOutcome) -> None:
        self.plan, self.outcome = plan, outcome

    async def main(self) -> None:
        """Live through it."""
        plan = self.plan
        paper = PaperBroker(SimulatorSettings(feed="manual"), virtual(START, plan.seed))
        service = Service(paper.environment.now)
        self.machine = machine = PlainMachine(
            paper,
            settings_from({"symbols": {symbol: {} for symbol in plan.symbols}}, {}),
            plan.seed,
            Transcript(lambda outgoing, fields: None),
            sync_seconds=0.0,
            latency=plan.latency,
            told=lambda text: None,
            world=dict,
        )
        machine.symbols = tuple(plan.symbols)
        self.truth = Truth(paper.venue, trio.current_time)
        self.judge = Judge(machine, self.truth)
        self.market = Market(paper, plan.symbols, plan.volatility, plan.seed, plan.step_seconds)
        self.people = People(machine, self.market, service, lambda request: None, lambda request, accepted: None)
        async with trio.open_nursery() as nursery:
            self.trouble = Trouble(machine, service, self.market, nursery)
            for job in (paper.run, self.market.run, machine.run, self._looking):
                nursery.start_soon(job)
            await self._weather()
            self.trouble.settle()
            await trio.sleep(CALM_SECONDS)
            self.judge.look()
            self.judge.end()
            await self._flat()
            nursery.cancel_scope.cancel()
        self.outcome.fallen = self.judge.fallen
        self.outcome.orders, self.outcome.executions = len(paper.venue.orders), len(paper.venue.executions)

    async def _weather(self) -> None:
        began = trio.current_time()
        for act in self.plan.acts:
            await trio.sleep_until(began + act.at)
            if act.kind in NOT_ITS_OWN:
                continue
            if act.kind in FAULTS:
                self.outcome.faults[act.kind] += 1
                self.trouble.do(act)
            else:
                await self._act(act)
        await trio.sleep_until(began + self.plan.seconds)

    async def _looking(self) -> None:
        while True:
            await trio.sleep(5.0)
            self.judge.look()

    async def _act(self, act: Act) -> None:
        terms, machine = act.terms, self.machine
        match act.kind:
            case "buy" | "sell":
                self._enter(act.kind.upper(), terms["symbol"], terms["quantity"], terms["limit"], terms)
            case "predict" if terms["confidence"] >= 0.8:
                self._enter(terms["word"], terms["symbol"], 40, None, {})
            case "close" | "flatten_one":
                machine.command("close", terms["symbol"])
            case "exits":
                stop, target = _part(terms.get("stop", "3%")), _part(terms.get("target", "8%"))
                price = self.market.prices[terms["symbol"]]
                machine.command("adjust", terms["symbol"], price * (1 - stop), price * (1 + target))
            case "flatten":
                for symbol in self.plan.symbols:
                    machine.command("close", symbol)
            case "hand" | "jump" | "part":
                await self.people.do(act)

    def _enter(self, side: str, symbol: str, quantity: float, limit: float | None, exits: object) -> None:
        """Open with a stop and a target, where it believes that nothing is held; nothing else is expected of it."""
        trader = self.machine.trader
        if trader is None or trader.positions.get(symbol):
            return
        terms = dict(exits) if isinstance(exits, dict) else {}
        price, sign = self.market.prices[symbol], 1 if side == "BUY" else -1
        at = None if limit is None else round(price * (1 + sign * limit), 2)
        stop, target = _part(terms.get("stop", "3%")), _part(terms.get("target", "8%"))
        reference = at or price
        self.machine.command(
            "open", symbol, side, quantity, reference * (1 - sign * stop), reference * (1 + sign * target), at
        )

    async def _flat(self) -> None:
        for symbol in self.plan.symbols:
            self.machine.command("close", symbol)
        await trio.sleep(FLAT_SECONDS)
        mine = set(self.judge.symbols())
        held = {symbol: str(self.truth.held(symbol)) for symbol in mine if self.truth.held(symbol)}
        working = [one.order_ref for one in self.truth.live() if one.contract.symbol in mine]
        if held or working:
            self.judge.note("flat", f"held {held}, {len(working)} orders work")


def _part(text: str) -> float:
    return float(text.rstrip("%")) / 100


def ride_plain(plan: Plan) -> PlainOutcome:
    """Put the plain trader through a storm; the same plan gives the same outcome."""
    outcome = PlainOutcome(plan.seed)
    with scheduled_from(plan.seed):
        trio.run(PlainStorm(plan, outcome).main, clock=JumpingClock())
    return outcome
