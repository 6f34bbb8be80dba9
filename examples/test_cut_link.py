"""A program that survives a cut link, tested with the paper TWS: `pytest examples/test_cut_link.py`.

The program under test is `buy_once`: it must buy exactly once, although the link breaks after the order has reached
the broker and before anything came back. The client is a stock ib_insync; the broker is the fixture `paper_tws`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from ib_insync import IB, MarketOrder, Stock

AAPL = Stock("AAPL", "SMART", "USD")


def buy_once(ib: IB, port: int, quantity: int, order_ref: str) -> None:
    """Buy, and make sure of it: after a broken link ask what became of the order before sending another."""
    for _ in range(5):
        try:
            if not ib.isConnected():
                ib.connect("127.0.0.1", port, clientId=7)
            known = {fill.execution.orderRef for fill in ib.reqExecutions()}
            known |= {trade.order.orderRef for trade in ib.reqOpenOrders()}
            if order_ref in known:
                return
            trade = ib.placeOrder(AAPL, MarketOrder("BUY", quantity, orderRef=order_ref))
            while not trade.isDone():
                ib.sleep(0.02)
        except ConnectionError:
            continue  # what became of the order is for the broker to say
    raise RuntimeError("gave up")


@pytest.fixture
def ib() -> Iterator[IB]:
    ib = IB()
    yield ib
    ib.disconnect()


def test_an_order_whose_answer_was_lost_is_not_sent_again(paper_tws, ib) -> None:
    paper_tws.tick("AAPL", bid=99.99, ask=100.01)
    # the first order is carried out, then the link is cut ten bytes into the answer
    paper_tws.faults.on("placeOrder", {"verb": "cut", "bytes": 10}, "accept", nth=1)

    buy_once(ib, paper_tws.port, 100, "entry-1")

    assert paper_tws.book.position("AAPL") == 100
    assert len(paper_tws.book.orders) == 1


def test_an_order_that_never_arrived_is_sent_again(paper_tws, ib) -> None:
    paper_tws.tick("AAPL", bid=99.99, ask=100.01)
    paper_tws.faults.on("placeOrder", "swallow", "reset", nth=1)

    buy_once(ib, paper_tws.port, 100, "entry-1")

    assert paper_tws.book.position("AAPL") == 100
    (order,) = paper_tws.book.orders
    assert order.average_price == Decimal("100.01")


@pytest.mark.paper_tws(feed="synthetic:AAPL@50", seed=3)
def test_it_buys_in_a_market_that_moves_by_itself(paper_tws, ib) -> None:
    buy_once(ib, paper_tws.port, 200, "entry-1")
    assert paper_tws.book.position("AAPL") == 200
