"""What actions share: the numbers they are given, the exits of a position, and how they say both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import evolve, field, frozen

from domain.distances import needs_atr, with_atr
from domain.exit_words import exits_in_words, with_words
from domain.rules.facts import facts_of, subject_of
from messages.position import ExitPlan, Size

__all__ = [
    "ActionError",
    "Context",
    "ExitTerms",
    "Number",
    "SymbolChoice",
    "chosen_symbol",
    "decimal",
    "fraction",
    "percent",
    "positive",
    "size_in_words",
    "symbol_in_words",
]

Context = Mapping[str, Any]
Number = Decimal | float
SymbolChoice = str | Callable[[Context], str] | None


_IN_WORDS = ("break_even", "stop_steps", "scale_out", "exit_after", "exit_at", "trail_here")


class ActionError(ValueError):
    """An action cannot be built or carried out as asked."""


@frozen(slots=True, kw_only=True)
class ExitTerms:
    """Where a position is to be left: fractions of the entry price, distances from it, or multiples of an ATR.

    Per exit one of the three. `atr` names the indicator that is multiplied; its value when the rule acts fixes the
    distance. `rest` has the steps, targets and times.
    """

    stop_loss_pct: Decimal | None = None
    take_profit_pct: Decimal | None = None
    trailing_stop_pct: Decimal | None = None
    stop_loss_amount: Decimal | None = None
    take_profit_amount: Decimal | None = None
    trailing_stop_amount: Decimal | None = None
    stop_loss_atr: Decimal | None = None
    take_profit_atr: Decimal | None = None
    trailing_stop_atr: Decimal | None = None
    atr: str = "atr"
    rest: ExitPlan = field(factory=ExitPlan)

    @classmethod
    def read(cls, atr: str = "atr", rest: ExitPlan | None = None, **written: Any) -> ExitTerms:
        """Check what was written; 0 means no such exit. Steps, targets and times are texts, as in a configuration.

        Raises ActionError.
        """
        texts = {name: written.pop(name) for name in _IN_WORDS if name in written}
        try:
            rest = with_words(rest or ExitPlan(), **texts)
        except (ValueError, AttributeError) as error:
            raise ActionError(f"exits: {error}") from None
        terms = {
            name: fraction(name, value) if name.endswith("_pct") else _positive_or_none(name, decimal(name, value))
            for name, value in written.items()
        }
        for exit_name in ("stop_loss", "take_profit", "trailing_stop"):
            given = [name for name in terms if name.startswith(exit_name) and terms[name] is not None]
            if len(given) > 1:
                raise ActionError(f"expected only one of {' and '.join(given)}")
        return cls(atr=atr, rest=rest, **terms)

    @property
    def protects(self) -> bool:
        """Whether they limit the loss."""
        return any(
            value is not None
            for value in (
                *(self.stop_loss_pct, self.stop_loss_amount, self.stop_loss_atr),
                *(self.trailing_stop_pct, self.trailing_stop_amount, self.trailing_stop_atr),
            )
        )

    @property
    def looks_at(self) -> frozenset[str]:
        """What they need besides the event."""
        by_atr = (self.stop_loss_atr, self.take_profit_atr, self.trailing_stop_atr)
        needed = by_atr != (None, None, None) or needs_atr(self.rest)
        return frozenset({f"indicator {self.atr}"}) if needed else frozenset()

    def plan(self, symbol: str, context: Context) -> ExitPlan:
        """Return the plan, multiples of the ATR as distances. Raises NotKnownError where its value is not known."""
        stop, target, trail = self.stop_loss_amount, self.take_profit_amount, self.trailing_stop_amount
        rest = self.rest
        if self.looks_at:
            atr = Decimal(str(round(facts_of(context).indicator(symbol, self.atr), 8)))
            stop = stop if self.stop_loss_atr is None else self.stop_loss_atr * atr
            target = target if self.take_profit_atr is None else self.take_profit_atr * atr
            trail = trail if self.trailing_stop_atr is None else self.trailing_stop_atr * atr
            rest = with_atr(rest, atr)
        return evolve(
            rest,
            stop_loss_pct=self.stop_loss_pct,
            take_profit_pct=self.take_profit_pct,
            trailing_stop_pct=self.trailing_stop_pct,
            stop_loss_amount=stop,
            take_profit_amount=target,
            trailing_stop_amount=trail,
        )

    def words(self) -> str:
        """Say them in words."""
        exits = []
        for name, key in (("stop", "stop_loss"), ("target", "take_profit"), ("trailing stop", "trailing_stop")):
            pct, amount = getattr(self, f"{key}_pct"), getattr(self, f"{key}_amount")
            multiple = getattr(self, f"{key}_atr")
            if pct is not None:
                exits.append(f"{name} {percent(pct)}")
            elif amount is not None:
                exits.append(f"{name} {amount} away")
            elif multiple is not None:
                exits.append(f"{name} {multiple:f} × {self.atr} away")
        if self.rest != ExitPlan():
            exits.append(exits_in_words(self.rest))
        return f"with {', '.join(exits)}" if exits else "without any exit"


def chosen_symbol(choice: SymbolChoice, context: Context) -> str:
    """Return the symbol that an action is about: named, of a function, or the event's. Raises ActionError."""
    if callable(choice):
        choice = choice(context)
    symbol = choice if choice is not None else subject_of(context["event"])
    if not isinstance(symbol, str) or not symbol:
        raise ActionError(f"expected a symbol, got {symbol!r}")
    return symbol


def symbol_in_words(choice: SymbolChoice) -> str:
    """Say whose symbol."""
    return choice if isinstance(choice, str) else "the event's symbol"


def size_in_words(size: Size) -> str:
    """Say how much."""
    if size.quantity is not None:
        return f"{size.quantity} shares"
    if size.allocation is not None:
        return f"{size.allocation} of account currency"
    return f"a size that risks {percent(size.risk_pct)} of equity"


def decimal(name: str, value: Number | None) -> Decimal | None:
    """Return a number as Decimal. Raises ActionError."""
    if value is None:
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise ActionError(f"{name}: {value!r} is not a number") from None
    if not number.is_finite():
        raise ActionError(f"{name}: {value!r} is not a finite number")
    return number


def positive(name: str, value: Number | None) -> Decimal | None:
    """Return a number above 0. Raises ActionError."""
    number = decimal(name, value)
    if number is not None and number <= 0:
        raise ActionError(f"{name}: expected a positive number, got {number}")
    return number


def _positive_or_none(name: str, number: Decimal | None) -> Decimal | None:
    """Return a number above 0, or None for 0. Raises ActionError."""
    return None if number is None or number == 0 else positive(name, number)


def fraction(name: str, value: Number | None) -> Decimal | None:
    """Return a fraction between 0 and 1; 0 means no such exit. Raises ActionError."""
    number = decimal(name, value)
    if number is None or number == 0:
        return None
    if not 0 < number < 1:
        raise ActionError(f"{name}: expected a fraction between 0 and 1 (0.03 is 3 %), got {number}")
    return number


def percent(value: Decimal | None) -> str:
    """Say a fraction in percent."""
    return f"{(value or Decimal(0)) * 100:f}".rstrip("0").rstrip(".") + " %"
