"""From an action as the configuration writes it to the action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import attrs

from config.exit_settings import written_exits
from config.rule_conditions import RuleSettingsError, condition_of
from config.rule_settings import ActionSettings, RuleSettings
from domain.rules import (
    Action,
    ActionError,
    AdjustExitsAction,
    CancelOrderAction,
    CloseAllAction,
    ClosePositionAction,
    Command,
    ConditionalAction,
    CreateBracketAction,
    CreateOrderAction,
    DoubleDownAction,
    FlattenAction,
    LogAction,
    ScaleInAction,
)
from domain.rules.entry_actions import SizeByConfidence
from domain.rules.terms import Context, ExitTerms, chosen_symbol, percent
from messages.order import Side
from messages.position import ExitPlan, OpenPosition, Size

if TYPE_CHECKING:
    from config.settings import Settings

__all__ = ["ConfiguredEntry", "exit_terms", "rule_action"]

_EXITS = ("stop_loss", "take_profit", "trailing_stop")


def rule_action(settings: Settings, written: RuleSettings, place: str) -> Action:
    """Return all that a rule does. Raises RuleSettingsError."""
    if written.actions:
        if written.do is not None:
            raise RuleSettingsError(f"{place}.do: and actions cannot both be given")
        each = [
            _action(settings, written, action, f"{place}.actions[{number}]")
            for number, action in enumerate(written.actions)
        ]
        return reduce(add, each)
    if written.do is None:
        raise RuleSettingsError(f"{place}.do: is missing; expected do or actions")
    return _action(settings, written, written, place)


def exit_terms(settings: Settings, written: ActionSettings, symbol: str) -> ExitTerms:
    """Return the exits of a position: each by the rule, else by symbol and defaults. Raises ActionError."""
    configured = settings.exits(symbol)
    terms: dict[str, Any] = {}
    for exit_name in _EXITS:
        own = {f"{exit_name}_{way}": getattr(written, f"{exit_name}_{way}") for way in ("pct", "amount", "atr")}
        if all(value is None for value in own.values()):
            # what a symbol or the defaults say in other ways than percentages is the plan's own
            own = {name: getattr(configured, name) for name in own if hasattr(configured, name)}
        terms |= own
    rest = written_exits(ExitPlan(), written, settings.symbols.get(symbol), settings.defaults)
    return ExitTerms.read(written.atr, rest, **terms)


class ConfiguredEntry(Action):
    """Open a position in the event's symbol; what the rule leaves out comes from the symbol, then the defaults."""

    def __init__(self, settings: Settings, rule: RuleSettings, written: ActionSettings) -> None:
        """`settings` supply what the rule's action leaves out. Raises ActionError."""
        self._settings = settings
        self._written = written
        self._side = written.side or Side.BUY
        self._source = f"rule:{rule.id}"
        self._by_confidence = SizeByConfidence(written.size_by_confidence) if written.size_by_confidence else None
        self._symbols = rule.symbols or tuple(settings.symbols)
        self._terms = {symbol: exit_terms(settings, written, symbol) for symbol in self._symbols}
        self.looks_at = frozenset().union(*(terms.looks_at for terms in self._terms.values()))

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One OpenPosition for the event's symbol."""
        symbol = chosen_symbol(None, context)
        terms = self._terms.get(symbol) or exit_terms(self._settings, self._written, symbol)
        opening = OpenPosition(
            side=self._side,
            size=self._size(symbol),
            exits=terms.plan(symbol, context),
            source=self._source,
            signal_id=getattr(context["event"], "signal_id", None),
            add=self._written.add,
            size_factor=Decimal(1) if self._by_confidence is None else self._by_confidence.factor(context),
            what_if=None if self._written.size_by is None else self._written.size_by == "what_if",
        )
        return (Command(symbol, opening),)

    def words(self) -> str:
        """Say it in words, with the figures of each symbol where they differ."""
        way = "buy" if self._side is Side.BUY else "sell short"
        groups: dict[str, list[str]] = {}
        for symbol in self._symbols:
            groups.setdefault(self._figures(symbol), []).append(symbol)
        if len(groups) == 1:
            return f"{way} {next(iter(groups))}"
        return f"{way} " + "; ".join(f"{', '.join(symbols)}: {figures}" for figures, symbols in groups.items())

    def _size(self, symbol: str) -> Size:
        return self._settings.size(symbol, self._written)

    def _asks_the_broker(self, symbol: str) -> bool:
        own = self._written.size_by
        return own == "what_if" if own is not None else self._settings.asks_the_broker(symbol)

    def _figures(self, symbol: str) -> str:
        scaled = f" ({self._by_confidence.words()})" if self._by_confidence is not None else ""
        most = ", at most what the broker says that the account can carry," if self._asks_the_broker(symbol) else ""
        return f"{_amount(self._size(symbol))}{scaled}{most} {self._terms[symbol].words()}"


def _amount(size: Size) -> str:
    if size.quantity is not None:
        return f"{size.quantity} shares"
    if size.allocation is not None:
        return f"for {size.allocation}"
    if size.risk_pct is not None:
        return f"risking {percent(size.risk_pct)} of equity"
    if size.volatility_pct is not None:
        return f"so that one ATR is {percent(size.volatility_pct)} of equity"
    return ", ".join(
        f"{name} {value}" for name, value in attrs.asdict(size, recurse=False).items() if value is not None
    )


def _action(settings: Settings, rule: RuleSettings, written: ActionSettings, place: str) -> Action:
    make = _MAKERS[str(written.do)]
    try:
        action = make(settings, rule, written)
    except ActionError as error:
        raise RuleSettingsError(f"{place}: {error}") from error
    for needed in sorted(action.looks_at):
        kind, _, name = needed.partition(" ")
        if kind == "indicator" and name not in settings.indicators:
            raise RuleSettingsError(f'{place}.atr: "{name}" is not in [indicators]')
    if written.only_if is None:
        return action
    return ConditionalAction(condition_of(written.only_if, f"{place}.only_if", settings.indicators), action)


def _adjust(settings: Settings, rule: RuleSettings, written: ActionSettings) -> Action:
    named = (f"{exit_name}_{way}" for exit_name in _EXITS for way in ("pct", "amount", "atr"))
    exits = {name: getattr(written, name) for name in named}
    return AdjustExitsAction(atr=written.atr, rest=written_exits(ExitPlan(), written), **exits)


def _order(settings: Settings, rule: RuleSettings, written: ActionSettings) -> Action:
    return CreateOrderAction(
        quantity=_needed("quantity", written.quantity),
        side=written.side,
        order_type=written.order_type,
        limit_price=written.limit_price,
        stop_price=written.stop_price,
    )


def _bracket(settings: Settings, rule: RuleSettings, written: ActionSettings) -> Action:
    return CreateBracketAction(
        quantity=_needed("quantity", written.quantity),
        side=written.side,
        limit_price=_needed("limit_price", written.limit_price),
        stop_price=_needed("stop_price", written.stop_price),
        target_price=written.target_price,
    )


def _scale_in(settings: Settings, rule: RuleSettings, written: ActionSettings) -> Action:
    return ScaleInAction(
        scale_quantity=_needed("scale_quantity", written.scale_quantity),
        trigger_profit_pct=written.trigger_profit_pct,
        max_times=written.max_times,
    )


def _double_down(settings: Settings, rule: RuleSettings, written: ActionSettings) -> Action:
    return DoubleDownAction(
        distance_to_stop_multiplier=written.distance_to_stop_multiplier,
        quantity_multiplier=written.quantity_multiplier,
        level=written.level,
    )


def _log(settings: Settings, rule: RuleSettings, written: ActionSettings) -> Action:
    if not written.text:
        raise ActionError("text is missing")
    return LogAction(written.text)


def _needed(name: str, value: Decimal | None) -> Decimal:
    if value is None:
        raise ActionError(f"{name} is missing")
    return value


_MAKERS: Mapping[str, Callable[[Settings, RuleSettings, ActionSettings], Action]] = {
    "create_position": ConfiguredEntry,
    "close_position": lambda settings, rule, written: ClosePositionAction(reason=written.reason),
    "adjust_exits": _adjust,
    "create_order": _order,
    "create_bracket": _bracket,
    "cancel_order": lambda settings, rule, written: CancelOrderAction(written.order_ref or None),
    "scale_in": _scale_in,
    "double_down": _double_down,
    "close_all": lambda settings, rule, written: CloseAllAction(reason=written.reason),
    "flatten": lambda settings, rule, written: FlattenAction(written.reason),
    "log": _log,
}
