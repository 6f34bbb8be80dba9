"""Fills.
A fill is told as execDetails (11, with request id -1), openOrder and orderStatus, once more both with the commission,
and the commission report (59), which names the execution. Positions (61) follow. What has been filled or cancelled
is told again by reqExecutions (7) and reqCompletedOrders (99).
"""

from channel import check
from ib_family.contracts import AAPL
from ib_family.library import cancelled, ib, ibi, settle
from ib_family.scene import hearing, tick


@check
def a_market_order_is_filled_and_charged() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    reports = []
    trade = ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 100, orderRef="first"))
    trade.commissionReportEvent += lambda trade, fill, report: reports.append(report)
    settle()
    assert (trade.orderStatus.status, trade.orderStatus.avgFillPrice) == ("Filled", 100.0)
    assert (trade.orderStatus.filled, trade.orderStatus.remaining) == (100, 0)
    (fill,) = trade.fills
    execution = fill.execution
    assert (execution.shares, execution.price, execution.side, execution.orderRef) == (100, 100.0, "BOT", "first")
    assert (execution.cumQty, execution.avgPrice, execution.clientId) == (100, 100.0, 7)
    assert execution.permId == trade.order.permId
    assert execution.time.isoformat() == "2026-11-23T15:01:38+00:00"
    assert [(one.execId, one.commission, one.currency) for one in reports] == [(execution.execId, 1.0, "USD")]
    assert [entry.status for entry in trade.log if entry.status][-1] == "Filled"


@check
def the_position_is_told_at_once() -> None:
    (position,) = ib.positions()
    assert (position.contract.symbol, position.position, position.avgCost) == ("AAPL", 100, 100.01)


@check
def a_limit_order_is_filled_in_parts() -> None:
    tick("AAPL", bid=100.1, ask=100.2, size=30)
    trade = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 100, 100.2))
    settle()
    assert (trade.orderStatus.status, trade.orderStatus.filled, trade.orderStatus.remaining) == ("Submitted", 30, 70)
    tick("AAPL", bid=100.0, ask=100.1, size=50)
    assert (trade.orderStatus.filled, trade.orderStatus.lastFillPrice) == (80, 100.1)
    tick("AAPL", bid=100.0, ask=100.05, size=50)
    assert (trade.orderStatus.status, trade.orderStatus.filled) == ("Filled", 100)
    assert [fill.execution.shares for fill in trade.fills] == [30, 50, 20]
    assert [fill.execution.cumQty for fill in trade.fills] == [30, 80, 100]
    assert abs(trade.orderStatus.avgFillPrice - 100.12) < 1e-9
    assert sum(fill.commissionReport.commission for fill in trade.fills) == 1.0


@check
def a_stop_is_triggered_and_realises_a_profit() -> None:
    tick("AAPL", bid=100.0, ask=100.1, last=100.05, size=1000)
    trade = ib.placeOrder(AAPL, ibi.StopOrder("SELL", 50, 99.0))
    settle()
    assert trade.orderStatus.status == "PreSubmitted"
    tick("AAPL", bid=98.9, ask=99.0, last=98.95, size=1000)
    assert trade.orderStatus.status == "Filled"
    (fill,) = trade.fills
    assert fill.execution.side == "SLD"
    assert -60 < fill.commissionReport.realizedPNL < -59, fill.commissionReport


@check
def a_trailing_stop_follows_and_is_triggered() -> None:
    trade = ib.placeOrder(AAPL, ibi.Order(action="SELL", totalQuantity=50, orderType="TRAIL", auxPrice=1.0))
    settle()
    tick("AAPL", bid=104.9, ask=105.0, last=104.95, size=1000)
    tick("AAPL", bid=104.0, ask=104.1, last=104.05, size=1000)
    assert trade.orderStatus.status == "PreSubmitted"
    tick("AAPL", bid=103.9, ask=104.0, last=103.95, size=1000)
    assert (trade.orderStatus.status, trade.orderStatus.avgFillPrice) == ("Filled", 103.9)


@check
def an_immediate_or_cancel_order_leaves_nothing() -> None:
    tick("AAPL", bid=103.9, ask=104.0, last=103.95, size=40)
    trade = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 100, 104.0, tif="IOC"))
    settle()
    assert (trade.orderStatus.status, trade.orderStatus.filled) == ("Cancelled", 40), trade.log
    refused = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 100, 103.0, tif="FOK"))
    settle()
    assert (refused.orderStatus.status, refused.orderStatus.filled) == ("Cancelled", 0), refused.log
    cancelled()


@check
def a_what_if_order_tells_margin_and_commission() -> None:
    held = len(ib.reqOpenOrders())
    state = ib.whatIfOrder(AAPL, ibi.MarketOrder("BUY", 1000))
    assert float(state.initMarginAfter) > float(state.initMarginBefore)
    assert abs(float(state.initMarginChange) - 52_000) < 200, state.initMarginChange
    assert float(state.maintMarginChange) < float(state.initMarginChange)
    assert (state.commission, state.commissionCurrency, state.status) == (5.0, "USD", "PreSubmitted")
    assert len(ib.reqOpenOrders()) == held


@check
def executions_are_told_again_with_their_commissions() -> None:
    reports = hearing("commissionReport")
    fills = ib.reqExecutions()
    settle()
    assert [fill.execution.shares for fill in fills] == [100, 30, 50, 20, 50, 50, 40]
    assert [report[0].execId for report in reports] == [fill.execution.execId for fill in fills]
    sold = ib.reqExecutions(ibi.ExecutionFilter(clientId=7, symbol="AAPL", side="SELL"))
    assert [fill.execution.side for fill in sold] == ["SLD", "SLD"]
    assert ib.reqExecutions(ibi.ExecutionFilter(symbol="MSFT")) == []


@check
def completed_orders_have_their_quantity_apart() -> None:
    completed = ib.reqCompletedOrders(False)
    filled = [one for one in completed if one.orderStatus.status == "Filled"]
    assert [one.order.filledQuantity for one in filled] == [100, 100, 50, 50]
    first = filled[0].order
    assert (first.orderRef, first.totalQuantity, first.orderId, first.clientId) == ("first", 0, 0, 0)
    assert len([one for one in completed if one.orderStatus.status == "Cancelled"]) > 10
