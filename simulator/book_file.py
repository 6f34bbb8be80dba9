"""The venue's ground truth as a JSON file (`--book FILE`), for whoever wants to compare it with what was said.

Replaced as a whole and atomically; all changes of one turn are one replacement, and changes that come while the file
is being written make the next one.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import trio

from simulator.model import Charged, Executed, Execution, Order, OrderChanged, PositionChanged, VenueEvent
from simulator.venue import Venue

__all__ = ["BookFile"]


class BookFile:
    """Keeps one file in step with one venue."""

    def __init__(self, path: Path, venue: Venue) -> None:
        self._path = path
        self._venue = venue
        self._changed = trio.Event()
        self._orders: dict[int, str] = {}
        self._executions: dict[str, str] = {}
        venue.subscribe(self._on_event)

    def write(self) -> None:
        """Write the book as it stands. Raises OSError."""
        self._replace(self.text())

    async def run(self) -> None:
        """Write at each change until cancelled, and once more then. Raises OSError when the file cannot be written."""
        try:
            while True:
                await self._changed.wait()
                self._changed = trio.Event()
                await trio.to_thread.run_sync(self._replace, self.text())
        finally:
            self.write()

    def text(self) -> str:
        """Return the book as JSON."""
        positions = [
            {
                "account": held.account,
                "symbol": held.contract.symbol,
                "quantity": _number(held.quantity),
                "average_cost": _number(held.average_cost),
            }
            for held in self._venue.positions()
        ]
        cash = {account: _number(self._venue.cash(account)) for account in self._venue.accounts}
        return (
            f'{{"orders": [{_lines(self._orders.values())}],\n'
            f' "executions": [{_lines(self._executions.values())}],\n'
            f' "positions": {json.dumps(positions)},\n'
            f' "cash": {json.dumps(cash)}}}\n'
        )

    def _on_event(self, event: VenueEvent) -> None:
        # Each row is written as text when it changes, so that a long book does not cost more at each change.
        match event:
            case OrderChanged(order):
                self._orders[order.perm_id] = json.dumps(_order_row(order))
            case Executed(order, execution):
                if order is not None:
                    self._orders[order.perm_id] = json.dumps(_order_row(order))
                self._executions[_identity(execution)] = json.dumps(_execution_row(execution, None))
            case Charged(commission, execution):
                self._executions[_identity(execution)] = json.dumps(_execution_row(execution, commission.amount))
            case PositionChanged():
                pass  # read as a whole when written
            case _:
                return
        self._changed.set()

    def _replace(self, text: str) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, self._path)


def _lines(rows: Any) -> str:
    return ",\n  ".join(rows)


def _identity(execution: Execution) -> str:
    """The id without its version, so that a correction takes the place of what it corrects."""
    return execution.exec_id.rpartition(".")[0]


def _number(value: Decimal | None) -> str | None:
    if value is None:
        return None
    written = format(value, "f")
    return written.rstrip("0").rstrip(".") if "." in written and len(written.partition(".")[2]) > 2 else written


def _order_row(order: Order) -> dict[str, object]:
    return {
        "perm_id": order.perm_id,
        "order_id": order.order_id,
        "client_id": order.client_id,
        "order_ref": order.order_ref,
        "account": order.account,
        "symbol": order.contract.symbol,
        "side": order.side,
        "quantity": _number(order.quantity),
        "filled": _number(order.filled),
        "type": order.order_type,
        "limit": _number(order.limit),
        "stop": _number(order.stop),
        "tif": order.tif,
        "oca_group": order.oca_group,
        "parent_perm_id": order.parent_perm_id,
        "status": order.status,
    }


def _execution_row(execution: Execution, commission: Decimal | None) -> dict[str, object]:
    return {
        "exec_id": execution.exec_id,
        "perm_id": execution.perm_id,
        "symbol": execution.contract.symbol,
        "side": execution.side,
        "quantity": _number(execution.quantity),
        "price": _number(execution.price),
        "commission": _number(commission),
    }
