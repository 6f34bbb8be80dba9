"""Supervisors below supervisors, children that come and go, and the way down."""

from __future__ import annotations

from typing import Any

import pykka
import pytest
import trio
import trio.testing

from actors.runtime.lifecycle import StartFailedError
from actors.runtime.status import ActorState
from messages.lifecycle import ActorCrashed, ActorRestarted, ActorStarted, ActorStopped, DeadLetter
from supervisors.child import SupervisorEscalated
from supervisors.specification import Backoff, PastIntensity, Strategy, SupervisorSpecification
from supervisors.supervisor import SupervisorStoppedError


def house(tree: Any) -> SupervisorSpecification:
    """journal, then positions (its own supervisor), then rules: rest_for_one."""
    positions = SupervisorSpecification(
        "positions", (tree.child("position/A"), tree.child("position/B")), past_intensity=PastIntensity.QUARANTINE
    )
    children = (tree.child("journal"), positions, tree.child("rules"))
    return SupervisorSpecification("root", children, strategy=Strategy.REST_FOR_ONE)


def test_a_tree_starts_in_order_and_stops_in_reverse(grow: Any) -> None:
    async def body(tree: Any) -> None:
        assert tree.log == ["start journal", "start position/A", "start position/B", "start rules"]
        assert [event.actor for event in tree.of(ActorStarted)] == [
            *("journal", "position/A", "position/B"),
            *("positions", "rules"),
        ]

    tree = grow(house, body)
    assert tree.log[5:] == ["stop rules", "stop position/B", "stop position/A", "stop journal"]
    assert [event.actor for event in tree.of(ActorStopped)] == [
        *("rules", "position/B", "position/A"),
        *("positions", "journal"),
    ]


def test_a_crash_above_takes_the_supervisors_below_along_with_what_was_added_to_them(grow: Any) -> None:
    async def body(tree: Any) -> None:
        positions = tree.root.supervisor("positions")
        added = await positions.start_child(tree.child("position/C"))
        tree.log.clear()
        tree.crash("journal")
        added.tell("kept")
        await tree.system.idle()
        assert [line for line in tree.log if "kept" not in line] == [
            *("stop rules", "stop position/C", "stop position/B", "stop position/A"),
            *("start journal", "start position/A", "start position/B", "start position/C", "start rules"),
        ]
        assert "kept position/C" in tree.log
        assert positions.running
        assert added.restarts == 1

    grow(house, body)


def test_what_is_quarantined_stays_so_when_its_supervisor_is_restarted(grow: Any) -> None:
    async def body(tree: Any) -> None:
        for number in range(4):
            tree.crash("position/A", str(number))
            await tree.system.idle()
        tree.crash("journal")
        await tree.system.idle()
        assert tree.system.address("position/A").state is ActorState.QUARANTINED
        assert tree.system.address("position/B").state is ActorState.RUNNING
        assert tree.log.count("start position/A") == 4

    grow(house, body)


def test_a_supervisor_that_gives_up_is_restarted_by_its_own(grow: Any) -> None:
    def plan(tree: Any) -> SupervisorSpecification:
        below = SupervisorSpecification("below", (tree.child("a"), tree.child("b")), intensity=1)
        return SupervisorSpecification("root", (below, tree.child("c")), intensity=1)

    async def body(tree: Any) -> None:
        for number in range(2):
            tree.crash("a", str(number))
            tree.system.address("b").tell(f"message {number}")
            await tree.system.idle()
        assert "supervisor below gave up on a" in tree.of(ActorCrashed)[-1].error
        assert tree.of(ActorRestarted)[-1].actor == "below"
        assert tree.log[2:] == [
            *("start c", "message 0 b", "start a"),
            *("message 1 b", "stop b", "start a", "start b"),
        ]
        assert tree.log.count("start c") == 1

    grow(plan, body)


def test_escalation_reaches_the_root_when_nothing_helps(grow: Any) -> None:
    seen: list[Any] = []

    def plan(tree: Any) -> SupervisorSpecification:
        seen.append(tree)
        below = SupervisorSpecification("below", (tree.child("a"),), intensity=0)
        return SupervisorSpecification("root", (tree.child("top"), below), intensity=1)

    async def body(tree: Any) -> None:
        for number in range(2):
            tree.crash("a", str(number))
            await tree.system.idle()
        await trio.sleep_forever()

    with pytest.RaisesGroup(pytest.RaisesExc(SupervisorEscalated, match="supervisor root gave up on below")):
        grow(plan, body)
    assert seen[0].log[-1] == "stop top"


def test_a_failed_first_start_below_is_raised_from_the_root(grow: Any) -> None:
    def plan(tree: Any) -> SupervisorSpecification:
        tree.failures["deep"] = [OSError("no disk")]
        below = SupervisorSpecification("below", (tree.child("deep"),))
        return SupervisorSpecification("root", (below,))

    async def body(tree: Any) -> None:
        raise AssertionError("it must not get here")

    with pytest.RaisesGroup(pytest.RaisesExc(StartFailedError, match="below did not start.*deep.*no disk")):
        grow(plan, body)


def nothing(tree: Any) -> SupervisorSpecification:
    return SupervisorSpecification("root", past_intensity=PastIntensity.QUARANTINE, intensity=2)


def test_children_come_and_go_while_it_runs(grow: Any) -> None:
    async def body(tree: Any) -> None:
        root = tree.root
        a = await root.start_child(tree.child("a"))
        b = root.start_child_soon(tree.child("b"))
        b.tell("at once")
        await tree.system.idle()
        assert tree.log == ["start a", "start b", "at once b"]
        assert root.children == ["a", "b"]
        await root.stop_child("a")
        a.tell("too late")
        assert (a.state, root.children) == (ActorState.STOPPED, ["b"])
        assert [letter.message for letter in tree.of(DeadLetter)] == ["'too late'"]
        assert await root.start_child(tree.child("a")) is a
        assert await a.ask("again") == "again"
        assert root.children == ["b", "a"]
        with pytest.raises(ValueError, match="a is a child of root already"):
            await root.start_child(tree.child("a"))
        with pytest.raises(KeyError):
            await root.stop_child("z")
        with pytest.raises(KeyError):
            root.supervisor("z")

    grow(nothing, body)


def test_an_address_belongs_to_one_supervisor(grow: Any) -> None:
    async def body(tree: Any) -> None:
        with pytest.raises(ValueError, match="somebody else's"):
            await tree.root.supervisor("positions").start_child(tree.child("journal"))
        assert tree.system.address("journal").alive

    grow(house, body)


def test_a_child_that_does_not_start_is_no_child(grow: Any) -> None:
    async def body(tree: Any) -> None:
        tree.failures["a"] = [OSError("one")]
        tree.system.address("a").tell("early")
        with pytest.raises(StartFailedError, match="one"):
            await tree.root.start_child(tree.child("a"))
        assert tree.root.children == []
        assert tree.system.address("a").state is ActorState.STOPPED
        assert [letter.message for letter in tree.of(DeadLetter)] == ["'early'"]

    grow(nothing, body)


def test_a_child_started_without_waiting_is_tried_again_and_then_quarantined(grow: Any) -> None:
    async def body(tree: Any) -> None:
        tree.failures["a"] = [OSError("one")]
        tree.failures["b"] = [OSError(str(number)) for number in range(3)]
        for name in "ab":
            tree.root.start_child_soon(tree.child(name)).tell("hello")
        await tree.system.idle()
        assert tree.system.address("a").state is ActorState.RUNNING
        assert tree.system.address("b").state is ActorState.QUARANTINED
        assert "hello a" in tree.log
        assert [(letter.actor, letter.message) for letter in tree.of(DeadLetter)] == [("b", "'hello'")]

    grow(nothing, body)


def test_a_child_can_be_stopped_while_it_waits_for_its_restart(grow: Any) -> None:
    def plan(tree: Any) -> SupervisorSpecification:
        return SupervisorSpecification("root", (tree.child("a"),), backoff=Backoff(initial=1000, maximum=1000))

    async def body(tree: Any) -> None:
        for number in range(2):
            tree.crash("a", str(number))
            await tree.settled()
        began = trio.current_time()
        await tree.root.stop_child("a")
        assert trio.current_time() == began
        await trio.sleep(2000)
        assert tree.log == ["start a", "start a"]

    grow(plan, body)


def test_a_child_can_be_stopped_while_it_prepares(grow: Any, worker: Any) -> None:
    class Slow(worker):  # type: ignore[misc]
        async def prepare(self) -> None:
            await trio.sleep(1000)
            self.note("prepared")

    async def body(tree: Any) -> None:
        address = tree.root.start_child_soon(tree.child("a", Slow))
        await tree.settled()
        assert address.state is ActorState.STARTING
        await tree.root.stop_child("a")
        await trio.sleep(2000)
        assert (address.state, tree.log) == (ActorState.STOPPED, ["start a"])

    grow(nothing, body)


def test_the_tree_can_be_stopped_at_any_moment_of_a_restart(grow: Any, worker: Any) -> None:
    class Slow(worker):  # type: ignore[misc]
        async def prepare(self) -> None:
            await trio.sleep(10)

    def plan(tree: Any) -> SupervisorSpecification:
        children = (tree.child("a"), tree.child("b", Slow), tree.child("c", Slow))
        return SupervisorSpecification(
            "root", children, strategy=Strategy.ONE_FOR_ALL, intensity=9, backoff=Backoff(initial=10, jitter=0)
        )

    for seconds in range(0, 60, 5):

        async def body(tree: Any, seconds: int = seconds) -> None:
            tree.crash("a", "one")
            await trio.sleep(21)
            tree.crash("a", "two")
            await trio.sleep(seconds)

        tree = grow(plan, body)
        assert all(status.state is ActorState.STOPPED for status in tree.system.snapshot())
        starts = [line for line in tree.log if line.startswith("start a")]
        assert len(starts) - 2 == len([line for line in tree.log if line == "stop a"])


def test_a_supervisor_that_does_not_run_says_so(grow: Any) -> None:
    async def body(tree: Any) -> None:
        assert tree.root.running
        with pytest.raises(RuntimeError, match="runs already"):
            await tree.root.run()

    tree = grow(nothing, body)
    assert not tree.root.running

    async def ask() -> None:
        with pytest.raises(SupervisorStoppedError, match="cannot start a"):
            await tree.root.start_child(tree.child("a"))

    trio.run(ask)


def test_a_hang_in_stop_is_bounded_and_the_rest_still_stops(grow: Any, worker: Any) -> None:
    class Hanging(worker):  # type: ignore[misc]
        async def finish(self) -> None:
            await trio.sleep_forever()

    times: list[float] = []

    def plan(tree: Any) -> SupervisorSpecification:
        children = (tree.child("a"), tree.child("b", Hanging, shutdown=7), tree.child("c"))
        return SupervisorSpecification("root", children)

    async def body(tree: Any) -> None:
        began = trio.current_time()
        await tree.root.stop_child("b")
        times.append(trio.current_time() - began)
        await tree.root.start_child(tree.child("b", Hanging, shutdown=7))

    tree = grow(plan, body)
    assert times == [pytest.approx(7)]
    assert tree.log[-3:] == ["stop b", "stop c", "stop a"]
    assert [event.error for event in tree.of(ActorCrashed)] == ["StopTimeoutError: b did not stop within 7 s"] * 2


def test_a_crash_whose_tasks_do_not_end_is_restarted_after_the_shutdown_time(grow: Any, worker: Any) -> None:
    release = trio.Event()

    class Deaf(worker):  # type: ignore[misc]
        def on_start(self) -> None:
            super().on_start()
            if self.address.restarts == 0 and self.tree.log.count("start a") == 1:
                self.spawn(self.deaf, name="deaf")

        async def deaf(self) -> None:
            with trio.CancelScope(shield=True):
                await release.wait()

    def plan(tree: Any) -> SupervisorSpecification:
        return SupervisorSpecification("root", (tree.child("a", Deaf, shutdown=3),))

    async def body(tree: Any) -> None:
        await tree.settled()
        tree.crash("a")
        await tree.system.idle()
        assert tree.of(ActorRestarted)[0].seconds == pytest.approx(3)
        assert tree.system.lifecycle.abandoned == ["a: deaf"]
        assert "abandoned" in tree.of(ActorCrashed)[-1].error
        release.set()

    grow(plan, body)


def test_a_crash_in_an_owned_task_is_restarted_like_any_other(grow: Any, worker: Any) -> None:
    class Polling(worker):  # type: ignore[misc]
        def on_start(self) -> None:
            super().on_start()
            self.spawn(self.poll)

        async def poll(self) -> None:
            await trio.sleep(5)
            if self.address.restarts == 0:
                raise ConnectionError("gone")

    async def body(tree: Any) -> None:
        await trio.sleep(20)
        assert tree.log == ["start a", "start a"]
        assert [event.error for event in tree.of(ActorCrashed)] == ["ConnectionError: gone"]

    grow(lambda tree: SupervisorSpecification("root", (tree.child("a", Polling),)), body)


def test_what_is_still_waiting_at_the_end_becomes_a_dead_letter(grow: Any) -> None:
    asked: list[Any] = []

    async def body(tree: Any) -> None:
        tree.crash("position/A")
        tree.crash("position/A", "again")
        await tree.settled()
        asked.append(tree.system.address("position/A").ask("anyone?"))
        assert tree.system.address("position/A").state is ActorState.RESTARTING

    tree = grow(house, body)
    with pytest.raises(pykka.ActorDeadError, match="process ends"):
        asked[0].get()
    assert tree.of(DeadLetter)[-1].message == "'anyone?'"


def test_an_interrupt_in_a_handler_stops_the_tree_and_is_raised_as_itself(grow: Any) -> None:
    seen: list[Any] = []

    async def body(tree: Any) -> None:
        seen.append(tree)
        tree.system.address("rules").tell(KeyboardInterrupt())
        await trio.sleep_forever()

    with pytest.RaisesGroup(KeyboardInterrupt):
        grow(house, body)
    assert all(status.state is ActorState.STOPPED for status in seen[0].system.snapshot())


def test_a_child_asked_for_before_the_supervisor_runs_is_started_with_it(grow: Any) -> None:
    async def body(tree: Any) -> None:
        tree.crash("journal")
        positions = tree.root.supervisor("positions")
        while positions.running:
            await trio.lowlevel.checkpoint()
        positions.start_child_soon(tree.child("position/C")).tell("hello")
        await tree.system.idle()
        starts = [line for line in tree.log if "start" in line]
        assert starts[-3:] == ["start position/B", "start position/C", "start rules"]
        assert "hello position/C" in tree.log
        assert tree.system.address("position/C").state is ActorState.RUNNING

    grow(house, body)
