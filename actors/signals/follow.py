"""Predictions from a file or a named pipe of JSON lines."""

from __future__ import annotations

import json
from collections.abc import Container
from pathlib import Path
from typing import Any

import trio
from attrs import frozen

from actors.bus import EventBus
from actors.runtime.base import ActorContext
from actors.signals.intake import Intake
from actors.signals.lines import LineReader
from actors.signals.prediction import MalformedPredictionError, read_prediction
from actors.signals.source import SourceActor
from config.logging import log
from messages.gateway import AskTradingAllowed

__all__ = ["FollowActor"]

_LOOK_SECONDS = 0.2


@frozen(slots=True)
class _Line:
    data: bytes
    old: bool  # it stood in the file before this actor began


@frozen(slots=True)
class _CaughtUp:
    """What stood in the file before has been read."""


class FollowActor(SourceActor):
    """Takes each line that is appended to a file, or written into a pipe, as a prediction.

    What a line must hold is written in docs/signals.md. A file is read from its beginning: what was judged before is
    known, and what has got stale since is passed over in one word. Lines wait while orders and broker do not agree.
    """

    def __init__(
        self, context: ActorContext, *, path: Path, symbols: Container[str], intake: Intake, bus: EventBus
    ) -> None:
        """`symbols` are those that are traded; predictions for others are refused."""
        super().__init__(context, intake=intake, bus=bus)
        self._path = path
        self._symbols = symbols
        self._reader = LineReader(path)
        self._lines = self._passed_over = 0

    async def prepare(self) -> None:
        """Learn what was judged before, and begin to read. Raises OSError where the file cannot be read."""
        await super().prepare()
        first = self._reader.read()
        self.spawn(self._follow, first)

    async def finish(self) -> None:
        """Let go of the file."""
        self._reader.close()

    def on_receive(self, message: Any) -> Any:
        """Take a line."""
        match message:
            case _Line():
                self._take(message)
            case _CaughtUp():
                if self._passed_over:
                    text = f"{self._passed_over} predictions in {self._path} are too old, and are passed over"
                    log("signal.source", actor=self.address.name, source=self.address.name, text=text)
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Show what it reads."""
        return {"path": str(self._path), "lines": self._lines, "pending": len(self._pending)}

    async def _follow(self, lines: list[bytes]) -> None:
        orders = self.system.address("orders")
        old = True
        while True:
            if lines:
                while not (await orders.ask(AskTradingAllowed())).allowed:
                    await trio.sleep(_LOOK_SECONDS)
                for line in lines:
                    self.tell_self(_Line(line, old))
            elif old:
                old = False
                self.tell_self(_CaughtUp())
            else:
                await trio.sleep(_LOOK_SECONDS)
            lines = self._reader.read()

    def _take(self, line: _Line) -> None:
        if not line.data.strip():
            return
        self._lines += 1
        now = self.environment.now()
        try:
            event = read_prediction(_parsed(line.data), now, self.address.name.removeprefix("signals/"))
        except MalformedPredictionError as error:
            self.tell_ignored("", "", "malformed", f"line {self._lines}: {error}")
            return
        if event.symbol not in self._symbols:
            self.tell_ignored(event.symbol, event.signal_id, "symbol", f"{event.symbol} is not configured", event)
            return
        gate = self._intake.judge(event, now).ignored
        if line.old and gate is not None and gate.gate == "stale" and not self._intake.known(event.signal_id):
            self._passed_over += 1
            return
        self.take(event)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedPredictionError("line", f"{data[:80]!r} is not JSON ({error})") from None
