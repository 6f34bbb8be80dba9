"""Ticks that have waited behind a stalled link tell nothing of the present (INC-09)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from messages.position import CommandAccepted, CommandRefused
from simulator.faults.verbs import BlackHole


@pytest.mark.parametrize(("stalled", "outcome"), [(14.0, CommandRefused), (3.0, CommandAccepted)])
def test_ticks_that_come_out_of_a_stalled_link_are_as_old_as_its_last_answer(
    plant: Callable[..., None], stalled: float, outcome: type
) -> None:
    async def body(it: Any) -> None:
        await it.trade_at(100.0)
        await it.settle(4.0)
        it.paper.faults.do(BlackHole(stalled, "flow"), client=7)
        await it.trade_at(101.0)
        await it.settle(stalled + 0.5)
        answer = await it.open()
        assert isinstance(answer, outcome), answer
        await it.trade_at(102.0)
        await it.settle(1.0)
        if outcome is CommandRefused:
            assert "no tick for more than" in answer.reason + answer.figures
            assert isinstance(await it.open(), CommandAccepted)

    plant(body)
