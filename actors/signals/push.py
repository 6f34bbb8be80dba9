"""Predictions that are posted to us over HTTP."""

from __future__ import annotations

import logging
import socket
from collections.abc import Container
from typing import Any, cast

import trio
from attrs import frozen
from hypercorn.config import Config
from hypercorn.trio import serve
from hypercorn.typing import ASGIFramework

from actors.bus import EventBus
from actors.runtime.base import ActorContext
from actors.runtime.future import ReplyFuture
from actors.signals.intake import Intake
from actors.signals.prediction import MalformedPredictionError, read_prediction
from actors.signals.push_api import Refusal, push_api
from actors.signals.source import SourceActor, Taken
from config.listening import listening
from config.logging import log
from config.settings import SignalSettings
from messages.gateway import AskTradingAllowed

__all__ = ["PushActor"]

_GRACE_SECONDS = 0.2  # that a request in progress has at the end
_ANSWER_SECONDS = 10.0


@frozen(slots=True)
class _Pushed:
    """A prediction as it was posted; answered with Taken or Refusal."""

    data: Any


class PushActor(SourceActor):
    """Takes predictions at `POST /signals` on a port of this machine, with a token, and says what became of each.

    Raises OSError in `prepare` when the port cannot be taken.
    """

    def __init__(
        self, context: ActorContext, *, settings: SignalSettings, symbols: Container[str], intake: Intake, bus: EventBus
    ) -> None:
        """`symbols` are those that are traded; predictions for others are refused."""
        super().__init__(context, intake=intake, bus=bus)
        self._settings = settings
        self._symbols = symbols
        self._pushed = 0
        self.app = push_api(settings.push_token, self._submit)
        """The ASGI application, for those that have no socket."""

    async def prepare(self) -> None:
        """Learn what was judged before, and begin to listen."""
        await super().prepare()
        if self._settings.push_port:
            listener = listening(self._settings.push_host, self._settings.push_port)
            self.spawn(self._serve, listener)
            where = f"http://{self._settings.push_host}:{self._settings.push_port}/signals"
            log("signal.source", actor=self.address.name, source=self.address.name, text=f"takes signals at {where}")

    def on_receive(self, message: Any) -> Any:
        """Take what was posted."""
        match message:
            case _Pushed(data):
                return self._take(data)
            case _:
                return super().on_receive(message)

    def describe(self) -> dict[str, Any]:
        """Count what was posted."""
        return {"pushed": self._pushed, "pending": len(self._pending)}

    def _take(self, data: Any) -> Refusal | ReplyFuture[Taken]:
        self._pushed += 1
        try:
            event = read_prediction(data, self.environment.now(), "push")
            if event.symbol not in self._symbols:
                raise MalformedPredictionError("ticker", f"{event.symbol!r} is not a symbol that is traded here")
        except MalformedPredictionError as error:
            symbol = data.get("ticker", "") if isinstance(data, dict) else ""
            self.tell_ignored(str(symbol)[:20], "", "malformed", str(error))
            return Refusal(error.field, str(error))
        answer: ReplyFuture[Taken] = self.promise()
        self.take(event, answer)
        return answer

    async def _submit(self, data: Any) -> Taken | Refusal | None:
        """Have a prediction taken; None where that is not possible now."""
        with trio.move_on_after(_ANSWER_SECONDS):
            allowed = await self.system.address("orders").ask(AskTradingAllowed())
            if allowed.allowed:
                taken: Taken | Refusal = await self.address.ask(_Pushed(data))
                return taken
        return None

    async def _serve(self, listener: socket.socket) -> None:
        config = Config()
        config.bind = [f"fd://{listener.detach()}"]
        config.errorlog = logging.getLogger("hypercorn.error")
        config.loglevel = "WARNING"
        config.graceful_timeout = _GRACE_SECONDS
        config.include_server_header = False
        # an ASGI application like any other, but Starlette and hypercorn write its type differently
        await serve(cast(ASGIFramework, self.app), config)
