"""Trouble and reconnecting.
A link that breaks takes no order with it: the client finds its orders, executions and positions again. While TWS has
lost its own servers (1100) no ticks come; 1102 says that they go on, 1101 that subscriptions must be made again.
More messages in a second than allowed are error 100, and in the end the link's end.
"""

from channel import check
from ibapi.execution import ExecutionFilter
from ibapi_driver.client import Client, app
from ibapi_driver.scene import (
    AAPL,
    cancelled,
    clock,
    codes,
    connected,
    cut_off,
    fault,
    order,
    pace,
    placed,
    status,
    tick,
)


@check
def a_broken_link_is_noticed_and_everything_is_found_again() -> None:
    position = app.every("position")[-1].position
    cut_off(7)
    app.wait("connectionClosed")
    app.joined()
    app.disconnect()  # ibapi forgets its connection only then
    connected()
    since = app.mark()
    app.start(7)
    next_id = app.wait("nextValidId", since).orderId
    connected(7)
    app.reqPositions()
    app.reqOpenOrders()
    app.reqExecutions(next_id, ExecutionFilter())
    app.wait("execDetailsEnd", since)
    assert app.every("position", since)[-1].position == position
    (found,) = app.every("openOrder", since)
    assert (found.order.orderRef, found.orderState.status) == ("of seven", "Submitted")
    assert next_id > max(one.orderId for one in app.every("openOrder"))
    assert len(app.every("execDetails", since)) > 10


@check
def an_order_found_again_can_be_changed_and_cancelled() -> None:
    order_id = app.every("openOrder")[-1].orderId
    placed(order("BUY", 10, "LMT", lmtPrice=91.0), AAPL, order_id)
    assert app.every("openOrder", orderId=order_id)[-1].order.lmtPrice == 91.0
    cancelled(order_id)


@check
def connectivity_of_tws_itself_is_told() -> None:
    req_id = app.new_id()
    app.reqMktData(req_id, AAPL, "", False, False, [])
    fault(7, '{ verb = "connectivity", state = "lost" }')
    since = app.mark()
    tick("AAPL", bid=95.0, ask=95.1, size=100)
    assert app.every("tickPrice", since) == []
    fault(7, '{ verb = "connectivity", state = "kept" }')
    tick("AAPL", bid=96.0, ask=96.1, size=100)
    assert [one.price for one in app.every("tickPrice", since)] == [96.0, 96.1]
    fault(7, '{ verb = "connectivity", state = "lost" }')
    fault(7, '{ verb = "connectivity", state = "dropped" }')
    since = app.mark()
    tick("AAPL", bid=97.0, ask=97.1, size=100)
    assert app.every("tickPrice", since) == []
    assert [code for code in codes(-1) if code < 2000] == [1100, 1102, 1100, 1101]
    app.cancelMktData(req_id)


@check
def too_many_messages_are_error_100_and_the_end_at_last() -> None:
    pace(10, 2)
    fast = Client()
    fast.start(9)
    fast.wait("nextValidId")
    connected(7, 9)
    for _ in range(11):
        fast.reqIds(1)
    fast.wait("error", errorCode=100)
    clock(2)
    for _ in range(10):
        fast.reqIds(1)
    since = fast.mark()
    fast.reqIds(1)
    fast.wait("error", since, errorCode=100)
    fast.wait("connectionClosed")
    fast.joined()
    pace(0, 0)
    connected(7)


@check
def the_end_of_the_day_ends_day_orders() -> None:
    bought = placed(order("BUY", 10, "MOC"))
    kept = placed(order("BUY", 10, "LMT", lmtPrice=85.0, tif="GTC"))
    ended = placed(order("BUY", 10, "LMT", lmtPrice=85.0))
    assert codes(bought) == [399]
    clock(14 * 3600)
    assert [status(one).status for one in (bought, kept, ended)] == ["Filled", "Submitted", "Cancelled"]
    assert codes(ended) == [202]
    req_id = app.new_id()
    app.reqExecutions(req_id, ExecutionFilter())
    app.wait("execDetailsEnd", reqId=req_id)
    assert [one.execution.orderId for one in app.every("execDetails", reqId=req_id)] == [bought]  # since midnight


@check
def leaving_is_noticed_and_the_reader_was_alive_to_the_end() -> None:
    app.settle()
    app.stop()
    connected()
