"""Trouble and reconnecting.
A link that breaks takes no order with it: the client finds its orders, executions and positions again. While TWS has
lost its own servers (1100) no ticks come; 1102 says that they go on, 1101 that subscriptions must be made again.
More messages in a second than allowed are error 100, and in the end the link's end.
"""

from channel import check
from ib_family.contracts import AAPL
from ib_family.library import PORT, cancelled, complained, ib, ibi, new_client, other, settle, unasked
from ib_family.scene import clock, connected, cut_off, fault, hearing, pace, tick, until


@check
def a_broken_link_is_noticed_and_everything_is_found_again() -> None:
    position, fills = ib.positions()[0].position, len(ib.reqExecutions())
    gone = []
    ib.disconnectedEvent += lambda: gone.append(True)
    cut_off(7)
    until(lambda: not ib.isConnected())
    assert gone == [True]
    unasked()
    connected()
    ib.connect("127.0.0.1", PORT, clientId=7, timeout=5)
    connected(7)
    (trade,) = ib.openTrades()
    assert (trade.order.orderRef, trade.orderStatus.status) == ("of seven", "Submitted")
    assert ib.positions()[0].position == position
    assert len(ib.fills()) == fills


@check
def an_order_found_again_can_be_changed_and_cancelled() -> None:
    (trade,) = ib.openTrades()
    trade.order.lmtPrice = 91.0
    ib.placeOrder(AAPL, trade.order)
    settle()
    assert ib.reqOpenOrders()[0].order.lmtPrice == 91.0
    ib.cancelOrder(trade.order)
    settle()
    assert trade.orderStatus.status == "Cancelled"
    cancelled()


@check
def new_ids_are_above_all_used_before() -> None:
    assert ib.client.getReqId() > max(trade.order.orderId for trade in ib.reqAllOpenOrders())


@check
def another_client_id_finds_its_own_orders() -> None:
    other.connect("127.0.0.1", PORT, clientId=8, timeout=5)
    connected(7, 8)
    (trade,) = other.reqOpenOrders()
    assert (trade.order.orderRef, trade.orderStatus.status) == ("of eight", "Submitted")
    other.disconnect()
    connected(7)


@check
def connectivity_of_tws_itself_is_told() -> None:
    notices = hearing("error")
    ticker = ib.reqMktData(AAPL)
    settle()
    fault(7, '{ verb = "connectivity", state = "lost" }')
    tick("AAPL", bid=95.0, ask=95.1, size=100)
    assert ticker.bid != 95.0
    fault(7, '{ verb = "connectivity", state = "kept" }')
    tick("AAPL", bid=96.0, ask=96.1, size=100)
    assert ticker.bid == 96.0
    fault(7, '{ verb = "connectivity", state = "lost" }')
    fault(7, '{ verb = "connectivity", state = "dropped" }')
    tick("AAPL", bid=97.0, ask=97.1, size=100)
    assert ticker.bid == 96.0
    assert [code for _, code, *_ in notices] == [1100, 1102, 1100, 1101]
    complained("1100", "1101", "1102")
    ib.cancelMktData(AAPL)
    settle()


@check
def too_many_messages_are_error_100_and_the_end_at_last() -> None:
    pace(10, 2)
    fast = new_client()
    messages = hearing("error", fast)
    fast.connect("127.0.0.1", PORT, clientId=9, timeout=5)
    connected(7, 9)
    for _ in range(10):
        fast.client.reqIds(1)
    until(lambda: any(code == 100 for _, code, *_ in messages), fast)
    clock(2)
    for _ in range(11):
        fast.client.reqIds(1)
    until(lambda: not fast.isConnected(), fast)
    complained("Error 100")
    pace(0, 0)
    connected(7)


@check
def the_end_of_the_day_ends_day_orders() -> None:
    bought = ib.placeOrder(AAPL, ibi.Order(action="BUY", totalQuantity=10, orderType="MOC"))
    kept = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 85.0, tif="GTC", orderRef="good till cancelled"))
    settle()
    assert {trade.orderStatus.status for trade in (bought, kept)} <= {"PreSubmitted", "Submitted", "ValidationError"}
    clock(14 * 3600)
    assert bought.orderStatus.status == "Filled", bought.log
    assert {trade.order.orderRef for trade in ib.reqAllOpenOrders()} == {"of eight", "good till cancelled"}
    assert [fill.execution.permId for fill in ib.reqExecutions()] == [bought.order.permId]  # those since midnight
    unasked()


@check
def leaving_is_noticed() -> None:
    ib.disconnect()
    connected()
