"""One storm: from the first start to the money at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from math import inf
from random import Random
from typing import Any

import trio
from attrs import define, field

from actors.signals.client import OptionsFlowClient
from config.clock import JumpingClock
from config.determinism import scheduled_from
from config.environment import machine as real_machine
from config.environment import virtual
from simulation.drawing import FAULTS
from simulation.guests import Checks, Guests
from simulation.judging import Judging
from simulation.machine import Machine
from simulation.market import Market
from simulation.oracle.calm import accounts, unsettled
from simulation.oracle.safety import Violation
from simulation.people import People
from simulation.plan import START, Act, Plan
from simulation.service import Service
from simulation.settings import SIGNAL_URL, settings_of
from simulation.sometimes import Sometimes
from simulation.timeline import Chronicle, Moment
from simulation.trouble import Trouble
from simulation.wire import Transcript
from simulator.app import PaperBroker, SimulatorSettings

__all__ = ["START", "Outcome", "ride"]

LOOK_SECONDS = 10.0
QUIET_SECONDS = 60.0  # between two looks while nothing happens
CALM_SECONDS = 240.0  # from the end of the last fault until nothing is left to settle
FLAT_SECONDS = 120.0  # from the command to flatten until nothing is held
TEND_SECONDS = 60.0  # how often an operator looks whether a restart is asked for, once the storm is over
_LIMIT = 30 * 86_400.0


@define
class Outcome:
    """What came of a storm."""

    seed: int
    violation: str = ""
    simulated: float = 0.0
    real: float = 0.0
    faults: Counter[str] = field(factory=Counter)
    reached: Counter[str] = field(factory=Counter)
    orders: int = 0
    executions: int = 0
    lives: int = 0
    records: int = 0
    settled_after: float = 0.0
    longest_naked: float = 0.0
    journal: str = ""
    wire: str = ""
    timeline: list[Moment] = field(factory=list)


class Storm:
    """All parts of one storm, in one trio run."""

    def __init__(self, plan: Plan, outcome: Outcome, guests: Guests, *, detailed: bool = False) -> None:
        self.plan, self.outcome, self._guests = plan, outcome, guests
        self._tended = -inf  # when the operator started the process again
        self._chronicle = Chronicle(self._line) if detailed else None

    async def main(self) -> None:
        """Live through it."""
        environment = virtual(START, self.plan.seed)
        paper = PaperBroker(SimulatorSettings(feed="manual", calendar=self.plan.calendar), environment)
        service = Service(paper.environment.now)
        transcript = Transcript(self._frame)
        settings, sources = settings_of(self.plan), self._guests.sources(service)
        self.machine = machine = Machine(
            paper,
            settings,
            self.plan.seed,
            transcript,
            sync_seconds=self.plan.sync_seconds,
            latency=self.plan.latency,
            told=self._told,
            world=lambda: {
                "signals": lambda: OptionsFlowClient(SIGNAL_URL, "key", service),
                "rules": self._guests.rules_of_a_life(settings),
                "sources": sources,
            },
        )
        self._judging = judging = Judging(self.plan, settings, machine)
        self.truth, self.records, self.safety = judging.truth, judging.records, judging.safety
        machine.disk.on_opened = self._opened
        self.sometimes = Sometimes(self.outcome.reached, self.truth, self.records, machine)
        self.market = market = Market(
            paper,
            self.plan.symbols,
            self.plan.volatility,
            self.plan.seed,
            self.plan.step_seconds,
            self.plan.calendar,
        )
        self.people = People(machine, market, service, self.safety.halts.asked, self.safety.halts.answered)
        real = real_machine()
        began, since = trio.current_time(), real.now()
        checks = Checks(self._guests.checks, paper.venue, self.records, lambda: trio.current_time() - began)
        self.safety.others.append(lambda status: checks.look(status, paper.environment.now()))
        watching = ExitStack()
        if self._chronicle is not None:
            watching.enter_context(self._chronicle.watching(machine, paper.environment))
        try:
            async with trio.open_nursery() as nursery:
                self.trouble = Trouble(machine, service, market, nursery, judging.all_booked)
                for job in (paper.run, market.run, machine.run):
                    nursery.start_soon(job)
                with watching, trio.fail_after(_LIMIT):  # what ends with the storm is no part of its story
                    await self._weather()
                    await self._calm()
                    self.note("people", f"their orders by hand: {self.people.hand.cancel_all()}")
                    status = await self._flat()
                    judging.journal()
                if wrong := checks.look(status, paper.environment.now(), over=True):
                    raise Violation(wrong)
                nursery.cancel_scope.cancel()
        finally:
            out = self.outcome
            out.simulated, out.real = trio.current_time() - began, (real.now() - since).total_seconds()
            out.wire, out.journal = transcript.digest, self.records.digest
            out.orders, out.executions = len(paper.venue.orders), len(paper.venue.executions)
            out.lives, out.records = machine.life + 1, len(machine.disk.rows)
            out.longest_naked = self.safety.watch.longest_naked

    # its parts

    async def _weather(self) -> None:
        """Everything that the plan has, with a look at the whole now and then."""
        began = trio.current_time()
        async with trio.open_nursery() as acting:
            acting.start_soon(self._looking, acting.cancel_scope)
            for act in self.plan.acts:
                await trio.sleep_until(began + act.at)
                if act.kind in FAULTS:
                    self.outcome.faults[act.kind] += 1
                    self.sometimes.fault(act)
                    self.note("fault", f"{act}: {self.trouble.do(act)}")
                else:
                    acting.start_soon(self._act, act)
            await trio.sleep_until(began + self.plan.seconds)
            acting.cancel_scope.cancel()
        self.trouble.settle()

    async def _act(self, act: Act) -> None:
        match act.kind:
            case "jump":
                self.sometimes.jumped()
            case "halt" | "flatten":
                self.sometimes.stopped()
            case "morning":
                self.trouble.settle()
                await self._calm("the night is over")
                return
            case "evening":
                await self._evening()
                return
        self.note("people", f"{act}: {await self.people.do(act)}")

    async def _looking(self, scope: trio.CancelScope) -> None:
        looked = 0.0
        while True:
            await trio.sleep(LOOK_SECONDS)
            if not self._judging.restless and trio.current_time() - looked < QUIET_SECONDS:
                continue
            looked = trio.current_time()
            status = self.people.glance()
            if status is not None:
                self._judging.look(status)

    async def _evening(self) -> None:
        """After a close before which all was to be left: what is held is named by an alarm."""
        status = await self.people.status()
        if status is None or status["alarms"] is None:
            return
        named = {alarm["symbol"] for alarm in status["alarms"]}
        held = {one.contract.symbol for one in self.truth.venue.positions()}
        if None not in named and held - named and status["state"] == "READY":
            raise Violation(f"held over the close, and no alarm says so: {sorted(held - named)}")

    async def _calm(self, why: str = "the last fault is over") -> None:
        """After the last fault: READY and reconciled, or halted with an alarm, in time."""
        self.note("storm", why)
        began = trio.current_time()
        wrong = "no process runs"
        while wrong:
            await trio.sleep(1.0)
            waited = trio.current_time() - began
            status = await self.people.status()
            if status is None:
                wrong = "no process runs"
            else:
                self._judging.look(status)
                self._tend(status)
                await self._see_to_differences(status)
                wrong = unsettled(status, self.truth, self.records)
            if wrong and waited > CALM_SECONDS:
                raise Violation(f"{waited:.0f} s after the last fault: {wrong}")
        self.outcome.settled_after = trio.current_time() - began

    def _tend(self, status: Mapping[str, Any]) -> None:
        """Start again what says that it ends with the next start alone, as an operator does who reads it."""
        kinds = {alarm["kind"] for alarm in status["alarms"] or ()}
        # whoever has acknowledged the alarm of a quarantine still reads that the actor does not answer
        asked = any("is quarantined" in text for text in status["unanswered"])
        if (
            asked or kinds & {"journal.failed", "actor.quarantined"}
        ) and trio.current_time() > self._tended + TEND_SECONDS:
            self._tended = trio.current_time()
            self.note("people", "restart")
            self.machine.restart()

    async def _see_to_differences(self, status: Mapping[str, Any]) -> None:
        for told in await self.people.see_to_differences(status, trio.current_time()):
            self.note("people", told)

    async def _flat(self) -> Mapping[str, Any]:
        """The operator closes everything: then the money can be counted. Return the last status."""
        began, accepted, answer = trio.current_time(), False, ""
        while True:
            if not accepted:
                accepted, answer = await self.people.given("flatten", reason="the storm is over")
                self.note("people", f"flatten: {answer}")
                await self._gap()
            await trio.sleep(1.0)
            status = await self.people.status()
            if status is None:
                continue
            self._judging.look(status)
            self._tend(status)
            await self._see_to_differences(status)
            wrong = unsettled(status, self.truth, self.records)
            if not wrong and (self.truth.venue.positions() or self.truth.live()):
                wrong = f"still held {self.truth.venue.positions()}, still working {self.truth.live()}"
            wrong = wrong or accounts(self.truth, self.records)
            if not wrong:
                return status
            if trio.current_time() - began > FLAT_SECONDS:
                alarms = [(alarm["kind"], alarm["symbol"]) for alarm in status["alarms"]]
                raise Violation(f"after flatten ({answer}): {wrong}; alarms {alarms}")

    async def _gap(self) -> None:
        """Let the market run away from some of those who leave."""
        dice = Random(f"gap {self.plan.seed}")
        await trio.sleep(dice.choice((0.001, 0.02, 0.2)))
        if dice.random() < 0.3:
            self.records.read()
            self.sometimes.jumped()
            for symbol in self.plan.symbols:
                self.market.shift(symbol, dice.uniform(-0.06, 0.06))

    # what is seen

    def note(self, who: str, what: str) -> None:
        """Write into the timeline."""
        if self._chronicle is not None:
            self._chronicle.note(who, what)

    def _line(self, who: str, what: str) -> None:
        self.outcome.timeline.append((trio.current_time(), who, what))

    def _frame(self, outgoing: bool, fields: list[str]) -> None:
        self._judging.frame(outgoing, fields)
        self.sometimes.frame(outgoing, fields)
        if self._chronicle is not None:
            self._chronicle.frame(outgoing, fields)

    def _told(self, text: str) -> None:
        self.note("machine", text)
        if text.startswith("process starts"):
            self._judging.conduct.born()

    def _opened(self, text: str, wrong: bool) -> None:
        self.note("machine", text)
        self.sometimes.opened(text)
        if wrong:
            self.safety.broken(text)


def ride(
    plan: Plan,
    *,
    guests: Guests | None = None,
    detailed: bool = False,
    instruments: Sequence[trio.abc.Instrument] = (),
) -> Outcome:
    """Live through a storm and return what came of it. The same plan gives the same outcome, but for `real`.

    With `detailed` its timeline also holds the log, the messages and the book; no other log may be running.
    `guests` come along; `instruments` watch trio.
    """
    outcome = Outcome(plan.seed)
    storm = Storm(plan, outcome, guests or Guests(), detailed=detailed)
    try:
        with scheduled_from(plan.seed):
            trio.run(storm.main, clock=JumpingClock(), instruments=instruments)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what came of it
        outcome.violation = _innermost(error)
    except BaseExceptionGroup as group:
        if group.subgroup(KeyboardInterrupt) is None:
            raise
        raise KeyboardInterrupt from None  # Ctrl-C came upon a task
    return outcome


def _innermost(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, Violation):
        return str(error)
    return f"{type(error).__name__}: {error}"
