"""Actions: pure functions from the context to commands. The rules actor carries them out."""

from __future__ import annotations

from attrs import frozen

from domain.rules.condition import Condition
from domain.rules.facts import subject_of
from domain.rules.terms import ActionError, Context, SymbolChoice
from messages.order import CancelOrder
from messages.position import AdjustExits, ClosePosition, DoubleDown, OpenPosition, PlaceOrder, ScaleIn
from messages.risk import FlattenAll

__all__ = [
    "Action",
    "ActionError",
    "Command",
    "ConditionalAction",
    "Context",
    "LogAction",
    "LogLine",
    "SequenceAction",
    "SymbolChoice",
]


@frozen(slots=True)
class LogLine:
    """Write this to the log."""

    text: str


@frozen(slots=True)
class Command:
    """What to tell whoever carries it out, about a symbol ("" for all of them)."""

    symbol: str
    message: (
        OpenPosition
        | ClosePosition
        | AdjustExits
        | PlaceOrder
        | ScaleIn
        | DoubleDown
        | CancelOrder
        | FlattenAll
        | LogLine
    )

    @property
    def address(self) -> str:
        """Who carries it out; "" is the rules actor itself."""
        match self.message:
            case CancelOrder():
                return "orders"
            case FlattenAll():
                return "portfolio"
            case LogLine():
                return ""
            case _:
                return f"position/{self.symbol}"


class Action:
    """What a rule does. `a + b` does both, and stops at the first command that is refused."""

    looks_at: frozenset[str] = frozenset()
    """What it looks at besides the event, as a condition's `looks_at`."""

    def commands(self, context: Context) -> tuple[Command, ...]:
        """Return the commands for this context; `context["event"]` is the event, `context["rule_id"]` the rule.

        May raise NotKnownError: then the rule is skipped with that reason.
        """
        raise NotImplementedError

    def words(self) -> str:
        """Say it in words, for `pitboss check`."""
        raise NotImplementedError

    def __add__(self, other: Action) -> Action:
        return SequenceAction((self, other))


class SequenceAction(Action):
    """One action after the other; the first command that is refused ends it."""

    def __init__(self, actions: tuple[Action, ...]) -> None:
        """Take them in order."""
        self.actions = actions
        self.looks_at = frozenset().union(*(action.looks_at for action in actions))

    def commands(self, context: Context) -> tuple[Command, ...]:
        """All their commands in order."""
        return tuple(command for action in self.actions for command in action.commands(context))

    def words(self) -> str:
        """Say it in words."""
        return ", then ".join(action.words() for action in self.actions)


class ConditionalAction(Action):
    """One action where a condition holds when the rule acts, else another, or nothing."""

    def __init__(self, condition: Condition, action: Action, otherwise: Action | None = None) -> None:
        """Take the condition and what it decides between."""
        self.condition = condition
        self.action = action
        self.otherwise = otherwise
        self.looks_at = condition.looks_at | action.looks_at | (otherwise.looks_at if otherwise else frozenset())

    def commands(self, context: Context) -> tuple[Command, ...]:
        """The commands of the one that is chosen."""
        if self.condition.matches(context):
            return self.action.commands(context)
        return self.otherwise.commands(context) if self.otherwise is not None else ()

    def words(self) -> str:
        """Say it in words."""
        otherwise = f", else {self.otherwise.words()}" if self.otherwise is not None else ""
        return f"if {self.condition.words()}, {self.action.words()}{otherwise}"


class LogAction(Action):
    """Write a line to the log. `{name}` in the text is a field of the event."""

    def __init__(self, text: str) -> None:
        """Take the text. Raises ActionError for one that cannot be filled in."""
        try:
            text.format_map(_Anything())
        except (ValueError, AttributeError, IndexError) as error:
            raise ActionError(f"text: {text!r} cannot be filled in: {error}") from None
        self._text = text

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One LogLine."""
        event = context["event"]
        return (Command(subject_of(event), LogLine(self._text.format_map(_Fields(event)))),)

    def words(self) -> str:
        """Say it in words."""
        return f'log "{self._text}"'


class _Fields(dict[str, object]):
    """The fields of an event by name, for a text; one that it lacks shows as itself."""

    def __init__(self, event: object) -> None:
        super().__init__()
        self._event = event

    def __missing__(self, name: str) -> object:
        return getattr(self._event, name, f"{{{name}}}")


class _Anything(dict[str, object]):
    def __missing__(self, name: str) -> object:
        return 0
