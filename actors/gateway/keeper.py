"""Connects, serves the connection, and connects again."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import trio
import trio_asyncio
from attrs import evolve, frozen

from actors.gateway.backoff import BackOff
from actors.gateway.clock import ClockWatch
from actors.gateway.data_desk import DataDesk
from actors.gateway.errors import BrokerRefusedError, BrokerUnavailableError, LinkLostError
from actors.gateway.history import LinkHistory
from actors.gateway.order_desk import OrderDesk
from actors.gateway.outlets import Outlets
from actors.gateway.sender import Sender
from actors.gateway.session import Session
from actors.gateway.weighing import STAGE
from actors.gateway.what_if import OrderLink
from actors.runtime.measures import Measures
from config.environment import Environment
from config.logging import log
from config.settings import Settings
from messages.gateway import BrokerConnected, BrokerLost
from messages.verdict import GateVerdict

__all__ = ["LinkKeeper", "Timing"]

_ENDED_BY_A_CONNECTION = (
    *("broker.lost", "broker.degraded", "broker.client_id_in_use"),
    *("broker.rate_exceeded", "broker.account_data_lost"),
)
"""alarms"""


@frozen(slots=True, kw_only=True)
class Timing:
    """How long the gateway waits for things, in seconds."""

    answer: float = 10.0  # for the end of each list and each contract, from when it was asked for
    between_snapshots: float = 0.2
    after_incomplete: float = 60.0  # before the link is given up when two snapshots in a row are incomplete
    goodbye: float = 1.0  # for an orderly end of the connection


class LinkKeeper:
    """Keeps one connection to TWS, for ever: each has an epoch, a handshake, a snapshot, and an end."""

    def __init__(
        self,
        settings: Settings,
        environment: Environment,
        history: LinkHistory,
        *,
        outlets: Outlets,
        sender: Sender,
        orders: OrderDesk,
        data: DataDesk,
        connection_factory: Callable[[], Any],
        timing: Timing,
        measures: Measures,
    ) -> None:
        """`connection_factory()` makes a SocketConnection, or its twin in memory, for each attempt."""
        self.session: Session | None = None
        self.account = ""
        self.last_round_trip: datetime | None = None
        self.first_over = trio.Event()
        self.first_error: BrokerUnavailableError | None = None
        self._settings = settings
        self._environment = environment
        self._history = history
        self._outlets = outlets
        self._clock = ClockWatch(outlets)
        self._sender = sender
        self._orders = orders
        self._data = data
        self._connection_factory = connection_factory
        self._timing = timing
        self._measures = measures
        self._backoff = BackOff(environment.random)
        self._asked = trio.Event()
        self._why = ""  # the last snapshot was asked for
        self._incomplete = 0
        self._gap_since: float | None = None
        self._stopping = False

    async def run(self, first_connect: Literal["required", "retry"]) -> None:
        """Connect, serve, and connect again, until cancelled or closed.

        With a first connection that is required, `first_over` is set once it was made or `first_error` says why not.
        Raises BrokerRefusedError, and whatever the receiving side of a connection raised.
        """
        self._open_gap("the process has started")
        async with trio_asyncio.open_loop():
            failure = await self._cycle(first_connect == "required")
        if failure is not None:
            # raised out here: the loop's nursery would wrap it in a group
            raise failure

    async def _cycle(self, required: bool) -> Exception | None:
        """Return what ends the actor, or None after `close` and where the first connection is given up."""
        deadline = trio.current_time() + self._settings.broker.connect_timeout_seconds
        while not self._stopping:
            first = required and not self.first_over.is_set()
            try:
                session = await self._connect()
            except BrokerRefusedError as error:
                if not first:
                    return error
                self._give_up(error)
                return None
            except LinkLostError as error:
                if error.failure is not None:
                    return error.failure
                if first and (isinstance(error.__cause__, OSError) or trio.current_time() >= deadline):
                    self._give_up(BrokerUnavailableError(str(error)))
                    return None
                self._outlets.notice(502, str(error))
            else:
                self.first_over.set()
                await self._serve(session)
                if session.failure is not None:
                    return session.failure
            if not self._stopping:
                await trio.sleep(self._backoff.pause())
        return None

    def ask(self, reason: str) -> None:
        """Request a snapshot; requests that come while one is gathered are answered by one more."""
        self._why = reason
        self._asked.set()

    def ask_account(self) -> None:
        """Have the account told again; without a connection it will be told with the next."""
        if self.session is not None:
            self.session.account.subscribe(self.account)

    def entry_bar(self) -> str:
        """Return why no risk may be added now, as far as the link is concerned; '' where nothing stands against it."""
        return next((verdict.figures for verdict in self.entry_gates() if not verdict.passed), "")

    def entry_gates(self) -> tuple[GateVerdict, ...]:
        """Return what each gate of the link says of new risk now."""
        session = self.session
        if session is None:
            return (GateVerdict(STAGE, "connection", passed=False, figures="there is no connection to the broker"),)
        degraded = f"TWS has lost its link to IB: {session.degraded}" if session.degraded else ""
        listed = "" if session.reconciled else "the broker has not said yet what rests there"
        complained = trio.current_time() < session.refused_until
        rate = "TWS complained about the message rate within the last minute" if complained else ""
        now = self._environment.now()
        restarts = next((each for each in self._settings.broker.restart_windows if each.contains(now)), None)
        window = "" if restarts is None else f"TWS restarts in this window: {restarts}"
        return (
            GateVerdict(STAGE, "connection", passed=True, figures=f"connection {session.epoch}"),
            GateVerdict(STAGE, "link to IB", not degraded, degraded or "stands"),
            GateVerdict(STAGE, "broker's lists", not listed, listed or "told in this connection"),
            GateVerdict(STAGE, "message rate", not rate, rate or "no complaint within the last minute"),
            GateVerdict(STAGE, "restart window", not window, window or "TWS restarts at another time"),
        )

    async def close(self) -> None:
        """End the subscriptions and the connection in order. `run` returns then."""
        self._stopping = True
        session = self.session
        if session is None:
            return
        self._data.cancel_all(session, self._sender.available())
        session.client.disconnect()
        with trio.move_on_after(self._timing.goodbye):
            await session.closed.wait()
        session.end("the process stops")

    async def _connect(self) -> Session:
        broker = self._settings.broker
        session = Session(
            self._history.epoch + 1,
            self._settings,
            self._connection_factory(),
            sender=self._sender,
            feeds=self._data.feeds,
            bars=self._data.bars,
            rates=self._data.rates,
            what_ifs=self._orders.what_ifs,
            outlets=self._outlets,
            on_round_trip=self._round_trip,
            on_notice=self._notice,
            on_line_refused=self._data.line_refused,
            timeout=self._timing.answer,
        )
        connect = trio_asyncio.aio_as_trio(session.client.connectAsync)
        try:
            with trio.move_on_after(broker.connect_timeout_seconds) as limit:
                session.handshake = limit
                # without a time-out of its own: that would hide a refusal until it is over
                await connect(broker.host, broker.port, broker.client_id, 0)
            if not session.client.isReady():
                late = trio.current_time() >= limit.deadline
                reason = f"no answer within {broker.connect_timeout_seconds:g} s" if late else session.reason
                text = f"no session with {broker.host}:{broker.port}: {session.last_error or reason}"
                raise LinkLostError(text, session.failure)
            self.account = self._choose_account(session.client.getAccounts())
        except OSError as error:
            session.end(str(error))
            raise LinkLostError(f"cannot connect to {broker.host}:{broker.port}: {_plain(error)}") from error
        except BaseException:
            session.end("the handshake was given up")
            raise
        return session

    def _choose_account(self, accounts: list[str]) -> str:
        broker = self._settings.broker
        listed = ", ".join(accounts)
        if broker.account and broker.account not in accounts:
            raise BrokerRefusedError(f"broker.account {broker.account} is not one of this login's: {listed}")
        if not broker.account and len(accounts) != 1:
            raise BrokerRefusedError(f"this login has several accounts, set broker.account to one of: {listed}")
        account = broker.account or accounts[0]
        # IB's paper accounts begin with D; an account that does not is real money
        if broker.mode == "paper" and not account.startswith("D"):
            raise BrokerRefusedError(f"{account} is no paper account, and the mode is paper")
        return account

    async def _serve(self, session: Session) -> None:
        self._history.epoch = session.epoch
        first_order_id = session.client.getReqId()
        self.session = session
        self._orders.open(OrderLink(session.client, session.epoch, self.account, first_order_id))
        self._sender.open(session.trips, session.ask_time, session.end)
        self._asked = trio.Event()
        self._announce(session, first_order_id)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._sender.run)
                nursery.start_soon(self._reconcile, session)
                session.account.subscribe(self.account)
                nursery.start_soon(self._data.run, session)
                await session.closed.wait()
                nursery.cancel_scope.cancel()
        finally:
            self.session = None
            self._orders.close()
            session.end("the gateway has ended")
            self._sender.close(session.reason)
        if not self._stopping:
            self._report_loss(session)

    def _announce(self, session: Session, first_order_id: int) -> None:
        version = session.client.serverVersion()
        log(
            "broker.connected",
            actor="gateway",
            epoch=session.epoch,
            account=self.account,
            client_id=self._settings.broker.client_id,
            next_order_id=first_order_id,
            server_version=version,
        )
        for kind in _ENDED_BY_A_CONNECTION:
            # TWS may have said within the handshake already that it has no link to IB
            if kind != "broker.degraded" or not session.degraded:
                self._outlets.clear(kind)
        self._outlets.link(BrokerConnected(session.epoch, first_order_id, self.account, version))

    def _report_loss(self, session: Session) -> None:
        log("broker.lost", level="WARNING", actor="gateway", epoch=session.epoch, reason=session.reason)
        self._open_gap(session.reason)
        self._data.lost(session.reason)
        self._outlets.link(BrokerLost(session.epoch, session.reason))
        self._outlets.alarm("broker.lost", session.reason)

    async def _reconcile(self, session: Session) -> None:
        while True:
            self._asked = trio.Event()
            outages, degraded = session.outages, session.degraded
            snapshot = await session.snapshot.gather()
            # what was listed while TWS had lost IB, or before it, proves nothing about what came after
            conclusive = not degraded and not session.degraded and session.outages == outages
            self._outlets.orders(evolve(snapshot, conclusive=conclusive))
            session.reconciled = snapshot.complete and conclusive
            if not snapshot.complete:
                self._incomplete += 1
                # Until the lists are complete nobody knows what works for a position: a stop that was lost is not
                # missed. A connection alone does not end that.
                self._outlets.alarm("broker.incomplete", "the broker does not answer all that it is asked")
                # A late end marker could be taken for that of the next request, so the connection is given up: at
                # once the first time; then rarely, for exits can still be sent on it.
                if self._incomplete > 1:
                    await trio.sleep(self._timing.after_incomplete)
                session.end("the broker did not answer all that it was asked")
                return
            self._incomplete = 0
            self._outlets.clear("broker.incomplete")
            self._backoff.reset()
            if session.reconciled:
                self._close_gap()
            await trio.sleep(self._timing.between_snapshots)
            await self._asked.wait()

    def _notice(self, session: Session, *, lost_data: bool, reason: str) -> None:
        """TWS has lost its link to IB, or has it again, or something could not be read."""
        if session.degraded:
            session.reconciled = False
            self._open_gap(reason)
            return
        if lost_data:
            self._data.again()
            session.account.subscribe(self.account)
        self.ask(reason)

    def _round_trip(self, seconds: float, told: int) -> None:
        self.last_round_trip = self._environment.now()
        self._clock.told(told, seconds, self.last_round_trip)
        self._measures.round_trip.observe(seconds)
        self._measures.round_trip_seconds = seconds

    def _give_up(self, error: BrokerUnavailableError) -> None:
        self.first_error = error
        self.first_over.set()

    def _open_gap(self, reason: str) -> None:
        if self._gap_since is None:
            self._gap_since = trio.current_time()
            log("broker.gap_opened", level="WARNING", actor="gateway", reason=reason)

    def _close_gap(self) -> None:
        if self._gap_since is not None:
            seconds = trio.current_time() - self._gap_since
            self._gap_since = None
            log("broker.gap_closed", actor="gateway", seconds=round(seconds, 3))

    def describe(self) -> dict[str, Any]:
        """Return how the link stands."""
        session = self.session
        trips = -math.inf if session is None or session.trips.last_answer is None else session.trips.last_answer
        return {
            "connected": session is not None,
            "epoch": self._history.epoch,
            "account": self.account,
            "queued": len(self._sender),
            "waiting": self._sender.waiting(),
            "seconds_since_round_trip": round(trio.current_time() - trips, 3) if trips > -math.inf else None,
            "last_question": self._why,
            "degraded": session.degraded if session is not None else "",
            "undecoded": session.undecoded if session is not None else 0,
            "orders_out": self._history.gate.orders_out,
            "entries_barred": self.entry_bar(),
        }


def _plain(error: OSError) -> str:
    """The system's own words; asyncio puts "Connect call failed" in their place."""
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else error.strerror or str(error)
