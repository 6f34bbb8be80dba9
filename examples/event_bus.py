"""Events of one's own, handlers that are slow or fail, and what each has got.

python examples/event_bus.py
"""

from __future__ import annotations

import attrs
import trio

from pitboss import BaseEvent, EventBus


@attrs.frozen
class Earnings(BaseEvent):
    """What a company has earned."""

    symbol: str
    surprise: float


@attrs.frozen
class Restated(Earnings):
    """And what it really had earned."""


async def main() -> None:
    """Run it: a bus by itself; inside `async with pitboss.open_system()` the same object is fed by the system."""
    event_bus = EventBus()

    async def slow(event: Earnings) -> None:
        await trio.sleep(0.2)
        print(f"slow:    {event.symbol} {event.surprise:+.0%}")

    def fails(event: Earnings) -> None:
        raise ValueError(f"never liked {event.symbol}")

    await event_bus.subscribe(Earnings, slow)
    await event_bus.subscribe(Earnings, fails)
    await event_bus.subscribe(Earnings, lambda event: print(f"all:     {event}"))
    await event_bus.subscribe(Restated, lambda event: print(f"special: {event}"))

    await event_bus.emit(Earnings("AAPL", 0.12))
    await event_bus.emit(Restated("AAPL", -0.03))
    print("emitted: nobody was waited for")
    await event_bus.idle()
    for subscriber in event_bus.subscribers:
        name = subscriber.handler.rpartition(".")[2]
        print(f"state:   {name}: {subscriber.delivered} delivered, {subscriber.failed} failed")
    await event_bus.unsubscribe(Earnings, fails)


if __name__ == "__main__":
    trio.run(main)
