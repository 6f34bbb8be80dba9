"""What others write, as events `log.<logger>`: stdlib logging and warnings, and loguru."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from loguru import logger

from config.log_record import LEVELS, Level

if TYPE_CHECKING:
    from loguru import Message

__all__ = ["Intake"]

_OWN = frozenset({"event", "level", "ts", "actor"})
_NOISY = ("httpx", "httpcore", "hypercorn.access", "hypercorn.error", "ib_insync", "eventkit", "pykka", "asyncio")

Take = Callable[[str, Level, Mapping[str, Any]], object]
"""event, level, fields"""


class Intake(logging.Handler):
    """Takes over both until `close`."""

    def __init__(self, take: Take, level: Level) -> None:
        """`take` is called in whatever thread something was written; libraries are heard from WARNING on, with `level`
        DEBUG from INFO on."""
        super().__init__()
        self._take = take
        for name in _NOISY:
            logging.getLogger(name).setLevel(logging.WARNING if level != "DEBUG" else logging.INFO)
        logger.remove()
        self._loguru = logger.add(self._receive, format="", level=0, catch=False)
        logging.getLogger().addHandler(self)
        logging.captureWarnings(True)

    def close(self) -> None:
        """Let go of them."""
        logger.remove(self._loguru)
        logging.getLogger().removeHandler(self)
        logging.captureWarnings(False)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of stdlib logging; one whose arguments do not fit its text is told as it is."""
        try:
            text = record.getMessage()
        except Exception as error:  # noqa: BLE001  # the mistake of whoever logs must not become the caller's crash
            text = f"{record.msg} {record.args!r} ({error})"
        self._tell(record.name, record.levelno, text, record.exc_info, {})

    def _receive(self, message: Message) -> None:
        record = message.record
        name = record["name"] or "loguru"
        self._tell(name, record["level"].no, record["message"], record["exception"], record["extra"])

    def _tell(
        self, name: str, number: int, text: str, exception: Sequence[Any] | None, extra: Mapping[str, Any]
    ) -> None:
        """`exception` is (type, value, traceback)."""
        level: Level = next((level for level, least in reversed(tuple(LEVELS.items())) if number >= least), "DEBUG")
        fields = {f"{key}_" if key in _OWN else key: value for key, value in extra.items()}
        fields["text"] = text
        if exception is not None and exception[1] is not None:
            fields["traceback"] = "".join(traceback.format_exception(exception[1]))
        self._take(f"log.{name}", level, fields)
