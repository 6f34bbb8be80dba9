"""A whole Pitboss and a paper TWS in one test, over a real socket and a real disk."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import trio

from config.environment import machine
from config.loading import settings_from
from messages.event import BaseEvent
from messages.lifecycle import ActorCrashed
from messages.position import DescribePosition
from simulator.app import PaperBroker, Serving, SimulatorSettings, serve
from simulator.feeds import ManualFeed
from simulator.model import Ticked
from simulator.signals import SignalSettings, serve_signals
from supervisors.process import Process
from supervisors.status import collect_status
from supervisors.tree import build_tree

PATIENCE = 20.0
_KEY = "a key of the test"
BID, ASK, LAST = 1, 2, 4
_LIVE = ("INTENDED", "SENT", "ACCEPTED", "PARTIALLY_FILLED", "PENDING_MODIFY", "PENDING_CANCEL", "HELD", "UNKNOWN")


class Ears:
    """A subscriber to the bus that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[BaseEvent] = []

    def tell(self, message: Any) -> None:
        """Keep an event."""
        self.heard.append(message)

    def of(self, kind: type) -> list[Any]:
        """The events of a class, in order."""
        return [event for event in self.heard if isinstance(event, kind)]


def unsound(broker: PaperBroker, status: dict[str, Any], symbol: str, alarms: tuple[str, ...] = ()) -> str:
    """What a status does not say as the broker's book does, or what is not protected; "" for nothing."""
    if status["state"] != "READY" or status["unanswered"]:
        return f"{status['state']}: {status['reason']} {status['unanswered']}"
    ours = next((row for row in status["positions"] if row["symbol"] == symbol), {"quantity": "0"})
    theirs = sum(int(row.quantity) for row in broker.venue.positions() if row.contract.symbol == symbol)
    live = [order for order in broker.venue.orders.values() if order.contract.symbol == symbol]
    live = [order for order in live if not order.done and order.order_ref]
    told = {row["order_ref"] for row in status["orders"] if row["symbol"] == symbol and row["status"] in _LIVE}
    if int(Decimal(ours["quantity"])) != theirs:
        return f"{ours['quantity']} held by our account, {theirs} by the broker's"
    if {order.order_ref for order in live} != told:
        return f"{sorted(told)} live by our account, {[(o.order_ref, o.status) for o in live]} by the broker's"
    if sorted({alarm["kind"] for alarm in status["alarms"]}) != sorted(alarms):
        return f"alarms {status['alarms']}"
    exits = sorted(int(order.remaining) for order in live if order.side == ("SELL" if theirs > 0 else "BUY"))
    if theirs and not (ours["protected"] and exits == [abs(theirs)] * 2):
        return f"exits for {exits} of {theirs}, protected: {ours['protected']}"
    entries = [order for order in live if order.order_type != "MKT" and not order.parent_id]
    return "" if theirs or entries or not live else "orders work for nothing"


class House:
    """The process, the broker, and hands for both."""

    def __init__(self, process: Process, serving: Serving) -> None:
        self.process, self.broker = process, serving.broker
        self.system = process.system
        self.ears = Ears()
        process.bus.subscribe(BaseEvent, self.ears)

    def price(self, symbol: str, price: float, size: int = 100_000) -> None:
        """Move the market: bid and ask a cent around a last price."""
        contract = self.broker.contracts.find(symbol)[0].contract
        feed = self.broker.feed
        assert isinstance(feed, ManualFeed)
        now = self.broker.environment.now()
        kinds = ((BID, price - 0.01), (ASK, price + 0.01), (LAST, price))
        feed.push([Ticked(contract, kind, round(value, 2), size, now) for kind, value in kinds])

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until a condition holds; an AssertionError after a while."""
        with trio.move_on_after(PATIENCE):
            while not condition():
                await trio.sleep(0.002)
            return
        raise AssertionError(f"not in time: {what}")

    async def command(self, command: str, **fields: str) -> dict[str, Any]:
        """What the control socket would do."""
        reply: dict[str, Any] = await self.process.commands.answer({"command": command, **fields})
        return reply

    async def status(self) -> dict[str, Any]:
        """What `pitboss status --json` would print."""
        return await collect_status(self.system, self.process.state)

    async def until_status(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until the status is like this, and return it."""
        with trio.move_on_after(PATIENCE):
            while not condition(status := await self.status()):
                await trio.sleep(0.01)
            return status
        raise AssertionError(f"not in time: {await self.status()}")

    async def position(self, symbol: str) -> dict[str, Any]:
        """One position of the status."""
        return next((row for row in (await self.status())["positions"] if row["symbol"] == symbol), {})

    async def until_position(self, symbol: str, **expected: Any) -> dict[str, Any]:
        """Wait until a position shows these values."""
        with trio.move_on_after(PATIENCE):
            while True:
                row = await self.position(symbol)
                if all(row.get(name) == value for name, value in expected.items()):
                    return row
                await trio.sleep(0.005)
        raise AssertionError(f"{symbol} is not {expected}: {await self.position(symbol)}")

    async def buy(self, symbol: str, price: float, **terms: str) -> str:
        """Buy 100 shares with the market at a price; returns the entry's reference."""
        reply: dict[str, Any] = {}
        with trio.move_on_after(PATIENCE):
            while not reply.get("ok"):  # refused until the contract is known and a quote has come
                self.price(symbol, price)
                await trio.sleep(0.01)
                reply = await self.command("buy", symbol=symbol, **{"quantity": "100", **terms})
        assert reply["ok"], reply
        (order_ref,) = reply["order_refs"]
        return str(order_ref)

    async def enter(self, symbol: str, price: float, **terms: str) -> dict[str, Any]:
        """Buy 100 shares at a price and wait until they are protected."""
        await self.buy(symbol, price, **terms)
        return await self.until_position(symbol, quantity="100", protected=True)

    async def quoted(self, symbol: str, price: float) -> None:
        """Move the market, and wait until the position has seen it."""
        with trio.move_on_after(PATIENCE):
            while True:
                self.price(symbol, price)
                await trio.sleep(0.01)
                view = await self.system.address(f"position/{symbol}").ask(DescribePosition())
                if view.last_price == price:
                    return
        raise AssertionError(f"{symbol} is not quoted at {price}")

    async def until_sound(self, symbol: str, alarms: tuple[str, ...] = ()) -> None:
        """Wait until this process and the broker agree, and what is held is protected; then say so for good.

        `alarms` are the kinds that must stand; no other may.
        """
        wrong = "not looked at"
        with trio.move_on_after(PATIENCE):
            while wrong := unsound(self.broker, await self.status(), symbol, alarms):
                await trio.sleep(0.01)
        assert not wrong, f"{symbol}: {wrong}"
        assert not self.ears.of(ActorCrashed)
        sent = [order.order_ref for order in self.broker.venue.orders.values() if order.order_ref]
        assert len(sent) == len(set(sent)), "an order was sent twice"

    def broker_orders(self) -> list[tuple[Any, ...]]:
        """The broker's own book: one row an order."""
        return [
            (order.perm_id, order.order_ref, order.status, order.quantity, order.filled)
            for order in self.broker.venue.orders.values()
        ]

    def broker_position(self, symbol: str) -> int:
        """What the broker holds for us."""
        return sum(int(row.quantity) for row in self.broker.venue.positions() if row.contract.symbol == symbol)


@asynccontextmanager
async def _house(
    folder: Path, symbols: tuple[str, ...], predictions: Sequence[Mapping[str, Any]], sections: dict[str, Any]
) -> AsyncIterator[House]:
    environment = machine(seed=1)
    folder.mkdir(exist_ok=True)
    simulator = SimulatorSettings(port=0, feed="manual", messages_per_second=0)
    async with trio.open_nursery() as nursery:
        serving = await nursery.start(serve, simulator, environment)
        if predictions:
            script = folder / "predictions.jsonl"
            script.write_text("\n".join(json.dumps(one) for one in predictions))
            service = SignalSettings(
                api_key=_KEY, port=0, tickers=symbols, script=script, generated=False, requests_per_minute=10_000
            )
            signals = await nursery.start(serve_signals, service, environment)
            sections["signals"] = {"base_url": signals.base_url, **sections.get("signals", {})}
        data = {
            "process": {"state_dir": str(folder)},
            "defaults": {"stop_loss_pct": Decimal("0.03"), "take_profit_pct": Decimal("0.08")},
            "symbols": {symbol: {} for symbol in symbols},
            **sections,
            "broker": {"port": serving.port, **sections.get("broker", {})},
        }
        process = Process(settings_from(data, {"API_KEY": _KEY}), environment, build_tree)
        house = House(process, serving)
        started, ended = trio.Event(), trio.Event()

        async def run() -> None:
            await process.run(on_started=started.set)
            ended.set()

        nursery.start_soon(run)
        await started.wait()
        await house.until(lambda: process.state.state == "READY", "READY")
        try:
            yield house
        finally:
            process.stop("the test is over")
            nursery.cancel_scope.deadline = trio.current_time() + timedelta(seconds=10).total_seconds()
            await ended.wait()
            nursery.cancel_scope.cancel()


@pytest.fixture
def run_house(tmp_path: Path) -> Callable[..., None]:
    """Run `body(house)` with a READY Pitboss; `symbols`, `predictions` (lines of a script) and
    sections of the configuration may be named."""

    def run(
        body: Callable[[House], Awaitable[None]],
        symbols: tuple[str, ...] = ("AAPL", "MSFT"),
        predictions: Sequence[Mapping[str, Any]] = (),
        **sections: Any,
    ) -> None:
        async def main() -> None:
            with trio.fail_after(60):
                async with _house(tmp_path / "state", symbols, predictions, sections) as house:
                    await body(house)

        trio.run(main)

    return run


@pytest.fixture(name="unsound")
def _unsound() -> Callable[..., str]:
    """The comparison of a status with the broker's book."""
    return unsound
