"""The alarms actor on a journal in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import trio
import trio.testing

from actors.alarms import AlarmsActor, StandingAlarms
from actors.bus import EventBus
from actors.journal import JournalActor
from actors.runtime.system import System
from config.environment import virtual
from config.log_record import LogRecord
from config.logging import start_logging
from messages.journal import Replay
from messages.lifecycle import AcknowledgeAlarm, AlarmCleared, AlarmRaised, ClearAlarm, ListAlarms, RaiseAlarm
from messages.position import CommandAccepted, CommandRefused
from storage.errors import JournalUnusable
from storage.memory import SimulatedDisk, SimulatedStorage
from storage.rows import Row

START = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
MISSING = RaiseAlarm("protection.missing", "AAPL has no stop", symbol="AAPL")


class Unreadable(SimulatedStorage):
    """A disk on which something else fills up what a read needs."""

    unreadable = False

    async def read(self, replay: Replay, after: int, upto: int, limit: int) -> list[Row]:
        """See `Storage.read`."""
        if self.unreadable:
            raise JournalUnusable("No space left on device")
        return await super().read(replay, after, upto, limit)


class House:
    def __init__(self, system: System, storage: Unreadable) -> None:
        self.system, self.storage = system, storage
        self.alarms = system.address("alarms")
        self.bus = EventBus()
        self.published: list[Any] = []

    def tell(self, event: Any) -> None:
        self.published.append(event)

    async def standing(self) -> tuple[AlarmRaised, ...]:
        alarms: tuple[AlarmRaised, ...] = await self.alarms.ask(ListAlarms())
        return alarms

    async def start_alarms(self, memory: StandingAlarms | None = None) -> None:
        await self.system.start("alarms", lambda context: AlarmsActor(context, bus=self.bus, memory=memory))


def run(
    scenario: Callable[[House], Awaitable[None]], disk: SimulatedDisk | None = None, seed: int = 1
) -> list[LogRecord]:
    logged: list[LogRecord] = []

    async def main() -> None:
        environment = virtual(START, seed)
        log = start_logging(environment, listeners=(logged.append,), background=False, strict=True)
        try:
            async with trio.open_nursery() as nursery:
                system = System(environment)
                await nursery.start(lambda task_status: system.run(task_status=task_status))
                storage = Unreadable(disk or SimulatedDisk())
                await system.start("journal", lambda context: JournalActor(context, storage=storage, owner="test"))
                house = House(system, storage)
                house.bus.subscribe(AlarmRaised, house)
                house.bus.subscribe(AlarmCleared, house)
                await house.start_alarms()
                await scenario(house)
                await system.stop("alarms")
                await system.stop("journal")
                nursery.cancel_scope.cancel()
        finally:
            log.stop()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    return [record for record in logged if record.event.startswith("alarm.")]


@pytest.fixture
def disk() -> SimulatedDisk:
    return SimulatedDisk()


def test_an_alarm_stands_until_it_is_cleared() -> None:
    async def scenario(house: House) -> None:
        house.alarms.tell(MISSING)
        (alarm,) = await house.standing()
        assert (alarm.kind, alarm.symbol, alarm.text, alarm.since) == (MISSING.kind, "AAPL", MISSING.text, START)
        house.alarms.tell(ClearAlarm("protection.missing", symbol="AAPL"))
        assert await house.standing() == ()
        assert house.published == [alarm, AlarmCleared(alarm.id, alarm.kind, "AAPL")]

    logged = run(scenario)
    assert [record.event for record in logged] == ["alarm.raised", "alarm.cleared"]
    assert logged[0].fields["symbol"] == "AAPL"
    assert logged[0].fields["id"] == logged[1].fields["id"]


def test_raised_twice_it_is_one_alarm_with_the_newer_text() -> None:
    async def scenario(house: House) -> None:
        house.alarms.tell(MISSING)
        house.alarms.tell(MISSING)
        house.alarms.tell(RaiseAlarm("protection.missing", "still none", symbol="AAPL"))
        (alarm,) = await house.standing()
        assert alarm.text == "still none"
        assert [event.text for event in house.published] == [MISSING.text, "still none"]
        assert len({event.id for event in house.published}) == 1

    assert [record.event for record in run(scenario)] == ["alarm.raised"]


def test_kind_and_subject_tell_alarms_apart() -> None:
    async def scenario(house: House) -> None:
        subjects: list[dict[str, Any]] = [
            {},
            {"symbol": "AAPL"},
            {"symbol": "MSFT"},
            {"order_ref": "r"},
            {"perm_id": 7},
        ]
        for subject in subjects:
            house.alarms.tell(RaiseAlarm("k", "text", **subject))
        assert len(await house.standing()) == 5
        house.alarms.tell(ClearAlarm("k"))
        house.alarms.tell(ClearAlarm("other", symbol="AAPL"))
        assert [alarm.symbol for alarm in await house.standing()] == ["AAPL", "MSFT", None, None]
        house.alarms.tell(ClearAlarm("k", symbol="MSFT", order_ref="r"))
        house.alarms.tell(ClearAlarm("k", perm_id=7))
        assert [(alarm.symbol, alarm.order_ref) for alarm in await house.standing()] == [
            ("AAPL", None),
            ("MSFT", None),
            (None, "r"),
        ]

    run(scenario)


def test_what_stands_survives_a_restart_with_its_id_and_age(disk: SimulatedDisk) -> None:
    before: list[AlarmRaised] = []

    async def scenario(house: House) -> None:
        house.alarms.tell(RaiseAlarm("over", "x"))
        house.alarms.tell(MISSING)
        house.alarms.tell(RaiseAlarm("later", "y"))
        house.alarms.tell(RaiseAlarm("protection.missing", "refreshed", symbol="AAPL"))
        house.alarms.tell(ClearAlarm("over"))
        before.extend(await house.standing())

    run(scenario, disk)

    async def again(house: House) -> None:
        assert list(await house.standing()) == before
        assert [alarm.text for alarm in before] == ["refreshed", "y"]
        house.alarms.tell(MISSING)
        assert len(await house.standing()) == 2

    assert [record.event for record in run(again, disk)] == []


def test_replay_begins_where_none_stood(disk: SimulatedDisk) -> None:
    async def scenario(house: House) -> None:
        for number in range(20):
            house.alarms.tell(RaiseAlarm("k", f"{number}"))
            house.alarms.tell(ClearAlarm("k"))
        house.alarms.tell(MISSING)
        await house.system.idle()
        records = await house.system.address("journal").ask(Replay("alarms"))
        assert [type(record.payload) for record in records] == [AlarmCleared, AlarmRaised]

    run(scenario, disk)


def test_it_starts_and_works_while_the_journal_has_failed(disk: SimulatedDisk) -> None:
    def full(step: str) -> None:
        raise OSError(28, "No space left on device")

    async def scenario(house: House) -> None:
        disk.before = full
        house.alarms.tell(MISSING)
        await trio.sleep(0.1)
        assert [alarm.kind for alarm in await house.standing()] == ["protection.missing", "journal.failed"]
        await house.system.stop("alarms")
        await house.start_alarms()
        (alarm,) = await house.standing()
        assert alarm.kind == "journal.failed"
        assert "which alarms stood before is not known" in alarm.text

    run(scenario, disk)


def test_a_second_incarnation_in_a_process_knows_what_stands_though_the_journal_cannot_be_read(
    disk: SimulatedDisk,
) -> None:
    memory = StandingAlarms()

    async def scenario(house: House) -> None:
        await house.system.stop("alarms")
        await house.start_alarms(memory)
        house.alarms.tell(MISSING)
        (alarm,) = await house.standing()
        house.storage.unreadable = True
        await house.system.stop("alarms")
        await house.start_alarms(memory)
        assert await house.standing() == (alarm,)

    run(scenario, disk)


def test_what_stood_before_a_process_that_could_not_read_it_stands_in_the_next_one(disk: SimulatedDisk) -> None:
    async def first(house: House) -> None:
        house.alarms.tell(MISSING)

    async def second(house: House) -> None:
        house.storage.unreadable = True
        await house.system.stop("alarms")
        await house.start_alarms()
        assert [alarm.kind for alarm in await house.standing()] == ["journal.failed"]
        house.storage.unreadable = False
        house.alarms.tell(ClearAlarm("journal.failed"))
        house.alarms.tell(RaiseAlarm("order.overfilled", "110 of 100", symbol="AAPL", order_ref="pb-1"))
        house.alarms.tell(ClearAlarm("order.overfilled", symbol="AAPL", order_ref="pb-1"))
        assert await house.standing() == ()

    async def third(house: House) -> None:
        assert [alarm.kind for alarm in await house.standing()] == ["protection.missing"]

    for seed, scenario in enumerate((first, second, third)):
        run(scenario, disk, seed)


def test_a_person_clears_what_has_happened_and_not_what_lasts() -> None:
    async def scenario(house: House) -> None:
        house.alarms.tell(RaiseAlarm("order.overfilled", "110 of 100", symbol="AAPL", order_ref="pb-1"))
        house.alarms.tell(MISSING)
        overfilled, missing = await house.standing()
        refused = await house.alarms.ask(AcknowledgeAlarm(missing.id))
        assert refused == CommandRefused("protection.missing ends when its cause does", "AAPL has no stop")
        assert isinstance(await house.alarms.ask(AcknowledgeAlarm("nothing")), CommandRefused)
        assert isinstance(await house.alarms.ask(AcknowledgeAlarm(overfilled.id, "anna")), CommandAccepted)
        assert await house.standing() == (missing,)
        records = await house.system.address("journal").ask(Replay(stream="alarms"))
        assert records[-1].payload == AlarmCleared(overfilled.id, "order.overfilled", "AAPL", "anna")

    run(scenario)
