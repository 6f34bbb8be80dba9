"""INC-24: corrections of executions counted as fills of their own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from messages.order import ExecutionBooked, OrderCorrectedEvent
from simulator.faults.verbs import Correct, Duplicate, Hold, Release

INCIDENT = {
    "number": "INC-24",
    "title": "Corrected executions counted twice",
    "source": "https://github.com/erdewit/ib_insync/issues/364",
    "others": "The same execution came again under the next version with another price or quantity, and was summed.",
    "pitboss": "An execution is its id without the version; the highest version counts, 0 busts it. Position, average "
    "price, P&L, commission and the exits follow.",
}
D = Decimal


async def corrected(it, quantity, price):
    """Correct the entry's fill."""
    it.now(Correct(order_ref=it.order("MKT").order_ref, quantity=D(quantity), price=D(price)))
    await it.settle(2)


@pytest.mark.parametrize(("quantity", "price"), [(100, "100.05"), (90, "100.01"), (40, "99.50"), (0, "100.01")])
@pytest.mark.parametrize("how", ["live", "twice", "while away", "out of order"])
def test_inc_24_the_latest_version_counts(stage, quantity, price, how):
    async def body(it):
        if how == "twice":
            it.now(Duplicate(messages=["execDetails", "commissionReport"], copies=3))
        if how == "out of order":
            it.now(Hold(messages=["execDetails"], asked=False, name="held"))
        await it.open()
        if how == "while away":
            await it.kill()
        await corrected(it, quantity, price)
        if how == "while away":
            await it.start()
        it.now(Release("held", [1, 0]))
        await it.settle(5)
        view = await it.view()
        assert (view.quantity, view.average_price) == (quantity, D(price) if quantity else None)
        if quantity:
            assert it.order("STP").remaining == it.order("LMT").remaining == quantity
        await it.sound(maybe={"protection.missing"})
        if how != "out of order":
            assert len(it.events(OrderCorrectedEvent)) >= (how != "while away")

    stage(body)


def test_inc_24_a_correction_after_the_position_was_closed(stage):
    async def body(it):
        await it.open()
        await it.trade_at(108.5)
        await it.settle(5)
        target = it.order("LMT")
        it.now(Correct(order_ref=target.order_ref, quantity=D(100), price=D("108.00")))
        await it.settle(2)
        booked = [fact.execution for fact in await it.journaled(ExecutionBooked)]
        assert booked[-1].price == D("108.00")
        assert (await it.view()).quantity == it.held() == 0

    stage(body)
