"""Conditions.
An order with conditions is PreSubmitted until these hold, then goes to the market; or it works until they hold, and is
then cancelled. They follow the order in openOrder (5): type, conjunction, fields of the type.
"""

from channel import check
from ibapi.order_condition import Create, OrderCondition
from ibapi_driver.scene import codes, order, placed, status, tick


@check
def an_order_waits_for_its_conditions() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    price, volume = Create(OrderCondition.Price), Create(OrderCondition.Volume)
    price.isMore, price.price, price.conId, price.exchange, price.triggerMethod = True, 101.0, 265598, "SMART", 0
    volume.isMore, volume.volume, volume.conId, volume.exchange = True, 9_000_000, 265598, "SMART"
    waiting = order("BUY", 10, "MKT", conditions=[price, volume], conditionsIgnoreRth=True)
    order_id = placed(waiting)
    assert status(order_id).status == "PreSubmitted"
    tick("AAPL", last=101.0, size=10)
    assert status(order_id).status == "PreSubmitted"
    tick("AAPL", volume=9_500_000)
    assert (status(order_id).status, status(order_id).filled) == ("Filled", 10)
    tick("AAPL", last=99.95, size=10)


@check
def an_order_is_cancelled_by_its_conditions() -> None:
    traded = Create(OrderCondition.Execution)
    traded.secType, traded.exchange, traded.symbol = "STK", "SMART", "AAPL"
    fields = {"lmtPrice": 90.0, "conditionsIgnoreRth": True, "conditionsCancelOrder": True}
    order_id = placed(order("BUY", 10, "LMT", conditions=[traded], **fields))
    assert status(order_id).status == "Submitted"
    placed(order("SELL", 10, "MKT"))
    assert status(order_id).status == "Cancelled"
    assert codes(order_id) == [202]
