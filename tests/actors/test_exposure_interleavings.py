"""The portfolio's gate under any interleaving of many symbols' entries, fills, cancellations and refusals.

The portfolio is the real one; the test plays the positions and `orders`, with the messages that they send, in their
order: what is held first, then the order's event.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import trio
import trio.testing
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.bus import EventBus
from actors.journal import JournalActor
from actors.portfolio import PortfolioActor
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.system import System
from config.environment import virtual
from config.risk_settings import GroupSettings
from config.settings import RiskSettings, Settings, SymbolSettings
from messages.gateway import AccountValue
from messages.order import (
    GroupRefused,
    ListOrders,
    OrderEvent,
    OrderRequest,
    OrderStatus,
    OrderType,
    OrderView,
    Role,
    Side,
    SubmitOrders,
)
from messages.risk import DescribePortfolio, HoldingChanged
from storage.memory import SimulatedDisk, SimulatedStorage

D = Decimal
SYMBOLS = [f"S{number:02d}" for number in range(50)]
PRICES = {symbol: D(10 + number % 7) for number, symbol in enumerate(SYMBOLS)}
EUROS = set(SYMBOLS[40:])
RATE = D("1.25")
SECTORS = dict.fromkeys(SYMBOLS[::2], "even")
GROUP = frozenset(SYMBOLS[:5])
RISK = {
    "max_position_shares": D(300),
    "max_position_notional": D(4_000),
    "max_gross_exposure": D(20_000),
    "max_net_exposure": D(12_000),
    "max_gross_shares": D(1_500),
    "max_sector_exposure": D(9_000),
}


class Orders(RunQueueActor):
    """Takes what was cleared, and tells refusals apart."""

    def __init__(self, context: ActorContext, cleared: list[SubmitOrders], refused: list[GroupRefused]) -> None:
        super().__init__(context)
        self.cleared, self.refused = cleared, refused

    def on_receive(self, message: Any) -> Any:
        match message:
            case ListOrders():
                return ()
            case SubmitOrders():
                self.cleared.append(message)
            case GroupRefused():
                self.refused.append(message)
        return None


step = st.one_of(
    st.tuples(st.just("enter"), st.sampled_from(SYMBOLS), st.sampled_from(list(Side)), st.integers(1, 400)),
    st.tuples(st.just("fill"), st.integers(0, 1000), st.just(None), st.integers(1, 400)),
    st.tuples(st.sampled_from(["cancel", "reject"]), st.integers(0, 1000), st.just(None), st.just(0)),
)


def worth(symbol: str) -> Decimal:
    return PRICES[symbol] * (RATE if symbol in EUROS else 1)


def worst(held: dict[str, Decimal], working: dict[str, OrderView], members: Any = SYMBOLS) -> tuple[Decimal, ...]:
    """Gross, net and shares of the worst that could fill, by a way of counting of its own: each end by itself."""
    ends = []
    for sign in (1, -1):
        end = {symbol: held.get(symbol, D(0)) for symbol in members}
        for order in working.values():
            if order.side.sign == sign and order.symbol in end:
                end[order.symbol] += order.remaining * sign
        ends.append(end)
    high, low = ends
    gross = sum((max(abs(high[s]), abs(low[s])) * worth(s) for s in members), D(0))
    net = max(abs(sum((end[s] * worth(s) for s in members), D(0))) for end in ends)
    return gross, net, sum((max(abs(high[s]), abs(low[s])) for s in members), D(0))


def keeps_all(held: dict[str, Decimal], working: dict[str, OrderView]) -> None:
    gross, net, shares = worst(held, working)
    assert gross <= RISK["max_gross_exposure"]
    assert net <= RISK["max_net_exposure"]
    assert shares <= RISK["max_gross_shares"]
    assert worst(held, working, list(SECTORS))[0] <= RISK["max_sector_exposure"]
    assert worst(held, working, sorted(GROUP))[1] <= 2_000
    for symbol in SYMBOLS:
        gross, _, shares = worst(held, working, [symbol])
        assert shares <= RISK["max_position_shares"]
        assert gross <= RISK["max_position_notional"]


@settings(max_examples=25, deadline=None)
@given(st.lists(step, max_size=120), st.sampled_from(["reject", "resize"]))
def test_whatever_happens_in_whatever_order_no_limit_is_exceeded(steps: list[Any], on_limit: str) -> None:
    async def main() -> None:
        system, bus = System(virtual(datetime(2026, 11, 20, 15, 0, tzinfo=UTC), seed=1)), EventBus()
        configured = Settings(
            risk=RiskSettings(
                **RISK,
                on_limit=on_limit,
                groups={"five": GroupSettings(symbols=tuple(sorted(GROUP)), max_net_exposure=D(2_000))},
            ),
            symbols={
                symbol: SymbolSettings(sector=SECTORS.get(symbol, ""), currency="EUR" if symbol in EUROS else "USD")
                for symbol in SYMBOLS
            },
        )
        cleared: list[SubmitOrders] = []
        refused: list[GroupRefused] = []
        held: dict[str, Decimal] = {}
        working: dict[str, OrderView] = {}
        async with trio.open_nursery() as nursery:
            await nursery.start(system.run)
            await system.start(
                "journal", lambda c: JournalActor(c, storage=SimulatedStorage(SimulatedDisk()), owner="test")
            )
            await system.start("orders", lambda c: Orders(c, cleared, refused))
            await system.start("portfolio", lambda c: PortfolioActor(c, settings=configured, bus=bus))
            portfolio = system.address("portfolio")
            portfolio.tell(AccountValue("DU1", "ExchangeRate", str(RATE), "EUR"))
            for number, (what, which, side, quantity) in enumerate(steps):
                if what == "enter":
                    request = OrderRequest(
                        order_ref=f"o{number}",
                        symbol=which,
                        role=Role.ENTRY,
                        side=side,
                        quantity=D(quantity),
                        order_type=OrderType.MARKET,
                    )
                    portfolio.tell(SubmitOrders((request,), "orders", PRICES[which]))
                    await portfolio.ask(DescribePortfolio())
                    await system.idle()
                    for group in cleared:
                        (order,) = group.orders
                        assert order.quantity <= quantity
                        working[order.order_ref] = OrderView(
                            order_ref=order.order_ref,
                            symbol=order.symbol,
                            role=order.role,
                            side=order.side,
                            quantity=order.quantity,
                            filled=D(0),
                            order_type="MKT",
                            status=OrderStatus.ACCEPTED,
                        )
                    cleared.clear()
                elif working:
                    ref = sorted(working)[which % len(working)]
                    order = working[ref]
                    if what == "fill":
                        part = min(D(quantity), order.remaining)
                        held[order.symbol] = held.get(order.symbol, D(0)) + part * order.side.sign
                        order = evolve(order, filled=order.filled + part)
                        if not order.remaining:
                            order = evolve(order, status=OrderStatus.FILLED)
                        portfolio.tell(
                            HoldingChanged(
                                order.symbol,
                                held[order.symbol],
                                PRICES[order.symbol],
                                float(PRICES[order.symbol]),
                                D(0),
                                D(0),
                                D(0),
                            )
                        )
                    else:
                        status = OrderStatus.CANCELLED if what == "cancel" else OrderStatus.REJECTED
                        order = evolve(order, status=status)
                    portfolio.tell(OrderEvent(order))
                    working[ref] = order
                    if order.status.done:
                        del working[ref]
                keeps_all(held, working)
            view = await portfolio.ask(DescribePortfolio())
            assert view.gross_exposure == sum((abs(q) * worth(s) for s, q in held.items()), D(0))
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
