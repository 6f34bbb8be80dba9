"""`pitboss why`: the life of an order from the journal alone, as the process and the broker saw it."""

import json
from decimal import Decimal

import pytest

from messages.order import OrderType, Role, Side
from messages.position import ClosePosition
from simulator.faults.verbs import Drop

D = Decimal


def stages(answer):
    return [line["stage"] for line in answer["timeline"]]


def statuses(answer):
    return [line["status"] for line in answer["timeline"] if line["status"]]


@pytest.fixture
def traded(journal_of):
    """A prediction that became a position, which its stop ended: the journal, and ids by what they name."""
    ids = {}

    async def body(it):
        ids["signal"] = await it.predict("BUY", 0.9, "first")
        for order in await it.working(*Role):
            ids[order.role] = order.order_ref
            ids["position"] = order.position_id
        (entry,) = [one for one in it.paper.venue.orders.values() if one.order_type == "MKT"]
        ids["entry"], ids["perm_id"] = entry.order_ref, entry.perm_id
        await it.trade_at(96.0)
        await it.settle(3)
        assert it.held() == 0

    return journal_of(body), ids


def test_the_life_of_an_entry_goes_from_its_prediction_to_its_profit(traded, told):
    path, ids = traded
    answer = told("why", ids["entry"], path)
    assert answer["kind"] == "order"
    found = stages(answer)
    assert [found.index(stage) for stage in ("signal", "rules", "plan", "intent", "sent", "fill", "result")] == sorted(
        found.index(stage) for stage in ("signal", "rules", "plan", "intent", "sent", "fill", "result")
    )
    assert {"gates", "broker", "commission"} <= set(found)
    assert statuses(answer) == ["INTENDED", "SENT", "ACCEPTED", "FILLED"]
    assert all(gate["passed"] for gate in answer["gates"])
    assert {gate["stage"] for gate in answer["gates"]} == {"signal", "rule buy", "position", "portfolio", "orders"}
    assert answer["prediction"]["signal_id"] == ids["signal"]
    orders = {order["role"]: order for order in answer["orders"]}
    assert (orders["entry"]["filled"], orders["entry"]["perm_ids"]) == ("100", [ids["perm_id"]])
    assert (orders["stop"]["status"], orders["target"]["status"]) == ("FILLED", "CANCELLED")
    assert orders["stop"]["commission"] == "1"
    (position,) = answer["positions"]
    assert (position["state"], position["reason"], position["commission"]) == ("CLOSED", "stop", "2")
    assert D(position["net_pnl"]) == D(position["realized_pnl"]) - 2 < 0


def test_each_id_leads_to_the_same_life(traded, told):
    path, ids = traded
    by = {name: told("why", str(ids[name]), path) for name in ("entry", "perm_id", Role.STOP, "position", "signal")}
    assert by["perm_id"]["timeline"] == by["entry"]["timeline"]
    assert {json.dumps(answer["positions"]) for answer in by.values()} == {json.dumps(by["entry"]["positions"])}
    assert by["position"]["timeline"] == by["signal"]["timeline"]
    assert statuses(by[Role.STOP]) == ["INTENDED", "SENT", "ACCEPTED", "FILLED"]
    fills = [line for line in by["position"]["timeline"] if line["stage"] == "fill"]
    assert [line["order_ref"] for line in fills] == [ids["entry"], ids[Role.STOP]]


def test_the_page_says_it_in_words_and_in_plain_text(traded, verb):
    path, ids = traded
    done = verb("why", ids["entry"], "--journal", str(path))
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    for words in (
        f"order {ids['entry']} in AAPL",
        "BUY AAPL, confidence 0.9",
        "ok  portfolio: gross exposure: 10001, no limit",
        "given to the socket as order id",
        "→ FILLED",
        "closed by stop: realised P&L",
    ):
        assert words in done.stdout


def test_corrections_busts_and_trades_by_hand_are_part_of_it(journal_of, told):
    ids = {}

    async def body(it):
        ids["signal"] = await it.predict("BUY", 0.9, "first")
        (fill,) = it.paper.venue.executions
        it.paper.venue.correct(fill.exec_id, fill.quantity, D("99.50"))
        await it.settle(1)
        it.by_hand(Side.SELL, 40, "100")
        await it.settle(70)
        assert (await it.view()).quantity == 60

    path = journal_of(body)
    answer = told("why", ids["signal"], path)
    texts = [line["text"] for line in answer["timeline"] if line["stage"] == "fill"]
    assert any(text.startswith("corrected to BUY 100 at 99.5") for text in texts)
    assert any("by somebody else" in text for text in texts)
    changes = [line["text"] for line in answer["timeline"] if line["text"].startswith("modification")]
    assert any(": 60 limit" in text for text in changes)
    (position,) = answer["positions"]
    assert (position["state"], position["quantity"], position["average_price"]) == ("OPEN", "60", "99.5")


def test_a_refusal_of_the_broker_and_a_cancellation_are_told_with_their_words(journal_of, told):
    ids = []

    async def body(it):
        answer = await it.open(limit="90", quantity=10)
        ids.extend(answer.order_refs)
        await it.process.commands.answer({"command": "cancel", "order_ref": ids[0]})
        await it.settle(3)

    path = journal_of(body)
    answer = told("why", ids[0], path)
    assert statuses(answer) == ["INTENDED", "SENT", "ACCEPTED", "PENDING_CANCEL", "CANCELLED"]
    assert any(line["text"] == "cancellation: operator" for line in answer["timeline"])
    assert any(line["text"].startswith("error 202") for line in answer["timeline"])


def test_an_order_that_nobody_knows_about_says_since_when(journal_of, told):
    ids = []

    async def body(it):
        words = ("openOrder", "orderStatus", "execDetails", "openOrderEnd", "completedOrdersEnd", "execDetailsEnd")
        it.paper.faults.do(Drop(messages=words, name="silence"))
        await it.open()
        ids.extend(order.order_ref for order in await it.working(Role.ENTRY))
        await it.settle(8)
        assert "order.unknown" in await it.alarms()

    path = journal_of(body)
    answer = told("why", ids[0], path)
    entry = next(order for order in answer["orders"] if order["role"] == "entry")
    assert entry["status"] == "UNKNOWN"
    assert any(line["stage"] == "alarm" and line["text"].startswith("order.unknown") for line in answer["timeline"])


def test_a_life_across_a_kill_names_both_processes(journal_of, told):
    ids = []

    async def body(it):
        await it.open()
        ids.extend(order.order_ref for order in await it.working(Role.STOP))
        await it.kill()
        await it.start()
        await it.trade_at(100.0)
        await it.ask("position/AAPL", ClosePosition("enough"))
        await it.settle(3)
        assert it.held() == 0

    path = journal_of(body)
    answer = told("why", ids[0], path)
    assert statuses(answer)[-1] == "CANCELLED"
    assert any(line["text"].startswith("Pitboss") for line in answer["timeline"] if line["stage"] == "process")
    assert answer["positions"][0]["reason"] == "enough"


def test_somebody_elses_fill_is_found_by_its_perm_id(journal_of, told):
    found = []

    async def body(it):
        it.by_hand(Side.BUY, 7, "100")
        await it.settle(70)
        found.append(it.paper.venue.executions[0].perm_id)

    path = journal_of(body)
    answer = told("why", str(found[0]), path)
    assert answer["kind"] == "foreign order"
    assert [line["stage"] for line in answer["timeline"] if line["stage"] == "fill"] == ["fill"]
    assert OrderType.MARKET not in json.dumps(answer["orders"])
