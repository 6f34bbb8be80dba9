"""`pitboss report`: what a day came to, against the broker's own book."""

import csv
import io
import json
import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from domain.trading_day import TradingDay
from messages.order import Side
from simulator.model import Execution
from supervisors.day_report import report_page

D = Decimal
TODAY, TOMORROW = "2026-11-20", "2026-11-21"


@pytest.fixture
def reported(verb):
    """What `report --json` prints of a journal."""

    def ask(path, day, *more):
        done = verb("report", "--json", "--journal", str(path), "--day", day, *more)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


@pytest.fixture
def day(journal_of):
    """Three positions of one day, one of them still open and one sold in part by hand: the journal, and the book."""
    book = {}

    async def body(it):
        await it.predict("BUY", 0.9, "one")
        await it.trade_at(108.5)  # the target
        await it.settle(3)
        await it.trade_at(50.0, "MSFT")
        await it.predict("SHORT", 0.85, "two", "MSFT")
        await it.trade_at(52.0, "MSFT")  # the stop
        await it.settle(3)
        await it.predict("SHORT", 0.85, "three", "MSFT")
        await it.predict("BUY", 0.7, "unsure")
        await it.settle(300)
        await it.trade_at(100.0)
        await it.predict("BUY", 0.95, "four")
        it.by_hand(Side.SELL, 40, "101.5")
        await it.settle(70)
        book["executions"] = list(it.paper.venue.executions)
        book["commissions"] = sum((one.amount for one in it.paper.venue.commissions.values()), D(0))
        book["cash"] = it.paper.venue.cash("DU1234567")

    return journal_of(body, price_collar_pct=D("0.9")), book


def paid(executions: list[Execution]) -> Decimal:
    """What executions brought in cash."""
    return sum((one.quantity * one.price * (1 if one.side == "SLD" else -1) for one in executions), D(0))


def test_its_totals_are_those_of_the_book_to_the_cent(day, reported):
    path, book = day
    report = reported(path, TODAY)
    [total] = report["totals"]
    money = total["money"]
    held = {one["symbol"]: one for one in report["held"]}
    worth = sum(D(one["quantity"]) * D(one["average_price"]) for one in held.values())
    assert held["AAPL"]["quantity"] == "60"
    # cash that came in = what was realised, less what is still tied up at cost
    assert D(money["realized"]) == paid(book["executions"]) + worth
    assert D(money["commission"]) == book["commissions"]
    assert D(money["net"]) == D(money["realized"]) - D(money["commission"])
    assert money["fills"] == len(book["executions"]) == len(report["fills"])
    assert book["cash"] - 1_000_000 == D(money["net"]) - worth
    for kind in ("symbols", "rules", "strategies"):
        for figure in ("realized", "commission", "slippage", "unrealized"):
            assert sum(D(one["money"][figure]) for one in report[kind]) == D(money[figure]), (kind, figure)
    by_symbol = {one["name"]: one for one in report["symbols"]}
    msft = [one for one in book["executions"] if one.contract.symbol == "MSFT"]
    assert D(by_symbol["MSFT"]["money"]["realized"]) == paid(msft)
    assert (by_symbol["AAPL"]["trades"], by_symbol["AAPL"]["won"]) == (1, 1)


def test_every_fill_is_in_the_blotter_with_what_it_cost(day, reported):
    path, book = day
    report = reported(path, TODAY)
    ours = {(one["exec_id"], one["symbol"], one["quantity"], one["price"]) for one in report["fills"]}
    theirs = {(one.exec_id, one.contract.symbol, f"{one.quantity:f}", f"{one.price:f}") for one in book["executions"]}
    assert ours == theirs
    roles = {one["role"]: one for one in report["fills"] if one["symbol"] == "MSFT"}
    # sold at the bid that it was decided on; the stop fired at 51.5 and was filled at the ask
    assert D(roles["entry"]["slippage"]) == 0
    stop = roles["stop"]
    assert D(stop["slippage"]) == (D(stop["price"]) - D(stop["reference"])) * D(stop["quantity"]) > 0
    by_hand = [one for one in report["fills"] if one["role"] is None]
    assert [(one["quantity"], one["side"], one["slippage"]) for one in by_hand] == [("40", "SELL", None)]


def test_every_signal_was_taken_or_has_a_reason(day, reported):
    path, _ = day
    report = reported(path, TODAY)
    signals = {one["signal_id"]: one for one in report["signals"]}
    taken = {name: one["taken"] for name, one in signals.items()}
    assert taken == {"AAPL:one": "100", "MSFT:two": "100", "MSFT:three": "0", "AAPL:unsure": "0", "AAPL:four": "100"}
    assert signals["AAPL:unsure"]["reason"] == "no rule matches"
    assert "daily limit" in signals["MSFT:three"]["reason"]
    assert sum(one["count"] for one in report["reasons"]) == 2
    assert {one["strategy"] for one in signals.values()} == {"options-flow"}


def test_the_curve_ends_at_the_profit_of_the_day(day, reported):
    path, _ = day
    report = reported(path, TODAY)
    [total] = report["totals"]
    assert D(report["equity"][-1]["value"]) == D(total["money"]["net"]) + D(total["money"]["unrealized"])
    times = [one["time"] for one in report["equity"]]
    assert times == sorted(times)


def test_a_position_over_night_counts_on_the_day_of_each_fill(journal_of, reported):
    book = []

    async def body(it):
        await it.predict("BUY", 0.9, "one")
        await it.settle(2_400)  # past midnight in New York
        for _ in range(3):
            await it.trade_at(96.0)
            await it.settle(5)
        assert it.held() == 0
        book.extend(it.paper.venue.executions)

    path = journal_of(body, start=datetime(2026, 11, 21, 4, 30, tzinfo=UTC))
    first, second = reported(path, TODAY), reported(path, TOMORROW)
    assert [one["quantity"] for one in first["held"]] == ["100"]
    assert (second["held"], len(second["trades"])) == ([], 1)
    net = [sum(D(one["money"]["net"]) for one in report["totals"]) for report in (first, second)]
    assert net[0] == -1
    assert sum(net) == paid(book) - 2
    assert reported(path, "2026-11-22")["fills"] == []


def test_the_log_gives_prices_and_incidents(journal_of, reported, tmp_path):
    async def body(it):
        await it.predict("BUY", 0.9, "one")

    path = journal_of(body)
    log = tmp_path / "pitboss.log.jsonl"
    began = datetime(2026, 11, 20, 15, 5, tzinfo=UTC)
    lines = [
        {"event": "position.marked", "symbol": "AAPL", "price": "103.5"},
        {"event": "position.marked", "symbol": "AAPL", "price": "101.25"},
        {"event": "actor.crashed", "actor": "position/AAPL", "error": "KeyError: 7", "level": "ERROR"},
        {"event": "position.marked", "symbol": "AAPL", "price": "NaN"},
    ]
    written = [
        json.dumps({"ts": f"{began + timedelta(minutes=n):%Y-%m-%dT%H:%M:%SZ}", **line}) for n, line in enumerate(lines)
    ]
    log.write_text("\n".join([*written[:2], '{"half a line', *written[2:]]) + "\n")
    report = reported(path, TODAY, "--log", str(log))
    [held] = report["held"]
    entry = D(held["average_price"])
    assert held["mark"]["price"] == "101.25"
    assert D(held["unrealized"]) == (D("101.25") - entry) * 100
    assert max(D(one["value"]) for one in report["equity"]) == (D("103.5") - entry) * 100 - 1
    crashed = [one for one in report["incidents"] if one["kind"] == "actor.crashed"]
    assert [one["text"] for one in crashed] == ["position/AAPL: KeyError: 7"]


def test_terminal_csv_and_html_say_the_same(day, verb, tmp_path):
    path, book = day
    done = verb("report", "--journal", str(path), "--day", TODAY, COLUMNS="80")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    for words in ("Blotter", "Positions closed", "target", "no rule matches", "Held at the end", "not ours"):
        assert words in done.stdout
    folder = tmp_path / "csv"
    page = tmp_path / "report.html"
    done = verb("report", "--journal", str(path), "--day", TODAY, "--csv", str(folder), "--html", str(page))
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO((folder / "blotter.csv").read_text())))
    assert sum(D(one["commission"]) for one in rows) == book["commissions"]
    text = page.read_text()
    pictures = re.findall(r"<svg.*?</svg>", text, flags=re.S)
    assert len(pictures) == 3
    for picture in pictures:
        ElementTree.fromstring(picture)
    assert "<script" not in text
    assert not re.findall(r'(?:src|href)="(?!#)', text)


def test_the_web_shows_the_same_page(day, tmp_path):
    path, _ = day
    days, log = TradingDay(ZoneInfo("America/New_York"), time(0)), tmp_path / "none.jsonl"
    shown = report_page(path, log, days, TODAY)
    assert "Positions closed" in shown
    for journal, wanted in ((tmp_path / "none.journal", TODAY), (path, "2026-02-30")):
        with pytest.raises(LookupError, match=r"there is no journal|is no day"):
            report_page(journal, log, days, wanted)
    (tmp_path / "damaged").write_bytes(b"SQLite format 3\0" + bytes(5000))
    with pytest.raises(LookupError, match="cannot be read"):
        report_page(tmp_path / "damaged", log, days, TODAY)


def test_what_came_from_outside_is_text(journal_of, verb, tmp_path):
    async def body(it):
        await it.predict("BUY", 0.9, "<script>alert(1)</script>")
        await it.predict("NEUTRAL", 0.9, "=cmd|'/c calc'!A0", "MSFT")

    path = journal_of(body)
    done = verb(
        "report", "--journal", str(path), "--day", TODAY, "--html", str(tmp_path / "x.html"), "--csv", str(tmp_path)
    )
    assert done.returncode == 0, done.stderr
    assert "<script" not in (tmp_path / "x.html").read_text()
    assert "&lt;script&gt;" in (tmp_path / "x.html").read_text()


def test_mistakes_are_said(day, verb, tmp_path):
    path, _ = day
    done = verb("report", "--journal", str(path), "--day", "20.11.2026")
    assert (done.returncode, done.stderr) == (
        2,
        'pitboss: --day: "20.11.2026" is not a day such as 2026-11-20, today or yesterday\n',
    )
    done = verb("report", "--journal", str(tmp_path / "none.journal"))
    assert done.returncode == 1
    assert "none.journal" in done.stderr
    (tmp_path / "file").write_text("")
    done = verb("report", "--journal", str(path), "--html", str(tmp_path / "file" / "x.html"))
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
