"""Who is restarted when something crashes, when, and until when."""

from __future__ import annotations

from typing import Any

import pytest
import trio
import trio.testing

from actors.runtime.lifecycle import StartFailedError
from actors.runtime.status import ActorState
from messages.lifecycle import ActorCrashed, ActorQuarantined, ActorRestarted, ActorStarted, ActorStopped, DeadLetter
from supervisors.child import SupervisorEscalated
from supervisors.specification import (
    Backoff,
    ChildSpecification,
    PastIntensity,
    Restart,
    Strategy,
    SupervisorSpecification,
)


def three(strategy: Strategy, **options: Any) -> Any:
    return lambda tree: SupervisorSpecification(
        "root", tuple(tree.child(name) for name in "abc"), strategy=strategy, **options
    )


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (Strategy.ONE_FOR_ONE, ["start b"]),
        (Strategy.REST_FOR_ONE, ["stop c", "start b", "start c"]),
        (Strategy.ONE_FOR_ALL, ["stop c", "stop a", "start a", "start b", "start c"]),
    ],
)
def test_each_strategy_stops_in_reverse_and_starts_in_order(grow: Any, strategy: Strategy, expected: list[str]) -> None:
    async def body(tree: Any) -> None:
        tree.log.clear()
        tree.crash("b")
        await tree.settled()
        assert tree.log == expected
        assert [event.actor for event in tree.of(ActorRestarted)] == [e.split()[1] for e in expected if "start" in e]
        assert all(tree.system.address(name).state is ActorState.RUNNING for name in "abc")

    tree = grow(three(strategy), body)
    assert tree.log[-3:] == ["stop c", "stop b", "stop a"]


def test_children_start_in_order_each_when_the_one_before_is_ready(grow: Any, worker: Any) -> None:
    class Slow(worker):  # type: ignore[misc]
        becomes_ready = True

        def on_start(self) -> None:
            super().on_start()
            self.after(10, "ready")

        def on_receive(self, message: Any) -> Any:
            super().on_receive(message)
            self.ready()

    def plan(tree: Any) -> SupervisorSpecification:
        return SupervisorSpecification("root", (tree.child("a", Slow), tree.child("b")))

    async def body(tree: Any) -> None:
        assert tree.log == ["start a", "ready a", "start b"]
        assert [event.actor for event in tree.of(ActorStarted)] == ["a", "b"]

    grow(plan, body)


def test_the_mailbox_survives_and_the_poison_does_not(grow: Any) -> None:
    async def body(tree: Any) -> None:
        address = tree.system.address("b")
        address.tell("one")
        tree.crash("b", "poison")
        address.tell("two")
        asked = address.ask("three")
        assert await asked == "three"
        assert tree.log[3:] == ["one b", "start b", "two b", "three b"]
        assert [letter.message for letter in tree.of(DeadLetter)] == ["ValueError('poison')"]
        assert address.restarts == 1
        assert address.status().error == "ValueError: poison"

    grow(three(Strategy.ONE_FOR_ONE), body)


def test_an_address_keeps_its_messages_while_its_neighbours_crash_takes_it_down(grow: Any) -> None:
    async def body(tree: Any) -> None:
        tree.crash("b")
        tree.crash("b", "again")  # the second restart waits
        await tree.settled()
        tree.system.address("c").tell("meanwhile")
        assert tree.system.address("c").state is ActorState.RESTARTING
        await trio.sleep(1)
        assert tree.log[-1] == "meanwhile c"

    grow(three(Strategy.REST_FOR_ONE), body)


def test_a_crash_is_repaired_within_ten_milliseconds_of_real_time(grow: Any) -> None:
    async def body(tree: Any) -> None:
        for number in range(20):
            tree.crash("b", str(number))
            await tree.system.idle()
        restarts = tree.of(ActorRestarted)
        assert [event.restarts for event in restarts] == list(range(1, 21))
        assert sorted(event.seconds for event in restarts)[10] < 0.01

    backoff = Backoff(initial=1e-9, maximum=1e-9)
    grow(three(Strategy.ONE_FOR_ONE, intensity=100, backoff=backoff), body, real=True)


def test_the_first_restart_is_immediate_and_later_ones_back_off_up_to_the_maximum(grow: Any) -> None:
    async def body(tree: Any) -> None:
        pauses = []
        for number in range(7):
            tree.crash("b", str(number))
            await tree.system.idle()
            pauses.append(tree.of(ActorRestarted)[-1].seconds)
        assert pauses == pytest.approx([0, 1, 2, 4, 8, 10, 10])
        await trio.sleep(1000)
        tree.crash("b")
        await tree.system.idle()
        assert tree.of(ActorRestarted)[-1].seconds == 0

    backoff = Backoff(initial=1, maximum=10, jitter=0)
    grow(three(Strategy.ONE_FOR_ONE, intensity=100, period=1000, backoff=backoff), body)


def test_jitter_comes_from_the_seed(grow: Any) -> None:
    async def body(tree: Any) -> None:
        for number in range(5):
            tree.crash("b", str(number))
            await tree.system.idle()

    plan = three(Strategy.ONE_FOR_ONE, intensity=100, backoff=Backoff(initial=1, jitter=0.5))
    first, second = [[event.seconds for event in grow(plan, body).of(ActorRestarted)] for _ in range(2)]
    assert first == second
    assert 0.5 <= first[1] < 1 <= first[2] < 2


def test_one_childs_pause_does_not_hold_up_another(grow: Any) -> None:
    async def body(tree: Any) -> None:
        for _ in range(2):
            tree.crash("a")
            await tree.settled()
        assert tree.system.address("a").state is ActorState.RESTARTING
        tree.crash("b")
        await tree.settled()
        assert tree.system.address("b").state is ActorState.RUNNING

    grow(three(Strategy.ONE_FOR_ONE, backoff=Backoff(initial=100, maximum=100)), body)


def test_transient_and_temporary_children(grow: Any) -> None:
    def plan(tree: Any) -> SupervisorSpecification:
        return SupervisorSpecification(
            "root",
            (
                tree.child("permanent"),
                tree.child("transient", restart=Restart.TRANSIENT),
                tree.child("temporary", restart=Restart.TEMPORARY),
            ),
        )

    async def body(tree: Any) -> None:
        def states() -> list[str]:
            return [str(status.state) for status in tree.system.snapshot()]

        for name in ("permanent", "transient", "temporary"):
            tree.crash(name)
        await tree.system.idle()
        assert states() == ["running", "running", "stopped"]
        assert tree.root.children == ["permanent", "transient"]
        for name in ("permanent", "transient"):
            tree.system.address(name).tell("end")
        await tree.system.idle()
        assert states() == ["running", "stopped", "stopped"]
        assert tree.root.children == ["permanent", "transient"]
        await tree.root.restart_child("transient")
        assert states() == ["running", "running", "stopped"]

    grow(plan, body)


def test_temporary_children_are_not_taken_along_by_a_group(grow: Any) -> None:
    def plan(tree: Any) -> SupervisorSpecification:
        children = (tree.child("a"), tree.child("b", restart=Restart.TEMPORARY), tree.child("c"))
        return SupervisorSpecification("root", children, strategy=Strategy.ONE_FOR_ALL)

    async def body(tree: Any) -> None:
        tree.log.clear()
        tree.crash("a")
        await tree.settled()
        assert tree.log == ["stop c", "stop b", "start a", "start c"]
        assert tree.root.children == ["a", "c"]
        assert tree.system.address("b").state is ActorState.STOPPED

    grow(plan, body)


@pytest.mark.parametrize("strategy", list(Strategy))
def test_too_many_crashes_escalate_after_everything_has_stopped(grow: Any, strategy: Strategy) -> None:
    seen: list[Any] = []

    async def body(tree: Any) -> None:
        seen.append(tree)
        waiting = tree.system.address("a").ask("before")
        assert await waiting == "before"
        for number in range(3):
            tree.crash("b", str(number))
            await tree.system.idle()
        await trio.sleep_forever()

    with pytest.RaisesGroup(pytest.RaisesExc(SupervisorEscalated, match="supervisor root gave up on b: ValueError: 2")):
        grow(three(strategy, intensity=2, period=60), body)
    assert [line for line in seen[0].log if "stop" in line][-2:] == ["stop c", "stop a"]
    assert all(status.state is ActorState.STOPPED for status in seen[0].system.snapshot())


def test_crashes_that_lie_further_apart_than_the_period_do_not_escalate(grow: Any) -> None:
    async def body(tree: Any) -> None:
        for number in range(20):
            tree.crash("b", str(number))
            await tree.system.idle()
            await trio.sleep(31)
        assert tree.system.address("b").restarts == 20

    grow(three(Strategy.ONE_FOR_ONE, intensity=2, period=60), body)


def test_a_restart_that_fails_is_tried_again_and_counts(grow: Any) -> None:
    async def body(tree: Any) -> None:
        tree.failures["b"] = [OSError("one"), OSError("two")]
        tree.crash("b")
        await tree.system.idle()
        assert tree.system.address("b").state is ActorState.RUNNING
        assert [event.error for event in tree.of(ActorCrashed)] == ["ValueError: bad", "OSError: one", "OSError: two"]
        assert len(tree.of(ActorRestarted)) == 1

    grow(three(Strategy.ONE_FOR_ONE, intensity=3), body)


@pytest.mark.parametrize("strategy", [Strategy.REST_FOR_ONE, Strategy.ONE_FOR_ALL])
def test_a_neighbour_that_fails_while_a_group_restarts_moves_the_group_again(grow: Any, strategy: Strategy) -> None:
    async def body(tree: Any) -> None:
        tree.log.clear()
        tree.failures["c"] = [OSError("one")]
        tree.crash("b")
        await tree.system.idle()
        if strategy is Strategy.REST_FOR_ONE:
            assert tree.log == ["stop c", "start b", "start c", "start c"]
        else:
            assert tree.log[-8:] == [
                *("start a", "start b", "start c"),
                *("stop b", "stop a"),
                *("start a", "start b", "start c"),
            ]

    grow(three(strategy), body)


def test_two_that_crash_at_once_are_both_restarted_once(grow: Any) -> None:
    async def body(tree: Any) -> None:
        tree.crash("a")
        tree.crash("b")
        await tree.system.idle()
        assert [tree.log.count(f"start {name}") for name in "abc"] == [2, 2, 2]

    grow(three(Strategy.ONE_FOR_ALL), body)


def test_a_failed_first_start_stops_what_was_started_and_is_raised(grow: Any) -> None:
    seen: list[Any] = []

    def plan(tree: Any) -> SupervisorSpecification:
        seen.append(tree)
        tree.failures["b"] = [OSError("port taken")]
        return three(Strategy.ONE_FOR_ONE)(tree)

    async def body(tree: Any) -> None:
        raise AssertionError("it must not get here")

    with pytest.RaisesGroup(pytest.RaisesExc(StartFailedError, match="b did not start: OSError: port taken")):
        grow(plan, body)
    assert seen[0].log == ["start a", "start b", "stop a"]


def quarantining(**options: Any) -> Any:
    return three(Strategy.ONE_FOR_ONE, intensity=2, past_intensity=PastIntensity.QUARANTINE, **options)


def test_past_the_intensity_a_child_is_quarantined_alone(grow: Any) -> None:
    async def body(tree: Any) -> None:
        a, b = tree.system.address("a"), tree.system.address("b")
        for number in range(3):
            tree.crash("b", str(number))
            b.tell(f"between {number}")
            await tree.system.idle()
        (event,) = tree.of(ActorQuarantined)
        assert (event.actor, event.restarts, event.error) == ("b", 2, "ValueError: 2")
        assert b.state is ActorState.QUARANTINED
        letters = [letter.message for letter in tree.of(DeadLetter)]
        assert letters == ["ValueError('0')", "ValueError('1')", "ValueError('2')", "'between 2'"]
        b.tell("late")
        assert tree.of(DeadLetter)[-1].message == "'late'"
        for number in range(2):  # its crashes are not counted against another
            tree.crash("a", str(number))
            await tree.system.idle()
        assert (a.state, tree.system.address("c").restarts) == (ActorState.RUNNING, 0)
        assert tree.root.children == ["a", "b", "c"]

    tree = grow(quarantining(), body)
    assert tree.system.address("b").state is ActorState.QUARANTINED
    assert tree.log[-2:] == ["stop c", "stop a"]


def test_a_quarantined_child_gets_another_chance_by_hand(grow: Any) -> None:
    async def body(tree: Any) -> None:
        for number in range(3):
            tree.crash("b", str(number))
            await tree.system.idle()
        await tree.root.restart_child("b")
        assert await tree.system.address("b").ask("hello") == "hello"
        for number in range(2):
            tree.crash("b", str(number))
            await tree.system.idle()
        assert tree.system.address("b").state is ActorState.RUNNING

    grow(quarantining(), body)


def test_where_children_are_quarantined_a_failed_first_start_is_a_crash_of_that_child(grow: Any) -> None:
    def plan(tree: Any) -> SupervisorSpecification:
        tree.failures["b"] = [OSError(str(number)) for number in range(3)]
        return quarantining()(tree)  # type: ignore[no-any-return]

    async def body(tree: Any) -> None:
        await tree.system.idle()
        assert [str(status.state) for status in tree.system.snapshot()] == ["running", "quarantined", "running"]

    grow(plan, body)


def test_others_handle_every_tick_while_one_crashes_into_quarantine(grow: Any, worker: Any) -> None:
    class Ticking(worker):  # type: ignore[misc]
        def on_tick(self, kind: int, price: float, size: float) -> None:
            if price < 0:
                raise ValueError("negative")
            self.tree.log.append((self.address.name, price))

    def plan(tree: Any) -> SupervisorSpecification:
        children = tuple(tree.child(name, Ticking) for name in "abc")
        return SupervisorSpecification("root", children, intensity=2, past_intensity=PastIntensity.QUARANTINE)

    async def body(tree: Any) -> None:
        a, b, c = [tree.system.address(name) for name in "abc"]
        for number in range(100):
            bad = -1.0 if number % 10 == 5 else float(number)
            tree.system.publish([(a, 4, float(number), 1.0), (b, 4, bad, 1.0), (c, 4, float(number), 1.0)])
            if number % 10 == 0:
                await tree.system.idle()
        for name in "ac":
            assert [entry[1] for entry in tree.log if entry[0] == name] == list(range(100))
        assert b.state is ActorState.QUARANTINED
        # one crash, two restarts, then nothing: the ticks in between were kept in order
        handled = [entry[1] for entry in tree.log if entry[0] == "b"]
        assert handled == [n for n in range(25) if n % 10 != 5]

    grow(plan, body)


def test_only_one_for_one_can_quarantine() -> None:
    with pytest.raises(ValueError, match="only one_for_one"):
        SupervisorSpecification("root", strategy=Strategy.ONE_FOR_ALL, past_intensity=PastIntensity.QUARANTINE)


def test_names_are_unique_in_a_tree() -> None:
    child = ChildSpecification("a", lambda context: None)  # type: ignore[arg-type,return-value]
    with pytest.raises(ValueError, match="more than one child is named a"):
        SupervisorSpecification("root", (child, SupervisorSpecification("below", (child,))))


@pytest.mark.parametrize("options", [{"intensity": -1}, {"period": 0}])
def test_impossible_figures_are_refused(options: Any) -> None:
    with pytest.raises(ValueError):
        SupervisorSpecification("root", **options)


def test_stopped_events_come_from_orderly_stops_alone(grow: Any) -> None:
    async def body(tree: Any) -> None:
        tree.crash("b")
        await tree.settled()
        assert tree.of(ActorStopped) == []

    tree = grow(three(Strategy.ONE_FOR_ONE), body)
    assert [event.actor for event in tree.of(ActorStopped)] == ["c", "b", "a"]


@pytest.mark.parametrize("first", [True, False], ids=["at the first start", "at a restart"])
def test_one_that_ends_while_the_others_are_started_on_it_does_not_leave_them_waiting(
    grow: Any, worker: Any, first: bool
) -> None:
    """The order actor's replay waited two minutes for a journal that had crashed once more."""

    class Base(worker):  # type: ignore[misc,valid-type]
        async def prepare(self) -> None:
            self.tree.lives = getattr(self.tree, "lives", 0) + 1
            if self.tree.lives == (1 if first else 2):
                self.tell_self(ValueError("once more"))

    class Above(worker):  # type: ignore[misc,valid-type]
        async def prepare(self) -> None:
            await self.system.address("base").ask("are you there?")

    async def body(tree: Any) -> None:
        before = trio.current_time()
        if not first:
            tree.crash("base")
        await tree.settled()
        assert await tree.system.address("above").ask("hello") == "hello"
        assert trio.current_time() - before < 5.0
        assert tree.system.address("base").restarts == (1 if first else 2)

    def plan(tree: Any) -> SupervisorSpecification:
        return SupervisorSpecification(
            "root",
            (tree.child("base", Base), tree.child("above", Above, startup=120.0)),
            strategy=Strategy.REST_FOR_ONE,
            intensity=5,
        )

    grow(plan, body)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_one_that_ends_under_a_group_that_is_restarted_on_it_does_not_leave_it_waiting(
    grow: Any, worker: Any, when: str
) -> None:
    """Orders crashed while the portfolio was restarted: it asked them, failed after 30 s, and again, for ever."""

    class Above(worker):  # type: ignore[misc,valid-type]
        async def prepare(self) -> None:
            self.tree.lives = getattr(self.tree, "lives", 0) + 1
            if self.tree.lives == 2 and when == "meanwhile":
                self.tree.crash("base")
            await self.system.address("base").ask("are you there?")

        async def finish(self) -> None:
            if self.tree.lives == 1 and when == "before":
                self.tree.crash("base")

    async def body(tree: Any) -> None:
        before = trio.current_time()
        tree.crash("middle")
        await tree.settled()
        assert await tree.system.address("above").ask("hello") == "hello"
        assert trio.current_time() - before < 5.0
        assert tree.system.address("base").restarts == 1

    def plan(tree: Any) -> SupervisorSpecification:
        return SupervisorSpecification(
            "root",
            (tree.child("base", worker), tree.child("middle", worker), tree.child("above", Above, startup=30.0)),
            strategy=Strategy.REST_FOR_ONE,
            intensity=5,
        )

    grow(plan, body)
