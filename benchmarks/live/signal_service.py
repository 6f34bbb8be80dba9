"""A signal service as a stopwatch: answers polls, and notes when the first answer with a new prediction left."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["SignalService", "prediction", "signal_service"]


def prediction(symbol: str) -> dict[str, Any]:
    """Return a confident BUY that was made now."""
    now = datetime.now(UTC)
    return {
        "ticker": symbol,
        "signal": "BUY",
        "confidence": 0.9,
        "timestamp": int(now.timestamp() * 1000),
        "prediction_time": now.isoformat(),
    }


class SignalService(ThreadingHTTPServer):
    """Answers `GET …/prediction/latest?ticker=X` on a free port of this machine; 404 until there is a prediction."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._current: dict[str, dict[str, Any]] = {}
        self._new: set[str] = set()
        self._left = threading.Event()
        self._when = 0.0

    @property
    def base_url(self) -> str:
        """What a client is configured with."""
        return f"http://127.0.0.1:{self.server_address[1]}/api/v1"

    def predict(self, symbol: str) -> None:
        """Have a new prediction from the next poll on."""
        self._left.clear()
        self._current[symbol] = prediction(symbol)
        self._new.add(symbol)

    def left(self) -> float:
        """Wait until it was polled; return the clock just before the answer was written. Raises TimeoutError."""
        if not self._left.wait(120):
            raise TimeoutError("nobody polls")
        return self._when

    def answer(self, symbol: str, handler: BaseHTTPRequestHandler) -> None:
        """Answer one poll in one write."""
        current = self._current.get(symbol)
        body = {"status": "error"} if current is None else {"status": "success", "data": {"prediction": current}}
        text = json.dumps(body).encode()
        status = "404 Not Found" if current is None else "200 OK"
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
        data = head.encode() + text
        new = symbol in self._new
        now = time.perf_counter()
        handler.wfile.write(data)
        if new:
            self._new.discard(symbol)
            self._when = now
            self._left.set()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer a poll."""
        assert isinstance(self.server, SignalService)
        self.server.answer(parse_qs(urlsplit(self.path).query)["ticker"][0], self)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def signal_service() -> Iterator[SignalService]:
    """Run one."""
    service = SignalService()
    thread = threading.Thread(target=service.serve_forever, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.shutdown()
        service.server_close()
        thread.join()
