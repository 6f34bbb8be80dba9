"""A broker that fills in parts, refuses, cancels, forgets, repeats itself, and other people on the account."""

from __future__ import annotations

from decimal import Decimal

import pytest

from messages.lifecycle import ActorRestarted, AlarmRaised
from messages.order import OrderSubmittedEvent, OrderType
from messages.position import PositionCloseEvent, ProtectionMissingEvent
from simulator.faults import RandomFaults, Rule
from simulator.faults.verbs import (
    Accept,
    AcceptSilently,
    CancelAtBroker,
    Delay,
    Drop,
    Error,
    Fill,
    Hold,
    Manual,
    Release,
    Reset,
    Restart,
    Swallow,
    Wait,
)

BROKER = {"ack_timeout_seconds": 0.2, "reconcile_seconds": 1.0}


def order(house, order_type):
    """The broker's last order of this type."""
    return [one for one in house.broker.venue.orders.values() if one.order_type == order_type][-1]


def closes(house):
    return [(event.reason, event.position.realized_pnl) for event in house.ears.of(PositionCloseEvent)]


@pytest.mark.parametrize("taken", [Accept(), AcceptSilently(), Swallow()], ids=["taken", "taken in silence", "lost"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_link_that_breaks_between_the_legs_of_a_bracket(run_house, nth, taken):
    async def body(house):
        await house.quoted("AAPL", 100.0)
        house.broker.faults.add(Rule(on="placeOrder", nth=nth, do=[taken, Reset()]))
        await house.buy("AAPL", 100.0)
        await house.until(lambda: house.broker.tws.clients, "a new connection")
        await house.until_sound("AAPL")
        if not house.broker_position("AAPL"):
            await house.until_position("AAPL", state="CLOSED")
            await house.enter("AAPL", 100.0)
        await house.until_sound("AAPL")
        assert house.broker_position("AAPL") == 100

    run_house(body, ("AAPL",), broker=BROKER)


@pytest.mark.parametrize("taken", [Accept(), Swallow()], ids=["taken", "lost"])
def test_a_link_that_breaks_while_the_exits_are_amended(run_house, taken):
    async def body(house):
        await house.quoted("AAPL", 100.0)
        house.price("AAPL", 100.0, size=40)
        house.broker.faults.add(Rule(on="placeOrder", where={"isModify": "1"}, nth=1, do=[taken, Reset()]))
        await house.buy("AAPL", 100.0)
        await house.until_sound("AAPL")
        for _ in range(3):
            house.price("AAPL", 100.0)
        await house.until_sound("AAPL")
        assert house.broker_position("AAPL") == 100

    run_house(body, ("AAPL",), broker=BROKER)


def test_exits_follow_an_entry_that_fills_in_parts_and_is_cancelled_by_the_broker(run_house):
    async def body(house):
        await house.quoted("AAPL", 100.0)
        entry = await house.buy("AAPL", 100.0, limit="99.00")
        await house.until(lambda: len(house.broker.venue.orders) == 3, "the bracket")
        for part, held in ((30, 30), (25, 55)):
            house.broker.faults.do(Fill(order_ref=entry, quantity=Decimal(part), price=Decimal("99.00")))
            await house.until_position("AAPL", quantity=str(held), protected=True)
        house.broker.faults.do(CancelAtBroker(entry))
        await house.until_position("AAPL", quantity="55", state="OPEN", protected=True)
        await house.until_sound("AAPL")
        house.price("AAPL", 90.0)
        await house.until_position("AAPL", quantity="0", state="CLOSED")
        await house.until_sound("AAPL")
        assert [reason for reason, _ in closes(house)] == ["stop"]

    run_house(body, ("AAPL",), broker=BROKER)


def test_a_stop_that_the_broker_rejects_is_sent_again(run_house):
    async def body(house):
        await house.quoted("AAPL", 100.0)
        house.broker.faults.add(
            Rule(on="placeOrder", where={"orderType": "STP"}, nth=1, do=[Swallow(), Error(201, "Order rejected")])
        )
        await house.buy("AAPL", 100.0)
        await house.until_position("AAPL", quantity="100", protected=True)
        await house.until_sound("AAPL")

    run_house(body, ("AAPL",), broker=BROKER)


def test_trades_by_hand_are_followed(run_house):
    async def body(house):
        await house.enter("AAPL", 100.0)
        house.broker.faults.do(Manual(symbol="AAPL", quantity=Decimal(-40), price=Decimal(101)))
        await house.until_position("AAPL", quantity="60", protected=True, realized_pnl="39.6")
        await house.until_sound("AAPL")
        house.broker.faults.do(Manual(symbol="AAPL", quantity=Decimal(-60), price=Decimal(102)))
        await house.until_position("AAPL", quantity="0", state="CLOSED")
        await house.until_sound("AAPL")
        assert closes(house) == [("manual", Decimal("159.0"))]
        await house.enter("AAPL", 100.0)
        await house.until_sound("AAPL")

    run_house(body, ("AAPL",), broker=BROKER)


def test_a_trade_by_hand_while_nobody_listens_is_booked_at_the_next_connect(run_house):
    async def body(house):
        await house.enter("AAPL", 100.0)
        house.broker.faults.do(Restart(seconds=0.3), Manual(symbol="AAPL", quantity=Decimal(-100), price=Decimal(101)))
        await house.until_position("AAPL", quantity="0", state="CLOSED")
        await house.until_sound("AAPL")

    run_house(body, ("AAPL",), broker=BROKER)


def test_a_holding_that_somebody_else_opened_stands_as_an_alarm(run_house):
    async def body(house):
        await house.quoted("AAPL", 100.0)
        house.broker.faults.do(Manual(symbol="AAPL", quantity=Decimal(30), price=Decimal(100)))
        await house.until(lambda: [one for one in house.ears.of(AlarmRaised) if one.symbol == "AAPL"], "an alarm")
        row = await house.until_position("AAPL", quantity="30") if (await house.position("AAPL")) else {}
        assert not row.get("protected")
        refused = await house.command("buy", symbol="AAPL", quantity="100")
        assert not refused["ok"]
        assert [alarm["kind"] for alarm in (await house.status())["alarms"]] == ["position.unmanaged"]
        closed = await house.command("close", symbol="AAPL")
        assert closed["ok"], closed
        await house.until(lambda: house.broker_position("AAPL") == 0, "flat at a person's word")
        await house.until_sound("AAPL")

    run_house(body, ("AAPL",), broker=BROKER)


@pytest.mark.parametrize("closed_first", [False, True], ids=["at once", "after it had closed"])
def test_both_legs_of_an_oca_group_fill_and_the_turned_position_is_flattened(run_house, closed_first):
    async def body(house):
        await house.enter("AAPL", 100.0)
        stop, target = order(house, OrderType.STOP), order(house, OrderType.LIMIT)
        house.broker.faults.do(Fill(perm_id=stop.perm_id, price=Decimal(97)))
        if closed_first:
            await house.until_position("AAPL", quantity="0", state="CLOSED")
        house.broker.faults.do(Fill(perm_id=target.perm_id, price=Decimal(108)))
        await house.until(
            lambda: [one for one in house.ears.of(AlarmRaised) if one.kind == "position.flipped"], "alarm"
        )
        await house.until(lambda: house.broker_position("AAPL") == 0, "flat")
        await house.until_position("AAPL", quantity="0", state="CLOSED")
        await house.until_sound("AAPL")
        earned = sum(one.position.realized_pnl for one in house.ears.of(PositionCloseEvent))
        assert earned == sum(
            one.price * one.quantity * (1 if one.side == "SLD" else -1) for one in house.broker.venue.executions
        )

    run_house(body, ("AAPL",), broker=BROKER)


def test_commissions_that_come_late_are_in_the_closed_positions_figures(run_house):
    async def body(house):
        await house.quoted("AAPL", 100.0)
        house.broker.faults.do(Delay(messages=["commissionReport"], seconds=0.4, everyone=True))
        await house.enter("AAPL", 100.0)
        house.price("AAPL", 90.0)
        row = await house.until_position("AAPL", quantity="0", state="CLOSED")
        paid = sum(one.amount for one in house.broker.venue.commissions.values())
        assert Decimal(row["commission"]) == paid
        await house.until_sound("AAPL")

    run_house(body, ("AAPL",), broker=BROKER)


@pytest.mark.parametrize("seed", range(8))
def test_messages_lost_repeated_and_late(run_house, seed):
    async def body(house):
        await house.quoted("AAPL", 100.0)
        house.broker.faults.throw(
            RandomFaults(
                seed=seed,
                drop=0.15,
                duplicate=0.2,
                delay=0.2,
                delay_seconds=0.3,
                messages=("openOrder", "orderStatus", "execDetails", "commissionReport"),
            )
        )
        await house.buy("AAPL", 100.0)
        await house.until_position("AAPL", quantity="100", protected=True)
        house.price("AAPL", 90.0 if seed % 2 else 110.0)
        await house.until_position("AAPL", quantity="0", state="CLOSED")
        house.broker.faults.clear()
        await house.until_sound("AAPL")
        assert [reason for reason, _ in closes(house)] == ["stop" if seed % 2 else "target"]
        assert not house.ears.of(ProtectionMissingEvent)

    run_house(body, ("AAPL",), broker=BROKER)


@pytest.mark.parametrize("keep", [("*",), ()], ids=["orders kept", "orders gone"])
def test_a_gateway_restart_with_ids_set_back(run_house, keep):
    async def body(house):
        await house.enter("AAPL", 100.0)
        house.broker.faults.do(Wait(0.0), Restart(next_id=1, keep=keep, seconds=0.2))
        await house.until(lambda: not house.broker.tws.clients, "down")
        await house.until_position("AAPL", quantity="100", protected=True)
        await house.until_sound("AAPL")
        await house.enter("MSFT", 400.0)
        await house.until_sound("MSFT")

    run_house(body, broker=BROKER)


def test_what_the_broker_says_is_not_held_gets_no_new_exits_and_is_not_closed_twice(run_house):
    """Closed by hand on Friday, seen on Monday: the gateway tells no executions of days gone by (INC-34)."""

    async def body(house):
        await house.enter("AAPL", 100.0)
        house.system.address("position/AAPL").tell("poison")  # rebuilt: it knows of no fill a moment ago
        await house.until(lambda: house.ears.of(ActorRestarted), "restarted")
        house.broker.faults.do(
            Drop(messages=["execDetails"], everyone=True, name="lost"),
            Manual(symbol="AAPL", quantity=Decimal(-100), price=Decimal(101)),
            Restart(keep=(), executions=False),
            Release("lost"),
        )
        await house.until(
            lambda: {"reconcile.difference", "protection.missing"} <= {one.kind for one in house.ears.of(AlarmRaised)},
            "alarms",
        )
        refused = await house.command("close", symbol="AAPL")
        assert not refused["ok"]
        assert "the broker holds" in refused["error"]
        assert not [one for one in house.broker.venue.orders.values() if not one.done], "they would open a short"
        assert house.broker_position("AAPL") == 0

    run_house(body, ("AAPL",), broker=BROKER, risk={"naked_seconds": 0.3})


def test_a_change_is_not_sent_under_an_id_that_the_broker_may_have_given_back(run_house):
    """The stop has filled, nobody has told us, and a gateway restart frees its id: a change would be a new order."""

    async def body(house):
        await house.enter("AAPL", 100.0)
        stop = order(house, OrderType.STOP)
        for messages, where in (
            (["execDetails", "openOrder", "completedOrder"], {"orderRef": stop.order_ref}),
            (["orderStatus"], {"permId": str(stop.perm_id)}),
        ):
            house.broker.faults.do(Hold(messages=messages, where=where, everyone=True, name="the stop"))
        house.broker.faults.do(Fill(perm_id=stop.perm_id, price=Decimal(97)))
        house.broker.faults.add(Rule(on="placeOrder", where={"orderType": "MKT"}, do=[Accept(), Restart(next_id=1)]))
        await house.buy("AAPL", 100.0)  # what it has bought is learned together with the new connection
        await house.until_position("AAPL", quantity="200")

        # a target for all of it is sent beside the stop that is believed to work; the broker refuses it (201)
        def targets():
            return {
                event.order.order_ref for event in house.ears.of(OrderSubmittedEvent) if event.order.role == "target"
            }

        await house.until(lambda: len(targets()) > 1, "a target for all of it")
        house.broker.faults.do(Release("the stop"))
        await house.until_position("AAPL", quantity="100", protected=True)
        await house.until_sound("AAPL")

    run_house(body, ("AAPL",), broker=BROKER)
