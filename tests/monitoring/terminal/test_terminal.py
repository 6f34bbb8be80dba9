"""What stands on the terminal, and what the keys do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitoring.follow import Follower
from monitoring.terminal.app import Monitor

DAY = datetime(2026, 11, 20, 15, tzinfo=UTC)
OnScreen = Callable[..., None]

HOSTILE = "\x1b[2J\x1b]0;owned\x07[bold red]EVIL[/] \u202eABC\r\n"


def order(symbol: str, role: str, status: str, **fields: Any) -> dict[str, Any]:
    return {
        "actor": "orders", "symbol": symbol, "order_ref": f"pb-{symbol}-{role}", "role": role, "side": "BUY",
        "quantity": "100", "type": "STP", "limit": None, "stop": "97.00", "status": status, "filled": "0",
        "order_id": 1, "perm_id": 150, "position_id": f"id-{symbol}",
    } | fields  # fmt: skip


def held(symbol: str, **fields: Any) -> list[tuple[str, dict[str, Any]]]:
    position = {
        "actor": f"position/{symbol}", "symbol": symbol, "position_id": f"id-{symbol}", "quantity": "100",
        "average_price": "100.00", "realized_pnl": "0", "stop": "97.00", "target": "108.00", "state": "OPEN",
        "protected": True,
    } | fields  # fmt: skip
    mark = {"symbol": symbol, "price": 100.5, "quantity": "100", "unrealized_pnl": "50.00", "stop": "97.00"}
    return [
        ("order.intent", order(symbol, "stop", "INTENDED")),
        ("order.accepted", order(symbol, "stop", "ACCEPTED")),
        ("position.opened", position),
        ("position.marked", {**mark, "target": "108.00"}),
    ]


RUNNING: list[tuple[str, dict[str, Any]]] = [
    ("system.starting", {"name": "demo", "mode": "paper", "version": "1"}),
    *(("actor.started", {"actor": name}) for name in ("journal", "position/AAPL", "positions", "signals/push")),
    ("broker.connected", {"epoch": 3, "account": "DU1", "actor": "gateway"}),
    ("system.ready", {}),
]


def test_a_position_stands_there_with_its_profit_and_how_far_its_exits_are(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        text = await screen.look()
        assert " READY  demo (paper)  last line 59 min ago  DU1 epoch 3" in text
        (row,) = [line for line in text.splitlines() if line.startswith("AAPL")]
        assert row.split() == [
            "AAPL", "100", "100.00", "100.50", "+50.00", "97.00", "3.48%", "108.00", "7.46%", "open", "+0.00",
        ]  # fmt: skip
        (row,) = [line for line in text.splitlines() if line.startswith("stop")]
        assert row.split()[:7] == ["stop", "AAPL", "BUY", "0/100", "STP", "97.00", "3.48%"]
        assert "no alarm stands" in text
        screen.write("alarm.raised", id="1", kind="protection.missing", symbol="AAPL", text="no stop")
        screen.write("protection.missing", symbol="AAPL")
        text = await screen.look()
        assert "ALARM protection.missing AAPL since 14:00:12: no stop" in text
        assert "NO STOP" in text

    on_screen(body, RUNNING + held("AAPL"))


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (40, 10)])
def test_every_view_fits_every_width(on_screen: OnScreen, size: tuple[int, int]) -> None:
    async def body(screen: Any) -> None:
        for key in ("1", "2", "3", "4", "5", "6", "question_mark", "escape"):
            text = await screen.press(key)
            assert len(text.splitlines()) <= size[1]
            assert max(map(len, text.splitlines())) <= size[0]
        text = await screen.look()
        assert ("ACTORS" in text) == (size[0] >= 120)

    on_screen(body, RUNNING + held("AAPL") + held("MSFT"), size=size)


def test_the_help_and_the_footer_are_whole_at_80_by_24(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        assert "q quit" in screen.text
        text = await screen.press("question_mark")
        assert "SILENT   no pulse" in text
        assert "the words say it all." in text

    on_screen(body, RUNNING)


def test_it_follows_by_itself_and_a_log_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    log, wall = tmp_path / "log.jsonl", tmp_path / "wall"
    log.touch()
    wall.mkdir()
    line = {"ts": "2026-11-20T14:00:00.000000Z", "event": "system.starting", "name": "later", "mode": "paper"}

    async def main() -> None:
        followers = [Follower(log, lambda: DAY), Follower(wall, lambda: DAY)]
        app = Monitor(followers, lambda: DAY, every=0.01)
        async with app.run_test(size=(80, 24)) as pilot:
            log.write_text(json.dumps(line) + "\n")
            while followers[0].board.folded == 0 or not app.failed:
                await pilot.pause(0.01)
            app.look()
            await pilot.pause()
            text = "".join(one.text for strip in app.screen._compositor.render_strips() for one in strip)
            assert " STARTING  later (paper)" in text
            assert "wall cannot be read: Is a directory" in text
        followers[0].close()

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:  # leaves the thread's own loop alone
        runner.run(main())


def test_only_one_symbol_and_all_again(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        text = await screen.press("slash", *"msft", "enter")
        rows = [line.split()[0] for line in text.splitlines() if line.startswith(("AAPL", "MSFT"))]
        assert rows == ["MSFT"]
        assert "AAPL" not in text
        assert "only MSFT" in text
        text = await screen.press("escape")
        assert "AAPL" in text

    on_screen(body, RUNNING + held("AAPL") + held("MSFT"))


def test_enter_on_an_order_tells_its_life(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        text = await screen.press("tab", "down", "enter")
        assert "life of pb-MSFT-stop" in text
        assert [line.split()[1] for line in text.splitlines() if "0/100" in line] == ["intended", "accepted"]
        assert "Esc back" in text
        assert "pb-AAPL-stop" not in text
        screen.write("order.cancelled", **order("MSFT", "stop", "CANCELLED", reason="by hand"))
        text = await screen.look()
        assert "by hand" in text
        assert "ORDERS" in await screen.press("escape")

    on_screen(body, RUNNING + held("AAPL") + held("MSFT"))


def test_a_pause_holds_the_picture_and_counts_what_is_new(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        await screen.press("space")
        for number in range(3):
            screen.write("rule.log", rule_id="r", text=f"new {number}")
        text = await screen.look()
        assert "PAUSED, 3 new lines" in text
        assert "new 2" not in text
        assert "new 2" in await screen.press("space")

    on_screen(body, RUNNING)


def test_scrolling_back_stays_where_it_is_until_the_end_is_wanted(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        await screen.press("5")
        text = await screen.press("pageup", "pageup", "pageup")
        assert "scrolled back" in text
        assert "old 20 " in text
        screen.write("rule.log", rule_id="r", text="the newest")
        text = await screen.look()
        assert "the newest" not in text
        assert "old 20 " in text
        text = await screen.press("end")
        text = await screen.look()
        assert "the newest" in text
        assert "scrolled back" not in text

    on_screen(body, RUNNING + [("rule.log", {"rule_id": "r", "text": f"old {n} ."}) for n in range(70)])


def test_the_cursor_stays_on_its_order_while_others_come_and_go(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        await screen.press("2", "down")
        grid = screen.app.query_one("#orders")
        assert grid.chosen == "pb-MSFT-stop"
        screen.write("order.accepted", **order("AMD", "entry", "ACCEPTED"))
        await screen.look()
        assert grid.chosen == "pb-MSFT-stop"

    on_screen(body, RUNNING + held("AAPL") + held("MSFT"))


def test_several_processes_are_shown_one_after_the_other(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        assert "log 1 of 2" in screen.text
        assert "AAPL" in screen.text
        text = await screen.press("n")
        assert "log 2 of 2" in text
        assert "other (paper)" in text
        assert "AAPL" not in text

    on_screen(body, RUNNING + held("AAPL"), [("system.starting", {"name": "other", "mode": "paper"})])


def test_foreign_text_is_shown_as_text(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        for key in ("1", "2", "3", "4", "5", "6"):
            text = await screen.press(key)
            assert not {"\x1b", "\x07", "\r", "\u202e"} & set(text)
            assert "[bold red]EVIL[/]" in text, key
        assert screen.app.board.unreadable == 0

    lines = [
        ("system.starting", {"name": HOSTILE, "mode": HOSTILE}),
        *held(HOSTILE),
        ("order.rejected", order("X", "entry", "REJECTED", reason=HOSTILE, text=HOSTILE, type=HOSTILE)),
        ("actor.crashed", {"actor": HOSTILE, "message": HOSTILE, "error": HOSTILE, "traceback": HOSTILE}),
        ("signal.ignored", {"signal_id": HOSTILE, "symbol": HOSTILE, "reason": HOSTILE, "source": HOSTILE}),
        ("alarm.raised", {"id": HOSTILE, "kind": HOSTILE, "symbol": HOSTILE, "text": HOSTILE}),
    ]
    on_screen(body, lines, size=(160, 40))


def test_lines_of_nobody_do_not_end_the_view(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        for value in (None, 3, [], {}, "x", True, 1e308, "1e999999999"):
            for event in (
                "order.filled", "order.intent", "position.opened", "position.marked", "alarm.raised", "system.pulse",
                "system.snapshot", "signal.received", "actor.crashed", "broker.connected", "breaker.moved", "",
            ):  # fmt: skip
                names = ("symbol", "status", "order_ref", "quantity", "price", "id", "signal_id", "actor", "broker")
                more = ("pnl", "exposure", "mailboxes", "epoch", "after", "confidence", "perm_id", "stop", "level")
                screen.write(event, **dict.fromkeys(names + more, value))
                screen.write(event, **dict.fromkeys(names + more, value) | {"symbol": "AAPL", "order_ref": "pb-1"})
        for key in ("1", "2", "3", "4", "5", "6"):
            await screen.press(key)
        assert "unreadable lines" in await screen.look()

    on_screen(body, RUNNING, size=(160, 40))


def test_a_dead_process_is_said(on_screen: OnScreen) -> None:
    async def body(screen: Any) -> None:
        assert " SILENT  demo" in screen.text
        assert "log silent for 59 min" in screen.text

    status = {"state": "READY", "positions": [], "actors": []}
    snapshot = {"name": "demo", "mode": "paper", "pulse_seconds": 5.0, "status": status}
    on_screen(body, [*RUNNING, ("system.snapshot", snapshot)])


def test_without_colours_nothing_is_coloured(on_screen: OnScreen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def body(screen: Any) -> None:
        colours = set()
        for strip in screen.app.screen._compositor.render_strips():
            for segment in strip:
                style = segment.style
                for colour in (style.color, style.bgcolor) if style is not None else ():
                    if colour is not None and colour.triplet is not None:
                        colours.add(len(set(colour.triplet)))
        assert colours <= {1}, "a grey has three equal parts"

    on_screen(body, RUNNING + held("AAPL", quantity="-100", protected=False))
