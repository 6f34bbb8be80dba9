"""Actions that take risk away, or move the exits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.rules.action import Action, Command
from domain.rules.facts import subject_of
from domain.rules.terms import (
    ActionError,
    Context,
    ExitTerms,
    SymbolChoice,
    chosen_symbol,
    symbol_in_words,
)
from messages.order import CancelOrder
from messages.position import AdjustExits, ClosePosition
from messages.risk import FlattenAll

__all__ = ["AdjustExitsAction", "CancelOrderAction", "CloseAllAction", "ClosePositionAction", "FlattenAction"]


class ClosePositionAction(Action):
    """Close the symbol's position: its entries are cancelled, it goes flat, its exits go."""

    def __init__(self, symbol: SymbolChoice = None, reason: str = "") -> None:
        """`symbol` as in CreatePositionAction; `reason` defaults to the rule's id."""
        self.symbol = symbol
        self.reason = reason

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One ClosePosition for the symbol."""
        source = f"rule:{context['rule_id']}"
        return (Command(chosen_symbol(self.symbol, context), ClosePosition(self.reason or source, source)),)

    def words(self) -> str:
        """Say it in words."""
        return f"close the position in {symbol_in_words(self.symbol)}"


class CloseAllAction(ClosePositionAction):
    """Everything about a symbol: cancel all its working orders and make it flat, whoever opened it."""

    def words(self) -> str:
        """Say it in words."""
        return f"cancel all orders in {symbol_in_words(self.symbol)} and make it flat"


class AdjustExitsAction(Action):
    """Give the symbol's open position these exits in place of those it has. Terms as in CreatePositionAction."""

    def __init__(self, symbol: SymbolChoice = None, *, atr: str = "atr", **exits: Any) -> None:
        """Take the exits: numbers, and texts as in a configuration. Raises ActionError, also where none is named."""
        try:
            self.exits = ExitTerms.read(atr, **exits)
        except TypeError as error:
            raise ActionError(f"exits: {error}") from None
        if self.exits == ExitTerms(atr=atr):
            raise ActionError("expected at least one exit")
        self.symbol = symbol
        self.looks_at = self.exits.looks_at

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One AdjustExits for the symbol."""
        symbol = chosen_symbol(self.symbol, context)
        return (Command(symbol, AdjustExits(self.exits.plan(symbol, context), f"rule:{context['rule_id']}")),)

    def words(self) -> str:
        """Say it in words."""
        return f"set the exits of {symbol_in_words(self.symbol)}: {self.exits.words().removeprefix('with ')}"


class CancelOrderAction(Action):
    """Cancel one working order: the one named, or that of the event. Of an event without an order, it does nothing."""

    def __init__(self, order_ref: str | Callable[[Context], str] | None = None) -> None:
        """`order_ref` is a text, a function of the context, or None for the order that the event is about."""
        self.order_ref = order_ref

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One CancelOrder."""
        event = context["event"]
        order = getattr(event, "order", None)
        chosen = self.order_ref(context) if callable(self.order_ref) else self.order_ref
        order_ref = chosen or getattr(order, "order_ref", "")
        if not order_ref:
            return ()
        return (Command(subject_of(event), CancelOrder(order_ref, f"rule:{context['rule_id']}")),)

    def words(self) -> str:
        """Say it in words."""
        return f"cancel {self.order_ref if isinstance(self.order_ref, str) else 'the order of the event'}"


class FlattenAction(Action):
    """Halt, and close every position of the process. Only a person resumes."""

    def __init__(self, reason: str = "") -> None:
        """`reason` defaults to the rule's id."""
        self.reason = reason

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One FlattenAll."""
        return (Command("", FlattenAll(self.reason or f"rule:{context['rule_id']}")),)

    def words(self) -> str:
        """Say it in words."""
        return "halt and close every position"
