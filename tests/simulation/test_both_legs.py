"""Two exits of one position that fill in the same instant: whose doing it is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.environment import Environment
from simulation.disk import StormDisk
from simulation.oracle.conduct import Bounds, Conduct
from simulation.oracle.records import Records
from simulation.oracle.truth import Truth
from simulation.plan import START
from simulator.app import PaperBroker, SimulatorSettings
from simulator.model import Order


@pytest.mark.parametrize("group", ["", "oca-1"])
def test_an_exit_that_the_broker_had_cancelled_is_the_brokers_doing(group: str) -> None:
    """Tied to each other the second one was cancelled when it filled; untied it is the fault of whoever sent both."""
    paper = PaperBroker(SimulatorSettings(feed="manual"), Environment(lambda: START, 1))
    venue, shares = paper.venue, paper.contracts.find("AAPL", "STK")[0].contract
    truth, records = Truth(venue, lambda: now), Records(StormDisk())
    broken: list[str] = []
    Conduct(truth, records, lambda: now, lambda: 0.0, broken.append, Bounds(5.0, 2.0, 40))
    now = 0.0
    venue.manual_trade(venue.accounts[0], shares, Decimal(100), Decimal(100))
    now = 100.0
    for number, role in enumerate(("stop", "target"), 1):
        terms = {"role": role, "source": "rule", "parent_ref": None, "symbol": "AAPL", "side": "SELL"}
        records.intents[f"pb-{role}"] = terms
        order = Order(number, 7, venue.accounts[0], shares, "SELL", Decimal(100), "LMT", Decimal(110))
        order.order_ref, order.oca_group, order.oca_type = f"pb-{role}", group, 1
        venue.place(order)
    for order in list(venue.orders.values()):
        venue.broker_fill(order.perm_id, Decimal(100), Decimal(110))
    assert truth.held("AAPL") == -100
    assert broken == ([] if group else ["pb-target, an exit of AAPL, made -100 of 0"])
