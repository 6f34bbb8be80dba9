"""The run queue: one trio task that hands every actor its messages."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import trio
from pykka._envelope import Envelope

from actors.runtime.future import ReplyFuture
from actors.runtime.items import PYKKA_MESSAGES, Own, Tick
from actors.runtime.mailbox import Gate
from actors.runtime.measures import Measures
from actors.runtime.timers import Timers

if TYPE_CHECKING:
    from actors.runtime.base import RunQueueActor
    from actors.runtime.items import TickBatch
    from actors.runtime.mailbox import Mailbox

__all__ = ["Dispatcher", "DispatcherEndedError"]

# pykka's own name for it: whoever routes pykka's log gets ours too
logger = logging.getLogger("pykka.runqueue")


class DispatcherEndedError(RuntimeError):
    """The dispatcher does not run any more: nothing can be handled."""


class Dispatcher:
    """Runs ready actors in the order in which their first message came, at most `batch` messages between two yields.

    An actor with more than that goes to the back of the queue, so that one busy actor can starve neither the others
    nor trio's other tasks. The order of handling depends on the order of the calls alone.
    """

    def __init__(
        self,
        on_crash: Callable[[RunQueueActor, Any, Exception], None],
        batch: int = 64,
        measures: Measures | None = None,
    ) -> None:
        """`on_crash(actor, item, error)` is called when a handler raises under `tell`."""
        if batch < 1:
            raise ValueError(f"batch must be at least 1, not {batch}")
        self.batch = batch
        self.thread = threading.get_ident()
        self.ready: deque[Mailbox] = deque()
        self.parked = False
        self.clock: Callable[[], float] = lambda: 0.0
        self.published = 0.0  # when the latest ticks were told, by that clock: one look at it serves a whole batch
        self.timers = Timers()
        self._on_crash = on_crash
        self._measures = measures if measures is not None else Measures()
        # whether a handler is being run: then ticks are queued, so that no handler is entered twice
        self._handling = False
        self._ended = False
        self._task: trio.lowlevel.Task | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._nursery: trio.Nursery | None = None
        self._context = contextvars.copy_context()
        self._from_threads: deque[tuple[Mailbox, Any]] = deque()
        self._quiet: list[trio.Event] = []
        self.stopped: trio.Event | None = None  # until it is set nothing is handled, as in a process that was stopped
        self.unsettled = 0  # addresses that are starting, stopping, or waiting for their restart

    @property
    def running(self) -> bool:
        """Whether `run` has begun and not ended."""
        return self._nursery is not None

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run until cancelled. The actors' own tasks and timers live in here.

        Raises what is not an Exception out of a handler (KeyboardInterrupt, SystemExit); no actor is stopped by it.
        """
        if self._ended or self.running:
            raise RuntimeError("a dispatcher runs once")
        self.thread = threading.get_ident()
        self._token = trio.lowlevel.current_trio_token()
        self._task = trio.lowlevel.current_task()
        self._context = contextvars.copy_context()
        self.clock = trio.lowlevel.current_clock().current_time
        failure: BaseException | None = None
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self.timers.run, name="actor timers")
                self._take_from_threads()
                task_status.started()
                try:
                    await self._turns()
                except trio.Cancelled:
                    raise
                except BaseException as error:  # noqa: BLE001  # raised below, out of the nursery and so as itself
                    failure = error
                    nursery.cancel_scope.cancel()
        finally:
            self._nursery = None
            self._ended = True
            self._take_from_threads()
            for event in self._quiet:
                event.set()
        if failure is not None:
            raise failure

    def publish(self, ticks: TickBatch, since: float | None = None) -> None:
        """Deliver a batch of `(address, kind, price, size)` in order; `since` is when they may have been told, None for
        now.

        A tick for an actor that has nothing waiting is handled here and now; others queue behind what waits. An
        exception in `on_tick` crashes that actor alone. Called from within a handler, it only queues. Up to `batch`
        messages that wait, those that the ticks have caused among them, are handled before it returns.
        """
        self.published = self.clock() if since is None else since
        self._measures.ticks += len(ticks)
        if self._handling or self.stopped is not None or threading.get_ident() != self.thread:
            for address, kind, price, size in ticks:
                address.post(Tick(kind, price, size))
            return
        self._handling = True
        try:
            for address, kind, price, size in ticks:
                deliver = address.deliver
                try:
                    deliver(kind, price, size)
                except Exception as error:  # whatever it is, it is that actor's crash
                    if address.reader is None:
                        raise
                    self._on_crash(address.reader, Tick(kind, price, size), error)
        finally:
            self._handling = False
        if self.ready and self.running:
            # what the ticks have set off goes on here and now: an exit does not wait for trio to come round
            self._turn()

    def between_messages(self, actor: RunQueueActor, question: Any) -> Any:
        """Hand an actor a question now: see `System.look`."""
        if self._handling:
            raise RuntimeError(f"a message is being handled: {actor} cannot be looked at now")
        self._handling = True
        try:
            return actor.on_receive(question)
        finally:
            self._handling = False

    def start_task(self, function: Callable[..., Awaitable[Any]], *args: Any, name: str) -> None:
        """Start a trio task that ends with the dispatcher. Raises DispatcherEndedError."""
        if self._nursery is None:
            raise DispatcherEndedError("tasks need a running dispatcher")
        # not in the caller's context: that may be an asyncio callback's, or a task's that ends soon
        self._context.copy().run(self._nursery.start_soon, function, *args, name=name)

    def post_from_thread(self, mailbox: Mailbox, item: Any) -> None:
        """Put `item` into `mailbox` from another thread. Raises DispatcherEndedError."""
        if self._ended:
            raise DispatcherEndedError(f"{item!r} cannot be delivered: the actors have ended")
        self._from_threads.append((mailbox, item))
        if self._token is not None:
            try:
                self._token.run_sync_soon(self._take_from_threads, idempotent=True)
            except trio.RunFinishedError:
                raise DispatcherEndedError(f"{item!r} cannot be delivered: the actors have ended") from None

    def wake(self) -> None:
        """Have the parked dispatcher look at the run queue."""
        if self.parked and self._task is not None:
            self.parked = False
            trio.lowlevel.reschedule(self._task)

    async def idle(self) -> None:
        """Wait until no message waits anywhere, and no actor is starting, stopping or waiting for its restart.

        Messages for addresses that never had an actor do not count; nor do tasks that actors own. Raises
        DispatcherEndedError when it ends meanwhile.
        """
        await trio.lowlevel.checkpoint()
        while self.ready or self._from_threads or self.unsettled:
            if self._ended:
                raise DispatcherEndedError("messages wait that nobody will handle")
            event = trio.Event()
            self._quiet.append(event)
            await event.wait()

    def settle(self, change: int) -> None:
        """Count an address in or out of `unsettled`."""
        self.unsettled += change
        if not self.unsettled and self._quiet:
            self.wake()

    async def _turns(self) -> None:
        ready = self.ready
        while True:
            if self.stopped is not None:
                await self.stopped.wait()
                self.stopped = None
            elif ready:
                self._turn()
                await trio.lowlevel.checkpoint()
            else:
                if not self.unsettled and self._quiet:
                    waiting, self._quiet = self._quiet, []
                    for event in waiting:
                        event.set()
                await self._park()

    async def _park(self) -> None:
        def abort(_: object) -> trio.lowlevel.Abort:
            self.parked = False
            return trio.lowlevel.Abort.SUCCEEDED

        self.parked = True
        await trio.lowlevel.wait_task_rescheduled(abort)

    def _turn(self) -> None:
        """Handle up to `batch` messages."""
        ready = self.ready
        left = self.batch
        self._handling = True
        try:
            while ready and left > 0:
                mailbox = ready.popleft()
                left = self._run(mailbox, left)
                if mailbox.queue and mailbox.gate is Gate.OPEN:
                    ready.append(mailbox)
                else:
                    mailbox.drained()
        finally:
            self._handling = False

    def _run(self, mailbox: Mailbox, left: int) -> int:
        queue = mailbox.queue
        while queue and left > 0:
            actor = mailbox.reader
            if actor is None:
                break
            item = queue.popleft()
            left -= 1
            try:
                kind = item.__class__
                if kind is Tick:
                    actor.receive_tick(item)
                elif kind is Envelope:
                    if item.reply_to is None:
                        actor._handle_receive(item.message)
                    else:
                        self._answer(actor, item)
                elif kind is Own:
                    # what an earlier incarnation told itself ended with it
                    if item.sender is actor:
                        actor._handle_receive(item.message)
                elif kind in PYKKA_MESSAGES:
                    actor._handle_receive(item)
                else:
                    actor.on_receive(item)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is the actor's crash
                self._on_crash(actor, item, error)
        return left

    def _answer(self, actor: RunQueueActor, envelope: Envelope[Any]) -> None:
        """Handle a message that was asked. pykka's rule: an exception is the asker's, and the actor lives on."""
        reply_to = envelope.reply_to
        assert reply_to is not None
        try:
            answer = actor._handle_receive(envelope.message)
        except BaseException as error:
            reply_to.set_exception()
            if not isinstance(error, Exception):
                raise
            logger.info("Exception returned from %s to caller:", actor, exc_info=True)
        else:
            if isinstance(answer, ReplyFuture):
                answer.pass_on(reply_to)
            else:
                reply_to.set(answer)

    def _take_from_threads(self) -> None:
        while self._from_threads:
            mailbox, item = self._from_threads.popleft()
            mailbox.post(item)
