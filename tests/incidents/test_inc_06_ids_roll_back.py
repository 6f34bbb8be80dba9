"""INC-06: nextValidId rolls back after the nightly restart, and ids are issued twice."""

from __future__ import annotations

import pytest

from simulator.faults.verbs import Accept, AcceptSilently, Restart, Swallow

INCIDENT = {
    "number": "INC-06",
    "title": "nextValidId rolls back; ids are issued twice",
    "source": "https://github.com/QuantConnect/Lean.Brokerages.InteractiveBrokers/issues/242",
    "others": "After the restart the next id was the first of four lost orders: callbacks and cancels hit old and new "
    "orders alike, until the algorithm was stopped.",
    "pitboss": "Ids are reserved in the journal; the next is above nextValidId, the reserved ones and any id ever "
    "seen. An id counts only within its client id and connection; orders are known by reference and permId.",
}


@pytest.mark.parametrize("taken", [Swallow(), Accept(), AcceptSilently()], ids=["lost", "taken", "taken in silence"])
@pytest.mark.parametrize("next_id", [1, 4])
def test_inc_06_no_id_is_issued_twice(stage, taken, next_id):
    async def body(it):
        await it.open()
        await it.trade_at(400.0, "MSFT")
        it.fault(taken, nth=1, times=2)
        it.fault(taken, Restart(next_id=next_id, seconds=5.0), nth=3)
        await it.open(symbol="MSFT")
        await it.settle(30)
        await it.trade_at(100.0)
        await it.trade_at(400.0, "MSFT")
        if not it.held("MSFT"):
            await it.open(symbol="MSFT")
        await it.sound(raised=["broker.lost"], maybe={"order.unknown"})
        assert it.held() == it.held("MSFT") == 100
        ids = [order.order_id for order in it.ours()]
        assert ids == sorted(set(ids)), "an id was used twice"
        await it.close("MSFT")
        await it.sound(raised=it.raised())
        assert (it.held(), it.held("MSFT")) == (100, 0)

    stage(body)


def test_inc_06_nor_across_a_restart_of_the_process(stage):
    async def body(it):
        await it.open()
        used = {order.order_id for order in it.ours()}
        await it.kill()
        it.now(Restart(next_id=1))
        await it.start()
        await it.trade_at(400.0, "MSFT")
        await it.open(symbol="MSFT")
        await it.sound()
        assert not used & {order.order_id for order in it.at_broker("MSFT")}
        assert it.held("MSFT") == 100

    stage(body)
