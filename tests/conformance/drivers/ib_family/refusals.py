"""Refusals.
What TWS will not do is told by error (4) with the id of the request or the order, or -1. From version 166 on the
message has one field more, for a reject's details. A refused change leaves the order as it was; a refused order has
used up its id.
"""

from typing import Any

from channel import check
from ib_family.contracts import AAPL, GME, NOSUCH
from ib_family.library import ib, ibi, settle, unasked
from ib_family.scene import hearing, tick

errors = hearing("error")


def codes(order_id: int) -> list[int]:
    """Return the codes told about an id so far, and take the library's complaints about them."""
    settle()
    unasked()
    return [code for req_id, code, *_ in errors if req_id == order_id]


def placed(order: Any, contract: Any = AAPL, order_id: int = 0) -> int:
    """Send an order past the library's own checks, and return its id."""
    order_id = order_id or ib.client.getReqId()
    ib.client.placeOrder(order_id, contract, order)
    return order_id


@check
def an_order_beyond_the_funds_is_201() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    trade = ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 1_000_000))
    assert codes(trade.order.orderId) == [201]
    assert trade.orderStatus.status == "Cancelled"
    assert "INITIAL MARGIN" in trade.log[-1].message


@check
def a_price_off_the_tick_is_110() -> None:
    assert codes(placed(ibi.LimitOrder("BUY", 10, 99.123))) == [110]


@check
def a_change_off_the_tick_leaves_the_order_as_it_was() -> None:
    order_id = placed(ibi.LimitOrder("BUY", 10, 95.0))
    placed(ibi.LimitOrder("BUY", 10, 95.005), AAPL, order_id)
    assert codes(order_id) == [110]
    (trade,) = ib.reqOpenOrders()
    assert (trade.order.orderId, trade.order.lmtPrice) == (order_id, 95.0)
    placed(ibi.LimitOrder("SELL", 10, 120.0), AAPL, order_id)
    assert codes(order_id) == [110, 105]
    ib.client.cancelOrder(order_id, "")
    assert codes(order_id) == [110, 105, 202]
    ib.client.cancelOrder(order_id, "")
    assert codes(order_id) == [110, 105, 202, 10148]
    placed(ibi.LimitOrder("BUY", 10, 95.0), AAPL, order_id)
    assert codes(order_id) == [110, 105, 202, 10148, 103]


@check
def ids_that_were_used_or_passed_by_are_103() -> None:
    order_id = placed(ibi.LimitOrder("BUY", 10, 99.123))
    placed(ibi.LimitOrder("BUY", 10, 95.0), AAPL, order_id)
    placed(ibi.LimitOrder("BUY", 10, 95.0), AAPL, 1)
    assert codes(order_id) == [110, 103]
    assert codes(1) == [103]


@check
def a_change_of_a_filled_order_is_104() -> None:
    order_id = placed(ibi.MarketOrder("BUY", 10))
    placed(ibi.MarketOrder("BUY", 20), AAPL, order_id)
    assert codes(order_id) == [104]


@check
def orders_that_make_no_sense_are_refused() -> None:
    assert codes(placed(ibi.LimitOrder("BUY", 0, 95.0))) == [434]
    assert codes(placed(ibi.LimitOrder("BUY", 0.5, 95.0))) == [10243]
    assert codes(placed(ibi.Order(action="BUY", totalQuantity=10, orderType="MAGIC"))) == [387]
    assert codes(placed(ibi.LimitOrder("BUY", 10, 95.0, tif="NEVER"))) == [111]
    assert codes(placed(ibi.LimitOrder("BUY", 10, 95.0, parentId=99_999))) == [135]
    assert codes(placed(ibi.LimitOrder("BUY", 10, 95.0, account="DU0"))) == [321]
    assert codes(placed(ibi.Order(action="BUY", totalQuantity=10, orderType="STP"))) == [321]
    assert codes(placed(ibi.MarketOrder("BUY", 10), ibi.Stock("AAPL", "", "USD"))) == [321]
    assert codes(placed(ibi.MarketOrder("BUY", 10), NOSUCH)) == [200]


@check
def numbers_that_java_cannot_read_are_320() -> None:
    assert codes(placed(ibi.LimitOrder("BUY", 10, float("nan")))) == [320]
    ib.client.cancelOrder(2**31, "")
    assert codes(-1)[-1] == 320


@check
def cancelling_what_is_not_there_is_10147() -> None:
    ib.client.cancelOrder(99_999, "")
    assert codes(99_999) == [10147]


@check
def a_short_sale_that_must_be_located_is_404_and_waits() -> None:
    tick("GME", bid=28.0, ask=28.1, last=28.05, size=1000)
    order_id = placed(ibi.LimitOrder("SELL", 10, 28.0), GME)
    assert codes(order_id) == [404]
    (trade,) = ib.reqOpenOrders()
    assert (trade.orderStatus.status, trade.orderStatus.whyHeld) == ("PreSubmitted", "locate")
    ib.client.cancelOrder(order_id, "")
    assert codes(order_id) == [404, 202]


@check
def a_refused_what_if_is_an_error_and_uses_no_id() -> None:
    order_id = placed(ibi.LimitOrder("BUY", 10, 99.123, whatIf=True))
    assert codes(order_id) == [110]
    placed(ibi.LimitOrder("BUY", 10, 90.0), AAPL, order_id)
    settle()
    ib.client.cancelOrder(order_id, "")
    assert codes(order_id) == [110, 202]


@check
def a_request_that_is_not_served_is_321_and_an_unknown_one_320() -> None:
    req_id = ib.client.getReqId()
    ib.client.reqMktDepth(req_id, AAPL, 5, False, [])
    assert codes(req_id) == [321]
    before = len(codes(-1))
    ib.client.send(999, 1)
    assert codes(-1)[before:] == [320]


@check
def duplicate_and_unknown_subscriptions_are_322_and_300() -> None:
    req_id = ib.client.getReqId()
    for _ in range(2):
        ib.client.reqMktData(req_id, AAPL, "", False, False, [])
    ib.client.cancelMktData(req_id)
    ib.client.cancelMktData(req_id)
    assert codes(req_id) == [322, 300]
    ib.client.cancelHistoricalData(req_id)
    assert codes(req_id) == [322, 300, 366]
