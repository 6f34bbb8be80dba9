"""Start, crash and stop of an actor, with the tasks and timers that it owns."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.lifecycle import NotReadyError, StartFailedError
from actors.runtime.status import ActorState
from actors.runtime.system import System
from messages.lifecycle import ActorCrashed, DeadLetter


class Noting(RunQueueActor):
    """Notes each step of its life in a list of the test's."""

    def __init__(self, context: ActorContext, log: list[Any]) -> None:
        super().__init__(context)
        self.log = log
        log.append("made")

    def on_start(self) -> None:
        self.log.append("on_start")

    def on_stop(self) -> None:
        self.log.append("on_stop")

    def on_failure(self, kind: Any, error: Any, traceback: Any) -> None:
        self.log.append(f"on_failure {error}")

    def on_receive(self, message: Any) -> Any:
        match message:
            case Exception():
                raise message
            case "spawn":
                self.spawn(self.linger)
            case "break":
                self.spawn(self.broken)
            case "stop":
                self.stop()
            case _:
                self.log.append(message)

    async def linger(self) -> None:
        try:
            await trio.sleep_forever()
        finally:
            self.log.append("task ended")

    async def broken(self) -> None:
        await trio.sleep(1)
        raise OSError("socket gone")


def factory(kind: type[Noting], log: list[Any]) -> Any:
    return lambda context: kind(context, log)


class Preparing(Noting):
    async def prepare(self) -> None:
        self.log.append("preparing")
        await trio.sleep(2)
        self.log.append("prepared")


def test_the_mailbox_opens_after_prepare(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        system.address("a").tell("message")
        await system.start("a", factory(Preparing, log))
        await system.idle()
        await system.stop("a")
        assert log == ["made", "on_start", "preparing", "prepared", "message", "on_stop"]

    world(body)


def test_it_is_starting_while_it_prepares(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(system.start, "a", factory(Preparing, []))
            await trio.sleep(1)
            assert system.address("a").state is ActorState.STARTING
            assert not system.address("a").alive
        assert system.address("a").state is ActorState.RUNNING

    world(body)


@pytest.mark.parametrize("step", ["constructor", "on_start", "prepare", "own task", "time-out"])
def test_a_failure_before_it_runs_is_reported_and_keeps_the_messages(world: Any, step: str) -> None:
    class Failing(Noting):
        def __init__(self, context: ActorContext, log: list[Any]) -> None:
            if step == "constructor":
                raise ValueError(step)
            super().__init__(context, log)

        def on_start(self) -> None:
            self.spawn(self.linger)
            if step == "on_start":
                raise ValueError(step)
            if step == "own task":
                self.spawn(self.fail_soon)

        async def fail_soon(self) -> None:
            raise ValueError(step)

        async def prepare(self) -> None:
            if step == "prepare":
                raise ValueError(step)
            await trio.sleep(100)

    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        watched: list[Any] = []
        address = system.address("a")
        address.tell("kept")
        with pytest.raises(StartFailedError) as caught:
            await system.start("a", factory(Failing, log), timeout=10, watcher=lambda *args: watched.append(args))
        cause = caught.value.__cause__
        assert isinstance(cause, NotReadyError if step == "time-out" else ValueError)
        assert watched == []  # who started it knows
        assert (address.state, address.mailbox_length) == (ActorState.RESTARTING, 1)
        assert [type(event) for event in events] == [ActorCrashed]
        if step != "constructor":
            assert f"on_failure {cause}" in log
            await trio.testing.wait_all_tasks_blocked()
            assert log.count("task ended") == 1
        await system.start("a", factory(Noting, log))
        await system.idle()
        assert log[-1] == "kept"

    world(body)


class Readying(Noting):
    becomes_ready = True

    def on_receive(self, message: Any) -> Any:
        if message == "get ready":
            self.ready()
        else:
            super().on_receive(message)


def test_start_waits_for_readiness_while_messages_are_handled(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(system.start, "a", factory(Readying, log))
            await trio.testing.wait_all_tasks_blocked()
            address = system.address("a")
            address.tell("before")
            await trio.testing.wait_all_tasks_blocked()
            assert (log[-1], address.state) == ("before", ActorState.STARTING)
            address.tell("get ready")
        assert address.state is ActorState.RUNNING

    world(body)


@pytest.mark.parametrize("message", [ValueError("early"), "stop"])
def test_a_crash_or_stop_before_readiness_is_a_failed_start(world: Any, message: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        system.address("a").tell(message)
        with pytest.raises(
            StartFailedError, match="early" if isinstance(message, ValueError) else "before it was ready"
        ):
            await system.start("a", factory(Readying, []), timeout=10)
        assert system.address("a").state is ActorState.RESTARTING
        assert trio.current_time() < 5

    world(body)


def test_readiness_that_does_not_come_in_time_is_a_failed_start(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        began = trio.current_time()
        with pytest.raises(StartFailedError, match="not ready within 10 s"):
            await system.start("a", factory(Readying, []), timeout=10)
        assert trio.current_time() - began == pytest.approx(10)

    world(body)


def test_a_cancelled_start_leaves_nothing_running(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        with trio.move_on_after(1):
            await system.start("a", factory(Preparing, log))
        address = system.address("a")
        assert (address.actor, address.state) == (None, ActorState.RESTARTING)
        await system.start("a", factory(Noting, log))

    world(body)


def test_owned_tasks_end_with_a_stop_and_with_a_crash(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", factory(Noting, log))
        address.tell("spawn")
        await trio.testing.wait_all_tasks_blocked()
        await system.stop("a")
        assert log[-2:] == ["on_stop", "task ended"]
        address = await system.start("b", factory(Noting, log), watcher=lambda *_: None)
        address.tell("spawn")
        await trio.testing.wait_all_tasks_blocked()
        address.tell(ValueError("bad"))
        await trio.testing.wait_all_tasks_blocked()
        assert log[-2:] == ["on_failure bad", "task ended"]

    world(body)


def test_a_failure_in_an_owned_task_crashes_the_actor(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        watched: list[Any] = []
        address = await system.start("a", factory(Noting, log), watcher=lambda a, error: watched.append(error))
        address.tell("spawn")
        address.tell("break")
        await trio.sleep(2)
        assert [str(error) for error in watched] == ["socket gone"]
        assert log[-2:] == ["on_failure socket gone", "task ended"]
        assert [(type(event), event.message) for event in events] == [(ActorCrashed, "")]

    world(body)


def test_an_owned_task_that_returns_is_no_event(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []

        class Working(Noting):
            def on_start(self) -> None:
                self.spawn(self.work, 20, name="work")

            async def work(self, number: int) -> None:
                await trio.sleep(1)
                self.tell_self(number + 1)

        address = await system.start("a", factory(Working, log))
        await trio.sleep(2)
        assert log[-1] == 21
        assert (address.state, events) == (ActorState.RUNNING, [])

    world(body)


def test_one_task_can_be_cancelled_alone(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", factory(Noting, log))
        actor = address.actor
        assert actor is not None
        scope = actor.spawn(actor.linger)  # type: ignore[attr-defined]
        await trio.testing.wait_all_tasks_blocked()
        scope.cancel()
        await trio.testing.wait_all_tasks_blocked()
        assert log[-1] == "task ended"
        assert address.alive

    world(body)


def test_what_an_actor_told_itself_ends_with_its_incarnation(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", factory(Noting, log), watcher=lambda *_: None)
        actor = address.actor
        assert actor is not None
        address.tell(ValueError("bad"))
        actor.tell_self("from the first")
        address.tell("from outside")
        await trio.testing.wait_all_tasks_blocked()
        actor.tell_self("from the dead")
        await system.start("a", factory(Noting, log))
        await system.idle()
        assert log[-1] == "from outside"
        assert not any("first" in str(entry) or "dead" in str(entry) for entry in log)

    world(body)


class Finishing(Noting):
    async def finish(self) -> None:
        self.log.append("finishing")
        await trio.sleep(3)
        self.log.append("finished")


def test_finish_runs_after_on_stop_with_the_tasks_still_there(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", factory(Finishing, log))
        address.tell("spawn")
        await trio.testing.wait_all_tasks_blocked()
        await system.stop("a", timeout=5)
        assert log[-4:] == ["on_stop", "finishing", "finished", "task ended"]
        assert events == []

    world(body)


def test_pykkas_stop_is_answered_when_finish_is_over(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", factory(Finishing, log))
        assert address.actor is not None
        assert await address.actor.actor_ref.stop(block=False) is True
        assert log[-1] == "finished"

    world(body)


def test_a_hang_in_finish_is_cancelled_in_time_and_reported(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        await system.start("a", factory(Finishing, log))
        began = trio.current_time()
        await system.stop("a", timeout=1)
        assert trio.current_time() - began == pytest.approx(1)
        assert "finished" not in log
        assert [event.error for event in events] == ["StopTimeoutError: a did not stop within 1 s"]
        assert system.lifecycle.abandoned == []

    world(body)


@pytest.mark.parametrize("where", ["task", "finish"])
def test_what_does_not_heed_cancellation_is_abandoned_and_reported(world: Any, where: str) -> None:
    async def body(system: System, events: list[Any]) -> None:
        release = trio.Event()

        class Stubborn(Noting):
            async def deaf(self) -> None:
                with trio.CancelScope(shield=True):
                    await release.wait()
                raise ValueError("too late to matter")

            async def finish(self) -> None:
                if where == "finish":
                    await self.deaf()

            def on_start(self) -> None:
                if where == "task":
                    self.spawn(self.deaf, name="deaf")

        await system.start("a", factory(Stubborn, []))
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()
        try:
            await system.stop("a", timeout=2)
            assert trio.current_time() - began < 4
            assert system.lifecycle.abandoned == [f"a: {'deaf' if where == 'task' else 'finish'}"]
            assert "did not stop within 2 s" in events[0].error
            reported = len(events)
        finally:
            release.set()
        await trio.testing.wait_all_tasks_blocked()
        assert len(events) == reported
        assert system.address("a").state is ActorState.STOPPED

    world(body)


def test_an_error_in_on_stop_is_reported_and_stops_nothing_else(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []

        class Clumsy(Finishing):
            def on_stop(self) -> None:
                raise ValueError("oops")

        await system.start("a", factory(Clumsy, log))
        await system.stop("a")
        assert log[-1] == "finished"
        assert [event.error for event in events] == ["ValueError: oops"]

    world(body)


def test_an_error_in_on_failure_is_noted_with_the_first_one(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        class Hopeless(Noting):
            def on_failure(self, *_: Any) -> None:
                raise RuntimeError("worse")

        address = await system.start("a", factory(Hopeless, []), watcher=lambda *_: None)
        address.tell(ValueError("bad"))
        await trio.testing.wait_all_tasks_blocked()
        crashed = events[-1]
        assert crashed.error == "ValueError: bad"
        assert "on_failure raised RuntimeError: worse" in crashed.traceback

    world(body)


def test_a_stop_with_no_time_kills(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", factory(Finishing, log))
        address.tell("spawn")
        await trio.testing.wait_all_tasks_blocked()
        await system.stop("a", timeout=0)
        assert "on_stop" not in log
        assert log[-1] == "task ended"

    world(body)


def test_a_crash_while_a_stop_waits_in_the_mailbox_ends_the_stop(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        watched: list[Any] = []
        address = await system.start("a", factory(Noting, []), watcher=lambda *args: watched.append(args))
        address.tell(ValueError("bad"))
        address.tell("never handled")
        await system.stop("a")
        assert watched == []  # who stops it wants no restart
        assert [letter.message for letter in events if isinstance(letter, DeadLetter)] == [
            "ValueError('bad')",
            "'never handled'",
        ]

    world(body)


def test_an_actor_that_stops_itself_tells_its_supervisor(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        watched: list[Any] = []
        address = await system.start("a", factory(Finishing, log), watcher=lambda *args: watched.append(args))
        address.tell("stop")
        address.tell("before the stop, for it came before it")
        await system_settles(system, address)
        assert log[-3:] == ["on_stop", "finishing", "finished"]
        assert watched == [(address, None)]

    async def system_settles(system: System, address: Any) -> None:
        while address.actor is not None:
            await trio.sleep(1)

    world(body)


def test_timers_fire_in_virtual_time_once_or_again_and_again(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []

        class Timed(Noting):
            def on_start(self) -> None:
                self.after(10, "ten")
                self.after(5, "five")
                self.cancelled = self.after(7, "never")
                self.pulse = self.every(4, "pulse")
                self.after(10, "ten, set later")

            def on_receive(self, message: Any) -> Any:
                self.log.append((trio.current_time(), message))
                if message == "five":
                    self.cancelled.cancel()
                    self.cancelled.cancel()
                if len(self.log) == 8:
                    self.pulse.cancel()

        began = trio.current_time()
        address = await system.start("a", factory(Timed, log))
        await trio.sleep(100)
        assert [(at - began, what) for at, what in log[1:]] == [
            (4, "pulse"),
            (5, "five"),
            (8, "pulse"),
            (10, "ten"),
            (10, "ten, set later"),
            (12, "pulse"),
            (16, "pulse"),
        ]
        assert len(address.dispatcher.timers) == 0

    world(body)


def test_a_timer_never_fires_in_the_instant_in_which_it_was_set_unless_for_at_once(world: Any) -> None:
    """What was left of a wait was less than the clock can tell: an actor asked for it again in the same instant, and
    again, for ever."""

    async def body(system: System, events: list[Any]) -> None:
        timers = system.address("a").dispatcher.timers
        await trio.sleep(4.552999999999997)
        fired: list[float] = []
        for seconds in (0.0, 4.4e-16, 1e-9, 0.5):
            timers.add(seconds, lambda: bool(fired.append(trio.current_time())))
        set_at = trio.current_time()
        await trio.sleep(1.0)
        assert fired[0] == set_at
        assert all(set_at < instant <= set_at + 0.6 for instant in fired[1:])
        assert len(fired) == 4

    world(body)


def test_timers_end_with_their_actor(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []

        class Timed(Noting):
            def on_start(self) -> None:
                self.after(10, f"of {len(self.log)}")
                self.every(3, "pulse")

        address = await system.start("a", factory(Timed, log), watcher=lambda *_: None)
        address.tell(ValueError("bad"))
        await trio.sleep(1)
        log.clear()
        await system.start("a", factory(Timed, log))
        await trio.sleep(16)
        await system.stop("a")
        await trio.sleep(100)
        assert [entry for entry in log if "of" in entry] == ["of 1"]
        assert log.count("pulse") == 5
        assert len(address.dispatcher.timers) == 0

    world(body)


def test_a_late_interval_timer_fires_once_and_keeps_its_beat(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        fired: list[float] = []
        clock = trio.lowlevel.current_clock()
        assert isinstance(clock, trio.testing.MockClock)
        began = trio.current_time()
        timer = system.dispatcher.timers.add(10, lambda: fired.append(trio.current_time() - began) is None, interval=10)
        await trio.testing.wait_all_tasks_blocked()
        clock.jump(35)
        await trio.testing.wait_all_tasks_blocked()
        assert fired == [35]
        await trio.sleep(6)
        assert fired == [35, 40]
        timer.cancel()

    world(body)


def test_impossible_timers_are_refused(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        for seconds, interval in [(-1, None), (float("nan"), None), (1, 0), (1, -1)]:
            with pytest.raises(ValueError, match="a timer needs"):
                system.dispatcher.timers.add(seconds, lambda: True, interval)

    world(body)


def test_many_cancelled_timers_take_no_memory(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        timers = system.dispatcher.timers
        for _ in range(10_000):
            timers.add(1e6, lambda: True).cancel()
        assert len(timers) == 0
        assert len(timers._heap) < 200

    world(body)


def test_an_on_stop_that_takes_longer_than_the_time_out_is_reported(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        clock = trio.lowlevel.current_clock()
        assert isinstance(clock, trio.testing.MockClock)

        class Blocking(Noting):
            def on_stop(self) -> None:
                clock.jump(9)

        await system.start("a", factory(Blocking, []))
        await system.stop("a", timeout=2)
        assert [event.error for event in events] == ["StopTimeoutError: took 9.0 s to stop, not 2 s"]

    world(body)


def test_a_request_to_stop_does_not_reach_the_next_incarnation(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", factory(Noting, log), watcher=lambda *_: None)
        assert address.actor is not None
        address.tell(ValueError("bad"))
        stopping = address.actor.actor_ref.stop(block=False)
        address.tell("kept")
        assert await stopping is True
        await system.start("a", factory(Noting, log))
        await system.idle()
        assert address.alive
        assert log[-1] == "kept"

    world(body)


class Stubborn(Noting):
    """Crashes over the numbers of messages in `crashes`, counted over all incarnations."""

    repeatable = (str,)
    crashes: tuple[int, ...] = ()
    handled = 0

    def on_receive(self, message: Any) -> Any:
        kind = type(self)
        kind.handled += 1
        if kind.handled in self.crashes:
            raise ValueError(f"message {kind.handled}")
        self.log.append(message)


@pytest.mark.parametrize(
    ("crashes", "logged", "lost"),
    [((1,), ["a", 5, "b"], []), ((1, 2), [5, "b"], ["'a'"]), ((2,), ["a", "b"], ["5"]), ((3, 5), ["a", 5, "b"], [])],
)
def test_a_message_that_may_be_repeated_is_handed_once_more_and_in_its_place(
    world: Any, crashes: tuple[int, ...], logged: list[Any], lost: list[str]
) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        kind = type("Stubborn", (Stubborn,), {"crashes": crashes, "handled": 0})
        address = system.address("a")
        address.watcher = lambda *_: None
        for message in ("a", 5, "b"):
            address.tell(message)
        for _ in range(len(crashes) + 1):
            await system.lifecycle.start(address, factory(kind, log), 5.0, lambda *_: None)
            await trio.testing.wait_all_tasks_blocked()
            if address.actor is not None:
                break
        assert [entry for entry in log if entry in ("a", 5, "b")] == logged
        assert [event.message for event in events if isinstance(event, DeadLetter)] == lost

    world(body)
