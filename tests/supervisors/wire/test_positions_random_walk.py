"""Whatever is done to positions, in whatever order: in the end both sides agree, and what is held is protected."""

from decimal import Decimal
from random import Random

import pytest
import trio

from messages.order import OrderType, Role, Side
from messages.position import (
    AdjustExits,
    ClosePosition,
    ExitPlan,
    OpenPosition,
    PlaceOrder,
    Size,
)

D = Decimal
PLANS = (
    ExitPlan(stop_loss_pct=D("0.03"), take_profit_pct=D("0.05")),
    ExitPlan(stop_loss_pct=D("0.03"), trailing_stop_pct=D("0.02")),
    ExitPlan(trailing_stop_amount=D("1.50"), take_profit_pct=D("0.04")),
)


async def step(it, random, price):
    """Do one thing; return the price after it."""
    tell = it.process.system.address("position/AAPL").tell
    ask = it.process.system.address("position/AAPL").ask
    match random.randrange(12):
        case 0 | 1 | 2:
            command = OpenPosition(
                side=random.choice(list(Side)),
                size=Size(quantity=D(random.randrange(10, 300))),
                exits=random.choice(PLANS),
                source="test",
                add=random.random() < 0.3,
                **(
                    {}
                    if random.random() < 0.7
                    else {"order_type": OrderType.LIMIT, "limit_price": D(str(round(price + random.uniform(-1, 1), 2)))}
                ),
            )
            ask(command)
        case 3 | 4 | 5 | 6:
            price = round(min(max(price + random.gauss(0, 1.2), 60.0), 160.0), 2)
            for kind, value in ((1, price - 0.01), (2, price + 0.01), (4, price)):
                it.tick("AAPL", kind, round(value, 2), size=random.choice((30, 80, 1000)))
        case 7:
            ask(ClosePosition("walk"))
        case 8:
            ask(AdjustExits(random.choice(PLANS)))
        case 9:
            ask(
                PlaceOrder(
                    side=random.choice(list(Side)), quantity=D(random.randrange(1, 60)), order_type=OrderType.MARKET
                )
            )
        case 10:
            it.by_hand(random.choice(list(Side)), random.randrange(1, 80), str(round(price, 2)))
        case 11:
            if random.random() < 0.3:
                it.links[-1].abort()
            elif random.random() < 0.5:
                if it.poison > 0:
                    it.poison -= 1
                    tell(object())
            else:
                await it.kill()
                await it.start()
    await trio.sleep(random.choice((0.0, 0.001, 0.01, 0.3, 3.0)))
    return price


@pytest.mark.parametrize("seed", range(8))
def test_a_random_walk_ends_in_agreement(plant, seed):
    async def body(it):
        random = Random(seed)
        price = 100.0
        for _ in range(8):
            price = await step(it, random, price)
        for _ in range(4):
            await it.trade_at(price)
            await it.settle(70)
        assert await it.quarantined() == []
        assert it.crashes() == []
        view = await it.view()
        await it.agree_exactly()
        if view.quantity and view.stop is not None:
            assert view.protected
            (stop,) = await it.working(Role.STOP)
            assert stop.remaining == abs(view.quantity)
        if not view.quantity:
            assert await it.working(Role.EXIT) == []
            assert await it.working(Role.ENTRY) or await it.working() == []

    plant(body)
