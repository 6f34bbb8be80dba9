"""Server-sent events: each page hears what has changed since it was told last."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import trio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from monitoring.board import Board
from monitoring.web.watch import Watch

__all__ = ["Streams"]

_MOST = 64  # streams at once
_BEAT_SECONDS = 5.0  # between two events at most: a page that hears nothing for longer knows that the link is dead
_LINES = 500  # of the log, at the beginning and in one event


class Streams:
    """Hands out streams; a slow reader misses pictures in between, never the newest."""

    def __init__(self) -> None:
        """None is open."""
        self._open = 0

    def answer(self, request: Request, watch: Watch) -> Response:
        """Open a stream: of all sections, and of one symbol's where `?symbol=` names it."""
        if self._open >= _MOST:
            return JSONResponse({"error": f"{_MOST} pages are open already"}, 503, headers={"Retry-After": "10"})
        events = self._events(watch, request.query_params.get("symbol"))
        return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    async def _events(self, watch: Watch, symbol: str | None) -> AsyncIterator[str]:
        self._open += 1
        try:
            told: dict[str, str] = {}
            series = _Series()
            board: Board | None = None
            lines = 0
            yield "retry: 2000\n\n"
            while True:
                shown = watch.shown
                parts = [f"{json.dumps(name)}:{text}" for name, text in shown.items() if told.get(name) != text]
                told = shown
                if symbol is not None and (new := series.new(await watch.symbol(symbol))):
                    parts.append(f'"symbol":{json.dumps(new)}')
                now, lines, fresh = await watch.lines(board, lines, _LINES)
                parts.append(f'"lines":{json.dumps({"all": board is not now, "new": fresh})}')
                board = now
                parts.append(f'"now":{json.dumps(watch.now())}')
                yield f"data: {{{','.join(parts)}}}\n\n"
                with trio.move_on_after(_BEAT_SECONDS):
                    await watch.changed()
        finally:
            self._open -= 1


class _Series:
    """What a page knows of its symbol."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}

    def new(self, section: dict[str, Any]) -> dict[str, Any] | None:
        """Return what to tell: of the points those that are new where the others are as they were (`more`)."""
        if section == self._told:
            return None
        before, points = self._told.get("points") or [], section["points"]
        self._told = section
        if before and points[: len(before)] == before:
            return {**section, "points": points[len(before) :], "more": True}
        return {**section, "more": False}
