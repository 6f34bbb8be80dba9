"""The actor system: every address by its name, the dispatcher, the dead letters."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import trio
from pykka import ActorDeadError

from actors.runtime.address import Address
from actors.runtime.deadletters import DeadLetterOffice, describe_error
from actors.runtime.dispatcher import Dispatcher
from actors.runtime.lifecycle import LifeCycle
from actors.runtime.measures import Measures
from actors.runtime.status import ActorState, ActorStatus

if TYPE_CHECKING:
    from actors.runtime.address import Watcher
    from actors.runtime.items import TickBatch
    from actors.runtime.lifecycle import ActorFactory
    from config.environment import Environment
    from messages.lifecycle import ActorEvent

__all__ = ["System"]


def _ignore(_event: ActorEvent) -> None:
    """Nobody listens; dead letters are kept, and each address knows its last error."""


class System:
    """One per process (or per simulated process): where actors find each other."""

    def __init__(
        self,
        environment: Environment,
        *,
        on_event: Callable[[ActorEvent], None] = _ignore,
        batch: int = 64,
        mailbox_limit: int = 10_000,
    ) -> None:
        """Take the environment for the actors, and who hears of crashes and dead letters, at once and synchronously.

        `on_event` receives ActorCrashed and DeadLetter (supervisors tell the rest); it must not raise. `batch` is the
        number of messages between two yields to trio. `mailbox_limit` bounds what a mailbox keeps while its actor is
        not running, or was never started; beyond it new messages are dead letters.
        """
        self.environment = environment
        self.on_event = on_event
        self.dead_letters = DeadLetterOffice(on_event)
        self.lifecycle = LifeCycle(self, on_event)
        self.measures = Measures()
        self.dispatcher = Dispatcher(self.lifecycle.crash, batch, self.measures)
        self._addresses: dict[str, Address] = {}
        self._on_demand: dict[str, Callable[[Address], None]] = {}
        self._mailbox_limit = mailbox_limit

    def address(self, name: str) -> Address:
        """Return the address of that name: always the same object, also before its actor exists."""
        address = self._addresses.get(name)
        if address is None:
            if not name or name.strip() != name:
                raise ValueError(f"not a name for an actor: {name!r}")
            on_first = next((make for prefix, make in self._on_demand.items() if name.startswith(prefix)), None)
            address = self._addresses[name] = Address(
                name, self.dispatcher, self.dead_letters, self._mailbox_limit, on_first
            )
        return address

    def on_demand(self, prefix: str, make: Callable[[Address], None]) -> None:
        """Have actors made when they are first addressed.

        `make(address)` is called within the `tell` of the first message to an address of this prefix that never had
        an actor; it must have one started soon. The message waits. Addresses that were mentioned before this call do
        not count.
        """
        self._on_demand[prefix] = make

    def addresses(self, prefix: str = "") -> list[Address]:
        """Return all whose name begins with `prefix`, in the order in which they were first mentioned."""
        return [address for name, address in self._addresses.items() if name.startswith(prefix)]

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run the actors until cancelled. At the end every actor is gone, and what was asked gets ActorDeadError."""
        try:
            await self.dispatcher.run(task_status=task_status)
        finally:
            self.lifecycle.end_all(list(self._addresses.values()))

    async def start(
        self, name: str, factory: ActorFactory, *, timeout: float = math.inf, watcher: Watcher | None = None
    ) -> Address:
        """Start an actor and return its address once it is ready. Raises lifecycle.StartFailedError.

        `watcher(address, error)` is called when it crashes, or stops by itself (None). Without one it is not restarted
        and its address is closed. Supervisors use this; so may tests, and actors that nobody needs to restart.
        """
        address = self.address(name)
        await self.lifecycle.start(address, factory, timeout, watcher)
        return address

    async def stop(self, name: str, *, timeout: float = 5.0) -> None:
        """Stop an actor for good: it handles what waits, then has until `timeout` seconds from now to finish."""
        address = self.address(name)
        await self.lifecycle.stop(address, timeout)
        self.lifecycle.retire(address, ActorState.STOPPED, "the actor was stopped")

    def publish(self, ticks: TickBatch, since: float | None = None) -> None:
        """Deliver a batch of ticks `(address, kind, price, size)`: see `Dispatcher.publish`."""
        self.dispatcher.publish(ticks, since)

    async def idle(self) -> None:
        """Wait until no message waits and no actor is on its way up or down: see `Dispatcher.idle`."""
        await self.dispatcher.idle()

    def snapshot(self) -> list[ActorStatus]:
        """Return how each address stands, in the order in which they were first mentioned."""
        return [address.status() for address in self._addresses.values()]

    def look(self, name: str, question: Any) -> Any:
        """Return an actor's answer to a question between two messages, past its mailbox: several answers taken without
        an `await` between them are of one moment, and agree with what was logged before it.

        Raises ActorDeadError where no actor answers now, RuntimeError within a handler, and what the handler raises.
        """
        address = self.address(name)
        actor = address.actor
        if actor is None or not address.alive:
            raise ActorDeadError(f"{name} is {address.state}")
        return self.dispatcher.between_messages(actor, question)

    def describe(self, name: str) -> dict[str, Any]:
        """Return the inner state of an actor, as it describes itself: empty if it is not there."""
        actor = self.address(name).actor
        if actor is None:
            return {}
        try:
            return actor.describe()
        except Exception as error:  # noqa: BLE001  # a dump of the whole process must not end at one actor
            return {"describe": f"raised {describe_error(error)}"}
