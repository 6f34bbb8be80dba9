"""The machine of a storm with the plain trader on it instead of Pitboss: it dies, starts again and is stopped alike."""

from __future__ import annotations

from functools import partial
from typing import Any

import trio

from actors.ib.memory import MemoryConnection
from benchmarks.plain.trader import PlainTrader
from simulation.machine import Death, Machine

__all__ = ["PlainMachine"]

_DISK = ("write", "sync", "synced")


class PlainMachine(Machine):
    """Starts the trader, and again whenever it has ended. It has no disk: a death at one of its steps comes at once."""

    trader: PlainTrader | None = None  # None while none runs
    symbols: tuple[str, ...] = ()
    crashes: int = 0

    @property
    def alive(self) -> bool:
        """Whether a trader runs."""
        return self.trader is not None

    def die(self, death: Death) -> None:
        """End it here and now."""
        if self.trader is None:
            return
        for link in self._links:
            link.abort() if death.lost else link.disconnect()
        self._pause = death.seconds
        self._over()
        self._scope.cancel()

    def point(self, life: int, step: str) -> bool:
        """A point has been reached; return whether the trader died of it."""
        if life != self.life or self.trader is None:
            return False
        for death in self.deaths:
            if death.at in _DISK or death.reached(step):
                self.deaths.remove(death)
                self.die(death)
                return True
        return False

    def pause(self) -> bool:
        """Stop it where it stands: what arrives waits."""
        if self.trader is None or self.paused:
            return False
        self.paused = True
        return True

    def go_on(self, life: int) -> None:
        """End a pause."""
        if life != self.life or not self.paused:
            return
        self.paused = False
        arrived, self._arrived = self._arrived, []
        for each in arrived:
            if self.trader is not None and self.trader.loop is not None:
                self.trader.loop.call_soon(each)  # the library wants to be called from within its loop

    def _over(self) -> None:
        self.life += 1
        self.trader = None
        self.paused = False
        self._arrived.clear()
        self._links.clear()

    async def _live(self) -> None:
        life = self.life
        self.deaths, self.next_deaths = self.next_deaths, []
        self._pause = 5.0
        self.trader = trader = PlainTrader(MemoryConnection(partial(self._dial, life)), list(self.symbols))
        trader.ib.errorEvent.clear()
        self.started_at = trio.current_time()
        with trio.CancelScope() as self._scope:
            try:
                await trader.run()
            except Exception:  # noqa: BLE001 - whatever it is, the trader has crashed, and is started again
                self.crashes += 1
        if self.life == life:
            for link in self._links:
                link.disconnect()
            self._over()

    def command(self, name: str, *values: Any) -> str:
        """Have the trader do something; return what came of it."""
        trader = self.trader
        if trader is None or trader.loop is None or not trader.ready.is_set() or self.paused:
            return "it does not run"

        def guarded() -> None:
            try:
                getattr(trader, name)(*values)
            except ConnectionError:
                return  # told to whoever asked
            except Exception:  # noqa: BLE001 - as above
                self.crashes += 1

        trader.loop.call_soon(guarded)
        return "done"
