"""One client's session: handshake, requests to the desks, answers to the link.

    greeting  →  version  →  start  →  ready  →  over
     API\\0       vA..B      startApi   requests

Bytes come in by `feed`, go out by the transport. What is no frame of the protocol ends this session alone; what is
a frame and cannot be read is answered with error 320.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from simulator.model import VenueEvent
from simulator.server.account import AccountDesk
from simulator.server.contract_desk import ContractDesk
from simulator.server.handshake import GREETING, agree
from simulator.server.history import HistoryDesk
from simulator.server.market_data import MarketDataDesk
from simulator.server.orders import OrderDesk
from simulator.server.pacing import Pacing, PacingLimits, Verdict
from simulator.server.queries import QueryDesk
from simulator.server.strain import Strain
from simulator.server.transport import Transport
from simulator.wire import requests as r
from simulator.wire import session_answers as say
from simulator.wire.decoding import BadRequest, UnknownMessage, decode
from simulator.wire.fields import BadField, encode
from simulator.wire.framing import FrameReader, MalformedFrame
from simulator.wire.order_answers import tws_time

if TYPE_CHECKING:
    from simulator.server.paper_tws import PaperTws

__all__ = ["Session", "Stage"]

Handler = Callable[[Any], object]


class Stage(Enum):
    """How far the session is."""

    GREETING = "greeting"
    VERSION = "version"
    START = "start"
    READY = "ready"
    OVER = "over"


class Session:
    """A connected client, from its first byte on."""

    def __init__(self, tws: PaperTws, transport: Transport) -> None:
        self.tws = tws
        self.stage = Stage.GREETING
        self.version = 0
        self.client_id = -1
        self._transport = transport
        self._reader = FrameReader()
        self._pacing = Pacing(tws.pacing)
        self._strain = Strain()
        self._asked = False  # whether what is sent now answers a request
        self.orders = OrderDesk(self)
        self.market_data = MarketDataDesk(self)
        self.account = AccountDesk(self)
        self.history = HistoryDesk(self)
        self._handlers: dict[type, Handler] = {
            **self.orders.handlers(),
            **self.market_data.handlers(),
            **self.account.handlers(),
            **self.history.handlers(),
            **ContractDesk(self).handlers(),
            **QueryDesk(self).handlers(),
        }

    @property
    def _over(self) -> bool:
        return self.stage is Stage.OVER

    @property
    def ready(self) -> bool:
        """Whether the client has started its API and is still there."""
        return self.stage is Stage.READY

    # from the link

    def feed(self, data: bytes) -> None:
        """Take bytes as they came from the client."""
        taken = self._strain.taken(data)
        if self.stage is Stage.OVER:
            return
        self._reader.feed(taken)
        self._read()
        if self._strain.cut_off:
            self.abort()

    def _read(self) -> None:
        try:
            if self.stage is Stage.GREETING:
                self._greet()
            if self.stage is not Stage.GREETING:
                for body in self._reader.frames():
                    self._take(body)
                    if self._over or self._strain.stopped:
                        break
        except MalformedFrame:
            self.end()

    def lost(self) -> None:
        """The link is gone; forget the client."""
        if self._strain.stopped:
            self._strain.lost = True  # what was sent before is still to be read, as from a frozen gateway's socket
        elif self.stage is not Stage.OVER:
            self.stage = Stage.OVER
            self.market_data.drop()
            self.history.drop()
            self.tws.forget(self)

    def end(self) -> None:
        """Send what was said, then close the link."""
        self._strain.stopped = False
        self.lost()
        self._transport.close()

    def abort(self) -> None:
        """Break the link off at once."""
        self._strain.stopped = False
        self.lost()
        self._transport.abort()

    # to the link

    def send(self, fields: say.Fields) -> None:
        """Send one message, through the faults if there are any."""
        faults = self.tws.faults
        if faults is not None and faults.filters:
            for told in faults.outgoing(self, fields, self._asked):
                self.write(told)
        else:
            self.write(fields)

    @property
    def undisturbed(self) -> bool:
        """Whether ticks need not pass any filter, so that their frames may be written as they are."""
        faults = self.tws.faults
        return faults is None or not faults.filters or not any(one.of_ticks for one in faults.filters)

    def write(self, fields: say.Fields) -> None:
        """Send one message, past the faults' filters."""
        self.write_frame(encode(fields))

    def write_frame(self, frame: bytes) -> None:
        """Send one frame, past the faults' filters."""
        if self.stage is Stage.OVER:
            return
        if self._strain.passes:
            self._transport.write(frame)
            return
        data = self._strain.given(frame)
        if data:
            self._transport.write(data)
        if self._strain.cut_off:
            self.end()

    def error(self, answered_on: int, code: int, text: str) -> None:
        """Send an error or notice; -1 answers no request."""
        self.send(say.error(answered_on, code, text, self.version))

    # faults of the link

    def stop(self) -> None:
        """Read and write nothing from now on, with the link up."""
        self._strain.stopped = True

    def resume(self) -> None:
        """Process and send what has gathered since `stop`."""
        if not self._strain.stopped:
            return
        self._strain.stopped = False
        held_in, held_out = self._strain.release()
        if held_out:
            self._transport.write(held_out)
        self._read()  # what had come in one piece with the last message before the stop
        self.feed(held_in)
        if self._strain.lost and not self._strain.stopped:
            self.lost()

    def cut(self, count: int, *, incoming: bool) -> None:
        """Let so many more bytes pass in one direction, then end the link."""
        self._strain.cut(count, incoming=incoming)

    # from the venue and the clock

    def hear(self, event: VenueEvent) -> None:
        """Tell the client what concerns its account or its orders."""
        asked, self._asked = self._asked, False
        self.orders.hear(event)
        self.account.hear(event)
        self._asked = asked

    def advance(self, now: datetime) -> None:
        """Send what is due by the clock."""
        self.account.advance(now)
        self.market_data.advance(now)
        self.history.advance(now)

    @property
    def due(self) -> datetime | None:
        """When `advance` will have something to send; None for not by the clock."""
        dues = (self.account.due, self.market_data.due, self.history.due)
        return min((due for due in dues if due is not None), default=None)

    # handshake

    def _greet(self) -> None:
        greeting = self._reader.take(len(GREETING))
        if greeting is None:
            return
        if greeting != GREETING:
            raise MalformedFrame("no API greeting")
        self.stage = Stage.VERSION

    def _take(self, body: bytes) -> None:
        if self.stage is Stage.VERSION:
            self._negotiate(body)
            return
        verdict = self._pacing.count(self.tws.environment.now())
        if verdict is not Verdict.TAKEN:
            limit = self.tws.pacing.per_second
            self.error(-1, 100, f"Max rate of messages per second has been exceeded:max={limit} rec={limit + 1} (3)")
            if verdict is Verdict.LAST_STRAW:
                self.end()
            return
        try:
            request = decode(body, self.version)
        except UnknownMessage as error:
            self._unreadable(-1, str(error))
        except BadRequest as error:
            self._unreadable(error.answered_on, str(error))
        except BadField as error:
            self._unreadable(-1, str(error))
        else:
            self.request(request)

    def _negotiate(self, body: bytes) -> None:
        agreed = agree(body)
        if agreed is None:
            self.end()
            return
        self.version = agreed.version
        if agreed.wants_pacing:
            self._pacing = Pacing(PacingLimits(per_second=0))
        self.stage = Stage.START
        # Nothing else may follow before startApi: ibapi discards the rest of what it then receives.
        self.send([self.version, tws_time(self.tws.environment.now())])

    def _start(self, request: r.StartApi) -> None:
        if self.tws.session_of(request.client_id) is not None:
            self.error(-1, 326, "Unable to connect as the client id is already in use. Retry with a unique client id.")
            self.end()
            return
        if request.client_id < 0:
            self.error(-1, 321, "Error validating request.-'bP' : cause - Invalid client id")
            self.end()
            return
        if self.tws.full:
            self.error(-1, 321, "Error validating request.-'bP' : cause - Too many clients")
            self.end()
            return
        self.stage = Stage.READY
        self.tws.welcome(self)

    def request(self, request: r.Request) -> None:
        """Pass a request to its desk."""
        if self.stage is Stage.START:
            if not isinstance(request, r.StartApi):
                self._unreadable(-1, "startApi must come first")
                return
            self.client_id = request.client_id
        if self.tws.faults is not None:
            self.tws.faults.request(self, request, partial(self._carry_out, request))
        else:
            self._carry_out(request)

    def _carry_out(self, request: r.Request) -> None:
        if self.stage is Stage.OVER:
            return
        if self.stage is Stage.START and isinstance(request, r.StartApi):
            self._start(request)
            return
        handler = self._handlers.get(type(request))
        if handler is None:
            raise TypeError(f"no desk serves {type(request).__name__}")
        self._asked = True
        handler(request)
        self._asked = False

    def _unreadable(self, answered_on: int, reason: str) -> None:
        self.error(answered_on, 320, f"Error reading request. {reason}")
