"""Messages that no actor will handle, and why."""

from __future__ import annotations

import reprlib
from collections import deque
from collections.abc import Callable
from traceback import format_exception

from messages.lifecycle import DeadLetter

__all__ = ["DeadLetterOffice", "describe_error", "describe_message", "describe_traceback"]

_LIMIT = 500


def describe_message(message: object) -> str:
    """Return its repr, cut at 500 characters. Never raises: what crashed a handler may crash its own repr too."""
    try:
        text = repr(message)
    except Exception as error:  # noqa: BLE001  # a broken __repr__ must not hide the message that has it
        text = f"<{type(message).__name__} whose repr raised {type(error).__name__}>"
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"


def describe_error(error: BaseException) -> str:
    """Return `Type: text`, cut at 500 characters."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception as second:  # noqa: BLE001  # as above
        text = f"{type(error).__name__} whose str raised {type(second).__name__}"
    return text if len(text) <= _LIMIT else text[: _LIMIT - 1] + "…"


def describe_traceback(error: BaseException) -> str:
    """Return the whole traceback, causes included."""
    try:
        return "".join(format_exception(error))
    except Exception as second:  # noqa: BLE001  # as above
        return f"{describe_error(error)} (its traceback cannot be written: {reprlib.repr(second)})"


class DeadLetterOffice:
    """Hands each dead letter on, and keeps the last ones."""

    def __init__(self, on_dead_letter: Callable[[DeadLetter], None], kept: int = 1000) -> None:
        self.kept: deque[DeadLetter] = deque(maxlen=kept)
        self.count = 0
        self._on_dead_letter = on_dead_letter
        self._telling = False

    def record(self, actor: str, message: object, error: str) -> None:
        """Record that `message` to `actor` will not be handled, because of `error`.

        Where telling of one dead letter makes another (the log's own actor has stopped), that one is only kept.
        """
        letter = DeadLetter(actor=actor, message=describe_message(message), error=error)
        self.kept.append(letter)
        self.count += 1
        if not self._telling:
            self._telling = True
            try:
                self._on_dead_letter(letter)
            finally:
                self._telling = False
