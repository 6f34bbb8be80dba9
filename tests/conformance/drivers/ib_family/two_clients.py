"""Two clients.
Each client hears of its own orders and fills; positions and account values go to all that asked. reqAllOpenOrders
(16) and reqExecutions (7) tell what others did; nobody but its client may change or cancel an order. Client 0 may
bind (100) orders made by hand in TWS, which it alone hears of. The master client hears of the orders and fills of
all, and may change none.
"""

from channel import check
from ib_family.contracts import AAPL
from ib_family.library import PORT, cancelled, complained, ib, ibi, new_client, other, settle, unasked
from ib_family.scene import connected, fault, hearing, master, tick


@check
def a_second_client_with_the_same_id_is_refused() -> None:
    third = new_client()
    messages = hearing("error", third)
    try:
        third.connect("127.0.0.1", PORT, clientId=7, timeout=0.5)
    except (TimeoutError, ConnectionError):
        complained("already in use")
    else:
        raise AssertionError("the second client with id 7 was let in")
    assert [code for _, code, *_ in messages] == [326]
    connected(7)


@check
def a_second_client_connects_and_sees_the_positions() -> None:
    other.connect("127.0.0.1", PORT, clientId=8, timeout=5)
    connected(7, 8)
    assert other.positions() == ib.positions()
    assert other.openTrades() == []
    assert len(other.fills()) == len(ib.reqExecutions()) > 0  # reqExecutions tells those of the account


@check
def each_hears_of_its_own_orders_alone() -> None:
    mine, theirs = hearing("openOrder"), hearing("openOrder", other)
    trade = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 90.0, orderRef="of seven"))
    settle()
    assert len(mine) == 1
    assert theirs == []
    assert other.reqOpenOrders() == []
    (seen,) = other.reqAllOpenOrders()
    assert (seen.order.orderRef, seen.order.clientId, seen.order.permId) == ("of seven", 7, trade.order.permId)


@check
def nobody_else_may_cancel_an_order() -> None:
    errors = hearing("error", other)
    order_id = ib.reqOpenOrders()[0].order.orderId
    other.client.cancelOrder(order_id, "")
    settle()
    assert [(told, code) for told, code, *_ in errors] == [(order_id, 10147)]
    unasked()
    assert len(ib.reqOpenOrders()) == 1


@check
def next_ids_are_above_those_of_all_clients() -> None:
    told = hearing("nextValidId", other)
    other.client.reqIds(1)
    settle()
    assert [order_id for (order_id,) in told] == [ib.reqOpenOrders()[0].order.orderId + 1]


@check
def a_position_changed_by_one_is_told_to_both() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    fills = hearing("execDetails")
    before = ib.positions()[0].position
    trade = other.placeOrder(AAPL, ibi.MarketOrder("SELL", 10))
    settle()
    assert trade.orderStatus.status == "Filled"
    assert ib.positions()[0].position == other.positions()[0].position == before - 10
    assert fills == []


@check
def orders_by_hand_are_bound_by_client_0() -> None:
    fault(7, '{ verb = "manual_order", symbol = "AAPL", side = "BUY", quantity = 5, limit = 80.0 }')
    (by_hand,) = [trade for trade in ib.reqAllOpenOrders() if trade.order.clientId == 0]
    assert by_hand.order.orderId == 0
    zero = new_client()
    bound = hearing("orderBound", zero)
    zero.connect("127.0.0.1", PORT, clientId=0, timeout=5)
    connected(0, 7, 8)
    (trade,) = zero.openTrades()
    assert (trade.order.totalQuantity, trade.order.permId) == (5, by_hand.order.permId)
    assert trade.order.orderId < 0
    assert bound == [(by_hand.order.permId, 0, trade.order.orderId)]
    zero.cancelOrder(trade.order)
    zero.reqCurrentTime()
    assert trade.orderStatus.status == "Cancelled"
    cancelled()
    zero.reqAutoOpenOrders(True)
    fault(7, '{ verb = "manual_order", symbol = "AAPL", side = "BUY", quantity = 6, limit = 80.0 }')
    zero.reqCurrentTime()
    (trade,) = zero.openTrades()
    assert (trade.order.totalQuantity, trade.order.orderId < 0) == (6, True)
    trade.order.lmtPrice = 81.0
    zero.placeOrder(trade.contract, trade.order)
    zero.reqCurrentTime()
    assert trade.orderStatus.status == "Submitted"
    assert [one.order.lmtPrice for one in ib.reqAllOpenOrders() if one.order.clientId == 0] == [81.0]
    zero.cancelOrder(trade.order)
    zero.reqCurrentTime()
    cancelled()
    zero.disconnect()
    connected(7, 8)


@check
def the_master_hears_of_all_and_may_touch_nothing() -> None:
    master(9)
    watcher = new_client()
    watcher.connect("127.0.0.1", PORT, clientId=9, timeout=5)
    connected(7, 8, 9)
    statuses, fills = hearing("orderStatus", watcher), hearing("execDetails", watcher)
    trade = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 90.0))
    settle(ib, watcher)
    told = {(permanent, client_id) for _, _, _, _, _, permanent, _, _, client_id, *_ in statuses}
    assert told == {(trade.order.permId, 7)}
    errors = hearing("error", watcher)
    watcher.client.cancelOrder(trade.order.orderId, "")
    settle(ib, watcher)
    assert [code for _, code, *_ in errors] == [10147]
    ib.cancelOrder(trade.order)
    settle(ib, watcher)
    other.placeOrder(AAPL, ibi.MarketOrder("BUY", 1))
    settle(ib, other, watcher)
    assert [execution.clientId for _, _, execution in fills] == [8]
    other.placeOrder(AAPL, ibi.MarketOrder("SELL", 1))
    settle(ib, other, watcher)
    watcher.disconnect()
    connected(7, 8)
    unasked()


@check
def a_trade_by_hand_shows_in_positions_and_executions() -> None:
    before = ib.positions()[0].position
    fault(7, '{ verb = "manual", symbol = "AAPL", quantity = -7, price = 99.9 }')
    assert ib.positions()[0].position == other.positions()[0].position == before - 7
    execution = ib.reqExecutions()[-1].execution
    assert (execution.clientId, execution.orderId, execution.shares) == (0, 0, 7)


@check
def a_client_that_leaves_takes_nothing_with_it() -> None:
    trade = other.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 89.0, tif="GTC", orderRef="of eight"))
    settle()
    assert trade.orderStatus.status == "Submitted"
    other.disconnect()
    connected(7)
    assert {one.order.orderRef for one in ib.reqAllOpenOrders()} == {"of seven", "of eight"}
