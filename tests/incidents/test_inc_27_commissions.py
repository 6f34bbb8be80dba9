"""INC-27: a commission comes late, as a sentinel, or for somebody else's fill."""

from __future__ import annotations

import pytest

from simulator.faults.verbs import Delay, Drop, Hold, Release

INCIDENT = {
    "number": "INC-27",
    "title": "Commission late, sentinel, or someone else's",
    "source": "https://github.com/pst-group/pysystemtrade/pull/1661",
    "others": "The trade was archived with a fee of 0; −1.0 or 1.797e308 crashed the handler; a report for an unknown "
    "execution was a KeyError.",
    "pitboss": "A fill is complete without its commission. Reports are kept by execution id, before or after it, for "
    "as long as it takes; a sentinel is unknown.",
}
REPORT = ["commissionReport"]


@pytest.mark.parametrize("seconds", [0.5, 30.0, 3600.0])
def test_inc_27_however_late(stage, seconds):
    async def body(it):
        it.now(Delay(messages=REPORT, seconds=seconds), Drop(messages=REPORT, asked=True))
        await it.open()
        assert (await it.view()).protected, "a fill is complete without it"
        await it.trade_at(108.5)
        await it.settle(seconds + 60)
        await it.sound(quiet=130)
        assert it.held() == 0

    stage(body, broker={"liveness_seconds": 60.0, "reconcile_seconds": 120.0})


def test_inc_27_never(stage):
    async def body(it):
        it.now(Drop(messages=REPORT))
        await it.open()
        await it.trade_at(96.5)
        await it.settle(30)
        await it.sound(commissions=False, quiet=20)
        assert it.held() == 0

    stage(body)


def test_inc_27_before_its_execution(stage):
    async def body(it):
        it.now(Hold(messages=["execDetails"], asked=False, name="held"))
        await it.open()
        it.now(Release("held"))
        await it.settle()
        assert (await it.view()).commission > 0
        await it.sound()

    stage(body)


@pytest.mark.parametrize("amount", ["1.7976931348623157E308", "-1.0", ""])
def test_inc_27_a_sentinel_is_unknown(stage, amount):
    async def body(it):
        it.now(Hold(messages=REPORT, asked=False, name="held"))
        await it.open()
        it.say(it.order("MKT"), "commissionReport", commission=amount, realizedPNL="1.7976931348623157E308")
        await it.settle()
        assert (await it.view()).commission == 0
        it.now(Release("held"))
        await it.sound()
        assert (await it.view()).commission > 0

    stage(body)


def test_inc_27_for_an_execution_that_nobody_knows(stage):
    async def body(it):
        await it.open()
        it.say(it.order("MKT"), "commissionReport", execId="0000dead.beef0000.01.01")
        await it.sound()

    stage(body)
