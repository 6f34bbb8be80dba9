"""Refusals.
What TWS will not do is told by error (4) with the id of the request or the order, or -1. At version 157 the message
has exactly five fields: ibapi loses it with more. A refused change leaves the order as it was; a refused order has
used up its id.
"""

from channel import check
from ibapi.comm import make_field
from ibapi_driver.client import app
from ibapi_driver.scene import AAPL, GME, NOSUCH, cancelled, codes, contract, order, placed, status, tick


@check
def an_order_beyond_the_funds_is_201() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    order_id = placed(order("BUY", 1_000_000, "MKT"))
    assert "INITIAL MARGIN" in app.wait("error", reqId=order_id).errorString
    assert codes(order_id) == [201]
    assert app.every("orderStatus", orderId=order_id) == []


@check
def a_change_off_the_tick_leaves_the_order_as_it_was() -> None:
    order_id = placed(order("BUY", 10, "LMT", lmtPrice=95.0))
    placed(order("BUY", 10, "LMT", lmtPrice=95.005), AAPL, order_id)
    placed(order("SELL", 10, "LMT", lmtPrice=120.0), AAPL, order_id)
    assert codes(order_id) == [110, 105]
    since = app.mark()
    app.reqOpenOrders()
    app.wait("openOrderEnd", since)
    assert [one.order.lmtPrice for one in app.every("openOrder", since)] == [95.0]
    cancelled(order_id)
    app.cancelOrder(order_id)
    placed(order("BUY", 10, "LMT", lmtPrice=95.0), AAPL, order_id)
    assert codes(order_id) == [10148, 103]


@check
def ids_that_were_used_or_passed_by_are_103() -> None:
    order_id = placed(order("BUY", 10, "LMT", lmtPrice=99.123))
    placed(order("BUY", 10, "LMT", lmtPrice=95.0), AAPL, order_id)
    placed(order("BUY", 10, "LMT", lmtPrice=95.0), AAPL, 1)
    assert codes(order_id) == [110, 103]
    assert codes(1) == [103]


@check
def a_change_of_a_filled_order_is_104() -> None:
    order_id = placed(order("BUY", 10, "MKT"))
    placed(order("BUY", 20, "MKT"), AAPL, order_id)
    assert codes(order_id) == [104]


@check
def orders_that_make_no_sense_are_refused() -> None:
    limit = {"lmtPrice": 95.0}
    assert codes(placed(order("BUY", 0, "LMT", **limit))) == [434]
    assert codes(placed(order("BUY", 0.5, "LMT", **limit))) == [10243]
    assert codes(placed(order("BUY", 10, "MAGIC"))) == [387]
    assert codes(placed(order("BUY", 10, "LMT", tif="NEVER", **limit))) == [111]
    assert codes(placed(order("BUY", 10, "LMT", parentId=99_999, **limit))) == [135]
    assert codes(placed(order("BUY", 10, "LMT", account="DU0", **limit))) == [321]
    assert codes(placed(order("BUY", 10, "STP"))) == [321]
    assert codes(placed(order("BUY", 10, "MKT"), contract("AAPL", exchange=""))) == [321]
    assert codes(placed(order("BUY", 10, "MKT"), NOSUCH)) == [200]


@check
def numbers_that_java_cannot_read_are_320() -> None:
    assert codes(placed(order("BUY", 10, "LMT", lmtPrice=float("nan")))) == [320]
    since = app.mark()
    app.cancelOrder(2**31)
    assert codes(-1, since) == [320]


@check
def cancelling_what_is_not_there_is_10147() -> None:
    app.cancelOrder(99_999)
    assert codes(99_999) == [10147]


@check
def a_short_sale_that_must_be_located_is_404_and_waits() -> None:
    tick("GME", bid=28.0, ask=28.1, last=28.05, size=1000)
    order_id = placed(order("SELL", 10, "LMT", lmtPrice=28.0), GME)
    assert codes(order_id) == [404]
    assert (status(order_id).status, status(order_id).whyHeld) == ("PreSubmitted", "locate")
    cancelled(order_id)


@check
def a_refused_what_if_is_an_error_and_uses_no_id() -> None:
    order_id = placed(order("BUY", 10, "LMT", lmtPrice=99.123, whatIf=True))
    assert codes(order_id) == [110]
    placed(order("BUY", 10, "LMT", lmtPrice=90.0), AAPL, order_id)
    cancelled(order_id)


@check
def a_request_that_is_not_served_is_321_and_an_unknown_one_320() -> None:
    req_id = app.new_id()
    app.reqMktDepth(req_id, AAPL, 5, False, [])
    assert codes(req_id) == [321]
    since = app.mark()
    app.sendMsg(make_field(999) + make_field(1))
    assert codes(-1, since) == [320]


@check
def duplicate_subscriptions_are_322() -> None:
    req_id = app.new_id()
    for _ in range(2):
        app.reqMktData(req_id, AAPL, "", False, False, [])
    app.cancelMktData(req_id)
    assert codes(req_id) == [322]
