"""Groups.
A bracket is held until its last order has transmit set; its exits wait for the entry (`child`), and one exit's fill
cancels the other. An OCA group of type 1 is cancelled by a fill of one; types 2 and 3 are reduced in proportion.
"""

from channel import check
from ib_family.contracts import AAPL
from ib_family.library import cancelled, ib, ibi, settle
from ib_family.scene import tick


@check
def a_bracket_waits_for_its_entry() -> None:
    tick("AAPL", bid=103.9, ask=104.0, last=103.95, size=1000)
    entry, target, stop = ib.bracketOrder("BUY", 100, 103.0, 110.0, 99.0)
    held = ib.placeOrder(AAPL, entry)
    settle()
    assert held.orderStatus.status == "PendingSubmit", held.log
    first, second = ib.placeOrder(AAPL, target), ib.placeOrder(AAPL, stop)
    settle()
    assert held.orderStatus.status == "Submitted"
    assert {trade.orderStatus.status for trade in (first, second)} == {"PreSubmitted"}
    assert {trade.orderStatus.parentId for trade in (first, second)} == {entry.orderId}
    assert {trade.orderStatus.whyHeld for trade in (first, second)} == {"child"}
    ib.cancelOrder(entry)
    settle()
    assert [trade.orderStatus.status for trade in (held, first, second)] == ["Cancelled"] * 3
    cancelled()


@check
def one_exit_of_a_bracket_cancels_the_other() -> None:
    entry, target, stop = (ib.placeOrder(AAPL, one) for one in ib.bracketOrder("BUY", 100, 104.0, 110.0, 99.0))
    settle()
    assert entry.orderStatus.status == "Filled"
    assert [trade.orderStatus.status for trade in (target, stop)] == ["Submitted", "PreSubmitted"]
    tick("AAPL", bid=110.0, ask=110.1, last=110.05, size=1000)
    assert [trade.orderStatus.status for trade in (target, stop)] == ["Filled", "Cancelled"]
    cancelled()


@check
def an_oca_group_cancels_the_rest() -> None:
    orders = [
        ibi.LimitOrder("SELL", 10, 111.0),
        ibi.LimitOrder("SELL", 10, 112.0),
        ibi.StopOrder("SELL", 10, 100.0),
    ]
    trades = [ib.placeOrder(AAPL, order) for order in ib.oneCancelsAll(orders, "cancel", 1)]
    settle()
    tick("AAPL", bid=111.0, ask=111.1, last=111.05, size=1000)
    assert [trade.orderStatus.status for trade in trades] == ["Filled", "Cancelled", "Cancelled"]
    cancelled()


@check
def an_oca_group_reduces_the_rest() -> None:
    for kind in (2, 3):
        tick("AAPL", bid=105.0, ask=105.1, last=105.05, size=1000)
        orders = [ibi.LimitOrder("SELL", 20, 111.0), ibi.StopOrder("SELL", 20, 100.0)]
        sold, stop = (ib.placeOrder(AAPL, order) for order in ib.oneCancelsAll(orders, f"reduce {kind}", kind))
        settle()
        tick("AAPL", bid=111.0, ask=111.1, last=111.05, size=5)
        assert (sold.orderStatus.filled, stop.order.totalQuantity) == (5, 15), (sold, stop)
        tick("AAPL", bid=111.0, ask=111.1, last=111.05, size=1000)
        assert [trade.orderStatus.status for trade in (sold, stop)] == ["Filled", "Cancelled"]
        cancelled()


@check
def a_global_cancel_ends_everything() -> None:
    trades = [ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 90.0 + one)) for one in range(3)]
    settle()
    ib.reqGlobalCancel()
    settle()
    assert {trade.orderStatus.status for trade in trades} == {"Cancelled"}
    assert ib.reqOpenOrders() == []
    cancelled()
