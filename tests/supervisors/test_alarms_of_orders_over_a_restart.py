"""An alarm of an order whose end was not heard goes with the next start; one that is warranted stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from messages.lifecycle import ListAlarms, RaiseAlarm


@pytest.mark.parametrize("kind", ["order.unknown", "order.duplicated", "order.not_cancelled"])
def test_what_was_raised_for_an_order_that_is_done_ends_with_the_next_start(
    plant: Callable[..., None], kind: str
) -> None:
    """As where `orders` crashes after the order's end, and before it has told the alarms (seed 286)."""

    async def body(it: Any) -> None:
        await it.open()
        (entry,) = (order for order in it.paper.venue.orders.values() if order.done)
        it.process.system.address("alarms").tell(RaiseAlarm(kind, "not heard of", "AAPL", entry.order_ref))
        await it.settle(1.0)
        assert [alarm.kind for alarm in await it.ask("alarms", ListAlarms())] == [kind]
        await it.kill()
        await it.start()
        await it.settle(10.0)
        assert not await it.ask("alarms", ListAlarms())

    plant(body)


def test_what_is_warranted_stands(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open()
        stop = next(order for order in it.at_broker("AAPL") if order.order_type == "STP")
        it.process.system.address("alarms").tell(RaiseAlarm("order.not_cancelled", "works", "AAPL", stop.order_ref))
        await it.settle(1.0)
        await it.kill()
        await it.start()
        await it.settle(10.0)
        assert [alarm.kind for alarm in await it.ask("alarms", ListAlarms())] == ["order.not_cancelled"]

    plant(body)
