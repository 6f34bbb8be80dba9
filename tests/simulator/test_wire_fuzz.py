"""The server's reader under bytes that no client should send: no exception, no hang, no memory that grows.

100,000 frames in all; PITBOSS_FUZZ_FRAMES sets another number, PITBOSS_FUZZ_SEED another seed.
"""

from __future__ import annotations

import gc
import os
import random
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import ib_insync as ibi
import pytest
import trio
from ib_insync.client import Client
from trio_asyncio import aio_as_trio as aio

from config.environment import machine
from simulator.app import PaperBroker, SimulatorSettings
from simulator.model import Ticked
from simulator.server.session import Session

FRAMES = int(os.environ.get("PITBOSS_FUZZ_FRAMES", "100000"))
SEED = int(os.environ.get("PITBOSS_FUZZ_SEED", "1"))
BATCHES = 10
SLOWEST = 5.0  # seconds for what comes in one piece; a hang would be longer
KILOBYTE = 1024

VALUES = [
    *["", "0", "1", "-1", "5", "265598", "AAPL", "STK", "SMART", "USD", "BAG", "MKT", "LMT", "PEG BENCH", "1e5", "nan"],
    *["2147483647", "2147483648", "1.7976931348623157E308", "Infinite", "TRADES", "1 D", "1 min", "DU1234567", "é"],
    *["x" * 500, "-", ".", "1.", "0x10", "١٢", "9" * 40, "\x01", "20261123 10:00:00 Nowhere/Zone", "20261123-10:00:00"],
]


class Sink:
    """A transport that counts."""

    def __init__(self) -> None:
        self.bytes = 0
        self.closed = False

    def write(self, data: bytes) -> None:
        self.bytes += len(data)

    def close(self) -> None:
        self.closed = True

    abort = close


def frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def fields_of(body: bytes) -> list[bytes]:
    return body.split(b"\0")[:-1]


def joined(fields: list[bytes]) -> bytes:
    return b"".join(field + b"\0" for field in fields)


def hello(version: int, client_id: int) -> bytes:
    versions = f"v157..{version}".encode()
    return b"API\0" + frame(versions) + frame(f"71\x002\x00{client_id}\x00\x00".encode())


def connected(broker: PaperBroker, client_id: int, version: int = 176) -> tuple[Session, Sink]:
    sink = Sink()
    session = broker.tws.connect(sink)
    session.feed(hello(version, client_id))
    assert session.ready
    return session, sink


def paper() -> PaperBroker:
    broker = PaperBroker(SimulatorSettings(feed="manual", messages_per_second=0), machine(1))
    (definition,) = broker.contracts.find("AAPL", "STK")
    now = broker.environment.now()
    broker.deliver([Ticked(definition.contract, kind, price, 1000, now) for kind, price in ((1, 229.9), (2, 230.1))])
    return broker


def real_requests(version: int) -> list[bytes]:
    """The bodies of every request that the real client can make, as it writes them at a version."""
    bodies: list[bytes] = []

    class Recorder:
        def isConnected(self) -> bool:
            return True

        def sendMsg(self, data: bytes) -> None:
            bodies.append(data[4:])

    client = Client(None)
    client.MaxRequests = 0
    client.conn = Recorder()
    client.connState, client._serverVersion = Client.CONNECTED, version
    aapl = ibi.Stock("AAPL", "SMART", "USD", conId=265598)
    legs = [ibi.ComboLeg(265598, 1, "BUY", "SMART")]
    bag = ibi.Bag(symbol="AAPL", exchange="SMART", currency="USD", comboLegs=legs)
    condition = ibi.PriceCondition(conId=265598, exch="SMART", price=100, isMore=False)
    orders = [
        ibi.MarketOrder("BUY", 10),
        ibi.LimitOrder("SELL", 10, 250.0, tif="GTC", ocaGroup="g", ocaType=1, parentId=3, transmit=False),
        ibi.StopLimitOrder("BUY", 5, 260.0, 255.0, conditions=[condition], algoStrategy="Adaptive",
                           algoParams=[ibi.TagValue("adaptivePriority", "Normal")]),
        ibi.Order(action="SELL", totalQuantity=7, orderType="TRAIL", trailingPercent=2, scaleInitLevelSize=1,
                  scalePriceIncrement=0.5, hedgeType="P", hedgeParam="x", whatIf=True),
        ibi.Order(action="BUY", totalQuantity=1, orderType="PEG BENCH", referenceContractId=1),
    ]  # fmt: skip
    for number, order in enumerate(orders, 1):
        client.placeOrder(number, aapl, order)
    client.placeOrder(9, bag, ibi.LimitOrder("BUY", 1, 1.0))
    client.cancelOrder(1)
    client.reqMktData(1, aapl, "233,236", False, False, [])
    client.reqMktData(2, bag, "", True, False, [])
    client.cancelMktData(1)
    client.reqTickByTickData(3, aapl, "BidAsk", 0, False)
    client.cancelTickByTickData(3)
    client.reqRealTimeBars(4, aapl, 5, "TRADES", False, [])
    client.cancelRealTimeBars(4)
    client.reqHistoricalData(5, aapl, "", "1 D", "1 min", "TRADES", False, 1, True, [])
    client.cancelHistoricalData(5)
    client.reqHistoricalTicks(6, aapl, "", "20261123-10:00:00", 100, "BID_ASK", False, False, [])
    client.reqHeadTimeStamp(7, aapl, "TRADES", False, 1)
    client.reqContractDetails(8, ibi.Option("AAPL", "202812", 220, "C", "SMART"))
    client.reqMatchingSymbols(9, "AA")
    client.reqMarketRule(26)
    client.reqSecDefOptParams(10, "AAPL", "", "STK", 265598)
    client.reqExecutions(11, ibi.ExecutionFilter(symbol="AAPL"))
    client.reqAccountUpdates(True, "DU1234567")
    client.reqAccountUpdatesMulti(12, "DU1234567", "", False)
    client.reqAccountSummary(13, "All", "NetLiquidation,$LEDGER:ALL")
    client.reqPnL(14, "DU1234567", "")
    client.reqPnLSingle(15, "DU1234567", "", 265598)
    client.reqPositionsMulti(16, "DU1234567", "")
    client.reqScannerSubscription(17, ibi.ScannerSubscription(), [], [])
    client.reqMktDepth(18, aapl, 5, False, [])
    client.reqCompletedOrders(False)
    client.reqAutoOpenOrders(True)
    client.reqMarketDataType(3)
    for ask in ("reqPositions", "reqOpenOrders", "reqAllOpenOrders", "reqCurrentTime", "reqGlobalCancel"):
        getattr(client, ask)()
    return bodies


class Fuzzer:
    """Frames from a seed: made of random values, of random bytes, and of real requests with something changed."""

    def __init__(self, seed: int, version: int, *, orders: bool = True) -> None:
        self.dice = random.Random(seed)
        self._real = [body for body in real_requests(version) if orders or not body.startswith(b"3\0")]
        self._orders = orders
        self._ids = count(100)

    def body(self) -> bytes:
        """One body; never startApi, and never so long that the reader would wait for megabytes."""
        dice = self.dice
        way = dice.random()
        if way < 0.15:
            kind = dice.choice([*range(1, 26), *range(49, 105), 999, -4])
            body = joined([str(kind).encode(), *(v.encode() for v in dice.choices(VALUES, k=dice.randrange(130)))])
        elif way < 0.25:
            body = dice.randbytes(dice.randrange(1, 300))
        else:
            body = self._mutated(dice.choice(self._real))
        keeps_nothing = self._orders or not body.startswith(b"3\0")
        return body if body and keeps_nothing and not body.startswith(b"71\0") else b"49\x001\0"

    def _mutated(self, body: bytes) -> bytes:
        dice = self.dice
        fields = fields_of(body)
        if fields[0] == b"3":
            fields[1] = str(next(self._ids)).encode()
        for _ in range(dice.choice((0, 1, 1, 2, 5))):
            at = dice.randrange(len(fields))
            match dice.randrange(6):
                case 0:
                    fields[at] = dice.choice(VALUES).encode()
                case 1:
                    fields.insert(at, dice.choice(VALUES).encode())
                case 2 if len(fields) > 1:
                    del fields[at]
                case 3:
                    fields = fields[: max(at, 1)]
                case 4:
                    fields[at:] = fields_of(dice.choice(self._real))[at:]
                    fields = fields or [b"49"]
                case _:
                    fields[at] = bytes(byte ^ (1 << dice.randrange(8)) for byte in fields[at])
        body = joined(fields)
        if dice.random() < 0.1:
            changed = bytearray(body)
            for _ in range(dice.randrange(1, 8)):
                changed[dice.randrange(len(changed))] = dice.randrange(256)
            body = bytes(changed)
        return body


def pieces(data: bytes, dice: random.Random) -> Iterator[bytes]:
    """The data, cut at random."""
    at = 0
    while at < len(data):
        size = dice.choice((1, 2, 3, 5, 50, 1000, 70_000))
        yield data[at : at + size]
        at += size


def feed_timed(session: Session, data: bytes) -> None:
    began = time.perf_counter()
    session.feed(data)
    assert time.perf_counter() - began < SLOWEST


class Bystander:
    """A client that does what it should, beside one that does not."""

    def __init__(self, broker: PaperBroker) -> None:
        self._broker = broker
        self.session, self.sink = connected(broker, 31)
        contract = [b"265598", *[b""] * 6, b"SMART", *[b""] * 4]
        self.session.feed(frame(joined([b"1", b"11", b"1", *contract, b"0", b"", b"0", b"0", b""])))
        (self._definition,) = broker.contracts.find("AAPL", "STK")

    def check(self) -> None:
        """It is still served: an answer, and ticks."""
        before = self.sink.bytes
        self.session.feed(frame(b"49\x001\0"))
        answered = self.sink.bytes
        assert answered > before
        quote = self._broker.venue.quote(265598)
        price = 230.0 if quote.last == 230.01 else 230.01
        self._broker.deliver([Ticked(self._definition.contract, 4, price, 100, self._broker.environment.now())])
        assert self.sink.bytes > answered
        assert self.session.ready


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_frame_breaks_the_server_or_reaches_other_clients(batch: int) -> None:
    version = (157, 163, 170, 176)[batch % 4]
    fuzzer = Fuzzer(SEED * 1000 + batch, version)
    broker = paper()
    bystander = Bystander(broker)
    session, sink = connected(broker, 1, version)
    frames = FRAMES // BATCHES
    told = bystander.sink.bytes
    for done in range(0, frames, 50):
        if done % 2000 == 0 and done:
            session.lost()  # another client, because an id as high as ids can be may have been used
            session, sink = connected(broker, 1 + done // 2000 % 30, version)
        data = b"".join(frame(fuzzer.body()) for _ in range(min(50, frames - done)))
        for piece in pieces(data, fuzzer.dice):
            feed_timed(session, piece)
        assert session.ready, "a frame that cannot be read is answered, and the link stays"
        assert not sink.closed
        if done % 1000 == 0:
            broker.tws.advance(broker.environment.now())
            bystander.check()
    bystander.check()
    # an answer and a tick at each check; of the other's orders and requests it hears nothing
    assert bystander.sink.bytes - told < (frames // 1000 + 3) * 400 + 400
    assert len(broker.venue.orders) > frames / 200, "orders that are in order are taken"


def handshake(dice: random.Random) -> bytes:
    """The first bytes of a link, mostly wrong."""
    good = hello(dice.choice((100, 156, 157, 176, 225)), dice.choice((0, 1, 1, 31, -1, 2**31)))
    match dice.randrange(6):
        case 0:
            return dice.randbytes(dice.randrange(1, 100))
        case 1:
            changed = bytearray(good)
            for _ in range(dice.randrange(1, 4)):
                changed[dice.randrange(len(changed))] = dice.randrange(256)
            return bytes(changed)
        case 2:
            return good[: dice.randrange(len(good))]
        case 3:
            return b"API\0" + frame(dice.randbytes(dice.randrange(1, 40)))
        case 4:
            return b"API\0" + struct.pack(">I", dice.choice((0, 0xFFFFFF, 0x1000000, 0xFFFFFFFF))) + dice.randbytes(30)
        case _:
            return good + frame(joined([v.encode() for v in dice.choices(VALUES, k=5)]))


def test_no_handshake_breaks_the_server_and_nothing_stays_behind() -> None:
    dice = random.Random(SEED)
    broker = paper()
    bystander = Bystander(broker)
    ended = 0
    for number in range(FRAMES // 20):
        sink = Sink()
        session = broker.tws.connect(sink)
        for piece in pieces(handshake(dice), dice):
            feed_timed(session, piece)
        ended += sink.closed
        session.lost()
        if number % 500 == 0:
            bystander.check()
    assert list(broker.tws.clients) == [bystander.session]
    assert len(broker.tws._links) == 1
    assert ended > FRAMES / 20 / 4


def grown(do: Callable[[], None]) -> int:
    """By how many bytes memory is fuller after the second and third time than after the first."""
    tracemalloc.start()
    try:
        do()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        do()
        do()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def test_requests_leave_nothing_in_memory_when_their_link_has_ended() -> None:
    fuzzer = Fuzzer(SEED, 176, orders=False)
    broker = paper()
    data = [b"".join(frame(fuzzer.body()) for _ in range(100)) for _ in range(FRAMES // 5000)]

    def clients_come_and_go() -> None:
        for one in data:
            session, _ = connected(broker, 1)
            session.feed(one)
            session.feed(one[: len(one) // 2])
            session.lost()

    assert grown(clients_come_and_go) < 64 * KILOBYTE


def test_what_is_no_request_leaves_nothing_in_memory_while_the_link_lasts() -> None:
    dice = random.Random(SEED)
    broker = paper()
    session, _ = connected(broker, 1)
    bad = [b"999\0", b"\xff\xfe\0", b"1\x0011\0", b"3\x00zz\0", b"no terminator", b"20\x001\x00" + b"x" * 5000 + b"\0"]
    data = [frame(dice.choice(bad)) for _ in range(FRAMES // 50)]

    def send_nonsense() -> None:
        for one in data:
            session.feed(one)

    assert grown(send_nonsense) < 64 * KILOBYTE


def test_orders_take_a_bounded_room_each() -> None:
    broker = paper()
    session, _ = connected(broker, 1)
    template = next(fields_of(body) for body in real_requests(176) if body.startswith(b"3\0"))
    ids = count(1)
    each = 200

    def place() -> None:
        for order_id in (next(ids) for _ in range(each)):
            session.feed(frame(joined([b"3", str(order_id).encode(), *template[2:]])))

    assert grown(place) < 2 * each * 24 * KILOBYTE
    assert len(broker.venue.orders) == 3 * each


def test_noise_over_tcp_ends_its_own_link_alone(with_paper: Any, settle: Any) -> None:
    dice = random.Random(SEED)

    async def scenario(paper: Any) -> None:
        async def noise(number: int) -> None:
            async with paper.socket() as stream:
                try:
                    if number % 3:
                        await stream.send_all(hello(176, 100 + number % 20))
                    for _ in range(dice.randrange(1, 6)):
                        await stream.send_all(dice.randbytes(dice.randrange(1, 3000)))
                except trio.BrokenResourceError:
                    assert number >= 0  # the server has ended it, as it should

        async with paper.client() as ib:
            async with trio.open_nursery() as nursery:
                for number in range(60):
                    nursery.start_soon(noise, number)
            await settle(ib)
            (details,) = await aio(ib.reqContractDetailsAsync)(ibi.Stock("AAPL", "SMART", "USD"))
            assert details.contract.conId == 265598
            assert ib.isConnected()

    with_paper(scenario)
