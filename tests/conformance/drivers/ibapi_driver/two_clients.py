"""Two clients.
Each client hears of its own orders and fills; positions and account values go to all that asked. reqAllOpenOrders
(16) and reqExecutions (7) tell what others did; nobody but its client may change or cancel an order. Client 0 may
bind (100) orders made by hand in TWS, which it alone hears of. The master client hears of the orders and fills of
all, and may change none.
"""

from channel import check
from ibapi.execution import ExecutionFilter
from ibapi_driver.client import Client, app, other
from ibapi_driver.scene import AAPL, cancelled, connected, fault, master, order, placed, status, tick


@check
def a_second_client_with_the_same_id_is_refused() -> None:
    third = Client()
    third.start(7)
    assert third.wait("error").errorCode == 326
    third.wait("connectionClosed")
    third.joined()
    connected(7)


@check
def a_second_client_connects_and_sees_the_positions() -> None:
    other.start(8)
    other.wait("nextValidId")
    connected(7, 8)
    other.reqPositions()
    other.wait("positionEnd")
    assert [one.position for one in other.every("position")] == [app.every("position")[-1].position]


@check
def each_hears_of_its_own_orders_alone() -> None:
    order_id = placed(order("BUY", 10, "LMT", lmtPrice=90.0, orderRef="of seven"))
    other.settle()
    assert other.every("openOrder") == other.every("orderStatus") == []
    other.reqOpenOrders()
    other.wait("openOrderEnd")
    assert other.every("openOrder") == []
    since = other.mark()
    other.reqAllOpenOrders()
    other.wait("openOrderEnd", since)
    (seen,) = other.every("openOrder")
    assert (seen.order.orderRef, seen.order.clientId) == ("of seven", 7)
    assert seen.order.permId == status(order_id).permId


@check
def nobody_else_may_cancel_an_order() -> None:
    order_id = app.every("orderStatus")[-1].orderId
    other.cancelOrder(order_id)
    assert other.error_code(order_id, 0) == 10147
    assert status(order_id).status == "Submitted"


@check
def next_ids_are_above_those_of_all_clients() -> None:
    since = other.mark()
    other.reqIds(1)
    assert other.wait("nextValidId", since).orderId == app.every("orderStatus")[-1].orderId + 1


@check
def a_position_changed_by_one_is_told_to_both() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    before, since = app.every("position")[-1].position, app.mark()
    other.count_on(other.every("nextValidId")[-1].orderId)
    order_id = placed(order("SELL", 10, "MKT"), AAPL, client=other)
    assert status(order_id, other).status == "Filled"
    app.settle()
    assert app.every("position")[-1].position == other.every("position")[-1].position == before - 10
    assert app.every("execDetails", since) == []
    req_id = app.new_id()
    app.reqExecutions(req_id, ExecutionFilter())
    app.wait("execDetailsEnd", reqId=req_id)
    assert app.every("execDetails", reqId=req_id)[-1].execution.clientId == 8


@check
def orders_by_hand_are_bound_by_client_0() -> None:
    fault(7, '{ verb = "manual_order", symbol = "AAPL", side = "BUY", quantity = 5, limit = 80.0 }')
    since = app.mark()
    app.reqAllOpenOrders()
    app.wait("openOrderEnd", since)
    (by_hand,) = [one for one in app.every("openOrder", since) if one.order.clientId == 0]
    assert by_hand.orderId == 0
    zero = Client()
    zero.start(0)
    zero.wait("nextValidId")
    connected(0, 7, 8)
    zero.reqAutoOpenOrders(True)
    zero.reqOpenOrders()
    zero.wait("openOrderEnd")
    bound = zero.wait("orderBound")
    (seen,) = zero.every("openOrder")
    assert seen.order.permId == bound.reqId == by_hand.order.permId
    assert seen.orderId == bound.apiOrderId < 0
    zero.cancelOrder(bound.apiOrderId)
    zero.wait("orderStatus", orderId=bound.apiOrderId, status="Cancelled")
    zero.settle()
    zero.stop()
    connected(7, 8)


@check
def the_master_hears_of_all_and_may_touch_nothing() -> None:
    master(9)
    watcher = Client()
    watcher.start(9)
    watcher.wait("nextValidId")
    connected(7, 8, 9)
    order_id = placed(order("BUY", 10, "LMT", lmtPrice=90.0))
    watcher.settle()
    assert {(one.orderId, one.clientId) for one in watcher.every("orderStatus")} == {(order_id, 7)}
    watcher.cancelOrder(order_id)
    assert watcher.error_code(order_id, 0) == 10147
    cancelled(order_id)
    placed(order("BUY", 1, "MKT"), AAPL, client=other)
    placed(order("SELL", 1, "MKT"), AAPL, client=other)
    watcher.settle()
    assert [one.execution.clientId for one in watcher.every("execDetails")] == [8, 8]
    watcher.stop()
    connected(7, 8)


@check
def a_client_that_leaves_takes_nothing_with_it() -> None:
    order_id = placed(order("BUY", 10, "LMT", lmtPrice=89.0, tif="GTC", orderRef="of eight"), AAPL, client=other)
    assert status(order_id, other).status == "Submitted"
    other.stop()
    connected(7)
    since = app.mark()
    app.reqAllOpenOrders()
    app.wait("openOrderEnd", since)
    assert {one.order.orderRef for one in app.every("openOrder", since)} == {"of seven", "of eight"}
