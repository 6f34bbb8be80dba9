"""The paper TWS as a whole: start, book file, mistakes in its settings, orderly end."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import ib_insync as ibi
import pytest
import trio
import trio_asyncio
from ib_insync import IB
from trio_asyncio import aio_as_trio as aio

from config.environment import machine
from simulator.app import SimulatorSettings, serve
from simulator.trading_hours import hours_texts

AAPL = ibi.Stock("AAPL", "SMART", "USD")


def test_a_port_that_is_taken_is_named(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        settings = SimulatorSettings(port=paper.port, feed="manual")
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{paper.port}: "):
            await serve(settings, machine(1))

    with_paper(scenario)


@pytest.mark.parametrize(
    ("options", "error", "reason"),
    [
        ({"feed": "radio"}, ValueError, "radio"),
        ({"calendar": "MARS"}, ValueError, "MARS"),
        ({"faults": Path("/nowhere/faults.toml")}, OSError, "nowhere"),
        ({"contracts": Path("/nowhere/contracts.csv")}, OSError, "nowhere"),
        ({"book": Path("/nowhere/book.json")}, OSError, "nowhere"),
        ({"host": "no.such.host.invalid"}, OSError, "no.such.host.invalid"),
    ],
)
def test_settings_that_cannot_be_met_are_refused_before_anything_listens(
    options: dict[str, Any], error: type[Exception], reason: str
) -> None:
    async def main() -> None:
        with pytest.raises(error, match=re.escape(reason)):
            await serve(SimulatorSettings(port=0, **options), machine(1))

    trio.run(main)


def test_the_book_file_holds_the_truth_as_soon_as_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "book.json"

    async def main() -> None:
        settings = SimulatorSettings(port=0, feed="manual", book=path, cash=Decimal(50_000))
        async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:
            serving = await nursery.start(serve, settings, machine(1))
            venue = serving.broker.venue
            ib = IB()
            await aio(ib.connectAsync)("127.0.0.1", serving.port, clientId=3)
            entry = ibi.LimitOrder("BUY", 100, 95.10, tif="GTC", orderRef="ref-1")
            ib.placeOrder(AAPL, entry)
            await aio(ib.reqCurrentTimeAsync)()
            (order,) = venue.orders.values()
            venue.broker_fill(order.perm_id, Decimal(40), Decimal("95.05"))
            with trio.fail_after(5):
                while not (path.exists() and json.loads(path.read_text())["executions"]):
                    await trio.sleep(0.01)
            ib.disconnect()
            nursery.cancel_scope.cancel()

    trio.run(main)
    book = json.loads(path.read_text())
    (order,) = book["orders"]
    documented = {
        "perm_id": 1500000001,
        "order_id": order["order_id"],
        "client_id": 3,
        "order_ref": "ref-1",
        "account": "DU1234567",
        "symbol": "AAPL",
        "side": "BUY",
        "quantity": "100",
        "filled": "40",
        "type": "LMT",
        "limit": "95.1",
        "stop": None,
        "tif": "GTC",
        "oca_group": "",
        "parent_perm_id": 0,
        "status": "Submitted",
    }
    assert {name: order[name] for name in documented} == documented
    (execution,) = book["executions"]
    assert (execution["quantity"], execution["price"], execution["commission"]) == ("40", "95.05", "1.00")
    (position,) = book["positions"]
    assert (position["symbol"], position["quantity"]) == ("AAPL", "40")
    assert Decimal(book["cash"]["DU1234567"]) == Decimal(50_000) - 40 * Decimal("95.05") - Decimal(1)
    assert [one.name for one in tmp_path.iterdir()] == ["book.json"]


def test_contracts_of_ones_own_can_be_traded(with_paper: Any, settle: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("con_id,symbol,primary_exchange,long_name,market_rule_id\n990001,ZZZ,NYSE,Sleepy Inc,32\n")

    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            mine = ibi.Stock("ZZZ", "SMART", "USD")
            await aio(ib.qualifyContractsAsync)(mine)
            assert mine.conId == 990001
            paper.tick("ZZZ", bid=0.5, ask=0.5001)
            trade = ib.placeOrder(mine, ibi.LimitOrder("BUY", 10, 0.5001))
            await settle(ib)
            assert trade.orderStatus.status == "Filled"

    with_paper(scenario, contracts=path)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,AAA,NYSE,x,4711", "no market rule 4711"),
        ("x,AAA,NYSE,x,26", "contract 1 (AAA)"),
        ("-1,AAA,NYSE,x,26", "must be positive"),
    ],
)
def test_a_contract_file_with_a_mistake_is_refused_with_its_row(row: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"con_id,symbol,primary_exchange,long_name,market_rule_id\n{row}\n")

    async def main() -> None:
        with pytest.raises(ValueError, match=re.escape(reason)):
            await serve(SimulatorSettings(port=0, feed="manual", contracts=path), machine(1))

    trio.run(main)


def test_trading_hours_tell_the_calendar_with_half_days_and_holidays() -> None:
    from datetime import UTC, datetime

    from simulator.contract_files import built_in

    (apple,) = built_in().find("AAPL", "STK")
    now = datetime(2026, 11, 25, 15, tzinfo=UTC)  # the day before Thanksgiving
    trading, liquid = hours_texts(apple, "XNYS", now)
    assert liquid.split(";")[:4] == [
        "20261125:0930-20261125:1600",
        "20261126:CLOSED",
        "20261127:0930-20261127:1300",
        "20261128:CLOSED",
    ]
    assert trading.split(";")[2] == "20261127:0400-20261127:1700"
    assert hours_texts(apple, "always", now)[0].startswith("20261125:0000-20261125:2359;20261126:")
