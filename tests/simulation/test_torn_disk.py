"""A storm's disk when the power fails in the middle of a write: the journal's own code opens what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from random import Random

import pytest
import trio

from simulation.disk import TORN, StormDisk, StormStorage
from storage.disk import CHECKPOINT_BESIDE
from storage.errors import JournalDamaged, JournalUnusable
from storage.port import Opened
from storage.reserve import Mark
from storage.rows import Row, seal

NOW = "2026-11-23T15:00:00Z"


async def written(disk: StormDisk, sizes: list[int], reserve: list[int]) -> None:
    """Write transactions, of which the last is not synced, and groups of the reserve, likewise."""
    storage = StormStorage(disk)
    opened = await storage.open("storm", NOW)
    sequence, hashed = before = opened.sequence, opened.hash
    refused = ""  # the step at which the disk does not do as it is told

    def rows(count: int, what: str) -> list[Row]:
        nonlocal sequence, hashed
        made = seal(
            [(NOW, "AAPL", what, int(bool(refused)), f'"{"x" * (37 * one % 1700)}"') for one in range(count)],
            sequence,
            hashed,
        )
        sequence, hashed = made[-1].sequence, made[-1].hash
        return made

    def refuse(step: str) -> None:
        if step == refused:
            raise OSError(5, "Input/output error")

    async def write(sizes: list[int], what: str, step: str, append: Callable[[list[Row]], Awaitable[None]]) -> None:
        """Write one after the other; the last one's step is refused."""
        nonlocal refused, before
        for number, size in enumerate(sizes, 1):
            before = sequence, hashed
            refused = step if number == len(sizes) else ""
            with pytest.raises(JournalUnusable) if refused else nullcontext():
                await append(rows(size, what))
        refused = ""

    disk.before = refuse
    await write(sizes, "Fact", "sync", storage.append)
    if reserve:
        doubtful, (sequence, hashed) = hashed, before
        await storage.fall_back(Mark(sequence, hashed, doubtful, 0, NOW, "the disk refused"))
        await write(reserve, "InReserve", "reserve sync", storage.append_reserve)
    disk.before = lambda step: None


@pytest.mark.parametrize("kind", TORN)
def test_what_was_safe_is_there_and_what_was_cut_off_is_told(kind: str) -> None:
    found: Counter[str] = Counter()

    async def main(seed: int) -> None:
        dice, disk = Random(seed), StormDisk()
        reserve = dice.choice(([], [], [], [2, 3], [140, 3]))
        await written(disk, [dice.choice((1, 30, 70)), 3, dice.choice((1, 6))], reserve)
        safe, rows = disk.synced, list(disk.rows)
        told: list[tuple[str, bool]] = []
        disk.on_opened = lambda text, wrong: told.append((text, wrong))
        disk.tear(TORN[kind], str(seed))
        assert len(disk.rows) == safe
        storage = StormStorage(disk)
        opened = await storage.open("storm", NOW)
        assert disk.rows[:safe] == rows[:safe]
        assert told == [(told[0][0], False)]
        assert disk.synced == len(disk.rows) == opened.sequence
        kinds = [row.kind for row in disk.rows[safe:]]
        if reserve:
            assert kinds.count("InReserve") in (reserve[0], sum(reserve))
            assert kinds[-1] == "JournalRecovered"
            found["an unfinished group" if "unfinished" in opened.recovered else "reserve"] += 1
        else:
            found["all of it" if len(disk.rows) == len(rows) else opened.repaired and "a part of it"] += 1
        assert disk.wreck is None
        await storage.close()

    for seed in range(25):
        trio.run(main, seed)
    assert found["a part of it"] > 5, found
    assert found["an unfinished group"] > 3, found


@pytest.mark.parametrize("kind", TORN)
def test_nothing_is_moved_into_the_file_that_was_not_safe_in_the_log(kind: str) -> None:
    """The last transaction would have the log moved; the power fails before it is synced."""

    async def main(seed: int) -> None:
        disk = StormDisk()
        await written(disk, [200, 30, CHECKPOINT_BESIDE - 230 + seed], [])
        told: list[tuple[str, bool]] = []
        disk.on_opened = lambda text, wrong: told.append((text, wrong))
        disk.tear(TORN[kind], str(seed))
        storage = StormStorage(disk)
        opened = await storage.open("storm", NOW)
        assert told == [(told[0][0], False)]
        assert opened.sequence in (230, CHECKPOINT_BESIDE + seed)
        await storage.close()

    for seed in range(8):
        trio.run(main, seed)


def test_what_the_reserve_repeats_of_a_write_that_came_through_after_all_is_not_missed() -> None:
    """A sync is refused, the reserve repeats what was written, and a start that dies early makes that write safe."""

    async def main() -> None:
        await written(disk, [30, 3], [])
        storage = StormStorage(disk)
        disk.owner = storage
        doubtful = disk.rows[30:]
        await storage.fall_back(Mark(30, disk.rows[29].hash, doubtful[-1].hash, 3, NOW, "the disk refused"))
        await storage.append_reserve(doubtful)
        disk.sync()
        disk.on_opened = lambda text, wrong: told.append((text, wrong))
        disk.tear(TORN["sectors"], "1")
        opened = await StormStorage(disk).open("storm", NOW)
        assert opened.sequence == 33 + 1  # and the report

    disk, told = StormDisk(), list[tuple[str, bool]]()
    trio.run(main)
    assert [wrong for _, wrong in told] == [False], told


@pytest.mark.parametrize(
    ("refused", "said"),
    [(False, "records that were safe are not there after a power cut: 33 were, 32 are"), (True, "refused after a")],
)
def test_what_must_not_be_is_told(monkeypatch: pytest.MonkeyPatch, refused: bool, said: str) -> None:
    """A start that loses what was safe, and one that refuses a disk of which only the end is torn."""

    async def careless(wreck: object, created: str) -> tuple[Opened, list[Row]]:
        if refused:
            raise JournalDamaged("it is damaged", 34)
        return Opened(32, disk.rows[31].hash, ""), disk.rows[:32]

    async def main() -> None:
        await written(disk, [30, 3, 1], [])
        disk.on_opened = lambda text, wrong: told.append((text, wrong))
        disk.tear(TORN["in part"], "1")
        if refused:
            with pytest.raises(JournalDamaged):
                await StormStorage(disk).open("storm", NOW)
        else:
            await StormStorage(disk).open("storm", NOW)

    monkeypatch.setattr("simulation.disk.opened_after", careless)
    disk, told = StormDisk(), list[tuple[str, bool]]()
    trio.run(main)
    ((text, wrong),) = told
    assert wrong
    assert said in text
