"""The journal actor, in virtual time on a simulated disk."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from pykka import ActorDeadError

from actors.journal import Unwritten
from actors.journal.actor import FLUSH_SECONDS, GROUP, JournalActor
from actors.runtime.address import Address
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from config.environment import virtual
from messages.gateway import OrderNotSent
from messages.journal import Append, Appended, Entry, JournalBroken, JournalFailed, Record, Replay
from messages.lifecycle import ClearAlarm, RaiseAlarm
from messages.order import IdsReserved
from messages.risk import TradingHalted, TradingResumed
from storage.errors import JournalDamaged, JournalUnusable
from storage.memory import SimulatedDisk, SimulatedStorage
from storage.recovery import recovered_rows
from storage.reserve import ReserveHeld
from storage.rows import check_chain, digest

START = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)


class Listener(RunQueueActor):
    def __init__(self, context: ActorContext) -> None:
        super().__init__(context)
        self.heard: list[Any] = []

    def on_receive(self, message: Any) -> Any:
        self.heard.append(message)


class House:
    """A journal with somebody who waits and somebody who hears alarms."""

    def __init__(self, system: System, disk: SimulatedDisk) -> None:
        self.system, self.disk = system, disk
        self.journal = system.address("journal")
        self.unwritten = Unwritten()
        self.crashes: list[str] = []
        self.restarts: trio.MemorySendChannel[None]

    def append(self, *payloads: Any, stream: str = "AAPL", token: str = "", **kind: bool) -> None:
        entries = tuple(Entry(stream, payload, kind.get("checkpoint", False)) for payload in payloads)
        self.journal.tell(Append(entries, "waiter" if token else "", token, kind.get("reduces_risk", False)))

    async def replay(self, *args: Any, **kwargs: Any) -> list[Record]:
        records: list[Record] = await self.journal.ask(Replay(*args, **kwargs))
        return records

    def heard(self, name: str = "waiter") -> list[Any]:
        actor = self.system.address(name).actor
        assert isinstance(actor, Listener)
        # each start clears the alarm of a journal that had failed
        return [message for message in actor.heard if message != ClearAlarm("journal.failed")]

    async def start(self) -> None:
        await self.system.start(
            "journal",
            lambda context: JournalActor(
                context, storage=SimulatedStorage(self.disk), owner="test", unwritten=self.unwritten
            ),
            watcher=self.crashed,
        )

    def crash_next(self, *, half: bool) -> None:
        """Let the journal crash over the next Append, before or after it has done its work."""
        reader = self.journal.reader
        assert reader is not None
        handle = reader.on_receive

        def dying(message: Any) -> Any:
            if type(message) is not Append:
                return handle(message)
            if half:
                handle(message)
            raise ValueError("crashes")

        reader.on_receive = dying  # type: ignore[method-assign]

    def crashed(self, address: Address, error: Exception | None) -> None:
        self.crashes.append(address.name)
        self.restarts.send_nowait(None)


@asynccontextmanager
async def house(disk: SimulatedDisk) -> AsyncIterator[House]:
    system = System(virtual(START, 1))
    async with trio.open_nursery() as nursery:
        await nursery.start(lambda task_status: system.run(task_status=task_status))
        for name in ("waiter", "alarms", "portfolio"):
            await system.start(name, Listener)
        built = House(system, disk)
        built.restarts, crashes = trio.open_memory_channel(100)
        await built.start()

        async def restart() -> None:
            async for _ in crashes:
                # what a supervisor does first: wait until the old one's tasks have ended
                await system.lifecycle.stop(built.journal, 5.0)
                await built.start()

        nursery.start_soon(restart)
        yield built
        nursery.cancel_scope.cancel()


def run(scenario: Callable[[House], Awaitable[None]], disk: SimulatedDisk | None = None) -> SimulatedDisk:
    on = disk or SimulatedDisk(sync_seconds=0.001)

    async def main() -> None:
        async with house(on) as built:
            await scenario(built)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    return on


def ids(number: int) -> IdsReserved:
    return IdsReserved(number)


def test_an_append_is_answered_once_it_is_durable() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1), ids(2), token="a")
        await house.system.idle()
        assert house.heard() == []
        assert house.system.describe("journal")["pending"] == 2
        await trio.sleep(0.002)
        assert house.disk.synced == 2
        assert house.heard() == [Appended("a", 2)]

    run(scenario)


def test_those_that_wait_together_share_one_sync_and_are_answered_in_order() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(0), token="first")
        await trio.sleep(0.0005)
        for number in range(1, 17):
            house.append(ids(number), token=str(number))
        await trio.sleep(0.01)
        assert [answer.token for answer in house.heard()] == ["first", *map(str, range(1, 17))]
        assert [answer.sequence for answer in house.heard()] == list(range(1, 18))
        assert house.disk.syncs == 2

    run(scenario)


def test_what_nobody_waits_for_is_written_within_50_ms() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1))
        await trio.sleep(FLUSH_SECONDS - 0.001)
        house.append(ids(2))
        assert house.disk.synced == 0
        await trio.sleep(0.0025)
        assert house.disk.synced == 2
        assert house.disk.syncs == 1

    run(scenario)


def test_what_nobody_waits_for_rides_along_with_the_next_that_somebody_does() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1))
        house.append(ids(2), token="a")
        house.append(ids(3))
        await trio.sleep(0.002)
        assert house.heard() == [Appended("a", 2)]
        assert (house.disk.synced, house.disk.syncs) == (3, 1)

    run(scenario)


def test_a_flood_is_written_in_groups_and_an_append_is_never_split() -> None:
    async def scenario(house: House) -> None:
        house.append(*map(ids, range(GROUP - 1)), token="a")
        house.append(ids(1), ids(2), token="b")
        house.append(*map(ids, range(2 * GROUP)), token="c")
        sizes: list[int] = []
        house.disk.before = lambda step: (
            sizes.append(len(house.disk.rows) - house.disk.synced) if step == "sync" else None
        )
        await trio.sleep(0.0055)
        assert [answer.token for answer in house.heard()] == ["a", "b", "c"]
        assert sizes == [GROUP - 1, 2, 2 * GROUP]

    run(scenario)


def test_a_replay_includes_everything_appended_before_it_and_nothing_after() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1))
        answer = house.journal.ask(Replay("AAPL"))
        house.append(ids(2))
        records = await answer
        assert [(record.sequence, record.payload) for record in records] == [(1, ids(1))]
        assert trio.current_time() < FLUSH_SECONDS
        assert records[0] == Record(1, START, "AAPL", "IdsReserved", ids(1))

    run(scenario)


def test_a_replay_waits_for_the_records_that_it_asks_for_and_no_others() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1), stream="MSFT")
        await trio.sleep(1)
        house.disk.sync_seconds = 10.0
        house.append(ids(2), stream="AAPL", token="a")
        house.append(OrderNotSent("pb-1", 1, "why"), stream="AAPL")
        await trio.sleep(0.1)
        began = trio.current_time()
        assert [record.sequence for record in await house.replay("MSFT")] == [1]
        assert await house.replay(kinds=("OrderIntended",)) == []
        assert await house.replay("MSFT", kinds=("OrderNotSent",)) == []
        assert trio.current_time() - began < 1
        assert [record.sequence for record in await house.replay(kinds=("OrderNotSent",))] == [3]
        assert trio.current_time() - began > 9
        house.append(ids(4), stream="AAPL")
        assert [record.sequence for record in await house.replay("AAPL")] == [2, 3, 4]

    run(scenario)


def test_a_stream_is_replayed_from_its_last_checkpoint_unless_whole() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1), ids(2))
        house.append(ids(3), checkpoint=True)
        house.append(ids(9), stream="MSFT", checkpoint=True)
        house.append(ids(4))
        house.append(TradingHalted("x"))
        assert [record.sequence for record in await house.replay("AAPL")] == [3, 5, 6]
        assert [record.sequence for record in await house.replay("AAPL", whole=True)] == [1, 2, 3, 5, 6]
        assert [record.sequence for record in await house.replay("AAPL", kinds=("TradingHalted",))] == [6]
        assert await house.replay("TSLA") == []

    run(scenario)


def test_kinds_are_replayed_over_all_streams_in_order() -> None:
    async def scenario(house: House) -> None:
        for stream in ("A", "B"):
            house.append(ids(1), TradingHalted("x"), TradingResumed("y"), stream=stream)
        records = await house.replay(kinds=("TradingResumed", "IdsReserved"))
        assert [(record.sequence, record.stream) for record in records] == [(1, "A"), (3, "A"), (4, "B"), (6, "B")]
        assert len(await house.replay()) == 6

    run(scenario)


def test_a_long_replay_lets_others_run_in_between() -> None:
    async def scenario(house: House) -> None:
        for start in range(0, 5_000, 500):
            house.append(*map(ids, range(start, start + 500)))
        await house.replay("AAPL")  # all of it is on the disk from now on
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(count)
            records = await house.replay("AAPL")
            nursery.cancel_scope.cancel()
        assert [record.payload.next_order_id for record in records] == list(range(5_000))
        assert turns > 50

    run(scenario)


def test_a_short_replay_does_not_wait_for_a_long_one() -> None:
    async def scenario(house: House) -> None:
        house.append(*map(ids, range(3_000)))
        house.append(ids(1), stream="MSFT")
        await house.replay("MSFT")  # all of it is on the disk from now on
        done: list[str] = []

        async def replay(stream: str) -> None:
            await house.replay(stream)
            done.append(stream)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(replay, "AAPL")
            while not house.system.describe("journal")["replays"]:
                await trio.lowlevel.checkpoint()
            assert house.system.describe("journal")["replays"] == 1
            nursery.start_soon(replay, "MSFT")
        assert done == ["MSFT", "AAPL"]
        assert house.system.describe("journal")["replays"] == 0

    run(scenario)


FULL = OSError(28, "No space left on device")


def refusing(*steps: str) -> Callable[[str], None]:
    def before(step: str) -> None:
        if step in steps:
            raise FULL

    return before


def test_after_a_failed_write_only_what_reduces_risk_and_what_has_happened_is_written() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1), token="good")
        await trio.sleep(0.002)
        house.disk.before = refusing("sync")
        house.append(ids(2), token="entry")
        house.append(ids(3))
        house.append(ids(4), token="exit", reduces_risk=True)
        before = house.journal.ask(Replay("AAPL"))
        await trio.sleep(0.003)
        house.disk.before = lambda step: None
        house.append(ids(5), token="late entry")
        house.append(ids(6), token="late exit", reduces_risk=True)
        await trio.sleep(0.003)
        failed = "the simulated disk: [Errno 28] No space left on device"
        assert house.heard() == [
            Appended("good", 1),
            JournalFailed("entry", failed),
            Appended("exit", 3),
            JournalFailed("late entry", failed),
            Appended("late exit", 4),
        ]
        assert house.disk.syncs == 1, "a disk that is well again is not believed"
        assert {alarm.kind for alarm in house.heard("alarms")} == {"journal.failed"}
        assert set(house.heard("portfolio")) == {JournalBroken(failed)}
        # an actor that is restarted now finds what was acknowledged, and nothing of what was refused
        assert [record.payload for record in await before] == [ids(1), ids(3), ids(4)]
        assert [record.payload for record in await house.replay("AAPL")] == [ids(1), ids(3), ids(4), ids(6)]
        described = house.system.describe("journal")
        assert (described["failed"], described["reserve"], described["lost"]) == (failed, 3, "")

    run(scenario)


@pytest.mark.parametrize("step", ["write", "sync"])
@pytest.mark.parametrize("kept", [0, 1], ids=["the failed write is lost", "the failed write is there"])
def test_the_next_start_moves_the_reserve_into_the_journal_and_has_nothing_twice(step: str, kept: int) -> None:
    async def failing(house: House) -> None:
        house.append(ids(1), token="good")
        await trio.sleep(0.002)
        house.disk.before = refusing(step)
        house.append(ids(2), token="entry")
        house.append(ids(3), stream="MSFT", checkpoint=True)
        house.append(ids(4), token="exit", reduces_risk=True)
        await trio.sleep(0.0005)
        house.append(ids(5))
        await trio.sleep(0.003)
        house.append(ids(6), token="late", reduces_risk=True)
        await trio.sleep(0.003)
        house.disk.power_cut(kept)

    disk = run(failing)
    disk.before = lambda step: None

    async def again(house: House) -> None:
        survived = [2] if step == "sync" and kept else []
        records = await house.replay(whole=True)
        numbers = [record.payload.next_order_id for record in records if record.kind == "IdsReserved"]
        assert numbers == [1, *survived, 3, 4, 5, 6]
        (report,) = (record.payload for record in records if record.kind == "JournalRecovered")
        assert report.records == (2 if survived else 4)
        assert "No space left" in report.error
        assert records[-1].payload is report
        assert [record.payload for record in await house.replay("MSFT")] == [ids(3)]
        house.append(ids(7), token="new")
        await trio.sleep(0.002)
        assert house.heard() == [Appended("new", len(records) + 1)]

    run(again, disk)
    run(again_and_nothing_to_recover, disk)


async def again_and_nothing_to_recover(house: House) -> None:
    records = await house.replay(whole=True)
    assert [record.kind for record in records].count("JournalRecovered") == 1
    assert records[-1].payload == ids(7)


def test_a_start_that_dies_while_it_moves_the_reserve_does_it_once() -> None:
    async def failing(house: House) -> None:
        house.disk.before = refusing("sync")
        house.append(ids(1), token="exit", reduces_risk=True)
        await trio.sleep(0.005)
        house.disk.power_cut()

    disk = run(failing)
    assert disk.header is not None
    assert disk.mark is not None
    held = ReserveHeld(disk.mark, list(disk.reserve), torn=False)
    rows = recovered_rows(None, disk.header.hash, held, "2026-11-22T15:00:00Z")
    assert recovered_rows(rows[-1], disk.header.hash, held, "2026-11-22T16:00:00Z") == []
    with pytest.raises(JournalDamaged, match="its reserve goes on after record 0, which is not its last"):
        recovered_rows(rows[0]._replace(hash=bytes(32)), disk.header.hash, held, "2026-11-22T16:00:00Z")


@pytest.mark.parametrize("step", ["reserve write", "reserve sync"])
@pytest.mark.parametrize("when", ["at once", "later"])
def test_when_the_reserve_fails_too_everything_is_refused_and_said(step: str, when: str) -> None:
    async def scenario(house: House) -> None:
        house.disk.before = refusing("sync", *([step] if when == "at once" else []))
        house.append(ids(1), token="exit", reduces_risk=True)
        await trio.sleep(0.005)
        house.disk.before = refusing(step)
        house.append(ids(2), token="another exit", reduces_risk=True)
        await trio.sleep(0.005)
        house.disk.before = lambda step: None
        house.append(ids(3), token="a third", reduces_risk=True)
        house.append(ids(4))
        await trio.sleep(0.06)
        refused = JournalFailed if when == "at once" else Appended
        assert [type(answer) for answer in house.heard()] == [refused, JournalFailed, JournalFailed]
        with pytest.raises(JournalUnusable, match=r"No space left.*its reserve.*No space left"):
            await house.replay("AAPL")
        assert "only cancellations leave" in house.heard("alarms")[-1].text

    run(scenario)


def test_facts_leave_half_of_the_reserve_to_intents() -> None:
    async def scenario(house: House) -> None:
        house.disk.before = refusing("write")
        house.append(ids(0), token="exit", reduces_risk=True)
        await trio.sleep(0.005)
        for number in range(20):
            house.append(TradingHalted("x" * 200_000))
            house.append(ids(number), token=str(number), reduces_risk=True)
        await trio.sleep(0.1)
        assert [type(answer) for answer in house.heard()] == [Appended] * 21
        assert house.system.describe("journal")["left_out"] == 11
        with pytest.raises(JournalUnusable, match="11 records are missing"):
            await house.replay("AAPL")

    run(scenario)


def test_a_payload_that_cannot_be_written_refuses_its_append_alone() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1), {"not": "a message"}, token="bad")
        house.append(ids(2), stream="\ud800", token="worse")
        house.append(ids(3), token="good")
        await trio.sleep(0.002)
        bad, worse, good = house.heard()
        assert (type(bad), bad.token) == (JournalFailed, "bad")
        assert (type(worse), worse.token) == (JournalFailed, "worse")
        assert good == Appended("good", 1)
        assert [type(alarm) for alarm in house.heard("alarms")] == [RaiseAlarm, RaiseAlarm]
        assert house.system.describe("journal")["failed"] == ""

    run(scenario)


def test_stopping_writes_what_waits() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1))
        house.append(ids(2), token="a")
        house.append(ids(3))
        await house.system.stop("journal")
        assert house.disk.synced == 3
        assert house.disk.owner is None
        assert house.heard() == [Appended("a", 2)]

    run(scenario)


@pytest.mark.parametrize(("kept", "found"), [(0, 1), (1, 2)])
def test_a_power_cut_loses_only_what_was_not_acknowledged(kept: int, found: int) -> None:
    disk = SimulatedDisk(sync_seconds=0.001)

    async def scenario(house: House) -> None:
        house.append(ids(1), token="a")
        await trio.sleep(0.002)
        house.append(ids(2), token="b")
        await trio.sleep(0.0005)
        house.disk.power_cut(kept)
        await trio.sleep(0.002)
        assert house.heard()[0] == Appended("a", 1)
        assert all(type(answer) is JournalFailed for answer in house.heard()[1:])

    run(scenario, disk)

    async def again(house: House) -> None:
        assert [record.sequence for record in await house.replay("AAPL")] == list(range(1, found + 1))

    run(again, disk)


def test_damage_is_refused_at_start_and_when_read() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1), ids(2), ids(3))
        assert len(await house.replay("AAPL")) == 3
        house.disk.rows[1] = house.disk.rows[1]._replace(payload='{"next_order_id":7}')
        with pytest.raises(JournalDamaged, match="record 2: "):
            await house.replay("AAPL")
        await house.system.idle()
        assert [alarm.kind for alarm in house.heard("alarms")] == ["journal.damaged"]

    disk = run(scenario)

    async def refused(house: House) -> None:
        raise AssertionError("it started")

    with pytest.RaisesGroup(pytest.RaisesExc(Exception, match="record 2"), flatten_subgroups=True):
        run(refused, disk)


def test_a_record_of_an_unknown_kind_is_not_skipped() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1))
        assert len(await house.replay()) == 1
        row = house.disk.rows[0]._replace(kind="OfTomorrow")
        house.disk.rows[0] = row._replace(hash=digest(row.previous, *row[:6]))
        with pytest.raises(JournalDamaged, match=r"record 1: it cannot be read: OfTomorrow"):
            await house.replay()

    run(scenario)


def test_a_write_that_does_not_come_back_is_an_alarm_until_it_does() -> None:
    async def scenario(house: House) -> None:
        house.disk.sync_seconds = 3.0
        house.append(ids(1), token="a")
        await trio.sleep(0.9)
        assert house.heard("alarms") == []
        await trio.sleep(2.0)
        (alarm,) = house.heard("alarms")
        assert (type(alarm), alarm.kind) == (RaiseAlarm, "journal.slow")
        await trio.sleep(0.2)
        assert house.heard() == [Appended("a", 1)]
        assert house.heard("alarms")[1:] == [ClearAlarm("journal.slow")]

    run(scenario)


def test_after_a_crash_the_next_incarnation_goes_on_where_it_was() -> None:
    async def scenario(house: House) -> None:
        house.append(ids(1), token="a")
        house.journal.tell("poison")
        await trio.sleep(0.5)
        assert house.crashes == ["journal"]
        house.append(ids(2), token="b")
        await trio.sleep(0.002)
        assert [record.sequence for record in await house.replay()] in ([1], [1, 2])
        assert house.heard()[-1] == Appended("b", house.disk.synced)

    run(scenario)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("wait", [0.0, 0.0005, 0.01, 0.07])
@pytest.mark.parametrize("over", ["", "c"])
def test_a_crash_loses_no_fact_and_writes_nothing_twice(half: bool, wait: float, over: str) -> None:
    """What is being written, what gathers, the record over which it crashes, and those behind that, in their order."""

    async def scenario(house: House) -> None:
        house.append(ids(1), token="a")
        await trio.sleep(wait)
        house.append(ids(2), ids(3))
        house.append(ids(4), token="b")
        await trio.sleep(wait)
        house.append(ids(5))
        await house.system.idle()
        house.crash_next(half=half)
        house.append(ids(6), token=over)
        house.append(ids(7))
        house.append(ids(8), token="d")
        await trio.sleep(0.5)
        assert house.crashes == ["journal"]
        kept = [record.payload.next_order_id for record in await house.replay()]
        facts = {2, 3, 5, 7} | (set() if over else {6})
        assert kept == sorted({*kept})
        assert facts <= {*kept}
        answered = [answer.token for answer in house.heard()]
        assert answered[-1] == "d"
        assert {*answered} <= {token for token, number in (("a", 1), ("b", 4), ("d", 8)) if number in kept}
        assert house.system.describe("journal")["pending"] == 0

    run(scenario)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("step", ["reserve write", "reserve sync"])
def test_facts_that_neither_journal_nor_reserve_would_take_are_written_after_a_crash(half: bool, step: str) -> None:
    """What comes next would be written without them: a position's closing, and not the fills that it settles."""

    async def scenario(house: House) -> None:
        house.disk.before = refusing("write", step)
        house.append(ids(1))
        house.append(ids(2), token="exit", reduces_risk=True)
        await trio.sleep(0.1)
        house.append(ids(3), ids(4))
        house.append(ids(5), token="another exit", reduces_risk=True)
        await trio.sleep(0.1)
        house.disk.before = lambda step: None
        house.append(ids(6))
        await trio.sleep(0.1)
        assert [type(answer) for answer in house.heard()] == [JournalFailed] * 2
        house.crash_next(half=half)
        house.append(ids(7))
        house.append(ids(8))
        await trio.sleep(0.5)
        assert house.crashes == ["journal"]
        kept = [record.payload for record in await house.replay() if type(record.payload) is IdsReserved]
        assert kept == [ids(number) for number in (1, 3, 4, 6, 7, 8)]

    run(scenario)


def test_facts_are_kept_in_memory_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.journal.unwritten.KEPT", 2)

    async def scenario(house: House) -> None:
        house.disk.before = refusing("write", "reserve write")
        house.append(ids(1))
        await trio.sleep(0.1)
        house.append(ids(2))
        house.append(ids(3), ids(4))  # there is no room for these, nor for what follows: no hole
        house.append(ids(5))
        house.disk.before = lambda step: None
        house.journal.tell("poison")
        await trio.sleep(0.5)
        assert [record.payload for record in await house.replay()] == [ids(1), ids(2)]

    run(scenario)


@pytest.mark.parametrize("half", [False, True])
def test_what_was_refused_is_not_written_after_a_crash(half: bool) -> None:
    async def scenario(house: House) -> None:
        house.disk.before = partial(refuse_at, "write")
        house.append(ids(1), token="risk")
        await trio.sleep(0.01)
        house.disk.before = lambda step: None
        house.append(ids(2))
        house.append(ids(3), token="exit", reduces_risk=True)
        await trio.sleep(0.01)
        house.append(ids(4))
        await house.system.idle()
        house.crash_next(half=half)
        house.append(ids(5))
        await trio.sleep(0.5)
        assert house.crashes == ["journal"]
        kept = [record.payload for record in await house.replay() if type(record.payload) is IdsReserved]
        assert kept == [ids(2), ids(3), ids(4), ids(5)]
        assert [type(answer) for answer in house.heard()] == [JournalFailed, Appended]

    run(scenario)


def refuse_at(at: str, step: str) -> None:
    if step == at:
        raise OSError(5, "Input/output error")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 4), st.booleans()),
        st.tuples(st.just("sleep"), st.sampled_from([0.0, 0.0005, 0.001, 0.06]), st.none()),
        st.tuples(st.just("replay"), st.none(), st.none()),
        st.tuples(st.just("fail"), st.sampled_from(["write", "sync", "reserve write", "reserve sync"]), st.none()),
        st.tuples(st.just("power cut"), st.integers(0, 2), st.none()),
        st.tuples(st.just("crash"), st.booleans(), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, database=None)
@given(STEPS)
def test_whatever_happens_what_was_acknowledged_is_there_and_appends_are_whole(steps: list[Any]) -> None:
    disk = SimulatedDisk(sync_seconds=0.001)
    sizes: dict[str, int] = {}
    acknowledged: set[str] = set()

    async def lived(house: House, remaining: list[Any]) -> None:
        while remaining:
            step, what, waits = remaining.pop(0)
            if step == "append":
                token = f"t{len(sizes)}"
                sizes[token] = what
                entries = tuple(Entry(token, ids(number)) for number in range(what))
                house.journal.tell(Append(entries, "waiter" if waits else "", token, reduces_risk=what % 2 == 0))
            elif step == "sleep":
                await trio.sleep(what)
            elif step == "replay":
                with contextlib.suppress(JournalUnusable):
                    await house.replay()
            elif step == "fail":
                house.disk.before = partial(refuse_at, what)
            elif step == "crash":
                if house.journal.reader is not None:
                    house.crash_next(half=what)
            else:
                break
        acknowledged.update(a.token for a in house.heard() if type(a) is Appended)
        disk.power_cut(what if remaining and step == "power cut" else 0)

    remaining = list(steps)
    while True:
        disk.before = lambda step: None
        run(partial(lived, remaining=remaining), disk)
        written = list(disk.rows)
        if disk.header is not None and disk.mark is not None and disk.reserve:
            # the last of these is the report of the start that moves them
            held = ReserveHeld(disk.mark, disk.reserve, torn=False)
            written += recovered_rows(written[-1] if written else None, disk.header.hash, held, "now")[:-1]
        streams = Counter(row.stream for row in written if row.kind != "JournalRecovered")
        assert all(streams[token] == sizes[token] for token in streams)
        assert acknowledged <= streams.keys()
        assert list(streams) == [token for token in sizes if token in streams]
        if disk.header is not None:
            check_chain(disk.rows, 0, disk.header.hash)
        if not remaining:
            break


def test_an_unknown_message_is_a_bug_of_the_sender() -> None:
    async def scenario(house: House) -> None:
        with pytest.raises(TypeError, match="does not handle int"):
            await house.journal.ask(1)

    run(scenario)


def test_a_replay_that_was_asked_when_the_journal_ended_is_answered() -> None:
    async def scenario(house: House) -> None:
        house.disk.sync_seconds = 10.0
        house.append(ids(1), token="a")
        answer = house.journal.ask(Replay("AAPL"))
        await trio.sleep(0.001)
        await house.system.stop("journal", timeout=0.1)
        with pytest.raises(ActorDeadError):
            await answer

    run(scenario)
