"""Answers that wait for the disk: what a person or a rule was told is done, is done also after a death."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from messages.journal import Append, Appended, JournalFailed
from messages.position import CommandAccepted, CommandOutcome

if TYPE_CHECKING:
    from actors.position.actor import PositionActor
    from actors.runtime.future import ReplyFuture

__all__ = ["Answers"]


class Answers:
    """Holds back the answers to commands that have changed something until what they wrote is durable.

    Only the answer waits, not the orders: they are written ahead by `orders` anyhow.
    """

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._waiting: dict[str, tuple[CommandOutcome, ReplyFuture[CommandOutcome]]] = {}  # token → what is to be said

    def durable(self, outcome: CommandOutcome) -> Any:
        """Return the answer to a command whose facts were told to the journal before."""
        if not isinstance(outcome, CommandAccepted):
            return outcome
        actor = self._actor
        answer: ReplyFuture[CommandOutcome] = actor.promise()
        token = actor.environment.new_id()
        self._waiting[token] = (outcome, answer)
        # no record of its own: the journal answers when all that it was told before is durable
        actor.system.address("journal").tell(Append((), actor.address.name, token, reduces_risk=True))
        return answer

    def written(self, message: Appended | JournalFailed) -> None:
        """Take the journal's word. One to an earlier incarnation is nobody's: whoever asked that one was told so."""
        outcome, answer = self._waiting.pop(message.token, (None, None))
        if answer is None or answer.settled:
            return
        if isinstance(message, JournalFailed) and isinstance(outcome, CommandAccepted):
            # it is done all the same, for it takes risk away; the next start will not know of it
            outcome = evolve(outcome, text=f"{outcome.text}; not journaled: {message.error}".lstrip("; "))
        answer.set(outcome)
