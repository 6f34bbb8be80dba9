"""The journal actor on a real disk."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from actors.journal import JournalActor
from actors.runtime.address import Address
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.lifecycle import StartFailedError
from actors.runtime.system import System
from config.environment import machine
from messages.journal import Append, Appended, Entry, Replay
from messages.order import IdsReserved
from storage.disk import DiskStorage
from storage.errors import JournalDamaged, JournalLocked


class Waiter(RunQueueActor):
    def __init__(self, context: ActorContext) -> None:
        super().__init__(context)
        self.heard: list[Any] = []
        self.changed = trio.Event()

    def on_receive(self, message: Any) -> Any:
        self.heard.append(message)
        self.changed.set()
        self.changed = trio.Event()


class House:
    def __init__(self, system: System, path: Path) -> None:
        self.system, self.path = system, path
        self.journal = system.address("journal")
        self.crashed = trio.Event()

    async def start(self) -> None:
        await self.system.start(
            "journal",
            lambda context: JournalActor(context, storage=DiskStorage(self.path), owner="test"),
            watcher=self.note,
        )

    def note(self, address: Address, error: Exception | None) -> None:
        self.crashed.set()

    async def append(self, *numbers: int) -> list[Any]:
        waiter = self.system.address("waiter").actor
        assert isinstance(waiter, Waiter)
        before = len(waiter.heard)
        for number in numbers:
            self.journal.tell(Append((Entry("orders", IdsReserved(number)),), "waiter", str(number)))
        while len(waiter.heard) < before + len(numbers):
            await waiter.changed.wait()
        return waiter.heard[before:]

    async def numbers(self) -> list[int]:
        return [record.payload.next_order_id for record in await self.journal.ask(Replay("orders"))]


def run(path: Path, scenario: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                system = System(machine(1))
                await nursery.start(lambda task_status: system.run(task_status=task_status))
                await system.start("waiter", Waiter)
                await scenario(House(system, path))
                nursery.cancel_scope.cancel()

    trio.run(main)


def test_it_writes_replays_stops_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "pitboss.journal"

    async def first(house: House) -> None:
        await house.start()
        assert await house.append(*range(100)) == [Appended(str(number), number + 1) for number in range(100)]
        house.journal.tell(Append((Entry("orders", IdsReserved(100)),)))
        assert await house.numbers() == list(range(101))
        house.journal.tell(Append((Entry("orders", IdsReserved(101)),)))
        await house.system.stop("journal")

    run(path, first)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "pitboss.journal",
        "pitboss.journal.lock",
        "pitboss.journal.reserve",
    ]

    async def second(house: House) -> None:
        await house.start()
        assert await house.numbers() == list(range(102))
        assert await house.append(102) == [Appended("102", 103)]

    run(path, second)


def test_a_crashed_one_gives_the_lock_back_to_the_next(tmp_path: Path) -> None:
    async def scenario(house: House) -> None:
        await house.start()
        await house.append(1)
        house.journal.tell("poison")
        await house.crashed.wait()
        # what a supervisor does first: wait until the old one's tasks have ended
        await house.system.lifecycle.stop(house.journal, 5.0)
        await house.start()
        assert await house.numbers() == [1]
        assert await house.append(2, 3) == [Appended("2", 2), Appended("3", 3)]

    run(tmp_path / "pitboss.journal", scenario)


HOLDER = """
import sys
from pathlib import Path
from storage.lock import JournalLock
lock = JournalLock(Path(sys.argv[1]))
lock.take()
print("taken", flush=True)
sys.stdin.read()
"""


def test_a_journal_of_another_process_is_refused_with_its_process_id(tmp_path: Path) -> None:
    path = tmp_path / "pitboss.journal"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "taken\n"

    async def refused(house: House) -> None:
        with pytest.raises(StartFailedError) as caught:
            await house.start()
        cause = caught.value.__cause__
        assert isinstance(cause, JournalLocked)
        assert str(cause) == f"{path} is in use by process {holder.pid}"
        assert cause.exit_code == 1
        holder.kill()
        holder.wait()
        await house.start()
        assert path.with_name("pitboss.journal.lock").read_text() == f"{os.getpid()}\n"

    run(path, refused)
    holder.stdin.close()
    holder.stdout.close()


def test_a_damaged_journal_does_not_start(tmp_path: Path) -> None:
    path = tmp_path / "pitboss.journal"

    async def first(house: House) -> None:
        await house.start()
        await house.append(*range(50))
        await house.system.stop("journal")

    run(path, first)
    content = path.read_bytes()
    at = content.rindex(b'{"next_order_id":25}')
    path.write_bytes(content[: at + 17] + b"9" + content[at + 18 :])

    async def refused(house: House) -> None:
        with pytest.raises(StartFailedError, match="record 26: it is not as it was written") as caught:
            await house.start()
        assert isinstance(caught.value.__cause__, JournalDamaged)
        assert caught.value.__cause__.exit_code == 4

    run(path, refused)
