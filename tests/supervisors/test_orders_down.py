"""READY means that new risk can leave: not while `orders`, or anything that it stands on, is down or starts again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio

from messages.gateway import TradingAllowed


@pytest.mark.parametrize("name", ["journal", "gateway", "orders", "portfolio"])
def test_not_ready_from_the_crash_until_it_runs_and_is_compared_with_the_broker(
    plant: Callable[..., None], name: str
) -> None:
    async def body(it: Any) -> None:
        await it.settle(5.0)
        assert it.process.state.state == "READY"
        before = it.process.state.since
        address = it.process.system.address(name)
        it.crash_next(name)
        address.tell("anything")
        seen: list[tuple[str, bool]] = []
        while not seen or seen[-1][0] != "READY" or len(seen) < 50:
            await trio.lowlevel.checkpoint()
            state = it.process.state
            runs = all(it.process.system.address(one).alive for one in ("journal", "gateway", "orders", "portfolio"))
            seen.append((str(state.state), runs))
            assert runs or state.state != "READY"
            if state.state != "READY":
                assert state.reason
                assert state.since > before
                await trio.sleep(0.01)
        assert any(state == "STARTING" for state, _ in seen)
        # what `orders` itself would refuse, `status` does not call READY
        if name != "portfolio":
            assert any(runs and state == "STARTING" for state, runs in seen)
            assert [each.allowed for each in it.seen(TradingAllowed)][-2:] == [False, True]

    plant(body)
