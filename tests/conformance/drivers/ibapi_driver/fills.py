"""Fills.
A fill is told as execDetails (11, with request id -1), openOrder and orderStatus, once more both with the commission,
and the commission report (59), which names the execution. Positions (61) follow. What has been filled or cancelled
is told again by reqExecutions (7) and reqCompletedOrders (99).
"""

from typing import Any

from channel import check
from ibapi.execution import ExecutionFilter
from ibapi_driver.client import app
from ibapi_driver.scene import AAPL, codes, order, placed, status, tick

UNSET = 1.7976931348623157e308


def executions(order_id: int, since: int = 0) -> list[Any]:
    """Return the executions of an order told unasked."""
    return [one.execution for one in app.every("execDetails", since, reqId=-1) if one.execution.orderId == order_id]


@check
def a_market_order_is_filled_and_charged() -> None:
    app.reqPositions()
    app.wait("positionEnd")
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    since = app.mark()
    order_id = placed(order("BUY", 100, "MKT", orderRef="first"))
    last = status(order_id)
    assert (last.status, last.filled, last.remaining, last.avgFillPrice) == ("Filled", 100, 0, 100.0)
    (execution,) = executions(order_id)
    assert (execution.shares, execution.price, execution.side, execution.orderRef) == (100, 100.0, "BOT", "first")
    assert (execution.cumQty, execution.avgPrice, execution.clientId) == (100, 100.0, 7)
    assert execution.permId == last.permId
    assert execution.time == "20261123 10:01:32 US/Eastern"
    report = app.wait("commissionReport", since).commissionReport
    assert (report.execId, report.commission, report.currency) == (execution.execId, 1.0, "USD")
    assert report.realizedPNL == UNSET
    states = [one.orderState for one in app.every("openOrder", since, orderId=order_id)]
    assert [one.status for one in states][-1] == "Filled"
    assert (states[-1].commission, states[-1].commissionCurrency) == (1.0, "USD")


@check
def fills_are_told_in_the_order_of_a_real_tws() -> None:
    names = ("openOrder", "orderStatus", "execDetails", "commissionReport", "position")
    (order_id,) = {one.orderId for one in app.every("orderStatus") if one.status == "Filled"}
    begin = app.told.index(app.every("openOrder", orderId=order_id)[0])
    assert [one.name for one in app.told[begin:] if one.name in names] == [
        *("openOrder", "orderStatus", "execDetails", "openOrder", "orderStatus"),
        *("openOrder", "orderStatus", "commissionReport", "position"),
    ]


@check
def the_position_is_told_at_once() -> None:
    position = app.every("position")[-1]
    assert (position.contract.symbol, position.position, position.avgCost) == ("AAPL", 100, 100.01)


@check
def a_limit_order_is_filled_in_parts() -> None:
    tick("AAPL", bid=100.1, ask=100.2, size=30)
    order_id = placed(order("BUY", 100, "LMT", lmtPrice=100.2))
    last = status(order_id)
    assert (last.status, last.filled, last.remaining) == ("Submitted", 30, 70)
    tick("AAPL", bid=100.0, ask=100.1, size=50)
    assert (status(order_id).filled, status(order_id).lastFillPrice) == (80, 100.1)
    tick("AAPL", bid=100.0, ask=100.05, size=50)
    assert (status(order_id).status, status(order_id).filled) == ("Filled", 100)
    assert [one.shares for one in executions(order_id)] == [30, 50, 20]
    assert [one.cumQty for one in executions(order_id)] == [30, 80, 100]


@check
def a_stop_is_triggered_and_realises_a_profit() -> None:
    tick("AAPL", bid=100.0, ask=100.1, last=100.05, size=1000)
    since = app.mark()
    order_id = placed(order("SELL", 50, "STP", auxPrice=99.0))
    assert status(order_id).status == "PreSubmitted"
    tick("AAPL", bid=98.9, ask=99.0, last=98.95, size=1000)
    assert status(order_id).status == "Filled"
    assert [one.side for one in executions(order_id)] == ["SLD"]
    assert -60 < app.wait("commissionReport", since).commissionReport.realizedPNL < -59


@check
def a_trailing_stop_follows_and_is_triggered() -> None:
    order_id = placed(order("SELL", 50, "TRAIL", auxPrice=1.0))
    tick("AAPL", bid=104.9, ask=105.0, last=104.95, size=1000)
    tick("AAPL", bid=104.0, ask=104.1, last=104.05, size=1000)
    assert status(order_id).status == "PreSubmitted"
    tick("AAPL", bid=103.9, ask=104.0, last=103.95, size=1000)
    assert (status(order_id).status, status(order_id).avgFillPrice) == ("Filled", 103.9)


@check
def an_immediate_or_cancel_order_leaves_nothing() -> None:
    tick("AAPL", bid=103.9, ask=104.0, last=103.95, size=40)
    order_id = placed(order("BUY", 100, "LMT", lmtPrice=104.0, tif="IOC"))
    assert (status(order_id).status, status(order_id).filled) == ("Cancelled", 40)
    assert codes(order_id) == [202]


@check
def a_what_if_order_tells_margin_and_commission() -> None:
    order_id = placed(order("BUY", 1000, "MKT", whatIf=True))
    (told,) = app.every("openOrder", orderId=order_id)
    state = told.orderState
    assert abs(float(state.initMarginChange) - 52_000) < 200, state.initMarginChange
    assert float(state.maintMarginChange) < float(state.initMarginChange)
    assert (state.commission, state.commissionCurrency, state.status) == (5.0, "USD", "PreSubmitted")
    assert app.every("orderStatus", orderId=order_id) == []


@check
def executions_are_told_again_with_their_commissions() -> None:
    req_id = app.new_id()
    since = app.mark()
    app.reqExecutions(req_id, ExecutionFilter())
    app.wait("execDetailsEnd", reqId=req_id)
    told = [one.execution for one in app.every("execDetails", reqId=req_id)]
    assert [one.shares for one in told] == [100, 30, 50, 20, 50, 50, 40]
    reports = [one.commissionReport for one in app.every("commissionReport", since)]
    assert [one.execId for one in reports] == [one.execId for one in told]
    assert sum(one.commission for one in reports[1:4]) == 1.0
    wanted = ExecutionFilter()
    wanted.clientId, wanted.symbol, wanted.side = 7, "AAPL", "SELL"
    req_id = app.new_id()
    app.reqExecutions(req_id, wanted)
    app.wait("execDetailsEnd", reqId=req_id)
    assert [one.execution.side for one in app.every("execDetails", reqId=req_id)] == ["SLD", "SLD"]


@check
def completed_orders_have_their_quantity_apart() -> None:
    app.reqCompletedOrders(False)
    app.wait("completedOrdersEnd")
    told = app.every("completedOrder")
    filled = [one for one in told if one.orderState.status == "Filled"]
    assert [one.order.filledQuantity for one in filled] == [100, 100, 50, 50]
    assert (filled[0].order.orderRef, filled[0].order.totalQuantity) == ("first", 0)
    assert filled[0].orderState.completedStatus == "Filled Size: 100"
    assert filled[0].orderState.completedTime == "20261123 10:01:32 US/Eastern"
    assert len([one for one in told if one.orderState.status == "Cancelled"]) > 10


@check
def open_orders_end_with_their_marker() -> None:
    order_id = placed(order("BUY", 10, "LMT", lmtPrice=80.0), AAPL)
    since = app.mark()
    app.reqOpenOrders()
    app.wait("openOrderEnd", since)
    assert [one.orderId for one in app.every("openOrder", since)] == [order_id]
    since = app.mark()
    app.cancelOrder(order_id)
    app.reqAllOpenOrders()
    app.wait("openOrderEnd", since)
    assert app.every("openOrder", since)[-1].orderState.status == "Cancelled"
    assert codes(order_id) == [202]
