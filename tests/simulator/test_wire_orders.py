"""placeOrder as ib_insync writes it, read here, echoed as openOrder and completedOrder, read by ib_insync again."""

from __future__ import annotations

import dataclasses
import math
from decimal import Decimal
from typing import Any

import ib_insync as ibi
import pytest
from ib_insync.client import Client
from ib_insync.decoder import Decoder

from simulator.model import Contract, Order
from simulator.server.order_building import build_order
from simulator.wire.decoding import BadRequest, UnknownMessage, decode
from simulator.wire.fields import encode
from simulator.wire.order_answers import completed_order, open_order
from simulator.wire.requests import PlaceOrder

VERSIONS = (157, 158, 159, 160, 162, 163, 164, 166, 169, 170, 175, 176)
AAPL = Contract(265598, "AAPL", primary_exchange="NASDAQ", local_symbol="AAPL", trading_class="NMS")

COMBO = ibi.Contract(
    secType="BAG",
    symbol="SPY",
    exchange="SMART",
    currency="USD",
    comboLegs=[
        ibi.ComboLeg(conId=1, ratio=1, action="BUY", exchange="SMART"),
        ibi.ComboLeg(conId=2, ratio=2, action="SELL", exchange="SMART", openClose=1, shortSaleSlot=2),
    ],
)
NEUTRAL = ibi.Stock("AAPL", "SMART", "USD")
NEUTRAL.deltaNeutralContract = ibi.DeltaNeutralContract(conId=7, delta=0.5, price=12.25)


def order(**fields: Any) -> ibi.Order:
    return ibi.Order(action="BUY", totalQuantity=100, **fields)


CASES: dict[str, tuple[ibi.Contract, ibi.Order]] = {
    "market": (ibi.Stock("AAPL", "SMART", "USD"), order(orderType="MKT")),
    "limit": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(orderType="LMT", lmtPrice=101.25, tif="GTC", orderRef="a-1", outsideRth=True, ocaGroup="g", ocaType=2),
    ),
    "iceberg": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(
            orderType="LMT",
            lmtPrice=1.5,
            displaySize=10,
            hidden=True,
            minQty=5,
            allOrNone=True,
            goodTillDate="20261231",
        ),
    ),
    "trailing": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(orderType="TRAIL", trailingPercent=2.5, trailStopPrice=95.5, parentId=4, triggerMethod=2),
    ),
    "trailing limit": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(orderType="TRAIL LIMIT", auxPrice=1.5, trailStopPrice=95.5, lmtPriceOffset=0.1),
    ),
    "scale": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(
            orderType="LMT",
            lmtPrice=10.0,
            scaleInitLevelSize=10,
            scaleSubsLevelSize=5,
            scalePriceIncrement=0.25,
            scalePriceAdjustValue=0.5,
            scalePriceAdjustInterval=60,
            scaleProfitOffset=0.75,
            scaleAutoReset=True,
            scaleInitPosition=3,
            scaleInitFillQty=2,
            scaleRandomPercent=True,
        ),
    ),
    "hedge": (ibi.Stock("AAPL", "SMART", "USD"), order(orderType="MKT", hedgeType="P", hedgeParam="2.5")),
    "algo": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(
            orderType="LMT",
            lmtPrice=9.0,
            algoStrategy="Adaptive",
            algoParams=[ibi.TagValue("adaptivePriority", "Normal"), ibi.TagValue("x", "1")],
        ),
    ),
    "conditions": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(
            orderType="MKT",
            conditions=[
                ibi.PriceCondition(
                    conjunction="a", isMore=True, price=50.5, conId=265598, exch="SMART", triggerMethod=2
                ),
                ibi.TimeCondition(conjunction="o", isMore=False, time="20261122 10:00:00 UTC"),
                ibi.MarginCondition(conjunction="a", isMore=True, percent=20),
                ibi.ExecutionCondition(conjunction="a", secType="STK", exch="SMART", symbol="MSFT"),
                ibi.VolumeCondition(conjunction="o", isMore=True, volume=1000, conId=1, exch="SMART"),
                ibi.PercentChangeCondition(conjunction="a", isMore=True, changePercent=1.5, conId=1, exch="SMART"),
            ],
            conditionsIgnoreRth=True,
            conditionsCancelOrder=True,
        ),
    ),
    "pegged to a benchmark": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(
            orderType="PEG BENCH",
            startingPrice=33.0,
            referenceContractId=1,
            isPeggedChangeAmountDecrease=True,
            peggedChangeAmount=0.5,
            referenceChangeAmount=0.25,
            referenceExchangeId="ISLAND",
        ),
    ),
    "delta neutral": (
        NEUTRAL,
        order(
            orderType="VOL",
            volatility=10.0,
            volatilityType=2,
            deltaNeutralOrderType="LMT",
            deltaNeutralAuxPrice=5.5,
            deltaNeutralConId=11,
            deltaNeutralShortSale=True,
            deltaNeutralShortSaleSlot=1,
            deltaNeutralDesignatedLocation="here",
            continuousUpdate=True,
            referencePriceType=1,
        ),
    ),
    "combination": (
        COMBO,
        order(
            orderType="LMT",
            lmtPrice=-1.25,
            orderComboLegs=[ibi.OrderComboLeg(1.5), ibi.OrderComboLeg(2.75)],
            smartComboRoutingParams=[ibi.TagValue("NonGuaranteed", "1")],
        ),
    ),
    "adjusted stop": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(
            orderType="STP",
            auxPrice=90.0,
            adjustedOrderType="STP LMT",
            triggerPrice=95.0,
            adjustedStopPrice=94.0,
            adjustedStopLimitPrice=93.5,
            adjustableTrailingUnit=1,
        ),
    ),
    "midpoint": (
        ibi.Stock("AAPL", "SMART", "USD"),
        order(orderType="PEG MID", lmtPrice=10.0, midOffsetAtWhole=0.01, midOffsetAtHalf=0.005),
    ),
    "peg best": (
        ibi.Contract(secType="STK", symbol="AAPL", exchange="IBKRATS", currency="USD"),
        order(
            orderType="PEG BEST",
            lmtPrice=10.0,
            minTradeQty=7,
            minCompeteSize=9,
            competeAgainstBestOffset=math.inf,
            midOffsetAtWhole=0.02,
            midOffsetAtHalf=0.01,
        ),
    ),
}
# Not part of openOrder at all.
NOT_ECHOED = """
    orderId clientId permId transmit overridePercentageConstraints scaleTable activeStartTime activeStopTime algoId
    orderMiscOptions extOperator mifid2DecisionMaker advancedErrorOverride manualOrderTime
    """
# What TWS tells where the client left a field unset.
TOLD_WHEN_UNSET = {
    "lmtPrice": 0.0,
    "auxPrice": 0.0,
    "cashQty": 0.0,
    "volatilityType": 0,
    "referencePriceType": 0,
    "deltaNeutralOrderType": "None",
    "deltaNeutralOpenClose": "?",
    "adjustedOrderType": "None",
    "clearingIntent": "IB",
    "account": "DU1",
    "tif": "DAY",
}
ONLY_SINCE = {"duration": 159, "postToAts": 160, "autoCancelParent": 162} | dict.fromkeys(
    ("minTradeQty", "minCompeteSize", "competeAgainstBestOffset", "midOffsetAtWhole", "midOffsetAtHalf"), 170
)


class Wire:
    """Stands where the socket would: keeps what the client writes."""

    def __init__(self) -> None:
        self.sent = b""

    def sendMsg(self, data: bytes) -> None:
        self.sent += data


class Listener:
    def __init__(self) -> None:
        self.order: ibi.Order | None = None
        self.contract: ibi.Contract | None = None

    def openOrder(self, order_id: int, contract: Any, order: Any, state: Any) -> None:
        self.order, self.contract = order, contract

    def completedOrder(self, contract: Any, order: Any, state: Any) -> None:
        self.order, self.contract = order, contract


def written_by_ib_insync(contract: ibi.Contract, placed: ibi.Order, version: int) -> bytes:
    client = Client(Listener())
    client.conn = Wire()
    client.connState = Client.CONNECTED
    client._serverVersion = version
    client.MaxRequests = 0
    client.placeOrder(5, contract, placed)
    return client.conn.sent[4:]


def read_by_ib_insync(frame: bytes, version: int) -> Listener:
    listener = Listener()
    decoder = Decoder(listener, version)
    decoder.handlers[int(frame[4:].split(b"\0")[0])](frame[4:-1].decode().split("\0"))
    assert listener.order is not None
    return listener


def taken(body: bytes, version: int, contract: ibi.Contract) -> Order:
    request = decode(body, version)
    assert isinstance(request, PlaceOrder)
    assert request.contract.symbol == contract.symbol
    routed = Contract(265598, "AAPL", exchange=request.contract.exchange, sec_type=request.contract.sec_type)
    return build_order(request.fields, routed, client_id=3, order_id=request.order_id, default_account="DU1")


@pytest.fixture
def event_loop_for_ib_insync() -> Any:
    import asyncio

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close()


@pytest.mark.usefixtures("event_loop_for_ib_insync")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES)
def test_every_field_of_an_order_comes_back_as_it_was_sent(case: str, version: int) -> None:
    contract, placed = CASES[case]
    held = taken(written_by_ib_insync(contract, placed, version), version, contract)
    echo = read_by_ib_insync(encode(open_order(held, version)), version)
    default = ibi.Order()
    for field in dataclasses.fields(ibi.Order):
        name = field.name
        sent, told = getattr(placed, name), getattr(echo.order, name)
        if name in NOT_ECHOED.split() or version < ONLY_SINCE.get(name, 0):
            continue
        if sent == getattr(default, name) and name in TOLD_WHEN_UNSET:
            assert told in (sent, TOLD_WHEN_UNSET[name]), name
        else:
            assert told == sent, name
    assert [dataclasses.asdict(leg) for leg in echo.contract.comboLegs] == [
        dataclasses.asdict(leg) for leg in contract.comboLegs
    ]
    assert echo.contract.deltaNeutralContract == contract.deltaNeutralContract


@pytest.mark.usefixtures("event_loop_for_ib_insync")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES)
def test_a_completed_order_is_readable_and_tells_what_was_filled(case: str, version: int) -> None:
    contract, placed = CASES[case]
    held = taken(written_by_ib_insync(contract, placed, version), version, contract)
    held.perm_id, held.status, held.filled = 1500000001, "Filled", Decimal(40)
    told = read_by_ib_insync(encode(completed_order(held, version)), version).order
    assert (told.permId, told.filledQuantity, told.totalQuantity) == (1500000001, 40.0, 0.0)
    assert (told.orderType, told.orderRef, told.algoParams) == (placed.orderType, placed.orderRef, placed.algoParams)
    assert len(told.conditions) == len(placed.conditions)


@pytest.mark.usefixtures("event_loop_for_ib_insync")
@pytest.mark.parametrize("price", [1e-05, float("nan"), 1e300])
def test_prices_with_exponents_or_none_are_refused_with_the_order_id(price: float) -> None:
    contract, placed = ibi.Stock("AAPL", "SMART", "USD"), order(orderType="LMT", lmtPrice=price)
    with pytest.raises(BadRequest) as refused:
        decode(written_by_ib_insync(contract, placed, 176), 176)
    assert refused.value.answered_on == 5


@pytest.mark.usefixtures("event_loop_for_ib_insync")
def test_a_message_with_a_field_too_many_or_too_few_is_refused() -> None:
    contract, placed = CASES["market"]
    body = written_by_ib_insync(contract, placed, 176)
    with pytest.raises(BadRequest, match="too many"):
        decode(body + b"x\0", 176)
    with pytest.raises(BadRequest, match="too short"):
        decode(body[: body[:-1].rindex(b"\0") + 1], 176)


def test_a_message_that_no_version_knows_is_named() -> None:
    with pytest.raises(UnknownMessage, match="4711"):
        decode(b"4711\0x\0", 176)


def test_money_keeps_its_text_from_the_client_to_the_venue() -> None:
    contract, placed = CASES["market"]
    loop_free = order(orderType="LMT", lmtPrice=Decimal("0.10"))
    assert placed.orderType == "MKT"
    client = Client(Listener())
    client.connState = Client.CONNECTED
    sent: list[str] = []
    client.sendMsg = sent.append
    client._serverVersion = 176
    client.placeOrder(5, contract, loop_free)
    held = taken(sent[0].encode(), 176, contract)
    assert (held.limit, held.quantity) == (Decimal("0.10"), Decimal(100))
