"""A storm that goes wrong becomes the smallest one that does: in the search itself, and with guards taken out."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from actors.position import protection
from simulation.guests import Guests, Look
from simulation.plan import Act, Plan, Weather, draw
from simulation.scenario import Scenario, read_scenario, written
from simulation.shrink import Shrinking, kind_of
from simulation.storm import Outcome, ride


def _when(*kinds: str, told: str = "AAPL: 3 here, 4 at the broker") -> object:
    """A storm that goes wrong where each of these kinds comes, one after the other."""

    def judge(plan: Plan) -> Outcome:
        wanted = list(kinds)
        for act in plan.acts:
            if wanted and act.kind == wanted[0]:
                wanted.pop(0)
        outcome = Outcome(plan.seed, simulated=plan.seconds)
        if not wanted:
            outcome.violation = told.replace("AAPL", next(iter(plan.symbols)))
        return outcome

    return judge


@pytest.mark.parametrize("kinds", [("buy",), ("buy", "kill"), ("kill", "crash", "sell"), ("drop", "drop")])
def test_only_what_matters_is_left(kinds: tuple[str, ...]) -> None:
    judge = _when(*kinds)
    plan = next(plan for seed in range(1, 500) if judge(plan := draw(seed)).violation)
    search = Shrinking(plan, judge(plan), judge)
    search.run()
    assert tuple(act.kind for act in search.plan.acts) == kinds
    assert search.finished
    assert len(search.plan.symbols) == 1
    assert search.plan.seconds <= 10.0
    assert not search.plan.settings
    assert search.rides < 250


def test_another_violation_is_not_what_was_looked_for() -> None:
    other, looked_for = _when("buy", told="AAPL: naked"), _when("kill", "sell")

    def judge(plan: Plan) -> Outcome:
        found = looked_for(plan)
        return found if found.violation else other(plan)

    plan = next(plan for seed in range(1, 500) if looked_for(plan := draw(seed)).violation)
    search = Shrinking(plan, judge(plan), judge)
    search.run()
    assert [act.kind for act in search.plan.acts] == ["kill", "sell"]


def test_the_search_ends_at_its_limit_with_the_best_so_far() -> None:
    judge = _when("buy", "kill")
    plan = next(plan for seed in range(1, 500) if judge(plan := draw(seed)).violation)
    search = Shrinking(plan, judge(plan), judge, limit=5)
    search.run()
    assert (search.rides, search.finished) == (5, False)
    assert judge(search.plan).violation
    assert len(search.plan.acts) < len(plan.acts)


def test_a_storm_without_a_violation_cannot_be_shrunk() -> None:
    with pytest.raises(ValueError, match="does not go wrong"):
        Shrinking(draw(1), Outcome(1), ride)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AAPL has been naked for 19.5 s: ['x']", "MSFT has been naked for 31.0 s: []"),
        ("pb-f34nqvqa8cb7 is at the broker twice", "pb-1qnc4vhe9erk is at the broker twice"),
        (
            "execution 0000e0d5.f4bea973.01.01 was booked 2 times",
            "execution 0000e0d5.3ceb3ffd.01.01 was booked 3 times",
        ),
        ("240 s after the last fault: in doubt: ['pb-1 entry SENT']", "241 s after the last fault: in doubt: []"),
    ],
)
def test_the_same_kind(one: str, other: str) -> None:
    assert kind_of(one, ("AAPL", "MSFT")) == kind_of(other, ("AAPL", "MSFT"))


def test_another_kind() -> None:
    assert kind_of("AAPL has been naked for 3 s") != kind_of("AAPL: 3 here, 4 at the broker")


def _bought_twice(seed: int) -> Plan:
    """A storm in which shares are bought beside an entry that rests."""
    plan = draw(seed, Weather(minutes=5.0, orders=(12, 15), faults=(3, 5), symbols={"AAPL": 100.0, "AMD": 140.0}))
    terms = {"symbol": "AAPL", "quantity": 100}
    rests, fills = Act(90.0, "buy", {**terms, "limit": -0.01}, 0), Act(92.0, "buy", {**terms, "limit": None}, 0)
    return evolve(plan, acts=tuple(sorted((*plan.acts, rests, fills), key=lambda act: act.at)))


def test_a_guard_taken_out_is_found_shrunk_and_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, a stop that sleeps beneath an unfilled entry counts as protection of what was bought beside it."""
    with monkeypatch.context() as mutant:
        mutant.setattr(protection, "reach", lambda orders: {})
        storms = ((plan, ride(plan)) for plan in map(_bought_twice, range(1, 20)))
        plan, outcome = next((plan, outcome) for plan, outcome in storms if "naked" in outcome.violation)
        search = Shrinking(plan, outcome, ride)
        search.run()
        assert "naked" in search.outcome.violation
        assert len(search.plan.acts) <= 3
        assert {act.kind for act in search.plan.acts} <= {"buy", "sell", "hand", "oco", "adopt"}
        found = search.outcome
        file = tmp_path / "storm.toml"
        file.write_text(written(Scenario(search.plan, found.violation, found.wire, found.journal)))
        replayed = ride(read_scenario(file).plan)
        assert (replayed.violation, replayed.wire, replayed.journal) == (found.violation, found.wire, found.journal)
    assert not ride(read_scenario(file).plan).violation


def test_ctrl_c_ends_a_storm_as_it_ends_any_program() -> None:
    def pressed(look: Look) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ride(draw(1, Weather(minutes=5.0)), guests=Guests(checks=[pressed]))
