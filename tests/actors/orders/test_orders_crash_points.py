"""The process dies around each write and fsync of a bracket's life, with the last transactions lost or kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from messages.order import ModifyOrder, OrderStatus
from simulator.faults.verbs import AcceptSilently, Swallow


class ProcessEnded(OSError):
    """The disk of a process that is gone."""


async def _life(f: Any, bracket: Any) -> None:
    """Entry filled, target moved, target filled, stop cancelled by its group."""
    f.submit(*bracket())
    await f.settle()
    f.tell(ModifyOrder(order_ref="pb-2", quantity=Decimal(100), limit_price=Decimal(107)))
    await f.settle()
    f.quote(bid=108.0, ask=108.01)
    await f.settle()


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("kept", [0, 1])
@pytest.mark.parametrize("point", range(1, 11))  # the life has ten steps at the disk
def test_killed_at_a_write_or_fsync_and_started_again(
    floor: Any, bracket: Any, point: int, kept: int, taken: bool
) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        steps = 0

        def end(_step: str) -> None:
            nonlocal steps
            steps += 1
            if steps >= point:
                f.process.scope.cancel()
                raise ProcessEnded

        f.fault(AcceptSilently() if taken else Swallow(), nth=1 + point % 4)
        f.disk.before = end
        await _life(f, bracket)
        f.crashes.clear()  # of the process that died
        f.disk.before = lambda step: None
        for _ in range(1 + point % 3):
            f.process.scope.cancel()
            await f.settle(0.01)
            f.disk.power_cut(kept)
            await f.start()
            await f.settle(1)
        await f.agree()
        if not f.orders_at_broker:
            assert all(view.status is OrderStatus.NOT_SENT for view in (await f.views()).values())

    floor(scenario)
