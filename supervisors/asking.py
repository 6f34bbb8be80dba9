"""Ask an actor and do not wait for ever."""

from __future__ import annotations

from typing import Any

import trio
from pykka import ActorDeadError

from actors.runtime.address import Address
from actors.runtime.lifecycle import EndedUnansweredError

__all__ = ["NoAnswerError", "ask"]


class NoAnswerError(Exception):
    """The actor did not answer: it is down, or busy for too long. `taken`: it may have done, or may yet do, what it was
    asked."""

    def __init__(self, text: str, *, taken: bool) -> None:
        super().__init__(text)
        self.taken = taken


async def ask(address: Address, message: Any, seconds: float = 5.0) -> Any:
    """Return the answer. Raises NoAnswerError, and whatever the handler raised."""
    try:
        with trio.fail_after(seconds):
            return await address.ask(message)
    except trio.TooSlowError:
        raise NoAnswerError(f"{address.name} did not answer within {seconds:g} s", taken=True) from None
    except ActorDeadError as error:
        raise NoAnswerError(str(error), taken=isinstance(error, EndedUnansweredError)) from None
