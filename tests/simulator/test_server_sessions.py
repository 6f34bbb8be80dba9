"""Clients against each other and against the protocol: identity, visibility, malformed bytes, pacing, slowness."""

from __future__ import annotations

import logging
import struct
from contextlib import AsyncExitStack
from typing import Any

import ib_insync as ibi
import pytest
import trio
from trio_asyncio import aio_as_trio as aio

from simulator.faults.verbs import Connectivity, Jump

AAPL = ibi.Stock("AAPL", "SMART", "USD")


class RawClient:
    """Speaks the protocol by hand over a bare socket."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._data = b""

    async def send(self, *fields: object) -> None:
        body = "".join(f"{field}\0" for field in fields).encode()
        await self.stream.send_all(struct.pack(">I", len(body)) + body)

    async def receive(self) -> list[str] | None:
        """The next message, None when the server has closed."""
        while len(self._data) < 4 or len(self._data) < 4 + struct.unpack(">I", self._data[:4])[0]:
            more = await self.stream.receive_some()
            if not more:
                return None
            self._data += more
        end = 4 + struct.unpack(">I", self._data[:4])[0]
        body, self._data = self._data[4:end], self._data[end:]
        return body.decode().split("\0")[:-1]

    async def until(self, *start: str) -> list[str]:
        """The next message that begins like this."""
        while (message := await self.receive()) is not None:
            if message[: len(start)] == list(start):
                return message
        raise AssertionError(f"closed before {start}")

    async def connect(self, client_id: int, versions: str = "v157..176") -> str:
        """Shake hands and start the API; return the server's version."""
        await self.stream.send_all(b"API\0" + struct.pack(">I", len(versions)) + versions.encode())
        hello = await self.receive()
        assert hello is not None
        await self.send(71, 2, client_id, "")
        await self.until("4", "2", "-1", "2158")
        return hello[0]


@pytest.mark.parametrize(
    ("versions", "agreed"),
    [
        ("v157..176", "176"),
        ("v100..157", "157"),
        ("v100..225", "176"),
        ("v157..178 +PACEAPI", "176"),
        ("v150..163", "163"),
    ],
)
def test_the_version_is_the_lower_of_the_two_highest(with_paper: Any, versions: str, agreed: str) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.socket() as stream:
            assert await RawClient(stream).connect(1, versions) == agreed

    with_paper(scenario)


@pytest.mark.parametrize("versions", ["v177..200", "v100..156", "nonsense", "v1..2..3"])
def test_a_version_that_is_not_spoken_closes_the_link(with_paper: Any, versions: str) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.socket() as stream:
            await stream.send_all(b"API\0" + struct.pack(">I", len(versions)) + versions.encode())
            assert await stream.receive_some() == b""

    with_paper(scenario)


def test_a_handshake_split_into_single_bytes_is_understood(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.socket() as stream:
            client = RawClient(stream)
            body = b"71\x002\x009\x00\x00"
            whole = b"API\0" + struct.pack(">I", 9) + b"v157..176"
            for byte in whole:
                await stream.send_all(bytes([byte]))
            assert (await client.receive() or [])[0] == "176"
            for byte in struct.pack(">I", len(body)) + body:
                await stream.send_all(bytes([byte]))
            assert await client.until("9", "1") == ["9", "1", "1"]

    with_paper(scenario)


def test_a_client_id_in_use_is_refused_with_326_and_the_first_client_stays(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client(7) as ib, paper.socket() as stream:
            client = RawClient(stream)
            await stream.send_all(b"API\0" + struct.pack(">I", 9) + b"v157..176")
            await client.receive()
            await client.send(71, 2, 7, "")
            assert (await client.receive() or [])[:4] == ["4", "2", "-1", "326"]
            assert await client.receive() is None
            await settle(ib)

    with_paper(scenario)


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", b"API\0\xff\xff\xff\xff", b"API\0\0\0\0\0", b"\0" * 64],
    ids=["http", "oversized", "empty frame", "zeros"],
)
def test_bytes_that_are_no_protocol_end_that_client_only(with_paper: Any, settle: Any, garbage: bytes) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client(7) as ib, paper.socket() as stream:
            await stream.send_all(garbage)
            assert await stream.receive_some() == b""
            await settle(ib)

    with_paper(scenario)


def test_requests_that_cannot_be_read_are_answered_and_the_link_stays(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.socket() as stream:
            client = RawClient(stream)
            await client.connect(1)
            for request in ([999, 1], ["x"], [""], [49], [7, 3, "abc"], [4, 1, 2548181185], [91, "1e3"], [9, 8, 5]):
                await client.send(*request)
                assert (await client.receive() or [])[:4] == ["4", "2", "-1", "320"], request
            await client.send(49, 1)
            assert (await client.receive() or [])[:2] == ["49", "1"]

    with_paper(scenario)


def test_every_request_of_the_protocol_is_answered_or_known(with_paper: Any) -> None:
    quiet = {2, 11, 13, 14, 23, 51, 53, 56, 57, 58, 59, 63, 64, 70, 75, 77, 89, 90, 93, 95, 98, 101, 103, 12, 25, 15}

    async def scenario(paper: Any) -> None:
        async with paper.socket() as stream:
            client = RawClient(stream)
            await client.connect(0)
            for number in [*range(1, 26), *range(49, 60), *range(61, 105)]:
                if number in (3, 71, *quiet):
                    continue
                await client.send(number, *["1"] * 4, *[""] * 40)
                assert await client.receive() is not None, number
                await client.send(49, 1)
                await client.until("49", "1")

    with_paper(scenario)


def test_each_client_hears_of_its_own_orders_and_all_can_be_asked_for(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client(1) as first, paper.client(2) as second:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            resting = first.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 90.0))
            filled = first.placeOrder(AAPL, ibi.MarketOrder("BUY", 5))
            await settle(first)
            await settle(second)
            assert filled.orderStatus.status == "Filled"
            assert (second.trades(), second.fills()) == ([], [])
            assert [position.position for position in second.positions()] == [5]
            assert await aio(second.reqOpenOrdersAsync)() == []
            (seen,) = await aio(second.reqAllOpenOrdersAsync)()
            assert (seen.order.permId, seen.order.clientId) == (resting.order.permId, 1)
            (fill,) = await aio(second.reqExecutionsAsync)()
            assert fill.execution.clientId == 1
            assert await aio(second.reqExecutionsAsync)(ibi.ExecutionFilter(clientId=2)) == []
            second.client.cancelOrder(resting.order.orderId)
            await settle(second)
            assert resting.orderStatus.status == "Submitted"

    with_paper(scenario)


def test_the_master_client_sees_the_orders_of_all(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client(1) as first, paper.client(9) as master:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            trade = first.placeOrder(AAPL, ibi.MarketOrder("BUY", 5))
            await settle(first)
            await settle(master)
            (seen,) = master.trades()
            assert (seen.order.permId, seen.orderStatus.status) == (trade.order.permId, "Filled")
            assert [fill.execution.shares for fill in master.fills()] == [5]

    with_paper(scenario, master_client_id=9)


def test_the_next_order_id_lies_above_those_of_all_clients_and_survives_a_reconnection(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client(1) as first:
            order = ibi.LimitOrder("BUY", 10, 90.0)
            order.orderId = 5000
            first.client.placeOrder(5000, AAPL, order)
            await aio(first.reqCurrentTimeAsync)()
        async with paper.socket() as stream:
            client = RawClient(stream)
            await client.connect(2)
            await client.send(8, 1, 1)
            assert await client.until("9") == ["9", "1", "5001"]

    with_paper(scenario)


@pytest.mark.parametrize(
    ("order_id", "change", "code"),
    [
        (100, {}, 0),
        (99, {}, 103),  # not above the highest used
        (100, {"totalQuantity": 0}, 434),
        (100, {"lmtPrice": 90.001}, 110),
        (100, {"orderType": "NOSUCH"}, 387),
        (100, {"account": "U999"}, 321),
        (100, {"parentId": 4}, 135),
        (0, {}, 10149),
    ],
)
def test_orders_that_cannot_be_are_refused_with_their_code(
    with_paper: Any, settle: Any, order_id: int, change: dict[str, Any], code: int
) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client(1) as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            errors: list[tuple[int, int]] = []
            ib.errorEvent += lambda req_id, code, text, contract: errors.append((req_id, code))
            first = ibi.LimitOrder("BUY", 10, 90.0)
            if code == 103:
                ib.client.placeOrder(100, AAPL, first)
            order = ibi.LimitOrder("BUY", 10, 90.0)
            for name, value in change.items():
                setattr(order, name, value)
            ib.client.placeOrder(order_id, AAPL, order)
            await settle(ib)
            assert [one for one in errors if one[1] < 2000 or one[1] > 3000] == ([(order_id, code)] if code else [])

    with_paper(scenario)


def test_errors_about_orders_and_data_have_tws_codes(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client(1) as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            errors: list[int] = []
            ib.errorEvent += lambda req_id, code, text, contract: errors.append(code)
            await settle(ib)
            errors.clear()
            trade = ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 5))
            await settle(ib)
            ib.client.placeOrder(trade.order.orderId, AAPL, ibi.LimitOrder("BUY", 5, 90.0))
            ib.client.cancelOrder(trade.order.orderId)
            ib.client.cancelOrder(99999)
            ib.client.placeOrder(ib.client.getReqId(), ibi.Stock("NOSUCH", "SMART", "USD"), ibi.MarketOrder("BUY", 1))
            ib.client.placeOrder(ib.client.getReqId(), ibi.Stock("AAPL"), ibi.MarketOrder("BUY", 1))
            ib.client.cancelMktData(4711)
            ib.client.reqMktData(4712, AAPL, "", False, False, [])
            ib.client.reqMktData(4712, AAPL, "", False, False, [])
            ib.client.reqMktDepth(4713, AAPL, 5, False, [])
            ib.client.reqHistoricalData(4714, AAPL, "", "1 D", "7 mins", "TRADES", False, 1, False, [])
            ib.client.reqHistoricalData(
                4715, ibi.Stock("MSFT", "SMART", "USD"), "", "1 D", "1 min", "TRADES", False, 1, False, []
            )
            await settle(ib)
            assert errors == [104, 10148, 10147, 200, 321, 300, 322, 321, 321, 162]

    with_paper(scenario)


def test_delayed_missing_and_competing_data_are_told_apart(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        from simulator.server.entitlements import Entitlement

        async with paper.client(1) as ib:
            errors: list[int] = []
            ib.errorEvent += lambda req_id, code, text, contract: errors.append(code)
            paper.tick("AAPL", bid=99.99, ask=100.0)
            await aio(ib.qualifyContractsAsync)(AAPL)
            errors.clear()
            for extent in (Entitlement.NONE, Entitlement.COMPETING, Entitlement.DELAYED):
                paper.tws.entitlements.set("AAPL", extent)
                ib.client.reqMktData(ib.client.getReqId(), AAPL, "", False, False, [])
                await settle(ib)
            ib.reqMarketDataType(3)
            ticker = ib.reqMktData(AAPL)
            await settle(ib)
            assert errors == [354, 10197, 354, 10167]
            assert (ticker.marketDataType, ticker.bid, ticker.ask) == (3, 99.99, 100.0)

    with_paper(scenario)


def test_orders_made_by_hand_are_bound_by_client_0_alone(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        from decimal import Decimal

        from simulator.model import Contract, Order

        def by_hand() -> Order:
            return Order(0, 0, "DU1234567", Contract(265598, "AAPL"), "BUY", Decimal(10), "LMT", Decimal(90))

        paper.tws.place_by_hand(by_hand())
        async with paper.client(3) as other:
            (seen,) = await aio(other.reqAllOpenOrdersAsync)()
            assert (seen.order.orderId, seen.order.clientId) == (0, 0)
        async with paper.client(0) as zero:
            (bound,) = await aio(zero.reqOpenOrdersAsync)()
            assert bound.order.orderId == -1
            zero.client.cancelOrder(-1)
            await settle(zero)
            assert paper.venue.orders[bound.order.permId].status == "Cancelled"

    with_paper(scenario)


def test_too_many_messages_bring_error_100_and_then_the_end(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.socket() as stream:
            client = RawClient(stream)
            await client.connect(1)
            for _ in range(60):
                await client.send(49, 1)
            answers = [await client.receive() or [] for _ in range(60)]
            assert [answer[0] for answer in answers] == ["49"] * 49 + ["4"] * 11
            assert answers[-1][3] == "100"
        async with paper.socket() as stream:
            client = RawClient(stream)
            await client.connect(1)
            await client.send(49, 1)
            await client.until("49", "1")

    with_paper(scenario, messages_per_second=50, pacing_breaches=2)


def test_a_client_that_does_not_read_is_dropped_and_holds_up_no_other(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.socket() as stream, paper.client(2) as ib:
            stream.socket.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
            client = RawClient(stream)
            await client.connect(1)
            await client.send(1, 11, 5, 265598, *[""] * 6, "SMART", *[""] * 4, 0, "", 0, 0, "")
            await settle(ib)
            rounds = 0
            while paper.tws.session_of(1) is not None:
                for step in range(2000):
                    paper.tick("AAPL", bid=90 + step % 100 / 100, ask=100.0)
                await settle(ib)
                rounds += 1
                assert rounds < 200
            await settle(ib)

    with_paper(scenario, output_bytes=200_000)


def test_historical_ticks_are_those_that_were_seen(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client(1) as ib:
            paper.tick("AAPL", bid=99.0, ask=101.0)
            for price in (100.0, 100.5, 99.5):
                paper.tick("AAPL", last=price, size=7)
            until = "20991231 00:00:00 UTC"
            trades = await aio(ib.reqHistoricalTicksAsync)(AAPL, "", until, 2, "TRADES", False)
            assert [(tick.price, tick.size) for tick in trades] == [(100.5, 7), (99.5, 7)]
            quotes = await aio(ib.reqHistoricalTicksAsync)(AAPL, "", until, 10, "BID_ASK", False)
            assert [(tick.priceBid, tick.priceAsk) for tick in quotes] == [(99.0, 101.0)]
            middles = await aio(ib.reqHistoricalTicksAsync)(AAPL, "", until, 10, "MIDPOINT", False)
            assert [tick.price for tick in middles] == [100.0]

    with_paper(scenario)


def test_version_157_is_spoken_without_fields_of_later_versions(with_paper: Any, caplog: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client(1) as ib:
            assert ib.client.serverVersion() == 157
            (details,) = await aio(ib.reqContractDetailsAsync)(AAPL)
            assert details.marketRuleIds.startswith("26,")
            paper.tick("AAPL", bid=99.99, ask=100.0)
            trade = ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 5))
            await aio(ib.reqCurrentTimeAsync)()
            assert trade.orderStatus.status == "Filled"
            (done,) = await aio(ib.reqCompletedOrdersAsync)(False)
            assert done.order.filledQuantity == 5

    before = ibi.Client.MaxClientVersion
    ibi.Client.MaxClientVersion = 157
    caplog.set_level(logging.WARNING, logger="ib_insync")
    try:
        with_paper(scenario)
    finally:
        ibi.Client.MaxClientVersion = before
    assert [record.getMessage() for record in caplog.records] == []


def test_thirty_two_clients_are_served_and_the_next_is_refused(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with AsyncExitStack() as stack:
            for client_id in range(32):
                client = RawClient(await stack.enter_async_context(paper.socket()))
                await client.connect(client_id)
            stream = await stack.enter_async_context(paper.socket())
            await stream.send_all(b"API\0" + struct.pack(">I", 9) + b"v157..176")
            late = RawClient(stream)
            await late.receive()
            await late.send(71, 2, 99, "")
            assert (await late.receive() or [])[:4] == ["4", "2", "-1", "321"]
            assert await late.receive() is None
            assert len(paper.tws.clients) == 32

    with_paper(scenario)


def test_a_client_that_comes_back_finds_its_orders_and_what_filled_meanwhile(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.tick("AAPL", bid=99.99, ask=100.0)
        async with paper.client(4) as ib:
            ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 10, 95.0, tif="GTC", orderRef="rests"))
            ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 20, 98.0, tif="GTC", orderRef="fills"))
            await settle(ib)
        paper.tick("AAPL", bid=97.5, ask=97.6)
        async with paper.client(4) as ib:
            assert [trade.order.orderRef for trade in ib.openTrades()] == ["rests"]
            assert [(fill.execution.orderRef, fill.execution.shares) for fill in ib.fills()] == [("fills", 20)]
            assert [position.position for position in ib.positions()] == [20]
            (trade,) = ib.openTrades()
            ib.cancelOrder(trade.order)
            await settle(ib)
            assert trade.orderStatus.status == "Cancelled"

    with_paper(scenario)


def test_an_order_outside_the_session_is_held_with_399_until_the_open(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.broker.faults.do(Jump(8 * 3600))  # from ten in the morning to six in the evening
            await trio.sleep(1)
            errors: list[int] = []
            ib.errorEvent += lambda req_id, code, text, contract: errors.append(code)
            trade = ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10, tif="GTC"))
            await settle(ib)
            assert (trade.orderStatus.status, errors) == ("PreSubmitted", [399])
            paper.tick("AAPL", bid=99.99, ask=100.0)
            await settle(ib)
            assert trade.orderStatus.status == "PreSubmitted"
            (details,) = await aio(ib.reqContractDetailsAsync)(AAPL)
            assert details.liquidHours.startswith("20261123:0930-20261123:1600;")
            paper.broker.faults.do(Jump(16 * 3600))
            await trio.sleep(1)
            paper.tick("AAPL", bid=99.99, ask=100.0)
            await settle(ib)
            assert trade.orderStatus.status == "Filled"

    in_memory(scenario, calendar="XNYS")


def test_an_order_beyond_the_accounts_means_is_refused_with_201(with_paper: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            trade = ib.placeOrder(AAPL, ibi.LimitOrder("BUY", 1_000_000, 100.0))
            await settle(ib)
            assert (trade.orderStatus.status, trade.log[-1].errorCode) == ("Cancelled", 201)
            again = ibi.LimitOrder("BUY", 1, 100.0)
            again.orderId = trade.order.orderId
            errors: list[int] = []
            ib.errorEvent += lambda req_id, code, text, contract: errors.append(code)
            ib.client.placeOrder(again.orderId, AAPL, again)
            await settle(ib)
            assert errors == [103]  # an id is used up by a refusal too (INC-11)

    with_paper(scenario)


def test_a_client_that_connects_while_the_servers_are_lost_is_told(with_paper: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.faults.do(Connectivity("lost"))
        async with paper.socket() as stream:
            client = RawClient(stream)
            await stream.send_all(b"API\0" + struct.pack(">I", 9) + b"v157..176")
            await client.receive()
            await client.send(71, 2, 7, "")
            await client.until("4", "2", "-1", "2110")
            paper.faults.do(Connectivity("kept"))
            await client.until("4", "2", "-1", "1102")
        async with paper.socket() as stream:
            await RawClient(stream).connect(8)

    with_paper(scenario)
