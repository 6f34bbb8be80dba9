"""How the commands of a rule are carried out: one after the other, each answer waited for."""

from __future__ import annotations

from typing import Any

import pykka
import trio
from attrs import frozen

from actors.runtime.system import System
from config.logging import log
from domain.rules import Command, Due, LogLine
from messages.order import CancelOrder
from messages.position import CommandAccepted, CommandRefused
from messages.risk import FlattenAll

__all__ = ["ANSWER_SECONDS", "Outcome", "carry_out"]

ANSWER_SECONDS = 10.0


@frozen(slots=True)
class Outcome:
    """How the commands of a rule were answered; `text` is what it did, or why it did nothing."""

    due: Due
    signal_id: str | None
    done: bool
    text: str


async def carry_out(system: System, due: Due, signal_id: str | None) -> Outcome:
    """Carry the commands out in order, until one is refused or not answered.

    Something was done as soon as one of them was accepted; a line in the log counts only where nothing else was asked.
    """
    texts: list[str] = []
    accepted = 0
    only_log = all(isinstance(command.message, LogLine) for command in due.commands)
    for command in due.commands:
        done, text = await _one(system, due, command)
        texts.append(text)
        if not done:
            break
        accepted += only_log or not isinstance(command.message, LogLine)
    return Outcome(due, signal_id, accepted > 0, "; ".join(texts))


async def _one(system: System, due: Due, command: Command) -> tuple[bool, str]:
    match command.message:
        case LogLine(text):
            log("rule.log", actor="rules", symbol=command.symbol, rule_id=due.rule.rule_id, text=text)
            return True, "logged"
        case CancelOrder(order_ref):
            # the order's own events say what becomes of it
            system.address(command.address).tell(command.message)
            return True, f"cancelling {order_ref}"
        case FlattenAll():
            system.address(command.address).tell(command.message)
            return True, "halted, and closing every position"
    answer: Any = None
    with trio.move_on_after(ANSWER_SECONDS):
        try:
            answer = await system.address(command.address).ask(command.message)
        except pykka.ActorDeadError as error:
            return False, f"{command.symbol}: {error}"
    match answer:
        case CommandAccepted(order_refs, text):
            return True, text or f"{command.symbol}: {', '.join(order_refs)}"
        case CommandRefused(reason, figures):
            return False, f"{command.symbol}: refused: {reason}" + (f" ({figures})" if figures else "")
        case _:
            return False, f"{command.symbol}: no answer within {ANSWER_SECONDS:g} s"
