"""TWS tells of each open order by openOrder and orderStatus: while one of the two is lost, the order lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.faults import verbs as v


def test_exits_of_which_only_the_status_comes_are_neither_given_up_nor_placed_again(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open()
        it.paper.faults.do(v.Drop(messages=("openOrder",), everyone=True, name="lost"))
        await it.settle(200.0)  # some comparisons
        assert len(it.paper.venue.orders) == 3
        assert len(it.at_broker()) == 2
        it.paper.faults.release("lost")
        await it.settle(70.0)
        await it.agree_exactly()

    plant(body)
