"""Order types.
An order (3) is answered with openOrder (5), which echoes all its fields, and orderStatus (3). The same id once more
is a change of it. A cancellation (4) is answered with the statuses PendingCancel and Cancelled and the code 202.
Stops, touches and what waits for the close are PreSubmitted: the broker holds them.
"""

from typing import Any

from channel import check
from ib_family.contracts import AAPL
from ib_family.library import CLIENT, cancelled, complained, ib, ibi, settle
from ib_family.scene import tick


def lives(order: Any, status: str, *, warned: bool = False, **change: Any) -> None:
    """Place an order that does not trade, change it, and cancel it; assert each step.

    `warned`: the server tells 399, which makes the status one of ib_async's own.
    """
    trade = ib.placeOrder(AAPL, order)
    settle()
    if warned and CLIENT == "ib_async":
        complained("399")
        assert trade.orderStatus.status == "ValidationError"
    else:
        assert trade.orderStatus.status == status, trade.log
    (echo,) = _echoes()
    assert echo.permId == order.permId > 0
    assert (echo.orderType, echo.action, echo.totalQuantity) == (order.orderType, order.action, order.totalQuantity)
    for name, value in change.items():
        setattr(order, name, value)
    ib.placeOrder(AAPL, order)
    settle()
    assert trade.orderStatus.status == status, trade.log
    (changed,) = _echoes()
    assert changed.permId == echo.permId
    for name, value in change.items():
        assert getattr(changed, name) == value, f"{name} is {getattr(changed, name)}"
    ib.cancelOrder(order)
    settle()
    assert trade.orderStatus.status == "Cancelled", trade.log
    assert _echoes() == []
    cancelled()


def _echoes() -> list[Any]:
    told: list[Any] = []
    take = ib.wrapper.openOrder
    ib.wrapper.openOrder = lambda order_id, contract, order, state: told.append(order)
    ib.client.reqOpenOrders()
    settle()
    ib.wrapper.openOrder = take
    return told


def sell(order_type: str, **fields: Any) -> Any:
    """Return an order to sell ten."""
    return ibi.Order(action="SELL", totalQuantity=10, orderType=order_type, **fields)


@check
def a_limit_order_lives() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    lives(sell("LMT", lmtPrice=110.0, tif="GTC"), "Submitted", lmtPrice=111.5, totalQuantity=12)


@check
def a_stop_order_lives() -> None:
    lives(sell("STP", auxPrice=90.0, tif="GTC"), "PreSubmitted", auxPrice=91.25)


@check
def a_stop_limit_order_lives() -> None:
    lives(sell("STP LMT", auxPrice=90.0, lmtPrice=89.5), "PreSubmitted", auxPrice=91.0, lmtPrice=90.5)


@check
def a_trailing_stop_by_amount_lives() -> None:
    lives(sell("TRAIL", auxPrice=2.0, trailStopPrice=95.0), "PreSubmitted", auxPrice=3.0)


@check
def a_trailing_stop_by_percentage_lives() -> None:
    lives(sell("TRAIL", trailingPercent=3.0), "PreSubmitted", trailingPercent=4.5)


@check
def a_trailing_stop_limit_order_lives() -> None:
    order = sell("TRAIL LIMIT", auxPrice=2.0, lmtPriceOffset=0.1, trailStopPrice=97.0)
    lives(order, "PreSubmitted", auxPrice=2.5)


@check
def a_market_if_touched_order_lives() -> None:
    lives(sell("MIT", auxPrice=110.0), "PreSubmitted", auxPrice=112.0)


@check
def a_limit_if_touched_order_lives() -> None:
    lives(sell("LIT", auxPrice=110.0, lmtPrice=109.5), "PreSubmitted", lmtPrice=109.0)


@check
def a_market_on_close_order_lives() -> None:
    lives(sell("MOC"), "PreSubmitted", warned=True, totalQuantity=20)


@check
def a_limit_on_close_order_lives() -> None:
    lives(sell("LOC", lmtPrice=110.0), "PreSubmitted", warned=True, lmtPrice=111.0)


@check
def a_midprice_order_lives() -> None:
    lives(sell("MIDPRICE", lmtPrice=110.0), "Submitted", lmtPrice=111.0)


@check
def an_order_good_till_a_date_lives() -> None:
    lives(
        sell("LMT", lmtPrice=110.0, tif="GTD", goodTillDate="20991231 16:00:00 US/Eastern"), "Submitted", lmtPrice=112
    )


@check
def an_order_outside_regular_hours_lives() -> None:
    lives(sell("LMT", lmtPrice=110.0, outsideRth=True), "Submitted", outsideRth=False)


@check
def an_order_good_after_a_time_waits() -> None:
    lives(sell("LMT", lmtPrice=110.0, goodAfterTime="20261123 15:00:00 US/Eastern"), "PreSubmitted", lmtPrice=112.0)


@check
def a_pegged_order_is_kept() -> None:
    lives(sell("PEG MID", lmtPrice=110.0, auxPrice=0.01), "Submitted", lmtPrice=111.0)
    lives(sell("REL", lmtPrice=110.0, auxPrice=0.01), "Submitted", lmtPrice=111.0)
    bench = sell("PEG BENCH", startingPrice=110.0, referenceContractId=272093, referenceExchangeId="SMART")
    bench.peggedChangeAmount, bench.referenceChangeAmount = 0.05, 0.1
    lives(bench, "Submitted", startingPrice=111.0)


@check
def an_algorithm_and_conditions_are_kept() -> None:
    order = sell(
        "LMT", lmtPrice=110.0, algoStrategy="Adaptive", algoParams=[ibi.TagValue("adaptivePriority", "Normal")]
    )
    order.conditions = [
        ibi.PriceCondition(isMore=True, price=120.0, conId=AAPL.conId, exch="SMART"),
        ibi.TimeCondition(isMore=True, time="20261123 15:00:00 US/Eastern", conjunction="o"),
    ]
    lives(order, "PreSubmitted", lmtPrice=111.0)


@check
def every_field_comes_back_in_its_place() -> None:
    order = sell(
        "LMT",
        lmtPrice=110.25,
        tif="GTC",
        orderRef="the reference",
        ocaGroup="a group",
        ocaType=2,
        hidden=True,
        displaySize=5,
        triggerMethod=2,
        minQty=2,
        percentOffset=0.05,
        allOrNone=True,
        discretionaryAmt=0.02,
        scaleInitLevelSize=5,
        scaleSubsLevelSize=3,
        scalePriceIncrement=0.5,
        scaleAutoReset=True,
        hedgeType="B",
        hedgeParam="1.5",
        algoStrategy="Twap",
        algoParams=[ibi.TagValue("strategyType", "Marketable"), ibi.TagValue("startTime", "10:00:00 US/Eastern")],
        randomizeSize=True,
        notHeld=True,
        cashQty=0.0,
        usePriceMgmtAlgo=True,
    )
    ib.placeOrder(AAPL, order)
    settle()
    (echo,) = _echoes()
    for name in (
        *("lmtPrice", "tif", "orderRef", "ocaGroup", "ocaType", "hidden", "displaySize", "triggerMethod", "minQty"),
        *("percentOffset", "allOrNone", "discretionaryAmt", "scaleInitLevelSize", "scaleSubsLevelSize"),
        *("scalePriceIncrement", "scaleAutoReset", "hedgeType", "hedgeParam", "algoStrategy", "randomizeSize"),
        *("notHeld", "usePriceMgmtAlgo"),
    ):
        assert getattr(echo, name) == getattr(order, name), f"{name} is {getattr(echo, name)}"
    assert [(one.tag, one.value) for one in echo.algoParams] == [(one.tag, one.value) for one in order.algoParams]
    ib.cancelOrder(order)
    settle()
    cancelled()


@check
def a_combination_rests_with_its_legs() -> None:
    legs = [ibi.ComboLeg(265598, 1, "BUY", "SMART"), ibi.ComboLeg(272093, 2, "SELL", "SMART")]
    combination = ibi.Bag(symbol="AAPL", exchange="SMART", currency="USD", comboLegs=legs)
    trade = ib.placeOrder(combination, ibi.LimitOrder("BUY", 1, -1.25))
    settle()
    assert trade.orderStatus.status == "Submitted", trade.log
    (contract,) = _contracts()
    assert [(leg.conId, leg.ratio, leg.action) for leg in contract.comboLegs] == [
        (265598, 1, "BUY"),
        (272093, 2, "SELL"),
    ]
    ib.cancelOrder(trade.order)
    settle()
    assert trade.orderStatus.status == "Cancelled"
    cancelled()


@check
def an_order_is_directed_to_an_exchange_or_to_ibs_own() -> None:
    for exchange in ("ARCA", "ISLAND", "IBKRATS"):
        directed = ibi.Stock("AAPL", exchange, "USD")
        trade = ib.placeOrder(directed, ibi.LimitOrder("BUY", 10, 90.0))
        settle()
        assert trade.orderStatus.status == "Submitted", trade.log
        (echo,) = _contracts()
        assert echo.exchange == exchange
        ib.cancelOrder(trade.order)
        settle()
        cancelled()


def _contracts() -> list[Any]:
    told: list[Any] = []
    take = ib.wrapper.openOrder
    ib.wrapper.openOrder = lambda order_id, contract, order, state: told.append(contract)
    ib.client.reqOpenOrders()
    settle()
    ib.wrapper.openOrder = take
    return told
