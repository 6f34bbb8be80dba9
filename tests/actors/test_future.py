"""The future of an answer."""

from __future__ import annotations

import queue
import threading
from typing import Any

import pykka
import pytest
import trio
import trio.testing

from actors.runtime.future import BlockingGetError, ReplyFuture


def in_trio(function: Any) -> None:
    trio.run(function, clock=trio.testing.MockClock(autojump_threshold=0))


def test_await_returns_the_value_that_is_set_later() -> None:
    async def main() -> None:
        future: ReplyFuture[int] = ReplyFuture()
        seen: list[int] = []

        async def wait() -> None:
            seen.append(await future)

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            assert seen == []
            future.set(7)
        assert seen == [7, 7, 7]
        assert await future == 7
        assert future.get() == 7

    in_trio(main)


def test_await_raises_the_exception_with_its_own_traceback_each_time() -> None:
    async def main() -> None:
        future: ReplyFuture[int] = ReplyFuture()
        try:
            raise KeyError("lost")
        except KeyError:
            future.set_exception()
        depths = []
        for _ in range(3):
            with pytest.raises(KeyError, match="lost") as caught:
                await future
            depths.append(len(caught.traceback))
        assert len(set(depths)) == 1

    in_trio(main)


def test_get_on_trios_thread_says_to_await_instead_of_hanging() -> None:
    async def main() -> None:
        future: ReplyFuture[int] = ReplyFuture()
        with pytest.raises(BlockingGetError, match="await future"):
            future.get()
        with pytest.raises(BlockingGetError):
            future.get(timeout=1)
        future.set(1)
        assert future.get() == 1

    in_trio(main)


def test_a_cancelled_waiter_leaves_the_future_usable() -> None:
    async def main() -> None:
        future: ReplyFuture[int] = ReplyFuture()
        with trio.move_on_after(1) as scope:
            await future
        assert scope.cancelled_caught
        future.set(2)
        assert await future == 2

    in_trio(main)


def test_awaiting_a_settled_future_is_a_checkpoint() -> None:
    async def main() -> None:
        future: ReplyFuture[int] = ReplyFuture()
        future.set(1)
        with trio.CancelScope() as scope:
            scope.cancel()
            await future
        assert scope.cancelled_caught
        with trio.testing.assert_checkpoints():
            await future

    in_trio(main)


def test_map_filter_reduce_and_join_can_be_awaited() -> None:
    async def main() -> None:
        first: ReplyFuture[Any] = ReplyFuture()
        second: ReplyFuture[Any] = ReplyFuture()
        results: list[Any] = []

        async def wait(future: Any) -> None:
            results.append(await future)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, first.map(sum))
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(wait, first.filter(lambda n: n > 1))
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(wait, first.reduce(lambda a, b: a * b, 2))
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(wait, first.join(second.map(str)).map(len))
            await trio.testing.wait_all_tasks_blocked()
            first.set([1, 2, 3])
            await trio.testing.wait_all_tasks_blocked()
            assert sorted(results, key=str) == [12, 6, [2, 3]]
            second.set(5)
        assert results[-1] == 2

    in_trio(main)


def test_an_exception_of_a_mapped_function_reaches_the_waiter() -> None:
    async def main() -> None:
        future: ReplyFuture[int] = ReplyFuture()
        future.set(0)
        with pytest.raises(ZeroDivisionError):
            await future.map(lambda n: 1 // n)

    in_trio(main)


def test_other_threads_may_block_on_get() -> None:
    async def main() -> None:
        future: ReplyFuture[int] = ReplyFuture()
        entered = threading.Event()

        def wait() -> int:
            entered.set()
            return future.get(timeout=30)

        answer: list[int] = []

        async def in_thread() -> None:
            answer.append(await trio.to_thread.run_sync(wait))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(in_thread)
            await trio.to_thread.run_sync(entered.wait)
            future.set(3)
        assert answer == [3]

    trio.run(main)


def test_get_in_a_thread_times_out_with_pykkas_exception() -> None:
    future: ReplyFuture[int] = ReplyFuture()
    with pytest.raises(pykka.Timeout):
        future.get(timeout=0.001)
    future.set(1)
    assert future.get(timeout=0.001) == 1


def test_a_value_set_by_another_thread_wakes_the_awaiting_task() -> None:
    async def main() -> None:
        future: ReplyFuture[int] = ReplyFuture()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, future.set, 9)
            with trio.fail_after(30):
                assert await future == 9

    trio.run(main)


def test_a_second_value_is_refused() -> None:
    future: ReplyFuture[int] = ReplyFuture()
    future.set(1)
    for again in (lambda: future.set(2), lambda: future.fail(ValueError()), lambda: future.set_get_hook(lambda _: 1)):
        with pytest.raises(queue.Full):
            again()
    assert future.get() == 1


def test_set_exception_outside_an_except_clause_is_refused() -> None:
    with pytest.raises(ValueError, match="no exception"):
        ReplyFuture[int]().set_exception()


def test_iterating_over_a_future_is_refused_where_pykka_would_block() -> None:
    with pytest.raises(TypeError):
        list(ReplyFuture[Any]())  # type: ignore[call-overload]
