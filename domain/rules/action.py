"""Actions: pure functions from the context to commands. The rules actor carries them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import frozen

from messages.order import Side
from messages.position import ClosePosition, ExitPlan, OpenPosition, Size

__all__ = ["Action", "ActionError", "ClosePositionAction", "Command", "CreatePositionAction", "SequenceAction"]

Context = Mapping[str, Any]
SymbolChoice = str | Callable[[Context], str] | None


class ActionError(ValueError):
    """An action cannot be built or carried out as asked."""


@frozen(slots=True)
class Command:
    """What to tell the position of a symbol."""

    symbol: str
    message: OpenPosition | ClosePosition


class Action:
    """What a rule does. `a + b` does both, and stops at the first command that is refused."""

    def commands(self, context: Context) -> tuple[Command, ...]:
        """Return the commands for this context; `context["event"]` is the event, `context["rule_id"]` the rule."""
        raise NotImplementedError

    def words(self) -> str:
        """Say it in words, for `pitboss check`."""
        raise NotImplementedError

    def __add__(self, other: Action) -> Action:
        return SequenceAction((self, other))


class SequenceAction(Action):
    """One action after the other."""

    def __init__(self, actions: tuple[Action, ...]) -> None:
        """Take them in order."""
        self.actions = actions

    def commands(self, context: Context) -> tuple[Command, ...]:
        """All their commands in order."""
        return tuple(command for action in self.actions for command in action.commands(context))

    def words(self) -> str:
        """Say it in words."""
        return ", then ".join(action.words() for action in self.actions)


class CreatePositionAction(Action):
    """Open a position with its exits.

    Exactly one of `quantity` (shares; negative opens a short), `allocation` (account currency) and `risk_pct` (of
    equity, over the distance to the stop) sizes it. Percentages are fractions: 0.03 is 3 %. `symbol` is a text, a
    function of the context, or None for the event's own. Raises ActionError for terms that make no sense.
    """

    def __init__(
        self,
        symbol: SymbolChoice = None,
        quantity: Decimal | float | None = None,
        *,
        side: Side | str | None = None,
        allocation: Decimal | float | None = None,
        risk_pct: Decimal | float | None = None,
        stop_loss_pct: Decimal | float | None = None,
        take_profit_pct: Decimal | float | None = None,
        trailing_stop_pct: Decimal | float | None = None,
        add: bool = False,
    ) -> None:
        """Take the terms of the position."""
        if sum(size is not None for size in (quantity, allocation, risk_pct)) != 1:
            raise ActionError("expected exactly one of quantity, allocation and risk_pct")
        shares = _decimal("quantity", quantity)
        if shares is not None and shares < 0 and side is not None:
            raise ActionError(f"quantity {shares} already says SELL; leave the side out or make it positive")
        self.side = Side.SELL if shares is not None and shares < 0 else Side(side or Side.BUY)
        self.size = Size(
            quantity=None if shares is None else _positive("quantity", abs(shares)),
            allocation=_positive("allocation", _decimal("allocation", allocation)),
            risk_pct=_fraction("risk_pct", risk_pct),
        )
        self.exits = ExitPlan(
            stop_loss_pct=_fraction("stop_loss_pct", stop_loss_pct),
            take_profit_pct=_fraction("take_profit_pct", take_profit_pct),
            trailing_stop_pct=_fraction("trailing_stop_pct", trailing_stop_pct),
        )
        if self.size.risk_pct is not None and not self.exits.protects:
            raise ActionError("risk_pct needs a stop: stop_loss_pct or trailing_stop_pct")
        self.symbol = symbol
        self.add = add

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One OpenPosition for the symbol."""
        event = context["event"]
        opening = OpenPosition(
            side=self.side,
            size=self.size,
            exits=self.exits,
            source=f"rule:{context['rule_id']}",
            signal_id=getattr(event, "signal_id", None),
            add=self.add,
        )
        return (Command(_symbol(self.symbol, context), opening),)

    def words(self) -> str:
        """Say it in words."""
        size = self.size
        amount = (
            f"{size.quantity} shares"
            if size.quantity is not None
            else f"{size.allocation} of account currency"
            if size.allocation is not None
            else f"a size that risks {_percent(size.risk_pct)} of equity"
        )
        exits = [
            f"{name} {_percent(value)}"
            for name, value in (
                ("stop", self.exits.stop_loss_pct),
                ("target", self.exits.take_profit_pct),
                ("trailing stop", self.exits.trailing_stop_pct),
            )
            if value is not None
        ]
        whose = self.symbol if isinstance(self.symbol, str) else "the event's symbol"
        way = "buy" if self.side is Side.BUY else "sell short"
        return f"{way} {amount} of {whose}, " + (f"with {', '.join(exits)}" if exits else "without any exit")


class ClosePositionAction(Action):
    """Close the symbol's position."""

    def __init__(self, symbol: SymbolChoice = None, reason: str = "") -> None:
        """`symbol` as in CreatePositionAction; `reason` defaults to the rule's id."""
        self.symbol = symbol
        self.reason = reason

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One ClosePosition for the symbol."""
        source = f"rule:{context['rule_id']}"
        return (Command(_symbol(self.symbol, context), ClosePosition(self.reason or source, source)),)

    def words(self) -> str:
        """Say it in words."""
        return f"close the position in {self.symbol if isinstance(self.symbol, str) else 'the event’s symbol'}"


def _symbol(choice: SymbolChoice, context: Context) -> str:
    if callable(choice):
        choice = choice(context)
    symbol = choice if choice is not None else getattr(context["event"], "symbol", None)
    if not isinstance(symbol, str) or not symbol:
        raise ActionError(f"expected a symbol, got {symbol!r}")
    return symbol


def _decimal(name: str, value: Decimal | float | None) -> Decimal | None:
    if value is None:
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise ActionError(f"{name}: {value!r} is not a number") from None
    if not number.is_finite():
        raise ActionError(f"{name}: {value!r} is not a finite number")
    return number


def _positive(name: str, value: Decimal | None) -> Decimal | None:
    if value is not None and value <= 0:
        raise ActionError(f"{name}: expected a positive number, got {value}")
    return value


def _fraction(name: str, value: Decimal | float | None) -> Decimal | None:
    """A fraction between 0 and 1; 0 means no such exit."""
    number = _decimal(name, value)
    if number is None or number == 0:
        return None
    if not 0 < number < 1:
        raise ActionError(f"{name}: expected a fraction between 0 and 1 (0.03 is 3 %), got {number}")
    return number


def _percent(value: Decimal | None) -> str:
    return f"{(value or Decimal(0)) * 100:f}".rstrip("0").rstrip(".") + " %"
