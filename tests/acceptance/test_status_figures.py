"""What `status` says: the interface's keys, text for money, and one meaning of each figure wherever it stands."""

from __future__ import annotations

import io
from decimal import Decimal

from rich.console import Console

from messages.lifecycle import AlarmRaised
from messages.position import PositionCloseEvent
from simulator.faults.verbs import Manual
from supervisors.status_view import status_page

KEYS = {
    "": {"state", "since", "broker", "positions", "orders", "actors", "alarms"},
    "broker": {"connected", "epoch", "last_round_trip", "account"},
    "positions": {
        "symbol", "quantity", "average_price", "realized_pnl", "unrealized_pnl", "stop", "target", "protected", "state",
    },
    "orders": {"order_ref", "perm_id", "symbol", "side", "quantity", "filled", "type", "role", "status"},
    "actors": {"address", "state", "restarts", "mailbox"},
    "alarms": {"id", "kind", "symbol", "order_ref", "perm_id", "text", "since"},
}  # fmt: skip
MONEY = ("quantity", "filled", "average_price", "realized_pnl", "unrealized_pnl", "commission", "stop", "target")


def test_the_figures_of_status_portfolio_and_events_are_the_brokers(run_house):
    async def body(house):
        await house.enter("AAPL", 100.0)
        house.price("AAPL", 110.0)
        await house.until_position("AAPL", state="CLOSED")
        await house.enter("AAPL", 100.0)
        house.price("AAPL", 102.0)
        await house.until_position("AAPL", last_price=102.0)
        house.broker.faults.do(Manual(symbol="MSFT", quantity=Decimal(10), price=Decimal(400)))
        await house.until(lambda: house.ears.of(AlarmRaised), "an alarm about what is not managed")
        venue = house.broker.venue
        paid = sum(venue.commissions[one.exec_id].amount for one in venue.executions)

        status = await house.until_status(lambda one: Decimal(one["portfolio"]["commission"]) == paid)
        for section, keys in KEYS.items():
            found = status[section] if section else status
            for row in found if isinstance(found, list) else [found]:
                assert keys <= row.keys(), section
                assert all(row.get(name) is None or isinstance(row[name], str) for name in MONEY), row
        row = next(row for row in status["positions"] if row["symbol"] == "AAPL")
        bought = [one for one in venue.executions if one.contract.symbol == "AAPL" and one.side == "BOT"]
        sold = next(one for one in venue.executions if one.side == "SLD")
        assert Decimal(row["average_price"]) == bought[1].price
        assert Decimal(row["unrealized_pnl"]) == (Decimal(102) - bought[1].price) * 100
        assert Decimal(row["realized_pnl"]) == 0, "what a position costs is no part of its P&L"
        assert Decimal(row["commission"]) == venue.commissions[bought[1].exec_id].amount
        earned = (sold.price - bought[0].price) * 100
        (closed,) = house.ears.of(PositionCloseEvent)
        assert closed.position.realized_pnl == earned == Decimal(status["portfolio"]["realized_pnl"])
        console = Console(file=io.StringIO(), width=100)
        console.print(status_page(status))
        page = console.file.getvalue()
        for word in (f"realised {earned:+.2f}", f"fees {paid:.2f}", "AAPL", "ALARM position.unmanaged", "102.00"):
            assert word in page, page

    run_house(body)
