"""Each record in words: which part of a life it belongs to, what it says, and what it says in detail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from attrs import frozen

from domain.adoption import ADOPTED
from domain.buying_power import answer_in_words
from domain.exit_words import exits_in_words
from domain.position_book import KEPT, MOVES, TRAILING
from messages.codec import encode
from messages.decision import EntryWeighed, RuleSkipped, RulesWeighed
from messages.gateway import (
    BrokerCommission,
    BrokerError,
    BrokerExecution,
    BrokerOrder,
    BrokerOrderStatus,
    OrderNotSent,
    OrderSent,
)
from messages.lifecycle import AlarmCleared, AlarmRaised, ProcessStarted, ProcessStopped
from messages.order import (
    CancelIntended,
    CommissionBooked,
    Execution,
    ExecutionBooked,
    ModifyIntended,
    OrderDenied,
    OrderIntended,
    OrderRenumbered,
    OrderRequest,
    OrderResolved,
)
from messages.position import ExitsAdjusted, PositionClosed, PositionClosing, PositionPlanned
from messages.risk import BreakerMoved, TradingHalted, TradingResumed
from messages.signal import PredictionSignalEvent, RuleFired, SignalIgnored, SignalReceived
from messages.verdict import GateVerdict
from messages.what_if import WhatIfAnswer, WhatIfAsked

__all__ = ["Words", "exits_in_words", "in_words", "plain", "terms_in_words", "time_of_day"]


@frozen(slots=True)
class Words:
    """A record in words. `verdicts` are those of the gates that it records, `details` further lines."""

    stage: str
    text: str
    verdicts: tuple[GateVerdict, ...] = ()
    details: tuple[str, ...] = ()


def in_words(payload: Any) -> Words:
    """Return a record in words; one of a kind without words of its own as what it is."""
    match payload:
        case SignalReceived(event, verdicts):
            return Words("signal", f"{_prediction(event)}: given to the rules", verdicts)
        case SignalIgnored(symbol=symbol, reason=reason, event=event, verdicts=verdicts):
            what = _prediction(event) if event is not None else f"a prediction for {symbol}"
            return Words("signal", f"{what}: ignored, {reason}", verdicts)
        case RulesWeighed(symbol=symbol, verdicts=verdicts):
            count = len({verdict.stage for verdict in verdicts})
            text = f"{count} rule{'s' if count > 1 else ''} looked at it" if count else f"no rule waits for {symbol}"
            return Words("rules", text, verdicts)
        case RuleFired(rule_id=rule_id):
            return Words("rules", f"rule {rule_id} acted")
        case RuleSkipped(rule_id, _, _, reason):
            return Words("rules", f"rule {rule_id} did nothing: {reason}")
        case EntryWeighed(source=source, outcome=outcome, verdicts=verdicts):
            return Words(
                "gates", f"asked by {source}: {f'not traded: {outcome}' if outcome else 'let through'}", verdicts
            )
        case _:
            return _of_position(payload) or _of_order(payload) or _of_broker(payload) or _around(payload)


def _of_position(payload: Any) -> Words | None:
    match payload:
        case PositionPlanned():
            what = f"{payload.side} {plain(payload.quantity)} for {payload.source}, {exits_in_words(payload.exits)}"
            return Words("plan", f"{what} (position {payload.position_id})")
        case ExitsAdjusted(_, exits, source) if source == TRAILING:
            return Words("plan", f"the stop has trailed to {exits.stop_loss_price}")
        case ExitsAdjusted(_, exits, source) if source == KEPT:
            return Words("plan", f"the stop stays at {exits.stop_loss_price}: a rule would have loosened it")
        case ExitsAdjusted(_, exits, source) if source in MOVES:
            return Words("plan", f"the stop is moved to {exits.stop_loss_price} ({source})")
        case ExitsAdjusted(_, exits, source):
            return Words("plan", f"exits changed by {source}: {exits_in_words(exits)}")
        case PositionClosing(_, reason, source):
            return Words("plan", f"to go flat: {reason} ({source})")
        case PositionClosed():
            net = payload.realized_pnl - payload.commission
            text = f"closed by {payload.reason}: realised P&L {plain(payload.realized_pnl)}, commission "
            text += f"{plain(payload.commission)}, net {plain(net)}"
            if payload.left_at is not None:
                text += f"; {plain(payload.left)} at {plain(payload.left_at)} let go of"
            return Words("result", text)
        case _:
            return None


def _of_order(payload: Any) -> Words | None:
    match payload:
        case OrderIntended(order, order_id, client_id, account, reference):
            text = f"{order.role} {terms_in_words(order)}, {order.tif}"
            if reference is not None:
                text += f", decided on {reference}"
            if order.parent_ref is not None:
                text += f", after {order.parent_ref}"
            ids = f"order id {order_id}, client {client_id}, account {account}"
            return Words("intent", f"{text} ({ids}{f', {order.oca_group}' if order.oca_group else ''})")
        case ModifyIntended(modify, revision):
            prices = _prices(modify.limit_price, modify.stop_price, modify.trailing_pct, modify.trailing_amount)
            text = f"modification {revision}: {plain(modify.quantity)}{prices}"
            return Words("intent", f"{text}: {modify.reason}" if modify.reason else text)
        case CancelIntended(_, reason):
            return Words("intent", f"cancellation: {reason}")
        case OrderRenumbered(_, order_id):
            return Words("intent", f"overtaken in the send queue by another order: leaves as order id {order_id}")
        case OrderSent(_, order_id, epoch):
            return Words("sent", f"given to the socket as order id {order_id}, connection {epoch}")
        case OrderNotSent(_, _, reason, cancellation, verdicts):
            text = f"{'the cancellation was' if cancellation else 'was'} not sent: {reason}"
            return Words("sent", text, verdicts)
        case OrderDenied(_, reason, figures):
            return Words("denied", reason, details=tuple(figures.split("; ")) if figures else ())
        case WhatIfAsked(order, order_id):
            return Words("what-if", f"the broker is asked about {terms_in_words(order)} (id {order_id}): no order")
        case WhatIfAnswer():
            return Words("what-if", answer_in_words(payload))
        case OrderResolved(_, status, evidence):
            return Words("resolved", f"{status}: {evidence}")
        case _:
            return None


def _of_broker(payload: Any) -> Words | None:
    match payload:
        case BrokerOrder():
            return Words("broker", _echo(payload))
        case BrokerOrderStatus():
            held = f", held: {payload.why_held}" if payload.why_held else ""
            counts = f"filled {plain(payload.filled)}, remaining {plain(payload.remaining)}"
            return Words("broker", f"orderStatus {payload.status}: {counts}{held} (permId {payload.perm_id})")
        case BrokerError(_, _, code, text):
            return Words("broker", f"error {code}: {text}")
        case ExecutionBooked(execution, role, _, replaces):
            return Words("fill", _fill(execution, replaces, foreign=role is None))
        case BrokerExecution(_, execution):
            return Words("fill", f"{_fill(execution, None, foreign=False)}: an older version of a corrected fill")
        case CommissionBooked(_, commission) | BrokerCommission(_, commission):
            amount = "not told" if commission.amount is None else f"{plain(commission.amount)} {commission.currency}"
            profit = commission.realized_pnl
            told = "" if profit is None else f", the broker's realised P&L {plain(profit)}"
            return Words("commission", f"{amount}{told} (execution {commission.exec_id})")
        case _:
            return None


def _around(payload: Any) -> Words:
    match payload:
        case AlarmRaised(kind=kind, text=text):
            return Words("alarm", f"{kind}: {text}")
        case AlarmCleared(kind=kind):
            return Words("alarm", f"{kind} is over")
        case TradingHalted(reason):
            return Words("process", f"halted: {reason}")
        case TradingResumed(reason):
            return Words("process", f"resumed: {reason}")
        case BreakerMoved(before=before, after=after, trigger=trigger, reason=reason, by=by):
            cause = f"{trigger}: " if trigger is not None else ""
            return Words("process", f"breaker {before} → {after}: {cause}{reason} (by {by})")
        case ProcessStarted(version, process_id):
            return Words("process", f"Pitboss {version} started as process {process_id}")
        case ProcessStopped(reason):
            return Words("process", f"stopped in order: {reason}")
        case _:
            return Words("record", " ".join(encode(payload)))


def _prediction(event: PredictionSignalEvent) -> str:
    made = time_of_day(event.prediction_time)
    return f"{event.signal} {event.symbol}, confidence {event.confidence:g}, made {made}, from {event.source}"


def _echo(echo: BrokerOrder) -> str:
    trail = echo.trailing_pct if echo.order_type == "TRAIL" else None
    stop = echo.trail_stop_price if echo.order_type == "TRAIL" else echo.stop_price
    prices = _prices(echo.limit_price, stop, trail, None)
    terms = f"{echo.side} {plain(echo.quantity)} {echo.order_type}{prices}, {echo.tif}"
    filled = f", filled {plain(echo.filled)}" if echo.filled is not None else ""
    text = f": {echo.text}" if echo.text else ""
    word = "completedOrder" if echo.completed else "openOrder"
    return f"{word} {echo.status}{text}: {terms}{filled} (permId {echo.perm_id})"


def _fill(execution: Execution, replaces: str | None, *, foreign: bool) -> str:
    what = f"{execution.side} {plain(execution.quantity)} at {plain(execution.price)}"
    if not execution.quantity:
        what = "bust: the fill never was"
    elif replaces is not None:
        what = f"corrected to {what}"
    if execution.exec_id.startswith(ADOPTED):
        return f"{what}: held at the broker, and taken over at its average cost (execution {execution.exec_id})"
    whose = f", by somebody else (client {execution.client_id}, permId {execution.perm_id})" if foreign else ""
    forced = ", a liquidation" if execution.liquidation else ""
    before = f", in place of {replaces}" if replaces is not None else ""
    return f"{what}{whose}{forced} ({time_of_day(execution.time)}, execution {execution.exec_id}{before})"


def terms_in_words(order: OrderRequest) -> str:
    """Return side, quantity, type and prices."""
    prices = _prices(order.limit_price, order.stop_price, order.trailing_pct, order.trailing_amount)
    return f"{order.side} {plain(order.quantity)} {order.order_type}{prices}"


def plain(value: Decimal) -> str:
    """Return a number without needless zeros."""
    return format(value.normalize(), "f")


def time_of_day(time: datetime) -> str:
    """Return the time to the millisecond, in UTC."""
    return time.strftime("%H:%M:%S.") + f"{time.microsecond // 1000:03}"


def _prices(limit: Decimal | None, stop: Decimal | None, pct: Decimal | None, amount: Decimal | None) -> str:
    parts: Iterable[str] = (
        f" {name} {text}"
        for name, text in (
            ("limit", None if limit is None else plain(limit)),
            ("stop", None if stop is None else plain(stop)),
            ("trailing by", None if pct is None else f"{plain(pct * 100)} %"),
            ("trailing by", None if amount is None else plain(amount)),
        )
        if text is not None
    )
    return "".join(parts)
