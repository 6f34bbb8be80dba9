"""What an event costs with 1, 100 and 10,000 rules: `python -m benchmarks.rules [EVENTS [ROUNDS]]`.

One rule waits for the event; the others wait for other symbols or other classes of events, and cannot match. The same
rules, each asked in turn, are the baseline. Rounds alternate between the sizes; the median of the rounds counts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from benchmarks.table import print_table
from domain.rules import ClosePositionAction, CreatePositionAction, Due, EventCondition, Facts, Rule, RuleEngine
from messages.event import BaseEvent
from messages.market import PriceEvent
from messages.signal import PredictionSignal, PredictionSignalEvent

__all__ = ["SIZES", "main", "measure"]

SIZES = (1, 100, 10_000)
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def rules(count: int) -> list[Rule]:
    """Return one rule for predictions of AAPL and others that wait for something else."""
    condition = EventCondition(PredictionSignalEvent, {"signal": "BUY", "confidence": ">= 0.8"})
    action = CreatePositionAction(quantity=100, stop_loss_pct=0.03, take_profit_pct=0.08)
    made = [Rule(rule_id="entry", condition=condition, action=action, symbols=frozenset({"AAPL"}))]
    for number in range(1, count):
        if number % 3 == 0:
            other = Rule(
                rule_id=f"price-{number}",
                condition=EventCondition(PriceEvent, {"price": "> 100"}),
                action=ClosePositionAction(),
                symbols=frozenset({"AAPL"}),
            )
        else:
            other = Rule(
                rule_id=f"other-{number}",
                condition=condition,
                action=action,
                priority=number % 7,
                symbols=frozenset({f"S{number % 1000}"}),
            )
        made.append(other)
    return made


def event(number: int) -> PredictionSignalEvent:
    """Return a prediction on which the rule acts."""
    return PredictionSignalEvent(
        signal_id=f"AAPL:{number}",
        symbol="AAPL",
        signal=PredictionSignal.BUY,
        confidence=0.9,
        timestamp=number,
        prediction_time=NOW,
        received=NOW,
    )


def by_index(count: int) -> Callable[[Iterable[BaseEvent]], int]:
    """Return what evaluates events with an engine of so many rules, and counts what acts."""
    engine = RuleEngine()
    for rule in rules(count):
        engine.register_rule(rule)

    def run(events: Iterable[BaseEvent]) -> int:
        acted = 0
        for each in events:
            for outcome in engine.evaluate(each, NOW):
                if isinstance(outcome, Due):
                    engine.finished(outcome.rule.rule_id, outcome.symbol)
                    acted += 1
        return acted

    return run


def one_by_one(count: int) -> Callable[[Iterable[BaseEvent]], int]:
    """Return what asks each rule in turn."""
    made, facts = rules(count), Facts()

    def run(events: Iterable[BaseEvent]) -> int:
        acted = 0
        for each in events:
            symbol = getattr(each, "symbol", "")
            for rule in made:
                context = {"event": each, "time": NOW, "rule_id": rule.rule_id, "facts": facts}
                if symbol in (rule.symbols or (symbol,)) and rule.condition.matches(context):
                    acted += bool(rule.action.commands(context))
        return acted

    return run


def measure(
    runs: dict[int, Callable[[Iterable[BaseEvent]], int]], events: list[PredictionSignalEvent], rounds: int
) -> dict[int, float]:
    """Return size → median seconds for an event. Raises AssertionError where not every event led to one action."""
    times: dict[int, list[float]] = {size: [] for size in runs}
    for _ in range(rounds):
        for size, run in runs.items():
            began = perf_counter()
            acted = run(events)
            times[size].append((perf_counter() - began) / len(events))
            assert acted == len(events), (size, acted)
    return {size: median(taken) for size, taken in times.items()}


def main(events: int = 20_000, rounds: int = 7) -> None:
    """Print the table."""
    made = [event(number) for number in range(events)]
    indexed = {size: by_index(size) for size in SIZES}
    measure(indexed, made[:1000], 1)
    ours = measure(indexed, made, rounds)
    few = made[: max(10, events // 2000)]
    plain = measure({size: one_by_one(size) for size in SIZES}, few, 3)
    first = ours[SIZES[0]]
    rows = [
        (f"{size:,}", f"{ours[size] * 1e6:.2f} µs", f"{ours[size] / first:.2f}", f"{plain[size] * 1e6:,.1f} µs")
        for size in SIZES
    ]
    columns = ("rules", "an event", "to one rule's", "each asked in turn")
    print_table("Evaluating an event for which one rule waits, its commands made", columns, rows)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
