"""The event bus by itself: order, isolation, bounds; the same object works in a running system."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

import pitboss
from config.environment import virtual
from config.log_record import LogRecord
from config.logging import start_logging
from pitboss.event.order import OrderFilledEvent
from pitboss.event.position import PositionEvent, PositionOpenEvent

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@attrs.frozen
class Numbered(pitboss.BaseEvent):
    number: int


@attrs.frozen
class Special(Numbered):
    pass


def run(body: Callable[[], Awaitable[None]]) -> None:
    """In virtual time."""

    async def main() -> None:
        with trio.fail_after(1_000_000):
            await body()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_subclasses_match_and_an_event_comes_once_to_a_handler_of_several_of_its_types() -> None:
    async def body() -> None:
        bus, heard, special = pitboss.EventBus(), [], []
        await bus.subscribe(Numbered, heard.append)
        await bus.subscribe(Special, heard.append)
        await bus.subscribe(Special, heard.append)
        await bus.subscribe(Special, special.append)
        for event in (Numbered(1), Special(2)):
            await bus.emit(event)
        await bus.idle()
        assert heard == [Numbered(1), Special(2)]
        assert special == [Special(2)]

    run(body)


def test_a_handler_may_be_sync_async_or_run_in_a_thread() -> None:
    async def body() -> None:
        bus, heard = pitboss.EventBus(), []

        async def waits(event: Numbered) -> None:
            await trio.sleep(0.01)
            heard.append(("async", event.number))

        def blocks(event: Numbered) -> None:
            heard.append(("thread", event.number))

        await bus.subscribe(Numbered, waits)
        await bus.subscribe(Numbered, blocks, thread=True)
        await bus.subscribe(Numbered, lambda event: heard.append(("sync", event.number)))
        await bus.emit(Numbered(1))
        await bus.idle()
        assert sorted(heard) == [("async", 1), ("sync", 1), ("thread", 1)]

    trio.run(body)  # a thread takes real time


def test_emit_does_not_wait_for_handlers_and_a_slow_one_delays_no_other() -> None:
    async def body() -> None:
        bus, fast, slow = pitboss.EventBus(), [], []

        async def hangs(event: Numbered) -> None:
            await trio.sleep(100)
            slow.append(event.number)

        await bus.subscribe(Numbered, hangs)
        await bus.subscribe(Numbered, lambda event: fast.append(event.number))
        began = trio.current_time()
        for number in range(5):
            await bus.emit(Numbered(number))
        await trio.testing.wait_all_tasks_blocked()
        assert trio.current_time() == began
        assert (fast, slow) == ([0, 1, 2, 3, 4], [])
        await bus.idle()
        assert slow == [0, 1, 2, 3, 4]
        assert trio.current_time() == began + 500

    run(body)


def test_a_failing_handler_is_logged_counted_and_called_again() -> None:
    async def body() -> None:
        records: list[LogRecord] = []
        log = start_logging(virtual(START, seed=1), listeners=(records.append,), background=False)
        try:
            bus, heard = pitboss.EventBus(), []

            def fails(event: Numbered) -> None:
                if event.number == 1:
                    raise ValueError("one is too many")

            await bus.subscribe(Numbered, fails)
            await bus.subscribe(Numbered, lambda event: heard.append(event.number))
            for number in range(3):
                await bus.emit(Numbered(number))
            await bus.idle()
        finally:
            log.stop()
        assert heard == [0, 1, 2]
        [failed] = [record for record in records if record.event == "subscriber.failed"]
        assert failed.fields["error"] == "ValueError: one is too many"
        assert "fails" in failed.fields["handler"]
        state = bus.subscribers[0]
        assert (state.delivered, state.failed, state.dropped, state.waiting) == (2, 1, 0, 0)

    run(body)


@pytest.mark.parametrize(("overflow", "kept"), [("drop_oldest", [0, 8, 9]), ("drop_newest", [0, 1, 2])])
def test_a_queue_is_bounded_and_what_is_dropped_is_counted_and_logged(overflow: Any, kept: list[int]) -> None:
    async def body() -> None:
        records: list[LogRecord] = []
        log = start_logging(virtual(START, seed=1), listeners=(records.append,), background=False)
        try:
            bus, heard, gate = pitboss.EventBus(capacity=2, overflow=overflow), [], trio.Event()

            async def waits(event: Numbered) -> None:
                heard.append(event.number)
                await gate.wait()

            await bus.subscribe(Numbered, waits)
            for number in range(10):
                await bus.emit(Numbered(number))
                await trio.testing.wait_all_tasks_blocked()
            assert bus.subscribers[0].dropped == 7
            gate.set()
            await bus.idle()
        finally:
            log.stop()
        assert heard == kept
        assert [record.fields["dropped"] for record in records if record.event == "subscriber.overflow"] == [1, 2, 4]

    run(body)


def test_what_is_queued_for_a_type_is_not_delivered_after_it_was_unsubscribed() -> None:
    async def body() -> None:
        bus, heard, gate = pitboss.EventBus(), [], trio.Event()

        async def waits(event: Numbered) -> None:
            heard.append(event)
            await gate.wait()

        await bus.subscribe(Numbered, waits)
        await bus.subscribe(PositionEvent, waits)
        await bus.emit(Numbered(1))
        await bus.emit(Numbered(2))
        await bus.unsubscribe(Numbered, waits)
        gate.set()
        await bus.idle()
        await bus.emit(Numbered(3))
        await bus.idle()
        assert heard == [Numbered(1)]
        assert [state.event_types for state in bus.subscribers] == [("PositionEvent",)]
        await bus.unsubscribe(PositionEvent, waits)
        assert bus.subscribers == ()
        with pytest.raises(ValueError, match="is not subscribed to Numbered"):
            await bus.unsubscribe(Numbered, waits)

    run(body)


def test_what_makes_no_sense_is_refused() -> None:
    async def body() -> None:
        bus: Any = pitboss.EventBus()
        with pytest.raises(TypeError, match="subclass of BaseEvent"):
            await bus.subscribe(int, print)
        with pytest.raises(TypeError, match="a handler is a function"):
            await bus.subscribe(Numbered, "print")
        with pytest.raises(TypeError, match="an event is a BaseEvent"):
            await bus.emit("hello")
        with pytest.raises(ValueError, match="at least one event"):
            pitboss.EventBus(capacity=0)

    run(body)


def test_a_handler_sees_the_context_in_which_it_was_subscribed_and_may_subscribe_and_emit() -> None:
    async def body() -> None:
        bus, heard = pitboss.EventBus(), []

        async def answers(event: Numbered) -> None:
            if event.number < 3:
                await bus.subscribe(Special, heard.append)
                await bus.emit(Special(event.number + 1))

        await bus.subscribe(Numbered, answers)
        await bus.emit(Numbered(0))
        await bus.idle()
        await bus.idle()
        assert heard == [Special(1), Special(2), Special(3)]

    run(body)


def test_a_sync_handler_that_holds_everything_up_is_named_once() -> None:
    clock = trio.testing.MockClock(autojump_threshold=0)
    records: list[LogRecord] = []

    async def main() -> None:
        log = start_logging(virtual(START, seed=1), listeners=(records.append,), background=False)
        try:
            bus = pitboss.EventBus()
            await bus.subscribe(Numbered, lambda _: clock.jump(0.2))
            await bus.emit(Numbered(1))
            await bus.emit(Numbered(2))
            await bus.idle()
        finally:
            log.stop()

    trio.run(main, clock=clock)
    assert [record.fields["seconds"] for record in records if record.event == "subscriber.slow"] == [0.2]


def test_what_a_hanging_handler_did_not_get_before_the_end_is_logged(tmp_path: Path) -> None:
    async def hangs(_event: Numbered) -> None:
        await trio.sleep_forever()

    async def main() -> None:
        with trio.fail_after(30):
            async with pitboss.open_system(paper="manual", state_dir=tmp_path):
                bus = pitboss.EventBus()
                await bus.subscribe(Numbered, hangs)
                for number in range(4):
                    await bus.emit(Numbered(number))
                await trio.testing.wait_all_tasks_blocked(0.01)
            with pytest.raises(pitboss.NotRunningError, match="has ended"):
                await bus.emit(Numbered(4))

    trio.run(main)
    lines = [json.loads(line) for line in (tmp_path / "pitboss.log.jsonl").read_text().splitlines()]
    assert [line["events"] for line in lines if line["event"] == "subscriber.undelivered"] == [3]


# a handler: what it does for each event (waits so long, raises, or neither), and from which event on it is there
HANDLERS = st.lists(
    st.tuples(st.sampled_from(["sync", "async", "raises", "raises later"]), st.integers(0, 20)), min_size=1, max_size=6
)


@settings(max_examples=40, deadline=None)
@given(handlers=HANDLERS, pauses=st.lists(st.sampled_from([0.0, 0.5, 3.0]), min_size=1, max_size=25))
def test_each_handler_gets_every_event_once_in_order_whatever_the_others_do(
    handlers: list[tuple[str, int]], pauses: list[float]
) -> None:
    async def body() -> None:
        bus = pitboss.EventBus()
        heard: list[list[int]] = [[] for _ in handlers]

        def make(at: int, kind: str) -> Callable[[Numbered], Any]:
            def sync(event: Numbered) -> None:
                heard[at].append(event.number)
                if kind == "raises":
                    raise RuntimeError("no")

            async def later(event: Numbered) -> None:
                await trio.sleep(1 + at)
                heard[at].append(event.number)
                if kind == "raises later":
                    raise RuntimeError("no")

            return later if kind in ("async", "raises later") else sync

        made = [make(at, kind) for at, (kind, _) in enumerate(handlers)]
        for number, pause in enumerate(pauses):
            for at, (_, begins) in enumerate(handlers):
                if begins == number:
                    await bus.subscribe(Numbered, made[at])
            await bus.emit(Numbered(number) if number % 2 else Special(number))
            await trio.sleep(pause)
        await bus.idle()
        for at, (_, begins) in enumerate(handlers):
            assert heard[at] == list(range(begins, len(pauses)))

    run(body)


def test_in_a_system_the_bus_is_fed_by_it_and_only_it_states_what_happened_to_it(
    run_api: Callable[..., None],
) -> None:
    async def body(house: Any) -> None:
        await house.listen(pitboss.BaseEvent)
        position = await pitboss.PositionTracker(house.bus).create_position("AAPL", quantity=10)
        await position.wait_protected()
        await house.bus.idle()
        kinds = [type(event) for event in house.events]
        assert kinds.index(OrderFilledEvent) < kinds.index(PositionOpenEvent)
        opened = next(event for event in house.events if isinstance(event, PositionOpenEvent))
        with pytest.raises(pitboss.EmitRefusedError, match="PositionOpenEvent"):
            await house.bus.emit(opened)

        @attrs.frozen
        class Forged(PositionOpenEvent):
            pass

        with pytest.raises(pitboss.EmitRefusedError, match="only the system states"):
            await house.bus.emit(Forged(opened.position))
        other = pitboss.EventBus()
        heard: list[pitboss.BaseEvent] = []
        await other.subscribe(Numbered, heard.append)
        await house.bus.emit(Numbered(1))
        await other.idle()
        assert heard == [Numbered(1)]

    run_api(body)
