"""The gateway crashes in a whole process: nothing is lost, nothing is sent twice."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
import trio
import trio.testing

from actors.bus import EventBus
from actors.ib.memory import MemoryConnection
from actors.runtime.system import System
from config.environment import virtual
from config.settings import RiskSettings, Settings, SymbolSettings
from messages.gateway import BrokerNotice
from messages.order import ListOrders, OrderStatus, Side
from messages.position import ClosePosition, DescribePosition, ExitPlan, OpenPosition, Size
from simulator.app import PaperBroker, SimulatorSettings
from storage.memory import SimulatedDisk, SimulatedStorage
from supervisors.supervise import supervise
from supervisors.tree import World, build_tree

D = Decimal
SETTINGS = Settings(symbols={"AAPL": SymbolSettings()}, risk=RiskSettings(quote_max_age_seconds=60.0))


class Bomb:
    """A subscriber that fails once, when it is lit: what it is told by the gateway crashes the gateway."""

    lit = False

    def tell(self, message: Any) -> None:
        if self.lit:
            self.lit = False
            raise ZeroDivisionError("the gateway is made to crash")


async def pass_time(broker: Any, seconds: int) -> None:
    """Let time pass in a quiet market."""
    for _ in range(seconds):
        await trio.sleep(1)
        broker.quote("AAPL", 100.00, 100.05)


async def check_protected(venue: Any, position: Any) -> None:
    """Check that both sides agree on 100 shares behind one stop and one target."""
    live = [order for order in venue.orders.values() if not order.done]
    assert sorted((order.order_type, order.quantity) for order in live) == [("LMT", D(100)), ("STP", D(100))]
    view = await position.ask(DescribePosition())
    assert (view.quantity, view.protected) == (D(100), True)


@pytest.mark.parametrize("moment", ["before", "entry", "filled", "closing"])
@pytest.mark.parametrize("delay", [0.0, 0.001, 0.02])
def test_a_crash_at_any_moment_of_a_bracket_loses_and_doubles_nothing(
    make_broker: Any, start: Any, moment: str, delay: float
) -> None:
    async def main() -> None:
        environment = virtual(start, seed=3)
        system, bus, disk = System(environment), EventBus(), SimulatedDisk()
        paper = PaperBroker(SimulatorSettings(feed="manual"), environment)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(paper.run)
            broker = make_broker(paper, nursery)
            bomb = Bomb()
            bus.subscribe(BrokerNotice, bomb)
            world = World(storage=lambda: SimulatedStorage(disk), connection=lambda: MemoryConnection(broker.dial))
            await nursery.start(supervise, system, build_tree(SETTINGS, system, bus, world))
            venue = paper.venue
            gateway, position = system.address("gateway"), system.address("position/AAPL")

            async def crash(now: str) -> None:
                if now == moment:
                    await trio.sleep(delay)
                    bomb.lit = True
                    broker.line.inject("4", "2", "-1", "2104", "Market data farm connection is OK:usfarm", "")

            broker.quote("AAPL", 100.00, 100.05)
            await trio.sleep(2)
            broker.quote("AAPL", 100.00, 100.05)
            await trio.sleep(1)
            await crash("before")
            plan = ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))
            with trio.fail_after(60):
                outcome = await position.ask(
                    OpenPosition(side=Side.BUY, size=Size(quantity=D(100)), exits=plan, source="test")
                )
            await crash("entry")
            await pass_time(broker, 20)
            await crash("filled")
            await trio.sleep(30)
            broker.quote("AAPL", 100.00, 100.05)
            held = sum(each.quantity for each in venue.positions())
            assert (await position.ask(DescribePosition())).quantity == held
            if held:
                await check_protected(venue, position)
                await position.ask(ClosePosition("test"))
                await crash("closing")
                await pass_time(broker, 40)
                if venue.positions():
                    # the command went with the crash; what it was to close is held and protected as before
                    await check_protected(venue, position)
                    await position.ask(ClosePosition("test again"))
                    await pass_time(broker, 5)
            else:
                assert moment in ("before", "entry"), outcome
            assert venue.positions() == []
            assert (await position.ask(DescribePosition())).quantity == 0
            refs = Counter(order.order_ref for order in venue.orders.values())
            assert all(count == 1 for count in refs.values())
            entries = [order for order in venue.orders.values() if order.side == "BUY"]
            assert len(entries) <= 1
            assert gateway.restarts == 1
            views = await system.address("orders").ask(ListOrders())
            assert [order for order in views if order.status is OrderStatus.UNKNOWN] == []
            assert [order for order in venue.orders.values() if not order.done] == []
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
