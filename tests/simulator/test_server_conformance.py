"""What ib_insync's own `IB()`, with its own state machine, makes of the paper TWS over TCP."""

from __future__ import annotations

import logging
from typing import Any
from zoneinfo import ZoneInfo

import ib_insync as ibi
import pytest
import trio
from trio_asyncio import aio_as_trio as aio

AAPL = ibi.Stock("AAPL", "SMART", "USD")


def test_connecting_synchronises_everything_without_a_warning(with_paper: Any, caplog: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            assert ib.client.serverVersion() == 176
            assert ib.managedAccounts() == ["DU1234567"]
            values = {(value.tag, value.currency): value.value for value in ib.accountValues()}
            assert values["NetLiquidation", "USD"] == "1000000.00"
            assert ib.positions() == ib.trades() == ib.fills() == []

    caplog.set_level(logging.WARNING, logger="ib_insync")
    with_paper(scenario)
    assert [record.getMessage() for record in caplog.records] == []


def test_contracts_are_qualified_and_described(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            wanted = [AAPL, ibi.Stock("700", "SEHK", "HKD"), ibi.Forex("EURUSD"), ibi.Future("ES", "202812", "CME")]
            qualified = await aio(ib.qualifyContractsAsync)(*wanted)
            assert [contract.conId for contract in qualified] == [265598, 152791428, 12087792, 700000015]
            (details,) = await aio(ib.reqContractDetailsAsync)(AAPL)
            assert (details.longName, details.minTick, details.contract.primaryExchange) == (
                "APPLE INC",
                0.01,
                "NASDAQ",
            )
            (rule,) = {int(rule_id) for rule_id in details.marketRuleIds.split(",")}
            (band,) = await aio(ib.reqMarketRuleAsync)(rule)
            assert (band.lowEdge, band.increment) == (0.0, 0.01)
            assert await aio(ib.reqContractDetailsAsync)(ibi.Stock("NOSUCH", "SMART", "USD")) == []
            samples = await aio(ib.reqMatchingSymbolsAsync)("AAP")
            assert samples[0].contract.symbol == "AAPL"
            assert samples[0].derivativeSecTypes == ["OPT"]
            chains = await aio(ib.reqSecDefOptParamsAsync)("AAPL", "", "STK", 265598)
            assert chains[0].strikes == [220.0, 230.0, 240.0]

    with_paper(scenario)


def test_an_order_is_filled_charged_and_shown_in_position_and_portfolio(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            reported: list[Any] = []
            trade = ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 100, orderRef="first"))
            trade.commissionReportEvent += lambda trade, fill, report: reported.append(report)
            await settle(ib)
            assert trade.orderStatus.status == "Filled"
            (fill,) = trade.fills
            assert (fill.execution.shares, fill.execution.price, fill.execution.orderRef) == (100, 100.0, "first")
            assert fill.execution.permId == trade.order.permId == 1500000001
            assert [report.commission for report in reported] == [1.0]
            (position,) = ib.positions()
            assert (position.contract.symbol, position.position, position.avgCost) == ("AAPL", 100, 100.01)
            await aio(ib.updatePortfolioEvent)
            (item,) = ib.portfolio()
            assert (item.position, item.averageCost) == (100, 100.01)

    with_paper(scenario)


def test_a_resting_order_is_changed_then_cancelled(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            order = ibi.LimitOrder("BUY", 100, 95.0, tif="GTC")
            trade = ib.placeOrder(AAPL, order)
            await settle(ib)
            assert trade.orderStatus.status == "Submitted"
            order.lmtPrice, order.totalQuantity = 96.0, 150
            ib.placeOrder(AAPL, order)
            await settle(ib)
            (held,) = paper.venue.orders.values()
            assert (str(held.limit), held.quantity, held.tif) == ("96.0", 150, "GTC")
            assert [one.order.permId for one in await aio(ib.reqOpenOrdersAsync)()] == [held.perm_id]
            ib.cancelOrder(order)
            await settle(ib)
            assert trade.orderStatus.status == "Cancelled"
            assert await aio(ib.reqOpenOrdersAsync)() == []
            (completed,) = await aio(ib.reqCompletedOrdersAsync)(False)
            assert (completed.order.permId, completed.orderStatus.status) == (held.perm_id, "Cancelled")

    with_paper(scenario)


def test_a_bracket_fills_its_entry_then_one_exit_and_cancels_the_other(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            bracket = ib.bracketOrder("BUY", 100, 100.0, 108.0, 97.0)
            entry, target, stop = (ib.placeOrder(AAPL, order) for order in bracket)
            await settle(ib)
            assert entry.orderStatus.status == "Filled"
            assert target.orderStatus.status == "Submitted"
            assert stop.orderStatus.status == "PreSubmitted"
            assert {trade.orderStatus.parentId for trade in (target, stop)} == {entry.order.orderId}
            paper.tick("AAPL", bid=96.9, ask=97.0, last=96.95)
            await settle(ib)
            assert [trade.orderStatus.status for trade in (target, stop)] == ["Cancelled", "Filled"]
            assert ib.positions() == []

    with_paper(scenario)


def test_a_what_if_order_tells_margin_and_commission_and_trades_nothing(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            state = await aio(ib.whatIfOrderAsync)(AAPL, ibi.MarketOrder("BUY", 100))
            assert float(state.initMarginAfter) > float(state.initMarginBefore)
            assert state.commission == 1.0
            assert not paper.venue.orders

    with_paper(scenario)


def test_ticks_snapshots_and_every_tick_by_tick_kind_arrive(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            await aio(ib.qualifyContractsAsync)(AAPL)
            ticker = ib.reqMktData(AAPL, "233,236")
            seen: list[str] = []  # a Ticker keeps its ticks for one read only
            ib.pendingTickersEvent += lambda some: seen.extend(
                type(tick).__name__ for one in some for tick in one.tickByTicks
            )
            for kind in ("Last", "BidAsk", "MidPoint"):
                ib.reqTickByTickData(AAPL, kind)
            await settle(ib)
            paper.tick("AAPL", bid=99.98, ask=100.0, last=99.99, size=300)
            await settle(ib)
            assert (ticker.bid, ticker.ask, ticker.last, ticker.lastSize) == (99.98, 100.0, 99.99, 300)
            assert (ticker.rtTradeVolume, ticker.shortableShares) != (0, 0)
            assert sorted(seen) == ["TickByTickAllLast", "TickByTickBidAsk", "TickByTickMidPoint"]
            (snapshot,) = await aio(ib.reqTickersAsync)(AAPL)
            assert (snapshot.bid, snapshot.ask) == (99.98, 100.0)
            ib.cancelMktData(AAPL)
            for kind in ("Last", "BidAsk", "MidPoint"):
                ib.cancelTickByTickData(AAPL, kind)
            await settle(ib)
            paper.tick("AAPL", bid=50.0)
            await settle(ib)
            assert ticker.bid == 99.98

    with_paper(scenario)


def test_bars_past_and_present_arrive(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.98, ask=100.0)
            for price in (100.0, 101.0, 99.0, 100.5):
                paper.tick("AAPL", last=price, size=10)
            bars = await aio(ib.reqHistoricalDataAsync)(AAPL, "", "1 D", "1 day", "TRADES", False)
            assert [(bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars] == [(100, 101, 99, 100.5, 40)]
            live = await aio(ib.reqHistoricalDataAsync)(AAPL, "", "1 D", "1 day", "TRADES", False, keepUpToDate=True)
            paper.tick("AAPL", last=102.0, size=10)
            bars_, has_new = await aio(live.updateEvent)
            assert (bars_[-1].high, bars_[-1].volume, has_new) == (102.0, 50, False)
            today = paper.venue.now().astimezone(ZoneInfo("US/Eastern")).date()
            assert bars[0].date == today
            head = await aio(ib.reqHeadTimeStampAsync)(AAPL, "TRADES", False, 2)
            assert abs((paper.venue.now() - head).total_seconds()) < 120

    with_paper(scenario)


def test_a_combination_rests_with_its_legs_until_it_is_cancelled(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        legs = [ibi.ComboLeg(265598, 1, "BUY", "SMART"), ibi.ComboLeg(272093, 2, "SELL", "SMART")]
        combination = ibi.Bag(symbol="AAPL", exchange="SMART", currency="USD", comboLegs=legs)
        async with paper.client() as ib:
            trade = ib.placeOrder(combination, ibi.LimitOrder("BUY", 1, -1.25))
            await settle(ib)
            assert trade.orderStatus.status == "Submitted"
            (seen,) = await aio(ib.reqAllOpenOrdersAsync)()
            assert seen.order.lmtPrice == -1.25
            ib.cancelOrder(trade.order)
            await settle(ib)
            assert trade.orderStatus.status == "Cancelled"

    with_paper(scenario)


def test_five_second_bars_come_by_the_clock(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            bars = ib.reqRealTimeBars(AAPL, 5, "TRADES", False)
            middles = ib.reqRealTimeBars(AAPL, 5, "MIDPOINT", False)
            await settle(ib)
            for price in (100.0, 102.0, 101.0):
                paper.tick("AAPL", bid=price - 1, ask=price + 1, last=price, size=5)
                await trio.sleep(6)
            assert [(bar.open_, bar.close, bar.volume, bar.count) for bar in bars] == [
                (100, 100, 5, 1),
                (102, 102, 5, 1),
                (101, 101, 5, 1),
            ]
            assert [(bar.time - bars[0].time).total_seconds() for bar in bars] == [0, 5, 10]
            assert [(bar.close, bar.volume) for bar in middles] == [(100, -1), (102, -1), (101, -1)]

    in_memory(scenario)


def test_profit_streams_move_with_the_market(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 100))
            await settle(ib)
            account = ib.reqPnL("DU1234567")
            single = ib.reqPnLSingle("DU1234567", "", 265598)
            await settle(ib)
            paper.tick("AAPL", bid=109.99, ask=110.0, last=110.0)
            await aio(ib.pnlSingleEvent)
            assert (single.position, single.value) == (100, 11000)
            assert single.unrealizedPnL == pytest.approx(999, abs=2)
            assert account.unrealizedPnL == pytest.approx(single.unrealizedPnL, abs=0.01)

    with_paper(scenario)


def test_every_served_order_type_is_accepted(with_paper: Any, settle: Any) -> None:
    orders = [
        ibi.StopOrder("SELL", 10, 90.0),
        ibi.StopLimitOrder("SELL", 10, 89.5, 90.0),
        ibi.Order(action="SELL", totalQuantity=10, orderType="TRAIL", auxPrice=2.0),
        ibi.Order(action="SELL", totalQuantity=10, orderType="TRAIL", trailingPercent=3.0),
        ibi.Order(
            action="SELL",
            totalQuantity=10,
            orderType="TRAIL LIMIT",
            auxPrice=2.0,
            lmtPriceOffset=0.1,
            trailStopPrice=97.0,
        ),
        ibi.Order(action="BUY", totalQuantity=10, orderType="MIT", auxPrice=90.0),
        ibi.Order(action="BUY", totalQuantity=10, orderType="LIT", auxPrice=90.0, lmtPrice=90.5),
        ibi.Order(action="BUY", totalQuantity=10, orderType="MOC"),
        ibi.Order(action="BUY", totalQuantity=10, orderType="LOC", lmtPrice=90.0),
        ibi.LimitOrder("BUY", 10, 90.0, tif="GTC", outsideRth=True),
        ibi.LimitOrder("BUY", 10, 90.0, tif="GTD", goodTillDate="20991231 10:00:00 UTC"),
    ]

    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0, last=100.0)
            trades = [ib.placeOrder(AAPL, order) for order in orders]
            await settle(ib)
            assert {trade.orderStatus.status for trade in trades} <= {"Submitted", "PreSubmitted"}
            assert len(await aio(ib.reqOpenOrdersAsync)()) == len(orders)
            ib.reqGlobalCancel()
            await settle(ib)
            assert {trade.orderStatus.status for trade in trades} == {"Cancelled"}

    with_paper(scenario)
