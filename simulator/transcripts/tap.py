"""Records what passes on each link of a server.

Frames are told one by one: the client's when the server takes it, the server's when it writes it. So an answer
follows its request, however the bytes were split on their way.
"""

from __future__ import annotations

from functools import partial

import trio

from simulator.faults.rules import request_kind
from simulator.server.paper_tws import PaperTws
from simulator.server.session import Session, Stage
from simulator.server.tcp import SocketLink
from simulator.transcripts.form import Transcript, told
from simulator.wire.answer_names import ANSWER_NAMES
from simulator.wire.decoding import UnknownMessage, decode
from simulator.wire.fields import BadField
from simulator.wire.framing import FrameReader, MalformedFrame, frame
from simulator.wire.requests import NotServed

__all__ = ["GREETING", "Recorder", "serve_recorded"]

GREETING = b"API\0"
_MOST_BYTES = 32 * 1024 * 1024
_TIME = b"49\0"  # reqCurrentTime and its answer


class Recorder:
    """One link's entries in a transcript.

    Only the first question for the time is told: those that follow are how programs wait for what was said before.
    """

    def __init__(self, transcript: Transcript, number: int) -> None:
        self.number = number
        self._transcript = transcript
        self._incoming = FrameReader()
        self._outgoing = FrameReader()
        self._greeted = False
        self._ended = False
        self._times = {">": 0, "<": 0}

    def take(self, data: bytes, session: Session) -> None:
        """Hand the client's bytes to the session, frame by frame."""
        self._incoming.feed(data)
        if not self._greeted:
            greeting = self._incoming.take(len(GREETING))
            if greeting is None:
                return
            self._greeted = True
            session.feed(greeting)
        try:
            for body in self._incoming.frames():
                if session.stage is not Stage.OVER:
                    self._tell(">", body, _request_name(body, session))
                    session.feed(frame(body))
        except MalformedFrame:
            session.end()  # as the session itself does

    def give(self, data: bytes) -> None:
        """Note the server's bytes."""
        self._outgoing.feed(data)
        for body in self._outgoing.frames():
            self._tell("<", body, _answer_name(body))

    def end(self, how: str) -> None:
        """Note the end of the link, once."""
        if not self._ended:
            self._ended = True
            self._transcript.add("x", self.number, how)

    def _tell(self, direction: str, body: bytes, name: str) -> None:
        if body.startswith(_TIME):
            self._times[direction] += 1
            if self._times[direction] > 1:
                return
        self._transcript.add(direction, self.number, told(body), name)


class _RecordedLink(SocketLink):
    """A link whose writing side is recorded."""

    def __init__(self, stream: trio.SocketStream, recorder: Recorder) -> None:
        super().__init__(stream, _MOST_BYTES)
        self._recorder = recorder

    def write(self, data: bytes) -> None:
        self._recorder.give(data)
        super().write(data)

    def close(self) -> None:
        self._recorder.end("close")
        super().close()

    def abort(self) -> None:
        self._recorder.end("reset")
        super().abort()

    async def carry(self, session: Session) -> None:
        """Carry bytes both ways until either side ends."""
        await self.run(_RecordedSession(session, self._recorder))


class _RecordedSession:
    """What a link feeds in place of the session."""

    def __init__(self, session: Session, recorder: Recorder) -> None:
        self._session = session
        self._recorder = recorder

    def feed(self, data: bytes) -> None:
        self._recorder.take(data, self._session)

    def lost(self) -> None:
        self._recorder.end("client")
        self._session.lost()


async def serve_recorded(tws: PaperTws, listeners: list[trio.SocketListener], transcript: Transcript) -> None:
    """Accept clients until cancelled, and record them; links are numbered from 1 in the order of their coming."""
    number = 0

    async def serve_link(stream: trio.SocketStream) -> None:
        nonlocal number
        number += 1
        link = _RecordedLink(stream, Recorder(transcript, number))
        session = tws.connect(link)
        try:
            await link.carry(session)
        finally:
            session.lost()

    await trio.serve_listeners(partial(serve_link), listeners)


def _answer_name(body: bytes) -> str:
    number = body.partition(b"\0")[0]
    if len(number) == 3 and body.count(b"\0") == 2:
        return "serverVersion"  # the one message without an id
    return ANSWER_NAMES.get(int(number), "?") if number.isdigit() else "?"


def _request_name(body: bytes, session: Session) -> str:
    if session.stage is Stage.VERSION:
        return "versions"
    try:
        request = decode(body, session.version)
    except (UnknownMessage, BadField):
        return "unreadable"
    return request.name if isinstance(request, NotServed) else request_kind(request)
