"""What a page hears: the picture, then what changes in it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import trio
from trio.testing import MockClock

from config.environment import Environment
from monitoring.board import Board
from monitoring.web import Place
from monitoring.web.documents import line_document, new_lines, sections
from monitoring.web.stream import Streams
from monitoring.web.watch import Watch


class Asked:
    """A request of a page."""

    def __init__(self, symbol=None):
        self.query_params = {} if symbol is None else {"symbol": symbol}


class Ear:
    """A page that listens."""

    def __init__(self, streams, watch, symbol=None):
        self._events = streams.answer(Asked(symbol), watch).body_iterator

    async def next(self):
        """What the next event says."""
        while True:
            text = await anext(self._events)
            if text.startswith("data: "):
                return json.loads(text.removeprefix("data: "))

    async def close(self):
        await self._events.aclose()


@pytest.fixture
def listen(log):
    """Run `body(watch, streams)` in virtual time."""

    def run(body):
        past = log.moment
        clock = MockClock(autojump_threshold=0)
        began = clock.current_time()

        def now():  # in a thread too
            return past + timedelta(seconds=clock.current_time() - began)

        async def main():
            watch = Watch(Place(log=log.path), Environment(now, seed=1))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(watch.run)
                while not watch.caught_up:  # no time passes meanwhile: the clock would jump past a thread that reads
                    await watch.changed()
                await body(watch, Streams())
                nursery.cancel_scope.cancel()

        trio.run(main, clock=clock)

    return run


def test_first_comes_all_of_it_then_what_has_changed_alone(log, listen):
    log.trading()

    async def body(watch, streams):
        ear = Ear(streams, watch, "AAPL")
        first = await ear.next()
        assert {"process", "positions", "orders", "actors", "alarms", "signals", "symbol", "now"} <= first.keys()
        assert first["lines"]["all"]
        assert [point[1] for point in first["symbol"]["points"]] == [150.2, 151.0, 150.6]
        assert not first["symbol"]["more"]
        log.mark(152.0)
        second = await ear.next()
        assert second.keys() == {"positions", "symbol", "lines", "now"}
        assert second["symbol"]["more"]
        assert [point[1] for point in second["symbol"]["points"]] == [152.0]
        assert second["positions"][0]["last_price"] == 152.0
        assert second["lines"] == {"all": False, "new": []}
        log.write("system.halted", reason="by hand")
        third = await ear.next()
        assert [line["text"] for line in third["lines"]["new"]] == ["halted: by hand"]
        assert "symbol" not in third
        for number in range(2_100):  # more than the board keeps: it drops every second one
            log.mark(150 + number / 100)
        while not (later := await ear.next()).get("symbol") or later["symbol"]["more"]:
            pass
        assert later["symbol"]["points"][0][1] == 150.2
        assert len(later["symbol"]["points"]) < 2_100
        await ear.close()

    listen(body)


def test_a_page_hears_that_nothing_came_and_that_the_process_is_silent(log, listen):
    log.trading()
    status = {"state": "READY", "positions": [], "actors": []}
    log.write("system.snapshot", name="desk", pulse_seconds=5.0, status=status)

    async def body(watch, streams):
        ear = Ear(streams, watch)
        assert (await ear.next())["now"]["condition"] == "live"
        began = trio.current_time()
        beats = [await ear.next() for _ in range(4)]
        assert trio.current_time() - began == pytest.approx(20, abs=1)
        assert beats[-1].keys() == {"now", "lines"}
        assert beats[-1]["now"]["condition"] == "silent"
        assert beats[-1]["now"]["seconds"] == pytest.approx(21, abs=1)
        await ear.close()

    listen(body)


def test_a_slow_page_misses_what_was_in_between_and_hears_the_newest(log, listen):
    log.trading()

    async def body(watch, streams):
        ear = Ear(streams, watch)
        await ear.next()
        for price in (151.0, 152.0, 153.0):
            log.mark(price)
            await trio.sleep(2)
        # a log that is read in a thread may be behind by an event: time jumps meanwhile
        heard = [(await ear.next()).get("positions") for _ in range(3)]
        prices = [positions[0]["last_price"] for positions in heard if positions]
        assert prices[-1] == 153.0
        await ear.close()

    listen(body)


def test_there_are_only_so_many_streams(log, listen):
    log.trading()

    async def body(watch, streams):
        ears = [Ear(streams, watch) for _ in range(64)]
        for ear in ears:
            await ear.next()
        refused = streams.answer(Asked(), watch)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
        for ear in ears:
            await ear.close()
        assert streams.answer(Asked(), watch).status_code == 200

    listen(body)


def test_a_log_that_cannot_be_read_is_said_and_tried_again(log, listen):
    log.trading()

    async def body(watch, streams):
        away = log.path.with_name("away")
        log.path.rename(away)
        log.path.mkdir()
        await trio.sleep(2)
        problem = watch.now()["problem"]
        log.path.rmdir()
        away.rename(log.path)
        log.mark(155.0)
        await trio.sleep(3)
        assert watch.now()["problem"] == ""
        assert problem in ("", "Is a directory")  # a log that was open is still read under its new name
        assert watch.board.status()["positions"][0]["last_price"] == 155.0

    listen(body)


def test_the_newest_lines_are_those_after_what_was_told(log):
    board = Board()
    for number in range(10):
        board.fold(
            {"ts": "2026-11-20T15:00:00Z", "level": "INFO", "event": "rule.log", "rule_id": "r", "text": str(number)}
        )

    def texts(after, most):
        return [line["fields"]["text"] for line in new_lines(board, after, most)]

    assert texts(0, 3) == ["7", "8", "9"]
    assert texts(8, 100) == ["8", "9"]
    assert texts(10, 100) == []


def test_a_line_is_told_in_words_with_its_fields_and_without_secrets():
    line = {"ts": "T", "level": "INFO", "event": "order.sent", "actor": "orders", "symbol": "AAPL", "order_ref": "pb-1"}
    told = line_document({**line, "role": "stop", "api_key": "geheim", "text": "token=abcdef"})
    assert told["text"] == "stop AAPL sent pb-1"
    assert told["fields"]["role"] == "stop"


@pytest.mark.parametrize("count", [0, 1, 2, 299, 300, 301, 1_500])
def test_the_curve_of_profit_is_thinned_and_ends_with_the_newest(count):
    board = Board()
    for number in range(count):
        pnl = {"realized": str(number), "unrealized": "0", "commission": "0"}
        board.fold({"ts": "2026-11-20T15:00:00Z", "event": "system.pulse", "pnl": pnl})
    curve = sections(board)["pnl"]
    assert min(count, 150) <= len(curve) <= 300
    assert not count or curve[-1][1] == count - 1
