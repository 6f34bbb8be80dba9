"""Several accounts, account streams and their repetition."""

from __future__ import annotations

import logging
from typing import Any

import ib_insync as ibi
import trio
from trio_asyncio import aio_as_trio as aio

AAPL = ibi.Stock("AAPL", "SMART", "USD")
TWO = ("DU1", "DU2")


def test_orders_and_positions_belong_to_their_account(with_paper: Any, settle: Any, caplog: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            assert ib.managedAccounts() == ["DU1", "DU2"]
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10, account="DU2"))
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 5, account="DU1"))
            await settle(ib)
            held = {position.account: position.position for position in ib.positions()}
            assert held == {"DU2": 10, "DU1": 5}
            summary = await aio(ib.accountSummaryAsync)("DU2")
            values = {value.tag: value.value for value in summary if value.currency == "USD"}
            assert values["GrossPositionValue"] == "999.95"  # at the middle
            fills = await aio(ib.reqExecutionsAsync)(ibi.ExecutionFilter(acctCode="DU1"))
            assert [fill.execution.shares for fill in fills] == [5]

    caplog.set_level(logging.WARNING, logger="ib_insync")
    with_paper(scenario, accounts=TWO)
    assert [record.getMessage() for record in caplog.records] == []


def test_an_unknown_account_is_refused_by_every_request(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            errors: list[int] = []
            ib.errorEvent += lambda req_id, code, text, contract: errors.append(code)
            ib.client.reqAccountUpdates(True, "NOBODY")
            ib.client.reqAccountUpdatesMulti(9001, "NOBODY", "", False)
            ib.client.reqPositionsMulti(9002, "NOBODY", "")
            ib.client.reqPnL(9003, "NOBODY", "")
            ib.client.reqPnLSingle(9004, "NOBODY", "", 265598)
            ib.client.reqPnLSingle(9005, "DU1234567", "", 1)
            ib.client.reqAccountSummary(9006, "All", "")
            await settle(ib)
            assert [code for code in errors if not 2100 <= code < 2200] == [321, 321, 321, 321, 321, 200, 321]

    with_paper(scenario)


def test_account_values_come_again_after_three_minutes_or_a_changed_position(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 100))
            await trio.sleep(1)
            values: list[Any] = []
            rows: list[Any] = []
            ib.accountValueEvent += values.append
            ib.updatePortfolioEvent += rows.append
            paper.tick("AAPL", bid=109.99, ask=110.0, last=110.0)
            await trio.sleep(170)
            assert values == rows == []
            await trio.sleep(15)
            assert {value.tag: value.value for value in values if value.currency == "USD"}["UnrealizedPnL"] == "999.00"
            assert [(row.marketPrice, row.unrealizedPNL) for row in rows] == [(110.0, 999.0)]
            rows.clear()
            ib.placeOrder(AAPL, ibi.MarketOrder("SELL", 100))
            await trio.sleep(1)
            assert [(row.position, row.realizedPNL) for row in rows] == [(0.0, 997.0)]

    in_memory(scenario)


def test_profit_is_told_at_most_once_a_second(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 100))
            ib.reqPnL("DU1234567")
            await settle(ib)
            told: list[float] = []
            ib.pnlEvent += lambda pnl: told.append(pnl.unrealizedPnL)
            for step in range(100):
                paper.tick("AAPL", bid=100.0 + step, ask=100.01 + step, last=100.0 + step)
                await trio.sleep(0.1)
            assert 9 <= len(told) <= 11
            assert told == sorted(told)

    in_memory(scenario)
