"""Any actor raises at any message of a bracket's life, before it has done its work or after, once or twice.

This is what a process survives without dying: the actor and those that stand on it start again from the journal, and
the broker is asked. The suite takes a part; every message, and many pairs: `CRASH_POINTS=all pytest -s
tests/crash_points`. What fails in the first start of all ends that start, and is no matter of these tests.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random
from typing import NamedTuple

import pytest

from actors.runtime.base import RunQueueActor
from messages.gateway import GatewayStatus
from messages.journal import Replay
from messages.lifecycle import ListAlarms
from messages.order import ListOrders
from messages.position import DescribePosition, OpenPosition
from messages.risk import DescribePortfolio

ALL = os.environ.get("CRASH_POINTS") == "all"
STRUCK = "struck by the test"
QUESTIONS = (
    DescribePortfolio,
    DescribePosition,
    GatewayStatus,
    ListAlarms,
    ListOrders,
)  # of status: they change nothing
PAIRS = 400 if ALL else 16


class StruckError(Exception):
    """What a handler raises that is made to."""


class Blow(NamedTuple):
    """One crash: of which actor, at which of the messages that it has handled in its life, and on which side of it."""

    actor: str
    number: int
    after: bool


class Blows:
    """Counts the messages of each actor, and strikes."""

    def __init__(self) -> None:
        self.handled: Counter[str] = Counter()
        self.to_come: list[Blow] = []
        self.fallen: list[Blow] = []
        self.begun = False

    def expect(self, blows) -> None:
        self.handled.clear()
        self.begun = False  # with the command to open
        self.to_come, self.fallen = list(blows), []

    def watch(self, actor) -> None:
        handle, name = actor.on_receive, actor.address.name

        def handling(message):
            self.begun = self.begun or isinstance(message, OpenPosition)
            asked = isinstance(message, QUESTIONS) or message == Replay(whole=True)
            if asked or not self.begun:
                return handle(message)
            number = self.handled[name]
            self.handled[name] += 1
            blow = next((one for one in self.to_come if (one.actor, one.number) == (name, number)), None)
            if blow is None:
                return handle(message)
            self.to_come.remove(blow)
            self.fallen.append(blow)
            if blow.after:
                handle(message)
            raise StruckError(STRUCK)

        actor.on_receive = handling


@pytest.fixture
def blows(monkeypatch):
    it = Blows()
    begin = RunQueueActor.__init__

    def watched(self, context):
        begin(self, context)
        it.watch(self)

    monkeypatch.setattr(RunQueueActor, "__init__", watched)
    return it


@pytest.fixture
def suffer(ordeal, trials, blows):
    """Live through a script with each of these series of blows; return how many fell, by actor."""

    def run(script, series):
        trial, fell, wrong = trials[0](script, struck=STRUCK), Counter(), []
        for each in series:
            blows.expect(each)
            try:
                ordeal(trial)
            except Exception as error:  # noqa: BLE001 - each is told
                while isinstance(error, BaseExceptionGroup):
                    error = error.exceptions[0]
                wrong.append(f"{each}: {type(error).__name__}: {str(error)[:400]}")
                print(wrong[-1])
            fell.update(blow.actor for blow in blows.fallen)
        print(f"\n{script}: {len(series)} lives, {sum(fell.values())} crashes {dict(fell)}")
        assert not wrong, f"{len(wrong)} of {len(series)}:\n" + "\n".join(wrong)
        return fell

    return run


@pytest.fixture
def messages(ordeal, trials, blows):
    """Return actor → how many messages it handles in a life that nothing disturbs."""

    def count(script):
        blows.expect(())
        ordeal(trials[0](script))
        return dict(blows.handled)

    return count


def every_blow(counted):
    """Before and after each message in turn."""
    return [
        Blow(actor, number, bool(after)) for actor in counted for number in range(counted[actor]) for after in (0, 1)
    ]


def some(blows, each, dice):
    """Up to so many of each actor."""
    actors = sorted({blow.actor for blow in blows})
    own = {actor: [blow for blow in blows if blow.actor == actor] for actor in actors}
    return [blow for actor in actors for blow in dice.sample(own[actor], min(each, len(own[actor])))]


@pytest.mark.parametrize("script", ["target", "stop", "close", "short"])
def test_any_actor_may_crash_at_any_message(messages, suffer, script):
    every = every_blow(messages(script))
    taken = some(every, 200 if ALL else 4, Random(script))
    fell = suffer(script, [(blow,) for blow in taken])
    assert sum(fell.values()) == len(taken)


def test_actors_may_crash_twice(messages, suffer):
    """The second falls when the first has not been got over, or later in the life."""
    dice = Random(7)
    every = some(every_blow(messages("target")), 40, dice)
    series = [tuple(dice.sample(every, 2)) for _ in range(PAIRS)]
    fell = suffer("target", series)
    assert sum(fell.values()) > 1.5 * PAIRS
