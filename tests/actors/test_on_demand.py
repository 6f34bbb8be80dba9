"""Actors that are made when they are first addressed."""

import trio

from actors.runtime.base import RunQueueActor


class Collector(RunQueueActor):
    """Keeps what it is told."""

    def __init__(self, context, collected):
        super().__init__(context)
        self.collected = collected

    def on_receive(self, message):
        self.collected.append(message)


def test_the_first_message_makes_the_actor_and_is_handled_by_it(world):
    made, collected = [], []

    async def body(system, events):
        async with trio.open_nursery() as nursery:

            def make(address):
                made.append(address.name)
                nursery.start_soon(system.start, address.name, lambda context: Collector(context, collected))

            system.on_demand("position/", make)
            system.address("position/AAPL")
            assert made == [], "a mention alone makes nothing"
            system.address("position/AAPL").tell(1)
            system.address("position/AAPL").tell(2)
            system.address("orders").tell("not under the prefix")
            while not system.address("position/AAPL").alive:
                await trio.sleep(0.01)
            await system.idle()
            assert made == ["position/AAPL"]
            assert collected == [1, 2]
            await system.stop("position/AAPL")
            system.address("position/AAPL").tell(3)
            assert made == ["position/AAPL"], "one that has stopped is not made again"

    world(body)
