"""Conditions.
An order with conditions is PreSubmitted until these hold, then goes to the market; or it works until they hold, and is
then cancelled. They follow the order in openOrder (5): type, conjunction, fields of the type.
"""

from channel import check
from ib_family.contracts import AAPL
from ib_family.library import cancelled, ib, ibi, settle
from ib_family.scene import tick


@check
def an_order_waits_for_its_conditions() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    order = ibi.MarketOrder("BUY", 10, conditionsIgnoreRth=True)
    order.conditions = [
        ibi.PriceCondition(isMore=True, price=101.0, conId=AAPL.conId, exch="SMART", conjunction="a"),
        ibi.VolumeCondition(isMore=True, volume=9_000_000, conId=AAPL.conId, exch="SMART", conjunction="o"),
        ibi.MarginCondition(isMore=False, percent=1),
    ]
    trade = ib.placeOrder(AAPL, order)
    settle()
    assert (trade.orderStatus.status, trade.filled()) == ("PreSubmitted", 0)
    tick("AAPL", last=101.0, size=10)
    assert (trade.orderStatus.status, trade.filled()) == ("PreSubmitted", 0)
    tick("AAPL", volume=9_500_000)
    assert (trade.orderStatus.status, trade.filled()) == ("Filled", 10)
    tick("AAPL", last=99.95, size=10)


@check
def an_order_is_cancelled_by_its_conditions() -> None:
    order = ibi.LimitOrder("BUY", 10, 90.0, conditionsIgnoreRth=True, conditionsCancelOrder=True)
    order.conditions = [
        ibi.ExecutionCondition(secType="STK", exch="SMART", symbol="AAPL", conjunction="o"),
        ibi.PercentChangeCondition(isMore=False, changePercent=-99.0, conId=AAPL.conId, exch="SMART"),
    ]
    trade = ib.placeOrder(AAPL, order)
    settle()
    assert trade.orderStatus.status == "Submitted"
    ib.placeOrder(AAPL, ibi.MarketOrder("SELL", 10))
    settle()
    assert trade.orderStatus.status == "Cancelled"
    cancelled()
