"""Fold a complete snapshot of the broker into the order book, and conclude what only completeness can tell.

**What proves absence.** An order that is in none of the open orders, the completed orders and the executions of one
snapshot may have been on its way when the lists were made. Lists that began after its bytes had been processed are
proof, and there are two ways to know that they did:

* The order was last spoken of in an earlier connection. The client id is fixed, and TWS admits a client id only after
  it has read the former connection of that id to its end (error 326 until then), so whatever bytes there were had been
  read before this connection began: one snapshot is enough.
* The order was sent in this connection. The gateway takes one snapshot at a time and TCP keeps the order, so the
  queries of the *second* snapshot told after the sending left after the order's bytes: two in a row are needed. This
  holds on a stalled link too (INC-02): the answers themselves are the round trip that follows the bytes.

An order of which the answer told the status alone is not absent either: TWS tells of each open order by openOrder and
orderStatus, and while the one is missing and the other says that it works, the lists do not know everything.

The same count decides that a modification is not in force, and that an order believed done is open after all. An order
that the broker has shown before is not given up on one snapshot in either case: after a restart TWS may answer before
it has its own orders back, and a stop taken for gone would be armed twice.

An order may have lost to a bust, or to a correction, what nobody has heard of: only the later version of the execution
is told, and the broker goes on to call the order Filled. So where two snapshots in a row list it as completed with just
the quantity that its executions have, one of these is a correction, and the position has not moved, or was ahead of
them, they are all there will be.

Three witnesses may still be late: while the broker's position of the symbol has moved by more than executions
explain, nothing is concluded about its orders (INC-19), for however many snapshots that lasts: an order in doubt
stays UNKNOWN, with its alarm, and one that seemed to rest becomes UNKNOWN with the second of them. What the orders in
doubt cannot have done, having moved against them or by more than they could fill (a split, or somebody else whose
executions are not told), is none of theirs: after some such snapshots they are judged as if nothing had moved, for
late executions would be here by then. Likewise where the position is just what executions say, or has come back to
what they said of it some snapshots ago: it was ahead of them, while nothing was in doubt, and they have caught up. Nor
is anything concluded from lists of which a part was made while TWS itself had lost its servers (1100).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from domain.offsets import Offsets, caught_up, remember, unexplained_moves, within_reach
from domain.orders.book import OrderBook
from domain.orders.effects import Alarm, Effect, Happened, SendCancel
from domain.orders.executions import Executions
from domain.orders.record import OrderRecord
from messages.gateway import BrokerCommission, BrokerExecution, BrokerOrder, BrokerSnapshot
from messages.order import OrderClaimedEvent, OrderResolved, OrderStatus
from messages.position import BrokerHolding

__all__ = ["Difference", "Reconciliation", "believe", "reconcile"]

_WORKS = ("PreSubmitted", "Submitted")
_CANCELLING = ("PendingCancel", "PreCancelled")
_LIVES = (*_WORKS, *_CANCELLING, "ApiPending", "PendingSubmit", "Inactive")
_ZERO = Decimal(0)
_PATIENCE = 4  # snapshots for which executions may be late, though orders in doubt cannot have moved the position so
_UNEXPLAINED = 2  # snapshots after which an order that none of them shows is not taken for live any more


@frozen(slots=True)
class Difference:
    """Something the broker's lists knew otherwise than the book."""

    symbol: str
    text: str
    order_ref: str = ""
    perm_id: int = 0


@frozen(slots=True)
class Reconciliation:
    """What came of it. `again` says why another snapshot is needed soon, "" where none is.

    `apart` holds symbol → broker's position less the sum of executions, `offsets` what of that is to be given to the
    next one.
    """

    effects: tuple[Effect, ...]
    differences: tuple[Difference, ...]
    holdings: tuple[tuple[str, BrokerHolding], ...]
    offsets: Offsets
    apart: dict[str, Decimal]
    again: str


@frozen(slots=True)
class _Before:
    """What the book knew of an order before the snapshot spoke of it."""

    record: OrderRecord
    status: OrderStatus
    epoch: int


def reconcile(
    book: OrderBook,
    snapshot: BrokerSnapshot,
    account: str,
    at: datetime,
    *,
    offsets: Offsets | None = None,
    held: Iterable[str] = (),
) -> Reconciliation:
    """Bring the book up to the snapshot.

    `offsets` are those of the snapshot before, `held` the symbols whose holdings were told before. Raises ValueError
    for a snapshot that is not complete.
    """
    conclusive = snapshot.conclusive
    open_orders, completed, executions = snapshot.open_orders, snapshot.completed_orders, snapshot.executions
    if open_orders is None or completed is None or executions is None or snapshot.positions is None:
        raise ValueError("a list without its end marker is unknown, not empty")
    known: dict[str, _Before] = {}
    for record in book.live():
        _note(known, record)
    externals = {record.perm_id for record in book.external()}
    effects: list[Effect] = []
    differences: list[Difference] = []
    ended = _fold(book, snapshot, at, known, effects, differences)
    shown: dict[str, BrokerOrder] = {}
    foreign: set[int] = set()
    for echo in open_orders:
        _note(known, book.find(echo.order_ref, echo.perm_id, echo.client_id, echo.epoch, echo.order_id))
        effects += book.apply(echo, at)
        found = book.find(echo.order_ref, echo.perm_id, echo.client_id, echo.epoch, echo.order_id)
        if found is not None:
            shown[found.order_ref] = echo
            continue
        foreign.add(echo.perm_id)
        if echo.perm_id not in externals:
            text = f"external order: {echo.side} {echo.quantity} {echo.order_type} of client {echo.client_id}"
            differences.append(Difference(echo.symbol, text, echo.order_ref, echo.perm_id))
    book.keep_external(foreign)
    spoken = {
        found.order_ref: status.status
        for status in snapshot.statuses
        if status.status in _LIVES
        and (found := book.find("", status.perm_id, status.client_id, status.epoch, status.order_id)) is not None
    }

    holdings, now = _holdings(book, snapshot, account, held)
    moved = unexplained_moves(now, offsets)
    unseen = [each.record for ref, each in known.items() if ref not in shown and ref not in spoken]
    ahead = moved.keys() - caught_up(now, offsets)
    theirs = within_reach(moved, unseen) & ahead
    undecided: set[str] = set()
    again = ""
    for ref, before in known.items():
        record = before.record
        echo_open = shown.get(ref)
        concluded: list[OrderResolved | Effect] = []
        doubt = ""
        if echo_open is not None and not conclusive:
            record.missing = record.unexplained = 0
        elif echo_open is not None:
            concluded, doubt = _seen_open(record, before, echo_open, snapshot.epoch)
        elif ref in spoken:
            record.missing = record.unexplained = 0
            if _unheard(record, spoken[ref]):
                concluded = [SendCancel(ref)]
        elif not record.status.done:
            witnessed = (
                (ref in ended and not _one_of_several(record, ended[ref]))
                or not conclusive
                or (record.symbol in moved and (record.symbol in theirs or record.unexplained < _PATIENCE))
            )
            concluded, doubt = _seen_nowhere(record, before, snapshot.epoch, witnessed=witnessed)
        elif record.short_of_claim:
            record.unexplained += 1
        if conclusive and echo_open is None and record.unexplained >= _UNEXPLAINED:
            end = None if record.symbol in ahead else _corrected(record, ended.get(ref), book.executions)
            if end is not None:
                concluded, doubt = [end], ""
            elif doubt and not record.status.done:
                effects += book.doubt(record, doubt)
        if doubt and echo_open is None:
            undecided.add(record.symbol)
        for conclusion in concluded:
            effects += book.apply(conclusion, at) if isinstance(conclusion, OrderResolved) else [conclusion]
        again = again or doubt
        if (difference := _changed(before)) is not None:
            differences.append(difference)
    remembered = remember(now, offsets, undecided & moved.keys())
    return Reconciliation(tuple(effects), tuple(differences), holdings, remembered, now, again)


def believe(book: OrderBook, snapshot: BrokerSnapshot, at: datetime) -> tuple[list[Effect], list[Difference]]:
    """Take what an incomplete snapshot says: what it lacks means nothing, and what has ended has ended."""
    effects: list[Effect] = []
    differences: list[Difference] = []
    known: dict[str, _Before] = {}
    _fold(book, snapshot, at, known, effects, differences)
    differences += (difference for each in known.values() if (difference := _changed(each)) is not None)
    return effects, differences


def _fold(
    book: OrderBook,
    snapshot: BrokerSnapshot,
    at: datetime,
    known: dict[str, _Before],
    effects: list[Effect],
    differences: list[Difference],
) -> dict[str, BrokerOrder]:
    """Take executions, commissions and completed orders; return those of the last that say something new, by their
    order_ref."""
    for execution in snapshot.executions or ():
        _note(known, book.find(execution.order_ref, execution.perm_id))
        learned = book.apply(BrokerExecution(snapshot.epoch, execution), at)
        if learned:
            text = f"execution {execution.exec_id}: {execution.side} {execution.quantity} at {execution.price}"
            differences.append(Difference(execution.symbol, text, execution.order_ref, execution.perm_id))
        effects += learned
    for commission in snapshot.commissions:
        effects += book.apply(BrokerCommission(snapshot.epoch, commission), at)
    ended: dict[str, BrokerOrder] = {}
    for echo in snapshot.completed_orders or snapshot.also_completed:
        found = book.find(echo.order_ref, echo.perm_id)
        if found is not None and not _old(found, echo):
            _note(known, found)
            ended[found.order_ref] = echo
            effects += book.apply(echo, at)
    return ended


def _changed(before: _Before) -> Difference | None:
    record = before.record
    if record.status is before.status:
        return None
    return Difference(record.symbol, f"{before.status} → {record.status}", record.order_ref, record.perm_id)


def _note(known: dict[str, _Before], record: OrderRecord | None) -> None:
    if record is not None:
        known.setdefault(record.order_ref, _Before(record, record.status, record.epoch))


def _old(record: OrderRecord, echo: BrokerOrder) -> bool:
    """Whether a completed order is known to be just that: TWS lists those of the whole day each time."""
    if not (record.finished and echo.perm_id in record.perms):
        return False
    filled = echo.quantity if echo.filled is None else echo.filled
    word = "Filled" if record.status is OrderStatus.FILLED else "Cancelled"
    return echo.status == word and filled <= record.filled_once


def _enough(last_epoch: int, epoch: int, count: int) -> bool:
    """Whether that many snapshots in a row prove it: see the module."""
    return count >= (1 if last_epoch < epoch else 2)


def _seen_open(
    record: OrderRecord, before: _Before, echo: BrokerOrder, epoch: int
) -> tuple[list[OrderResolved | Effect], str]:
    record.missing = record.unexplained = 0
    if record.status is OrderStatus.FILLED:
        return [], ""
    if before.status.done and record.status.done:
        record.stale += 1
        if not _enough(before.epoch, epoch, record.stale):
            return [], f"{record.order_ref} is {record.status} and listed as open"
        record.stale = 0
        text = f"believed {before.status}, and the broker's complete list shows it {echo.status}"
        record.outlived.add("order.revived")  # the alarm ends with the order
        return [
            OrderResolved(record.order_ref, OrderStatus.ACCEPTED, text, perm_id=echo.perm_id),
            Alarm("order.revived", text, record.symbol, record.order_ref),
        ], ""
    idle: list[OrderResolved | Effect] = []
    if echo.status in _WORKS:
        record.rejection = None
        if record.claimed_whole or record.claimed > record.filled_once:
            # complete executions do not bear the claim out, and the order still rests: it was idle talk (INC-21)
            record.claimed, record.claimed_whole = record.filled_once, False
            idle.append(Happened(record.symbol, OrderClaimedEvent(record.view())))
    if _unheard(record, echo.status):
        return [*idle, SendCancel(record.order_ref)], ""
    if record.wanted is None or record.queued:
        record.stale = 0
        return idle, ""
    record.stale += 1
    if not _enough(record.request_epoch, epoch, record.stale):
        return idle, f"the modification of {record.order_ref} is not in force yet"
    evidence = "complete lists show the earlier terms: the modification is not in force"
    return [*idle, OrderResolved(record.order_ref, OrderStatus.ACCEPTED, evidence)], ""


def _one_of_several(record: OrderRecord, echo: BrokerOrder) -> bool:
    """Whether it has ended, and says nothing of the other orders that one intent has become (INC-08)."""
    return record.twofold and not record.perms.get(echo.perm_id, True)


def _corrected(record: OrderRecord, echo: BrokerOrder | None, executions: Executions) -> OrderResolved | None:
    """The end of an order whose corrected executions are all there will be: see the module."""
    if echo is None or echo.filled != record.filled or not any(executions.corrected(base) for base in record.bases):
        return None
    ended = OrderStatus.FILLED if echo.status == "Filled" else OrderStatus.CANCELLED
    status = record.status if record.status.done else ended
    evidence = f"completed with {record.filled} filled, as its corrected executions say"
    return OrderResolved(record.order_ref, status, evidence, settled=True)


def _unheard(record: OrderRecord, word: str) -> bool:
    """Whether a cancellation has left, and the broker's word does not show it."""
    return record.cancel_wanted and not record.queued and word not in _CANCELLING


def _seen_nowhere(
    record: OrderRecord, before: _Before, epoch: int, *, witnessed: bool
) -> tuple[list[OrderResolved | Effect], str]:
    if record.queued:
        return [], ""
    if witnessed or record.short_of_claim:
        record.missing = 0
        record.unexplained += 1
        return [], f"{record.order_ref}: executions are missing, or the lists cannot tell"
    record.missing += 1
    if not _enough(epoch if record.acknowledged else before.epoch, epoch, record.missing):
        return [], f"{record.order_ref} is in no list"
    count = "one snapshot" if record.missing == 1 else f"{record.missing} snapshots"
    evidence = f"absent from open orders, completed orders and executions in {count} of connection {epoch}"
    if record.rejection is not None and record.filled_once == 0:
        status = OrderStatus.REJECTED
    elif not record.acknowledged:
        status = OrderStatus.NOT_SENT
    else:
        status = OrderStatus.CANCELLED if record.cancel_wanted else OrderStatus.EXPIRED
    return [OrderResolved(record.order_ref, status, evidence)], ""


def _holdings(
    book: OrderBook, snapshot: BrokerSnapshot, account: str, held: Iterable[str]
) -> tuple[tuple[tuple[str, BrokerHolding], ...], dict[str, Decimal]]:
    """Holdings of every symbol that either side knows of (INC-34), and what executions do not explain of each."""
    quantity: dict[str, Decimal] = {}
    cost: dict[str, Decimal] = {}
    for position in snapshot.positions or ():
        if account and position.account != account:
            continue
        quantity[position.symbol] = quantity.get(position.symbol, Decimal(0)) + position.quantity
        cost[position.symbol] = position.average_cost
    net = book.executions.net()
    symbols = {symbol for symbol, amount in net.items() if amount}
    symbols |= {symbol for symbol, amount in quantity.items() if amount}
    symbols |= {record.symbol for record in book.live()}
    symbols |= set(held)
    holdings = tuple(
        (symbol, BrokerHolding(snapshot.epoch, quantity.get(symbol, Decimal(0)), cost.get(symbol, Decimal(0))))
        for symbol in sorted(symbols)
    )
    offsets = {
        symbol: quantity.get(symbol, Decimal(0)) - net.get(symbol, Decimal(0))
        for symbol in sorted(quantity.keys() | net.keys())
    }
    return holdings, offsets
