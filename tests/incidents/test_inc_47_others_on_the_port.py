"""INC-47: whoever reaches the API port can trade; secrets in logs."""

from __future__ import annotations

from decimal import Decimal

from messages.order import ListOrders
from messages.position import CommandRefused
from simulator.model import Order

INCIDENT = {
    "number": "INC-47",
    "title": "API port reachable from the LAN; secrets in logs",
    "source": "https://github.com/mvberg/ib-gateway-docker/issues/30",
    "others": "The port trusts addresses and nothing else: any host of the network could trade. Passwords printed.",
    "pitboss": "A host that is not this machine is refused unless it is allowed by name; what another client trades is "
    "listed as external, booked, and raised as an alarm; one redaction filter over logs, journal and errors.",
    "tests": ["tests/config/test_redaction.py", "tests/config/test_settings_loading.py"],
}
D = Decimal


def test_inc_47_a_second_client_trades_on_the_account(stage):
    async def body(it):
        contract = it.paper.contracts.find("AAPL", "STK")[0].contract
        stranger = Order(
            order_id=77, client_id=99, account="DU1234567", contract=contract, side="BUY", quantity=D(300),
            order_type="LMT", limit=D(90),
        )  # fmt: skip
        it.venue.place(stranger)
        await it.settle(65)
        (external,) = [order for order in await it.ask("orders", ListOrders()) if order.role is None]
        assert (external.client_id, external.quantity) == (99, 300)
        it.broker_fill(stranger, 300, "90")
        await it.settle(65)
        assert (await it.view()).quantity == 300
        await it.trade_at(100.0)
        assert isinstance(await it.open(), CommandRefused)
        alarms = ["position.unmanaged"]
        await it.sound(raised=alarms, standing=alarms, unmanaged=["AAPL"])

    stage(body)
