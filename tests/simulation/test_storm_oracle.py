"""The oracle sees what it is there to see: each case breaks one thing in the book or the journal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import attrs
import pytest

from config.environment import Environment
from simulation.oracle.calm import accounts, lingering, unsettled
from simulation.oracle.chain import broken_link
from simulation.oracle.conduct import Bounds, Conduct
from simulation.oracle.money import running_profit
from simulation.oracle.records import Records
from simulation.oracle.risk import Limits
from simulation.oracle.safety import Safety, Violation
from simulation.oracle.truth import BY_HAND, Truth
from simulator.app import PaperBroker, SimulatorSettings
from simulator.model import Order, Ticked

D = Decimal
QUIET: dict[str, Any] = {"state": "READY", "reason": "", "unanswered": [], "orders": [], "positions": [], "alarms": []}


class Record:
    def __init__(self, sequence: int, kind: str, payload: dict[str, Any], previous: bytes = b"") -> None:
        self.sequence, self.time, self.stream, self.kind, self.checkpoint = sequence, "", "AAPL", kind, 0
        self.payload, self.previous = json.dumps(payload), previous
        text = f"{sequence}||0|4|AAPL|{len(kind)}|{kind}|{self.payload}"
        self.hash = sha256(previous + text.encode()).digest()


class Disk:
    def __init__(self) -> None:
        self.rows: list[Record] = []
        self.reserve: list[Record] = []
        self.synced = self.reserve_synced = 0

    def has(self, kind: str, **payload: Any) -> None:
        self.rows.append(Record(len(self.rows) + 1, kind, payload, self.rows[-1].hash if self.rows else b""))
        self.synced = len(self.rows)

    def intends(self, ref: str, role: str = "entry", quantity: int = 100) -> None:
        terms = {"symbol": "AAPL", "side": "BUY", "quantity": str(quantity), "oca_group": ""}
        self.has("OrderIntended", order={"order_ref": ref, "role": role, **terms})


class Court:
    """A venue with a market, a disk, and the oracle; the test plays the product."""

    def __init__(self) -> None:
        self.now, self.state, self.number = 0.0, "READY", 0
        environment = Environment(lambda: datetime(2026, 11, 23, 15, 0, tzinfo=UTC), 1)
        self.paper = PaperBroker(SimulatorSettings(feed="manual"), environment)
        self.venue, self.disk = self.paper.venue, Disk()
        self.contract = self.paper.contracts.find("AAPL", "STK")[0].contract
        self.wall = environment.now()
        self.truth, self.records = Truth(self.venue, lambda: self.now), Records(self.disk)
        self.limits = Limits(
            position_shares=D(250),
            order_notional=D(20_000),
            gross_exposure=D(22_000),
            window=lambda moment: moment.hour == 16,
            wall=lambda: self.wall,
        )
        self.safety = Safety(self.truth, self.records, lambda: self.now, lambda: self.state, lambda: 0.0, self.limits)
        self.quote()

    def tick(self, kind: int, price: float) -> None:
        self.venue.on_tick(Ticked(self.contract, kind, price, 500, self.wall))

    def quote(self) -> None:
        for kind, price in ((1, 99.99), (2, 100.01), (4, 100.0)):
            self.tick(kind, price)

    def told_all(self) -> None:
        """Tell the process of every execution, and of every order that is over."""
        for one in self.venue.executions:
            self.safety.told(["11", "1", one.exec_id])
        for order in self.venue.orders.values():
            if order.done:
                self.safety.told(["3", "1", order.status, str(order.perm_id)])

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


def _commanded(court: Court, command: str) -> None:
    request = {"command": command}
    court.safety.halts.asked(request)
    court.safety.halts.answered(request, True)


def _halted(court: Court) -> None:
    _commanded(court, "halt")


def _flattened(court: Court) -> None:
    _commanded(court, "flatten")
    _commanded(court, "resume")


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
    court.told_all()
    court.now = 10.0
    court.safety.look(court.status(positions=_position("100")))
    court.now = 16.0
    with pytest.raises(Violation, match="naked for 16"):
        court.safety.look(court.status(positions=_position("100")))


def test_naked_for_long_after_what_said_so_has_ended(court: Court) -> None:
    """As where a holding is adopted: its alarm ends when it has a plan, a moment before its stop rests."""
    court.disk.intends("a")
    court.place("a")
    court.told_all()
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
    with pytest.raises(Violation, match="0 here, 100 at the broker"):
        court.safety.look(court.status())


def test_positions_apart_that_were_together_in_between(court: Court) -> None:
    def trade(quantity: int) -> None:
        court.venue.manual_trade(court.venue.accounts[0], court.contract, D(quantity), D(100))
        court.safety.look(court.status())

    trade(100)
    court.now = 1.0
    trade(-100)
    court.now = 152.0
    trade(100)


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


@pytest.mark.parametrize(
    ("kind", "symbol", "fine"),
    [
        ("protection.missing", "AAPL", True),
        ("broker.lost", None, True),
        ("protection.missing", "MSFT", False),
        ("signals.unavailable", None, False),
    ],
)
def test_an_alarm_excuses_what_it_names(court: Court, kind: str, symbol: str | None, fine: bool) -> None:
    court.disk.intends("a")
    court.place("a")
    court.told_all()
    court.now = 16.0
    status = court.status(positions=_position("100"), alarms=[{"kind": kind, "symbol": symbol}])
    if fine:
        court.safety.look(status)
        return
    with pytest.raises(Violation, match="naked for 16"):
        court.safety.look(status)


def test_a_status_that_says_that_a_position_does_not_answer_has_said_so(court: Court) -> None:
    court.disk.intends("a")
    court.place("a")
    court.told_all()
    for court.now in (0.0, 16.0, 200.0):
        court.safety.look(court.status(unanswered=["position/AAPL is quarantined"]))
    court.safety.look(court.status(unanswered=["position/MSFT is quarantined"]))
    court.now = 216.0
    with pytest.raises(Violation, match="naked for 16"):
        court.safety.look(court.status(unanswered=["position/MSFT is quarantined"]))


def test_what_was_not_told_has_until_the_next_reconciliation(court: Court) -> None:
    court.disk.intends("a")
    court.place("a")
    for court.now in (16.0, 45.0):
        court.safety.look(court.status(positions=_position("100")))
    court.now = 60.5
    with pytest.raises(Violation, match="naked for 15"):
        court.safety.look(court.status(positions=_position("100")))


def test_where_the_list_of_holdings_lacks_a_row_nobody_can_know_what_came_without_a_trade(court: Court) -> None:
    account = court.venue.accounts[0]
    court.venue.place(Order(1, BY_HAND, account, court.contract, "BUY", D(100), "MKT"))
    court.told_all()
    row = ["61", "3", "DU1", "1", "AAPL", *[""] * 9, "100"]
    for court.now, rows in ((40.0, []), (60.0, [[*row[:14], "99"]]), (70.0, [row])):
        for each in rows:
            court.safety.told(each)
        court.safety.told(["62", "1"])
        court.safety.look(court.status(positions=_position("100")))
    court.now = 74.0
    court.safety.look(court.status(positions=_position("100")))
    court.now = 76.0
    with pytest.raises(Violation, match="naked for"):
        court.safety.look(court.status(positions=_position("100")))


def test_an_entry_against_the_position_is_no_protection(court: Court) -> None:
    court.disk.intends("a")
    court.disk.intends("b")
    court.place("a")
    court.place("b", "SELL", "STP", "97")
    assert (court.truth.held("AAPL"), court.truth.covered("AAPL")) == (D(100), D(0))


def _halts(court: Court) -> None:
    court.tick(49, 1.0)
    court.now = 13.0
    court.quote()


def _stale(court: Court) -> None:
    court.now = 13.0


def _window(court: Court) -> None:
    court.wall += timedelta(hours=1)


def _held_already(court: Court) -> None:
    court.place("h")
    court.place("h2")


def _dear(court: Court) -> None:
    court.tick(4, 260.0)


def _much_of_another(court: Court) -> None:
    other = next(one.contract for one in (court.paper.contracts.find("MSFT", "STK")))
    court.venue.on_tick(Ticked(other, 4, 180.0, 500, court.wall))
    court.venue.on_tick(Ticked(other, 2, 180.0, 500, court.wall))
    court.disk.intends("m")
    court.number += 1
    court.venue.place(Order(court.number, 7, court.venue.accounts[0], other, "BUY", D(90), "MKT", order_ref="m"))


@pytest.mark.parametrize(
    ("why", "text"),
    [
        (_halts, "has been halted"),
        (_stale, "last price"),
        (_window, "restart window"),
        (_held_already, "300 AAPL could be held"),
        (_dear, "beyond the limit of an order"),
        (_much_of_another, "could be held in all"),
    ],
)
def test_new_risk_against_the_market_the_hour_or_a_limit(court: Court, why: Callable[[Court], None], text: str) -> None:
    for ref, role in (("h", "entry"), ("h2", "entry"), ("a", "entry"), ("s", "stop")):
        court.disk.intends(ref, role)
    why(court)
    court.safety.violations.clear()
    court.safety.sent(["3", "2", "s"])
    assert court.safety.violations == []
    court.safety.sent(["3", "1", "a"])
    assert len(court.safety.violations) == 1
    assert text in court.safety.violations[0]


def test_what_works_already_counts_towards_a_limit(court: Court) -> None:
    for ref in ("a", "b", "c"):
        court.disk.intends(ref)
    court.place("a", kind="STP", stop="120")
    court.place("b", kind="STP", stop="120")
    court.safety.sent(["3", "1", "c"])
    assert "300 AAPL could be held" in court.safety.violations[0]


def test_what_was_given_up_counts_towards_no_limit(court: Court) -> None:
    """Rows of the lists were lost, and nobody could know; that there were lists at all is judged for itself."""
    for ref in ("a", "b", "c"):
        court.disk.intends(ref)
    court.place("a", kind="STP", stop="120")
    court.place("b", kind="STP", stop="120")
    court.disk.has("OrderResolved", order_ref="a", status="EXPIRED", evidence="in no list")
    court.safety.sent(["3", "1", "c"])
    assert not any("could be held" in wrong for wrong in court.safety.violations)


def test_what_was_bought_by_hand_counts_once_it_could_be_known(court: Court) -> None:
    account = court.venue.accounts[0]
    court.venue.place(Order(1, BY_HAND, account, court.contract, "BUY", D(200), "MKT"))
    court.disk.intends("a")
    court.disk.intends("b")
    court.safety.sent(["3", "1", "a"])
    assert court.safety.violations == []
    court.now = 61.0
    court.quote()
    court.safety.sent(["3", "1", "b"])
    assert "300 AAPL could be held" in court.safety.violations[0]


def test_more_frames_than_intents(court: Court) -> None:
    court.disk.intends("s", "stop")
    court.safety.sent(["3", "1", "s"])
    court.disk.has("ModifyIntended", modify={"order_ref": "s"}, revision=1)
    court.safety.sent(["3", "1", "s"])
    assert court.safety.violations == []
    court.safety.sent(["3", "1", "s"])
    assert "3 times, with 2 intents" in court.safety.violations[0]


def test_ready_while_orders_are_down(court: Court) -> None:
    actors = [{"address": name, "state": "running"} for name in ("journal", "gateway", "orders", "portfolio")]
    court.safety.look(court.status(actors=actors))
    actors[2]["state"] = "restarting"
    court.safety.look(court.status(actors=actors, state="STARTING"))
    with pytest.raises(Violation, match="READY, and orders is restarting"):
        court.safety.look(court.status(actors=actors))


def test_profit_of_an_open_position_while_it_goes_on(bought: Court) -> None:
    bought.book_all()
    row = {**_position("100")[0], "average_price": "100.01", "realized_pnl": "0", "state": "OPEN"}
    bought.safety.look(bought.status(positions=[row]))
    wrong = bought.status(positions=[row | {"realized_pnl": "5"}])
    bought.safety.look(wrong)
    bought.now = 151.0
    # while nothing is written the closings are not in the journal
    bought.safety.look({**wrong, "alarms": [{"kind": "journal.failed", "symbol": None}]})
    bought.safety.look(wrong)
    bought.now = 302.0
    with pytest.raises(Violation, match="profit 5 by status and journal"):
        bought.safety.look(wrong)


def test_profit_of_shares_that_were_adopted(bought: Court) -> None:
    """They came without a trade: what they were adopted at counts as paid."""
    bought.book_all()
    fill = {"exec_id": "adopted-x.01", "symbol": "AAPL", "side": "BUY", "quantity": "100", "price": "50"}
    bought.disk.has("ExecutionBooked", execution=fill)
    bought.records.read()
    row = {**_position("200")[0], "average_price": "75.005", "realized_pnl": "0", "state": "OPEN"}
    assert running_profit(bought.status(positions=[row]), bought.truth, bought.records) == {"AAPL": ""}
    wrong = running_profit(bought.status(positions=[row | {"realized_pnl": "1"}]), bought.truth, bought.records)
    assert "profit 1 by status and journal" in wrong["AAPL"]
    assert "-15001.00 by the book" in accounts(bought.truth, bought.records)
    closing = {"symbol": "AAPL", "realized_pnl": "3", "commission": "0", "left": "200", "left_at": "75.005"}
    bought.disk.has("PositionClosed", **closing)
    bought.records.read()
    assert "3 by status and journal, 0" in running_profit(bought.status(), bought.truth, bought.records)["AAPL"]
    assert accounts(bought.truth, bought.records).startswith("AAPL: 3 by the closings of the journal, 0.000 by")


@pytest.mark.parametrize(
    ("kind", "over"),
    [
        ("protection.missing", True),
        ("reconcile.difference", True),
        ("order.unknown", True),
        ("broker.lost", True),
        ("journal.slow", True),
        ("position.unmanaged", False),
        ("position.not_closed", False),
        ("protection.failed", False),
        ("execution.liquidation", False),
    ],
)
def test_an_alarm_whose_cause_is_gone(bought: Court, kind: str, over: bool) -> None:
    status = bought.status(positions=_position("100"), alarms=[{"kind": kind, "symbol": "AAPL", "text": ""}])
    assert bool(lingering(status, bought.truth)) is over


def test_a_journal_that_was_altered(court: Court) -> None:
    for ref in ("a", "b", "c"):
        court.disk.intends(ref)
    assert broken_link(court.disk.rows) == ""
    court.disk.rows[1].payload = court.disk.rows[1].payload.replace("b", "x")
    assert "record 2 is not as it was written" in broken_link(court.disk.rows)
    del court.disk.rows[1]
    assert "record 3 lies where 2 should" in broken_link(court.disk.rows)


def _asks_for_all(court: Court) -> None:
    for request, end in (("5", "53"), ("16", "53"), ("99", "102"), ("7", "55"), ("61", "62")):
        court.safety.sent([request, "1"])
        court.safety.told([end, "1"])


def _nothing(court: Court) -> None:
    pass


def _only_executions(court: Court) -> None:
    court.safety.sent(["7", "1"])
    court.safety.told(["55", "1"])


def _of_another_connection(court: Court) -> None:
    _asks_for_all(court)
    court.safety.sent(["71", "2", "7"])


def _without_servers(court: Court) -> None:
    court.safety.told(["4", "2", "-1", "1100", "lost"])
    _asks_for_all(court)
    court.safety.told(["4", "2", "-1", "1102", "back"])


def _begun_without_servers(court: Court) -> None:
    for request in ("16", "99", "7"):
        court.safety.sent([request, "1"])
    court.safety.told(["4", "2", "-1", "1100", "lost"])
    court.safety.told(["4", "2", "-1", "1101", "back"])
    for end in ("53", "102", "55"):
        court.safety.told([end, "1"])


@pytest.mark.parametrize(
    ("between", "proven"),
    [
        (_asks_for_all, True),
        (_nothing, False),
        (_only_executions, False),
        (_of_another_connection, False),
        (_without_servers, False),
        (_begun_without_servers, False),
    ],
)
def test_an_order_that_is_given_up(court: Court, between: Callable[[Court], None], proven: bool) -> None:
    _asks_for_all(court)
    court.disk.intends("a", "stop")
    court.safety.sent(["3", "1", "a"])
    court.place("a", "SELL", "STP", "90")
    between(court)
    court.disk.has("OrderResolved", order_ref="a", status="EXPIRED")
    court.records.read()
    if proven:
        court.safety.look(court.status())
    else:
        with pytest.raises(Violation, match="a works, and was given up as EXPIRED without lists that prove it"):
            court.safety.look(court.status())


def test_an_order_is_not_called_alive_long_after_its_end(court: Court) -> None:
    court.disk.intends("a", "stop")
    court.place("a", "SELL", "STP", "90")
    order = next(iter(court.venue.orders.values()))
    court.venue.cancel(order.client_id, order.order_id)
    rests = court.status(orders=[{"order_ref": "a", "status": "ACCEPTED"}])
    court.now = 100.0
    court.safety.look(rests)  # nobody has told it
    court.safety.told(["3", "1", "Cancelled", "0", "100", "0", str(order.perm_id), "0", "0", "7", "", ""])
    court.now = 140.0
    court.safety.look(rests)
    court.now = 150.0
    court.safety.look(rests | {"alarms": [{"kind": "broker.incomplete", "symbol": None}]})  # nor does it answer
    court.now = 195.0
    court.safety.look(rests)
    court.now = 196.0
    with pytest.raises(Violation, match="a is called ACCEPTED 46 s after it was told to be over"):
        court.safety.look(rests)


@pytest.mark.parametrize("word", ["SENT", "UNKNOWN"])
def test_an_order_is_not_called_sent_for_ever(court: Court, word: str) -> None:
    row = {"order_ref": "a", "status": word, "role": "entry", "quantity": "100", "filled": "0"}
    status = court.status(orders=[row])
    court.safety.look(status)
    court.now = 20.0
    court.safety.look(status)
    court.now = 21.0
    if word == "UNKNOWN":
        court.safety.look(status)
        return
    with pytest.raises(Violation, match="a has been called SENT for 21 s, and not UNKNOWN"):
        court.safety.look(status)


def test_two_orders_that_the_broker_made_of_one(court: Court) -> None:
    court.disk.intends("a", "stop")
    court.place("a", "SELL", "STP", "90")
    first = next(iter(court.venue.orders.values()))
    court.venue.place_beside(attrs.evolve(first, perm_id=0))
    court.safety.look(court.status())
    assert court.truth.twofold("a")
    row = {"order_ref": "a", "status": "ACCEPTED", "role": "stop", "quantity": "100", "filled": "0"}
    assert "only at the broker" in court.settled(orders=[row])


def test_while_a_resume_waits_for_its_answer_nobody_knows(court: Court) -> None:
    for ref in ("a", "b"):
        court.disk.intends(ref)
    _commanded(court, "halt")
    resume = {"command": "resume"}
    court.safety.halts.asked(resume)
    court.safety.sent(["3", "1", "a"])
    court.safety.look(court.status())
    court.safety.halts.answered(resume, False)
    court.safety.sent(["3", "2", "b"])
    with pytest.raises(Violation, match="b, new risk, left the process after halt had been answered"):
        court.safety.look(court.status())


@pytest.mark.parametrize(
    ("given", "stands"),
    [
        (("halt", "resume"), ""),
        (("resume", "halt"), "halt"),
        (("flatten", "resume"), "flatten"),
        (("flatten", "rearm"), ""),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_commands_count_as_they_were_given_in_whatever_order_they_are_answered(
    court: Court, given: tuple[str, ...], stands: str, backwards: bool
) -> None:
    requests = [{"command": command} for command in given]
    for request in requests:
        court.safety.halts.asked(request)
    for request in reversed(requests) if backwards else requests:
        court.safety.halts.answered(request, True)
    assert court.safety.halts.standing == stands


@pytest.mark.parametrize(("ends", "fine"), [(("53", "102", "55", "62"), True), (("53", "102", "55"), False)])
def test_ready_before_the_lists_of_a_connection(court: Court, ends: tuple[str, ...], fine: bool) -> None:
    broken: list[str] = []
    clock = lambda: court.now  # noqa: E731 - three times the same
    bounds = Bounds(5.0, 2.0, 40)
    conduct = Conduct(court.truth, court.records, clock, lambda: 0.0, broken.append, bounds, ready=lambda: True)
    conduct.frame(True, ["71", "2", "7"])
    for end in ends:
        conduct.frame(False, [end, "1"])
    court.now = 1.0
    conduct.frame(False, ["49", "1", "0"])
    assert broken == ([] if fine else ["READY before the broker's lists were there in this connection"])


def test_an_exit_that_meets_shares_which_have_just_gone_without_a_trade_is_nobodys_fault(court: Court) -> None:
    broken: list[str] = []
    conduct = Conduct(
        court.truth, court.records, lambda: court.now, lambda: -100.0, broken.append, Bounds(5.0, 2.0, 40)
    )
    account = court.venue.accounts[0]
    terms = {"symbol": "AAPL", "side": "SELL", "quantity": "100", "oca_group": "", "parent_ref": None, "source": "test"}
    for ref in ("late", "wrong"):
        court.disk.has("OrderIntended", order={"order_ref": ref, "role": "target", **terms})
    court.venue.deliver_shares(account, court.contract, D(100))
    court.now = 100.0
    court.venue.deliver_shares(account, court.contract, D(-100))
    court.place("late", side="SELL")
    assert (broken, court.truth.held("AAPL")) == ([], -100)
    assert court.truth.disturbed("AAPL", 1.0)
    court.now = 200.0
    court.place("wrong", side="SELL")
    assert broken == ["wrong, an exit of AAPL, made -200 of -100"]
    del conduct


@pytest.mark.parametrize("known", ["given up", "shown again", "never doubted"])
def test_an_exit_beside_one_that_lists_without_its_row_have_called_over_is_nobodys_fault(
    court: Court, known: str
) -> None:
    broken: list[str] = []
    conduct = Conduct(
        court.truth, court.records, lambda: court.now, lambda: -100.0, broken.append, Bounds(5.0, 2.0, 40)
    )
    terms = {"symbol": "AAPL", "side": "SELL", "quantity": "100", "oca_group": "", "parent_ref": None, "source": "test"}
    for ref in ("first", "second"):
        court.disk.has("OrderIntended", order={"order_ref": ref, "role": "exit", **terms})
    court.venue.deliver_shares(court.venue.accounts[0], court.contract, D(100))
    court.now = 100.0
    court.tick(49, 2.0)  # halted: what is placed rests
    court.place("first", "SELL")
    if known != "never doubted":
        court.disk.has("OrderResolved", order_ref="first", status="EXPIRED", evidence="in no list")
    court.records.read()
    conduct.look(court.status(state="HALTED", broker={"connected": True}))
    court.now = 140.0
    if known == "shown again":
        court.disk.has("BrokerOrder", order_ref="first", status="Submitted")
        court.records.read()
        court.now = 150.0
    court.place("second", "SELL")
    fault = "second came beside exits that are not tied to it: 200 could go of 100"
    assert broken == ([] if known == "given up" else [fault])


def test_ready_without_a_link(court: Court) -> None:
    broken: list[str] = []
    conduct = Conduct(court.truth, court.records, lambda: court.now, lambda: 0.0, broken.append, Bounds(5.0, 2.0, 40))
    for court.now, broker in ((0.1, False), (3.0, None), (3.1, False), (4.0, False)):
        conduct.look(court.status(broker=None if broker is None else {"connected": broker}))
    assert broken == []
    court.now = 6.2
    conduct.look(court.status(broker={"connected": False}))
    assert broken == ["READY, without a link for 3 s"]


@pytest.mark.parametrize(
    ("alarm", "symbol", "fine"),
    [
        ("protection.missing", "AAPL", True),
        ("journal.failed", None, True),
        ("protection.missing", "MSFT", False),
        ("signal.gap", None, False),
    ],
)
def test_exits_for_more_than_is_held_are_excused_by_what_the_status_says(
    court: Court, alarm: str, symbol: str | None, fine: bool
) -> None:
    """The disk refuses everything: no change can leave, and no record says so."""
    broken: list[str] = []
    conduct = Conduct(
        court.truth, court.records, lambda: court.now, lambda: -100.0, broken.append, Bounds(5.0, 2.0, 40)
    )
    order = {"order_ref": "stop", "role": "stop", "symbol": "AAPL", "side": "BUY", "parent_ref": None, "source": "rule"}
    court.disk.has("OrderIntended", order=order)
    court.records.read()
    court.place("stop", "BUY", "STP", "105")
    conduct.look(court.status(state="HALTED", broker={"connected": True}))
    court.now = 21.0
    conduct.look(court.status(state="HALTED", broker={"connected": True}, alarms=[{"kind": alarm, "symbol": symbol}]))
    assert broken == ([] if fine else ["for 21 s exits have worked that could take 100 AAPL from 0"])
    court.now = 40.0
    conduct.look(court.status(state="HALTED", broker={"connected": True}))
    assert len(broken) == (0 if fine else 2), "what was not known counts from where it could be"
    court.now = 42.0
    conduct.look(court.status(state="HALTED", broker={"connected": True}))
    assert len(broken) == (1 if fine else 3)
