from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio

from actors.bus import EventBus
from actors.gateway import BrokerRefusedError, BrokerUnavailableError, Timing
from actors.runtime.lifecycle import StartFailedError
from messages.gateway import (
    AskBroker,
    BrokerConnected,
    BrokerError,
    BrokerLost,
    BrokerNotice,
    BrokerSnapshot,
    GatewayStatus,
    OrderNotSent,
    OrderSent,
    Priority,
)
from messages.order import Role, Side

Bench = Callable[..., None]


async def fails_to_start(b: Any, **options: Any) -> BaseException:
    with pytest.raises(StartFailedError) as caught:
        await b.start(**options)
    assert caught.value.__cause__ is not None
    return caught.value.__cause__


def test_it_connects_and_says_so_before_the_complete_snapshot(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle()
        told = b.orders.of(BrokerConnected, BrokerSnapshot)
        assert [type(message) for message in told] == [BrokerConnected, BrokerSnapshot]
        assert told[0].epoch == told[1].epoch == 1
        assert (told[0].account, told[0].server_version) == ("DU1234567", 176)
        assert told[1].complete
        status = await b.system.address("gateway").ask(GatewayStatus())
        assert (status.connected, status.epoch, status.account, status.queued) == (True, 1, "DU1234567", 0)
        assert status.last_round_trip is not None
        assert b.system.describe("gateway")["entries_barred"] == ""

    bench(scenario)


def test_a_broker_that_is_not_there_fails_the_start_at_once(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        b.broker.listens = False
        error = await fails_to_start(b)
        assert type(error) is BrokerUnavailableError
        assert "cannot connect to 127.0.0.1:7497: Connection refused" in str(error)
        assert trio.current_time() == 0.0 or trio.current_time() < 1.0

    bench(scenario)


def test_a_broker_that_says_nothing_fails_the_start_after_the_time_out(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        b.broker.silent = True
        began = trio.current_time()
        error = await fails_to_start(b)
        assert "no answer within 10 s" in str(error)
        assert trio.current_time() - began == pytest.approx(10.0)

    bench(scenario)


def test_without_a_required_first_connection_it_tries_for_ever(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        b.broker.listens = False
        await b.start(first_connect="retry")
        await b.settle(300)
        notices = b.orders.of(BrokerNotice)
        assert {notice.code for notice in notices} == {502}
        assert 20 < len(notices) < 60
        b.broker.listens = True
        await b.settle(20)
        assert b.orders.of(BrokerConnected)

    bench(scenario)


@pytest.mark.parametrize(
    ("broker", "accounts", "text"),
    [
        ({"host": "192.168.1.5"}, ("DU1",), "another machine"),
        ({"account": "DU9"}, ("DU1", "DU2"), "not one of this login's: DU1, DU2"),
        ({}, ("DU1", "DU2"), "set broker.account to one of: DU1, DU2"),
        ({}, ("U1234567",), "no paper account"),
    ],
)
def test_what_must_not_be_used_is_refused_with_a_clear_reason(
    bench: Bench, broker: dict[str, Any], accounts: tuple[str, ...], text: str
) -> None:
    async def scenario(b: Any) -> None:
        error = await fails_to_start(b)
        assert type(error) is BrokerRefusedError
        assert text in str(error)
        assert not b.orders.of(BrokerConnected)

    bench(scenario, broker=broker, simulator={"accounts": accounts})


def test_a_chosen_account_and_a_live_account_in_live_mode_are_taken(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        assert b.system.describe("gateway")["account"] == "U2"

    bench(
        scenario,
        broker={"account": "U2", "mode": "live", "host": "10.0.0.1", "allow_remote": True},
        simulator={"accounts": ("DU1", "U2")},
    )


def test_a_client_id_in_use_raises_an_alarm_and_the_same_id_is_tried_again(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle()
        first = b.broker.line
        # a second gateway with the same id stands for an earlier connection that TWS has not let go
        b.history.epoch = 0
        await b.system.start("gateway-2", lambda context: b.make(context, first_connect="retry"))
        await b.settle(3)
        assert "broker.client_id_in_use" in b.alarms
        assert len(b.broker.lines) > 2
        assert {line.sent[1][2] for line in b.broker.lines if len(line.sent) > 1} == {"7"}
        first.abort()
        await b.settle(30)
        assert len([line for line in b.broker.lines if len(line.sent) > 3]) == 2
        await b.system.stop("gateway-2")

    bench(scenario)


def test_a_lost_link_opens_a_new_epoch_and_everything_is_asked_again(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle(2)
        b.broker.line.abort()
        await b.settle(10)
        told = b.orders.of(BrokerConnected, BrokerLost, BrokerSnapshot)
        assert [(type(message).__name__, message.epoch) for message in told] == [
            ("BrokerConnected", 1),
            ("BrokerSnapshot", 1),
            ("BrokerLost", 1),
            ("BrokerConnected", 2),
            ("BrokerSnapshot", 2),
        ]
        assert "Connection reset" in told[2].reason
        assert b.alarms == ["broker.lost"]

    bench(scenario)


def test_each_reconnect_waits_longer_until_a_snapshot_succeeds(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle(2)
        b.broker.listens = False
        began = trio.current_time()
        b.broker.line.abort()
        await b.settle(120)
        times = len(b.orders.of(BrokerNotice))
        assert 8 < times < 20
        b.broker.listens = True
        await b.settle(20)
        assert b.orders.of(BrokerConnected)[-1].epoch == 2
        assert trio.current_time() - began < 150

    bench(scenario)


def test_a_frozen_broker_is_noticed_entries_are_held_and_the_link_is_cut(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.trade("AAPL")
        await b.settle(2)
        b.broker.silent = True
        await b.settle(6)  # the last round trip is older than liveness_seconds now
        began = trio.current_time()
        b.place(b.order(), deadline=2.0)
        b.place(b.order(role=Role.EXIT, side=Side.SELL), priority=Priority.EXIT)
        await b.settle(3)
        fates = b.orders.of(OrderSent, OrderNotSent)
        assert [(type(fate), fate.order_ref) for fate in fates] == [(OrderSent, "pb-2"), (OrderNotSent, "pb-1")]
        assert fates[1].reason == "no recent round trip with the broker"
        await b.settle(15)
        (lost,) = b.orders.of(BrokerLost)
        assert "heartbeat" in lost.reason
        assert trio.current_time() - began < 20
        # the frozen bytes never arrive
        b.broker.silent = False
        await b.settle(60)
        assert b.broker.paper.venue.orders == {}
        assert b.orders.of(BrokerConnected)[-1].epoch == 2

    bench(scenario)


def test_an_entry_waits_for_its_round_trip_and_then_leaves(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.trade("AAPL")
        await b.settle(2)
        b.broker.drop = lambda fields: fields[0] == "49"
        await b.settle(6)
        b.place(b.order(), deadline=5.0)
        await b.settle(1)
        assert not b.orders.of(OrderSent, OrderNotSent)
        b.broker.drop = lambda _fields: False
        b.broker.line.inject("49", "1", "1700000000")  # the late answer is too old, so it asks again
        await b.settle(0.1)
        assert [type(fate) for fate in b.orders.of(OrderSent, OrderNotSent)] == [OrderSent]

    bench(scenario)


def test_a_heartbeat_beats_all_the_time(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle(100)
        assert len(b.broker.sent(49)) == pytest.approx(40, abs=3)

    bench(scenario)


def test_a_broken_link_to_ib_bars_entries_and_drops_nothing_that_comes_in(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.trade("AAPL")
        b.broker.quote("AAPL", 100.00, 100.05)
        await b.settle(2)
        resting = b.order()
        b.place(resting)
        await b.settle()
        b.broker.paper.tws.notice(1100, "Connectivity between IB and TWS has been lost")
        await b.settle()
        b.place(b.order())
        b.broker.quote("AAPL", 89.90, 89.95)  # the resting order fills meanwhile
        await b.settle()
        assert "lost its link" in b.orders.of(OrderNotSent)[0].reason
        assert [type(message).__name__ for message in b.orders.of(OrderSent)] == ["OrderSent"]
        assert [fill.execution.order_ref for fill in b.orders.got if hasattr(fill, "execution")] == ["pb-1"]
        before = len(b.snapshots)
        b.broker.paper.tws.notice(1102, "Connectivity has been restored, data maintained")
        await b.settle(2)
        assert len(b.snapshots) == before + 1
        assert len(b.broker.sent(1)) == 1  # the ticks go on: nothing to subscribe
        b.place(b.order())
        await b.settle()
        assert len(b.orders.of(OrderSent)) == 2

    bench(scenario)


def test_no_entry_leaves_before_the_broker_has_said_what_rests_there(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        b.broker.swallow = lambda fields: fields[0] == "7"
        await b.trade("AAPL")
        b.place(b.order())
        b.place(b.order(role=Role.EXIT, side=Side.SELL), priority=Priority.EXIT)
        await b.settle()
        assert [fate.order_ref for fate in b.orders.of(OrderSent)] == ["pb-2"]
        assert "has not said yet" in b.orders.of(OrderNotSent)[0].reason

    bench(scenario)


def test_lists_from_before_an_outage_prove_nothing_after_it(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.trade("AAPL")
        await b.settle(2)
        b.broker.drop = lambda fields: fields[0] == "62"
        b.tell(AskBroker("test"))
        await b.settle(1)
        notice = b.broker.paper.tws.notice
        notice(1100, "Connectivity between IB and TWS has been lost")
        await b.settle(1)
        b.broker.drop = lambda fields: fields[0] == "61"
        b.broker.line.inject("62", "1")
        await b.settle()
        assert b.snapshots[-1].complete
        assert not b.snapshots[-1].conclusive
        assert b.system.describe("gateway")["entries_barred"].startswith("TWS has lost its link")
        b.broker.swallow = lambda fields: fields[0] == "7"
        notice(1102, "Connectivity has been restored, data maintained")
        await b.settle(1)
        assert "has not said yet" in b.system.describe("gateway")["entries_barred"]

    bench(scenario)


def test_lists_that_were_begun_during_an_outage_prove_nothing(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.trade("AAPL")
        await b.settle(2)
        notice = b.broker.paper.tws.notice
        notice(1100, "Connectivity between IB and TWS has been lost")
        await b.settle(1)
        b.broker.drop = lambda fields: fields[0] == "62"
        b.tell(AskBroker("test"))
        await b.settle(1)
        notice(1102, "Connectivity has been restored, data maintained")
        b.broker.drop = lambda fields: False
        b.broker.swallow = lambda fields: fields[0] == "7"
        b.broker.line.inject("62", "1")
        await b.settle(1)
        assert b.snapshots[-1].complete
        assert not b.snapshots[-1].conclusive
        assert "has not said yet" in b.system.describe("gateway")["entries_barred"]
        assert b.snapshots[0].conclusive

    bench(scenario)


def test_restored_without_data_subscribes_again(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        box = await b.trade("AAPL")
        b.broker.quote("AAPL", 100.00, 100.05)
        await b.settle(2)
        b.broker.paper.tws.notice(1101, "Connectivity has been restored, data lost")
        await b.settle(2)
        assert len(b.broker.sent(1)) == 2
        assert len(b.broker.sent(6)) == len(b.broker.sent(92)) == 2
        assert len(b.snapshots) == 2
        names = [type(message).__name__ for message in box.got if not isinstance(message, tuple)]
        assert names == ["InstrumentQualified", "FeedInterrupted", "FeedResumed", "InstrumentQualified"]

    bench(scenario)


@pytest.mark.parametrize("lost", [["53"], ["102"], ["55"], ["62"]])
def test_a_list_without_its_end_is_unknown_and_the_link_is_made_anew(bench: Bench, lost: list[str]) -> None:
    async def scenario(b: Any) -> None:
        b.timing = Timing(answer=3.0)
        b.broker.drop = lambda fields: fields[0] in lost
        await b.start()
        await b.settle(15)
        first = b.snapshots[0]
        lists = {"53": "open_orders", "102": "completed_orders", "55": "executions", "62": "positions"}
        there = [end for end, name in lists.items() if getattr(first, name) is not None]
        assert there == list(lists)[: list(lists).index(lost[0])]  # those behind it are not asked for
        assert not first.complete
        assert [message.epoch for message in b.orders.of(BrokerConnected)][:2] == [1, 2]
        assert "broker.incomplete" in b.standing  # from the first time on, and the next connection does not end it
        b.broker.drop = lambda _fields: False
        await b.settle(200)
        assert b.snapshots[-1].complete
        assert b.standing == set()

    bench(scenario)


def test_a_link_that_ends_within_a_list_leaves_no_snapshot(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        b.broker.drop = lambda fields: fields[0] == "62"
        await b.start()
        await b.settle(1)
        b.broker.line.abort()
        b.broker.drop = lambda _fields: False
        await b.settle(5)
        assert [(snapshot.epoch, snapshot.complete) for snapshot in b.snapshots] == [(2, True)]

    bench(scenario)


def test_a_second_incomplete_snapshot_keeps_the_link_for_exits(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        b.timing = Timing(answer=3.0)
        b.broker.drop = lambda fields: fields[0] == "102"
        await b.trade("AAPL")
        await b.settle(30)
        assert "broker.incomplete" in b.alarms
        b.place(b.order(role=Role.EXIT, side=Side.SELL), priority=Priority.EXIT)
        await b.settle()
        assert b.orders.of(OrderSent)
        await b.settle(200)
        assert 3 <= len(b.orders.of(BrokerConnected)) <= 5

    bench(scenario)


def test_questions_that_come_together_are_answered_by_one_snapshot(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle(2)
        for number in range(5):
            b.tell(AskBroker(f"reason {number}"))
        await b.settle(5)
        assert len(b.snapshots) == 2

    bench(scenario)


class Exploding:
    """A subscriber that cannot be told."""

    def tell(self, message: Any) -> None:
        raise ZeroDivisionError(f"told {message}")


def test_an_exception_on_the_receiving_side_is_a_crash_and_not_a_log_line(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle(2)
        b.bus.subscribe(BrokerNotice, Exploding())
        b.broker.line.inject("4", "2", "-1", "2104", "Market data farm connection is OK:usfarm", "")
        await trio.sleep(1)
        gateway = b.system.address("gateway")
        assert gateway.actor is None
        assert "ZeroDivisionError" in gateway.last_error
        b.bus = EventBus()
        await b.start()
        await b.settle()
        assert [message.epoch for message in b.orders.of(BrokerConnected)] == [1, 2]

    bench(scenario)


def test_an_exception_during_the_handshake_is_a_crash_too(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        # an account list that never comes keeps the handshake open while the notices arrive
        b.broker.drop = lambda fields: fields[0] == "15"
        b.bus.subscribe(BrokerNotice, Exploding())
        error = await fails_to_start(b)
        assert isinstance(error, ZeroDivisionError)

    bench(scenario)


def test_a_message_about_orders_that_cannot_be_read_asks_for_a_snapshot(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle(3)
        assert len(b.snapshots) == 1
        b.broker.line.inject("3", "not a number", "Submitted")
        b.broker.line.inject("11", "-1", "5")
        b.broker.line.inject("9999", "1")
        b.broker.line.inject("45", "1", "2", "nonsense", "x")
        await b.settle(3)
        notices = [notice.text for notice in b.orders.of(BrokerNotice) if notice.code == 0]
        assert len(notices) == 4
        assert "message 3 of" in notices[0]
        assert len(b.snapshots) == 2
        assert b.system.describe("gateway")["undecoded"] == 4
        assert b.system.describe("gateway")["connected"]

    bench(scenario)


def test_errors_are_told_by_what_they_are_about(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle(2)
        b.broker.line.inject("4", "2", "12", "10349", "Order TIF was set to DAY based on order preset", "")
        b.broker.line.inject("4", "2", "-1", "2103", "Market data farm connection is broken:usfarm", "")
        await b.settle()
        assert b.orders.of(BrokerError) == [BrokerError(1, 12, 10349, "Order TIF was set to DAY based on order preset")]
        assert BrokerNotice(2103, "Market data farm connection is broken:usfarm") in b.orders.got
        assert b.system.describe("gateway")["entries_barred"] == ""

    bench(scenario)


def test_a_complaint_about_the_rate_bars_entries_for_a_while(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.trade("AAPL")
        b.broker.line.inject("4", "2", "-1", "100", "Max rate of messages per second has been exceeded", "")
        b.place(b.order())
        await b.settle(1)
        assert "message rate" in b.orders.of(OrderNotSent)[0].reason
        assert b.alarms == ["broker.rate_exceeded"]
        await b.settle(60)
        b.place(b.order())
        await b.settle(1)
        assert b.orders.of(OrderSent)

    bench(scenario)


def test_a_stop_ends_the_link_in_order_and_says_nothing_of_a_loss(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.trade("AAPL")
        b.broker.quote("AAPL", 100.00, 100.05)
        await b.settle()
        await b.system.stop("gateway", timeout=2.0)
        assert b.broker.sent(2)
        assert not b.orders.of(BrokerLost)
        assert b.broker.paper.tws.clients == []

    bench(scenario)
