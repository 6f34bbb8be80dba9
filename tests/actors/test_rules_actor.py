"""The rules actor: one event, one evaluation, and what its commands came to."""

from datetime import UTC, datetime

import trio
import trio.testing

from actors.bus import EventBus
from actors.journal import JournalActor
from actors.rules import RegisterRule, RuleBook, RulesActor, UnregisterRule
from actors.runtime.base import RunQueueActor
from actors.runtime.system import System
from config.environment import virtual
from domain.rules import ClosePositionAction, CreatePositionAction, EventCondition, LogAction, Rule
from messages.decision import RuleSkipped, RulesWeighed, WeighEntry
from messages.journal import Replay
from messages.lifecycle import RaiseAlarm
from messages.market import PriceEvent
from messages.position import CommandAccepted, CommandRefused, OpenPosition
from messages.signal import (
    PredictionSignal,
    PredictionSignalEvent,
    RuleFiredEvent,
    RuleSkippedEvent,
    SignalIgnoredEvent,
)
from storage.memory import SimulatedDisk, SimulatedStorage

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


class Answering(RunQueueActor):
    """Answers each command with the next of its answers; keeps what it was sent."""

    def __init__(self, context, answers=()):
        super().__init__(context)
        self.answers = list(answers)
        self.received = []

    def on_receive(self, message):
        self.received.append(message)
        if isinstance(message, WeighEntry):
            return None
        return self.answers.pop(0) if self.answers else self.promise()


def prediction(number=1, symbol="AAPL", confidence=0.9):
    return PredictionSignalEvent(
        signal_id=f"{symbol}:{number}",
        symbol=symbol,
        signal=PredictionSignal.BUY,
        confidence=confidence,
        timestamp=number,
        prediction_time=START,
        received=START,
    )


def entry(rule_id="entry", confidence=">= 0.8", **terms):
    return Rule(
        rule_id=rule_id,
        condition=EventCondition(PredictionSignalEvent, {"confidence": confidence}),
        action=CreatePositionAction(quantity=100, stop_loss_pct=0.03),
        **terms,
    )


def run(rules, answers, body):
    """Run `body(house)` with the rules actor between a bus and a position that gives `answers`."""

    async def main():
        environment = virtual(START, seed=1)
        system = System(environment)
        bus = EventBus()
        disk = SimulatedDisk()

        class House:
            def __init__(self):
                self.system, self.bus = system, bus
                self.events = []

            async def start_rules(self):
                await system.start("rules", lambda context: RulesActor(context, rules=RuleBook(rules), bus=bus))

            def position(self, symbol="AAPL"):
                received = system.address(f"position/{symbol}").actor.received
                return [message for message in received if not isinstance(message, WeighEntry)]

            def weighed(self, symbol="AAPL"):
                received = system.address(f"position/{symbol}").actor.received
                return [message for message in received if isinstance(message, WeighEntry)]

            def alarms(self):
                return system.address("alarms").actor.received

            async def publish(self, *events):
                for event in events:
                    bus.publish(event)
                    await trio.testing.wait_all_tasks_blocked()

        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            await system.start(
                "journal", lambda context: JournalActor(context, storage=SimulatedStorage(disk), owner="test")
            )
            house = House()
            await system.start("alarms", Answering)
            await system.start("listener", lambda context: Listener(context, house.events))
            await system.start("position/AAPL", lambda context: Answering(context, answers))
            for event_type in (RuleFiredEvent, RuleSkippedEvent, SignalIgnoredEvent):
                bus.subscribe(event_type, system.address("listener"))
            await house.start_rules()
            await body(house)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0.001))


class Listener(RunQueueActor):
    """Keeps the events it hears in the test's list."""

    def __init__(self, context, events):
        super().__init__(context)
        self.events = events

    def on_receive(self, message):
        self.events.append(message)


def test_a_prediction_becomes_one_command_and_a_fired_rule():
    async def body(house):
        await house.publish(prediction())
        [command] = house.position()
        assert isinstance(command, OpenPosition)
        assert (command.source, command.signal_id) == ("rule:entry", "AAPL:1")
        [fired] = house.events
        assert fired == RuleFiredEvent("entry", "AAPL", "AAPL:1", "AAPL: pb-1, pb-2")

    run([entry()], [CommandAccepted(("pb-1", "pb-2"))], body)


def test_a_refused_command_is_told_with_its_figures_and_starts_no_cooldown():
    async def body(house):
        await house.publish(prediction(1), prediction(2))
        refused, fired = house.events
        assert isinstance(refused, RuleSkippedEvent)
        assert refused.reason == "AAPL: refused: exposure (120000 > 100000)"
        assert isinstance(fired, RuleFiredEvent)

    rules = [entry(cooldown_seconds=300)]
    run(rules, [CommandRefused("exposure", "120000 > 100000"), CommandAccepted(("pb-1",))], body)


def test_the_cooldown_goes_on_after_a_restart():
    async def body(house):
        await house.publish(prediction(1))
        await house.system.stop("rules")
        rules = [entry(cooldown_seconds=300)]
        await house.system.start("rules-2", lambda context: RulesActor(context, rules=RuleBook(rules), bus=house.bus))
        house.bus.unsubscribe(PredictionSignalEvent, house.system.address("rules"))
        await trio.sleep(100)
        await house.publish(prediction(2))
        assert len(house.position()) == 1
        skipped = house.events[-1]
        assert isinstance(skipped, RuleSkippedEvent)
        assert skipped.reason.startswith("cooldown: 200 s left")

    run([entry(cooldown_seconds=300)], [CommandAccepted(("pb-1",))], body)


def test_no_answer_is_no_success_and_frees_the_rule():
    async def body(house):
        await house.publish(prediction(1), prediction(2))
        [busy] = house.events
        assert busy.reason == "its last action for this symbol is not answered yet"
        await trio.sleep(11)
        assert house.events[-1].reason == "AAPL: no answer within 10 s"
        await house.publish(prediction(3))
        assert len(house.position()) == 2

    run([entry()], [], body)


def test_a_prediction_that_no_rule_wants_is_accounted_for():
    async def body(house):
        await house.publish(prediction(confidence=0.5))
        assert house.events == [SignalIgnoredEvent("AAPL", "AAPL:1", "no rule matches")]
        assert house.position() == []

    run([entry()], [], body)


def test_a_rule_that_raises_is_alarmed_and_the_others_fire():
    def explode(_):
        raise ZeroDivisionError("by the user")

    async def body(house):
        await house.publish(prediction())
        assert len(house.position()) == 1
        [alarm] = house.alarms()
        assert isinstance(alarm, RaiseAlarm)
        assert alarm.kind == "rule.faulty"
        assert "ZeroDivisionError: by the user" in alarm.text

    run([entry("bad", explode, priority=1), entry()], [CommandAccepted(("pb-1",))], body)


def test_a_sequence_ends_at_the_first_refusal():
    async def body(house):
        await house.publish(prediction())
        assert len(house.position()) == 1
        assert house.events[-1].reason.startswith("AAPL: refused: short")

    action = CreatePositionAction("AAPL", 1) + CreatePositionAction("AAPL", 2)
    rule = Rule(rule_id="two", condition=EventCondition(PredictionSignalEvent), action=action)
    run([rule], [CommandRefused("short of cash")], body)


def test_an_ignored_prediction_is_weighed_by_the_nearest_rule_and_moves_nothing():
    async def body(house):
        unsure = prediction(confidence=0.5)
        await house.publish(SignalIgnoredEvent("AAPL", "AAPL:1", "confidence", "0.5 < 0.6", unsure))
        assert house.position() == []
        [weighed] = house.weighed()
        assert (weighed.command.source, weighed.reason) == ("rule:near", "ignored: confidence")
        records = await house.system.address("journal").ask(Replay(stream="rules"))
        [fact] = [record.payload for record in records]
        assert isinstance(fact, RulesWeighed)
        failed = {(one.stage, one.gate) for one in fact.verdicts if not one.passed}
        assert failed == {("rule far", "condition"), ("rule far", "enabled"), ("rule near", "condition")}

    run([entry("far", ">= 0.9", enabled=False), entry("near")], [], body)


def test_why_a_rule_did_nothing_is_journaled_for_predictions():
    async def body(house):
        await house.publish(prediction(1))
        records = await house.system.address("journal").ask(Replay(stream="rules"))
        assert records[-1].payload == RuleSkipped("entry", "AAPL", "AAPL:1", "AAPL: refused: exposure (2 > 1)")

    run([entry()], [CommandRefused("exposure", "2 > 1")], body)


def test_a_rule_that_is_registered_while_it_runs_outlives_a_restart_and_one_taken_out_stays_out():
    book = RuleBook([entry("configured", "> 2")])

    async def body(house):
        async def incarnation(name):
            await house.system.start(name, lambda context: RulesActor(context, rules=book, bus=house.bus))
            return house.system.address(name)

        await house.system.stop("rules")
        first = await incarnation("rules-1")
        assert isinstance(await first.ask(RegisterRule(entry("later"))), CommandAccepted)
        taken = await first.ask(RegisterRule(entry("configured")))
        assert taken == CommandRefused("there is already a rule with this id", "configured")
        await house.publish(prediction(1))
        assert [command.source for command in house.position()] == ["rule:later"]

        await house.system.stop("rules-1")
        second = await incarnation("rules-2")
        await house.publish(prediction(2))
        assert [command.source for command in house.position()] == ["rule:later"] * 2

        assert isinstance(await second.ask(UnregisterRule("later")), CommandAccepted)
        assert isinstance(await second.ask(UnregisterRule("later")), CommandRefused)
        await house.publish(prediction(3))
        assert len(house.position()) == 2

    run([], [CommandAccepted(("pb-1",)), CommandAccepted(("pb-2",))], body)


def test_why_a_rule_does_nothing_is_told_once_for_events_that_come_all_the_time():
    async def body(house):
        for number in range(20):
            await house.publish(PriceEvent("AAPL", 100.0 + number, START))
        told = [type(event).__name__ for event in house.events]
        assert told == ["RuleFiredEvent", "RuleSkippedEvent"]

    condition = EventCondition(PriceEvent, {"price": ">= 100"})
    rule = Rule(rule_id="close", condition=condition, action=ClosePositionAction(), cooldown_seconds=60)
    run([rule], [CommandAccepted(text="closing")], body)


def test_a_line_in_the_log_counts_only_where_nothing_else_was_asked():
    async def body(house):
        await house.publish(prediction(1), prediction(2))
        skipped, fired = house.events
        assert isinstance(skipped, RuleSkippedEvent)
        assert skipped.reason == "logged; AAPL: refused: short of cash"
        assert isinstance(fired, RuleFiredEvent)

    condition = EventCondition(PredictionSignalEvent)
    both = LogAction("{symbol}") + CreatePositionAction("AAPL", 1)
    rule = Rule(rule_id="both", condition=condition, action=both, cooldown_seconds=60)
    run([rule], [CommandRefused("short of cash"), CommandAccepted(text="bought")], body)
