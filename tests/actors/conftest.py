"""An actor system in virtual time, and actors that do as they are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from config.environment import Environment, machine
from messages.lifecycle import ActorEvent

World = Callable[[Callable[[System, list[ActorEvent]], Awaitable[None]]], None]


class Recorder(RunQueueActor):
    """Notes what it handles, across restarts: the list belongs to the test."""

    def __init__(self, context: ActorContext, log: list[Any]) -> None:
        super().__init__(context)
        self.log = log

    def on_receive(self, message: Any) -> Any:
        match message:
            case Exception():
                raise message
            case _:
                self.log.append(message)
                return message


def _run(
    body: Callable[[System, list[ActorEvent]], Awaitable[None]], clock: trio.abc.Clock | None, **options: Any
) -> None:
    async def main() -> None:
        events: list[ActorEvent] = []
        environment: Environment = machine(seed=1)
        system = System(environment, on_event=events.append, **options)
        with trio.fail_after(3600):
            async with trio.open_nursery() as nursery:
                await nursery.start(system.run)
                await body(system, events)
                nursery.cancel_scope.cancel()

    trio.run(main, clock=clock)


@pytest.fixture
def world() -> Callable[..., None]:
    """Run `body(system, events)` with a running system, in virtual time that jumps when nothing is left to do."""

    def run(body: Callable[[System, list[ActorEvent]], Awaitable[None]], **options: Any) -> None:
        _run(body, trio.testing.MockClock(autojump_threshold=0), **options)

    return run


@pytest.fixture
def real_world() -> Callable[..., None]:
    """The same on the machine's clock, for threads."""

    def run(body: Callable[[System, list[ActorEvent]], Awaitable[None]], **options: Any) -> None:
        _run(body, None, **options)

    return run


@pytest.fixture
def recorder() -> type[Recorder]:
    """The class of an actor that logs messages and raises those that are exceptions."""
    return Recorder
