"""INC-14, enumerated: every interleaving of a cancellation or a modification with fills ends in the book's own state.

What happens at the broker happens first, and TWS says nothing of it; its words are then heard in each order that their
causes allow, each once, with the statuses lost, and with the statuses doubled.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from decimal import Decimal
from itertools import permutations
from random import Random

import pytest

from messages.order import OrderStatus
from simulator.faults.filters import altered
from simulator.faults.telling import Teller
from simulator.faults.verbs import Accept, Swallow

D = Decimal
FATES = ("once", "statuses lost", "statuses twice")
SAMPLES = int(os.environ.get("PITBOSS_SAMPLES", "40"))
UNHEARD = {"order.unknown", "order.not_cancelled", "protection.missing", "position.not_closed", "stop.not_moved"}
"""alarms that may stand while TWS says nothing of the exits either, or keeps a stop where it was"""


def orders_of(names: Sequence[str], *before: tuple[str, str]) -> Iterator[tuple[str, ...]]:
    """Yield each order of the names in which the first of each pair comes before the second."""
    for order in permutations(names):
        if all(order.index(first) < order.index(second) for first, second in before):
            yield order


def heard(name: str, fate: str) -> int:
    """How often a word is heard."""
    if not name.startswith("status"):
        return 1
    return {"once": 1, "statuses lost": 0, "statuses twice": 2}[fate]


def word(it, order, message: str, **changes: str) -> Callable[[], None]:
    """What TWS would say of an order now, to be said later."""
    (session,) = it.paper.tws.clients
    fills = [one for one in it.venue.executions if one.perm_id == order.perm_id]
    fields = altered(Teller(it.paper.tws, session).tell(message, order, fills[-1] if fills else None), changes)
    return lambda: session.write(fields)


# a cancellation and fills: what fills before the request is sent stands beside the rest

CANCELS: dict[str, tuple[tuple[int, ...], bool, tuple[str, ...]]] = {
    # how many fill, whether the rest is cancelled then, and what TWS says
    "nothing fills": ((), True, ("status PendingCancel", "status", "202")),
    "a part fills, the rest is cancelled": ((40,), True, ("status PendingCancel", "fill 40", "status", "202")),
    "all fills": ((100,), False, ("status PendingCancel", "fill 100", "status", "10148")),
    "all fills in two parts": ((40, 60), False, ("status PendingCancel", "fill 40", "fill 60", "status", "10148")),
}


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("case", CANCELS)
def test_every_interleaving_of_a_cancellation_with_fills(stage, case, fate):
    fills, cancelled, words = CANCELS[case]

    async def play(it, order: tuple[str, ...]) -> None:
        await it.trade_at(100.0)
        await it.open(limit="95.00")
        entry = [one for one in it.at_broker() if one.side == "BUY"][-1]
        it.hush()
        it.fault(Swallow(), on="cancelOrder")
        pending = {"status": "PendingCancel", "filled": "0", "remaining": "100"}
        said = {"status PendingCancel": word(it, entry, "orderStatus", **pending)}
        for quantity in fills:
            it.broker_fill(entry, quantity, "95.00")
            said[f"fill {quantity}"] = word(it, entry, "execDetails")
        if cancelled:
            it.venue.cancel(entry.client_id, entry.order_id)
        said["status"] = word(it, entry, "orderStatus")
        said["202"] = lambda: it.error(entry, 202, "Order Canceled - reason:")
        said["10148"] = lambda: it.error(entry, 10148, "OrderId 1 can not be cancelled, state: Filled.")
        for name in order:
            if name == "cancel":
                await it.close()
            else:
                for _ in range(heard(name, fate)):
                    said[name]()
                    await it.settle(0.01)
        it.paper.faults.clear()
        await it.settle(10)
        view = (await it.known())[entry.order_ref]
        end = OrderStatus.CANCELLED if cancelled else OrderStatus.FILLED
        assert (view.status, view.filled) == (end, entry.filled), order
        assert it.held() == (await it.view()).quantity == 0, order
        assert it.at_broker("AAPL") == [], order

    replies = [("cancel", name) for name in words if name in ("status PendingCancel", "202", "10148")]
    orders = list(orders_of(("cancel", *words), *replies))
    if len(fills) == 2:
        # a sixth of the 720, others for each fate; all of them take minutes: PITBOSS_SAMPLES=240
        orders = Random(fate).sample(orders, min(SAMPLES, len(orders)))
    in_portions(stage, orders, play)


# a modification and fills

ANSWERS = ("accepted", "refused", "taken, unanswered", "lost, unanswered")


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("filled", [40, 100])
@pytest.mark.parametrize("leg", ["STP", "LMT"])
def test_every_interleaving_of_a_modification_with_a_fill(stage, leg, filled, answer, fate):
    """The fill comes before the request has been read, or after; the echo, the refusal or nothing comes of it."""
    words = ("fill", "status", *({"accepted": ("echo",), "refused": ("refusal",)}.get(answer, ())))
    told = {"fill", "status"}

    async def play(it, order: tuple[str, ...]) -> None:
        first = order.index("fill") < order.index("modify")  # the venue's own order of things
        await it.trade_at(100.0)
        await it.open()
        exit_order = it.order(leg)
        it.hush()
        if answer == "refused":
            it.fault(Swallow(), where={"isModify": "1", "orderType": leg})
        else:
            taken = Swallow() if answer.startswith("lost") else Accept()
            it.fault(taken, where={"isModify": "1", "orderType": leg})
        said: dict[str, Callable[[], None]] = {
            "refusal": lambda: it.error(exit_order, 201, "Order rejected - reason:the price is wrong")
        }

        def fill() -> None:
            it.broker_fill(exit_order, filled, "100.00")
            said["fill"] = word(it, exit_order, "execDetails")
            said["status"] = word(it, exit_order, "orderStatus")

        if first or told & set(order[: order.index("modify")]):
            fill()
        for name in order:
            if name == "modify":
                exits = {"stop_loss_pct": D("0.02")} if leg == "STP" else {"take_profit_pct": D("0.09")}
                await it.adjust(**({"stop_loss_pct": D("0.03"), "take_profit_pct": D("0.08")} | exits))
                said["echo"] = word(it, exit_order, "openOrder")
                if "fill" not in said:
                    fill()
            else:
                for _ in range(heard(name, fate)):
                    said[name]()
                    await it.settle(0.01)
        it.paper.faults.clear()
        await it.settle(12)
        assert it.held() == (await it.view()).quantity == 100 - filled, order
        view = (await it.known())[exit_order.order_ref]
        assert (view.filled, view.status.done) == (exit_order.filled, exit_order.done), order
        await it.trade_at(100.0)
        await it.close()
        await it.settle(4)
        assert it.at_broker("AAPL") == [], order

    in_portions(
        stage, list(orders_of(("modify", *words), *(("modify", name) for name in words if name not in told))), play
    )


def in_portions(stage, orders: Sequence[tuple[str, ...]], play: Callable[..., Awaitable[None]], of: int = 8) -> None:
    """Play each order; a new process for each portion, since the broker's lists grow with the day."""

    for begin in range(0, len(orders), of):
        portion = orders[begin : begin + of]

        async def body(it, portion=portion):
            for order in portion:
                await play(it, order)
            await it.sound(maybe=UNHEARD)

        stage(body, broker={"reconcile_seconds": 8.0})
