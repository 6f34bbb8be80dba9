"""Groups.
A bracket is held until its last order has transmit set; its exits wait for the entry (`child`), and one exit's fill
cancels the other. An OCA group of type 1 is cancelled by a fill of one; types 2 and 3 are reduced in proportion.
"""

from channel import check
from ibapi_driver.client import app
from ibapi_driver.scene import cancelled, codes, order, placed, status, tick


def bracket(limit: float) -> list[int]:
    """Place entry, target and stop; return their ids."""
    entry = placed(order("BUY", 100, "LMT", lmtPrice=limit, transmit=False))
    target = placed(order("SELL", 100, "LMT", lmtPrice=110.0, parentId=entry, transmit=False))
    return [entry, target, placed(order("SELL", 100, "STP", auxPrice=99.0, parentId=entry))]


@check
def a_bracket_waits_for_its_entry() -> None:
    tick("AAPL", bid=103.9, ask=104.0, last=103.95, size=1000)
    entry, target, stop = bracket(103.0)
    assert status(entry).status == "Submitted"
    for child in (target, stop):
        told = status(child)
        assert (told.status, told.whyHeld, told.parentId) == ("PreSubmitted", "child", entry)
    cancelled(entry)
    assert [status(one).status for one in (target, stop)] == ["Cancelled"] * 2
    assert [codes(one) for one in (target, stop)] == [[202], [202]]


@check
def nothing_is_told_before_the_last_is_transmitted() -> None:
    entry = placed(order("BUY", 100, "LMT", lmtPrice=103.0, transmit=False))
    assert app.every("orderStatus", orderId=entry) == []
    app.cancelOrder(entry)
    assert app.wait("error", reqId=entry).errorCode == 202
    codes(entry)


@check
def one_exit_of_a_bracket_cancels_the_other() -> None:
    entry, target, stop = bracket(104.0)
    assert [status(one).status for one in (entry, target, stop)] == ["Filled", "Submitted", "PreSubmitted"]
    tick("AAPL", bid=110.0, ask=110.1, last=110.05, size=1000)
    assert [status(one).status for one in (target, stop)] == ["Filled", "Cancelled"]
    assert codes(stop) == [202]


@check
def an_oca_group_cancels_the_rest() -> None:
    group = {"ocaGroup": "cancel", "ocaType": 1}
    sold = placed(order("SELL", 10, "LMT", lmtPrice=111.0, **group))
    rest = [
        placed(order("SELL", 10, "LMT", lmtPrice=112.0, **group)),
        placed(order("SELL", 10, "STP", auxPrice=100.0, **group)),
    ]
    tick("AAPL", bid=111.0, ask=111.1, last=111.05, size=1000)
    assert status(sold).status == "Filled"
    assert [(status(one).status, codes(one)) for one in rest] == [("Cancelled", [202])] * 2


@check
def an_oca_group_reduces_the_rest() -> None:
    for kind in (2, 3):
        tick("AAPL", bid=105.0, ask=105.1, last=105.05, size=1000)
        group = {"ocaGroup": f"reduce {kind}", "ocaType": kind}
        sold = placed(order("SELL", 20, "LMT", lmtPrice=111.0, **group))
        stop = placed(order("SELL", 20, "STP", auxPrice=100.0, **group))
        tick("AAPL", bid=111.0, ask=111.1, last=111.05, size=5)
        assert (status(sold).filled, status(stop).remaining) == (5, 15)
        assert app.every("openOrder", orderId=stop)[-1].order.totalQuantity == 15
        tick("AAPL", bid=111.0, ask=111.1, last=111.05, size=1000)
        assert (status(sold).status, status(stop).status, codes(stop)) == ("Filled", "Cancelled", [202])


@check
def a_global_cancel_ends_everything() -> None:
    orders = [placed(order("BUY", 10, "LMT", lmtPrice=90.0 + one)) for one in range(3)]
    app.reqGlobalCancel()
    app.settle()
    assert [(status(one).status, codes(one)) for one in orders] == [("Cancelled", [202])] * 3
