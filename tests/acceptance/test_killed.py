"""SIGKILL of a real process at chosen moments: the next start has the same positions, and sends nothing twice."""

from __future__ import annotations

import signal
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import trio
from attrs import frozen

from config.environment import machine
from simulator.app import SimulatorSettings, serve
from simulator.faults import Rule
from simulator.faults.verbs import Accept, Fill, Hold, Release, Swallow, Verb
from simulator.model import Ticked
from supervisors.control_client import request
from supervisors.exit_codes import ProcessFailed

PRICE, PATIENCE = 100.0, 20.0
SYMBOLS = ["AAPL", "MSFT", "NVDA", "TSLA", "AMD", "AMZN", "META", "GOOG", "NFLX", "INTC", "DIS", "KO"]


@frozen(slots=True)
class Kill(Verb):
    """The client dies at this very moment."""

    kill: Callable[[], None]

    def act(self, scene: Any) -> None:
        """Kill it."""
        self.kill()


class Street:
    """A paper TWS in this process, and a Pitboss that is killed and started anew on one state folder."""

    def __init__(self, serving: Any, start: Any, folder: Any, unsound: Any) -> None:
        self.broker, self._start, self._unsound = serving.broker, start, unsound
        self.state, self.config = folder / "state", folder / "pitboss.toml"
        self.process: Any = None
        self.deaths = 0
        symbols = "".join(f"[symbols.{symbol}]\n" for symbol in SYMBOLS)
        self.config.write_text(
            f'[process]\nstate_dir = "{self.state}"\n[broker]\nport = {serving.port}\nack_timeout_seconds = 0.3\n'
            f"reconcile_seconds = 2.0\n[defaults]\nstop_loss_pct = 0.1\ntake_profit_pct = 0.2\n{symbols}"
        )

    async def quote(self) -> None:
        """Keep every symbol quoted."""
        while True:
            now = self.broker.environment.now()
            for symbol in SYMBOLS:
                contract = self.broker.contracts.find(symbol)[0].contract
                ticks = ((1, PRICE - 0.01), (2, PRICE + 0.01), (4, PRICE))
                self.broker.feed.push([Ticked(contract, kind, price, 100_000, now) for kind, price in ticks])
            await trio.sleep(0.1)

    async def ask(self, command: str, **fields: str) -> dict[str, Any]:
        """Send a command; {} where it is refused, or the process dies over it."""
        try:
            return dict(await trio.to_thread.run_sync(lambda: request(self.state, command, **fields)))
        except ProcessFailed:
            return {}

    async def until(self, condition: Callable[[], Any], what: str) -> None:
        with trio.move_on_after(PATIENCE):
            while not condition():
                await trio.sleep(0.002)
            return
        raise AssertionError(f"not in time: {what}\n{self.process.errors[-3000:]}")

    def kill(self) -> None:
        """SIGKILL, and wait for the death."""
        if self.process.process.poll() is None:
            self.deaths += 1
            assert self.process.end(signal.SIGKILL) == -signal.SIGKILL

    async def revive(self, symbol: str) -> None:
        """Start again, and wait until everything agrees with the broker; the symbol above all."""
        self.process = self._start("run", "--config", str(self.config))
        await self.sound(symbol)

    async def sound(self, *symbols: str) -> None:
        wrong = "not looked at"
        with trio.move_on_after(PATIENCE):
            while wrong:
                status = (await self.ask("status")).get("status")
                found = [self._unsound(self.broker, status, one) for one in symbols] if status else ["no answer"]
                wrong = next(filter(None, found), "")
                await trio.sleep(0.02)
        assert not wrong, f"{symbols}: {wrong}\n{self.process.errors[-3000:]}"
        sent = [order.order_ref for order in self.broker.venue.orders.values()]
        assert len(sent) == len(set(sent)), "an order was sent twice"

    def held(self, symbol: str) -> int:
        return sum(int(row.quantity) for row in self.broker.venue.positions() if row.contract.symbol == symbol)

    def refs(self, symbol: str) -> list[str]:
        return [one.order_ref for one in self.broker.venue.orders.values() if one.contract.symbol == symbol]

    # what can be going on

    async def buy(self, symbol: str, **terms: str) -> None:
        """Buy, once the process has seen a quote."""
        alive = self.deaths
        with trio.move_on_after(PATIENCE):
            while not await self.ask("buy", symbol=symbol, quantity="100", **terms) and self.deaths == alive:
                await trio.sleep(0.02)

    async def enter(self, symbol: str) -> None:
        """Buy, and wait until it is protected."""
        await self.buy(symbol)
        await self.sound(symbol)
        assert self.held(symbol) == 100

    async def rest(self, symbol: str) -> str:
        """Leave an entry that does not fill."""
        await self.buy(symbol, limit="95.00")
        await self.until(lambda: len(self.refs(symbol)) == 3, "a bracket")
        return self.refs(symbol)[0]

    def at(self, symbol: str, on: str, *then: Verb, nth: int = 1, times: int = 1, **where: str) -> None:
        """Kill it when the broker reads its nth request of a kind."""
        self.broker.faults.clear()
        fits = {"symbol": symbol, **where} if on == "placeOrder" else where
        self.broker.faults.add(
            Rule(on=on, where=fits, nth=nth, do=[Kill(self.kill), *then]),
            *([Rule(on=on, where=fits, nth=nth + 1, times=times - 1, do=list(then))] if times > 1 else []),
        )


async def entry(street: Street, symbol: str, nth: int, taken: bool) -> set[int]:
    street.at(symbol, "placeOrder", Accept() if taken else Swallow(), nth=nth, times=1 if taken else 4 - nth)
    await street.buy(symbol)
    return {100} if taken else {0}


async def amendment(street: Street, symbol: str, taken: bool) -> set[int]:
    order_ref = await street.rest(symbol)
    street.at(symbol, "placeOrder", Accept() if taken else Swallow(), isModify="1")
    street.broker.faults.do(Fill(order_ref=order_ref, quantity=Decimal(40), price=Decimal(95)))
    return {40}


async def closing(street: Street, symbol: str, taken: bool) -> set[int]:
    await street.enter(symbol)
    street.at(symbol, "placeOrder", Accept() if taken else Swallow())
    await street.ask("close", symbol=symbol)
    return {0}


async def cancelling(street: Street, symbol: str, taken: bool) -> set[int]:
    order_ref = await street.rest(symbol)
    street.at(symbol, "cancelOrder", Accept() if taken else Swallow())
    await street.ask("cancel", order_ref=order_ref)
    return {0}


async def unheard_fill(street: Street, symbol: str) -> set[int]:
    street.broker.faults.clear()
    street.broker.faults.do(Hold(messages=["execDetails", "orderStatus", "openOrder"], everyone=True, name="unheard"))
    await street.buy(symbol)
    await street.until(lambda: street.held(symbol) == 100, "the fill")
    street.kill()
    street.broker.faults.do(Release("unheard"))
    return {100}


async def intent(street: Street, symbol: str) -> set[int]:
    """Before the broker has heard anything, or not: whatever comes first."""
    street.broker.faults.clear()
    log = street.state / "pitboss.log.jsonl"
    async with trio.open_nursery() as nursery:
        nursery.start_soon(street.buy, symbol)
        await street.until(lambda: f'"{symbol}", "order_ref"' in log.read_text(), "an intent")
        street.kill()
    return {0, 100}


async def recovery(street: Street, symbol: str) -> set[int]:
    """While the next start asks what became of everything."""
    await street.enter(symbol)
    street.kill()
    for question in ("reqAllOpenOrders", "reqExecutions"):
        street.at(symbol, question, Accept())
        deaths = street.deaths
        street.process = street._start("run", "--config", str(street.config))
        await street.until(lambda deaths=deaths: street.deaths > deaths, question)
    return {100}


MOMENTS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (entry, (1, False)),
    (entry, (2, True)),
    (entry, (2, False)),
    (entry, (3, True)),
    (amendment, (True,)),
    (amendment, (False,)),
    (closing, (True,)),
    (closing, (False,)),
    (cancelling, (True,)),
    (unheard_fill, ()),
    (intent, ()),
    (recovery, ()),
]


def test_whenever_it_is_killed_the_next_start_has_the_same_positions_and_sends_nothing_twice(
    start: Any, tmp_path: Any, unsound: Any
) -> None:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            serving = await nursery.start(
                serve, SimulatorSettings(port=0, feed="manual", messages_per_second=0), machine(1)
            )
            street = Street(serving, start, tmp_path, unsound)
            nursery.start_soon(street.quote)
            await street.revive("AAPL")
            expected: dict[str, int] = {}
            for symbol, (moment, arguments) in zip(SYMBOLS, MOMENTS, strict=True):
                deaths = street.deaths
                possible = await moment(street, symbol, *arguments)
                await street.until(lambda deaths=deaths: street.deaths > deaths, f"death in {moment.__name__}")
                street.broker.faults.clear()
                await street.revive(symbol)
                # a close that was commanded goes on when what became of its order is known
                await street.until(lambda s=symbol, p=possible: street.held(s) in p, f"{moment.__name__}{arguments}")
                await street.sound(*expected, symbol)
                expected[symbol] = street.held(symbol)
                assert expected[symbol] in possible
                assert {one: street.held(one) for one in expected} == expected
            # idle: the same again, and nothing sent
            street.kill()
            orders = {one.order_ref: one.status for one in street.broker.venue.orders.values()}
            await street.revive("AAPL")
            await street.sound(*SYMBOLS)
            assert {one.order_ref: one.status for one in street.broker.venue.orders.values()} == orders
            assert {one: street.held(one) for one in expected} == expected
            assert street.process.end(signal.SIGINT) == 0
            nursery.cancel_scope.cancel()

    trio.run(main)
