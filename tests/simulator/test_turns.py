"""The paper TWS takes a turn when there is something to do by the clock, and rests meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import ib_insync as ibi
import trio

AAPL = ibi.Stock("AAPL", "SMART", "USD")


class Turns(trio.abc.Instrument):
    """Counts how often the paper TWS's clock goes on."""

    def __init__(self) -> None:
        self.count = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.count += "_keep_time" in task.name


def test_while_nothing_happens_it_rests(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ib.client.reqPnL(9001, "DU1234567", "")
            await trio.sleep(5)
            turns = Turns()
            trio.lowlevel.add_instrument(turns)
            await trio.sleep(600)
            # once in thirty seconds, and every three minutes for the values of the account
            assert turns.count <= 600 / 30 + 5

    in_memory(scenario)


def test_ticks_one_after_the_other_cause_four_turns_a_second_at_most(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        turns = Turns()
        trio.lowlevel.add_instrument(turns)
        for number in range(100):
            paper.tick("AAPL", bid=100.0 + number / 100, ask=100.02 + number / 100)
            await trio.sleep(0.01)
        assert 3 <= turns.count <= 6

    in_memory(scenario)


def test_profit_is_told_within_a_second_of_the_tick_after_a_long_rest(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
            profit = ib.reqPnL("DU1234567")
            await trio.sleep(300)
            before = profit.unrealizedPnL
            paper.tick("AAPL", bid=109.99, ask=110.0)
            await trio.sleep(1.1)
            assert round(profit.unrealizedPnL - before) == 100

    in_memory(scenario)


def test_what_begins_after_a_long_rest_is_in_time(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            await trio.sleep(101)
            ib.reqMktData(AAPL, "", snapshot=True)
            ended: list[float] = []
            ib.wrapper.tickSnapshotEnd = lambda req_id: ended.append(trio.current_time())
            asked = trio.current_time()
            await trio.sleep(12)
            assert ended
            assert 11 <= ended[0] - asked < 11.5  # nothing was known of the market

    in_memory(scenario)


def test_an_order_ends_in_time_though_nothing_ticks(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            await trio.sleep(7)
            till = (paper.broker.environment.now() + timedelta(seconds=600)).strftime("%Y%m%d-%H:%M:%S")
            trade = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 90.0, tif="GTD", goodTillDate=till))
            await trio.sleep(598.9)
            assert trade.orderStatus.status == "Submitted"
            await trio.sleep(1.4)
            assert trade.orderStatus.status == "Cancelled"

    in_memory(scenario)
