from __future__ import annotations

import inspect
import re
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import trio
import trio_asyncio
from eventkit import Event
from hypothesis import given, settings
from hypothesis import strategies as st
from ib_insync import decoder as library

from actors.ib.client import SocketConnection, StrictDecoder, WireClient
from actors.ib.wrapper import Wrapper
from messages.gateway import AccountPnl, BrokerOrderStatus

UNSET = "1.7976931348623157E308"
# execDetails with a side that does not exist
SIDEWAYS = (
    *("11", "-1", "12", "1", "AAPL", "STK", "", "0", "", "", "", "USD", "", "", "e.1"),
    *("20261120 10:00:00 UTC", "DU1", "X", "SIDEWAYS", "1", "1", "9", "7", "0", "1", "1", "", "", "", "", "1"),
)


class Heard:
    """A receiver that keeps everything, and raises where told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.failures: list[Exception] = []
        self.raises: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        def take(*values: Any) -> None:
            self.calls.append((name, values))
            if self.raises is not None and name != "undecodable":
                raise self.raises

        return take

    def failed(self, error: Exception) -> None:
        self.failures.append(error)

    def batch(self, ticks: list[Any]) -> None:
        self.calls.append(("ticks", tuple(ticks)))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


class Address:
    """Something to route ticks to."""


class Wire:
    """A connection that keeps what is written."""

    def __init__(self) -> None:
        self.hasData = Event("hasData")
        self.disconnected = Event("disconnected")
        self.written: list[bytes] = []
        self.up = True

    def isConnected(self) -> bool:
        return self.up

    def sendMsg(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.up = False


def decode(*fields: object) -> tuple[Heard, list[Any]]:
    heard = Heard()
    published: list[Any] = []
    wrapper = Wrapper(3, heard, {}, published.extend)
    StrictDecoder(wrapper, 176).interpret([str(each) for each in fields])
    return heard, published


def client() -> tuple[WireClient, Wire]:
    wire = Wire()
    made = WireClient(Wrapper(1, Heard(), {}, lambda _ticks: None), wire)
    made.connState = made.CONNECTED
    made._serverVersion = 176
    return made, wire


def test_the_wrapper_has_every_method_that_the_library_names() -> None:
    source = inspect.getsource(library)
    named = set(re.findall(r"self\.wrapper\.(\w+)\(", source)) | set(re.findall(r"wrap\(\s*'(\w+)'", source))
    assert len(named) > 60
    assert [name for name in sorted(named) if not callable(getattr(Wrapper, name, None))] == []


def test_a_message_of_simple_fields_becomes_ours() -> None:
    heard, _ = decode(3, 12, "Submitted", "0", "100", "0", 900, 0, "0", 7, "", "0")
    ((name, (status,)),) = heard.calls
    assert name == "order_status"
    assert isinstance(status, BrokerOrderStatus)
    assert (status.epoch, status.order_id, status.perm_id, status.client_id) == (3, 12, 900, 7)
    heard, _ = decode(94, 5, UNSET, "1.5", UNSET)
    assert heard.calls == [("account_pnl", (AccountPnl(None, Decimal("1.5"), None),))]


@pytest.mark.parametrize(
    "fields",
    [
        ("3", "twelve", "Submitted", "0", "100", "0", "900", "0", "0", "7", "", "0"),
        ("3", "12", "Submitted"),
        ("5", "12"),
        SIDEWAYS,
        ("100000", "1"),
        ("",),
        (),
    ],
)
def test_what_cannot_be_read_is_told_and_never_raised(fields: tuple[str, ...]) -> None:
    heard, _ = decode(*fields)
    ((name, (kind, _, error)),) = heard.calls
    assert name == "undecodable"
    assert kind == (fields[0] if fields else "")
    assert isinstance(error, Exception)
    assert heard.failures == []


def test_what_the_receiver_raises_is_its_failure_and_no_bad_message() -> None:
    heard = Heard()
    heard.raises = ZeroDivisionError()
    StrictDecoder(Wrapper(1, heard, {}, lambda _ticks: None), 176).interpret(["53", "1"])
    assert heard.names == ["listing_ended"]
    assert heard.failures == [heard.raises]


def test_messages_that_nobody_asked_for_are_ignored() -> None:
    for fields in (("9", "1", "5"), ("15", "1", "DU1"), ("8", "1", "10:00"), ("46", "6", "1", "45", "1700000000")):
        heard, _ = decode(*fields)
        assert heard.calls == []


def test_the_ticks_of_a_read_are_one_batch_in_their_order() -> None:
    heard = Heard()
    batches: list[list[Any]] = []
    address = Address()
    wrapper = Wrapper(1, heard, {5: address}, lambda ticks: batches.append(list(ticks)))  # type: ignore[dict-item]
    read = StrictDecoder(wrapper, 176).interpret
    read(["1", "6", "5", "1", "100.0", "3", "0"])
    read(["2", "6", "5", "0", "3"])
    read(["1", "6", "5", "4", "100.1", "", "0"])
    assert batches == []
    wrapper.tcpDataProcessed()
    assert batches == [[(address, 1, 100.0, 3.0), (address, 0, 0.0, 3.0), (address, 4, 100.1, 0.0)]]
    wrapper.tcpDataProcessed()
    assert len(batches) == 1
    # no feed of ours, no price, delayed: the receiver decides
    for fields in (["6", "1", "100.0"], ["5", "1", "-1"], ["5", "66", "100.0"]):
        read(["1", "6", *fields, "1", "0"])
    assert heard.names == ["odd_tick"] * 3
    assert wrapper.ticks == []


@pytest.mark.parametrize("price", ["nan", "inf", "-inf", UNSET, "0", "-1"])
def test_what_is_no_price_is_never_routed(price: str) -> None:
    heard = Heard()
    wrapper = Wrapper(1, heard, {5: Address()}, lambda _ticks: None)  # type: ignore[dict-item]
    StrictDecoder(wrapper, 176).interpret(["1", "6", "5", "1", price, "1", "0"])
    assert wrapper.ticks == []
    assert heard.names == ["odd_tick"]


@pytest.mark.parametrize("quantity", ["nan", "inf", UNSET])
def test_a_quantity_that_is_not_known_does_not_pass_for_zero(quantity: str) -> None:
    heard, _ = decode(61, 3, "DU1", 1, "AAPL", "STK", "", "0", "", "", "", "USD", "AAPL", "", quantity, "100")
    assert heard.names == ["undecodable"]


VALUES = st.one_of(
    st.sampled_from(["", "0", "1", "-1", "5", "100.5", UNSET, "2147483647", "nan", "DU1", "AAPL", "STK", "BUY", "BOT"]),
    st.text(st.characters(exclude_characters="\0"), max_size=8),
)


@given(st.integers(0, 110), st.lists(VALUES, max_size=140), st.integers(157, 176))
@settings(max_examples=1500, deadline=None)
def test_no_message_whatever_gets_an_exception_out_of_the_decoder(kind: int, fields: list[str], version: int) -> None:
    heard = Heard()
    wrapper = Wrapper(1, heard, {5: Address()}, lambda _ticks: None)  # type: ignore[dict-item]
    StrictDecoder(wrapper, version).interpret([str(kind), *fields])
    assert heard.failures == []


@given(st.binary(max_size=400), st.lists(st.integers(1, 50), max_size=20))
def test_no_bytes_whatever_get_an_exception_out_of_the_client(data: bytes, cuts: list[int]) -> None:
    made, _ = client()
    made._apiReady = True
    for size in cuts:
        made._onSocketHasData(data[:size])
        data = data[size:]
    made._onSocketHasData(data)


NUMBERS = st.sampled_from(
    ["", "0", "1", "-1", "5", "7", "14", "15", "66", "100.5", "1e3", " 5", "1_0", UNSET, "nan", "inf", "x", "é"]
)
TICKS = st.one_of(
    st.tuples(st.sampled_from("12"), st.just("6"), st.sampled_from(["5", "6"]), NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.tuples(st.just("2"), st.just("6"), st.just("5"), NUMBERS, NUMBERS),
    st.tuples(st.just("1"), st.just("6"), st.just("5"), st.sampled_from("124"), st.just("100.5"), NUMBERS, NUMBERS),
    st.lists(NUMBERS, max_size=9).map(tuple),
    st.tuples(st.sampled_from(["46", "49"]), NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    st.tuples(st.just("49"), NUMBERS, NUMBERS),
    st.sampled_from([("49", "1", "1700000000"), ("53", "1"), ("45", "6", "5", "49", "1")]),
)


@given(st.lists(TICKS, max_size=30), st.lists(st.integers(1, 200), max_size=20), st.booleans())
@settings(max_examples=500, deadline=None)
def test_ticks_that_take_the_short_cut_are_the_decoder_s(
    messages: list[tuple[str, ...]], cuts: list[int], terminated: bool
) -> None:
    end = "\0" if terminated else ""
    data = b"".join(WireClient._prefix(None, ("\0".join(each) + end).encode()) for each in messages)
    heard: list[list[Any]] = []
    address = Address()
    for through in ("short cut", "decoder"):
        receiver = Heard()
        wrapper = Wrapper(1, receiver, {5: address}, receiver.batch)  # type: ignore[dict-item]
        made = WireClient(wrapper, Wire())
        made._apiReady = True
        if through == "decoder":
            made._short_cuts.clear()
        rest = data
        for size in cuts:
            made._onSocketHasData(rest[:size])
            rest = rest[size:]
        made._onSocketHasData(rest)
        # an exception is equal to itself alone
        heard.append([(name, *map(repr, values)) for name, values in receiver.calls])
        assert receiver.failures == []
    assert heard[0] == heard[1]


def test_messages_may_be_cut_anywhere() -> None:
    heard = Heard()
    made = WireClient(Wrapper(1, heard, {}, lambda _ticks: None), Wire())
    made._apiReady, made.connState = True, made.CONNECTED
    frames = b"".join(made._prefix(body) for body in (b"53\x001\x00", b"49\x001\x001700000000\x00", b"102\x00"))
    for cut in range(len(frames)):
        heard.calls.clear()
        made._onSocketHasData(frames[:cut])
        made._onSocketHasData(frames[cut:])
        assert heard.names == ["listing_ended", "current_time", "listing_ended"]


def test_a_message_of_absurd_length_ends_the_link() -> None:
    heard = Heard()
    wire = Wire()
    made = WireClient(Wrapper(1, heard, {}, lambda _ticks: None), wire)
    made._apiReady, made.connState = True, made.CONNECTED
    made._onSocketHasData(b"\xff\xff\xff\xffrest")
    assert heard.names == ["undecodable"]
    assert not wire.up


def test_nothing_is_kept_back_and_a_unit_is_one_write() -> None:
    made, wire = client()
    for number in range(200):
        made.cancelOrder(number)
    assert len(wire.written) == 200
    with made.together():
        made.cancelOrder(1)
        made.cancelOrder(2)
    assert wire.written[200] == wire.written[1] + wire.written[2]


def test_at_debug_level_every_message_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    made, _ = client()
    made._apiReady = True
    made.cancelOrder(5)
    made._onSocketHasData(made._prefix(b"53\x001\x00"))
    assert caplog.messages == []
    with caplog.at_level("DEBUG", "ib_insync.client"):
        made.cancelOrder(5)
        made._onSocketHasData(made._prefix(b"53\x001\x00"))
    assert caplog.messages == [">>> 4,1,5,", "<<< 53,1"]


def test_a_unit_that_cannot_be_made_writes_nothing() -> None:
    made, wire = client()

    def half() -> None:
        with made.together():
            made.cancelOrder(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert wire.written == []
    wire.up = False
    with pytest.raises(ConnectionError):
        made.cancelOrder(3)


def test_a_socket_is_read_in_small_pieces_and_can_be_cut() -> None:
    async def main() -> None:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listener.socket.getsockname()[1]
        lost: list[str] = []
        connection = SocketConnection()
        connection.disconnected += lost.append
        async with trio_asyncio.open_loop():
            await trio_asyncio.aio_as_trio(connection.connectAsync)("127.0.0.1", port)
            stream = await listener.accept()
            assert connection.transport.max_size == 32768
            connection.sendMsg(b"x" * 5_000_000)  # more than the socket takes while nobody reads
            connection.abort()
            with trio.fail_after(5):
                while not lost:
                    await trio.sleep(0.001)
            assert not connection.isConnected()
            connection.abort()
        received = 0
        with trio.fail_after(5):
            with suppress(trio.BrokenResourceError):
                while data := await stream.receive_some(65536):
                    received += len(data)
        assert received < 5_000_000
        await stream.aclose()
        await listener.aclose()

    trio.run(main)


def _report(commission: str) -> bytes:
    return _framed("59", "1", "e.1", commission, "USD", UNSET, "", "")


def _framed(*fields: str) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return len(body).to_bytes(4, "big") + body


def _reading() -> tuple[WireClient, Heard]:
    heard = Heard()
    made = WireClient(Wrapper(1, heard, {}, lambda _ticks: None), Wire())
    made.connState, made._apiReady, made._serverVersion = made.CONNECTED, True, 176
    made.decoder.serverVersion = 176
    return made, heard


def test_a_message_that_is_repeated_word_for_word_is_given_again() -> None:
    made, heard = _reading()
    for data in (_report("1.5"), _report("1.5"), _report("2.5"), _report("1.5")):
        made._onSocketHasData(data)
    assert heard.names == ["commission"] * 4
    assert [str(values[0].amount) for _, values in heard.calls] == ["1.5", "1.5", "2.5", "1.5"]
    assert heard.calls[0][1][0] is heard.calls[3][1][0]


def test_a_message_that_cannot_be_read_is_told_each_time_and_never_taken_for_another() -> None:
    made, heard = _reading()
    for data in (_report("none"), _report("none"), _report("1.5"), _report("none")):
        made._onSocketHasData(data)
    assert heard.names == ["undecodable", "undecodable", "commission", "undecodable"]


def test_what_the_receiver_raises_on_a_repeated_message_is_its_own_failure() -> None:
    made, heard = _reading()
    made._onSocketHasData(_report("1.5"))
    heard.raises = RuntimeError("busy")
    made._onSocketHasData(_report("1.5"))
    assert heard.names == ["commission"] * 2
    assert [str(error) for error in heard.failures] == ["busy"]


def test_the_answer_about_the_time_is_a_round_trip_and_texts_of_ticks_are_let_go() -> None:
    made, heard = _reading()
    made._onSocketHasData(_framed("49", "1", "1795600000") + _framed("46", "6", "3", "45", "1795600000"))
    assert heard.names == ["current_time"]
