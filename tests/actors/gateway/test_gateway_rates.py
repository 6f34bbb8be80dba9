"""Exchange rates of currencies that the account does not hold yet."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from messages.gateway import AccountValue
from messages.market import NeedRate
from simulator.model import Ticked


def told(b: Any, currency: str) -> list[Decimal]:
    return [
        Decimal(value.value)
        for value in b.boxes["portfolio"].of(AccountValue)
        if (value.key, value.currency) == ("ExchangeRate", currency)
    ]


def pair(b: Any, symbol: str, currency: str, bid: float, ask: float) -> None:
    (definition,) = (each for each in b.broker.paper.contracts.find(symbol) if each.contract.currency == currency)
    now = b.broker.paper.environment.now()
    b.broker.paper.deliver(
        [Ticked(definition.contract, kind, price, 1_000_000, now) for kind, price in ((1, bid), (2, ask))]
    )


def test_a_pair_is_followed_whichever_way_round_it_is_listed(bench: Callable[..., None]) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        b.tell(NeedRate("HKD", "USD"))
        b.tell(NeedRate("EUR", "USD"))
        await b.settle(1.0)
        assert told(b, "HKD") == [pytest.approx(Decimal("0.128"), abs=Decimal("0.0001"))]
        assert told(b, "EUR") == [pytest.approx(Decimal("1.08"), abs=Decimal("0.0001"))]

        pair(b, "EUR", "USD", 1.1999, 1.2001)
        await b.settle(1.0)
        assert len(told(b, "EUR")) == 1, "not at each tick"
        await b.settle(60.0)
        pair(b, "EUR", "USD", 1.1999, 1.2001)
        await b.settle(1.0)
        assert told(b, "EUR")[-1] == Decimal("1.2")

    bench(scenario)


def test_it_is_asked_for_again_after_a_reconnect_and_told_again_to_who_asks_again(bench: Callable[..., None]) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        b.tell(NeedRate("HKD", "USD"))
        await b.settle(1.0)
        b.tell(NeedRate("HKD", "USD"))
        await b.settle(1.0)
        assert len(told(b, "HKD")) == 2
        b.broker.line.abort()
        await b.settle(30.0)
        assert len(told(b, "HKD")) == 3
        assert [fields[3:6] for fields in b.broker.sent(1)] == [["12345777", "", "CASH"]]  # USD.HKD

    bench(scenario)


def test_a_currency_without_a_pair_is_said_and_asked_for_again(bench: Callable[..., None]) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        b.tell(NeedRate("XAU", "USD"))
        await b.settle(70.0)
        assert not told(b, "XAU")
        assert len(b.broker.sent(9)) == 4, "both ways round, twice"

    bench(scenario)
