"""INC-12: an informational code treated as a cancellation; fifteen orders in seventeen seconds, all filled."""

from __future__ import annotations

import pytest

from simulator.faults.verbs import Error

INCIDENT = {
    "number": "INC-12",
    "title": "Informational 10349 treated as a cancel",
    "source": "https://github.com/pst-group/pysystemtrade/issues/1580",
    "others": "The library marked the order Cancelled, the strategy sent it again: 15 orders in 17 s, all filled.",
    "pitboss": "No code ends an order. A code that is not known to be harmless makes the order a question to the "
    "broker's lists; until they answer it counts as live, and it is never sent again.",
}
CODES = (10349, 10348, 399, 161, 105, 135, 321, 462, 10197, 10147, 104, 201, 202, 103)


@pytest.mark.parametrize(
    ("code", "nth"), [*((code, 1) for code in CODES), *((code, nth) for code in (10349, 201, 10147) for nth in (2, 3))]
)
def test_inc_12_a_code_alone_ends_no_order(stage, code, nth):
    async def body(it):
        it.fault(Error(code, "as the incident has it"), nth=nth)
        await it.open()
        assert it.held() == 100
        await it.sound()
        assert len(it.ours()) == 3

    stage(body)


@pytest.mark.parametrize("code", [10349, 10147, 201, 202])
def test_inc_12_a_code_ends_no_order_that_rests(stage, code):
    async def body(it):
        await it.open(limit="95.00")
        for order in it.ours():
            it.paper.tws.session_of(7).error(order.order_id, code, "as the incident has it")
        await it.settle(30)
        assert len(it.ours()) == 3
        await it.trade_at(94.5)
        await it.sound()
        assert len(it.ours()) == 3

    stage(body)
