"""Open, value and close a position: the requirements' "Basic Position Management" against a paper TWS of its own.

python examples/basic_position_management.py
"""

from __future__ import annotations

import trio

import pitboss
from pitboss.event.bus import EventBus
from pitboss.position.tracker import PositionTracker


async def main() -> None:
    """Run it."""
    async with pitboss.open_system():
        # Initialize event bus and position tracker
        event_bus = EventBus()
        position_tracker = PositionTracker(event_bus)

        # fmt: off
        # Create a new position
        position = await position_tracker.create_position(
            symbol="AAPL",
            quantity=100,
            stop_loss_pct=0.03,
            take_profit_pct=0.08,
            trailing_stop_pct=0.02
        )
        # fmt: on
        print(f"sent:   {position.symbol} {position.status}")

        await position.wait_protected()
        print(f"open:   {position.quantity} at {position.entry_price}, confirmed by the broker:")
        print(f"        stop {position.stop_loss} (trails by {position.trailing_stop}), target {position.take_profit}")

        # Update position with current market price
        await position_tracker.update_positions({"AAPL": 150.75})
        print(f"valued: at {position.last_price}, P&L {position.unrealized_pnl}: 150.75 is not taken, live prices come")

        # Close position
        await position_tracker.close_position(position.position_id, reason="manual exit")

        await position.wait_closed()
        print(f"closed: {position.close_reason}, realised {position.realized_pnl}, commission {position.commission}")


if __name__ == "__main__":
    trio.run(main)
