"""A supervision tree in virtual time, and actors that fail on request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from config.environment import machine
from messages.lifecycle import ActorEvent
from supervisors.specification import ChildSpecification, SupervisorSpecification
from supervisors.supervise import supervise
from supervisors.supervisor import Supervisor


class Worker(RunQueueActor):
    """Notes its life and its messages in the tree's log; raises the exceptions that it is sent."""

    def __init__(self, context: ActorContext, tree: Tree) -> None:
        super().__init__(context)
        self.tree = tree

    def note(self, what: Any) -> None:
        self.tree.log.append(f"{what} {self.address.name}")

    def on_start(self) -> None:
        self.note("start")
        failures = self.tree.failures.get(self.address.name)
        if failures:
            raise failures.pop(0)

    def on_stop(self) -> None:
        self.note("stop")

    def on_receive(self, message: Any) -> Any:
        match message:
            case BaseException():
                raise message
            case "end":
                self.stop()
            case _:
                self.note(message)
        return message


class Tree:
    """A running tree as a test sees it."""

    def __init__(self, plan: Callable[[Tree], SupervisorSpecification]) -> None:
        self.events: list[ActorEvent] = []
        self.log: list[Any] = []
        # actor → what its next starts raise
        self.failures: dict[str, list[Exception]] = {}
        self.system = System(machine(seed=1), on_event=self.events.append)
        self.root = Supervisor(plan(self), self.system)

    def child(self, name: str, kind: type[Worker] = Worker, **options: Any) -> ChildSpecification:
        return ChildSpecification(name, lambda context: kind(context, self), **options)

    def crash(self, name: str, error: str = "bad") -> None:
        self.system.address(name).tell(ValueError(error))

    def of(self, kind: type[ActorEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def settled(self) -> None:
        """Wait until nothing can happen without time passing."""
        await trio.testing.wait_all_tasks_blocked()


Plan = Callable[[Tree], SupervisorSpecification]
Body = Callable[[Tree], Awaitable[None]]


@pytest.fixture
def grow() -> Callable[..., Tree]:
    """Run the tree that `plan(tree)` specifies, and `body(tree)` once it is started; stop it in order; return it."""

    def run(plan: Plan, body: Body, *, real: bool = False) -> Tree:
        trees: list[Tree] = []

        async def main() -> None:
            tree = Tree(plan)
            trees.append(tree)
            with trio.fail_after(1e6):
                async with trio.open_nursery() as nursery:
                    await nursery.start(supervise, tree.system, tree.root)
                    await body(tree)
                    tree.log.append("--")
                    nursery.cancel_scope.cancel()

        trio.run(main, clock=None if real else trio.testing.MockClock(autojump_threshold=0))
        return trees[0]

    return run


@pytest.fixture
def worker() -> type[Worker]:
    """The class of the children, for those that add to it."""
    return Worker
