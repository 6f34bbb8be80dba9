"""What is announced arrives: through failures, slow channels, restarts, rotation and pipes."""

from __future__ import annotations

import gzip
import json
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from config.alert_settings import ChannelSettings
from config.environment import machine
from config.loading import settings_from
from config.problems import SettingsError
from config.redaction import redact
from monitoring.alerts.alert import Announcement, Word
from monitoring.alerts.channels import DeliveryError, FileChannel, open_channel, open_channels
from monitoring.alerts.opening import open_logs
from monitoring.alerts.outbox import Outbox
from monitoring.alerts.sources import FileSource, StreamSource
from monitoring.alerts.store import Cursor, StateError, StateFile
from monitoring.alerts.watch import Watch
from monitoring.alerts.words import Message, compose

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def announcement(word: Word = Word.RAISED, text: str = "text", **fields: Any) -> Announcement:
    usual = {"log": "paper", "rule": "r", "key": (), "severity": "critical", "runbook": "broker.lost"}
    return Announcement(word=word, text=text, **{**usual, "since": START, "at": START, **fields})


def line(second: float, event: str = "system.ready", **fields: Any) -> str:
    moment = START + timedelta(seconds=second)
    written = {"ts": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "level": "INFO", "event": event, "actor": "x", **fields}
    return json.dumps(written) + "\n"


def seconds(source: Any, close: bool = False) -> list[float]:
    """When the lines were written that a source has."""
    found = []
    while lines := source.read():
        found += [(datetime.fromisoformat(one["ts"]) - START).total_seconds() for one in lines]
    if close:
        source.close()
    return found


# the queue of a channel


def test_a_failed_sending_is_tried_again_with_growing_pauses_and_nothing_is_lost():
    box = Outbox()
    box.put([announcement(), announcement(text="two")], START)
    assert box.seconds_until(START, 5) == 5
    now, pauses = START, []
    for _ in range(12):
        pauses.append(box.failed("no route", now, chance=0.5))
        assert box.seconds_until(now, 0) == pytest.approx(pauses[-1])
        now += timedelta(seconds=pauses[-1])
    assert pauses[:4] == [2, 4, 8, 16]
    assert pauses[-1] == 300
    assert len(box.batch()) == 2
    box.put([announcement(text="three")], now)
    box.sent(2)
    assert [one.text for one in box.batch()] == ["three"]
    assert (box.failures, box.error) == (0, "")


def test_a_message_says_what_to_do_and_joins_what_began_and_ended():
    over = START + timedelta(minutes=3)
    alone = compose([announcement(text="broker.lost: reset")])
    assert alone.title == "paper: CRITICAL: broker.lost: reset"
    assert "pitboss runbook broker.lost" in alone.body
    both = compose([announcement(), announcement(Word.OVER, at=over), announcement(rule="s", severity="warning")])
    assert both.title == "paper: WARNING: text (and 1 more)", "what stands goes before what is over"
    assert "CRITICAL, over after 3 min: text" in both.body
    assert compose([announcement(Word.OVER, at=over)]).kind == "over"
    two = compose([announcement(), announcement(log="live", text="also")])
    assert two.title == "paper, live: CRITICAL: text (and 1 more)"
    assert "UTC  live: CRITICAL: also" in two.body
    long = compose([announcement(text=str(number) * 200, rule=str(number)) for number in range(20)])
    assert len(long.body) < 3_500
    assert "pitboss alerts list" in long.body


def test_a_file_gets_each_line_once_even_when_a_delivery_is_repeated_or_was_cut_short(tmp_path):
    channel = FileChannel(tmp_path / "told.jsonl")
    message = compose([announcement(), announcement(text="two")])
    channel.send(message)
    channel.send(message)
    assert [json.loads(each)["text"] for each in channel.path.read_text().splitlines()] == ["text", "two"]
    channel.path.write_bytes(channel.path.read_bytes()[:-10])
    channel.send(message)
    assert [json.loads(each)["text"] for each in channel.path.read_text().splitlines()[2:]] == ["two"]
    assert channel.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(DeliveryError, match="No such file or directory"):
        FileChannel(tmp_path / "nowhere" / "told.jsonl").send(message)


# addresses


def test_an_address_comes_from_the_environment_or_a_file_and_is_never_shown(tmp_path):
    address = "tgram://123456789:AAverysecretbottoken/987654321/"
    (tmp_path / "url").write_text(address + "\n")
    for written in (ChannelSettings(url="env:PHONE"), ChannelSettings(url=f"file:{tmp_path / 'url'}")):
        channel = open_channel("alerts.channels.phone", written, tmp_path, {"PHONE": address})
        assert channel.service == "Telegram"
    assert "verysecret" not in redact(f"a refusal of {address} and of AAverysecretbottoken alone")


def test_each_address_that_cannot_be_used_is_named_without_its_value(tmp_path):
    channels = {
        "a": ChannelSettings(url="env:MISSING"),
        "b": ChannelSettings(url=f"file:{tmp_path / 'missing'}"),
        "c": ChannelSettings(url="env:WRONG"),
    }
    with pytest.raises(SettingsError) as refused:
        open_channels(channels, tmp_path, {"WRONG": "nosuchscheme://hunter2222"})
    text = str(refused.value)
    assert "alerts.channels.a.url: the environment variable MISSING is not set" in text
    assert "missing: No such file or directory" in text
    assert "alerts.channels.c.url: the environment variable WRONG holds no address that apprise knows" in text
    assert "hunter" not in text


# logs


def test_a_log_is_read_on_through_rotation_and_compression(tmp_path):
    log = tmp_path / "pitboss.log.jsonl"
    log.write_text(line(0) + line(1))
    first = FileSource(log, None)
    assert seconds(first) == [0, 1]
    cursor = first.cursor()
    first.close()
    with log.open("a") as file:
        file.write(line(2))
    log.rename(tmp_path / "pitboss.log.jsonl.1")
    log.write_text(line(3))
    log.rename(tmp_path / "pitboss.log.jsonl.0")
    for old, new in (("1", "2"), ("0", "1")):
        path = tmp_path / f"pitboss.log.jsonl.{old}"
        (tmp_path / f"pitboss.log.jsonl.{new}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    log.write_text(line(4))
    second = FileSource(log, cursor)
    assert seconds(second) == [2, 3, 4]
    with log.open("a") as file:
        file.write(line(5) + line(6)[:20])
    assert seconds(second) == [5]
    cursor = second.cursor()
    second.close()
    with log.open("a") as file:
        file.write(line(6)[20:])
    assert seconds(FileSource(log, cursor), close=True) == [6]


@given(steps=st.lists(st.sampled_from(["write", "write", "rotate", "compress", "read", "restart"]), max_size=30))
@settings(max_examples=60, deadline=None)
def test_each_line_is_read_once_whatever_is_renamed_whenever_the_monitor_dies(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("logs")
    log = folder / "pitboss.log.jsonl"
    log.write_text(line(0))
    written, found, rotated = 1, [], 0
    source = FileSource(log, Cursor())
    saved = source.cursor()
    for step in [*steps, "read", "read", "read"]:
        if step == "write":
            with log.open("a") as file:
                file.write(line(written))
            written += 1
        elif step == "rotate" and log.exists():
            rotated += 1
            log.rename(folder / f"pitboss.log.{rotated:03}.jsonl")
            log.write_text(line(written))
            written += 1
        elif step == "compress" and rotated:
            old = folder / f"pitboss.log.{rotated:03}.jsonl"
            if old.exists():
                (folder / f"{old.name}.gz").write_bytes(gzip.compress(old.read_bytes()))
                old.unlink()
        elif step == "read":
            found += seconds(source)
            saved = source.cursor()
        elif step == "restart":
            source.close()
            source = FileSource(log, saved)
    source.close()
    assert found == list(range(written))


def test_where_the_file_that_was_read_is_gone_it_goes_on_with_the_next(tmp_path):
    log = tmp_path / "pitboss.log.jsonl"
    (tmp_path / "pitboss.log.jsonl.1").write_text(line(10))
    log.write_text(line(20))
    assert seconds(FileSource(log, Cursor(began=json.loads(line(5))["ts"], offset=700)), close=True) == [10, 20]


@pytest.mark.parametrize("padding", [10, 3_999_000, 4_000_000, 7_500_000])
def test_the_first_look_begins_at_the_last_snapshot(tmp_path, padding):
    log = tmp_path / "pitboss.log.jsonl"
    snapshot = line(2, "system.snapshot", status={"alarms": []})
    log.write_text(line(0) + line(1, "system.snapshot") + line(1.5) + snapshot + line(3, text="x" * padding) + line(4))
    assert seconds(FileSource(log, None), close=True) == [2, 3, 4]


def test_a_pipe_that_repeats_its_last_lines_is_read_once(tmp_path):
    def source(lines: str, cursor: Cursor | None) -> StreamSource:
        out, into = os.pipe()
        os.write(into, lines.encode())
        os.close(into)
        return StreamSource(out, cursor)

    def all_of(one: StreamSource) -> list[float]:
        found: list[float] = []
        while not one.ended:
            found += seconds(one)
        return found

    first = source(line(0) + line(1) + line(1, "order.sent"), None)
    assert all_of(first) == [0, 1, 1]
    again = source(line(1) + line(1, "order.sent") + line(1, "order.accepted") + line(2), first.cursor())
    assert all_of(again) == [1, 2]


# the state


def test_the_state_has_one_owner_and_a_damaged_one_is_refused(tmp_path):
    file = StateFile(tmp_path / "alerts.json")
    with file.owned(), pytest.raises(StateError, match="by process"), StateFile(file.path).owned():
        pass
    file.path.write_text('{"logs": 3}')
    with pytest.raises(StateError, match="damaged"):
        file.load()
    assert file.set_aside().read_text() == '{"logs": 3}'
    assert file.load().logs == {}


# all of it


class Service:
    """A service as an apprise plugin would reach it; it may be down, or hang."""

    service = "a service of the test"

    def __init__(self) -> None:
        self.down = ""
        self.hangs: threading.Event | None = None
        self.got: list[Message] = []

    def send(self, message: Message) -> None:
        if self.hangs is not None:
            self.hangs.wait(10)
        if self.down:
            raise DeliveryError(self.down)
        self.got.append(message)

    @property
    def texts(self) -> list[str]:
        return [f"{one.word} {one.text}" for message in self.got for one in message.announcements]


class Monitor:
    """One run after the other of a monitor over one log and one state."""

    def __init__(self, folder: Path, **services: Any) -> None:
        self.folder, self.services, self.printed = folder, services, [""]
        self.log = folder / "pitboss.log.jsonl"
        channels = {name: {"path": "unused"} for name in services}
        alerts = {"group_seconds": 0, "channels": channels, "silent_seconds": 60}
        self.settings = settings_from({"process": {"state_dir": str(folder)}, "alerts": alerts}, {})

    def write(self, event: str, **fields: Any) -> None:
        later = (machine().now() - START).total_seconds()
        with self.log.open("a") as file:
            file.write(line(later, event, **fields))

    def delivered(self) -> bool:
        """Whether something was delivered, and that is noted."""
        return any(service.got for service in self.services.values()) and all(map(self.noted, self.services))

    def noted(self, name: str) -> bool:
        """Whether it is noted that nothing waits for a channel."""
        box = StateFile(self.folder / "alerts.json").load().outboxes.get(name)
        return box is not None and not box.waiting

    def saved(self) -> bool:
        """Whether the log has been looked at."""
        return bool(StateFile(self.folder / "alerts.json").load().logs)

    async def run(self, until: Any) -> None:
        """Run one until something is so; then it is killed: nothing is saved or said at its end."""
        file = StateFile(self.folder / "alerts.json")
        state = file.load()
        logs = open_logs(self.settings, (str(self.log),), state)
        watch = Watch(machine(), self.settings.alerts, logs, self.services, state, file, self.printed.append)
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(watch.run)
                while not until():
                    await trio.sleep(0.01)
                nursery.cancel_scope.cancel()


ALARM = {"id": "1", "kind": "journal.slow"}


def test_what_a_service_does_not_take_survives_the_monitor_and_a_slow_one_holds_no_other(tmp_path):
    mail, phone = Service(), Service()
    it = Monitor(tmp_path, mail=mail, phone=phone)
    mail.down, phone.hangs = "greylisted", threading.Event()
    it.write("system.ready")

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(it.run, lambda: "greylisted" in it.printed[-1])
            await trio.sleep(0.5)
            it.write("alarm.raised", text="raised", **ALARM)
        assert any("mail: not sent, 1 waiting" in text for text in it.printed)
        assert phone.got == []
        assert phone.hangs is not None
        phone.hangs.set()  # the thread of the killed monitor, too
        it.write("alarm.cleared", **ALARM)  # while no monitor runs
        mail.down = ""
        await it.run(it.delivered)
        before = len(mail.got)
        await it.run(it.delivered)
        assert len(mail.got) == before, "a restart doubles nothing"

    trio.run(main)
    assert mail.texts == ["raised journal.slow: raised", "over journal.slow: raised"]
    assert phone.texts[-2:] == mail.texts  # what hung when its monitor was killed may come twice


def test_a_channel_that_keeps_failing_is_told_on_the_others(tmp_path):
    mail, phone = Service(), Service()
    it = Monitor(tmp_path, mail=mail, phone=phone)
    it.write("system.ready")
    phone.down = "token revoked"
    box = Outbox(failures=4)
    box.put([announcement(text="old")], START)
    file = StateFile(tmp_path / "alerts.json")
    state = file.load()
    state.outboxes["phone"] = box
    file.write(file.encode(state))
    trio.run(it.run, lambda: mail.got and file.load().outboxes["phone"].reported and it.noted("mail"))
    assert mail.texts == ["raised alerts do not get through on phone: token revoked"]
    state = file.load()
    assert state.outboxes["phone"].reported
    state.outboxes["phone"].again = None
    file.write(file.encode(state))
    phone.down = ""
    trio.run(it.run, lambda: len(mail.got) == 2 and it.delivered())
    assert phone.texts == ["raised old"]
    assert mail.texts[1] == "over alerts get through on phone again"


def test_each_alert_is_told_once_however_often_the_monitor_is_killed_while_the_log_is_written(tmp_path):
    it = Monitor(tmp_path)
    it.settings = settings_from(
        {
            "process": {"state_dir": str(tmp_path)},
            "alerts": {"group_seconds": 0, "channels": {"file": {"path": "told.jsonl"}}, "silent_seconds": 60},
        },
        {},
    )
    it.services = {"file": FileChannel(tmp_path / "told.jsonl")}
    chance, written, rotated = Random(5), 0, 0
    it.write("system.ready")

    async def some_time() -> None:
        nonlocal written, rotated
        with trio.move_on_after(chance.uniform(0.02, 0.4)):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(it.run, lambda: False)
                while True:
                    alarm = {"id": str(written), "kind": "order.revived", "symbol": f"S{written}"}
                    it.write("alarm.raised", text="revived", **alarm)
                    if chance.random() < 0.1:
                        rotated += 1
                        it.log.rename(tmp_path / f"pitboss.log.{rotated:03}.jsonl")
                    it.write("alarm.cleared", **alarm)
                    written += 1
                    await trio.sleep(0.005)

    trio.run(it.run, it.saved)
    for _ in range(12):
        trio.run(some_time)

    def told() -> list[tuple[str, str]]:
        path = tmp_path / "told.jsonl"
        lines = [json.loads(each) for each in path.read_text().splitlines()] if path.exists() else []
        return [(one["key"][1], one["word"]) for one in lines]

    trio.run(it.run, lambda: len(told()) >= 2 * written)
    assert rotated
    assert sorted(told()) == sorted((f"S{number}", word) for number in range(written) for word in ("raised", "over"))
