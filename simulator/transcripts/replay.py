"""Plays the clients of a transcript to a server, without the clients."""

from __future__ import annotations

from collections.abc import Callable

from simulator.server.paper_tws import PaperTws
from simulator.server.session import Session
from simulator.transcripts.form import Transcript, untold
from simulator.transcripts.tap import GREETING, Recorder
from simulator.wire.framing import frame

__all__ = ["replay"]


class _ReplayedLink:
    """The transport of a session whose client is a transcript."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def write(self, data: bytes) -> None:
        self._recorder.give(data)

    def close(self) -> None:
        self._recorder.end("close")

    def abort(self) -> None:
        self._recorder.end("reset")


def replay(told: Transcript, tws: PaperTws, act: Callable[[str], object]) -> Transcript:
    """Do what the clients did and, by `act`, what happened at the broker; return what then passed on the links.

    The result equals `told` if the server says now what it said then.
    """
    heard = Transcript()
    links: dict[int, tuple[Recorder, Session]] = {}
    for entry in told.entries:
        match entry.kind:
            case "#":
                heard.entries.append(entry)
            case "*":
                heard.entries.append(entry)
                act(entry.text)
            case ">":
                if entry.link not in links:
                    recorder = Recorder(heard, entry.link)
                    links[entry.link] = recorder, tws.connect(_ReplayedLink(recorder))
                    recorder.take(GREETING, links[entry.link][1])
                recorder, session = links[entry.link]
                recorder.take(frame(untold(entry.text)), session)
            case "x" if entry.text == "client" and entry.link in links:
                recorder, session = links[entry.link]
                recorder.end("client")
                session.lost()
    return heard
