"""Many orders while messages are lost, doubled, late, links break and the process is killed: the book ends as the
broker's, and no intent was sent twice. Each seed is a different run."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from messages.order import CancelOrder, ModifyOrder, OrderType, Side
from simulator.faults.verbs import (
    AcceptSilently,
    Delay,
    Drop,
    Duplicate,
    Error,
    Fill,
    Reorder,
    Reset,
    Restart,
    Stall,
    Swallow,
    Verb,
)

D = Decimal


_KINDS = ("orderStatus", "openOrder", "execDetails", "commissionReport")


def _of(dice: random.Random) -> dict[str, Any]:
    """Some message soon that the broker sends of its own accord; what it answers is complete, as TCP keeps it."""
    kinds = dice.sample(_KINDS, dice.randint(1, 4))
    return {
        "messages": kinds,
        "asked": False,
        "count": dice.randint(1, 3),
        "after": dice.randrange(4),
        "everyone": True,
    }


_TALK: tuple[Callable[[random.Random], Verb], ...] = (
    lambda dice: Drop(**_of(dice)),
    lambda dice: Duplicate(**_of(dice), copies=3),
    lambda dice: Delay(**_of(dice), seconds=dice.choice([0.05, 2.0, 10.0])),
    lambda dice: Reorder(**(_of(dice) | {"count": None}), order=dice.sample(range(4), 4)),
)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_book_ends_as_the_brokers(floor: Any, order: Any, seed: int) -> None:
    async def scenario(f: Any) -> None:
        dice = random.Random(seed)
        f.quote()
        for step in range(40):
            ref = f"pb-{step}"
            f.now(dice.choice(_TALK)(dice))
            match dice.randrange(10):
                case 0 | 1 | 2:
                    f.submit(order(ref, side=dice.choice(list(Side)), limit_price=D(dice.choice([90, 100, 110]))))
                case 3 | 4:
                    f.submit(order(ref, order_type=OrderType.MARKET, limit_price=None, quantity=D(10)))
                case 5:
                    f.tell(CancelOrder(f"pb-{dice.randrange(step + 1)}", "chaos"))
                case 6:
                    f.tell(
                        ModifyOrder(
                            order_ref=f"pb-{dice.randrange(step + 1)}",
                            quantity=D(dice.choice([50, 100, 150])),
                            limit_price=D(dice.choice([80, 85, 95])),
                        )
                    )
                case 7:
                    live = [each for each in f.paper.venue.orders.values() if not each.done]
                    if live:
                        chosen = dice.choice(live)
                        part = chosen.remaining if dice.random() < 0.5 else min(D(30), chosen.remaining)
                        f.now(Fill(perm_id=chosen.perm_id, price=D(90), quantity=part))
                case 8:
                    misleading = Error(dice.choice([110, 201, 399, 2102, 10147, 10349]), "a text")
                    chosen = dice.choice([(Swallow(),), (AcceptSilently(),), (misleading,), (Swallow(), misleading)])
                    f.fault(*chosen, nth=1, on=dice.choice(["placeOrder", "cancelOrder"]))
                case _:
                    match dice.randrange(5):
                        case 0:
                            f.now(Reset(everyone=True))
                        case 1:
                            f.now(Restart(next_id=1, seconds=2))
                        case 2:
                            f.now(Error(1100, "lost", id=-1, everyone=True))
                            await f.settle(dice.choice([0.0, 1.0]))
                            f.now(Error(dice.choice([1101, 1102]), "back", id=-1, everyone=True))
                        case 3:
                            f.now(Stall(seconds=dice.choice([1.0, 8.0]), everyone=True))
                        case _:
                            await f.kill()
                            await f.start()
            await f.settle(dice.choice([0.0, 0.01, 0.3, 3.0]))
        await f.agree(400)

    floor(scenario)
