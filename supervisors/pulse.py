"""What the log says of a process as it runs: its pulse, the marks of its positions, and all of its status now and then.

Who reads the log can begin at any `system.snapshot`, and knows by the pulse that the process lives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from importlib.metadata import version
from typing import Any

import trio

from actors.runtime.system import System
from config.log_events.kinds import Later
from config.log_record import timestamp
from config.logging import Log, log, running_log, wanted
from config.settings import Settings
from messages.gateway import GatewayStatus, LinkStatus
from messages.position import DescribePosition, PositionView
from messages.risk import DescribePortfolio, LimitUse, PortfolioView
from supervisors.process_state import ProcessState
from supervisors.status import look_at_status

__all__ = ["SNAPSHOT_SECONDS", "Pulse"]

SNAPSHOT_SECONDS = 600.0
_AT_A_TIME = 4  # positions looked at between two chances for others to run


class Pulse:
    """Reads counters, and looks at actors between their messages: what it writes of one moment agrees with the lines
    before it. Nothing of it happens where nobody writes a log, or with `log.pulse_seconds = 0`."""

    def __init__(self, settings: Settings, system: System, state: ProcessState, process_id: int) -> None:
        """`process_id` is the machine's number for the process, 0 for none."""
        self._settings = settings
        self._system = system
        self._state = state
        self._process_id = process_id
        self._wake = trio.Event()
        self._seen: dict[str, PositionView] = {}  # for the next snapshot
        self._marks: dict[str, float | None] = {}  # symbol → the price that the log was told last
        state.when_ready(lambda: self._wake.set())

    @property
    def beats(self) -> bool:
        """Whether there is anybody to write for."""
        return self._settings.log.pulse_seconds > 0 and wanted("INFO")

    async def run(self) -> None:
        """Write until cancelled."""
        running = running_log()
        if running is None or not self.beats:
            return
        with running.beginning_files_with(self.snapshot):
            await self._beat(running)

    async def _beat(self, running: Log) -> None:
        seconds = self._settings.log.pulse_seconds
        beat = trio.current_time()
        next_snapshot = beat + SNAPSHOT_SECONDS
        hurried = running.hurried
        while True:
            beat = max(beat + seconds, trio.current_time())
            with trio.move_on_at(beat) as due:
                await self._wake.wait()
            if not due.cancelled_caught:
                self._wake = trio.Event()
                beat -= seconds
                await self._snapshot_in_parts(running)
                continue
            self.pulse()
            await self.mark()
            if running.full or beat >= next_snapshot or running.hurried != hurried:
                next_snapshot, hurried = beat + SNAPSHOT_SECONDS, running.hurried
                await self._snapshot_in_parts(running)

    async def _snapshot_in_parts(self, running: Log) -> None:
        """Write the whole status, at the head of a new file if it is time for one.

        Positions are looked at a few at a time before it; those of which anything was logged meanwhile once more.
        """
        with running.noting() as noted:
            views: dict[str, PositionView] = {}
            async for name, view in self._positions():
                views[name] = view
            self._seen = {
                name: view
                for name, view in views.items()
                if not {name, view.symbol} & noted and self._system.address(name).alive
            }
            if running.full:
                running.rotate()
            else:
                self.snapshot()

    def snapshot(self) -> None:
        """Write the whole status, of this moment. From within a handler it says nothing of the actors."""
        seen, self._seen = self._seen, {}
        if not self.beats:
            return
        process = self._settings.process
        log(
            "system.snapshot",
            name=process.name,
            version=version("pitboss"),
            mode=self._settings.broker.mode,
            process_id=self._process_id,
            pulse_seconds=self._settings.log.pulse_seconds,
            symbols=sorted(self._settings.symbols),
            status=Later(look_at_status(self._system, self._state, seen)),
        )

    def pulse(self) -> None:
        """Write what is small and of fixed size."""
        measures = self._system.measures
        portfolio: PortfolioView | None = self._look("portfolio", DescribePortfolio())
        log(
            "system.pulse",
            state=str(self._state.state),
            since=timestamp(self._state.since),
            broker=_broker(self._look("gateway", GatewayStatus()), measures.round_trip_seconds),
            ticks=measures.ticks,
            mailboxes={one.name: one.mailbox_length for one in self._system.addresses() if one.mailbox_length},
            pnl=None if portfolio is None else _pnl(portfolio),
            exposure=None if portfolio is None else [_use(use) for use in portfolio.limits],
            reconciled_at=measures.reconciled_at,
            fsync=measures.fsync.plain(),
            order_latency=measures.order_latency.plain(),
            round_trip=measures.round_trip.plain(),
        )

    async def mark(self) -> None:
        """Write the price of each open position that has another one than before."""
        async for _, view in self._positions():
            self._mark(view)

    async def _positions(self) -> AsyncIterator[tuple[str, PositionView]]:
        for number, address in enumerate(self._system.addresses("position/"), 1):
            view: PositionView | None = self._look(address.name, DescribePosition())
            if view is not None:
                yield address.name, view
            if not number % _AT_A_TIME:
                await trio.lowlevel.checkpoint()

    def _mark(self, view: PositionView) -> None:
        if not view.quantity:
            self._marks.pop(view.symbol, None)
            return
        if view.last_price is None or self._marks.get(view.symbol) == view.last_price:
            return
        self._marks[view.symbol] = view.last_price
        log(
            "position.marked",
            actor=f"position/{view.symbol}",
            symbol=view.symbol,
            price=view.last_price,
            quantity=view.quantity,
            average_price=view.average_price,
            unrealized_pnl=view.unrealized_pnl,
            realized_pnl=view.realized_pnl,
            commission=view.commission,
            stop=view.stop,
            target=view.target,
            state=view.status.value,
            protected=view.protected,
            opened=view.opened,
            stop_moved=view.stop_moved or None,
        )

    def _look(self, name: str, question: Any) -> Any:
        try:
            return self._system.look(name, question)
        except Exception:  # noqa: BLE001  # down, or in trouble that it says itself: what is read must not break trading
            return None


def _broker(link: LinkStatus | None, round_trip_seconds: float | None) -> dict[str, Any] | None:
    if link is None:
        return None
    last = link.last_round_trip
    return {
        "connected": link.connected,
        "epoch": link.epoch,
        "last_round_trip": None if last is None else timestamp(datetime.fromisoformat(last)),
        "round_trip_seconds": None if round_trip_seconds is None else round(round_trip_seconds, 6),
        "account": link.account,
    }


def _pnl(view: PortfolioView) -> dict[str, Any]:
    return {
        "realized": view.realized_pnl,
        "unrealized": view.unrealized_pnl,
        "commission": view.commission,
        "daily": view.daily_pnl,
        "equity": view.equity,
        "gross_exposure": view.gross_exposure,
        "net_exposure": view.net_exposure,
    }


def _use(use: LimitUse) -> dict[str, Any]:
    return {"limit": use.limit, "used": use.used, "maximum": use.maximum}
