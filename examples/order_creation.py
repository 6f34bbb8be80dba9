"""A market order and a limit order: the requirements' "Order Creation and Submission" against a paper TWS of its own.

python examples/order_creation.py
"""

from __future__ import annotations

import trio

import pitboss
from pitboss.event.bus import EventBus
from pitboss.order.base import OrderType
from pitboss.order.manager import OrderManager


async def main() -> None:
    """Run it."""
    async with pitboss.open_system() as system:
        gateway, event_bus = system.gateway, EventBus()

        # Initialize order manager
        order_manager = OrderManager(gateway, event_bus)

        # fmt: off
        # Create and submit a market order
        order = await order_manager.create_and_submit(
            symbol="AAPL",
            quantity=100,
            order_type=OrderType.MARKET
        )

        # fmt: on
        await order.wait_done()
        print(f"market order: {order.status}, {order.filled} at {order.average_price}, permId {order.perm_id}")
        for execution in order.execution_details["executions"]:
            print(f"              {execution['quantity']} at {execution['price']}, {execution['exec_id']}")

        # fmt: off
        # Create a limit order
        limit_order = await order_manager.create_order(
            symbol="MSFT",
            quantity=50,
            order_type=OrderType.LIMIT,
            limit_price=280.50
        )
        # fmt: on
        print(f"limit order:  {limit_order.status}, nothing is sent yet")

        # Submit the order later
        await order_manager.submit_order(limit_order.order_id)

        print(f"              {await limit_order.wait_accepted()} by the broker at {limit_order.limit_price}")
        await order_manager.cancel_order(limit_order.order_id)
        print(f"              {await limit_order.wait_done()}")

        try:
            await order_manager.create_and_submit(symbol="AAPL", quantity=-500)
        except pitboss.OrderRefusedError as refused:
            print(f"refused:      {refused}")


if __name__ == "__main__":
    trio.run(main)
