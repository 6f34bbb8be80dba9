"""Orders that a hand in TWS leaves at the broker: what a storm does with them, and what the oracle wants of them."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from config.environment import Environment
from simulation.disk import StormDisk
from simulation.hand import Hand
from simulation.market import Market
from simulation.oracle.calm import unsettled
from simulation.oracle.conduct import Bounds, Conduct
from simulation.oracle.records import Records
from simulation.oracle.truth import Truth
from simulation.plan import START
from simulator.app import PaperBroker, SimulatorSettings

D = Decimal


class Desk:
    """A hand, the broker's book, and the oracle."""

    def __init__(self) -> None:
        self.paper = PaperBroker(SimulatorSettings(feed="manual"), Environment(lambda: START, 1))
        self.market = Market(self.paper, {"AAPL": 100.0}, 0.0, 1, 2.0)
        self.hand = Hand(self.paper, self.market)
        self.truth, self.records = Truth(self.paper.venue), Records(StormDisk())
        self.broken: list[str] = []
        self.conduct = Conduct(
            self.truth, self.records, lambda: 0.0, lambda: 0.0, self.broken.append, Bounds(5.0, 2.0, 40)
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_order_rests_is_changed_and_cancelled(desk: Desk) -> None:
    assert desk.hand.order("AAPL", "BUY", 50, "LMT", 0.02, "GTC") == "Submitted: BUY 50 AAPL LMT 98.00 by hand"
    assert desk.hand.order("AAPL", "BUY", 7, "STP", 0.02, "DAY") == "PreSubmitted: BUY 7 AAPL STP 102.00 by hand"
    assert len(desk.truth.by_hand()) == 2
    assert not desk.truth.live()
    for seed in range(9):
        assert desk.hand.change(Random(seed)).endswith(" by hand now")
    assert len(desk.truth.by_hand()) == 2
    assert desk.hand.cancel(Random(1)).endswith("is Cancelled")
    assert desk.hand.cancel_all() == "1 cancelled"
    assert not desk.truth.by_hand()
    assert desk.hand.cancel(Random(1)) == desk.hand.change(Random(1)) == "no order by hand works"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (["4", "1", "0"], "an order by hand was to be changed or cancelled"),
        (["3", "-1", "265598"], "an order by hand was to be changed or cancelled"),
        (["58", "1"], "everything at the broker was cancelled"),
        (["4", "1", "7"], ""),
    ],
)
def test_nobody_touches_it(desk: Desk, fields: list[str], said: str) -> None:
    desk.conduct.frame(True, fields)
    assert [text.partition(",")[0].partition(":")[0] for text in desk.broken] == ([said] if said else [])


def test_it_is_shown_as_long_as_it_works(desk: Desk) -> None:
    desk.hand.order("AAPL", "BUY", 50, "LMT", 0.02, "GTC")
    (order,) = desk.truth.by_hand()
    row = {
        "order_ref": "",
        "perm_id": order.perm_id,
        "role": None,
        "status": "ACCEPTED",
        "quantity": "50",
        "filled": "0",
    }
    status = {"state": "READY", "reason": "", "unanswered": [], "orders": [row], "positions": [], "alarms": []}
    assert not unsettled(status, desk.truth, desk.records)
    assert "of others only here [], only at the broker" in unsettled(status | {"orders": []}, desk.truth, desk.records)
    desk.hand.cancel_all()
    assert "of others only here" in unsettled(status, desk.truth, desk.records)


def test_what_it_fills_is_told_late(desk: Desk) -> None:
    desk.hand.order("AAPL", "BUY", 50, "LMT", 0.02, "GTC")
    (order,) = desk.truth.by_hand()
    assert not desk.truth.disturbed("AAPL", 60.0)
    desk.paper.venue.broker_fill(order.perm_id, D(50), D(98))
    assert desk.truth.disturbed("AAPL", 60.0)
