"""Orders from Python, alone and in groups."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import pitboss
from pitboss.order.base import OrderStatus, OrderType, Role

D = Decimal


def test_an_order_goes_from_created_to_filled_with_its_executions(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        manager = pitboss.OrderManager(house.system.gateway, house.bus)
        order = await manager.create_order("AAPL", 10, order_id="mine")
        assert (order.status, order.execution_details, order.perm_id) == (OrderStatus.CREATED, {}, 0)
        assert manager.orders["mine"] is order
        assert not house.working()
        await manager.submit_order("mine")
        with pytest.raises(pitboss.OrderRefusedError, match="submitted already"):
            await order.submit()
        assert await order.wait_done() is OrderStatus.FILLED
        details = order.execution_details
        assert (details["filled"], details["remaining"], details["average_price"]) == (10, 0, D("150.01"))
        [execution] = details["executions"]
        assert (execution["quantity"], execution["price"]) == (10, D("150.01"))
        details["filled"] = 0
        assert order.execution_details["filled"] == 10  # a copy each time
        assert (order.role, order.filled, order.average_price) == (Role.ENTRY, 10, D("150.01"))
        assert order.perm_id == next(iter(house.system.paper.broker.venue.orders.values())).perm_id
        out = await manager.create_and_submit("AAPL", -10)
        await out.wait_done()
        assert (out.role, out.quantity, house.at_broker()) == (Role.EXIT, -10, {})

    run_api(body)


def test_an_order_that_rests_is_cancelled_and_says_so(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        manager = pitboss.OrderManager(house.system.gateway, house.bus)
        order = await manager.create_and_submit("AAPL", 10, order_type=OrderType.LIMIT, limit_price=140.004, tif="GTC")
        assert await order.wait_accepted() is OrderStatus.ACCEPTED
        [working] = house.working()
        assert (working.tif, manager.orders[order.order_id].tif) == ("GTC", "GTC")
        assert order.limit_price == D("140.00")  # on the tick, never worse than asked for
        with pytest.raises(pitboss.OrderRefusedError, match="it is ACCEPTED, not FILLED"):
            await order.update_status(OrderStatus.FILLED)
        await order.update_status(OrderStatus.ACCEPTED)
        await manager.cancel_order(order.order_id)
        assert await order.wait_done() is OrderStatus.CANCELLED
        await order.cancel()  # nothing more to do
        withdrawn = await manager.create_order("AAPL", 10)
        await withdrawn.cancel()
        assert withdrawn.status is OrderStatus.CANCELLED
        with pytest.raises(pitboss.OrderRefusedError, match="submitted already"):
            await withdrawn.submit()
        with pytest.raises(pitboss.UnknownOrderError, match="no order has the id 'nobody'"):
            await manager.cancel_order("nobody")

    run_api(body)


def test_a_refused_order_raises_with_reason_and_figures_and_a_rejected_one_tells_why(
    run_api: Callable[..., None],
) -> None:
    async def body(house: Any) -> None:
        manager = pitboss.OrderManager(house.system.gateway, house.bus)
        with pytest.raises(pitboss.OrderRefusedError) as raised:
            await manager.create_and_submit("AAPL", 1000, order_id="too-much")
        assert raised.value.symbol == "AAPL"
        assert "150" in raised.value.figures
        denied = manager.orders["too-much"]
        assert denied.status is OrderStatus.DENIED
        assert raised.value.reason in denied.reason
        assert not house.working()
        bought = await manager.create_and_submit("AAPL", 10)
        await bought.wait_done()
        with pytest.raises(pitboss.OrderRefusedError, match="would turn the position"):
            await manager.create_and_submit("AAPL", -11)

    run_api(body, risk={"max_order_notional": 20_000})


WRONG_TERMS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"order_type": OrderType.LIMIT}, ValueError, "LIMIT needs a limit_price"),
    ({"limit_price": 100}, ValueError, "MARKET has no limit_price"),
    ({"order_type": OrderType.STOP, "stop_price": -1}, ValueError, "is no price"),
    ({"order_type": "HOPE"}, ValueError, "HOPE"),
    ({"price": 1}, TypeError, "an order has no price"),
    ({"tif": "FOREVER"}, ValueError, "FOREVER"),
    ({"order_type": OrderType.TRAILING_STOP}, ValueError, "a plain order does not trail"),
]


def test_terms_of_an_order_that_make_no_sense_are_named(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        manager = pitboss.OrderManager(house.system.gateway, house.bus)
        for terms, error, text in WRONG_TERMS:
            with pytest.raises(error, match=text):
                await manager.create_order("AAPL", 10, **terms)
        with pytest.raises(ValueError, match="0 is no size"):
            await manager.create_order("AAPL", 0)
        assert not manager.orders

    run_api(body)


def test_a_bracket_is_one_group_by_role_and_one_exit_cancels_the_other(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        manager = pitboss.OrderManager(house.system.gateway, house.bus)
        bracket = await manager.create_bracket(
            "AAPL", 100, limit_price=150.5, stop_loss_price=145, take_profit_price=160
        )
        assert [order.role for order in bracket.orders] == [Role.ENTRY, Role.STOP, Role.TARGET]
        await bracket.position.wait_protected()
        assert bracket.entry is not None
        assert bracket.entry.status is OrderStatus.FILLED
        assert manager.linked(bracket.entry.order_id).orders == bracket.orders
        assert {order.oca_group for order in house.working()} == {f"oca-{bracket.position_id}"}
        await house.trade_at(160.5)
        await bracket.position.wait_closed()
        assert bracket.position.close_reason == "target"
        assert bracket.target is not None
        assert bracket.stop is not None
        assert bracket.target.status is OrderStatus.FILLED
        assert await bracket.stop.wait_done() is OrderStatus.CANCELLED

    run_api(body)


def test_a_bracket_that_has_not_filled_is_cancelled_as_one(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        manager = pitboss.OrderManager(house.system.gateway, house.bus)
        bracket = await manager.create_bracket("AAPL", 100, limit_price=140, stop_loss_pct=0.03, take_profit_pct=0.08)
        assert bracket.entry is not None
        await bracket.entry.wait_accepted()
        await bracket.cancel()
        for order in bracket.orders:
            assert await order.wait_done() is OrderStatus.CANCELLED
        await bracket.position.wait_closed()
        assert not house.working()

    run_api(body)


def test_an_oco_pair_is_put_around_what_is_held(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        manager = pitboss.OrderManager(house.system.gateway, house.bus)
        with pytest.raises(pitboss.PositionRefusedError, match="no open position"):
            await manager.create_oco("AAPL", stop_loss_price=145, take_profit_price=160)
        bought = await manager.create_and_submit("AAPL", 50)
        await bought.wait_done()
        pair = await manager.create_oco("AAPL", stop_loss_price=145, take_profit_price=160)
        await pair.position.wait_protected()
        assert {(order.role, order.quantity) for order in pair.orders if not order.done} == {
            (Role.STOP, -50),
            (Role.TARGET, -50),
        }
        with pytest.raises(pitboss.PositionRefusedError, match="fire at once"):
            await manager.create_oco("AAPL", stop_loss_price=155)
        await house.trade_at(144.5)
        await pair.position.wait_closed()
        assert pair.position.close_reason == "stop"
        await house.until(lambda: not house.working() and not house.at_broker(), "flat, and nothing works")

    run_api(body)
