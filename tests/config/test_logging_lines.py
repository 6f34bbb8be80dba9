"""The log as other programs read it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from config.environment import Environment
from config.log_events import EVENTS, UnknownEventError
from config.log_events.schema import line_problems
from config.log_intake import Intake
from config.log_record import LogRecord, as_words
from config.log_writer import BackgroundWriter
from config.logging import Log, insist, log, start_logging
from config.redaction import register_secret

MOMENT = datetime(2026, 11, 22, 14, 30, 0, 123456, UTC)
ENVIRONMENT = Environment(lambda: MOMENT, seed=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.jsonl"


@pytest.fixture
def running(path: Path) -> Iterator[Log]:
    log_ = start_logging(ENVIRONMENT, path=path, background=False, strict=True)
    yield log_
    log_.stop()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.usefixtures("running")
def test_a_line_is_as_the_interface_shows_it(path: Path) -> None:
    log("alarm.raised", level="WARNING", actor="alarms", id="1", kind="order.unknown", text="x", since=MOMENT)
    log("order.resized", actor="portfolio", symbol="AAPL", figures="100 → 50")
    log("exits.stop_moved", actor="position/AAPL", symbol="AAPL", reason="break_even", stop=Decimal("1E+2"))
    assert path.read_text() == (
        '{"ts": "2026-11-22T14:30:00.123456Z", "level": "WARNING", "event": "alarm.raised", "actor": "alarms", '
        '"id": "1", "kind": "order.unknown", "text": "x", "since": "2026-11-22T14:30:00.123456Z"}\n'
        '{"ts": "2026-11-22T14:30:00.123456Z", "level": "INFO", "event": "order.resized", "actor": "portfolio", '
        '"symbol": "AAPL", "figures": "100 \\u2192 50"}\n'
        '{"ts": "2026-11-22T14:30:00.123456Z", "level": "INFO", "event": "exits.stop_moved", '
        '"actor": "position/AAPL", "symbol": "AAPL", "reason": "break_even", "stop": "100"}\n'
    )
    assert not [problem for line in path.read_text().splitlines() for problem in line_problems(line)]


@pytest.mark.usefixtures("running")
def test_hostile_text_stays_one_line_of_valid_json(path: Path) -> None:
    text = 'two\nlines {braces} <red>"quoted"\ud800 \u2028'
    log("system.command", command=text, request={"figure": float("nan"), "x": {"y": [float("inf"), Decimal(1)]}})
    (line,) = lines(path)
    assert line["command"].startswith('two\nlines {braces} <red>"quoted"')
    assert line["request"] == {"figure": "nan", "x": {"y": ["inf", "1"]}}


@pytest.mark.usefixtures("running")
def test_secrets_do_not_reach_the_file_by_name_value_or_exception(path: Path) -> None:
    register_secret("canary-value")
    log("system.command", command="x", outcome="it was canary-value", request={"h": "X-API-Key: canary-header"})
    try:
        raise ValueError("token=canary-trace")
    except ValueError:
        logging.getLogger("pykka").exception("url http://u:canary-url@h/")
    assert "canary" not in path.read_text()
    assert len(lines(path)) == 2


@pytest.mark.usefixtures("running")
def test_records_of_other_libraries_come_in_with_their_traceback(path: Path) -> None:
    try:
        raise KeyError("x")
    except KeyError:
        logging.getLogger("pykka").exception("Unhandled in %s", "actor")
    (line,) = lines(path)
    assert (line["event"], line["level"], line["text"]) == ("log.pykka", "ERROR", "Unhandled in actor")
    assert "KeyError: 'x'" in line["traceback"]


@pytest.mark.usefixtures("running")
def test_an_event_that_is_not_defined_raises() -> None:
    with pytest.raises(UnknownEventError, match=r"order\.vanished"):
        log("order.vanished", symbol="AAPL")
    with pytest.raises(UnknownEventError, match="without code"):
        log("broker.notice", text="x")
    with pytest.raises(UnknownEventError, match="with prise, which is not defined"):
        log("broker.notice", code=1, text="x", prise=3)
    with pytest.raises(UnknownEventError, match="no whole number"):
        log("broker.notice", code="1", text="x")
    with pytest.raises(UnknownEventError, match="no decimal"):
        log("position.opened", symbol="AAPL", quantity=100.0, realized_pnl=Decimal(0))
    with pytest.raises(UnknownEventError, match="at level ERROR"):
        log("broker.notice", level="ERROR", code=1, text="x")


def test_it_raises_also_where_nothing_listens() -> None:
    with pytest.raises(UnknownEventError):
        log("order.vanished")


def test_in_a_running_process_it_is_written_instead(path: Path) -> None:
    insist(False)
    running = start_logging(ENVIRONMENT, path=path, background=True)
    try:
        log("order.vanished", symbol="AAPL")
    finally:
        running.stop()
        insist()
    assert [line["event"] for line in lines(path)] == ["order.vanished"]


def test_the_level_holds(path: Path) -> None:
    running = start_logging(ENVIRONMENT, path=path, level="WARNING", background=False)
    log("system.ready")
    log("broker.lost", level="WARNING", epoch=1, reason="x")
    running.stop()
    assert [line["event"] for line in lines(path)] == ["broker.lost"]


def test_the_file_is_for_its_owner_alone_and_follows_a_rename(path: Path) -> None:
    running = start_logging(ENVIRONMENT, path=path)
    log("system.ready")
    running.reopen()  # nothing moved yet: goes on in the same file
    log("system.ready")
    path.rename(path.with_suffix(".1"))
    log("system.ready")
    running.reopen()
    log("system.stopped")
    running.stop()
    rotated = [line["event"] for line in lines(path.with_suffix(".1"))]
    current = [line["event"] for line in lines(path)]
    assert rotated + current == ["system.ready"] * 3 + ["system.stopped"]
    assert current[-1:] == ["system.stopped"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_full_disk_loses_lines_and_says_so_but_raises_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    running = start_logging(ENVIRONMENT, path=Path("/dev/full"), background=False)
    for _ in range(3):
        log("system.ready")
    assert running.dropped >= 3
    running.stop()
    assert capsys.readouterr().err.count("the log cannot be written") == 1


def test_a_sink_that_hangs_holds_nobody_and_what_is_dropped_is_counted() -> None:
    gate, taken = threading.Event(), []

    def sink(record: LogRecord) -> None:
        gate.wait()
        taken.append(record)

    writer = BackgroundWriter(sink, limit=10)
    for number in range(100):
        writer.put(LogRecord(MOMENT, "INFO", "system.ready", {"n": number}))
    assert writer.dropped >= 85
    gate.set()
    writer.stop(5.0)
    assert len(taken) + writer.dropped == 100
    assert [record.fields["n"] for record in taken] == list(range(len(taken)))


def test_the_words_leave_out_what_is_not_there() -> None:
    full = LogRecord(
        MOMENT,
        "INFO",
        "position.closed",
        {"symbol": "AAPL", "reason": "stop", "realized_pnl": Decimal("-3.5"), "commission": 2},
    )
    assert as_words(full) == "AAPL closed (stop), realised -3.5, commission 2"
    bare = LogRecord(MOMENT, "INFO", "order.cancelled", {"symbol": "AAPL", "order_ref": "pb-1", "perm_id": 5})
    assert as_words(bare) == "AAPL cancelled pb-1  perm_id=5"


def test_the_words_cannot_command_a_terminal() -> None:
    record = LogRecord(MOMENT, "INFO", "broker.notice", {"code": 1, "text": "\x1b[2J\x07 line\ntwo"})
    assert as_words(record).isprintable()


def test_each_event_of_the_interface_is_defined() -> None:
    promised = """
        system.starting system.ready system.halted system.resumed system.stopping system.stopped
        actor.started actor.crashed actor.restarted actor.quarantined actor.stopped deadletter
        broker.connected broker.lost broker.gap_opened broker.gap_closed broker.notice
        signal.received signal.ignored rule.fired rule.skipped
        order.intent order.denied order.sent order.accepted order.filled order.corrected order.cancelled order.rejected
        order.expired order.unknown order.resolved
        position.opened position.updated position.closed protection.armed protection.missing
        reconcile.started reconcile.finished reconcile.difference alarm.raised alarm.cleared
    """
    assert set(promised.split()) <= EVENTS.keys()


@pytest.mark.usefixtures("running")
def test_what_a_rule_of_the_user_logs_with_loguru_comes_in(path: Path) -> None:
    logger.bind(symbol="AAPL", level="of its own").info("spread of {} is {wide}", "AAPL", wide=0.5)
    try:
        raise KeyError("x")
    except KeyError:
        logger.exception("failed")
    first, second = lines(path)
    assert (first["event"], first["level"], first["text"]) == (f"log.{__name__}", "INFO", "spread of AAPL is 0.5")
    assert (first["symbol"], first["level_"]) == ("AAPL", "of its own")
    assert (second["level"], second["text"]) == ("ERROR", "failed")
    assert "KeyError: 'x'" in second["traceback"]


@pytest.mark.usefixtures("running")
def test_arguments_that_do_not_fit_their_text_are_told_and_raise_nothing(path: Path) -> None:
    record = logging.LogRecord("ib_insync", logging.ERROR, "", 0, "%d orders", ("no",), None)
    (intake,) = (handler for handler in logging.getLogger().handlers if isinstance(handler, Intake))
    intake.emit(record)
    (line,) = lines(path)
    assert line["text"] == "%d orders ('no',) (%d format: a real number is required, not str)"
