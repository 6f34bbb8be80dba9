"""The run queue: order, fairness, crashes, ticks."""

from __future__ import annotations

from typing import Any

import pykka
import pytest
import trio
import trio.testing

from actors.runtime.base import ActorContext, RunQueueActor, UnknownMessageError
from actors.runtime.future import BlockingGetError
from actors.runtime.items import Tick
from actors.runtime.lifecycle import StartFailedError
from actors.runtime.status import ActorState
from actors.runtime.system import System
from config.environment import machine
from messages.lifecycle import ActorCrashed, DeadLetter


class Echo(RunQueueActor):
    level = 3

    def __init__(self, context: ActorContext) -> None:
        super().__init__(context)
        self.stopped = False

    def on_receive(self, message: Any) -> Any:
        match message:
            case "fail":
                raise ValueError("as asked")
            case str() | int():
                return message
            case _:
                return super().on_receive(message)

    def double(self, number: int) -> int:
        return 2 * number

    def on_stop(self) -> None:
        self.stopped = True


def test_pykkas_own_reference_works(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        address = await system.start("echo", Echo)
        actor = address.actor
        assert actor is not None
        reference = actor.actor_ref
        assert isinstance(reference, pykka.ActorRef)
        assert await reference.ask("hello", block=False) == "hello"
        with pytest.raises(BlockingGetError):
            reference.ask("hello")
        proxy = reference.proxy()
        assert await proxy.double(4) == 8
        assert await proxy.level == 3
        reference.tell("x")
        stopping = reference.stop(block=False)
        assert await stopping is True
        assert actor.stopped
        assert not reference.is_alive()
        with pytest.raises(pykka.ActorDeadError):
            reference.tell("x")
        assert await reference.stop(block=False) is False
        assert pykka.ActorRegistry.get_all() == []

    world(body)


def test_a_handler_that_raises_under_ask_answers_and_lives_on(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        address = await system.start("echo", Echo)
        with pytest.raises(ValueError, match="as asked"):
            await address.ask("fail")
        with pytest.raises(UnknownMessageError, match="does not handle float"):
            await address.ask(1.5)
        assert await address.ask("still here") == "still here"
        assert events == []

    world(body)


def test_a_handler_that_raises_under_tell_crashes_the_actor_and_is_a_dead_letter(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        seen: list[Any] = []
        address = await system.start("echo", Echo, watcher=lambda a, error: seen.append((a, error)))
        address.tell("fail")
        address.tell("kept")
        await trio.testing.wait_all_tasks_blocked()
        assert [type(event) for event in events] == [DeadLetter, ActorCrashed]
        assert events[0] == DeadLetter(actor="echo", message="'fail'", error="ValueError: as asked")
        assert events[1].message == "'fail'"
        assert "in on_receive" in events[1].traceback
        assert [(a, type(error)) for a, error in seen] == [(address, ValueError)]
        assert (address.state, address.mailbox_length, address.alive) == (ActorState.RESTARTING, 1, False)
        assert list(system.dead_letters.kept) == [events[0]]

    world(body)


def test_without_a_supervisor_a_crash_closes_the_address(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        address = await system.start("echo", Echo)
        address.tell("fail")
        waiting = address.ask("waiting")
        await system.idle()
        assert address.state is ActorState.STOPPED
        with pytest.raises(pykka.ActorDeadError):
            await waiting
        with pytest.raises(pykka.ActorDeadError):
            await address.ask("late")
        address.tell("later")
        assert [letter.message for letter in system.dead_letters.kept] == ["'fail'", "'waiting'", "'late'", "'later'"]

    world(body)


def test_actors_run_in_the_order_in_which_their_first_message_came(world: Any, recorder: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        a, b, c = [await system.start(name, lambda context: recorder(context, log)) for name in "abc"]
        for address, message in [(c, "c1"), (a, "a1"), (c, "c2"), (b, "b1"), (a, "a2")]:
            address.tell(message)
        await system.idle()
        assert log == ["c1", "c2", "a1", "a2", "b1"]

    world(body)


def test_one_busy_actor_starves_neither_the_others_nor_trio(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        handled: list[str] = []
        goes_on = True

        class Busy(RunQueueActor):
            def on_receive(self, message: Any) -> None:
                handled.append("busy")
                if goes_on:
                    self.address.tell(message)

        class Other(RunQueueActor):
            def on_receive(self, message: Any) -> int:
                return len(handled)

        busy = await system.start("busy", Busy)
        other = await system.start("other", Other)
        for _ in range(100):
            busy.tell("again")
        for turn in range(5):
            # the answer comes although the busy one never runs dry, and within a few batches
            assert await other.ask("now") <= 8 * (turn + 1) * 3
        goes_on = False
        await system.idle()

    world(body, batch=8)


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_no_more_than_a_batch_is_handled_between_two_yields(world: Any, recorder: Any, batch: int) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        addresses = [await system.start(f"a{n}", lambda context: recorder(context, log)) for n in range(5)]
        for address in addresses:
            for number in range(50):
                address.tell(number)
        before = 0
        while len(log) < 250:
            await trio.lowlevel.checkpoint()
            assert len(log) - before <= 2 * batch  # trio may run the dispatcher before and after this task
            before = len(log)

    world(body, batch=batch)


def test_a_dispatcher_that_is_interrupted_ends_with_the_interrupt_and_stops_no_actor() -> None:
    class Interrupted(RunQueueActor):
        def on_receive(self, message: Any) -> None:
            raise KeyboardInterrupt

        def on_failure(self, *_: Any) -> None:
            raise AssertionError("an interrupt is no failure of the actor")

    async def main() -> None:
        system = System(machine(1))

        async def body(*, task_status: Any) -> None:
            with pytest.raises(KeyboardInterrupt):
                await system.run(task_status=task_status)

        async with trio.open_nursery() as nursery:
            await nursery.start(body)
            address = await system.start("a", Interrupted)
            other = await system.start("b", Echo)
            address.tell("now")
        assert not other.alive
        with pytest.raises(pykka.ActorDeadError):
            await other.ask("anyone")

    trio.run(main)


def test_an_interrupt_under_ask_reaches_asker_and_process() -> None:
    class Exiting(RunQueueActor):
        def on_receive(self, message: Any) -> None:
            raise SystemExit(3)

    async def main() -> None:
        system = System(machine(1))
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            address = await system.start("a", Exiting)
            address.ask("now")
            await trio.sleep_forever()

    with pytest.RaisesGroup(pytest.RaisesExc(SystemExit)):
        trio.run(main)


def test_cancelling_the_dispatcher_answers_all_who_wait(recorder: Any) -> None:
    async def main() -> None:
        system = System(machine(1))
        log: list[Any] = []
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            await system.start("a", lambda context: recorder(context, log))
            never = system.address("never").ask("hello")
            nursery.cancel_scope.cancel()
        with pytest.raises(pykka.ActorDeadError, match="process ends"):
            await never
        with pytest.raises(StartFailedError, match="running dispatcher"):
            await system.start("b", Echo)

    trio.run(main)


def test_a_promise_is_answered_later_and_broken_by_the_actors_end(world: Any) -> None:
    class Later(RunQueueActor):
        def __init__(self, context: ActorContext) -> None:
            super().__init__(context)
            self.waiting: list[Any] = []

        def on_receive(self, message: Any) -> Any:
            match message:
                case "ask":
                    self.waiting.append(self.promise())
                    return self.waiting[-1]
                case "refuse":
                    self.waiting.pop(0).fail(PermissionError("no"))
                case "answer":
                    self.waiting.pop(0).set("at last")
                case _:
                    return super().on_receive(message)
            return None

    async def body(system: System, events: list[Any]) -> None:
        address = await system.start("later", Later)
        first, second, third = address.ask("ask"), address.ask("ask"), address.ask("ask")
        address.tell("answer")
        address.tell("refuse")
        assert await first == "at last"
        with pytest.raises(PermissionError):
            await second
        address.tell("crash")
        with pytest.raises(pykka.ActorDeadError, match="before it answered"):
            await third

    world(body)


class Ticking(RunQueueActor):
    def __init__(self, context: ActorContext, log: list[Any]) -> None:
        super().__init__(context)
        self.log = log

    def on_tick(self, kind: int, price: float, size: float) -> None:
        if price < 0:
            raise ValueError("negative")
        self.log.append((self.address.name, kind, price))

    def on_receive(self, message: Any) -> None:
        self.log.append((self.address.name, message))


def test_a_batch_of_ticks_is_handled_at_once_and_in_order(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        a, b = [await system.start(name, lambda context: Ticking(context, log)) for name in "ab"]
        system.publish([(a, 4, 1.0, 10.0), (b, 4, 2.0, 10.0), (a, 1, 3.0, 10.0)])
        assert log == [("a", 4, 1.0), ("b", 4, 2.0), ("a", 1, 3.0)]

    world(body)


def test_a_tick_never_overtakes_a_message_of_the_same_sender(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        a, b = [await system.start(name, lambda context: Ticking(context, log)) for name in "ab"]
        a.tell("first")
        system.publish([(a, 4, 1.0, 0.0), (b, 4, 2.0, 0.0)])
        a.tell("last")
        assert log == [("b", 4, 2.0), ("a", "first"), ("a", 4, 1.0)]
        await system.idle()
        assert log[3:] == [("a", "last")]
        system.publish([(a, 4, 5.0, 0.0)])
        assert log[-1] == ("a", 4, 5.0)

    world(body)


def test_what_ticks_set_off_is_handled_before_publish_returns_and_no_more_than_a_turn_of_it(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        there = await system.start("there", lambda context: Ticking(context, log))

        class Telling(RunQueueActor):
            def on_tick(self, kind: int, price: float, size: float) -> None:
                for number in range(int(price)):
                    there.tell(number)

        here = await system.start("here", Telling)
        system.publish([(here, 4, 2.0, 0.0)])
        assert log == [("there", 0), ("there", 1)]
        system.publish([(here, 4, 1_000.0, 0.0)])
        assert len(log) == 2 + system.dispatcher.batch
        await system.idle()
        assert [number for _, number in log[2:]] == list(range(1_000))

    world(body)


def test_a_tick_that_crashes_its_actor_leaves_the_rest_of_the_batch_alone(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        crashed: list[Any] = []
        a, b = [
            await system.start(name, lambda context: Ticking(context, log), watcher=lambda a, e: crashed.append(a))
            for name in "ab"
        ]
        system.publish([(a, 4, -1.0, 0.0), (b, 4, 2.0, 0.0), (a, 4, 3.0, 0.0)])
        assert log == [("b", 4, 2.0)]
        assert crashed == [a]
        assert a.mailbox_length == 1
        assert system.dead_letters.kept[0].message == "Tick(kind=4, price=-1.0, size=0.0)"
        await system.lifecycle.start(a, lambda context: Ticking(context, log), 1.0, None)
        await system.idle()
        assert log[-1] == ("a", 4, 3.0)

    world(body)


def test_publishing_from_within_a_handler_enters_no_handler_twice(world: Any) -> None:
    depth = 0
    deepest = 0
    seen: list[float] = []

    class Recursive(RunQueueActor):
        def on_tick(self, kind: int, price: float, size: float) -> None:
            nonlocal depth, deepest
            depth += 1
            deepest = max(deepest, depth)
            seen.append(price)
            if price < 3:
                self.system.publish([(self.address, 4, price + 1, 0.0)])
            depth -= 1

    async def body(system: System, events: list[Any]) -> None:
        address = await system.start("a", Recursive)
        system.publish([(address, 4, 1.0, 0.0)])
        await system.idle()
        assert (seen, deepest) == ([1.0, 2.0, 3.0], 1)

    world(body)


def test_an_actor_without_on_tick_receives_ticks_as_messages(world: Any, recorder: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", lambda context: recorder(context, log))
        system.publish([(address, 4, 1.0, 2.0)])
        await system.idle()
        assert log == [Tick(4, 1.0, 2.0)]

    world(body)


def test_an_interrupt_in_a_tick_reaches_the_publisher_and_publishing_goes_on_afterwards(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[float] = []

        class Interrupted(RunQueueActor):
            def on_tick(self, kind: int, price: float, size: float) -> None:
                if price == 1.0:
                    raise KeyboardInterrupt
                log.append(price)

        address = await system.start("a", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            system.publish([(address, 4, 1.0, 0.0)])
        system.publish([(address, 4, 2.0, 0.0)])
        assert log == [2.0]

    world(body)


def test_a_handler_must_not_be_async() -> None:
    with pytest.raises(TypeError, match="on_receive must not be async"):

        class Wrong(RunQueueActor):
            async def on_receive(self, message: Any) -> None:
                """Never called."""


def test_pykkas_start_is_refused_with_the_way_to_do_it() -> None:
    with pytest.raises(TypeError, match=r"System\.start"):
        Echo.start()
    assert pykka.ActorRegistry.get_all() == []
