"""One connection after its handshake: who is told what comes in, and what is kept going meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Protocol

import trio
from ib_insync.contract import ContractDetails
from ib_insync.objects import BarData

from actors.gateway.account import AccountDesk
from actors.gateway.bars import BarDesk
from actors.gateway.feeds import NO_LINE_LEFT, FeedDesk
from actors.gateway.instruments import ContractDesk
from actors.gateway.last_gate import MAX_ORDER_ID
from actors.gateway.liveness import RoundTrips
from actors.gateway.notices import Meaning, meaning_of
from actors.gateway.outlets import Outlets
from actors.gateway.rates import RateDesk
from actors.gateway.sender import Sender
from actors.gateway.snapshot import SnapshotDesk
from actors.gateway.what_if import WhatIfDesk
from actors.ib.client import WireClient
from actors.ib.wrapper import Listing, Wrapper
from actors.runtime.items import TickBatch
from config.settings import Settings
from messages.gateway import (
    AccountPnl,
    AccountValue,
    BrokerCommission,
    BrokerError,
    BrokerExecution,
    BrokerOrder,
    BrokerOrderStatus,
    BrokerPosition,
)
from messages.order import Commission, Execution
from messages.what_if import WhatIfAnswer

__all__ = ["NoticeHandler", "Session"]

# of wire messages, by their ids: those whose loss leaves an order, a fill or a list unknown
_ROWS = {"5": Listing.OPEN_ORDERS, "101": Listing.COMPLETED_ORDERS, "11": Listing.EXECUTIONS, "61": Listing.POSITIONS}
_ABOUT_ORDERS = {*_ROWS, "3", "4", "53", "55", "59", "62", "102"}


class NoticeHandler(Protocol):
    """Who acts on what TWS says about the link."""

    def __call__(self, session: Session, *, lost_data: bool, reason: str) -> None:
        """`lost_data` says that subscriptions must be made anew."""


class Session:
    """The receiver of one connection, from its first byte on; orders are told everything about orders at once, in the
    order of arrival, whatever else goes on (INC-01).

    `closed` is set when the connection has ended, `reason` then says why. `failure` is what this side raised.
    """

    def __init__(
        self,
        epoch: int,
        settings: Settings,
        connection: object,
        *,
        sender: Sender,
        feeds: FeedDesk,
        bars: BarDesk,
        rates: RateDesk,
        what_ifs: WhatIfDesk,
        outlets: Outlets,
        on_round_trip: Callable[[float, int], None],
        on_notice: NoticeHandler,
        on_line_refused: Callable[[str], None],
        timeout: float,
    ) -> None:
        """`on_round_trip` is called with the seconds that it took and TWS's time, `on_notice` when `degraded` has
        changed and when a snapshot is needed, `on_line_refused` with the symbol for which TWS had no market data line
        left."""
        self.epoch = epoch
        self.wrapper = Wrapper(epoch, self, feeds.routes, self._publish)
        self.client = WireClient(self.wrapper, connection)
        self.trips = RoundTrips(settings.broker.liveness_seconds)
        self.snapshot = SnapshotDesk(epoch, self.client, sender, self.next_request_id, timeout)
        self.contracts = ContractDesk(self.client, sender, self.next_request_id, timeout)
        self.account = AccountDesk(self.client, sender, self.next_request_id, outlets)
        self.closed = trio.Event()
        self.reason = ""
        self.failure: Exception | None = None
        self.degraded = ""
        self.outages = 0  # how often TWS has lost IB
        self.reconciled = False  # whether a complete snapshot was told since the link to IB stands
        self.refused_until = 0.0
        self.last_error = ""  # the last one before the handshake was done: why it was not
        self.undecoded = 0
        self.handshake: trio.CancelScope | None = None  # cancelled when the connection ends meanwhile
        self._sender = sender
        self._feeds = feeds
        self._bars = bars
        self._rates = rates
        self._what_ifs = what_ifs
        self._outlets = outlets
        self._on_round_trip = on_round_trip
        self._on_notice = on_notice
        self._on_line_refused = on_line_refused
        self._request_ids = count(MAX_ORDER_ID + 1)
        self._on_disconnected = self._disconnected
        connection.disconnected += self._on_disconnected  # type: ignore[attr-defined]

    def next_request_id(self) -> int:
        """Return an id that no order and no earlier request of this connection has."""
        return next(self._request_ids)

    def ask_time(self) -> None:
        """Write a heartbeat."""
        try:
            self.client.reqCurrentTime()
        except ConnectionError as error:
            self.end(str(error))

    def end(self, reason: str) -> None:
        """Cut the connection now."""
        self._close(reason)
        self.client.conn.abort()

    def _publish(self, ticks: TickBatch) -> None:
        self._outlets.publish(ticks, self.trips.since(trio.current_time()))

    # orders and fills

    def what_if(self, answer: WhatIfAnswer) -> None:
        self._what_ifs.answered(answer)

    def open_order(self, order: BrokerOrder) -> None:
        self._what_ifs.shown(order)
        self.snapshot.open_order(order)
        self._outlets.orders(order)

    def completed_order(self, order: BrokerOrder) -> None:
        self.snapshot.completed_order(order)

    def order_status(self, status: BrokerOrderStatus) -> None:
        self.snapshot.order_status(status)
        self._outlets.orders(status)

    def execution(self, request_id: int, execution: Execution) -> None:
        # those of a list are told as well: a fill is a fact, whether or not the list ever ends
        self.snapshot.execution(request_id, execution)
        self._outlets.orders(BrokerExecution(self.epoch, execution))

    def commission(self, commission: Commission) -> None:
        self.snapshot.commission(commission)
        self._outlets.orders(BrokerCommission(self.epoch, commission))

    def position(self, position: BrokerPosition) -> None:
        self.snapshot.position(position)

    def listing_ended(self, listing: Listing, request_id: int) -> None:
        self.snapshot.ended(listing, request_id)

    # contracts, the account, the link

    def contract_details(self, request_id: int, details: ContractDetails) -> None:
        self.contracts.details(request_id, details)

    def contract_details_ended(self, request_id: int) -> None:
        self.contracts.ended(request_id)

    def market_rule(self, rule_id: int, bands: list[tuple[Decimal, Decimal]]) -> None:
        self.contracts.market_rule(rule_id, bands)

    def account_value(self, value: AccountValue) -> None:
        self.account.value(value)

    def account_pnl(self, pnl: AccountPnl) -> None:
        self._outlets.portfolio(pnl)

    def current_time(self, seconds: int) -> None:
        took = self.trips.answered(trio.current_time())
        if took is not None:
            self._on_round_trip(took, seconds)
        self._sender.pump()

    # Ticks. The batch so far goes first, so that a position hears of them in order.

    def odd_tick(self, request_id: int, kind: int, price: float, size: float) -> None:
        self.wrapper.flush()
        if not self._rates.tick(request_id, kind, price):
            self._feeds.odd_tick(request_id, kind, price, size, self.wrapper.ticks)

    def halted(self, request_id: int, value: float) -> None:
        self.wrapper.flush()
        self._feeds.halted(request_id, value)

    def market_data_type(self, request_id: int, kind: int) -> None:
        self.wrapper.flush()
        self._feeds.data_type(request_id, kind)

    # bars

    def past_bar(self, request_id: int, bar: BarData) -> None:
        self._bars.past(request_id, bar)

    def past_bars_ended(self, request_id: int) -> None:
        self._bars.past_ended(request_id)

    def bar_update(self, request_id: int, bar: BarData) -> None:
        self._bars.update(request_id, bar)

    # what went wrong

    def error(self, about: int, code: int, text: str) -> None:
        if about > MAX_ORDER_ID:
            self.wrapper.flush()
            if (
                self.contracts.refused(about, code, text)
                or self._bars.refused(about, code, text)
                or self._rates.refused(about, f"{code} {text}")
            ):
                return
            symbol = self._feeds.refused(about, code, text)
            if not symbol:
                self._outlets.notice(code, f"request {about}: {text}")
            elif code == NO_LINE_LEFT:
                self._on_line_refused(symbol)
        elif about in (-1, 0):
            self._notice(code, text)
        elif not self._what_ifs.refused(about, code, text):
            self._outlets.orders(BrokerError(self.epoch, about, code, text))

    def undecodable(self, kind: str, fields: list[str], error: Exception) -> None:
        self.undecoded += 1
        self._outlets.notice(0, f"message {kind} of {len(fields)} fields cannot be read: {error!r}")
        if kind in _ROWS:
            self.snapshot.spoil(_ROWS[kind])
        if kind in _ABOUT_ORDERS:
            self._on_notice(self, lost_data=False, reason=f"message {kind} could not be read")

    def failed(self, error: Exception) -> None:
        self.failure = self.failure or error
        self.end(f"the gateway failed: {error!r}")

    def _notice(self, code: int, text: str) -> None:
        self.last_error = f"{code} {text}"
        self._outlets.notice(code, text)
        match meaning_of(code):
            case Meaning.LINK_DOWN:
                self.degraded = f"{code} {text}"
                self.outages += 1
                self._outlets.alarm("broker.degraded", self.degraded)
                self._on_notice(self, lost_data=False, reason=self.degraded)
            case Meaning.RESTORED | Meaning.RESTORED_EMPTY as restored:
                self.degraded = ""
                self._outlets.clear("broker.degraded")
                self._on_notice(self, lost_data=restored is Meaning.RESTORED_EMPTY, reason=f"{code} {text}")
            case Meaning.CLIENT_ID_IN_USE:
                self._outlets.alarm("broker.client_id_in_use", text)
            case Meaning.RATE_EXCEEDED:
                # our own budget lies below TWS's: this should not happen, so nothing is added to it for a while
                self.refused_until = trio.current_time() + 60.0
                self._outlets.alarm("broker.rate_exceeded", text)
            case Meaning.ACCOUNT_DATA_LOST:
                self._outlets.alarm("broker.account_data_lost", text)
            case Meaning.NOTHING:
                pass

    def _disconnected(self, text: str) -> None:
        self._close(text or "the broker closed the connection")

    def _close(self, reason: str) -> None:
        if not self.closed.is_set():
            self.reason = reason
            self.closed.set()
            self._sender.close(reason)
            if self.handshake is not None:
                self.handshake.cancel()
