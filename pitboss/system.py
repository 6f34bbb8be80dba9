"""A running system, as a program holds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import trio
from pykka import ActorDeadError

from actors.runtime.address import Address
from config.environment import Environment
from config.logging import log
from config.settings import Settings
from domain.rules import Rule
from messages.journal import Append, Entry
from messages.order import ListOrders, OrderEvent, OrderView
from messages.position import CommandRefused, DescribePosition, PositionEvent, PositionView
from messages.risk import FlattenAll, Halt, Resume
from messages.signal import PredictionSignalEvent, SignalReceived
from pitboss.errors import NoAnswerError, NotRunningError, RefusedError
from pitboss.gateway import IBGateway
from pitboss.paper import PaperMarket
from pitboss.views import Views
from supervisors.asking import NoAnswerError as NoAnswer
from supervisors.asking import ask
from supervisors.process import Process
from supervisors.status import collect_status

__all__ = ["ANSWER_SECONDS", "PitbossSystem"]

ANSWER_SECONDS = 15.0  # an entry waits five seconds for its first quote, then for the journal's disk


class PitbossSystem:
    """The supervised system of an `async with pitboss.open_system()`: the same actors as `pitboss run` has.

    `settings` are those in force, `gateway` the link, `paper` the embedded market where there is one.
    """

    def __init__(
        self,
        process: Process,
        background: trio.Nursery,
        paper: PaperMarket | None,
        rules: Iterable[Rule],
        end_block: Callable[[], object],
    ) -> None:
        """Made by `open_system`."""
        self._end_block = end_block
        self.process = process
        self.rules = {rule.rule_id: rule for rule in rules}  # rule_id → rule
        self.paper = paper
        self.gateway = IBGateway(self)
        self.views = Views()
        self._background = background
        self._handlers = 0  # tasks that hand events to handlers
        self._quiet = trio.Event()
        self.crashed: BaseException | None = None  # what a handler raised that is to end the program
        self._over = ""  # why nothing can be asked of it any more
        for event_type in (PositionEvent, OrderEvent):
            process.bus.subscribe(event_type, self.views)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.process.settings

    @property
    def environment(self) -> Environment:
        """Wall clock and ids of the system."""
        return self.process.environment

    # for programs

    async def status(self) -> dict[str, Any]:
        """Return what `pitboss status --json` prints."""
        self.check_running("status")
        return await collect_status(self.process.system, self.process.state)

    async def halt(self, reason: str = "program") -> None:
        """Let no new risk through from now on; exits go on. It survives a restart."""
        await self.ask("portfolio", Halt(reason))

    async def resume(self, reason: str = "program") -> None:
        """Let new risk through again. Raises RefusedError where a limit still stands against it."""
        answer = await self.ask("portfolio", Resume(reason))
        if isinstance(answer, CommandRefused):
            raise RefusedError(answer.reason, answer.figures)

    async def flatten(self, reason: str = "program") -> None:
        """Halt, and close every position. What this trips, a person re-arms: `pitboss rearm`."""
        await self.ask("portfolio", FlattenAll(reason))

    # for the rest of the package

    def check_running(self, what: str) -> None:
        """Raise NotRunningError once it has ended."""
        if self._over:
            raise NotRunningError(f"{what} belongs to a system that has ended: {self._over}")

    async def ask(self, address: str, message: Any, seconds: float = ANSWER_SECONDS) -> Any:
        """Ask an actor. Raises NotRunningError, and NoAnswerError when none comes in time."""
        self.check_running(address)
        try:
            return await ask(self.process.system.address(address), message, seconds)
        except NoAnswer as error:
            raise NoAnswerError(str(error)) from None
        except ActorDeadError as error:
            raise NoAnswerError(str(error)) from None

    def positions(self) -> list[Address]:
        """Return the addresses of the position actors that there are."""
        return self.process.system.addresses("position/")

    def note_prediction(self, event: PredictionSignalEvent) -> None:
        """Log and journal a prediction that is given to the rules, as those of the signal service are."""
        log(
            "signal.received",
            actor=event.source,
            symbol=event.symbol,
            signal_id=event.signal_id,
            signal=event.signal,
            confidence=event.confidence,
            source=event.source,
        )
        self.process.system.address("journal").tell(Append((Entry("signals", SignalReceived(event)),)))

    def in_background(self, function: Callable[[], Awaitable[None]]) -> bool:
        """Run a handler's task as long as the system lives; False when it lives no more."""
        if self._over:
            return False
        self._handlers += 1
        self._background.start_soon(self._handler, function)
        return True

    async def prime(self) -> None:
        """Look at what there is already: positions and orders that an earlier process left."""
        for address in self.positions():
            view: PositionView = await self.ask(address.name, DescribePosition())
            self.views.saw(view)
        orders: tuple[OrderView, ...] = await self.ask("orders", ListOrders(done=True))
        for order in orders:
            if order.order_ref not in self.views.orders:
                self.views.order(OrderEvent(order))

    async def handlers_done(self, seconds: float) -> None:
        """Give handlers so long to take what they have been given."""
        with trio.move_on_after(seconds):
            while self._handlers:
                await self._quiet.wait()

    def end(self, reason: str) -> None:
        """Nothing can be asked any more; who waits for an event is told."""
        self._over = self._over or reason
        self.views.end()

    async def _handler(self, function: Callable[[], Awaitable[None]]) -> None:
        try:
            await function()
        except trio.Cancelled:
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit, KeyboardInterrupt: raised where the block ends
            self.crashed = error
            self._end_block()
        finally:
            self._handlers -= 1
            if not self._handlers:
                quiet, self._quiet = self._quiet, trio.Event()
                quiet.set()
