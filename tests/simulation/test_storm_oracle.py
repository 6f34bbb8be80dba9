"""The oracle sees what it is there to see: each case breaks one thing in the book or the journal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from config.environment import Environment
from simulation.oracle.calm import accounts, unsettled
from simulation.oracle.records import Records
from simulation.oracle.safety import Safety, Violation
from simulation.oracle.truth import Truth
from simulator.app import PaperBroker, SimulatorSettings
from simulator.model import Order, Ticked

D = Decimal
QUIET: dict[str, Any] = {"state": "READY", "reason": "", "unanswered": [], "orders": [], "positions": [], "alarms": []}


class Record:
    def __init__(self, sequence: int, kind: str, payload: dict[str, Any]) -> None:
        self.sequence, self.time, self.stream, self.kind = sequence, "", "AAPL", kind
        self.payload, self.hash = json.dumps(payload), bytes([sequence])


class Disk:
    def __init__(self) -> None:
        self.rows: list[Record] = []
        self.reserve: list[Record] = []
        self.synced = self.reserve_synced = 0

    def has(self, kind: str, **payload: Any) -> None:
        self.rows.append(Record(len(self.rows) + 1, kind, payload))
        self.synced = len(self.rows)

    def intends(self, ref: str, role: str = "entry") -> None:
        self.has("OrderIntended", order={"order_ref": ref, "role": role, "symbol": "AAPL"})


class Court:
    """A venue with a market, a disk, and the oracle; the test plays the product."""

    def __init__(self) -> None:
        self.now, self.state, self.number = 0.0, "READY", 0
        environment = Environment(lambda: datetime(2026, 11, 23, 15, 0, tzinfo=UTC), 1)
        paper = PaperBroker(SimulatorSettings(feed="manual"), environment)
        self.venue, self.disk = paper.venue, Disk()
        self.contract = paper.contracts.find("AAPL", "STK")[0].contract
        for kind, price in ((1, 99.99), (2, 100.01), (4, 100.0)):
            self.venue.on_tick(Ticked(self.contract, kind, price, 500, environment.now()))
        self.truth, self.records = Truth(self.venue), Records(self.disk)
        self.safety = Safety(self.truth, self.records, lambda: self.now, lambda: self.state, lambda: 0.0)

    def place(self, ref: str, side: str = "BUY", kind: str = "MKT", stop: str | None = None) -> None:
        self.number += 1
        account = self.venue.accounts[0]
        terms = {"order_ref": ref, "stop": None if stop is None else D(stop), "tif": "GTC"}
        self.venue.place(Order(self.number, 7, account, self.contract, side, D(100), kind, **terms))

    def book_all(self) -> None:
        for one in self.venue.executions:
            side = "BUY" if one.side == "BOT" else "SELL"
            fill = {"exec_id": one.exec_id, "side": side, "quantity": str(one.quantity), "price": str(one.price)}
            self.disk.has("ExecutionBooked", execution=fill)

    def status(self, **changes: Any) -> dict[str, Any]:
        return {**QUIET, **changes}

    def settled(self, **changes: Any) -> str:
        return unsettled(self.status(**changes), self.truth, self.records)


@pytest.fixture
def court() -> Court:
    return Court()


def _position(quantity: str) -> list[dict[str, Any]]:
    return [{"symbol": "AAPL", "quantity": quantity, "protected": True}]


def test_an_order_with_an_intent_is_fine(court: Court) -> None:
    court.disk.intends("a")
    court.safety.sent(["3", "1", "a"])
    court.place("a")
    court.safety.look(court.status())


def test_an_order_without_an_intent(court: Court) -> None:
    court.place("a")
    with pytest.raises(Violation, match="before its intent was safe"):
        court.safety.look(court.status())


def test_an_intent_that_is_not_synced_is_none(court: Court) -> None:
    court.disk.intends("a")
    court.disk.synced = 0
    court.place("a")
    with pytest.raises(Violation, match="before its intent was safe"):
        court.safety.look(court.status())


def test_one_reference_twice(court: Court) -> None:
    court.disk.intends("a")
    court.place("a")
    court.place("a")
    with pytest.raises(Violation, match="twice"):
        court.safety.look(court.status())


def _halted(court: Court) -> None:
    court.safety.answered({"command": "halt"}, True)


def _flattened(court: Court) -> None:
    court.safety.answered({"command": "flatten"}, True)
    court.safety.answered({"command": "resume"}, True)


def _starting(court: Court) -> None:
    court.state = "STARTING"


@pytest.mark.parametrize("why", [_halted, _flattened, _starting])
def test_new_risk_that_may_not_be(court: Court, why: Callable[[Court], None]) -> None:
    court.disk.intends("a")
    court.disk.intends("b", "stop")
    why(court)
    court.safety.sent(["3", "2", "b"])
    court.safety.look(court.status())
    court.safety.sent(["3", "1", "a"])
    with pytest.raises(Violation, match="new risk"):
        court.safety.look(court.status())


def test_naked_for_long_and_nobody_says_so(court: Court) -> None:
    court.disk.intends("a")
    court.place("a")
    court.now = 10.0
    court.safety.look(court.status(positions=_position("100")))
    court.now = 16.0
    with pytest.raises(Violation, match="naked for 16"):
        court.safety.look(court.status(positions=_position("100")))


def test_naked_for_long_after_what_said_so_has_ended(court: Court) -> None:
    """As where a holding is adopted: its alarm ends when it has a plan, a moment before its stop rests."""
    court.disk.intends("a")
    court.place("a")
    court.now = 40.0
    said = [{"kind": "position.unmanaged", "symbol": "AAPL"}]
    court.safety.look(court.status(positions=_position("100"), alarms=said))
    court.now = 50.0
    court.safety.look(court.status(positions=_position("100")))
    court.now = 56.0
    with pytest.raises(Violation, match="naked for 16"):
        court.safety.look(court.status(positions=_position("100")))


def test_a_stop_ends_being_naked(court: Court) -> None:
    court.disk.intends("a")
    court.disk.intends("s", "stop")
    court.place("a")
    court.place("s", "SELL", "STP", "97")
    court.now = 60.0
    court.safety.look(court.status(positions=_position("100")))


def test_a_child_of_an_unfilled_parent_protects_nothing(court: Court) -> None:
    account, contract = court.venue.accounts[0], court.contract
    terms: dict[str, Any] = {"tif": "GTC"}
    parent = Order(1, 7, account, contract, "BUY", D(100), "LMT", limit=D(90), transmit=False, order_ref="p", **terms)
    child = Order(2, 7, account, contract, "SELL", D(100), "STP", stop=D(80), parent_id=1, order_ref="c", **terms)
    court.number = 2
    court.disk.intends("p")
    court.disk.intends("c", "stop")
    court.disk.intends("a")
    court.venue.place(parent)
    court.venue.place(child)
    court.place("a")
    assert (court.truth.held("AAPL"), court.truth.covered("AAPL")) == (D(100), D(0))


def test_positions_apart_and_nobody_says_so(court: Court) -> None:
    court.disk.intends("a")
    court.disk.intends("s", "stop")
    court.place("a")
    court.place("s", "SELL", "STP", "97")
    court.safety.look(court.status())
    court.now = 151.0
    with pytest.raises(Violation, match="None here, 100 at the broker"):
        court.safety.look(court.status())


def test_an_execution_twice(court: Court) -> None:
    for _ in range(2):
        court.disk.has("ExecutionBooked", execution={"exec_id": "1.01"})
    with pytest.raises(Violation, match="booked 2 times"):
        court.safety.look(court.status())


@pytest.fixture
def bought(court: Court) -> Court:
    court.disk.intends("a")
    court.disk.intends("s", "stop")
    court.place("a")
    court.place("s", "SELL", "STP", "97")
    return court


def test_what_is_not_settled(bought: Court) -> None:
    stop = {"order_ref": "s", "quantity": "100", "filled": "0", "status": "ACCEPTED", "role": "stop"}
    assert "only at the broker" in bought.settled(positions=_position("100"))
    assert "in doubt" in bought.settled(orders=[stop | {"status": "UNKNOWN"}])
    assert "7 here, 100 at the broker" in bought.settled(positions=_position("7"), orders=[stop])
    assert "not booked" in bought.settled(positions=_position("100"), orders=[stop])
    assert bought.settled(state="STARTING").startswith("STARTING")
    bought.book_all()
    assert bought.settled(positions=_position("100"), orders=[stop]) == ""


def test_money(bought: Court) -> None:
    bought.place("x", "SELL")
    closing = {"symbol": "AAPL", "realized_pnl": "-2.00", "commission": "0"}
    assert "by the closings of the journal" in accounts(bought.truth, bought.records)
    bought.disk.has("PositionClosed", **closing)
    bought.records.read()
    assert "commission" in accounts(bought.truth, bought.records)
    for one in bought.venue.commissions.values():
        bought.disk.has("CommissionBooked", commission={"exec_id": one.exec_id, "amount": str(one.amount)})
    bought.records.read()
    assert accounts(bought.truth, bought.records) == ""
