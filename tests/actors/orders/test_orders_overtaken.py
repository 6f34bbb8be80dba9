"""Entries that an exit overtakes in the send queue: none is lost, none goes twice, none is refused with 103."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
import trio

from messages.gateway import BrokerError, OrderNotSent, OrderSent
from messages.order import CancelOrder, OrderIntended, OrderRenumbered, OrderStatus, OrderType, Role, Side
from simulator.faults.verbs import Reset

D = Decimal
ENTRIES = 40


def entries(order: Any) -> list[Any]:
    return [order(f"pb-{number}", limit_price=D(90)) for number in range(1, ENTRIES + 1)]


def an_exit(order: Any) -> Any:
    return order("pb-exit", role=Role.EXIT, side=Side.SELL, order_type=OrderType.MARKET, limit_price=None)


async def overtake(f: Any, order: Any) -> list[Any]:
    """Fill the second's budget with entries, then have an exit go before those that wait."""
    wanted = entries(order)
    for each in wanted:
        f.submit(each)
    await f.settle(0.01)
    f.submit(an_exit(order))
    return wanted


def test_none_is_lost_and_none_goes_twice(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        await f.settle(2)
        await overtake(f, order)
        await f.settle(20)
        renumbered = {fact.order_ref: fact.order_id for fact in await f.journaled(OrderRenumbered)}
        assert len(renumbered) > 10, "the exit has overtaken most of them"
        assert not await f.journaled(OrderNotSent)
        assert not [error for error in await f.journaled(BrokerError) if error.code == 103]
        at_broker = Counter(each.order_ref for each in f.paper.venue.orders.values())
        assert at_broker == Counter(["pb-exit", *(f"pb-{number}" for number in range(1, ENTRIES + 1))])
        for ref, view in (await f.views()).items():
            assert view.status is (OrderStatus.FILLED if ref == "pb-exit" else OrderStatus.ACCEPTED), view
            if ref in renumbered:
                assert view.order_id == renumbered[ref] == f.orders_at_broker[ref].order_id
        # written ahead: each id that was used stands in the journal before its bytes
        ids = {fact.order.order_ref: fact.order_id for fact in await f.journaled(OrderIntended)} | renumbered
        assert {fact.order_ref: fact.order_id for fact in await f.journaled(OrderSent)} == ids
        await f.agree()

    floor(scenario, messages_per_second=10, entry_deadline_seconds=30.0)


def test_a_bracket_keeps_its_family_under_its_new_ids(floor: Any, order: Any, bracket: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        await f.settle(2)
        f.submit(*(order(f"fill-{number}", limit_price=D(90)) for number in range(12)))
        f.submit(*bracket())
        await f.settle(0.01)
        f.submit(an_exit(order))
        await f.settle(10)
        assert {fact.order_ref for fact in await f.journaled(OrderRenumbered)} >= {"pb-1", "pb-2", "pb-3"}
        parent, *children = (f.orders_at_broker[f"pb-{number}"] for number in (1, 2, 3))
        assert [child.parent_perm_id for child in children] == [parent.perm_id] * 2
        assert len({child.oca_group for child in children}) == 1
        await f.agree()

    floor(scenario, messages_per_second=10, entry_deadline_seconds=30.0)


def test_what_is_overtaken_keeps_its_deadline(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        await f.settle(2)
        await overtake(f, order)
        await f.settle(20)
        late = await f.journaled(OrderNotSent)
        assert {fact.reason for fact in late} == {"its deadline passed in the send queue"}
        assert 5 < len(late) < ENTRIES
        assert len(f.orders_at_broker) == ENTRIES + 1 - len(late)
        await f.agree()

    floor(scenario, messages_per_second=10, entry_deadline_seconds=2.0)


def test_what_is_cancelled_while_it_is_overtaken_never_leaves_or_is_cancelled(floor: Any, order: Any) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        await f.settle(2)
        wanted = await overtake(f, order)
        for each in wanted[15:]:
            await f.settle(0.05)
            f.tell(CancelOrder(each.order_ref, "test"))
        await f.settle(20)
        views = await f.views()
        ends = {views[each.order_ref].status for each in wanted[15:]}
        assert ends <= {OrderStatus.NOT_SENT, OrderStatus.CANCELLED}
        await f.agree()

    floor(scenario, messages_per_second=10, entry_deadline_seconds=30.0)


@pytest.mark.parametrize("moment", [0.0, 0.3, 0.7, 0.9, 0.95, 1.0, 1.01, 1.1, 1.5, 2.0])
@pytest.mark.parametrize("how", ["killed", "link"])
def test_at_whatever_moment_it_ends_nothing_goes_twice(floor: Any, order: Any, moment: float, how: str) -> None:
    async def scenario(f: Any) -> None:
        f.quote()
        await f.settle(2)
        await overtake(f, order)
        await trio.sleep(moment)
        if how == "killed":
            await f.kill()
            await f.start()
        else:
            f.now(Reset())
        await f.settle(30)
        assert set(Counter(each.order_ref for each in f.paper.venue.orders.values()).values()) == {1}
        assert not [error for error in await f.journaled(BrokerError) if error.code == 103]
        for view in (await f.views()).values():
            assert view.status is not OrderStatus.UNKNOWN, view
        await f.agree()

    floor(scenario, messages_per_second=10, entry_deadline_seconds=30.0)
