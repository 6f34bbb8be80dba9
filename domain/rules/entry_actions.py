"""Actions that add to a position, or open one."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.rules.action import Action, Command
from domain.rules.facts import facts_of
from domain.rules.terms import (
    ActionError,
    Context,
    ExitTerms,
    Number,
    SymbolChoice,
    chosen_symbol,
    decimal,
    fraction,
    percent,
    positive,
    size_in_words,
    symbol_in_words,
)
from messages.order import OrderType, Side
from messages.position import DoubleDown, ExitPlan, OpenPosition, PlaceOrder, ScaleIn, Size

__all__ = [
    "CreateBracketAction",
    "CreateOrderAction",
    "CreatePositionAction",
    "DoubleDownAction",
    "ScaleInAction",
    "SizeByConfidence",
]


class SizeByConfidence:
    """The part of the size to take, by the confidence of the signal: straight lines between points."""

    def __init__(self, points: Sequence[Sequence[Number]]) -> None:
        """Take (confidence, part) pairs, as `[[0.6, 0.5], [0.9, 1.0]]`: half at 0.6 and below, all from 0.9 on.

        Raises ActionError.
        """
        expected = "expected pairs of confidence and part like [[0.6, 0.5], [0.9, 1.0]]"
        if not points or not all(isinstance(point, Sequence) and len(point) == 2 for point in points):
            raise ActionError(f"size_by_confidence: {expected}")
        read = [tuple(float(decimal("size_by_confidence", part) or 0) for part in point) for point in points]
        self._points = sorted(read)
        confidences = [confidence for confidence, _ in self._points]
        if len(set(confidences)) < len(confidences) or not all(0 <= one <= 1 for one in confidences):
            raise ActionError(f"size_by_confidence: a confidence is from 0 to 1, each once; {expected}")
        if not all(0 < part <= 1 for _, part in self._points):
            raise ActionError(f"size_by_confidence: a part is above 0 and at most 1; {expected}")

    def factor(self, context: Context) -> Decimal:
        """Return the part; all of it for an event without confidence."""
        confidence = getattr(context["event"], "confidence", None)
        if not isinstance(confidence, float):
            return Decimal(1)
        (low, part), *rest = self._points
        if confidence <= low:
            return _rounded(part)
        for high, above in rest:
            if confidence < high:
                return _rounded(part + (above - part) * (confidence - low) / (high - low))
            low, part = high, above
        return _rounded(part)

    def words(self) -> str:
        """Say it in words."""
        return "sized " + ", ".join(
            f"{part * 100:g} % at confidence {confidence:g}" for confidence, part in self._points
        )


class CreatePositionAction(Action):
    """Open a position with its exits.

    Exactly one of `quantity` (shares; negative opens a short), `allocation` (account currency) and `risk_pct` (of
    equity, over the distance to the stop) sizes it; `size_by_confidence` takes a part of that. Percentages are
    fractions: 0.03 is 3 %. An exit may instead be a distance (`stop_loss_amount`) or a multiple of an ATR
    (`stop_loss_atr`; `atr` names the indicator). Steps, targets and times are texts, as in a configuration. `symbol` is
    a text, a function of the context, or None for the event's own. Raises ActionError for terms that make no sense.
    """

    def __init__(
        self,
        symbol: SymbolChoice = None,
        quantity: Number | None = None,
        *,
        side: Side | str | None = None,
        allocation: Number | None = None,
        risk_pct: Number | None = None,
        stop_loss_pct: Number | None = None,
        take_profit_pct: Number | None = None,
        trailing_stop_pct: Number | None = None,
        stop_loss_amount: Number | None = None,
        take_profit_amount: Number | None = None,
        trailing_stop_amount: Number | None = None,
        stop_loss_atr: Number | None = None,
        take_profit_atr: Number | None = None,
        trailing_stop_atr: Number | None = None,
        atr: str = "atr",
        break_even: str | None = None,
        stop_steps: str | None = None,
        scale_out: str | None = None,
        exit_after: str | None = None,
        exit_at: str | None = None,
        trail_here: bool | None = None,
        size_by_confidence: Sequence[Sequence[Number]] | None = None,
        add: bool = False,
    ) -> None:
        """Take the terms of the position."""
        self.side, self.size = _side_and_size(quantity, side, allocation, risk_pct)
        self.exits = ExitTerms.read(
            atr,
            stop_loss_pct=stop_loss_pct,
            take_profit_pct=take_profit_pct,
            trailing_stop_pct=trailing_stop_pct,
            stop_loss_amount=stop_loss_amount,
            take_profit_amount=take_profit_amount,
            trailing_stop_amount=trailing_stop_amount,
            stop_loss_atr=stop_loss_atr,
            take_profit_atr=take_profit_atr,
            trailing_stop_atr=trailing_stop_atr,
            break_even=break_even,
            stop_steps=stop_steps,
            scale_out=scale_out,
            exit_after=exit_after,
            exit_at=exit_at,
            trail_here=trail_here,
        )
        if self.size.risk_pct is not None and not self.exits.protects:
            raise ActionError("risk_pct needs a stop: stop_loss_pct, stop_loss_atr or trailing_stop_pct")
        self.symbol = symbol
        self.add = add
        self.by_confidence = None if size_by_confidence is None else SizeByConfidence(size_by_confidence)
        self.looks_at = self.exits.looks_at

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One OpenPosition for the symbol."""
        symbol = chosen_symbol(self.symbol, context)
        opening = OpenPosition(
            side=self.side,
            size=self.size,
            exits=self.exits.plan(symbol, context),
            source=f"rule:{context['rule_id']}",
            signal_id=getattr(context["event"], "signal_id", None),
            add=self.add,
            size_factor=Decimal(1) if self.by_confidence is None else self.by_confidence.factor(context),
        )
        return (Command(symbol, opening),)

    def words(self) -> str:
        """Say it in words."""
        way = "buy" if self.side is Side.BUY else "sell short"
        scaled = f" ({self.by_confidence.words()})" if self.by_confidence is not None else ""
        amount = f"{size_in_words(self.size)}{scaled} of {symbol_in_words(self.symbol)}"
        return f"{way} {amount}, {self.exits.words()}"


class CreateBracketAction(Action):
    """Open a position by a limit order with a stop and a target at fixed prices, all three at the broker.

    Raises ActionError.
    """

    def __init__(
        self,
        symbol: SymbolChoice = None,
        quantity: Number | None = None,
        *,
        limit_price: Number,
        stop_price: Number,
        target_price: Number | None = None,
        side: Side | str | None = None,
    ) -> None:
        """Take the terms of the bracket."""
        self.side, self.size = _side_and_size(quantity, side, None, None)
        self.limit = _required("limit_price", limit_price)
        self.stop = _required("stop_price", stop_price)
        self.target = positive("target_price", target_price)
        self.symbol = symbol
        sign = self.side.sign
        if (self.limit - self.stop) * sign <= 0:
            raise ActionError(f"stop_price {self.stop} lies on the wrong side of limit_price {self.limit}")
        if self.target is not None and (self.target - self.limit) * sign <= 0:
            raise ActionError(f"target_price {self.target} lies on the wrong side of limit_price {self.limit}")

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One OpenPosition with a limit and exits at prices."""
        symbol = chosen_symbol(self.symbol, context)
        opening = OpenPosition(
            side=self.side,
            size=self.size,
            exits=ExitPlan(stop_loss_price=self.stop, take_profit_price=self.target),
            source=f"rule:{context['rule_id']}",
            order_type=OrderType.LIMIT,
            limit_price=self.limit,
            signal_id=getattr(context["event"], "signal_id", None),
        )
        return (Command(symbol, opening),)

    def words(self) -> str:
        """Say it in words."""
        way = "buy" if self.side is Side.BUY else "sell short"
        target = "" if self.target is None else f", target {self.target}"
        what = f"{size_in_words(self.size)} of {symbol_in_words(self.symbol)}"
        return f"{way} {what} at {self.limit} or better, with stop {self.stop}{target}"


class CreateOrderAction(Action):
    """Send one plain order, without exits of its own. `quantity` is negative to sell. Raises ActionError."""

    def __init__(
        self,
        symbol: SymbolChoice = None,
        quantity: Number | None = None,
        *,
        side: Side | str | None = None,
        order_type: OrderType | str = OrderType.MARKET,
        limit_price: Number | None = None,
        stop_price: Number | None = None,
    ) -> None:
        """Take the terms of the order."""
        self.side, size = _side_and_size(quantity, side, None, None)
        self.quantity = size.quantity or Decimal(0)
        try:
            self.order_type = OrderType(order_type)
        except ValueError:
            raise ActionError(f"order_type: {order_type!r} is not one of {', '.join(OrderType)}") from None
        self.limit, self.stop = positive("limit_price", limit_price), positive("stop_price", stop_price)
        limited = self.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
        triggered = self.order_type in (OrderType.STOP, OrderType.STOP_LIMIT)
        if self.order_type is OrderType.TRAILING_STOP:
            raise ActionError("order_type: a plain order does not trail")
        if (self.limit is None) is limited or (self.stop is None) is triggered:
            raise ActionError(f"the prices do not fit the order type {self.order_type}")
        self.symbol = symbol

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One PlaceOrder for the symbol."""
        order = PlaceOrder(
            side=self.side,
            quantity=self.quantity,
            order_type=self.order_type,
            limit_price=self.limit,
            stop_price=self.stop,
            source=f"rule:{context['rule_id']}",
        )
        return (Command(chosen_symbol(self.symbol, context), order),)

    def words(self) -> str:
        """Say it in words."""
        prices = "".join(
            f" {name} {price}" for name, price in (("limit", self.limit), ("stop", self.stop)) if price is not None
        )
        verb = "buy" if self.side is Side.BUY else "sell"
        return f"{verb} {self.quantity} shares of {symbol_in_words(self.symbol)} by {self.order_type}{prices}"


class ScaleInAction(Action):
    """Add shares to an open position in profit. Raises ActionError."""

    looks_at = frozenset({"positions"})

    def __init__(
        self,
        symbol: SymbolChoice = None,
        *,
        scale_quantity: Number,
        trigger_profit_pct: Number = Decimal("0.02"),
        max_times: int = 1,
    ) -> None:
        """`trigger_profit_pct` 0.02 is 2 %; `max_times` is how often per position."""
        self.quantity = _required("scale_quantity", scale_quantity)
        self.trigger = fraction("trigger_profit_pct", trigger_profit_pct) or Decimal(0)
        if max_times < 1:
            raise ActionError(f"max_times: expected at least 1, got {max_times}")
        self.max_times = max_times
        self.symbol = symbol

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One ScaleIn; none while the profit is known to be below the trigger."""
        symbol = chosen_symbol(self.symbol, context)
        view = facts_of(context).position(symbol)
        if view is not None and view.quantity and view.average_price:
            profit = (facts_of(context).price(symbol) / float(view.average_price) - 1) * (
                1 if view.quantity > 0 else -1
            )
            if profit < float(self.trigger):
                return ()
        command = ScaleIn(
            quantity=self.quantity,
            source=f"rule:{context['rule_id']}",
            trigger_profit_pct=self.trigger,
            max_times=self.max_times,
        )
        return (Command(symbol, command),)

    def words(self) -> str:
        """Say it in words."""
        times = "once" if self.max_times == 1 else f"at most {self.max_times} times"
        return (
            f"add {self.quantity} shares to the position in {symbol_in_words(self.symbol)} "
            f"while its profit is at least {percent(self.trigger)} ({times} per position)"
        )


class DoubleDownAction(Action):
    """Rest a limit order between entry and stop that makes the position larger. Raises ActionError."""

    def __init__(
        self,
        symbol: SymbolChoice = None,
        *,
        distance_to_stop_multiplier: Number = Decimal("0.5"),
        quantity_multiplier: Number = Decimal(1),
        level: int = 1,
    ) -> None:
        """See `messages.position.DoubleDown`."""
        distance = decimal("distance_to_stop_multiplier", distance_to_stop_multiplier)
        if distance is None or not 0 < distance < 1:
            raise ActionError(f"distance_to_stop_multiplier: expected a fraction between 0 and 1, got {distance}")
        self.distance = distance
        self.multiplier = _required("quantity_multiplier", quantity_multiplier)
        if level < 1:
            raise ActionError(f"level: expected at least 1, got {level}")
        self.level = level
        self.symbol = symbol

    def commands(self, context: Context) -> tuple[Command, ...]:
        """One DoubleDown for the symbol."""
        command = DoubleDown(
            source=f"rule:{context['rule_id']}",
            distance_to_stop_multiplier=self.distance,
            quantity_multiplier=self.multiplier,
            level=self.level,
        )
        return (Command(chosen_symbol(self.symbol, context), command),)

    def words(self) -> str:
        """Say it in words."""
        return (
            f"rest a limit order for {self.multiplier:f} × the position in {symbol_in_words(self.symbol)}, "
            f"{percent(self.distance)} of the way from its entry to its stop (level {self.level}, once per position)"
        )


def _side_and_size(
    quantity: Number | None, side: Side | str | None, allocation: Number | None, risk_pct: Number | None
) -> tuple[Side, Size]:
    if sum(size is not None for size in (quantity, allocation, risk_pct)) != 1:
        raise ActionError("expected exactly one of quantity, allocation and risk_pct")
    shares = decimal("quantity", quantity)
    if shares is not None and shares < 0 and side is not None:
        raise ActionError(f"quantity {shares} already says SELL; leave the side out or make it positive")
    size = Size(
        quantity=None if shares is None else positive("quantity", abs(shares)),
        allocation=positive("allocation", allocation),
        risk_pct=fraction("risk_pct", risk_pct),
    )
    return Side.SELL if shares is not None and shares < 0 else Side(side or Side.BUY), size


def _required(name: str, value: Number) -> Decimal:
    number = positive(name, value)
    if number is None:
        raise ActionError(f"{name} is missing")
    return number


def _rounded(part: float) -> Decimal:
    return Decimal(str(round(part, 4)))
