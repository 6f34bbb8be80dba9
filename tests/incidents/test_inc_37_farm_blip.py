"""INC-37: a farm is away for three seconds, and a feed stays silent for eight hours."""

from __future__ import annotations

from messages.position import CommandRefused
from simulator.faults.verbs import Error, Silence

INCIDENT = {
    "number": "INC-37",
    "title": "A 3-second farm blip kills a feed for 8 hours",
    "source": "https://github.com/nautechsystems/nautilus_trader/pull/3968",
    "others": "2103, three seconds, 2104: the subscription never resumed, and no error said so.",
    "pitboss": "Farm notices touch nothing but data. A feed that is silent for too long is asked for again; from a "
    "stale quote nothing is opened, and what rests at the broker protects all the while.",
    "tests": ["tests/incidents/test_prices.py"],
}


def blip(it):
    """The farm goes and comes back; subscriptions of before stay silent."""
    it.now(Error(2103, "Market data farm connection is broken:usfarm", everyone=True), Silence())
    it.now(Error(2104, "Market data farm connection is OK:usfarm", everyone=True))


def test_inc_37_nothing_is_opened_from_a_stale_quote_and_exits_work(stage):
    async def body(it):
        await it.open()
        blip(it)
        await it.settle(10)
        assert isinstance(await it.open(symbol="MSFT"), CommandRefused)
        await it.trade_at(96.5)
        await it.sound()
        assert it.held() == 0

    stage(body)


def test_inc_37_a_silent_feed_is_asked_for_again(stage):
    async def body(it):
        blip(it)
        for price in range(100, 160):
            await it.trade_at(float(price))
            await it.settle(1)
        await it.open()
        assert it.held() == 100
        assert (await it.view()).last_price == 159.0
        await it.sound()

    stage(body)
