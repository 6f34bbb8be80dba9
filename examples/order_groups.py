"""Orders that belong together: a bracket, and an OCO pair around what is held; the market is moved by the program.

python examples/order_groups.py
"""

from __future__ import annotations

import trio

import pitboss
from pitboss import EventBus, OrderGroup, OrderManager


def show(title: str, group: OrderGroup) -> None:
    """Print the orders of a group."""
    print(title)
    for order in group.orders:
        price = order.limit_price or order.stop_price
        print(f"    {order.role:<7}{order.quantity:>5} {order.order_type:<4}{price or '':>7}  {order.status}")


async def main() -> None:
    """Run it."""
    async with pitboss.open_system(paper="manual") as system:
        assert system.paper is not None
        manager = OrderManager(system.gateway, EventBus())
        await system.paper.trade_at("AAPL", 150)

        bracket = await manager.create_bracket(
            "AAPL", 100, limit_price=150.50, stop_loss_price=145, take_profit_price=160
        )
        await bracket.position.wait_protected()
        show("a bracket: the entry has filled, stop and target work", bracket)
        await system.paper.trade_at("AAPL", 160.50)
        await bracket.position.wait_closed()
        show(f"closed by its {bracket.position.close_reason}: one cancels the other", bracket)

        bought = await manager.create_and_submit("AAPL", 50)
        await bought.wait_done()
        pair = await manager.create_oco("AAPL", stop_loss_price=155, take_profit_price=170)
        await pair.position.wait_protected()
        show("an OCO pair around 50 shares that were bought plainly", pair)
        await system.paper.trade_at("AAPL", 154.80)
        await pair.position.wait_closed()
        show(f"closed by its {pair.position.close_reason}", pair)


if __name__ == "__main__":
    trio.run(main)
