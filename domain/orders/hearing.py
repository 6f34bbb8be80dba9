"""What each message of the broker about a known order does to it."""

from __future__ import annotations

from attrs import evolve

from domain.order_states import OrderInput
from domain.orders.echo import mismatches, shown_terms, version_shown
from domain.orders.effects import Alarm, Effect, Happened, SendCancel, ToJournal, Verify, Watch
from domain.orders.record import OrderRecord
from domain.orders.replies import CodeMeaning, code_meaning, status_input
from domain.orders.standing import Standing, changes, end_modify, move, settle
from messages.gateway import BrokerError, BrokerOrder, BrokerOrderStatus
from messages.order import OrderStatus

__all__ = ["hear_echo", "hear_error", "hear_status"]

_WORKS = ("PreSubmitted", "Submitted")


def hear_echo(record: OrderRecord, echo: BrokerOrder, con_id: int | None) -> list[Effect]:
    """Take openOrder or completedOrder.

    A version older than the one known to rest is stale talk and changes nothing here (INC-21); only complete snapshots
    that insist on it do. One that is none of ours was made elsewhere, in TWS by hand: it is what rests now.
    """
    before = Standing.of(record)
    record.acknowledged, record.echo, record.tif_shown = True, echo, echo.tif
    effects: list[Effect] = []
    wrong = mismatches(record, echo, con_id)
    if wrong and "order.mismatch" not in record.severe:
        record.severe.add("order.mismatch")
        # a person may change a quantity in TWS, but none of the rest: then nothing goes where it was meant (INC-23)
        halt = any(not text.startswith("quantity") for text in wrong)
        text = f"the broker shows {', '.join(wrong)}"
        effects.append(Alarm("order.mismatch", text, record.symbol, record.order_ref, hold=True, halt=halt))
    modified = None if echo.completed or wrong else _take_version(record, echo)
    if echo.status == "Filled":
        record.claimed = max(record.claimed, echo.quantity)
        record.claimed_whole = True
    if echo.filled is not None:
        record.claimed = max(record.claimed, echo.filled)
    effects += _hear_word(record, echo.status, "", echo.perm_id, completed=echo.completed)
    # a trailing stop's trigger moves all day: where it stands is no news
    said = (echo if echo.trail_stop_price is None else evolve(echo, trail_stop_price=None),)
    return _conclude(record, before, echo, said, f"openOrder {echo.status}", effects, modified)


def hear_status(record: OrderRecord, status: BrokerOrderStatus) -> list[Effect]:
    """Take orderStatus. Its filled quantity is a claim that executions have to bear out, never a fill."""
    before = Standing.of(record)
    record.acknowledged = True
    record.claimed = max(record.claimed, status.filled)
    record.claimed_whole = record.claimed_whole or status.status == "Filled"
    effects = _hear_word(record, status.status, status.why_held, status.perm_id)
    return _conclude(record, before, status, (status,), f"orderStatus {status.status}", effects)


def hear_error(record: OrderRecord, error: BrokerError) -> list[Effect]:
    """Take an error that names the order. What it says of the request is believed, of the order's death never."""
    before = Standing.of(record)
    meaning = code_meaning(error.code)
    cause = f"error {error.code}: {error.text}"
    said = (error.epoch, error.code, error.text)
    if hash(said) not in record.heard:
        record.text = cause
    effects: list[Effect] = []
    modified: bool | None = None
    if meaning is CodeMeaning.CANCELLED and record.cancel_wanted and len(record.perms) < 2:
        move(record, OrderInput.CANCEL)
    elif meaning is CodeMeaning.REFUSED and record.wanted is not None:
        end_modify(record, None)
        modified = False
        effects.append(Verify(record.order_ref, cause))
    elif meaning is CodeMeaning.REFUSED and not record.cancel_reason and record.filled_once == 0:
        record.rejection = (error.code, error.text)
        if record.broker_status in ("Inactive", "Cancelled", "ApiCancelled"):
            move(record, OrderInput.REJECT)
        else:
            effects.append(Verify(record.order_ref, cause))
    elif meaning is not CodeMeaning.INFORMATION and not record.status.done:
        effects.append(Verify(record.order_ref, cause))
    return _conclude(record, before, error, said, cause, effects, modified)


def _take_version(record: OrderRecord, echo: BrokerOrder) -> bool | None:
    """Note which version rests; return how the outstanding modification ended, None where it has not."""
    version = version_shown(record, echo)
    if version is None:
        record.versions.append(shown_terms(echo))
        record.live = record.echoed = len(record.versions) - 1
        return False if not record.status.done else None
    if version < record.live:
        return None
    record.echoed = version
    if version == record.wanted:
        end_modify(record, version)
        return True
    record.live = version
    return None


def _hear_word(record: OrderRecord, word: str, why_held: str, perm_id: int, *, completed: bool = False) -> list[Effect]:
    record.broker_status = word
    event = status_input(word, why_held)
    if word in _WORKS:
        record.worked = True
    if word == "Filled" and perm_id in record.perms:
        record.perms[perm_id] = False
    if event is None:
        return [Verify(record.order_ref, f"unknown status {word!r}")]
    if event is OrderInput.HOLD:
        record.worked = False
        if completed:
            event = OrderInput.CANCEL
        elif record.rejection is not None and record.filled_once == 0:
            event = OrderInput.REJECT
    if event is OrderInput.CANCEL:
        if perm_id in record.perms:
            record.perms[perm_id] = False
        if record.twofold:
            return [SendCancel(record.order_ref, urgent=True), Verify(record.order_ref, "another permId may live")]
        if record.rejection is not None and record.filled_once == 0 and not record.cancel_reason:
            event = OrderInput.REJECT
    move(record, event)
    return []


def _conclude(
    record: OrderRecord,
    before: Standing,
    message: BrokerOrder | BrokerOrderStatus | BrokerError,
    said: tuple[object, ...],
    cause: str,
    effects: list[Effect],
    modified: bool | None = None,
) -> list[Effect]:
    """Settle, and put the record of the message in front where it is news: not heard before, or it moved something."""
    record.epoch = message.epoch
    settle(record)
    listed = isinstance(message, BrokerOrder) and message.completed
    if listed and before.status is OrderStatus.UNKNOWN and record.short_of_claim and not record.status.done:
        # it is over, and executions are missing as they were before: no news each time that the list is read
        record.status = OrderStatus.UNKNOWN
    revived = before.status.done and not record.status.done
    if revived and not isinstance(message, BrokerError) and message.perm_id in record.perms:
        record.perms[message.perm_id] = True  # it had been given up
    fingerprint = hash(said)
    news = fingerprint not in record.heard or Standing.of(record) != before
    record.heard.add(fingerprint)
    result: list[Effect] = [ToJournal(record.symbol, message)] if news else []
    result += effects
    result += [Happened(record.symbol, event) for event in changes(record, before, cause, modified=modified)]
    if record.short_of_claim and news:
        result.append(Watch(record.order_ref))
    return result
