"""A rule of one's own, put through storms: `pytest examples/test_storm_rule.py --pitboss-seeds 50`.

The rule buys on a confident prediction, at most once in five minutes for each symbol. Whatever network, broker, disk
and process do meanwhile, and however often it all dies and starts again, it must keep to that; what Pitboss itself
promises (no order twice, nothing naked, every fill booked, …) is checked in the same storms.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from pitboss.event.api import PredictionSignalEvent
from pitboss.rule import Rule
from pitboss.rule.action import CreatePositionAction
from pitboss.rule.condition import EventCondition

PAUSE = 300.0


def my_rules() -> list[Rule]:
    """The rules under test. Called at each start of the process, as it would be at a real one."""
    return [
        Rule(
            rule_id="confident",
            condition=EventCondition(
                PredictionSignalEvent, {"signal": "BUY", "confidence": lambda confidence: confidence > 0.8}
            ),
            action=CreatePositionAction(
                symbol=lambda context: context["event"].symbol, quantity=100, stop_loss_pct=0.01, take_profit_pct=0.02
            ),
            cooldown_seconds=PAUSE,
        )
    ]


class KeepsItsPause:
    """No two entries of the rule in one symbol within five minutes: by the journal. One is made for each storm."""

    def __init__(self) -> None:
        self.read = 0
        self.planned: dict[str, list[datetime]] = defaultdict(list)

    def __call__(self, look) -> None:
        for kind, record in look.journal[self.read :]:
            if kind == "PositionPlanned" and record["source"] == "rule:confident":
                self.planned[record["symbol"]].append(look.now)
        self.read = len(look.journal)
        for symbol, times in self.planned.items():
            for one, next_one in pairwise(times):
                # looks are ten seconds apart
                assert next_one - one > timedelta(seconds=PAUSE - 20), f"{symbol}: entries at {one} and {next_one}"


def never_more_than_its_size(look) -> None:
    for position in look.book.positions:
        assert abs(position.quantity) <= 100, f"{position.quantity} {position.contract.symbol}"


@pytest.mark.storm(seeds=5, people=False, symbols={"AAPL": 100.0, "MSFT": 250.0})
def test_the_rule_keeps_its_pause_and_its_size(storm) -> None:
    storm(rules=my_rules, checks=[KeepsItsPause, never_more_than_its_size])
