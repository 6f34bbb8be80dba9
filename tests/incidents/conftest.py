"""Each incident of the field, played on the paper TWS with the real client and the whole process, in virtual time.

A scenario misbehaves through `it`, and ends with `await it.sound(…)`: after the faults have stopped and a quiet period
this process knows what the venue's book says, nothing went out twice, nothing was naked for long without an alarm, and
the alarms that were raised are those that should have been.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
import trio

from benchmarks.plain.stand_in import Finished, StandIn, faults_of
from messages.event import BaseEvent
from messages.journal import Record, Replay
from messages.lifecycle import AlarmRaised
from messages.order import CommissionBooked, ExecutionBooked, ListOrders, OrderStatus, OrderView, Side
from messages.position import AdjustExits, ClosePosition, CommandOutcome, ExitPlan, OpenPosition, PositionClosed, Size
from simulator.faults import Rule
from simulator.faults.filters import altered
from simulator.faults.telling import Teller
from simulator.faults.verbs import Drop, Release, Verb
from simulator.model import Order, VenueEvent

D = Decimal
STOPS = ("STP", "TRAIL")
TOLD = ("openOrder", "orderStatus", "execDetails", "commissionReport")
WORKING = (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)
EXPOSED = {
    "protection.missing",
    "protection.failed",
    "position.unmanaged",
    "position.flipped",
    "position.not_closed",
} | {
    "broker.lost",
    "broker.degraded",
}
"""alarms that say that something held is not protected, or that nobody can know"""


class NakedClock:
    """How long each symbol was held without stops of ours for all of it, by the venue's own book."""

    def __init__(self, venue: Any) -> None:
        self.longest: dict[str, float] = {}  # symbol → seconds
        self._since: dict[str, float] = {}
        self._venue = venue
        venue.subscribe(self._look)

    def _look(self, event: VenueEvent) -> None:
        held = {one.contract.symbol: one.quantity for one in self._venue.positions()}
        stops: Counter[str] = Counter()
        for order in self._venue.orders.values():
            if not order.done and order.order_ref and order.order_type in STOPS:
                stops[order.contract.symbol] += int(order.remaining)
        now = trio.current_time()
        for symbol in held.keys() | self._since.keys():
            if abs(held.get(symbol, D(0))) > stops[symbol]:
                self._since.setdefault(symbol, now)
            elif symbol in self._since:
                self._note(symbol, now - self._since.pop(symbol))

    def end(self) -> None:
        """Count what is naked still."""
        for symbol, since in self._since.items():
            self._note(symbol, trio.current_time() - since)

    def _note(self, symbol: str, seconds: float) -> None:
        self.longest[symbol] = max(seconds, self.longest.get(symbol, 0.0))


class Stage:
    """A running process, its broker, and the means to make trouble. What is not here is the plant's."""

    def __init__(self, plant: Any) -> None:
        self.plant = plant
        self.paper, self.venue = plant.paper, plant.paper.venue
        self.naked = NakedClock(self.venue)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plant, name)

    # trouble

    def fault(self, *do: Verb, on: str = "placeOrder", **rule: Any) -> None:
        """Have the paper TWS misbehave at a request."""
        self.paper.faults.add(Rule(on=on, do=do, **rule))

    def now(self, *do: Verb) -> None:
        """Have it misbehave at once, towards everybody."""
        self.paper.faults.do(*do)

    def broker_fill(self, order: Order, quantity: int, price: str) -> None:
        """Execute an order at the broker, whatever its state and the market."""
        self.venue.broker_fill(order.perm_id, D(quantity), D(price))

    def hush(self) -> None:
        """Let TWS say nothing of orders and fills unless asked, until the faults are cleared."""
        self.now(Drop(messages=TOLD, asked=False, name="hush"))

    def speak(self) -> None:
        """End that."""
        self.now(Release("hush"))

    def say(self, order: Order, *messages: str, **changes: str) -> None:
        """Have TWS tell these messages about an order, as its book stands, with some fields changed."""
        (session,) = self.paper.tws.clients
        fills = [one for one in self.venue.executions if one.perm_id == order.perm_id]
        for message in messages:
            fields = Teller(self.paper.tws, session).tell(message, order, fills[-1] if fills else None)
            session.write(altered(fields, changes))

    def error(self, order: Order, code: int, text: str = "as the incident has it") -> None:
        """Have TWS send an error about an order."""
        (session,) = self.paper.tws.clients
        session.error(order.order_id, code, text)

    # commands

    def entry(self, quantity: int = 100) -> OpenPosition:
        """Buy at the market, with a stop 3 % and a target 8 % away."""
        plan = ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.08"))
        return OpenPosition(side=Side.BUY, size=Size(quantity=D(quantity)), exits=plan, source="test")

    def enter(self) -> None:
        """Give that command, and wait for nothing."""
        self.plant.process.system.address("position/AAPL").tell(self.entry())

    async def close(self, symbol: str = "AAPL") -> CommandOutcome:
        answer: CommandOutcome = await self.plant.ask(f"position/{symbol}", ClosePosition("close"))
        await self.plant.settle()
        return answer

    async def adjust(self, symbol: str = "AAPL", **exits: Any) -> CommandOutcome:
        answer: CommandOutcome = await self.plant.ask(f"position/{symbol}", AdjustExits(ExitPlan(**exits)))
        await self.plant.settle()
        return answer

    # what is known

    def order(self, order_type: str, symbol: str = "AAPL") -> Order:
        """The broker's latest order of a type."""
        fitting = [o for o in self.venue.orders.values() if (o.order_type, o.contract.symbol) == (order_type, symbol)]
        return fitting[-1]

    def ours(self) -> list[Order]:
        """Every order that came from this process, by the venue's own book."""
        return [order for order in self.venue.orders.values() if order.order_ref]

    async def known(self) -> dict[str, OrderView]:
        """order_ref → how this process sees its orders: those that live and those of today."""
        views: tuple[OrderView, ...] = await self.plant.ask("orders", ListOrders(done=True))
        return {view.order_ref: view for view in views if view.role is not None}

    async def status(self, order: Order) -> OrderStatus:
        """How this process sees an order of the venue's book."""
        return (await self.known())[order.order_ref].status

    async def journaled(self, *kinds: type) -> list[Any]:
        """What the journal holds of these kinds."""
        records: list[Record] = await self.plant.ask(
            "journal", Replay(kinds=tuple(kind.__name__ for kind in kinds), whole=True)
        )
        return [record.payload for record in records]

    def raised(self) -> set[str]:
        """Kinds of all alarms so far."""
        return {alarm.kind for alarm in self.plant.seen(AlarmRaised)}

    def events(self, kind: type[BaseEvent]) -> list[Any]:
        """What the bus carried."""
        found: list[Any] = self.plant.seen(kind)
        return found

    # the end

    async def sound(
        self,
        *,
        raised: Collection[str] = (),
        maybe: Collection[str] = (),
        standing: Collection[str] = (),
        quiet: float = 45.0,
        unmanaged: Collection[str] = (),
        twofold: bool = False,
        commissions: bool = True,
        crashes: int = 0,
        state: str = "READY",
        elsewhere: Collection[str] = (),
    ) -> None:
        """Assert what must hold at the end of every scenario.

        `raised` are the kinds of alarm that must have been raised, and no other may but those in `maybe`; `standing`
        those that must still stand. `unmanaged` symbols are held by somebody else and have no exits of ours.
        `twofold`: the broker itself had made two orders of one; then one reference may have two orders, of which at
        most one lives. `elsewhere` names orders that filled as something else. `state` is that of the process.
        """
        self.paper.faults.clear()
        for session in self.paper.tws.clients:
            session.resume()
        await self.plant.settle(quiet)
        assert self.plant.process.state.state == state, self.plant.process.state.reason
        assert len(self.plant.crashes()) == crashes, self.plant.crashes()
        assert await self.plant.quarantined() == []
        if not crashes:
            assert self.plant.process.system.dead_letters.count == 0
        self._nothing_twice(twofold=twofold)
        await self._orders_agree(elsewhere)
        await self._executions_agree(commissions=commissions)
        await self._positions_agree(unmanaged)
        self._never_naked_for_long()
        said = f"raised {sorted(self.raised())}, standing {sorted(await self.plant.alarms())}"
        assert set(raised) <= self.raised() <= {*raised, *maybe}, said
        assert await self.plant.alarms() == set(standing), said

    def _nothing_twice(self, *, twofold: bool) -> None:
        orders = [order for order in self.ours() if not (twofold and order.done)]
        doubled = {ref: count for ref, count in Counter(order.order_ref for order in orders).items() if count > 1}
        assert not doubled, f"one intent became several orders: {doubled}"

    async def _orders_agree(self, elsewhere: Collection[str]) -> None:
        known = await self.known()
        told = {order.order_ref for order in self.ours()}
        for order in self.ours():
            view = known.get(order.order_ref)
            if view is None:
                assert order.done, f"{order.order_ref} lives at the broker, and nobody knows it here"
                continue
            same = [other for other in self.ours() if other.order_ref == order.order_ref]
            assert view.filled == sum(other.filled for other in same), (view, order)
            assert view.status.done is all(other.done for other in same), (view, order)
            if not order.done:
                assert view.status in WORKING, view
                assert (view.quantity, view.confirmed) == (order.quantity, True), (view, order)
                assert view.limit_price == (order.limit or None), (view, order)
                if order.order_type == "STP":
                    assert view.stop_price == order.stop, (view, order)
        for ref, view in known.items():
            assert ref in elsewhere or ref in told or (view.status.done and not view.filled), (
                f"{view} is no order of the broker's"
            )

    async def _executions_agree(self, *, commissions: bool) -> None:
        booked = {fact.execution.base: fact.execution for fact in await self.journaled(ExecutionBooked)}
        ours = {(e.exec_id, e.symbol, e.signed_quantity, e.price) for e in booked.values()}
        theirs = {
            (e.exec_id, e.contract.symbol, e.quantity * (1 if e.side == "BOT" else -1), e.price)
            for e in self.venue.executions
        }
        assert ours == theirs
        if commissions:
            paid = {fact.commission.exec_id: fact.commission.amount for fact in await self.journaled(CommissionBooked)}
            for exec_id, commission in self.venue.commissions.items():
                assert paid.get(exec_id) == commission.amount, exec_id

    async def _positions_agree(self, unmanaged: Collection[str]) -> None:
        for symbol in self.plant.settings.symbols:
            view, held = await self.plant.view(symbol), self.plant.held(symbol)
            assert view.quantity == held, f"{view.quantity} {symbol} here, {held} at the broker"
            live = [order for order in self.plant.at_broker(symbol) if order.order_ref]
            entering = [order for order in live if order.parent_perm_id == 0 and order.oca_group == ""]
            if held and symbol not in unmanaged:
                assert view.protected, view
                leaving = [order for order in live if order.side == ("SELL" if held > 0 else "BUY")]
                exits = {order.order_type: order.remaining for order in leaving}
                assert any(kind in exits for kind in STOPS), f"{held} {symbol} without a stop"
                assert set(exits.values()) == {abs(held)}, f"exits {exits} of {held} {symbol}"
                assert len(exits) == len(leaving), f"more exits of {symbol} than legs"
            if not held:
                assert entering or not live, f"orders work for {symbol}, of which nothing is held"
                await self._money_agrees(symbol)

    async def _money_agrees(self, symbol: str) -> None:
        """What the flat symbol has earned is the cash that went in and out of it."""
        earned = sum(fact.realized_pnl for fact in await self.journaled(PositionClosed) if fact.symbol == symbol)
        cash = sum(
            e.quantity * e.price * (1 if e.side == "SLD" else -1)
            for e in self.venue.executions
            if e.contract.symbol == symbol
        )
        assert earned == cash, f"{symbol} earned {earned} here, {cash} at the broker"

    def _never_naked_for_long(self) -> None:
        self.naked.end()
        bound = self.plant.settings.risk.naked_seconds + 2.0
        for symbol, seconds in self.naked.longest.items():
            alarms = {alarm.kind for alarm in self.plant.seen(AlarmRaised) if alarm.symbol in (None, symbol)}
            assert seconds <= bound or alarms & EXPOSED, f"{symbol} was naked for {seconds:.1f} s, and nobody was told"


class PlainStage(Stage):
    """The same for a plain application, as far as it can answer."""

    async def close(self, symbol: str = "AAPL") -> Any:
        await self.plant.close(symbol)

    async def adjust(self, symbol: str = "AAPL", **exits: Any) -> Any:
        await self.plant.adjust(symbol, **exits)

    def enter(self) -> None:
        self.plant.enter()

    async def known(self) -> Any:
        raise Finished

    def raised(self) -> Any:
        raise Finished

    async def sound(self, **_: Any) -> None:
        raise Finished


@pytest.fixture
def stage(plant: Callable[..., None], plant_type: type) -> Callable[..., None]:
    """Run `body(it)` with a READY Pitboss, quotes for AAPL at 100; keywords are those of `plant`.

    It compares itself with the broker each 20 s, so that a quiet period need not be long. With PITBOSS_INCIDENTS=plain
    in the environment a plain ib_insync application takes its place, and fails where the end is wrong by the book.
    """

    def run(body: Callable[[Stage], Awaitable[None]], broker: dict[str, Any] | None = None, **options: Any) -> None:
        plant(lambda running: body(Stage(running)), broker={"reconcile_seconds": 20.0} | (broker or {}), **options)

    def run_plain(body: Callable[[Stage], Awaitable[None]], broker: object = None, **options: Any) -> None:
        async def judged(running: Any) -> None:
            it = PlainStage(running)
            with suppress(Finished, AssertionError, AttributeError):
                await body(it)
            wrong.extend(await faults_of(it, running))

        wrong: list[str] = []
        plant(judged, kind=type("PlainPlant", (StandIn, plant_type), {}), **options)
        assert not wrong, "; ".join(wrong)

    return run_plain if os.environ.get("PITBOSS_INCIDENTS") == "plain" else run
