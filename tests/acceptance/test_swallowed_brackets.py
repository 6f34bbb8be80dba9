"""TWS answers a burst with error 100 and takes only part of a bracket (INC-31, INC-39)."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import pytest

from simulator.faults import Rule
from simulator.faults.verbs import Error, Fill, Swallow

BROKER = {"ack_timeout_seconds": 0.2, "reconcile_seconds": 1.0}
LEGS = ("entry", "stop", "target")
PARTS = [part for size in (1, 2, 3) for part in combinations(range(1, 4), size)]


@pytest.mark.parametrize("swallowed", PARTS, ids=lambda part: "+".join(LEGS[leg - 1] for leg in part))
def test_a_bracket_of_which_tws_took_only_a_part_ends_whole_or_not_at_all(run_house, swallowed):
    async def body(house):
        await house.quoted("AAPL", 100.0)
        house.broker.faults.add(
            *(Rule(on="placeOrder", nth=leg, do=[Swallow(), Error(100, "Max rate of messages")]) for leg in swallowed)
        )
        await house.buy("AAPL", 100.0)
        if swallowed == (2,):
            # the target transmits the entry, which fills, and the stop comes after it
            await house.until_position("AAPL", quantity="100", protected=True)
        else:
            # what TWS holds of it was never transmitted
            await house.until_position("AAPL", state="CLOSED", quantity="0")
            assert house.broker_position("AAPL") == 0
        await house.until_sound("AAPL")
        if house.broker_position("AAPL") == 0:
            await house.enter("AAPL", 100.0)
            await house.until_sound("AAPL")
        assert sum(order.filled for order in house.broker.venue.orders.values()) == 100

    run_house(body, ("AAPL",), broker=BROKER)


def test_a_stop_that_tws_never_transmitted_is_transmitted_when_the_entry_fills_all_the_same(run_house):
    """Somebody presses Transmit on the entry in TWS: its stop lies there too, and would lie there for ever."""

    async def body(house):
        await house.quoted("AAPL", 100.0)
        house.broker.faults.add(Rule(on="placeOrder", nth=3, do=[Swallow()]))
        entry = await house.buy("AAPL", 100.0)
        await house.until(lambda: len(house.broker.venue.orders) == 2, "entry and stop")
        house.broker.faults.do(Fill(order_ref=entry, price=Decimal(100)))
        await house.until_position("AAPL", quantity="100", protected=True)
        await house.until_sound("AAPL")
        assert len(house.broker.venue.orders) == 3, "the stop is the same order, transmitted"

    run_house(body, ("AAPL",), broker=BROKER, risk={"naked_seconds": 0.5})
