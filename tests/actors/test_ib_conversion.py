from __future__ import annotations

import struct
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from ib_insync.client import Client
from ib_insync.contract import Contract, ContractDetails
from ib_insync.objects import CommissionReport
from ib_insync.objects import Execution as IbExecution
from ib_insync.order import Order, OrderState

from actors.ib import reports
from actors.ib.contract import contract_of, instrument_of, market_rule_of, query_for, symbol_of
from actors.ib.numbers import known, positive
from actors.ib.order import order_of
from messages.gateway import OutgoingOrder
from messages.market import ContractQuery
from messages.order import OrderRequest, OrderType, Role, Side, TimeInForce

UNSET = 1.7976931348623157e308

REQUEST = OrderRequest(
    order_ref="pb-1",
    symbol="AAPL",
    role=Role.ENTRY,
    side=Side.BUY,
    quantity=Decimal(100),
    order_type=OrderType.MARKET,
)


def outgoing(**changes: object) -> OutgoingOrder:
    return OutgoingOrder(evolve(REQUEST, **changes), order_id=5, account="DU1")


def details(**changes: object) -> ContractDetails:
    contract = Contract(conId=265598, symbol="AAPL", secType="STK", exchange="SMART", currency="USD")
    return ContractDetails(
        contract=contract,
        minTick=0.0001,
        validExchanges="SMART,NYSE",
        marketRuleIds="26,32",
        sizeIncrement=0.0001,
        longName="APPLE INC",
        **changes,
    )


class Written:
    """The bytes of what a client writes."""

    def __init__(self) -> None:
        self.client = Client(self)
        self.client._serverVersion = 176
        self.client.connState = Client.CONNECTED
        self.client.MaxRequests = 0
        self.fields: list[str] = []
        self.client.sendMsg = lambda message: self.fields.extend(message.split("\0"))


@pytest.mark.parametrize(("price", "text"), [("0.30", "0.3"), ("1E+2", "100"), ("0.00001", "0.00001"), ("150", "150")])
def test_prices_leave_as_plain_exact_text(price: str, text: str) -> None:
    written = Written()
    order = order_of(outgoing(order_type=OrderType.LIMIT, limit_price=Decimal(price)))
    written.client.placeOrder(5, Contract(symbol="AAPL"), order)
    # message id, order id, twelve contract fields, secIdType, secId, action, quantity, type, limit
    assert written.fields[16:21] == ["BUY", "100", "LMT", text, ""]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_not_finite_never_leaves(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        order_of(outgoing(order_type=OrderType.STOP, stop_price=Decimal(value)))
    with pytest.raises(ValueError, match="cannot be sent"):
        order_of(outgoing(quantity=Decimal(value)))


@given(st.decimals(min_value="0.00000001", max_value="100000000", allow_nan=False, places=8))
def test_every_price_comes_back_from_its_text(price: Decimal) -> None:
    text = order_of(outgoing(order_type=OrderType.LIMIT, limit_price=price)).lmtPrice
    assert Decimal(text) == price
    assert set(text) <= set("0123456789.")


def test_each_order_type_sets_its_own_prices() -> None:
    stop = order_of(outgoing(order_type=OrderType.STOP, stop_price=Decimal("95.5"), tif=TimeInForce.GTC))
    assert (stop.orderType, stop.lmtPrice, stop.auxPrice, stop.tif) == ("STP", UNSET, "95.5", "GTC")
    both = order_of(outgoing(order_type=OrderType.STOP_LIMIT, stop_price=Decimal(95), limit_price=Decimal("94.9")))
    assert (both.orderType, both.lmtPrice, both.auxPrice) == ("STP LMT", "94.9", "95")
    trail = order_of(
        outgoing(order_type=OrderType.TRAILING_STOP, trailing_pct=Decimal("0.02"), stop_price=Decimal("98"))
    )
    assert (trail.orderType, trail.trailingPercent, trail.trailStopPrice, trail.auxPrice) == ("TRAIL", "2", "98", UNSET)
    amount = order_of(outgoing(order_type=OrderType.TRAILING_STOP, trailing_amount=Decimal("1.5")))
    assert (amount.auxPrice, amount.trailingPercent, amount.trailStopPrice) == ("1.5", UNSET, UNSET)


def test_a_leg_of_a_bracket_carries_parent_group_and_transmit() -> None:
    leg = OutgoingOrder(
        evolve(REQUEST, oca_group="oca-1", outside_rth=True), 6, "DU1", parent_order_id=5, transmit=False
    )
    order = order_of(leg)
    assert (order.parentId, order.transmit, order.ocaGroup, order.ocaType) == (5, False, "oca-1", 1)
    assert (order.account, order.orderRef, order.outsideRth) == ("DU1", "pb-1", True)


@pytest.mark.parametrize(
    "changes",
    [
        {"order_type": OrderType.LIMIT},
        {"order_type": OrderType.STOP},
        {"order_type": OrderType.STOP_LIMIT, "stop_price": Decimal(1)},
        {"order_type": OrderType.TRAILING_STOP},
        {"order_type": OrderType.TRAILING_STOP, "trailing_pct": Decimal("0.1"), "trailing_amount": Decimal(1)},
    ],
)
def test_an_order_without_its_prices_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"missing|needs either"):
        order_of(outgoing(**changes))


def test_the_sentinels_of_tws_mean_unknown() -> None:
    assert known(UNSET) is None
    assert known(2147483647) is None
    assert known(float("nan")) is None
    assert known(float("inf")) is None
    assert str(known(100.0)) == "100"
    assert str(known(150.1)) == "150.1"
    assert positive(0.0) is None
    assert positive(-1.0) is None


def test_open_order_keeps_what_is_known_and_none_for_the_rest() -> None:
    order = Order(
        clientId=7,
        permId=1500000001,
        action="SELL",
        totalQuantity=100.0,
        orderType="TRAIL",
        lmtPrice=0.0,
        auxPrice=UNSET,
        trailStopPrice=97.02,
        trailingPercent=2.0,
        tif="GTC",
        ocaGroup="oca-1",
        orderRef="pb-2",
        account="DU1",
        parentId=5,
    )
    contract = Contract(conId=265598, symbol="AAPL", secType="STK")
    row = reports.broker_order(3, 6, contract, order, OrderState(status="PreSubmitted", warningText="held"))
    assert (row.epoch, row.order_id, row.client_id, row.perm_id, row.parent_id) == (3, 6, 7, 1500000001, 5)
    assert (row.side, row.quantity, row.order_type, row.tif) == (Side.SELL, Decimal(100), "TRAIL", "GTC")
    assert (row.limit_price, row.stop_price, row.trail_stop_price) == (None, None, Decimal("97.02"))
    assert (row.trailing_pct, row.status, row.text) == (Decimal("0.02"), "PreSubmitted", "held")
    assert (row.completed, row.filled) == (False, None)


def test_a_completed_order_counts_what_filled() -> None:
    order = Order(permId=9, action="BUY", totalQuantity=0.0, filledQuantity=40.0, orderType="MKT", orderRef="pb-1")
    row = reports.completed_order(3, Contract(symbol="AAPL"), order, OrderState(status="Filled"))
    assert (row.order_id, row.quantity, row.filled, row.completed) == (0, Decimal(40), Decimal(40), True)


def test_an_execution_is_exact_and_keeps_its_identity() -> None:
    when = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    report = IbExecution(
        execId="0000e0d5.64305db8.01.02",
        time=when,
        acctNumber="DU1",
        side="SLD",
        shares=33.0,
        price=150.1,
        permId=9,
        clientId=7,
        orderId=-1,
        liquidation=1,
        orderRef="pb-1",
    )
    fill = reports.execution(Contract(conId=1, symbol="AAPL", secType="STK"), report)
    assert (fill.base, fill.version) == ("0000e0d5.64305db8.01", 2)
    assert (fill.side, fill.quantity, fill.price, fill.time) == (Side.SELL, Decimal(33), Decimal("150.1"), when)
    assert (fill.order_id, fill.liquidation) == (-1, True)


def test_an_execution_without_side_or_price_is_an_error() -> None:
    with pytest.raises(ValueError, match="neither a purchase nor a sale"):
        reports.execution(Contract(symbol="A"), IbExecution(side="?", shares=1.0, price=1.0))
    with pytest.raises(ValueError, match="neither price nor quantity"):
        reports.execution(Contract(symbol="A"), IbExecution(side="BOT", shares=1.0, price=UNSET))


@pytest.mark.parametrize(("amount", "expected"), [(1.0, Decimal(1)), (-1.0, None), (UNSET, None), (0.0, Decimal(0))])
def test_a_commission_that_the_broker_does_not_know_is_none(amount: float, expected: Decimal | None) -> None:
    told = reports.commission(CommissionReport("x.01", amount, "USD", UNSET))
    assert (told.amount, told.realized_pnl) == (expected, None)


def test_pnl_is_none_until_the_broker_has_counted() -> None:
    told = reports.account_pnl(12.5, UNSET, -3.0)
    assert (told.daily, told.unrealized, told.realized) == (Decimal("12.5"), None, Decimal(-3))


def test_an_option_is_not_taken_for_its_stock() -> None:
    option = Contract(symbol="AAPL", secType="OPT", localSymbol="AAPL  261218C00200000")
    assert symbol_of(option) == "AAPL  261218C00200000"
    assert symbol_of(Contract(symbol="AAPL", secType="STK", localSymbol="AAPL")) == "AAPL"


def test_the_market_rule_is_that_of_the_exchange_routed_to() -> None:
    found = details()
    assert market_rule_of(found) == 26
    found.contract.exchange = "NYSE"
    assert market_rule_of(found) == 32
    found.contract.exchange = "ARCA"
    assert market_rule_of(found) is None


def test_an_instrument_has_the_bands_of_its_rule_or_its_minimum_tick() -> None:
    bands = [(Decimal(1), Decimal("0.01")), (Decimal(0), Decimal("0.0001"))]
    assert instrument_of("AAPL", details(), bands).price_bands == (bands[1], bands[0])
    plain = instrument_of("AAPL", details(), None)
    assert plain.price_bands == ((Decimal(0), Decimal("0.0001")),)
    assert (plain.multiplier, plain.size_increment, plain.long_name) == (Decimal(1), Decimal("0.0001"), "APPLE INC")
    assert contract_of(plain).conId == 265598


def test_the_query_for_a_symbol_uses_its_settings() -> None:
    query = query_for("MSFT", ContractQuery(exchange="NYSE", primary_exchange="ISLAND", currency="EUR"))
    asked = (query.symbol, query.secType, query.exchange, query.primaryExchange, query.currency)
    assert asked == ("MSFT", "STK", "NYSE", "ISLAND", "EUR")


def test_ib_insync_frames_messages_as_the_wire_wants_them() -> None:
    assert Client(None)._prefix(b"abc") == struct.pack(">I", 3) + b"abc"
