"""INC-43: SIGKILL loses working orders, or doubles them at each restart."""

from __future__ import annotations

import pytest
import trio

INCIDENT = {
    "number": "INC-43",
    "title": "SIGKILL loses or duplicates working orders",
    "source": "https://github.com/nautechsystems/nautilus_trader/issues/5000",
    "others": "The restart dropped 14 working orders from its state; with a cache each restart sent them once more.",
    "pitboss": "State is the journal's replay compared with the broker. N restarts in a row change nothing; what was "
    "in flight is known from the broker's lists before anything is sent.",
}


@pytest.mark.parametrize("restarts", [1, 4])
@pytest.mark.parametrize("between", ["nothing", "part of the entry", "the stop", "the target"])
def test_inc_43_restarts_in_a_row(stage, restarts, between):
    async def body(it):
        await it.open(limit="99.00")
        entry = next(order for order in it.at_broker() if order.side == "BUY")
        it.broker_fill(entry, 40, "99.00")
        await it.settle(2)
        for number in range(restarts):
            await it.kill()
            if number == 0:
                match between:
                    case "part of the entry":
                        it.broker_fill(entry, 30, "99.00")
                    case "the stop":
                        it.broker_fill(it.order("STP"), 40, "96.00")
                    case "the target":
                        it.broker_fill(
                            next(o for o in it.at_broker() if (o.order_type, o.side) == ("LMT", "SELL")), 40, "107"
                        )
            await it.start()
            await it.settle(10)
        orders = len(it.ours())
        for _ in range(2):
            await it.kill()
            await it.start()
        assert len(it.ours()) == orders, "a restart more sends nothing more"
        await it.sound(maybe={"protection.missing"})

    stage(body)


@pytest.mark.parametrize("step", range(6))
def test_inc_43_killed_while_an_entry_is_on_its_way(stage, step):
    async def body(it):
        it.enter()
        await trio.sleep(0.0005 * step)
        for _ in range(3):
            await it.kill()
            await it.start()
        await it.settle(30)
        await it.sound(maybe={"order.unknown", "protection.missing"})
        assert it.held() in (0, 100)
        assert len(it.ours()) in (0, 3)

    stage(body)
