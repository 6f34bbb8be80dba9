"""A write-ahead log that SQLite has begun anew: behind what it holds lie frames of before, and those say nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import trio

from storage.power import MortalFiles, sectors
from storage.rows import Row, seal

NOW = "2026-11-22T14:30:00Z"


@pytest.mark.parametrize("seed", range(12))
def test_a_torn_end_over_old_frames_is_cut_off_and_is_no_damage(tmp_path: Path, seed: int) -> None:
    async def main() -> None:
        files = MortalFiles(tmp_path, lambda step: None)
        storage = files.storage()
        opened = await storage.open("test", NOW)
        sequence, hashed = opened.sequence, opened.hash

        async def append(count: int) -> list[Row]:
            nonlocal sequence, hashed
            rows = seal([(NOW, "AAPL", "Fact", 0, f'"{"x" * 1500}"')] * count, sequence, hashed)
            sequence, hashed = rows[-1].sequence, rows[-1].hash
            await storage.append(rows)
            return rows

        safe = [row for _ in range(25) for row in await append(1)]
        storage.move()
        safe += await append(2)  # the log begins anew

        def dies(step: str) -> None:
            if step == "write":
                files.die(sectors, Random(seed))

        files.at = dies
        with pytest.raises(Exception, match="dead"):
            await append(20)
        await storage.close()
        files.at = lambda step: None
        again = files.storage()
        opened = await again.open("test", NOW)
        assert opened.sequence in (len(safe), len(safe) + 20)
        assert opened.repaired or opened.sequence > len(safe)
        await again.close()

    trio.run(main)
