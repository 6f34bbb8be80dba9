"""Each event that people and programs rely on appears in the log of a session that provokes it."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from config.environment import machine
from config.logging import start_logging
from messages.lifecycle import ActorQuarantined, ActorRestarted
from messages.order import OrderRejectedEvent, OrderResolvedEvent
from simulator.faults import Rule
from simulator.faults.verbs import Correct, Error, Fill, Reset, Swallow

EVENTS = {
    "system": "starting ready halted resumed stopping stopped",
    "actor": "started crashed restarted quarantined stopped",
    "broker": "connected lost gap_opened gap_closed notice",
    "signal": "received ignored",
    "rule": "fired skipped",
    "order": "intent denied sent accepted filled corrected cancelled rejected expired unknown resolved",
    "position": "opened updated closed",
    "protection": "armed missing",
    "reconcile": "started finished difference",
    "alarm": "raised cleared",
}
MONEY = ("price", "average_price", "realized_pnl", "commission", "stop", "target", "limit", "quantity", "filled")
# again and again: whichever of them finds the process ready fires the rule, and the next finds it in its cooldown; each
# third is too unsure, for a poll sees the last one alone
PREDICTIONS = [
    {
        "after": 0.3 + 0.5 * number,
        "ticker": "TSLA",
        "signal": "BUY",
        "confidence": (0.1 if number % 3 == 0 else 0.9) + number / 1_000,
    }
    for number in range(90)
]
RULE = {
    "id": "entry",
    "event": "PredictionSignalEvent",
    "when": {"signal": "BUY"},
    "do": "create_position",
    "side": "BUY",
    "cooldown_seconds": 60,
}


@frozen
class Poison:
    """A message that no actor knows."""


def test_every_event_of_the_interface_appears_with_its_fields(run_house, tmp_path):
    path = tmp_path / "log.jsonl"
    log = start_logging(machine(), path=path, strict=True, background=False)

    def seen(event, **fields):
        lines = (json.loads(line) for line in path.read_text().splitlines())
        return [line for line in lines if line["event"] == event and fields.items() <= line.items()]

    async def body(house):
        faults = house.broker.faults
        await house.quoted("TSLA", 300.0)
        # an entry that fills in parts, whose fill is corrected, and that reaches its target
        await house.quoted("AAPL", 100.0)
        entry = await house.buy("AAPL", 100.0, limit="99")
        await house.until(lambda: len(house.broker.venue.orders) == 3, "a bracket")
        for part in (40, 60):
            faults.do(Fill(order_ref=entry, quantity=Decimal(part), price=Decimal(99)))
        await house.until_position("AAPL", quantity="100", protected=True)
        faults.do(Correct(order_ref=entry, quantity=Decimal(60), price=Decimal("98.5")))
        await house.until_position("AAPL", average_price="98.7", protected=True)
        house.price("AAPL", 120.0)
        await house.until_position("AAPL", state="CLOSED")
        # a refusal of ours, one of the broker, and an order that it never got
        await house.command("halt", reason="lunch")
        refused = await house.command("buy", symbol="AAPL", quantity="100")
        assert not refused["ok"]
        await house.command("resume")
        faults.add(
            Rule(on="placeOrder", where={"symbol": "NVDA", "orderType": "STP"}, nth=1, do=[Swallow()]),
            Rule(on="placeOrder", where={"symbol": "AMD", "orderType": "STP"}, nth=1, do=[Swallow(), Error(201, "no")]),
        )
        await house.enter("NVDA", 100.0)
        await house.enter("AMD", 100.0)
        assert house.ears.of(OrderRejectedEvent)
        assert house.ears.of(OrderResolvedEvent)
        # crashes, and a link that breaks
        house.system.address("position/AMD").tell(Poison())
        await house.until(lambda: house.ears.of(ActorRestarted), "restarted")
        for _ in range(4):
            house.system.address("position/MSFT").tell(Poison())
        await house.until(lambda: house.ears.of(ActorQuarantined), "quarantined")
        faults.do(Reset(everyone=True))
        await house.until(lambda: len(seen("broker.connected")) == 2, "connected again")
        await house.until(lambda: seen("rule.skipped", rule_id="entry"), "a rule in its cooldown")
        await house.until(lambda: seen("signal.ignored"), "a prediction that is too unsure")

    try:
        run_house(
            body,
            ("AAPL", "MSFT", "NVDA", "AMD", "TSLA"),
            predictions=PREDICTIONS,
            broker={"ack_timeout_seconds": 0.2, "reconcile_seconds": 1.0},
            risk={"naked_seconds": 0.05},
            signals={"poll_seconds": 0.5, "min_confidence": 0.5},
            rules=[RULE],
        )
    finally:
        log.stop()

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    missing = {f"{group}.{name}" for group, names in EVENTS.items() for name in names.split()} | {"deadletter"}
    missing -= {line["event"] for line in lines}
    assert not missing
    for line in lines:
        assert datetime.fromisoformat(line["ts"]).tzinfo is not None, line
        assert line["ts"].endswith("Z"), line
        assert line["level"] in ("DEBUG", "INFO", "WARNING", "ERROR"), line
        assert line["actor"], line
        assert all(line.get(name) is None or isinstance(line[name], str) for name in MONEY), line
        if line["event"].startswith("order.") and line["event"] != "order.denied":
            assert line["symbol"], line
            assert "order_ref" in line, line
    (corrected,) = [line for line in lines if line["event"] == "order.corrected"]
    assert (corrected["quantity"], corrected["price"], corrected["symbol"]) == ("60", "98.5", "AAPL")
    closed = next(line for line in lines if line["event"] == "position.closed" and line["symbol"] == "AAPL")
    assert closed["reason"] == "target"
    assert Decimal(closed["realized_pnl"]) > 0 < Decimal(closed["commission"])
    crashed = next(line for line in lines if line["event"] == "actor.crashed")
    assert "Poison" in crashed["message"]
    assert "Traceback" in crashed["traceback"]
