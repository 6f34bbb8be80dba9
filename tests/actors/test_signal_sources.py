"""Predictions from files, pipes and over HTTP: accepted once, refused with the field, across sources and restarts."""

import json
import os
import random
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.bus import EventBus
from actors.journal import JournalActor
from actors.runtime.base import RunQueueActor
from actors.runtime.system import System
from actors.signals.follow import FollowActor
from actors.signals.intake import Intake
from actors.signals.lines import LONGEST_LINE, LineReader
from actors.signals.push import PushActor
from config.environment import machine, virtual
from config.settings import SignalSettings
from messages.gateway import AskTradingAllowed, TradingAllowed
from messages.signal import PredictionSignalEvent, SignalIgnoredEvent
from storage.memory import SimulatedDisk, SimulatedStorage

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TOKEN = "a-token"


class Listener(RunQueueActor):
    """Keeps what it hears in the test's list."""

    def __init__(self, context, heard):
        super().__init__(context)
        self.heard = heard

    def on_receive(self, message):
        self.heard.append(message)


class Orders(RunQueueActor):
    """Says what the test wants said about new risk."""

    def __init__(self, context, house):
        super().__init__(context)
        self.house = house

    def on_receive(self, message):
        match message:
            case AskTradingAllowed():
                return TradingAllowed(self.house.tradable)
            case _:
                return super().on_receive(message)


class House:
    """Sources, their journal, and who listens."""

    def __init__(self, system, disk):
        self.system, self.disk = system, disk
        self.bus = EventBus()
        self.events = []
        self.tradable = True
        self.intake = Intake(0.5, 120.0)
        self.push = None

    async def start_push(self, name="signals/push", port=0):
        settings = SignalSettings(push_port=port, push_token=TOKEN)

        def make(context):
            self.push = PushActor(context, settings=settings, symbols=("SLV",), intake=self.intake, bus=self.bus)
            return self.push

        await self.system.start(name, make)

    async def start_follow(self, path, name="signals/follow-1"):
        await self.system.start(
            name,
            lambda context: FollowActor(context, path=path, symbols=("SLV",), intake=self.intake, bus=self.bus),
        )

    async def post(self, body, token=TOKEN, raw=None):
        transport = httpx.ASGITransport(self.push.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            content = json.dumps(body) if raw is None else raw
            return await client.post("/signals", content=content, headers={"Authorization": f"Bearer {token}"})

    def prediction(self, number=1, **changes):
        at = self.system.environment.now()
        return {
            "ticker": "SLV",
            "signal": "BUY",
            "confidence": 0.9,
            "timestamp": int(at.timestamp() * 1000) + number,
            "prediction_time": at.isoformat(),
        } | changes

    def taken(self):
        return [event for event in self.events if isinstance(event, PredictionSignalEvent)]

    def ignored(self):
        return [event for event in self.events if isinstance(event, SignalIgnoredEvent)]


def run(body, real=False):
    async def main():
        environment = machine(1) if real else virtual(START, seed=1)
        system = System(environment)
        disk = SimulatedDisk()
        house = House(system, disk)
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            await system.start(
                "journal", lambda context: JournalActor(context, storage=SimulatedStorage(disk), owner="test")
            )
            await system.start("orders", lambda context: Orders(context, house))
            await system.start("alarms", lambda context: Listener(context, []))
            await system.start("listener", lambda context: Listener(context, house.events))
            for event_type in (PredictionSignalEvent, SignalIgnoredEvent):
                house.bus.subscribe(event_type, system.address("listener"))
            await body(house)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=None if real else trio.testing.MockClock(autojump_threshold=0.001))


def test_a_posted_prediction_is_accepted_once_and_then_a_duplicate():
    async def body(house):
        await house.start_push()
        prediction = house.prediction()
        first, second = await house.post(prediction), await house.post(prediction)
        assert (first.status_code, first.json()["status"]) == (202, "accepted")
        assert (second.status_code, second.json()["status"]) == (200, "duplicate")
        assert first.json()["signal_id"] == second.json()["signal_id"]
        [event] = house.taken()
        assert (event.symbol, event.source) == ("SLV", "push")
        await house.system.stop("signals/push")
        house.intake = Intake(0.5, 120.0)
        await house.start_push("signals/push-again")
        assert (await house.post(prediction)).json()["status"] == "duplicate"

    run(body)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ticker": None}, "ticker"),
        ({"ticker": "GLD"}, "ticker"),
        ({"signal": "MAYBE"}, "signal"),
        ({"confidence": 7}, "confidence"),
        ({"confidence": None}, "confidence"),
        ({"timestamp": "now"}, "timestamp"),
        ({"timestamp": 10**18}, "timestamp"),
        ({"prediction_time": "2026-11-20T15:00:00"}, "prediction_time"),
    ],
)
def test_what_is_no_prediction_is_refused_with_its_field(changes, field):
    async def body(house):
        await house.start_push()
        answer = await house.post(house.prediction(**changes))
        assert (answer.status_code, answer.json()["status"], answer.json()["field"]) == (422, "refused", field)
        assert house.taken() == []
        [ignored] = house.ignored()
        assert ignored.reason == "malformed"

    run(body)


def test_stale_and_unsure_predictions_are_told_to_be_ignored():
    async def body(house):
        await house.start_push()
        old = house.prediction(1, prediction_time=(START - timedelta(minutes=5)).isoformat())
        answer = await house.post([old, house.prediction(2, confidence=0.1), house.prediction(3)])
        assert [one.get("reason", one["status"]) for one in answer.json()["results"]] == [
            "stale",
            "confidence",
            "accepted",
        ]

    run(body)


def test_without_the_token_nothing_is_looked_at():
    async def body(house):
        await house.start_push()
        for token in ("", "wrong", TOKEN + "x"):
            answer = await house.post(house.prediction(), token=token)
            assert answer.status_code == 401
            assert TOKEN not in answer.text
        assert house.events == []

    run(body)


def test_a_body_that_is_no_json_or_too_long_is_refused():
    async def body(house):
        await house.start_push()
        assert (await house.post(None, raw=b"{nonsense")).status_code == 400
        assert (await house.post(None, raw=b"7")).status_code == 400
        assert (await house.post(None, raw=b"[" * 100_000)).status_code == 400
        assert (await house.post(None, raw=b" " * 300_000)).status_code == 413
        assert (await house.post([{}] * 101)).status_code == 413

    run(body)


def test_while_nothing_can_be_traded_a_sender_is_asked_to_try_again():
    async def body(house):
        await house.start_push()
        house.tradable = False
        answer = await house.post(house.prediction())
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        house.tradable = True
        assert (await house.post(house.prediction())).status_code == 202

    run(body)


def test_it_listens_on_a_socket_of_this_machine(unused_port):
    async def body(house):
        port = unused_port()
        await house.start_push(port=port)
        async with httpx.AsyncClient() as client:
            with trio.fail_after(10):
                answer = await client.post(
                    f"http://127.0.0.1:{port}/signals",
                    json=house.prediction(),
                    headers={"Authorization": f"Bearer {TOKEN}"},
                )
        assert answer.status_code == 202

    run(body, real=True)


@pytest.fixture
def unused_port():
    def find():
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    return find


def test_lines_that_are_appended_to_a_file_are_taken_once_each(tmp_path):
    path = tmp_path / "signals.jsonl"

    async def body(house):
        await house.start_follow(path)
        await trio.sleep(1)
        lines = [json.dumps(house.prediction(number)) for number in range(3)]
        with path.open("a") as file:
            file.write(lines[0] + "\n" + lines[1] + "\n\nnonsense\n" + lines[2][:20])
            file.flush()
            await trio.sleep(1)
            assert len(house.taken()) == 2
            file.write(lines[2][20:] + "\n" + lines[0] + "\n")
        await trio.sleep(1)
        assert len(house.taken()) == 3
        [ignored] = house.ignored()
        assert ignored.reason == "malformed"
        assert "line 3" in ignored.figures

    run(body)


def test_after_a_restart_a_file_brings_only_what_is_new(tmp_path):
    path = tmp_path / "signals.jsonl"

    async def body(house):
        path.write_text(json.dumps(house.prediction(1)) + "\n")
        await house.start_follow(path)
        await trio.sleep(1)
        await house.system.stop("signals/follow-1")
        await trio.sleep(1000)
        with path.open("a") as file:
            file.write(json.dumps(house.prediction(2)) + "\n")
        house.intake = Intake(0.5, 120.0)
        await house.start_follow(path, "signals/follow-2")
        await trio.sleep(1)
        assert len(house.taken()) == 2
        assert house.ignored() == [], "what has got old is passed over"

    run(body)


@pytest.mark.parametrize("written", [True, False])
def test_a_prediction_whose_source_begins_anew_while_it_is_written_is_lost_and_that_is_said(tmp_path, written):
    path = tmp_path / "signals.jsonl"

    async def body(house):
        def refuse(step):
            if step == "sync":
                raise OSError(28, "No space left on device")

        house.disk.sync_seconds = 1.0
        path.write_text(json.dumps(house.prediction(1)) + "\n")
        await house.start_follow(path)
        if not written:
            house.disk.before = refuse
        await trio.sleep(0.5)  # it is on its way to the disk
        await house.system.stop("signals/follow-1")
        await house.start_follow(path)
        await trio.sleep(5)
        assert house.system.address("signals/follow-1").alive
        assert house.taken() == []
        assert [one.reason for one in house.ignored()] == ["restart"] * written

    run(body)


def test_the_same_prediction_from_two_sources_acts_once(tmp_path):
    path = tmp_path / "signals.jsonl"

    async def body(house):
        await house.start_push()
        await house.start_follow(path)
        prediction = house.prediction()
        path.write_text(json.dumps(prediction) + "\n")
        await trio.sleep(1)
        assert (await house.post(prediction)).json()["status"] == "duplicate"
        assert len(house.taken()) == 1

    run(body)


def test_a_pipe_is_followed_across_its_writers(tmp_path):
    path = tmp_path / "signals.pipe"
    os.mkfifo(path)

    async def body(house):
        await house.start_follow(path)
        for number in range(2):
            with path.open("w") as writer:
                writer.write(json.dumps(house.prediction(number)) + "\n")
            await trio.sleep(1)
        assert len(house.taken()) == 2

    run(body)


def test_a_file_that_is_replaced_is_read_anew_and_no_line_is_too_long(tmp_path):
    path = tmp_path / "lines"
    reader = LineReader(path)
    assert reader.read() == []
    path.write_bytes(b"one\ntwo\nthr")
    assert reader.read() == [b"one", b"two"]
    (tmp_path / "other").write_bytes(b"first\n")
    (tmp_path / "other").replace(path)
    got = [line for _ in range(4) for line in reader.read()]
    assert got == [b"first"]
    with path.open("ab") as file:
        file.write(b"x" * (LONGEST_LINE * 3) + b"\nlast\n")
    got = [line for _ in range(6) for line in reader.read()]
    assert got[-1] == b"last"
    assert all(len(line) <= LONGEST_LINE for line in got)
    reader.close()


@settings(max_examples=25, deadline=None, database=None)
@given(st.lists(st.integers(0, 6), max_size=30), st.integers(0, 2**32))
def test_each_identity_is_taken_once_in_any_order_and_repetition(numbers, seed):
    now = START
    intake = Intake(0.5, 120.0)
    shuffled = random.Random(seed).sample(numbers, len(numbers))
    taken = []
    for number in shuffled + numbers:
        signal_id = f"SLV:{number}"
        if not intake.known(signal_id):
            taken.append(signal_id)
        intake.remember(signal_id, now)
        intake.forget(now, frozenset())
        now += timedelta(seconds=1)
    assert sorted(taken) == sorted({f"SLV:{number}" for number in numbers})
