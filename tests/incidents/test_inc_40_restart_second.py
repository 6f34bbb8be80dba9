"""INC-40: orders written in the second of the nightly restart are lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from config.windows import RestartWindow
from messages.position import CommandRefused
from simulator.faults.verbs import Accept, Reset, Swallow, Wait

INCIDENT = {
    "number": "INC-40",
    "title": "Orders written in the auto-restart second are lost",
    "source": "https://github.com/QuantConnect/Lean.Brokerages.InteractiveBrokers/issues/242",
    "others": "Four cancels and four orders left 0.4 s before the reset; none took effect, and nobody knew which.",
    "pitboss": "Configured windows, in the gateway's zone, let no entry leave; exits and cancels do. What was sent "
    "just before the link broke is UNKNOWN until the broker's lists say what became of it.",
}
WINDOW = {"restart_windows": (RestartWindow.parse("23:44-23:50 America/New_York"),)}
BEFORE = datetime(2026, 7, 22, 3, 43, 30, tzinfo=UTC)  # 23:43:30 in New York


def test_inc_40_no_entry_leaves_in_the_window_and_an_exit_does(stage):
    async def body(it):
        await it.open()
        await it.settle(60)
        await it.trade_at(400.0, "MSFT")
        answer = await it.open(symbol="MSFT")
        await it.settle(10)
        assert isinstance(answer, CommandRefused) or it.held("MSFT") == 0
        assert not it.at_broker("MSFT")
        await it.trade_at(100.0)
        await it.close()
        await it.settle(5)
        assert it.held() == 0
        await it.sound()

    stage(body, broker=WINDOW, start=BEFORE)


@pytest.mark.parametrize("taken", [0, 1, 2, 3], ids=["none taken", "one taken", "two taken", "all taken"])
@pytest.mark.parametrize("milliseconds", [0, 3, 500])
def test_inc_40_the_link_breaks_just_after_the_bytes(stage, taken, milliseconds):
    async def body(it):
        if taken < 3:
            it.fault(Swallow(), nth=taken + 1, times=3 - taken)
        it.fault(Accept() if taken == 3 else Swallow(), Wait(milliseconds / 1000), Reset(everyone=True), nth=3)
        await it.open()
        await it.settle(30)
        await it.trade_at(100.0)
        await it.sound(raised=["broker.lost"], maybe={"order.unknown", "protection.missing"})
        assert it.held() in (0, 100)

    stage(body)


@pytest.mark.parametrize("taken", [True, False])
def test_inc_40_a_cancel_in_the_same_second(stage, taken):
    async def body(it):
        await it.open(limit="95.00")
        it.fault(Accept() if taken else Swallow(), Reset(everyone=True), on="cancelOrder", nth=1)
        await it.close()
        await it.settle(100)
        await it.sound(raised=["broker.lost"], maybe={"order.unknown"})
        assert (it.held(), it.at_broker()) == (0, [])

    stage(body)
