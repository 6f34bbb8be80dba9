"""The alarm of a slow journal ends with the slowness, also where the process died while it was slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from messages.lifecycle import AlarmRaised


def test_a_process_that_dies_while_its_disk_is_slow(plant: Callable[..., None]) -> None:
    """That the alarm was raised is on the disk by then; that it was cleared is not."""

    async def body(it: Any) -> None:
        it.disk.sync_seconds = 4.0
        await it.open()
        await it.settle(13.0)
        assert any(alarm.kind == "journal.slow" for alarm in it.seen(AlarmRaised))
        await it.kill()
        it.disk.sync_seconds = 0.0
        await it.start()
        await it.settle(30.0)
        assert "journal.slow" not in await it.alarms()

    plant(body)
