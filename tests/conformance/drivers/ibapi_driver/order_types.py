"""Order types.
An order (3) is answered with openOrder (5), which echoes all its fields, and orderStatus (3). The same id once more
is a change of it. A cancellation (4) is answered with the statuses PendingCancel and Cancelled and the code 202.
Stops, touches and what waits for the close are PreSubmitted: the broker holds them.
"""

from typing import Any

from channel import check
from ibapi.contract import ComboLeg
from ibapi.order_condition import Create, OrderCondition
from ibapi.tag_value import TagValue
from ibapi_driver.client import app
from ibapi_driver.scene import AAPL, cancelled, codes, contract, order, placed, status, tick


def _echo(order_id: int, since: int) -> Any:
    return app.every("openOrder", since, orderId=order_id)[-1]


def lives(order_type: str, state: str, change: dict[str, Any], warned: bool = False, **fields: Any) -> None:
    """Place an order that does not trade, change it, and cancel it; assert each step. `warned`: 399 is told."""
    since = app.mark()
    wanted = order("SELL", 10, order_type, **fields)
    order_id = placed(wanted)
    assert codes(order_id) == ([399] if warned else [])
    assert (status(order_id).status, status(order_id).remaining) == (state, 10)
    first = _echo(order_id, since).order
    assert (first.orderType, first.action, first.totalQuantity) == (order_type, "SELL", 10)
    for name, value in fields.items():
        assert getattr(first, name) == value, f"{name} is {getattr(first, name)}"
    for name, value in change.items():
        setattr(wanted, name, value)
    since = app.mark()
    placed(wanted, AAPL, order_id)
    assert status(order_id).status == state
    changed = _echo(order_id, since).order
    assert changed.permId == first.permId > 0
    for name, value in change.items():
        assert getattr(changed, name) == value, f"{name} is {getattr(changed, name)}"
    cancelled(order_id)


@check
def a_limit_order_lives() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    lives("LMT", "Submitted", {"lmtPrice": 111.5, "totalQuantity": 12}, lmtPrice=110.0, tif="GTC")


@check
def a_stop_order_lives() -> None:
    lives("STP", "PreSubmitted", {"auxPrice": 91.25}, auxPrice=90.0, tif="GTC")


@check
def a_stop_limit_order_lives() -> None:
    lives("STP LMT", "PreSubmitted", {"auxPrice": 91.0, "lmtPrice": 90.5}, auxPrice=90.0, lmtPrice=89.5)


@check
def a_trailing_stop_by_amount_lives() -> None:
    lives("TRAIL", "PreSubmitted", {"auxPrice": 3.0}, auxPrice=2.0)


@check
def a_trailing_stop_by_percentage_lives() -> None:
    lives("TRAIL", "PreSubmitted", {"trailingPercent": 4.5}, trailingPercent=3.0)


@check
def a_trailing_stop_limit_order_lives() -> None:
    fields = {"auxPrice": 2.0, "lmtPriceOffset": 0.1}
    lives("TRAIL LIMIT", "PreSubmitted", {"auxPrice": 2.5}, **fields)


@check
def a_market_if_touched_order_lives() -> None:
    lives("MIT", "PreSubmitted", {"auxPrice": 112.0}, auxPrice=110.0)


@check
def a_limit_if_touched_order_lives() -> None:
    lives("LIT", "PreSubmitted", {"lmtPrice": 109.0}, auxPrice=110.0, lmtPrice=109.5)


@check
def a_market_on_close_order_lives() -> None:
    lives("MOC", "PreSubmitted", {"totalQuantity": 20}, warned=True)


@check
def a_limit_on_close_order_lives() -> None:
    lives("LOC", "PreSubmitted", {"lmtPrice": 111.0}, warned=True, lmtPrice=110.0)


@check
def a_midprice_order_lives() -> None:
    lives("MIDPRICE", "Submitted", {"lmtPrice": 111.0}, lmtPrice=110.0)


@check
def an_order_good_till_a_date_lives() -> None:
    fields = {"lmtPrice": 110.0, "tif": "GTD", "goodTillDate": "20991231 16:00:00 US/Eastern"}
    lives("LMT", "Submitted", {"lmtPrice": 112.0}, **fields)


@check
def an_order_outside_regular_hours_lives() -> None:
    lives("LMT", "Submitted", {"outsideRth": False}, lmtPrice=110.0, outsideRth=True)


@check
def an_order_good_after_a_time_waits() -> None:
    fields = {"lmtPrice": 110.0, "goodAfterTime": "20261123 15:00:00 US/Eastern"}
    lives("LMT", "PreSubmitted", {"lmtPrice": 112.0}, **fields)


@check
def pegged_orders_are_kept() -> None:
    lives("PEG MID", "Submitted", {"lmtPrice": 111.0}, lmtPrice=110.0, auxPrice=0.01)
    lives("REL", "Submitted", {"lmtPrice": 111.0}, lmtPrice=110.0, auxPrice=0.01)
    reference = {"referenceContractId": 272093, "referenceExchangeId": "SMART"}
    changes = {"peggedChangeAmount": 0.05, "referenceChangeAmount": 0.1}
    lives("PEG BENCH", "Submitted", {"startingPrice": 111.0}, startingPrice=110.0, **reference, **changes)


@check
def every_field_comes_back_in_its_place() -> None:
    price = Create(OrderCondition.Price)
    price.isMore, price.price, price.conId, price.exchange = True, 120.0, 265598, "SMART"
    price.triggerMethod = 0
    moment = Create(OrderCondition.Time)
    moment.isMore, moment.time, moment.isConjunctionConnection = True, "20261123 15:00:00 US/Eastern", False
    fields: dict[str, Any] = {"lmtPrice": 110.25, "tif": "GTC", "orderRef": "the reference", "ocaGroup": "a group"}
    fields |= {"ocaType": 2, "hidden": True, "displaySize": 5, "triggerMethod": 2, "minQty": 2, "percentOffset": 0.05}
    fields |= {"allOrNone": True, "discretionaryAmt": 0.02, "scaleInitLevelSize": 5, "scaleSubsLevelSize": 3}
    fields |= {"scalePriceIncrement": 0.5, "scaleAutoReset": True, "hedgeType": "B", "hedgeParam": "1.5"}
    fields |= {"algoStrategy": "Twap", "randomizeSize": True, "notHeld": True, "usePriceMgmtAlgo": True}
    parameters = [TagValue("strategyType", "Marketable"), TagValue("startTime", "10:00:00 US/Eastern")]
    since = app.mark()
    order_id = placed(order("SELL", 10, "LMT", **fields, algoParams=parameters, conditions=[price, moment]))
    echo = _echo(order_id, since).order
    for name, value in fields.items():
        assert getattr(echo, name) == value, f"{name} is {getattr(echo, name)}"
    assert [(one.tag, one.value) for one in echo.algoParams] == [(one.tag, one.value) for one in parameters]
    first, second = echo.conditions
    assert (first.price, first.conId, second.time, second.isConjunctionConnection) == (
        *(120.0, 265598, "20261123 15:00:00 US/Eastern", False),
    )
    cancelled(order_id)


@check
def a_combination_rests_with_its_legs() -> None:
    legs = []
    for con_id, ratio, action in ((265598, 1, "BUY"), (272093, 2, "SELL")):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = con_id, ratio, action, "SMART"
        legs.append(leg)
    since = app.mark()
    order_id = placed(order("BUY", 1, "LMT", lmtPrice=-1.25), contract("AAPL", "BAG", comboLegs=legs))
    assert status(order_id).status == "Submitted"
    told = _echo(order_id, since)
    assert (told.contract.secType, told.order.lmtPrice) == ("BAG", -1.25)
    assert [(leg.conId, leg.ratio, leg.action) for leg in told.contract.comboLegs] == [
        *((265598, 1, "BUY"), (272093, 2, "SELL")),
    ]
    cancelled(order_id)


@check
def an_order_is_directed_to_an_exchange_or_to_ibs_own() -> None:
    for exchange in ("ARCA", "ISLAND", "IBKRATS"):
        since = app.mark()
        order_id = placed(order("BUY", 10, "LMT", lmtPrice=90.0), contract("AAPL", exchange=exchange))
        assert _echo(order_id, since).contract.exchange == exchange
        cancelled(order_id)
