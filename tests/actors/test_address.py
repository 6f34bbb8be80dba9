"""Addresses and their mailboxes: what waits, what is refused, what comes from threads."""

from __future__ import annotations

import threading
from typing import Any

import pykka
import pytest
import sniffio
import trio
import trio.testing
import trio_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.dispatcher import DispatcherEndedError
from actors.runtime.lifecycle import StartFailedError
from actors.runtime.status import ActorState
from actors.runtime.system import System
from config.environment import machine


def test_a_name_has_one_address_before_during_and_after_its_actor(world: Any, recorder: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = system.address("position/AAPL")
        assert (address.state, address.alive) == (ActorState.NEW, False)
        address.tell("early")
        assert await system.start("position/AAPL", lambda context: recorder(context, log)) is address
        await system.idle()
        assert log == ["early"]
        await system.stop("position/AAPL")
        assert system.address("position/AAPL") is address
        assert (address.state, address.alive) == (ActorState.STOPPED, False)
        with pytest.raises(ValueError, match="not a name"):
            system.address("")

    world(body)


def test_messages_for_an_actor_that_is_down_wait_up_to_the_limit(world: Any, recorder: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = system.address("a")
        for number in range(12):
            address.tell(number)
        refused = address.ask(12)
        assert address.mailbox_length == 10
        assert [letter.message for letter in system.dead_letters.kept] == ["10", "11", "12"]
        assert "10 messages wait" in system.dead_letters.kept[0].error
        with pytest.raises(pykka.ActorDeadError):
            await refused
        await system.start("a", lambda context: recorder(context, log))
        for number in range(20, 40):
            address.tell(number)  # a running actor's mailbox has no such limit
        await system.idle()
        assert log == [*range(10), *range(20, 40)]

    world(body, mailbox_limit=10)


def test_ticks_for_an_actor_that_is_down_leave_room_for_messages_and_are_counted(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        address = system.address("a")
        system.publish([(address, 4, float(n), 0.0) for n in range(8)])
        assert (address.mailbox_length, address.dropped_ticks) == (5, 3)
        address.tell("fill")
        assert address.mailbox_length == 6
        await system.stop("a")
        system.publish([(address, 4, 1.0, 0.0)])
        assert address.dropped_ticks == 3 + 5 + 1, "what waited at the end, and what came after it, count too"

    world(body, mailbox_limit=10)


def test_stopping_handles_what_waits_and_refuses_what_comes_later(world: Any, recorder: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", lambda context: recorder(context, log))
        address.tell(1)
        address.tell(2)
        await system.stop("a")
        address.tell(3)
        assert log == [1, 2]
        assert [letter.message for letter in system.dead_letters.kept] == ["3"]

    world(body)


def test_the_snapshot_says_how_each_address_stands(world: Any, recorder: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", lambda context: recorder(context, log))
        system.address("b").tell("waits")
        await trio.sleep(5)
        address.tell(ValueError("bad"))
        await system.idle()
        first, second = system.snapshot()
        assert (first.address, first.state, first.error) == ("a", ActorState.STOPPED, "ValueError: bad")
        assert (second.address, second.state, second.mailbox) == ("b", ActorState.NEW, 1)
        assert second.oldest_seconds == pytest.approx(5)
        assert first.oldest_seconds == 0

    world(body)


def test_describe_shows_an_actors_own_words_and_survives_its_bugs(world: Any) -> None:
    class Talkative(RunQueueActor):
        def describe(self) -> dict[str, Any]:
            return {"connected": True}

    class Broken(RunQueueActor):
        def describe(self) -> dict[str, Any]:
            raise ValueError("no words")

    async def body(system: System, events: list[Any]) -> None:
        await system.start("a", Talkative)
        await system.start("b", Broken)
        assert system.describe("a") == {"connected": True}
        assert system.describe("b") == {"describe": "raised ValueError: no words"}
        assert system.describe("c") == {}

    world(body)


def test_a_message_whose_repr_raises_or_is_long_is_still_recorded(world: Any) -> None:
    class Nasty:
        def __repr__(self) -> str:
            raise RuntimeError("gotcha")

    async def body(system: System, events: list[Any]) -> None:
        await system.stop("a")
        system.address("a").tell(Nasty())
        system.address("a").tell("x" * 10_000)
        nasty, long = system.dead_letters.kept
        assert nasty.message == "<Nasty whose repr raised RuntimeError>"
        assert len(long.message) == 500

    world(body)


def test_the_list_of_dead_letters_is_bounded_and_counted(world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        await system.stop("a")
        for number in range(1500):
            system.address("a").tell(number)
        assert (len(system.dead_letters.kept), system.dead_letters.count) == (1000, 1500)
        assert system.dead_letters.kept[-1].message == "1499"

    world(body)


def test_threads_may_tell_ask_and_publish_each_in_its_own_order(real_world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[tuple[int, int]] = []
        main = threading.get_ident()

        class Safe(RunQueueActor):
            def on_receive(self, message: Any) -> Any:
                assert threading.get_ident() == main
                log.append(message)
                return message

            def on_tick(self, kind: int, price: float, size: float) -> None:
                assert threading.get_ident() == main
                log.append((kind, int(price)))

        address = await system.start("a", Safe)

        def sender(thread: int) -> None:
            for number in range(0, 300, 3):
                address.tell((thread, number))
                system.publish([(address, thread, number + 1.0, 0.0)])
                assert address.ask((thread, number + 2)).get(timeout=30) == (thread, number + 2)

        async with trio.open_nursery() as nursery:
            for thread in range(4):
                nursery.start_soon(trio.to_thread.run_sync, sender, thread)
        for thread in range(4):
            assert [number for who, number in log if who == thread] == list(range(300))

    real_world(body)


def test_a_thread_that_tells_after_the_end_is_told_so(recorder: Any) -> None:
    systems: list[System] = []

    async def main() -> None:
        system = System(machine(1))
        systems.append(system)
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            nursery.cancel_scope.cancel()

    trio.run(main)
    raised: list[BaseException] = []

    def late() -> None:
        try:
            systems[0].address("a").tell("hello")
        except DispatcherEndedError as error:
            raised.append(error)

    thread = threading.Thread(target=late)
    thread.start()
    thread.join()
    assert "'hello' cannot be delivered" in str(raised[0])


def test_what_a_thread_tells_before_the_run_is_delivered_in_it() -> None:
    log: list[Any] = []

    class Late(RunQueueActor):
        def on_receive(self, message: Any) -> None:
            log.append(message)

    system = System(machine(1))
    thread = threading.Thread(target=system.address("a").tell, args=("early",))
    thread.start()
    thread.join()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            await system.start("a", Late)
            await system.idle()
            nursery.cancel_scope.cancel()

    trio.run(main)
    assert log == ["early"]


class Numbered(RunQueueActor):
    """Logs (sender, number); some of them crash it."""

    def __init__(self, context: ActorContext, log: list[Any]) -> None:
        super().__init__(context)
        self.log = log

    def on_receive(self, message: Any) -> None:
        self.log.append(message)
        if message[2]:
            raise ValueError("poison")

    def on_tick(self, kind: int, price: float, size: float) -> None:
        self.on_receive((kind, int(price), size > 0))


_STEPS = st.lists(
    st.one_of(
        # (sender, poisoned?, as a tick?)
        st.tuples(st.integers(0, 3), st.sampled_from([False] * 7 + [True]), st.booleans()),
        st.just("yield"),
        st.just("restart"),
    ),
    max_size=60,
)


@given(_STEPS, st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_each_message_is_handled_once_and_in_its_senders_order_whatever_crashes(steps: list[Any], batch: int) -> None:
    log: list[Any] = []

    async def restart_if_down(system: System) -> None:
        address = system.address("a")
        if not address.alive:
            await system.lifecycle.start(address, lambda context: Numbered(context, log), 1.0, lambda *_: None)

    async def main() -> None:
        system = System(machine(1), batch=batch)
        address = system.address("a")
        sent: dict[int, list[Any]] = {sender: [] for sender in range(4)}
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            for step in steps:
                if step == "yield":
                    await trio.lowlevel.checkpoint()
                elif step == "restart":
                    await restart_if_down(system)
                else:
                    sender, poisoned, as_tick = step
                    message = (sender, len(sent[sender]), poisoned)
                    sent[sender].append(message)
                    if as_tick:
                        system.publish([(address, sender, float(message[1]), float(poisoned))])
                    else:
                        address.tell(message)
            while address.mailbox_length or not address.alive:
                await restart_if_down(system)
                await trio.testing.wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        for sender in range(4):
            assert [message for message in log if message[0] == sender] == sent[sender]
        assert system.dead_letters.count == sum(message[2] for message in log)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_the_same_calls_give_the_same_order_of_handling(recorder: Any) -> None:
    def transcript() -> list[Any]:
        log: list[Any] = []

        class Chatty(RunQueueActor):
            def on_receive(self, message: int) -> None:
                log.append((self.address.name, message))
                if message:
                    for other in self.system.addresses("chatty/"):
                        if self.environment.random.random() < 0.4:
                            other.tell(message - 1)

        async def main() -> None:
            system = System(machine(7), batch=5)
            async with trio.open_nursery() as nursery:
                await nursery.start(system.run)
                for number in range(10):
                    await system.start(f"chatty/{number}", Chatty)
                for address in system.addresses("chatty/"):
                    address.tell(3)
                await system.idle()
                nursery.cancel_scope.cancel()

        trio.run(main)
        return log

    first = transcript()
    assert len(first) > 100
    assert transcript() == first


def test_a_running_actor_is_not_started_a_second_time(world: Any, recorder: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        address = await system.start("a", lambda context: recorder(context, log))
        with pytest.raises(StartFailedError, match="runs already"):
            await system.start("a", lambda context: recorder(context, log))
        address.tell("still the first")
        await system.idle()
        assert log == ["still the first"]

    world(body)


def test_a_dead_letter_about_a_dead_letter_is_kept_and_goes_no_further() -> None:
    told: list[Any] = []

    def on_event(event: Any) -> None:
        told.append(event)
        system.address("log").tell(event)  # which has stopped as well

    system = System(machine(1), on_event=on_event)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            await system.stop("log")
            await system.stop("a")
            system.address("a").tell("hello")
            nursery.cancel_scope.cancel()

    trio.run(main)
    assert [letter.actor for letter in told] == ["a"]
    assert [letter.actor for letter in system.dead_letters.kept] == ["a", "log"]


def test_everything_works_from_asyncio_callbacks_in_the_same_thread(real_world: Any) -> None:
    async def body(system: System, events: list[Any]) -> None:
        log: list[Any] = []
        libraries: list[str] = []

        class Hosted(RunQueueActor):
            def on_tick(self, kind: int, price: float, size: float) -> None:
                if price < 0:
                    raise ValueError("negative")
                log.append(price)
                self.spawn(self.work)
                self.after(0.001, "timer")

            def on_receive(self, message: Any) -> Any:
                log.append(message)
                return message

            async def work(self) -> None:
                await trio.sleep(0)
                libraries.append(sniffio.current_async_library())
                self.tell_self("work")

        crashed: list[Any] = []
        address = await system.start("a", Hosted, watcher=lambda *args: crashed.append(args))
        answers: list[Any] = []

        def callback() -> None:
            system.publish([(address, 4, 1.0, 0.0)])
            address.tell("told")
            answers.append(address.ask("asked"))

        async with trio_asyncio.open_loop() as loop:
            loop.call_soon(callback)
            while len(log) < 5:
                await trio.sleep(0.001)
            assert await answers[0] == "asked"
            loop.call_soon(system.publish, [(address, 4, -1.0, 0.0)])
            while not crashed:
                await trio.sleep(0.001)
        assert log[:3] == [1.0, "told", "asked"]
        assert sorted(log[3:]) == ["timer", "work"]
        assert libraries == ["trio"]

    real_world(body)
