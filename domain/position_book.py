"""A position as the journal and the order events tell it: plan, fills, own orders, what earlier ones leave behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from attrs import evolve

from domain.exit_levels import tighter
from domain.exits import ExitReason
from domain.position import Ledger
from messages.order import (
    Commission,
    CommissionBooked,
    Execution,
    ExecutionBooked,
    OrderIntended,
    OrderRequest,
    OrderStatus,
    OrderView,
    Role,
    Side,
)
from messages.position import (
    ExitPlan,
    ExitsAdjusted,
    PositionClosed,
    PositionClosing,
    PositionPlanned,
    PositionScaled,
    PositionStatus,
)

__all__ = ["KEPT", "MOVES", "TRAILING", "HistoryNeeded", "PositionBook", "requested"]

TRAILING = "trailing"
"""Source of an ExitsAdjusted that only notes where the broker's trailing stop stands; the plan stays."""
KEPT = "kept"
"""Source of one that keeps the stop where it stood, when a rule would have loosened it."""
MOVES = frozenset({ExitReason.TRAILING_STOP.value, ExitReason.BREAK_EVEN.value, ExitReason.STEP.value, KEPT})
"""Sources of an ExitsAdjusted by which the stop is moved, and never loosened; the plan stays."""

_NEVER_RESTED = (OrderStatus.REJECTED, OrderStatus.NOT_SENT, OrderStatus.EXPIRED)
_REFUSED = (OrderStatus.REJECTED, OrderStatus.NOT_SENT, OrderStatus.DENIED)
_KEPT = 1000  # ids of signals and fills that a checkpoint carries on


class HistoryNeeded(Exception):
    """A record refers to what lies before the checkpoint: the whole stream must be read."""


def requested(request: OrderRequest) -> OrderView:
    """Return the view of an order that was asked for and of which nothing is known yet."""
    return OrderView(
        order_ref=request.order_ref,
        symbol=request.symbol,
        role=request.role,
        side=request.side,
        quantity=request.quantity,
        filled=Decimal(0),
        order_type=request.order_type,
        status=OrderStatus.CREATED,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        trailing_pct=request.trailing_pct,
        trailing_amount=request.trailing_amount,
        tif=request.tif,
        parent_ref=request.parent_ref,
        oca_group=request.oca_group,
        position_id=request.position_id,
    )


class PositionBook:
    """State of one symbol's position. Pure: told facts, asked questions, sends nothing."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.plan: PositionPlanned | None = None
        self.previous: PositionPlanned | None = None  # the plan of the position that closed last
        self.exits = ExitPlan()
        self.trailed_to: Decimal | None = None  # where the broker's trailing stop stood when last noted
        self.floor: Decimal | None = None  # no stop is looser than that
        self.moved_by = ""  # what moved the stop last: an ExitReason, or KEPT
        self.first_generation = 1  # of the OCA groups of this position
        self.filled_before: dict[str, Decimal] = {}  # exit → what it had filled when the targets were planned
        self.ledger = Ledger()
        self.orders: dict[str, OrderView] = {}  # own order_ref → how it stands
        self.signal_ids: dict[str, None] = {}
        self.settled: dict[str, None] = {}  # execId bases of positions that have closed
        self.held = False  # whether anything has filled since the position was planned
        self.last_reduction: tuple[Role | None, str, Execution] | None = None  # role, order_ref, fill
        self.last_role: Role | None = None  # of the last fill booked; None for somebody else's
        self.closing: PositionClosing | None = None  # the command to go flat that stands
        self._scalings: list[PositionScaled] = []

    # reading

    @property
    def quantity(self) -> Decimal:
        """Signed."""
        return self.ledger.quantity

    @property
    def side(self) -> Side:
        """The plan's side; without a plan that of the holding."""
        if self.plan is not None:
            return self.plan.side
        return Side.BUY if self.quantity >= 0 else Side.SELL

    @property
    def wrong_side(self) -> bool:
        """Whether what is held lies on the other side than planned."""
        return self.plan is not None and self.quantity * self.plan.side.sign < 0

    def live(self, *roles: Role) -> Iterator[OrderView]:
        """Yield own orders of these roles that may still fill."""
        return (order for order in self.orders.values() if not order.status.done and order.role in roles)

    def all_exits(self) -> list[OrderView]:
        """Return own exit orders, done ones included."""
        return [order for order in self.orders.values() if order.role is not None and not order.role.adds_risk]

    def awaits_exit(self) -> bool:
        """Whether the broker says that an exit has filled whose execution is not here: less is held than it seems."""
        return any(order.awaited for order in self.all_exits())

    def deny_claims(self) -> None:
        """Take it that no exit has filled beyond its executions, until the broker says so once more."""
        for ref, order in self.orders.items():
            if order.awaited:
                self.orders[ref] = evolve(order, awaited=Decimal(0))

    def lost_legs(self) -> dict[str, OrderView]:
        """Return entry's reference → an exit of its bracket that the broker refused or never had.

        TWS holds a bracket until its last leg comes, so without that the entry may lie there untransmitted for ever;
        without its stop it would fill unprotected.
        """
        lost = (leg for leg in self.all_exits() if leg.status in _NEVER_RESTED)
        return {leg.parent_ref: leg for leg in lost if leg.parent_ref is not None}

    def done(self) -> bool:
        """Whether nothing is held and no own order may still fill."""
        return not self.quantity and all(order.status.done for order in self.orders.values())

    @property
    def settling(self) -> bool:
        """Whether corrections have changed what closed positions came to, and nothing is held."""
        return not self.quantity and self.ledger.only_amends

    @property
    def unsettled(self) -> bool:
        """Whether what was held without a plan, or corrected, is gone, and not closed yet: a new plan would lose it."""
        return self.plan is None and self.held and not self.quantity

    def status(self, *, closing: bool, armed: bool) -> PositionStatus:
        """Return where the position is in its life."""
        if self.plan is None:
            return PositionStatus.OPEN if self.quantity else PositionStatus.CLOSED
        if closing:
            return PositionStatus.CLOSING
        entering = list(self.live(Role.ENTRY))
        if not self.quantity:
            if self.held or not entering:
                return PositionStatus.CLOSING if self.held else PositionStatus.PLANNED
            unsent = (OrderStatus.CREATED, OrderStatus.INTENDED)
            return PositionStatus.PLANNED if entering[0].status in unsent else PositionStatus.OPENING
        if entering:
            return PositionStatus.OPENING
        return PositionStatus.OPEN if armed else PositionStatus.ADJUSTING

    # facts

    def planned(self, fact: PositionPlanned) -> None:
        """Take a plan.

        What is held stays: an addition comes under the same id, a holding taken over under a new one.
        """
        if self.plan is None or self.plan.position_id != fact.position_id:
            self._clear(keep_fills=bool(self.quantity))
        self.plan = fact
        if fact.currency:
            self.ledger.multiplier = fact.multiplier
        self.exits = fact.exits
        if fact.signal_id is not None:
            self.signal_ids[fact.signal_id] = None

    def adjusted(self, fact: ExitsAdjusted) -> None:
        """Take another plan of exits, or the note of where the stop has been moved."""
        if fact.source == TRAILING:
            self.trailed_to = fact.exits.stop_loss_price
            self.moved_by = ExitReason.TRAILING_STOP.value
        elif fact.source in MOVES:
            self.floor = tighter(self.side, self.floor, fact.exits.stop_loss_price)
            self.moved_by = self.moved_by if fact.source == KEPT else fact.source
        else:
            if fact.exits.targets != self.exits.targets:
                self.filled_before = {order.order_ref: order.filled for order in self.all_exits()}
            self.exits = fact.exits
            self.trailed_to = self.floor = None
            self.moved_by = ""

    def scaled(self, fact: PositionScaled) -> None:
        """Take it that an order was made to add to the position."""
        self._scalings.append(fact)

    def times_scaled(self, kind: str) -> int:
        """Return how many orders of this kind were made for this position and not refused."""
        return sum(one.kind == kind and not self._refused(one.order_ref) for one in self._scalings)

    def has_scaled(self, kind: str, level: int) -> bool:
        """Whether an order of this kind and level was made for this position and not refused."""
        return any(
            one.kind == kind and one.level == level and not self._refused(one.order_ref) for one in self._scalings
        )

    def _refused(self, order_ref: str) -> bool:
        order = self.orders.get(order_ref)
        return order is not None and order.status in _REFUSED

    def note(self, view: OrderView) -> bool:
        """Take how an order stands; return whether it belongs to the current position."""
        if self.plan is None or view.position_id != self.plan.position_id:
            if view.order_ref in self.orders:  # of a position that somebody else has turned
                self.orders[view.order_ref] = view
            return False
        self.orders[view.order_ref] = view
        return True

    def knows_fill(self, execution: Execution) -> bool:
        """Whether this fill was booked in a position that has closed."""
        return execution.base in self.settled

    def book(
        self, execution: Execution, role: Role | None, position_id: str, replaces: Execution | None = None
    ) -> bool:
        """Book a fill or its new version; return False for one already known.

        A late fill of an order of the position that closed last revives its plan, so that it is protected again; a plan
        without exits protects nothing, and what is held then is managed by nobody; nor is a plan taken up while
        somebody else holds the other side. What a correction changes in one that has closed is a result of its own.
        """
        settling = replaces is not None and self.plan is None
        if replaces is None and (execution.base in self.settled or self.ledger.knows(execution)):
            return False
        before, previous = self.quantity, self.previous
        if self.plan is None and previous is not None and position_id == previous.position_id:
            turned = before * previous.side.sign < 0
            if not turned:
                self.revive(previous)
        booked = self.ledger.book(execution) if replaces is None else self.ledger.correct(execution, replaces)
        if booked:
            self.last_role = role
            self.held = self.held or bool(self.quantity) or bool(before) or settling
            if before and (abs(self.quantity) < abs(before) or self.quantity * before < 0):
                self.last_reduction = (role, execution.order_ref, execution)
        return booked

    def revive(self, plan: PositionPlanned) -> None:
        """Go on with the plan of a position that had closed, where it has exits.

        Its OCA groups are not known any more, and those that filled take nothing in: each had one of the fills that are
        counted in `settled`, so a later generation is a new one.
        """
        if plan.exits != ExitPlan():
            self.plan = plan
            self.exits = plan.exits
            self.closing = None
            self.first_generation = len(self.settled) + 1

    def charge(self, commission: Commission) -> bool:
        """Book the commission of a fill; return whether anything changed. After the close it is too late."""
        return commission.exec_id.rpartition(".")[0] not in self.settled and self.ledger.charge(commission)

    def closed(self, fact: PositionClosed) -> None:
        """Forget all that the record settles."""
        self.previous = self.plan or self.previous
        self.settled = dict.fromkeys(fact.exec_bases)
        self.signal_ids = dict.fromkeys(fact.signal_ids)
        self.plan = None
        self._clear()

    def closing_record(self, reason: str, day: str) -> PositionClosed:
        """Return the record that closes the position; it carries on what later events must be compared with."""
        bases = {**self.settled, **dict.fromkeys(self.ledger.bases)}
        return PositionClosed(
            position_id=self.plan.position_id if self.plan is not None else "",
            symbol=self.symbol,
            reason=reason,
            realized_pnl=self.ledger.realized_pnl,
            commission=self.ledger.commission,
            exec_bases=tuple(bases)[-_KEPT:],
            signal_ids=tuple(self.signal_ids)[-_KEPT:],
            day=day,
            left=self.quantity,
            left_at=self.ledger.average_price,
        )

    def adopt(self, views: Iterable[OrderView]) -> None:
        """Take the orders as `orders` knows them after a replay; what it does not name any more is over."""
        named = {view.order_ref: view for view in views}
        for order_ref, view in self.orders.items():
            if order_ref not in named:
                self.orders[order_ref] = evolve(view, status=OrderStatus.EXPIRED)
        for view in named.values():
            self.note(view)

    def _clear(self, *, keep_fills: bool = False) -> None:
        if not keep_fills:
            self.ledger = Ledger(self.ledger.multiplier)
            self.held = False
        self.orders = {}
        self.exits = ExitPlan()
        self.trailed_to = self.floor = None
        self.moved_by = ""
        self.filled_before = {}
        self.first_generation = 1
        self.last_reduction = None
        self.last_role = None
        self.closing = None
        self._scalings = []

    # replay

    @classmethod
    def replayed(cls, symbol: str, payloads: Iterable[Any], history: Iterable[Any] | None = None) -> PositionBook:
        """Return the book that these journal payloads of the symbol's stream (from a checkpoint on) lead to.

        Raises:
            HistoryNeeded: one of them refers to what lies before; give the whole stream as `history`.
        """
        book = cls(symbol)
        executions: dict[str, Execution] = {}
        plans: dict[str, PositionPlanned] = {}
        for payload in history or ():
            match payload:
                case ExecutionBooked():
                    executions[payload.execution.exec_id] = payload.execution
                case PositionPlanned():
                    plans[payload.position_id] = payload
        for payload in payloads:
            if isinstance(payload, ExecutionBooked) and book.plan is None and payload.position_id in plans:
                book.previous = plans[payload.position_id]
            book._replay(payload, executions, whole=history is not None)
        return book

    def _replay(self, payload: Any, executions: dict[str, Execution], *, whole: bool) -> None:
        match payload:
            case PositionPlanned():
                self.planned(payload)
            case ExitsAdjusted():
                self.adjusted(payload)
            case PositionClosing():
                self.closing = payload
            case PositionScaled():
                self.scaled(payload)
            case PositionClosed():
                self.closed(payload)
            case OrderIntended(request):
                self.note(requested(request))
            case ExecutionBooked():
                executions[payload.execution.exec_id] = payload.execution
                self._replay_fill(payload, executions, whole=whole)
            case CommissionBooked(_, commission):
                self.charge(commission)
            case _:
                # what the broker said about orders: `orders` replays that
                return

    def _replay_fill(self, fact: ExecutionBooked, executions: Mapping[str, Execution], *, whole: bool) -> None:
        replaces = executions.get(fact.replaces) if fact.replaces is not None else None
        orphan = bool(fact.position_id) and self.plan is None and self.previous is None
        if (orphan or (fact.replaces is not None and replaces is None)) and not whole:
            raise HistoryNeeded
        self.book(fact.execution, fact.role, fact.position_id, replaces)
        view = self.orders.get(fact.execution.order_ref)
        if view is not None and replaces is None:
            self.orders[view.order_ref] = evolve(view, filled=view.filled + fact.execution.quantity)
