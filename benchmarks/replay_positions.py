"""The replay through our position actors: `Dispatcher.publish` → `PositionActor.on_tick` → what is due.

The actors are those of the process, on the same run queue and with the same local monitor; what is due is noted where
the process would begin to act, and the position entered anew at that price. No order is placed.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from time import perf_counter, process_time
from typing import TypeAlias

import trio
from attrs import frozen

from actors.bus import EventBus
from actors.position.actor import PositionActor
from actors.position.second_line import SecondLine
from actors.runtime.base import ActorContext
from actors.runtime.system import System
from benchmarks.replay_ticks import TRAIL, levels, sign_of
from config.environment import machine
from config.settings import Settings
from domain.exits import ExitMonitor, ExitReason

__all__ = ["Exit", "Replayed", "Ticks", "replay_positions"]

BATCH = 64  # ticks that one read of the socket brings

Ticks: TypeAlias = Sequence[tuple[int, int, float, float]]
"""symbol, kind, price, size"""


@frozen(slots=True)
class Exit:
    """One position left."""

    symbol: int
    reason: str
    tick: int  # the one that made it due
    price: float  # what the exit came to
    last: float = 0.0  # that tick's price


@frozen(slots=True)
class Replayed:
    """What a replay took and what came of it."""

    seconds: float
    cpu: float  # seconds of the process: what `seconds` would be on a machine with nothing else to do
    exits: list[Exit]


class Playback:
    """Where the replay is, and the exits so far."""

    def __init__(self, symbols: int) -> None:
        self.start = 0  # number of the first tick of this batch
        self.symbols = symbols
        self.exits: list[Exit] = []

    def number(self, symbol: int) -> int:
        """Return the number of the symbol's tick in this batch; no batch has two."""
        return self.start + (symbol - self.start) % self.symbols


class NotedExit(SecondLine):
    """Notes what is due and begins anew, in the place of what closes the position."""

    def __init__(self, actor: Position, symbol: int, playback: Playback) -> None:
        super().__init__(actor)
        self._position = actor
        self._symbol = symbol
        self._playback = playback

    def crossed(self, reason: ExitReason, price: float) -> None:
        """Note an exit."""
        monitor = self._position.levels.monitor
        assert monitor is not None
        level = monitor.target if reason is ExitReason.TARGET else monitor.stop
        assert level is not None
        playback = self._playback
        playback.exits.append(Exit(self._symbol, str(reason), playback.number(self._symbol), level, price))
        self._position.enter(price)


class Position(PositionActor):
    """The position actor, holding from its first price on; without a journal and orders to begin from."""

    def __init__(self, context: ActorContext, symbol: int, settings: Settings, playback: Playback) -> None:
        super().__init__(context, settings=settings, bus=EventBus())
        self._sign = sign_of(symbol)
        self.second_line = NotedExit(self, symbol, playback)

    async def prepare(self) -> None:
        """Begin with nothing."""

    def enter(self, price: float) -> None:
        """Hold a position from this price on."""
        stop, target = levels(self._sign, price)
        self.levels.monitor = ExitMonitor(self._sign, stop, target, TRAIL)


async def _replay(symbols: int, ticks: Ticks) -> Replayed:
    settings, playback = Settings(), Playback(symbols)
    system = System(machine(seed=1))
    size = min(BATCH, symbols)
    entries: dict[int, float] = {}
    for symbol, kind, price, _ in ticks:
        if kind == 4 and symbol not in entries:
            entries[symbol] = price
            if len(entries) == symbols:
                break
    async with trio.open_nursery() as nursery:
        await nursery.start(system.run)
        addresses = []
        for symbol in range(symbols):

            def position(context: ActorContext, symbol: int = symbol) -> Position:
                return Position(context, symbol, settings, playback)

            address = await system.start(f"position/S{symbol}", position)
            assert isinstance(address.actor, Position)
            address.actor.enter(entries[symbol])
            addresses.append(address)
        gc.collect()
        began, began_cpu = perf_counter(), process_time()
        for start in range(0, len(ticks), size):
            playback.start = start
            batch = ticks[start : start + size]
            system.publish([(addresses[symbol], kind, price, volume) for symbol, kind, price, volume in batch])
            await trio.lowlevel.checkpoint()
        await system.idle()
        seconds, cpu = perf_counter() - began, process_time() - began_cpu
        nursery.cancel_scope.cancel()
    return Replayed(seconds, cpu, playback.exits)


def replay_positions(symbols: int, ticks: Ticks) -> Replayed:
    """Publish the ticks to one position actor a symbol, in batches, with a trio checkpoint after each."""
    return trio.run(_replay, symbols, ticks)
