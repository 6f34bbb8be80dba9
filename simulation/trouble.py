"""What goes wrong in a storm: network, broker, disk, clock, process and actors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import trio

from simulation.machine import Death, Machine
from simulation.market import Market
from simulation.plan import Act
from simulation.service import Service
from simulation.trouble_broker import BrokerTrouble
from simulator.faults import FaultEngine, Rule
from simulator.faults import verbs as v

__all__ = ["Trouble"]


class Crash(Exception):
    """What a handler raises that is made to crash."""


def _break_down(supervisor: Any) -> None:
    async def failing(*_: Any) -> None:
        raise Crash("a supervisor crashes")

    supervisor._revive_group = failing


class Trouble:
    """Carries out the faults of a plan. Each ends by itself; `settle` ends what is left."""

    def __init__(
        self,
        machine: Machine,
        service: Service,
        market: Market,
        nursery: trio.Nursery,
        all_told: Callable[[], bool] = lambda: False,
    ) -> None:
        """The ends of faults wait in the nursery. `all_told`: whether every execution has been booked."""
        self._all_told = all_told
        self._machine, self._service, self._nursery = machine, service, nursery
        self._broker = BrokerTrouble(machine, market, self._later)
        self._number = 0
        self._servers_lost = False
        self._engine: FaultEngine = machine.paper.faults

    def settle(self) -> None:
        """Let everything be well: no fault is left, and none waits."""
        self._broker.settle()
        self._engine.clear()
        if self._servers_lost:
            # its end may have been among the messages that were lost
            self._engine.do(v.Connectivity("kept"))
        self._machine.go_on(self._machine.life)
        for session in self._machine.paper.tws.clients:
            session.resume()
        self._machine.deaths.clear()
        self._machine.next_deaths.clear()
        self._machine.refusing.clear()
        self._machine.disk.heal()
        self._machine.disk.sync_seconds = min(self._machine.disk.sync_seconds, 0.05)
        self._service.how = ""

    def do(self, act: Act) -> str:
        """Begin it; return what came of it."""
        do: Callable[..., str] = getattr(self._broker, act.kind, None) or getattr(self, f"_{act.kind}")
        return do(act, **act.terms) or "begun"

    # messages

    def _filtered(self, make: Callable[..., v.Verb], messages: list[str], lasting: float, **terms: Any) -> str:
        self._number += 1
        name = f"fault {self._number}"
        self._engine.do(make(messages=tuple(messages), everyone=True, name=name, **terms))
        self._later(lasting, partial(self._engine.release, name))
        return "begun"

    def _drop(self, act: Act, messages: list[str], seconds: float) -> str:
        return self._filtered(v.Drop, messages, seconds)

    def _duplicate(self, act: Act, messages: list[str], seconds: float) -> str:
        return self._filtered(v.Duplicate, messages, seconds, copies=2 + act.seed % 2)

    def _delay(self, act: Act, messages: list[str], seconds: float, by: float) -> str:
        return self._filtered(v.Delay, messages, seconds, seconds=by)

    def _reorder(self, act: Act, messages: list[str], seconds: float, order: list[int]) -> str:
        return self._filtered(v.Reorder, messages, seconds, order=tuple(order))

    def _hold(self, act: Act, messages: list[str], seconds: float) -> str:
        return self._filtered(v.Hold, messages, seconds)

    # requests

    def _swallow(self, act: Act, on: str, times: int, after: int) -> str:
        self._engine.add(Rule(on=on, nth=after, times=times, do=(v.Swallow(),)))
        return "waits"

    def _silent(self, act: Act, on: str, times: int, after: int) -> str:
        self._engine.add(Rule(on=on, nth=after, times=times, do=(v.AcceptSilently(),)))
        return "waits"

    def _twofold(self, act: Act, times: int, after: int) -> str:
        """Changes of orders become orders of their own, under the same id (INC-08)."""
        self._engine.add(Rule(on="placeOrder", nth=after, times=times, where={"isModify": "1"}, do=(v.Split(),)))
        return "waits"

    # links

    def _on_link(self, *verbs: v.Verb) -> str:
        if not self._machine.paper.tws.clients:
            return "no link is up"
        for session in list(self._machine.paper.tws.clients):
            self._engine.do(*verbs, client=session.client_id)
        return "begun"

    def _cut(self, act: Act, bytes: int, direction: str) -> str:
        return self._on_link(v.Cut(bytes, direction))

    def _black_hole(self, act: Act, seconds: float, then: str) -> str:
        return self._on_link(v.BlackHole(seconds, then))

    def _reset(self, act: Act) -> str:
        return self._on_link(v.Reset())

    def _close_link(self, act: Act) -> str:
        return self._on_link(v.Close())

    def _restart(self, act: Act, next_id: int | None, seconds: float, how: str, forgets: float = 0.0) -> str:
        dice = Random(act.seed)
        live = [one.order_ref for one in self._machine.paper.venue.orders.values() if not one.done and one.order_ref]
        keep = [ref for ref in live if dice.random() >= forgets] if forgets else ["*"]
        self._engine.do(v.Restart(next_id=next_id, seconds=seconds, how=how, keep=keep))
        return f"begun; {len(live) - len(keep)} orders are gone" if forgets else "begun"

    def _nightly(self, act: Act, seconds: float, how: str) -> str:
        """Restart with order ids from 1; the day's executions are not told again, where all of them were heard."""
        told = self._all_told()
        self._engine.do(v.Restart(next_id=1, seconds=seconds, how=how, executions=not told))
        return "begun" if told else "begun; the executions are kept, for not all of them are known"

    def _connectivity(self, act: Act, seconds: float, ends: str, lacks: Sequence[str] = ()) -> str:
        """TWS loses its servers; until they are back its answers lack these messages, though not their ends.

        The status that follows each open order in a list goes with it.
        """
        self._servers_lost = True
        self._engine.do(v.Connectivity("lost"))
        self._number += 1
        name = f"fault {self._number}"
        if lacks:
            messages = (*lacks, *(("orderStatus",) if "openOrder" in lacks else ()))
            self._engine.do(v.Drop(messages=messages, asked=True, everyone=True, name=name))

        def back() -> None:
            self._engine.release(name)
            self._engine.do(v.Connectivity(ends))

        self._later(seconds, back)
        return "begun"

    def _silence(self, act: Act, symbol: str) -> str:
        self._engine.do(v.Silence(symbol))
        return "begun"

    def _broker_cancel(self, act: Act) -> str:
        working = [one for one in self._machine.paper.venue.orders.values() if not one.done and one.order_ref]
        if not working:
            return "no order works"
        order = Random(act.seed).choice(working)
        self._engine.do(v.CancelAtBroker(order.order_ref))
        return f"the broker cancelled {order.order_ref}, {order.order_type} {order.contract.symbol}"

    # the machine

    def _kill(
        self, act: Act, at: str, after: int, lost: bool, kept: int, seconds: float, again: int, torn: str = ""
    ) -> str:
        machine = self._machine
        death = Death(at, after, lost=lost, kept=kept, seconds=seconds, torn=torn)
        if again >= 0:
            machine.next_deaths.append(Death("any", again, lost=not lost, kept=kept, seconds=seconds, torn=torn))
        if at == "now":
            machine.die(death)
        elif machine.alive:
            machine.deaths.append(death)
        return f"dies at {at}"

    def _rot(self, act: Act, seconds: float, back: int) -> str:
        """While no process runs a record rots; after a while somebody brings the journal back from a copy."""
        machine = self._machine
        if not machine.alive:
            return "no process runs"
        machine.die(Death("now", 0, lost=False, kept=0, seconds=1.0))
        told = machine.disk.rot(back)
        self._later(seconds, machine.disk.heal)
        return told

    def _pause(self, act: Act, seconds: float) -> str:
        machine = self._machine
        if not machine.pause():
            return "no process runs"
        self._later(seconds, partial(machine.go_on, machine.life))
        return "begun"

    def _crash(self, act: Act, actor: str, times: int, after: int) -> str:
        process = self._machine.process
        if process is None:
            return "no process runs"
        if actor == "supervisor":
            # it fails over its own work, the next time that an actor has crashed
            _break_down(process.root)
            actor = "rules"
        address = process.system.address(actor)
        self._crash_at(address, after, half=bool(act.seed & 1), text=f"storm {act.seed}")
        for more in range(1, times):
            self._later(
                more * 3.0, partial(self._crash_at, address, after, half=bool(act.seed >> more & 1), text="again")
            )
        return "waits"

    def _crash_at(self, address: Any, after: int, *, half: bool, text: str) -> None:
        reader = address.reader
        if reader is None:
            return
        handle, left = reader.on_receive, after

        def dying(message: Any) -> Any:
            nonlocal left
            left -= 1
            if left >= 0:
                return handle(message)
            reader.on_receive = handle
            if half:
                handle(message)
            raise Crash(text)

        reader.on_receive = dying

    def _disk(self, act: Act, steps: list[str], seconds: float, dies: int = -1) -> str:
        refusing = self._machine.refusing
        if dies >= 0:
            death = Death("reserve sync", dies, lost=bool(act.seed & 1), kept=0, seconds=1.0, torn="in part")
            self._machine.deaths.append(death)
        for step in steps:
            refusing[step] = refusing.get(step, 0) + 1

        def well() -> None:
            for step in steps:
                refusing[step] = max(0, refusing.get(step, 0) - 1)

        self._later(seconds, well)
        return "begun"

    def _slow_disk(self, act: Act, sync_seconds: float, seconds: float) -> str:
        disk, before = self._machine.disk, self._machine.disk.sync_seconds
        disk.sync_seconds = sync_seconds
        self._later(seconds, lambda: setattr(disk, "sync_seconds", min(before, 0.05)))
        return "begun"

    def _clock(self, act: Act, by: float) -> str:
        self._machine.clock_offset += timedelta(seconds=by)
        return "stepped"

    def _signals(self, act: Act, how: str, seconds: float) -> str:
        self._service.how = how
        self._later(seconds, lambda: setattr(self._service, "how", ""))
        return "begun"

    def _later(self, seconds: float, do: Callable[[], object]) -> None:
        async def wait() -> None:
            await trio.sleep(seconds)
            do()

        self._nursery.start_soon(wait)
