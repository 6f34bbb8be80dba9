"""The paper TWS: the clients that are connected, and what the venue tells each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from config.environment import Environment
from simulator.contracts import ContractBook
from simulator.model import (
    Charged,
    Executed,
    Execution,
    Order,
    OrderChanged,
    OrderError,
    PositionChanged,
    Ticked,
    VenueEvent,
)
from simulator.server.entitlements import Entitlements
from simulator.server.history_pacing import HistoryPacing
from simulator.server.order_ids import OrderIds
from simulator.server.pacing import PacingLimits
from simulator.server.quote_board import QuoteBoard
from simulator.server.session import Session
from simulator.server.transport import Transport
from simulator.wire import session_answers as say
from simulator.wire.order_answers import order_bound

if TYPE_CHECKING:
    from simulator.faults import FaultEngine
    from simulator.venue import Venue

__all__ = ["FARM_NOTICES", "MOST_CLIENTS", "PaperTws"]

MOST_CLIENTS = 32
FARM_NOTICES = (
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
)
SERVERS_LOST = (
    2110,
    "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
)
"""What a client hears that connects meanwhile."""


class PaperTws:
    """Serves any number of links; has no I/O of its own. Not safe for threads: use it from one."""

    def __init__(
        self,
        venue: Venue,
        contracts: ContractBook,
        environment: Environment,
        *,
        accounts: Sequence[str] = ("DU1234567",),
        calendar: str = "always",
        pacing: PacingLimits | None = None,
        master_client_id: int | None = None,
    ) -> None:
        """`master_client_id` sees the orders and executions of all clients (TWS's API setting of that name)."""
        self.venue = venue
        self.contracts = contracts
        self.environment = environment
        self.accounts = tuple(accounts)
        self.calendar = calendar
        self.pacing = pacing or PacingLimits()
        self.master_client_id = master_client_id
        self.order_ids = OrderIds()
        self._hand_ids = count(-1, -1)
        self.entitlements = Entitlements()
        self.history_pacing = HistoryPacing()
        self.board = QuoteBoard(venue.quote, venue.past)
        self.bound: set[int] = set()  # order ids of orders made by hand that client 0 has bound
        self.binding = False  # whether client 0 binds them as they come
        self.faults: FaultEngine | None = None
        self.down = False  # no client is taken
        self.servers_lost = False  # between 1100 and 1101 or 1102
        self.lost_orders: set[int] = set()  # permIds that a restart has made unknown
        self.lost_executions: set[str] = set()
        self._paid: dict[int, dict[str, Decimal]] = {}  # permId → execution, without its version → commission
        self._links: dict[Session, None] = {}  # in order of arrival: what is done to all is done in that order
        self._clients: dict[int, Session] = {}
        self.stirred: Callable[[], object] = lambda: None
        """Called when `due` may have come nearer, other than by an event of the venue."""
        venue.subscribe(self._on_event)

    # clients

    def connect(self, transport: Transport) -> Session:
        """Accept a link; its bytes go to the session's `feed`, its end to `lost`. While down, end it at once."""
        session = Session(self, transport)
        self._links[session] = None
        if self.down:
            session.end()
        return session

    @property
    def clients(self) -> list[Session]:
        """The sessions that have started their API, in order of client id."""
        return [self._clients[client_id] for client_id in sorted(self._clients)]

    @property
    def full(self) -> bool:
        """Whether no further client is taken."""
        return len(self._clients) >= MOST_CLIENTS

    def session_of(self, client_id: int) -> Session | None:
        """Return the session that uses this client id now."""
        return self._clients.get(client_id)

    def welcome(self, session: Session) -> None:
        """Begin serving a client that has started its API."""
        self._clients[session.client_id] = session
        session.send(say.managed_accounts(self.accounts))
        session.send(say.next_valid_id(self.order_ids.next_valid))
        for code, text in (SERVERS_LOST,) if self.servers_lost else FARM_NOTICES:
            session.error(-1, code, text)

    def forget(self, session: Session) -> None:
        """A link is gone."""
        self._links.pop(session, None)
        if self._clients.get(session.client_id) is session:
            del self._clients[session.client_id]

    # orders made by hand

    def place_by_hand(self, order: Order) -> None:
        """Place an order as a person does in TWS: it belongs to client 0 and has no id until that has bound it."""
        order.client_id = 0
        order.order_id = next(self._hand_ids)
        if self.binding:
            self.bound.add(order.order_id)
        self.venue.place(order)

    def bind(self, order: Order) -> None:
        """Let client 0 manage an order made by hand under its negative id."""
        if order.order_id < 0 and order.order_id not in self.bound:
            self.bound.add(order.order_id)
            owner = self._clients.get(0)
            if owner is not None:
                owner.send(order_bound(order.perm_id, 0, order.order_id))

    # restarts

    def go_down(self, *, abruptly: bool = False) -> None:
        """End every link, and take no client until `come_up`."""
        self.down = True
        for session in list(self._links):
            if abruptly:
                session.abort()
            else:
                session.end()

    def restart(self, next_id: int | None, keep: Sequence[Order], *, executions: bool) -> None:
        """Go on as after a restart: open orders not in `keep` are gone, ids begin at `next_id`.

        Without `next_id` they go on. With `executions` False, those so far are no longer told.
        """
        survivors = {order.perm_id for order in keep}
        self.lost_orders |= {
            order.perm_id for order in self.venue.orders.values() if not order.done and order.perm_id not in survivors
        }
        if not executions:
            self.lost_executions |= {execution.exec_id for execution in self.venue.executions}
        self.venue.restart_gateway(survivors)
        self.order_ids.restart(next_id or self.order_ids.next_valid, list(keep))

    def resume(self, next_id: int, highest: Mapping[int, int]) -> None:
        """Go on from a venue that has been resumed, with the next order id and the highest of each client."""
        self.order_ids.resume(next_id, highest)
        for order in self.venue.orders.values():
            if self.venue.find(order.client_id, order.order_id) is order:
                self.order_ids.remember(order)
        for execution in self.venue.executions:
            self._note_paid(execution, self.venue.commissions[execution.exec_id].amount)
        lowest = min((order.order_id for order in self.venue.orders.values()), default=0)
        self._hand_ids = count(min(lowest, 0) - 1, -1)

    def come_up(self) -> None:
        """Take clients again."""
        self.down = False

    def notice(self, code: int, text: str) -> None:
        """Tell every client a notice that answers no request, such as 1100."""
        for session in self.clients:
            session.error(-1, code, text)

    def advance(self, now: datetime) -> None:
        """Send what is due by the clock; call it when that is `due`, or some times a second."""
        for session in self.clients:
            session.advance(now)

    @property
    def due(self) -> datetime | None:
        """When `advance` will have something to send, in the past for as soon as may be; None for not by the clock."""
        return min((due for one in self._clients.values() if (due := one.due) is not None), default=None)

    # the venue

    def audience(self, client_id: int) -> Iterable[Session]:
        """Return who is told about an order of this client: the client, and the master if it is another."""
        for wanted in dict.fromkeys((client_id, self.master_client_id)):
            if wanted is not None and (session := self._clients.get(wanted)) is not None:
                yield session

    def commission_paid(self, perm_id: int) -> Decimal:
        """Return what an order's fills have cost so far."""
        return sum(self._paid.get(perm_id, {}).values(), Decimal(0))

    def _on_event(self, event: VenueEvent) -> None:
        match event:
            case Ticked():
                self.board.tick(event)
            case OrderChanged(order):
                self.order_ids.remember(order)
                self._tell(self.audience(order.client_id), event)
            case OrderError():
                owner = self._clients.get(event.client_id)
                self._tell([owner] if owner else [], event)
            case Executed(_, execution):
                self._tell(self.audience(execution.client_id), event)
            case Charged(commission, execution):
                self._note_paid(execution, commission.amount)
                self._tell(self.audience(execution.client_id), event)
            case PositionChanged():
                self._tell(self.clients, event)

    def _note_paid(self, execution: Execution, amount: Decimal) -> None:
        identity = execution.exec_id.rpartition(".")[0]
        self._paid.setdefault(execution.perm_id, {})[identity] = amount

    def _tell(self, sessions: Iterable[Session], event: VenueEvent) -> None:
        for session in list(sessions):
            session.hear(event)
