"""Taking over a holding that nobody manages: which resting orders are its exits, and what has to be booked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from attrs import frozen

from domain.instrument import canonical
from messages.order import Execution, OrderType, OrderView, Side, TimeInForce
from messages.position import BrokerHolding

__all__ = ["ADOPTED", "RestingExits", "adopted_fill", "can_be_adopted", "is_adopted", "position_id_of", "resting_exits"]

ADOPTED = "adopted-"
"""How the execId begins of a fill that stands for what the broker holds and no execution explains."""

_STOPS = (OrderType.STOP, OrderType.TRAILING_STOP)
_FINEST = Decimal("1E-8")
_TOLERANCE = Decimal("0.02")  # of the average: the broker's contains commission


@frozen(slots=True)
class RestingExits:
    """Orders that rest on the closing side of a holding and that no position of ours knows.

    `stops` and `targets` are our own of a journal that is gone: same client id, our reference. They can be changed and
    cancelled. `foreign` are somebody else's, or of a kind that is no exit of ours: they can not.
    """

    stops: tuple[OrderView, ...]
    targets: tuple[OrderView, ...]
    foreign: tuple[OrderView, ...]


def is_adopted(execution: Execution) -> bool:
    """Whether it stands for what came or went without a trade, and no broker has told it."""
    return execution.exec_id.startswith(ADOPTED)


def resting_exits(views: Iterable[OrderView], side: Side, client_id: int) -> RestingExits:
    """Sort the orders of a symbol by what they are to a holding of this side; those of a position of ours are none."""
    closing = [view for view in views if view.role is None and not view.status.done and view.side is side.opposite]
    own = [view for view in closing if _attachable(view, client_id)]
    return RestingExits(
        stops=tuple(view for view in own if view.order_type in _STOPS),
        targets=tuple(view for view in own if view.order_type not in _STOPS),
        foreign=tuple(view for view in closing if view not in own),
    )


def position_id_of(exits: Iterable[OrderView], new_id: str) -> str:
    """Return the id that the position had when its exits were sent, so that they and new ones share an OCA group."""
    for view in exits:
        name = view.oca_group.removeprefix("oca-").partition("-")[0]
        if name and name != view.oca_group:
            return name
    return new_id


def adopted_fill(
    holding: BrokerHolding,
    quantity: Decimal,
    average: Decimal | None,
    *,
    position_id: str,
    symbol: str,
    con_id: int,
    time: datetime,
) -> Execution | None:
    """Return the fill that brings what executions say to what the broker holds, None where they agree.

    Its price makes the average that of the broker; where it makes the holding smaller it realises nothing.
    """
    missing = holding.quantity - quantity
    if not missing:
        return None
    price = holding.average_cost
    if average is not None and quantity * holding.quantity > 0:
        grown = _grown(holding, quantity, average)
        price = average if missing * quantity < 0 else grown if grown > 0 else price
    return Execution(
        exec_id=f"{ADOPTED}{position_id}.01",
        order_ref="",
        order_id=0,
        perm_id=0,
        client_id=0,
        account="",
        symbol=symbol,
        con_id=con_id,
        side=Side.BUY if missing > 0 else Side.SELL,
        quantity=abs(missing),
        price=Decimal(canonical(price.quantize(_FINEST))),
        time=time,
    )


def can_be_adopted(holding: BrokerHolding, quantity: Decimal, average: Decimal | None) -> bool:
    """Whether one fill brings what executions say, quantity and average, to what the broker says.

    After a split it may not: the shares that came with it have cost nothing, or less, and those that went take no cost
    along.
    """
    if average is None or quantity * holding.quantity <= 0 or quantity == holding.quantity:
        return True
    if abs(holding.quantity) > abs(quantity):
        return _grown(holding, quantity, average) > 0
    return abs(average - holding.average_cost) <= holding.average_cost * _TOLERANCE


def _grown(holding: BrokerHolding, quantity: Decimal, average: Decimal) -> Decimal:
    missing = holding.quantity - quantity
    return (holding.quantity * holding.average_cost - quantity * average) / missing


def _attachable(view: OrderView, client_id: int) -> bool:
    return (
        view.order_ref.startswith("pb-")
        and view.client_id == client_id
        and view.order_id > 0
        and view.order_type in (*_STOPS, OrderType.LIMIT)
        and view.tif in set(TimeInForce)
    )
