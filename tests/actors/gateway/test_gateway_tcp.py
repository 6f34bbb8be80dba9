"""The same over real sockets and in real time: what memory cannot show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
import trio
from attrs import evolve

from actors.bus import EventBus
from actors.gateway import BrokerUnavailableError, GatewayActor, LastGate, LinkHistory
from actors.runtime.lifecycle import StartFailedError
from actors.runtime.system import System
from config.environment import machine
from config.settings import Settings
from messages.gateway import (
    BrokerConnected,
    BrokerExecution,
    BrokerLost,
    BrokerSnapshot,
    OrderNotSent,
    OrderSent,
    OutgoingOrder,
    PlaceOrders,
    Priority,
)
from messages.market import InstrumentQualified, Subscribe
from messages.order import OrderRequest, OrderType, Role, Side
from simulator.app import Serving, SimulatorSettings, serve
from simulator.model import Ticked

Boxes = dict[str, Any]


async def until(condition: Callable[[], object]) -> None:
    """Wait for what the other end of a socket causes."""
    with trio.fail_after(10):
        while not condition():
            await trio.sleep(0.002)


def run(scenario: Callable[[System, Serving, Boxes, Settings], Awaitable[None]], mailbox: Any) -> None:
    async def main() -> None:
        environment = machine(seed=1)
        system = System(environment)
        boxes: Boxes = {}
        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                await nursery.start(system.run)
                serving = await nursery.start(serve, SimulatorSettings(port=0, feed="manual"), environment)
                settings = Settings()
                settings = evolve(settings, broker=evolve(settings.broker, port=serving.port, liveness_seconds=0.3))
                for name in ("orders", "portfolio", "alarms", "position/AAPL"):
                    await system.start(name, lambda context, name=name: boxes.setdefault(name, mailbox(context)))
                history = LinkHistory(LastGate(settings.risk))
                await system.start(
                    "gateway", lambda context: GatewayActor(context, settings=settings, bus=EventBus(), history=history)
                )
                await scenario(system, serving, boxes, settings)
                await system.stop("gateway")
                nursery.cancel_scope.cancel()

    trio.run(main)


def order(number: int) -> OutgoingOrder:
    request = OrderRequest(
        order_ref=f"pb-{number}",
        symbol="AAPL",
        role=Role.ENTRY,
        side=Side.BUY,
        quantity=Decimal(100),
        order_type=OrderType.MARKET,
    )
    return OutgoingOrder(request, number, "DU1234567")


def test_an_order_and_a_burst_of_ticks_cross_real_sockets(mailbox: Any) -> None:
    async def scenario(system: System, serving: Serving, boxes: Boxes, settings: Settings) -> None:
        gateway = system.address("gateway")
        position, orders = boxes["position/AAPL"], boxes["orders"]
        contract = serving.broker.contracts.find("AAPL", "STK")[0].contract
        now = serving.broker.environment.now()
        serving.broker.deliver([Ticked(contract, 1, 99.0, 100, now)])
        gateway.tell(Subscribe("AAPL"))
        await until(lambda: (1, 99.0, 100.0) in position.got)
        assert position.of(InstrumentQualified)
        prices = [100 + step / 100 for step in range(2000)]
        serving.broker.deliver([Ticked(contract, 4, price, 100, now) for price in prices])
        serving.broker.deliver([Ticked(contract, kind, 100.0 + kind, 100, now) for kind in (1, 2)])
        await until(lambda: (2, 102.0, 100.0) in position.got)
        assert [message[1] for message in position.got if isinstance(message, tuple) and message[0] == 4] == prices
        gateway.tell(PlaceOrders((order(1),), Priority.ENTRY, 5.0))
        await until(lambda: orders.of(BrokerExecution))
        assert orders.of(OrderSent)[0].order_ref == "pb-1"
        assert orders.of(BrokerExecution)[0].execution.quantity == Decimal(100)

    run(scenario, mailbox)


def test_a_server_that_closes_is_connected_to_again(mailbox: Any) -> None:
    async def scenario(system: System, serving: Serving, boxes: Boxes, settings: Settings) -> None:
        orders = boxes["orders"]
        await until(lambda: orders.of(BrokerSnapshot))
        serving.broker.tws.clients[0].end()
        await until(lambda: len(orders.of(BrokerSnapshot)) == 2)
        assert [message.epoch for message in orders.of(BrokerConnected, BrokerLost)] == [1, 1, 2]
        assert all(snapshot.complete for snapshot in orders.of(BrokerSnapshot))

    run(scenario, mailbox)


def test_a_server_that_stops_reading_is_cut_off_and_nothing_leaves_later(mailbox: Any) -> None:
    async def scenario(system: System, serving: Serving, boxes: Boxes, settings: Settings) -> None:
        gateway, orders = system.address("gateway"), boxes["orders"]
        gateway.tell(Subscribe("AAPL"))
        await until(lambda: boxes["position/AAPL"].of(InstrumentQualified) and orders.of(BrokerSnapshot))
        session = serving.broker.tws.clients[0]
        session.feed = lambda data: None  # the bytes arrive, and nobody looks at them
        gateway.tell(PlaceOrders((order(1),), Priority.EXIT, 5.0))
        await until(lambda: orders.of(OrderSent))
        await until(lambda: orders.of(BrokerLost))
        assert "heartbeat" in orders.of(BrokerLost)[0].reason
        gateway.tell(PlaceOrders((order(2),), Priority.ENTRY, 5.0))
        await until(lambda: orders.of(OrderNotSent))
        await until(lambda: len(orders.of(BrokerSnapshot)) == 2)
        assert serving.broker.venue.orders == {}

    run(scenario, mailbox)


def test_nothing_listening_is_one_clear_error(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        system = System(machine(seed=1))
        settings = Settings()
        settings = evolve(settings, broker=evolve(settings.broker, port=1))
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            with pytest.raises(StartFailedError) as caught:
                await system.start(
                    "gateway",
                    lambda context: GatewayActor(
                        context, settings=settings, bus=EventBus(), history=LinkHistory(LastGate(settings.risk))
                    ),
                )
            assert type(caught.value.__cause__) is BrokerUnavailableError
            assert str(caught.value.__cause__) == "cannot connect to 127.0.0.1:1: Connection refused"
            assert caplog.records == []
            nursery.cancel_scope.cancel()

    trio.run(main)
