"""The server's reader under bytes that no client should send: no exception, no hang, no memory that grows."""

from __future__ import annotations

import random
import struct

import pytest

from config.environment import machine
from simulator.app import PaperBroker, SimulatorSettings
from simulator.server.session import Session

FRAMES = 4000


class Sink:
    """A transport that counts."""

    def __init__(self) -> None:
        self.bytes = 0
        self.closed = False

    def write(self, data: bytes) -> None:
        self.bytes += len(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


def frame(fields: list[str]) -> bytes:
    body = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body


def connected(broker: PaperBroker, client_id: int) -> tuple[Session, Sink]:
    sink = Sink()
    session = broker.tws.connect(sink)
    session.feed(b"API\0" + struct.pack(">I", 9) + b"v157..176" + frame(["71", "2", str(client_id), ""]))
    assert session.ready
    return session, sink


VALUES = [
    *["", "0", "1", "-1", "5", "265598", "AAPL", "STK", "SMART", "USD", "BAG", "MKT", "LMT", "PEG BENCH", "1e5", "nan"],
    *["2147483647", "2147483648", "1.7976931348623157E308", "Infinite", "TRADES", "1 D", "1 min", "DU1234567", "é"],
    "x" * 500,
]


@pytest.mark.parametrize("seed", range(3))
def test_random_requests_never_break_the_server(seed: int) -> None:
    dice = random.Random(seed)
    broker = PaperBroker(SimulatorSettings(feed="manual", messages_per_second=0), machine(1))
    session, sink = connected(broker, 1)
    for _ in range(FRAMES):
        fields = [
            str(dice.choice([*range(1, 26), *range(49, 105), 999, -4])),
            *dice.choices(VALUES, k=dice.randrange(130)),
        ]
        if fields[0] == "71":
            continue
        session.feed(frame(fields))
    assert session.ready
    assert sink.bytes > 0


@pytest.mark.parametrize("seed", range(3))
def test_mutated_orders_never_break_the_server(seed: int) -> None:
    dice = random.Random(seed)
    broker = PaperBroker(SimulatorSettings(feed="manual", messages_per_second=0), machine(1))
    session, _ = connected(broker, 1)
    contract = ["265598", "AAPL", "STK", "", "0.0", "", "", "SMART", "", "USD", "", ""]
    good = ["3", "1", *contract, "", "", "BUY", "10", "LMT", "90.0", *[""] * 6, "", "1", "0", *[""] * 86]
    for number in range(FRAMES):
        fields = [*good]
        fields[1] = str(number + 1)
        for _ in range(dice.randrange(4)):
            fields[dice.randrange(2, len(fields))] = dice.choice(VALUES)
        fields = fields[: len(fields) - dice.choice((0, 0, 0, 1, 30))]
        session.feed(frame(fields))
    assert session.ready
    assert len(broker.venue.orders) > FRAMES / 20


@pytest.mark.parametrize("seed", range(3))
def test_raw_bytes_end_a_link_or_wait_for_more_and_keep_nothing(seed: int) -> None:
    dice = random.Random(seed)
    broker = PaperBroker(SimulatorSettings(feed="manual", messages_per_second=0), machine(1))
    for number in range(500):
        sink = Sink()
        session = broker.tws.connect(sink)
        if number % 2:
            session.feed(b"API\0" + struct.pack(">I", 9) + b"v157..176")
        for _ in range(20):
            session.feed(dice.randbytes(dice.randrange(1, 200)))
        session.lost()
    assert not broker.tws.clients
    assert not broker.tws._links
