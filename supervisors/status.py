"""What `pitboss status --json` prints, asked from the actors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import trio
from pykka import ActorDeadError

from actors.runtime.address import Address
from actors.runtime.deadletters import describe_error
from actors.runtime.system import System
from config.log_record import timestamp
from domain.exit_words import exits_in_words
from messages.gateway import GatewayStatus, LinkStatus
from messages.lifecycle import AlarmRaised, ListAlarms
from messages.order import ListOrders, OrderView
from messages.position import DescribePosition, PositionView
from messages.risk import DescribePortfolio, PortfolioView
from supervisors.asking import NoAnswerError, ask
from supervisors.process_state import ProcessState

__all__ = ["collect_status", "look_at_status"]

_SECONDS = 3.0  # an actor that takes longer is named under "unanswered"


async def collect_status(system: System, state: ProcessState) -> dict[str, Any]:
    """Ask everybody at once. What nobody answered for is null or left out, and named under `unanswered`."""
    answers: dict[str, Any] = {}
    unanswered: list[str] = []

    async def one(address: Address, question: Any) -> None:
        if not address.alive:
            unanswered.append(f"{address.name} is {address.state}")
            return
        try:
            answers[address.name] = await ask(address, question, _SECONDS)
        except NoAnswerError as error:
            unanswered.append(str(error))

    async with trio.open_nursery() as nursery:
        for address, question in _questions(system):
            nursery.start_soon(one, address, question)
    return _status(system, state, answers, unanswered)


def look_at_status(
    system: System, state: ProcessState, seen: Mapping[str, PositionView] | None = None
) -> Callable[[], dict[str, Any]]:
    """Look at everybody at once, between two messages; the status is made of what was seen when it is called for.

    `seen` are positions by their address that were looked at already.
    Within a handler nobody can be looked at: all are unanswered.
    """
    answers: dict[str, Any] = dict(seen or {})
    unanswered: list[str] = []
    for address, question in _questions(system):
        if address.name in answers:
            continue
        try:
            answers[address.name] = system.look(address.name, question)
        except ActorDeadError as error:
            unanswered.append(str(error))
        except Exception as error:  # noqa: BLE001  # what is read must not break trading
            unanswered.append(f"{address.name} failed: {describe_error(error)}")
    status = _status(system, state, {}, unanswered)
    return lambda: _filled(status, answers)


def _questions(system: System) -> Iterator[tuple[Address, Any]]:
    yield system.address("gateway"), GatewayStatus()
    yield system.address("portfolio"), DescribePortfolio()
    yield system.address("orders"), ListOrders(done=True)
    yield system.address("alarms"), ListAlarms()
    for address in system.addresses("position/"):
        yield address, DescribePosition()


def _status(system: System, state: ProcessState, answers: Mapping[str, Any], unanswered: list[str]) -> dict[str, Any]:
    status: dict[str, Any] = {
        "state": str(state.state),
        "reason": state.reason,
        "since": timestamp(state.since),
        "broker": None,
        "portfolio": None,
        "positions": [],
        "orders": None,
        "actors": _actors(system),
        "alarms": None,
        "unanswered": sorted(unanswered),
    }
    return _filled(status, answers)


def _filled(status: dict[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    for name, answer in answers.items():
        match name:
            case "gateway":
                status["broker"] = _broker(answer)
            case "portfolio":
                status["portfolio"] = _portfolio(answer)
            case "orders":
                status["orders"] = [_order(view) for view in answer]
            case "alarms":
                status["alarms"] = [_alarm(alarm) for alarm in answer]
            case _ if answer.position_id:
                status["positions"].append(_position(answer))
    status["positions"].sort(key=lambda item: item["symbol"])
    return status


def _broker(link: LinkStatus) -> dict[str, Any]:
    return {
        "connected": link.connected,
        "epoch": link.epoch,
        "last_round_trip": None if link.last_round_trip is None else _iso(link.last_round_trip),
        "account": link.account,
        "queued": link.queued,
    }


def _money(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _moment(value: datetime | None) -> str | None:
    return None if value is None else timestamp(value)


def _iso(text: str) -> str:
    return timestamp(datetime.fromisoformat(text))


def _actors(system: System) -> list[dict[str, Any]]:
    return [
        {
            "address": status.address,
            "state": str(status.state),
            "restarts": status.restarts,
            "mailbox": status.mailbox,
            "error": status.error,
        }
        for status in system.snapshot()
        if status.state != "new"  # addressed, but no actor of this configuration
    ]


def _portfolio(view: PortfolioView) -> dict[str, Any]:
    return {
        "state": str(view.state),
        "reason": view.reason,
        "equity": _money(view.equity),
        "gross_exposure": _money(view.gross_exposure),
        "reserved": _money(view.reserved),
        "realized_pnl": _money(view.realized_pnl),
        "unrealized_pnl": _money(view.unrealized_pnl),
        "commission": _money(view.commission),
        "net_exposure": _money(view.net_exposure),
        "exchange_rates": {currency: _money(rate) for currency, rate in view.rates},
        "day": view.day,
        "daily_pnl": _money(view.daily_pnl),
        "broker_daily_pnl": _money(view.broker_daily_pnl),
        "breaker": {
            "state": str(view.state),
            "goal": None if view.goal is None else str(view.goal),
            "trigger": None if view.trigger is None else str(view.trigger),
            "reason": view.reason,
            "since": _moment(view.since),
            "closing": list(view.closing),
            "suspicions": list(view.suspicions),
            "losses_in_a_row": view.losses_in_a_row,
            "rejects_in_a_row": view.rejects_in_a_row,
        },
    }


def _position(view: PositionView) -> dict[str, Any]:
    return {
        "symbol": view.symbol,
        "quantity": _money(view.quantity),
        "average_price": _money(view.average_price),
        "realized_pnl": _money(view.realized_pnl),
        "unrealized_pnl": _money(view.unrealized_pnl),
        "commission": _money(view.commission),
        "stop": _money(view.stop),
        "target": _money(view.target),
        "protected": view.protected,
        "state": str(view.status),
        "last_price": view.last_price,
        "opened": _moment(view.opened),
        "position_id": view.position_id,
        "exits": None if view.exits is None else exits_in_words(view.exits),
        "stop_moved": view.stop_moved or None,
        "targets": [
            {"price": _money(one.price), "quantity": _money(one.quantity), "filled": _money(one.filled)}
            for one in view.targets
        ],
        "leaves_at": _moment(view.leaves_at),
    }


def _order(view: OrderView) -> dict[str, Any]:
    return {
        "order_ref": view.order_ref,
        "perm_id": view.perm_id,
        "symbol": view.symbol,
        "side": str(view.side),
        "quantity": _money(view.quantity),
        "filled": _money(view.filled),
        "type": view.order_type,
        "role": None if view.role is None else str(view.role),
        "status": str(view.status),
        "limit": _money(view.limit_price),
        "stop": _money(view.stop_price),
        "average_price": _money(view.average_price),
        "position_id": view.position_id,
        "group": view.oca_group or None,
        "parent": view.parent_ref,
        "text": view.text,
    }


def _alarm(alarm: AlarmRaised) -> dict[str, Any]:
    return {
        "id": alarm.id,
        "kind": alarm.kind,
        "symbol": alarm.symbol,
        "order_ref": alarm.order_ref,
        "perm_id": alarm.perm_id,
        "text": alarm.text,
        "since": timestamp(alarm.since),
    }
