"""The broker's ground truth as a JSON file (`--book FILE`): for whoever wants to compare it with what was said, and for
a simulator that is to go on from it.

Replaced as a whole and atomically; all changes of one turn are one replacement, and changes that come while the file
is being written make the next one. Clients hear of a change only when the book has it (`settled`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import trio

from simulator.book_form import FORM, parse, write
from simulator.book_rows import clients_row, day_row, execution_row, order_row, position_row, standing_of
from simulator.contracts import ContractBook
from simulator.model import Charged, Executed, Execution, Order, OrderChanged, PositionChanged, VenueEvent
from simulator.server.paper_tws import PaperTws
from simulator.venue import Venue

__all__ = ["BookFile", "resume_from"]

_TRAILS_EVERY = 1.0  # seconds: trailing stops follow the market without a message


def resume_from(path: Path, venue: Venue, tws: PaperTws, contracts: ContractBook) -> None:
    """Let a venue and its server go on from a book; nothing has happened there yet.

    Raises ValueError that names the file, the field and what was expected, OSError for a file that cannot be read.
    """
    book = parse(path)
    try:
        venue.resume(standing_of(book, contracts))
    except ValueError as error:
        raise ValueError(f"the book {path} cannot be resumed: {error}") from error
    clients = book.clients
    tws.bound |= set(clients.bound)
    tws.lost_orders |= set(clients.lost_orders)
    tws.lost_executions |= set(clients.lost_executions)
    tws.resume(clients.next_order_id, {int(client): highest for client, highest in clients.highest.items()})


class BookFile:
    """Keeps one file in step with one venue."""

    def __init__(self, path: Path, venue: Venue, tws: PaperTws) -> None:
        self._path = path
        self._venue = venue
        self._tws = tws
        self._changed = trio.Event()
        self._written = trio.Event()
        self._turn = self._saved = 0
        self._trails: dict[int, object] = {}
        self._orders = {perm_id: write(order_row(order, venue.course(perm_id))) for perm_id, order in self._known()}
        self._executions = {
            _identity(one): write(execution_row(one, venue.commissions[one.exec_id])) for one in venue.executions
        }
        venue.subscribe(self._on_event, ticks=False)

    def write(self) -> None:
        """Write the book as it stands. Raises OSError."""
        self._replace(self.text())

    async def run(self) -> None:
        """Write at each change until cancelled, and once more then. Raises OSError when the file cannot be written."""
        try:
            while True:
                with trio.move_on_after(_TRAILS_EVERY):
                    await self._changed.wait()
                if self._trails_moved():
                    self._turn += 1
                if self._turn == self._saved:
                    continue
                self._changed = trio.Event()
                turn, text = self._turn, self.text()
                await trio.to_thread.run_sync(self._replace, text)
                self._saved = turn
                self._written.set()
                self._written = trio.Event()
        finally:
            self.write()

    async def settled(self) -> None:
        """Return when the file has everything that has happened so far."""
        turn = self._turn
        while self._saved < turn:
            await self._written.wait()

    def text(self) -> str:
        """Return the book as JSON."""
        venue = self._venue
        standing = venue.standing()
        for perm_id, order in self._known():
            if perm_id not in self._orders:  # not transmitted yet, of which nothing is told
                self._orders[perm_id] = write(order_row(order, venue.course(perm_id)))
        rest = {
            "positions": [position_row(held) for held in venue.positions()],
            "cash": {account: venue.cash(account) for account in venue.accounts},
            "form": FORM,
            "saved_at": standing.time,
            "opening_cash": standing.opening_cash,
            "money": standing.purses,
            "holdings": standing.holdings,
            "rates": standing.rates,
            "day": day_row(standing),
            "clients": clients_row(self._tws, standing),
        }
        parts = [f'"{name}": {write(value)}' for name, value in rest.items()]
        orders, executions = (
            _lines(self._orders[one] for one in sorted(self._orders)),
            _lines(self._executions.values()),
        )
        return ",\n ".join([f'{{"orders": [{orders}]', f'"executions": [{executions}]', *parts]) + "}\n"

    def _on_event(self, event: VenueEvent) -> None:
        # Each row is written as text when it changes, so that a long book does not cost more at each change.
        match event:
            case OrderChanged(order):
                self._orders[order.perm_id] = write(order_row(order, self._venue.course(order.perm_id)))
            case Executed(order, execution):
                if order is not None:
                    self._orders[order.perm_id] = write(order_row(order, self._venue.course(order.perm_id)))
                commission = self._venue.commissions.get(execution.exec_id)
                self._executions[_identity(execution)] = write(execution_row(execution, commission))
            case Charged(commission, execution):
                self._executions[_identity(execution)] = write(execution_row(execution, commission))
            case PositionChanged():
                pass  # read as a whole when written
            case _:
                return
        self._turn += 1
        self._changed.set()

    def _known(self) -> Iterable[tuple[int, Order]]:
        return self._venue.orders.items()

    def _trails_moved(self) -> bool:
        """Whether a trailing stop has moved; its row is written anew."""
        before, self._trails = self._trails, {}
        for perm_id, order in self._known():
            if order.order_type.startswith("TRAIL") and not order.done:
                self._trails[perm_id] = order.trail_stop
                if before.get(perm_id) != order.trail_stop:
                    self._orders[perm_id] = write(order_row(order, self._venue.course(perm_id)))
        return self._trails != before

    def _replace(self, text: str) -> None:
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, self._path)


def _lines(rows: Iterable[str]) -> str:
    return ",\n  ".join(rows)


def _identity(execution: Execution) -> str:
    """The id without its version, so that a correction takes the place of what it corrects."""
    return execution.exec_id.rpartition(".")[0]
