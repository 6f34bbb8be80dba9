"""Each code that the paper TWS tells: what provokes it, and its text, as the real ib_insync hears it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import ib_insync as ibi
import pytest
import trio
from attrs import define
from trio_asyncio import aio_as_trio as aio

from simulator.faults.verbs import Connectivity, Jump
from simulator.server.entitlements import Entitlement

AAPL = ibi.Stock("AAPL", "SMART", "USD")
GME = ibi.Stock("GME", "SMART", "USD")
HOUR = 3600


@define
class Desk:
    """A client, and all errors that it hears: (id, code, text)."""

    paper: Any
    ib: ibi.IB
    heard: list[tuple[int, int, str]]
    settle: Callable[[ibi.IB], Awaitable[None]]

    def order(self, order: ibi.Order, contract: ibi.Contract = AAPL, order_id: int = 0) -> int:
        """Send an order past the library's own checks; return its id."""
        order_id = order_id or self.ib.client.getReqId()
        self.ib.client.placeOrder(order_id, contract, order)
        return order_id

    def rests(self, **terms: Any) -> int:
        return self.order(ibi.LimitOrder("BUY", 10, 90.0, **terms))

    def bars(self, size: str = "1 min", what: str = "TRADES", *, end: str = "", duration: str = "1 D") -> None:
        req_id = self.ib.client.getReqId()
        self.ib.client.reqHistoricalData(req_id, AAPL, end, duration, size, what, False, 1, False, [])

    def line(self, req_id: int = 0) -> int:
        req_id = req_id or self.ib.client.getReqId()
        self.ib.client.reqMktData(req_id, AAPL, "", False, False, [])
        return req_id

    def entitle(self, extent: Entitlement) -> None:
        self.paper.tws.entitlements.set("AAPL", extent)


Provoke = Callable[[Desk], object]
ROWS: list[tuple[int, str, Provoke, dict[str, Any]]] = []


def provokes(code: int, text: str, **options: Any) -> Callable[[Provoke], Provoke]:
    """Add a row: the code, a part of its text, what provokes it; options are SimulatorSettings."""

    def add(provoke: Provoke) -> Provoke:
        ROWS.append((code, text, provoke, options))
        return provoke

    return add


# the session


@provokes(100, "Max rate of messages per second has been exceeded:max=50", messages_per_second=50)
def more_than_fifty_messages_in_a_second(desk: Desk) -> None:
    for _ in range(60):
        desk.ib.client.reqCurrentTime()


@provokes(320, "Error reading request.")
def an_unknown_message(desk: Desk) -> None:
    desk.ib.client.send(999, 1)


@provokes(320, "Error reading request.")
def a_price_that_is_no_number(desk: Desk) -> None:
    desk.order(ibi.LimitOrder("BUY", 10, float("nan")))


@provokes(320, "Error reading request.")
def an_id_beyond_32_bits(desk: Desk) -> None:
    desk.ib.client.cancelOrder(2**31, "")


@provokes(321, "is not served by the paper TWS")
def what_tws_has_and_this_has_not(desk: Desk) -> None:
    desk.ib.client.reqMktDepth(desk.ib.client.getReqId(), AAPL, 5, False, [])


@provokes(321, "Only the default client (id 0) can auto bind orders")
def binding_orders_as_another_than_client_0(desk: Desk) -> None:
    desk.ib.client.reqAutoOpenOrders(True)


@provokes(326, "Unable to connect as the client id is already in use")
async def a_client_id_in_use(desk: Desk) -> None:
    second = desk.paper.new_client()
    second.wrapper.error = lambda req_id, code, text, *rest: desk.heard.append((req_id, code, text))
    with suppress(TimeoutError, ConnectionError):
        await aio(second.connectAsync)("memory", 0, clientId=7, timeout=1)


@provokes(1100, "Connectivity between IB and")
def the_link_to_ib_is_lost(desk: Desk) -> None:
    desk.paper.broker.faults.do(Connectivity("lost"))


@provokes(1101, "data lost")
def it_is_back_without_subscriptions(desk: Desk) -> None:
    desk.paper.broker.faults.do(Connectivity("dropped"))


@provokes(1102, "data maintained")
def it_is_back_with_them(desk: Desk) -> None:
    desk.paper.broker.faults.do(Connectivity("kept"))


# orders


@provokes(103, "Duplicate order id")
def an_id_that_was_passed_by(desk: Desk) -> None:
    desk.order(ibi.LimitOrder("BUY", 10, 90.0), order_id=desk.rests() - 1)


@provokes(104, "Cannot modify a filled order.")
async def a_change_of_a_filled_order(desk: Desk) -> None:
    order_id = desk.order(ibi.MarketOrder("BUY", 10))
    await desk.settle(desk.ib)
    desk.order(ibi.MarketOrder("BUY", 20), order_id=order_id)


@provokes(105, "Order being modified does not match original order.")
def a_change_of_side(desk: Desk) -> None:
    desk.order(ibi.LimitOrder("SELL", 10, 90.0), order_id=desk.rests())


@provokes(110, "The price does not conform to the minimum price variation for this contract.")
def a_price_off_the_tick(desk: Desk) -> None:
    desk.order(ibi.LimitOrder("BUY", 10, 90.005))


@provokes(111, "The TIF")
def a_time_in_force_that_is_none(desk: Desk) -> None:
    desk.rests(tif="NEVER")


@provokes(135, "Can't find order with id =99999")
def a_parent_that_is_not_there(desk: Desk) -> None:
    desk.rests(parentId=99_999)


@provokes(161, "Cancel attempted when order is not in a cancellable state. Order permId =1500000001", calendar="XNYS")
async def cancelling_a_market_on_close_order_after_1550(desk: Desk) -> None:
    order_id = desk.order(ibi.Order(action="BUY", totalQuantity=10, orderType="MOC"))
    desk.paper.broker.faults.do(Jump(6 * HOUR - 600))  # from ten in the morning
    await trio.sleep(1)
    desk.ib.client.cancelOrder(order_id, "")


@provokes(161, "Cancel attempted when order is not in a cancellable state", calendar="XNYS")
async def cancelling_everything_after_1550(desk: Desk) -> None:
    desk.order(ibi.Order(action="BUY", totalQuantity=10, orderType="LOC", lmtPrice=101.0))
    desk.paper.broker.faults.do(Jump(6 * HOUR - 600))
    await trio.sleep(1)
    desk.ib.client.reqGlobalCancel()


@provokes(200, "No security definition has been found for the request")
def an_order_for_an_unknown_contract(desk: Desk) -> None:
    desk.order(ibi.MarketOrder("BUY", 10), ibi.Stock("NOSUCH", "SMART", "USD"))


@provokes(200, "No security definition has been found for the request")
def an_order_routed_where_the_contract_is_not_listed(desk: Desk) -> None:
    desk.order(ibi.MarketOrder("BUY", 10), ibi.Stock("AAPL", "IDEALPRO", "USD"))


@provokes(200, "No security definition has been found for the request")
def an_order_routed_by_id_where_the_contract_is_not_listed(desk: Desk) -> None:
    desk.order(ibi.MarketOrder("BUY", 10), ibi.Contract(conId=265598, exchange="LSE"))


@provokes(200, "No security definition has been found for the request")
def market_data_from_a_destination_for_orders_alone(desk: Desk) -> None:
    desk.ib.client.reqMktData(9001, ibi.Stock("AAPL", "IBKRATS", "USD"), "", False, False, [])


@provokes(200, "is ambiguous")
def an_order_for_one_of_several_contracts(desk: Desk) -> None:
    desk.order(ibi.MarketOrder("BUY", 1), ibi.Option("AAPL", exchange="SMART"))


@provokes(201, "MUST EXCEED THE INITIAL MARGIN")
def an_order_beyond_the_funds(desk: Desk) -> None:
    desk.order(ibi.MarketOrder("BUY", 1_000_000))


@provokes(201, "in the closing auction", calendar="XNYS")
async def changing_a_market_on_close_order_after_1550(desk: Desk) -> None:
    order = ibi.Order(action="BUY", totalQuantity=10, orderType="MOC")
    order_id = desk.order(order)
    desk.paper.broker.faults.do(Jump(6 * HOUR - 600))
    await trio.sleep(1)
    desk.order(order, order_id=order_id)


@provokes(202, "Order Canceled - reason:")
def cancelling_an_order(desk: Desk) -> None:
    desk.ib.client.cancelOrder(desk.rests(), "")


@provokes(387, "Unsupported order type")
def an_order_type_that_is_none(desk: Desk) -> None:
    desk.order(ibi.Order(action="BUY", totalQuantity=10, orderType="MAGIC"))


@provokes(399, "your order will not be placed at the exchange until 2026-11-24 09:30:00", calendar="XNYS")
async def an_order_after_hours(desk: Desk) -> None:
    desk.paper.broker.faults.do(Jump(8 * HOUR))
    await trio.sleep(1)
    desk.rests()


@provokes(2109, "Outside Regular Trading Hours", calendar="XNYS")
def a_market_order_outside_regular_hours(desk: Desk) -> None:
    desk.order(ibi.MarketOrder("BUY", 10, outsideRth=True))


@provokes(404, "Order held while securities are located.")
def selling_short_what_is_hard_to_borrow(desk: Desk) -> None:
    desk.paper.tick("GME", bid=28.0, ask=28.1)
    desk.order(ibi.LimitOrder("SELL", 10, 28.0), GME)


@provokes(434, "The order size cannot be zero.")
def no_size(desk: Desk) -> None:
    desk.order(ibi.LimitOrder("BUY", 0, 90.0))


@provokes(435, "You must specify an account.", accounts=("DU1", "DU2"))
def an_order_of_a_login_with_two_accounts_that_names_none(desk: Desk) -> None:
    desk.rests()


@provokes(10147, "OrderId 99999 that needs to be cancelled is not found.")
def cancelling_what_is_not_there(desk: Desk) -> None:
    desk.ib.client.cancelOrder(99_999, "")


@provokes(10148, "that needs to be cancelled can not be cancelled, state: Filled.")
async def cancelling_a_filled_order(desk: Desk) -> None:
    order_id = desk.order(ibi.MarketOrder("BUY", 10))
    await desk.settle(desk.ib)
    desk.ib.client.cancelOrder(order_id, "")


@provokes(10149, "Invalid order id: -5")
def an_id_below_zero(desk: Desk) -> None:
    desk.order(ibi.LimitOrder("BUY", 10, 90.0), order_id=-5)


@provokes(10224, "one account", accounts=("DU1", "DU2"))
def a_group_over_two_accounts(desk: Desk) -> None:
    desk.rests(account="DU1", ocaGroup="both")
    desk.rests(account="DU2", ocaGroup="both")


@provokes(10243, "Fractional-sized order cannot be placed via API.")
def half_a_share(desk: Desk) -> None:
    desk.order(ibi.LimitOrder("BUY", 0.5, 90.0))


# market data and history


@provokes(101, "Max number of tickers has been reached")
def more_than_a_hundred_lines(desk: Desk) -> None:
    for _ in range(101):
        desk.line()


@provokes(162, "Historical Market Data Service error message:HMDS query returned no data: AAPL@SMART BID_ASK")
def bars_of_what_was_never_quoted(desk: Desk) -> None:
    desk.bars(what="BID_ASK", end="20000103 16:00:00 US/Eastern")


@provokes(162, "Historical data request pacing violation", messages_per_second=50)
def identical_requests_for_small_bars_within_15_seconds(desk: Desk) -> None:
    desk.bars("5 secs")
    desk.bars("5 secs")


@provokes(162, "Historical data request pacing violation", messages_per_second=50)
def the_sixth_request_of_a_kind_within_two_seconds(desk: Desk) -> None:
    for seconds in range(60, 66):
        desk.bars("1 secs", duration=f"{seconds} S")


@provokes(162, "Historical data request pacing violation", messages_per_second=50)
def a_third_request_for_both_sides_which_count_twice(desk: Desk) -> None:
    for seconds in range(60, 63):
        desk.bars("1 secs", "BID_ASK", duration=f"{seconds} S")


@provokes(162, "Historical data request pacing violation", messages_per_second=50)
async def the_sixty_first_within_ten_minutes(desk: Desk) -> None:
    for seconds in range(60, 121):
        desk.bars("1 secs", duration=f"{seconds} S")
        await trio.sleep(9)


@provokes(300, "Can't find EId with tickerId:4711")
def ending_a_line_that_is_not_there(desk: Desk) -> None:
    desk.ib.client.cancelMktData(4711)


@provokes(321, "Historical data bar size setting is invalid.")
def bars_of_seven_minutes(desk: Desk) -> None:
    desk.bars("7 mins")


@provokes(321, "BID_ASK cannot be kept up to date")
def both_sides_kept_up_to_date(desk: Desk) -> None:
    desk.ib.client.reqHistoricalData(9001, AAPL, "", "1 D", "1 min", "BID_ASK", False, 1, True, [])


@provokes(321, "Duration is too long")
def a_million_years(desk: Desk) -> None:
    desk.bars(duration="999999 Y")


@provokes(322, "Duplicate ticker id")
def a_request_id_in_use(desk: Desk) -> None:
    desk.line(desk.line())


@provokes(354, "Requested market data is not subscribed.")
def data_without_a_subscription(desk: Desk) -> None:
    desk.entitle(Entitlement.NONE)
    desk.line()


@provokes(366, "No historical data query found for ticker id:4711")
def ending_a_query_that_is_not_there(desk: Desk) -> None:
    desk.ib.client.cancelHistoricalData(4711)


@provokes(420, "Invalid Real-time Query")
def five_second_bars_without_a_subscription(desk: Desk) -> None:
    desk.entitle(Entitlement.NONE)
    desk.ib.client.reqRealTimeBars(9001, AAPL, 5, "TRADES", False, [])


@provokes(420, "Invalid Real-time Query")
def real_time_bars_of_another_length(desk: Desk) -> None:
    desk.ib.client.reqRealTimeBars(9001, AAPL, 30, "TRADES", False, [])


@provokes(10167, "Displaying delayed market data.")
def delayed_data(desk: Desk) -> None:
    desk.entitle(Entitlement.DELAYED)
    desk.ib.reqMarketDataType(3)
    desk.line()


@provokes(10187, "Please specify either start time or end time")
def ticks_of_no_time(desk: Desk) -> None:
    desk.ib.client.reqHistoricalTicks(9001, AAPL, "", "", 3, "TRADES", False, False, [])


@provokes(10189, "Failed to request tick-by-tick data")
def tick_by_tick_without_a_subscription(desk: Desk) -> None:
    desk.entitle(Entitlement.NONE)
    desk.ib.client.reqTickByTickData(9001, AAPL, "Last", 0, False)


@provokes(10190, "Max number of tick-by-tick requests has been reached.")
def four_tick_by_tick_lines(desk: Desk) -> None:
    for req_id in range(9001, 9005):
        desk.ib.client.reqTickByTickData(req_id, AAPL, "Last", 0, False)


@provokes(10197, "No market data during competing live session")
def a_competing_session(desk: Desk) -> None:
    desk.entitle(Entitlement.COMPETING)
    desk.line()


@provokes(10314, "Invalid date or time: tomorrow")
def an_end_that_is_no_time(desk: Desk) -> None:
    desk.bars(end="tomorrow")


@pytest.mark.parametrize(
    ("code", "text", "provoke", "options"), ROWS, ids=[f"{code}-{provoke.__name__}" for code, _, provoke, _ in ROWS]
)
def test_the_code_is_told(
    in_memory: Any, settle: Any, code: int, text: str, provoke: Provoke, options: dict[str, Any]
) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0, last=100.0)
            await trio.sleep(2)
            heard: list[tuple[int, int, str]] = []
            ib.wrapper.error = lambda req_id, code, text, *rest: heard.append((req_id, code, text))
            told = provoke(Desk(paper, ib, heard, settle))
            if isinstance(told, Awaitable):
                await told
            await trio.testing.wait_all_tasks_blocked()
            await trio.sleep(1)
            codes = {one[1] for one in heard} - {399, 2104, 2106, 2158}
            assert codes <= {code} or code == 399, heard
            assert any(one[1] == code and text in one[2] for one in heard), heard

    in_memory(scenario, **options)
