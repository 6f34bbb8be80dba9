"""The kill switch, pulled a second time: what is held since is closed like what was held before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from messages.order import Side
from messages.risk import DescribePortfolio, FlattenAll, TradingState


def test_flatten_closes_what_was_bought_by_hand_after_the_first_one(plant: Callable[..., None]) -> None:
    async def body(it: Any) -> None:
        await it.open()
        await it.ask("portfolio", FlattenAll("first"))
        await it.settle(5.0)
        assert it.held() == 0
        assert (await it.ask("portfolio", DescribePortfolio())).state is TradingState.LATCHED
        it.by_hand(Side.BUY, 50, "100.00")
        await it.settle(90.0)
        assert it.held() == 50, "what others hold is not touched without a word"
        await it.trade_at(100.0)
        await it.ask("portfolio", FlattenAll("second"))
        await it.settle(10.0)
        assert it.held() == 0
        assert (await it.ask("portfolio", DescribePortfolio())).state is TradingState.LATCHED

    plant(body)


def test_flatten_in_the_first_moment_of_a_portfolio_closes_what_nobody_has_told_it_of_yet(
    plant: Callable[..., None],
) -> None:
    async def body(it: Any) -> None:
        it.by_hand(Side.BUY, 50, "100.00")
        await it.settle(90.0)
        it.process.system.address("portfolio").tell(object())  # it crashes, and this waits for its next incarnation
        await it.ask("portfolio", FlattenAll("at once"))
        await it.trade_at(100.0)
        await it.settle(20.0)
        assert it.held() == 0
        assert (await it.ask("portfolio", DescribePortfolio())).state is TradingState.LATCHED

    plant(body)
