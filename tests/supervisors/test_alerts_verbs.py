"""`pitboss alerts`, as somebody types it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trio

from monitoring.alerts.heartbeat import beat
from monitoring.alerts.store import StateFile
from supervisors.cli import run

LINES = [
    {"ts": "2026-11-20T15:00:00Z", "event": "system.starting", "name": "paper"},
    {"ts": "2026-11-20T15:00:01Z", "event": "alarm.raised", "id": "1", "kind": "journal.slow", "text": "no sync"},
    {"ts": "2026-11-20T15:00:09Z", "event": "alarm.cleared", "id": "1", "kind": "journal.slow"},
    {"ts": "2026-11-20T15:00:10Z", "event": "system.failed", "error": "token=q9x8w7v6 disk gone"},
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration with one channel, a file."""
    path = tmp_path / "alerts.toml"
    path.write_text(
        f'[process]\nstate_dir = "{tmp_path}"\n[alerts]\ngroup_seconds = 0\n'
        '[alerts.channels.file]\npath = "told.jsonl"\n'
    )
    return path


@contextmanager
def web(statuses: list[int]) -> Iterator[tuple[str, list[str]]]:
    """A server that answers with these, the last again and again; its address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()
        thread.join(5)


def test_a_channel_is_tested_and_a_failure_says_why_without_the_secret(config, capsys, monkeypatch):
    assert run(["alerts", "test", "--config", str(config)]) == 0
    assert "): sent" in capsys.readouterr().out
    config.write_text(config.read_text() + '[alerts.channels.hook]\nurl = "env:HOOK"\n')
    assert run(["alerts", "test", "hok", "--config", str(config)]) == 2
    assert 'has no [alerts.channels.hok]; did you mean "hook"?' in capsys.readouterr().err
    assert run(["alerts", "test", "hook", "--config", str(config)]) == 2
    assert "the environment variable HOOK is not set" in capsys.readouterr().err
    with web([500]) as (address, asked):
        monkeypatch.setenv("HOOK", f"json://me:hunter2222@{address}/averylongsecret")
        assert run(["alerts", "test", "hook", "--config", str(config)]) == 1
    told = capsys.readouterr().out
    assert asked == ["/averylongsecret"]
    assert "hook (JSON): FAILED" in told
    assert "500" in told
    assert "hunter" not in told
    assert "averylongsecret" not in told


def test_an_old_log_is_rehearsed_and_nothing_is_sent(config, tmp_path, capsys):
    log = tmp_path / "old.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    assert run(["alerts", "check", str(log), "--config", str(config)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2026-11-20 15:00:01 paper: CRITICAL: journal.slow: no sync",
        "2026-11-20 15:00:09 paper: OVER after 8 s: journal.slow: no sync",
        "2026-11-20 15:00:10 paper: CRITICAL: the process ended with an error: token=*** disk gone",
    ]
    assert not (tmp_path / "told.jsonl").exists()
    assert run(["alerts", "check", str(tmp_path / "none"), "--config", str(config)]) == 2
    assert run(["alerts", "check", "--config", str(config)]) == 0
    told = capsys.readouterr().out
    assert "channel file: file" in told
    assert "rule link: on alarm.raised" in told


def test_what_stands_is_listed_from_what_the_monitor_has_saved(config, tmp_path, capsys):
    assert run(["alerts", "list", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "no alert stands\n"
    StateFile(tmp_path / "alerts.json").write(b'{"logs": []')
    assert run(["alerts", "list", "--config", str(config)]) == 1
    assert "is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["alerts", "run", "--flg"], 2, "Unknown option: --flg"),
        (["alerts", "run"], 2, "has no [alerts.channels.NAME]: nobody would be told"),
        (["alerts", "test"], 2, "has no [alerts.channels.NAME]: nobody would be told"),
        (["alerts", "check", "-"], 2, "check reads files; name one"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, capsys, arguments, code, told):
    config = tmp_path / "alerts.toml"
    config.write_text("")
    assert run([*arguments, "--config", str(config)]) == code
    assert told in capsys.readouterr().err


def test_a_second_monitor_of_the_same_state_is_refused(config, tmp_path, capsys):
    with StateFile(tmp_path / "alerts.json").owned():
        assert run(["alerts", "run", "--config", str(config)]) == 1
    assert "are sent by process" in capsys.readouterr().err


def test_a_damaged_state_is_moved_away_and_a_pipe_that_ends_is_told(config, tmp_path, capsys):
    (tmp_path / "alerts.json").write_text("{")
    out, into = os.pipe()
    os.write(into, "".join(json.dumps(line) + "\n" for line in LINES[:3]).encode())
    os.close(into)
    saved = os.dup(0)
    os.dup2(out, 0)
    try:
        assert run(["alerts", "run", "-", "--config", str(config)]) == 1
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(out)
    told = capsys.readouterr()
    assert "is damaged: moved to" in told.err
    assert (tmp_path / "alerts.json.damaged").read_text() == "{"
    lines = [json.loads(line) for line in (tmp_path / "told.jsonl").read_text().splitlines()]
    assert [(line["log"], line["rule"], line["word"]) for line in lines] == [("paper", "silent", "raised")]
    assert "nothing is left to watch, and all was sent" in told.out


def test_the_runbook_is_quoted(capsys):
    assert run(["runbook", "risk.daily_loss"]) == 0
    assert "pitboss rearm" in capsys.readouterr().out
    assert run(["runbook"]) == 0
    assert "broker.lost" in capsys.readouterr().out
    assert run(["runbook", "brokr.lost"]) == 2
    assert 'did you mean "broker.lost"?' in capsys.readouterr().err


def test_the_heartbeat_beats_while_all_is_alive_and_says_when_it_does_not_get_through():
    said: list[str] = []
    alive = True

    async def main(address: str, asked: list[str]) -> None:
        nonlocal alive
        with trio.fail_after(10):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(beat, f"http://{address}/ping", 0.01, lambda: alive, said.append)
                while len(asked) < 5:
                    await trio.sleep(0.01)
                alive = False
                await trio.sleep(0.1)
                before = len(asked)
                await trio.sleep(0.1)
                assert len(asked) == before
                nursery.cancel_scope.cancel()

    with web([200, 500, 500, 200]) as (address, asked):
        trio.run(main, address, asked)
    assert [text.split(":")[1].strip() for text in said] == ["HTTPStatusError", "it gets through again"]
