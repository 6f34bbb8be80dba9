"""The process dies at any point of a bracket's life, and at any point of the recovery from that, up to three times.

The suite takes a part: each point of one life, what differs in the others, some pairs and triples. All of them, with
everything that can become of what was in flight, and many more pairs and triples: `CRASH_POINTS=all pytest -s
tests/crash_points`, which prints the counts. Each point of a life with each later one of the next life, all pairs that
there are, takes hours: `CRASH_PAIRS=target pytest -s tests/crash_points -k every_pair`. `CRASH_PAIRS=target:3/20` is
the third twentieth of their first points with all of the second, `CRASH_PAIRS=target@29` each 29th pair, from all over.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from random import Random

import pytest

ALL = os.environ.get("CRASH_POINTS") == "all"
EVERY_PAIR = os.environ.get("CRASH_PAIRS", "")
PAIRS, TRIPLES = (400, 200) if ALL else (30, 12)
SEED = 4


def singles(ordeal, trials, script, *, first=0, last=None, sample=1, busy=False):
    """Every point of a life, or each so many, with one fate after the other; with every fate where all are wanted."""
    trial, point, fates = trials
    steps = ordeal(trial(script)).points[0]
    seen = Counter()
    for number in range(first, len(steps) if last is None else last):
        seen[steps[number]] += 1
        if ALL:
            seeds = range(len(fates[steps[number]]))
        else:
            seeds = [seen[steps[number]]] if number % sample == 0 else []
        for seed in seeds:
            yield trial(script, (point(number, seed),), busy=busy)


def report(what, lived):
    deaths = Counter(death for it in lived for death in it.died)
    raised = Counter(kind for it in lived for kind in it.raised())
    print(f"\n{what}: {len(lived)} lives, {sum(deaths.values())} deaths {dict(deaths)}, alarms {dict(raised)}")


def test_it_may_die_at_any_point_from_the_command_to_the_target(ordeal, survive, trials):
    lived = survive(singles(ordeal, trials, "target"))
    assert all(len(it.died) == 1 for it in lived)
    report("target", lived)


@pytest.mark.parametrize("script", ["stop", "close", "short"])
def test_it_may_die_at_any_point_of_another_life(ordeal, survive, trials, script):
    # what differs from the life above is its end
    first = 0 if ALL or script == "short" else ordeal(trials[0](script)).began[4]
    lived = survive(singles(ordeal, trials, script, first=first))
    assert all(len(it.died) == 1 for it in lived)
    report(script, lived)


def test_it_may_die_at_any_point_of_its_first_start(ordeal, survive, trials):
    points = ordeal(trials[0]("start")).began[0]
    lived = survive(singles(ordeal, trials, "start", last=points, sample=4))
    assert all(len(it.died) == 1 for it in lived)
    report("first start", lived)


def test_the_market_may_go_on_while_it_is_dead(ordeal, survive, trials):
    scripts = ("target", "stop", "close", "short") if ALL else ("target",)
    lived = survive(each for one in scripts for each in singles(ordeal, trials, one, sample=2, busy=True))
    assert all(len(it.died) == 1 for it in lived)
    report("busy", lived)


@pytest.mark.parametrize("times", [2, 3])
def test_it_may_die_again_while_it_recovers(ordeal, survive, trials, times):
    trial, point, _ = trials
    dice = Random(SEED + times)
    wanted = PAIRS if times == 2 else TRIPLES

    def deaths(script, before):
        """The same deaths, and one more in each of three places of the recovery from them."""
        clean = ordeal(trial(script, before))
        points = clean.recovered[-1] if before else len(clean.points[0])
        return [(*before, point(number, dice.randrange(100))) for number in dice.sample(range(points), min(3, points))]

    chosen = []
    while len(chosen) < wanted:
        script = dice.choice(["target", "stop", "close", "short"])
        several = [()]
        for _ in range(times):
            several = deaths(script, dice.choice(several))
        chosen += [trial(script, each, busy=dice.random() < 0.5) for each in several]
    lived = survive(chosen)
    # a market that goes on can make a recovery shorter than the one in which the points were counted
    assert all(len(it.died) == times for it in lived if not it.trial.busy)
    report(f"{times} deaths", lived)


def test_it_may_die_again_at_any_later_point(ordeal, survive, trials):
    """Long after it has recovered, too."""
    trial, point, _ = trials
    dice = Random(SEED)
    chosen = []
    for script in ("target", "stop", "close", "short"):
        first = point(dice.randrange(len(ordeal(trial(script)).points[0])), dice.randrange(100))
        clean = ordeal(trial(script, (first,)))
        later = range(clean.recovered[-1], len(clean.points[1]))
        numbers = dice.sample(later, min(40 if ALL else 4, len(later)))
        chosen += [trial(script, (first, point(number, dice.randrange(100)))) for number in numbers]
    lived = survive(chosen)
    assert all(len(it.died) == 2 for it in lived)
    report("two deaths, the second later", lived)


@pytest.mark.skipif(not EVERY_PAIR, reason="takes hours: CRASH_PAIRS=target, stop, close or short")
def test_every_pair_of_points(ordeal, survive, trials):
    """The fates go round, so that each point comes with each of its fates."""
    trial, point, _ = trials
    wanted = re.fullmatch(r"(\w+)(?::(\d+)/(\d+))?(?:@(\d+))?", EVERY_PAIR)
    assert wanted, f"CRASH_PAIRS={EVERY_PAIR}"
    script = wanted[1]
    number, parts, each = (int(one or 1) for one in wanted.groups()[1:])
    firsts = range(number - 1, len(ordeal(trial(script)).points[0]), parts)

    def pairs():
        before = 0
        for one in firsts:
            first = point(one, one)
            clean = ordeal(trial(script, (first,)))
            for other in range(-before % each, len(clean.points[1]), each):
                yield trial(script, (first, point(other, one + other)))
            before += len(clean.points[1])

    lived = survive(pairs())
    assert all(len(it.died) == 2 for it in lived)
    report(f"every pair, {EVERY_PAIR}", lived)
