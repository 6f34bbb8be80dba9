"""What the broker says about orders, fills and holdings, as messages."""

from __future__ import annotations

from decimal import Decimal

from ib_insync.contract import Contract
from ib_insync.objects import CommissionReport
from ib_insync.objects import Execution as IbExecution
from ib_insync.order import Order, OrderState

from actors.ib.contract import symbol_of
from actors.ib.numbers import known, positive
from messages.gateway import AccountPnl, BrokerOrder, BrokerOrderStatus, BrokerPosition
from messages.order import Commission, Execution, Side
from messages.what_if import WhatIfAnswer

__all__ = [
    "account_pnl",
    "broker_order",
    "broker_position",
    "commission",
    "completed_order",
    "execution",
    "order_status",
    "what_if_answer",
]

# SSHORT and SSHORTX sell what is not held; SLD and BOT are how executions say it
_SIDES = {
    "BUY": Side.BUY,
    "BOT": Side.BUY,
    "SELL": Side.SELL,
    "SLD": Side.SELL,
    "SSHORT": Side.SELL,
    "SSHORTX": Side.SELL,
}


def broker_order(epoch: int, order_id: int, contract: Contract, order: Order, state: OrderState) -> BrokerOrder:
    """Return openOrder. Unused prices, which TWS writes as 0 or unset, are None; a trailing amount is `stop_price`."""
    return _order(epoch, order_id, contract, order, state, quantity=_quantity(order.totalQuantity), filled=None)


def completed_order(epoch: int, contract: Contract, order: Order, state: OrderState) -> BrokerOrder:
    """Return completedOrder. TWS leaves its total quantity 0 and gives no order id; `filledQuantity` is what filled."""
    filled = known(order.filledQuantity) or Decimal(0)
    return _order(epoch, 0, contract, order, state, quantity=filled, filled=filled)


def what_if_answer(order_id: int, order: Order, state: OrderState) -> WhatIfAnswer:
    """Return the answer to a what-if order. TWS may first answer without figures: those are None then."""
    return WhatIfAnswer(
        order_ref=order.orderRef,
        order_id=order_id,
        quantity=_quantity(order.totalQuantity),
        initial_margin_before=_amount(state.initMarginBefore),
        initial_margin_after=_amount(state.initMarginAfter),
        equity_before=_amount(state.equityWithLoanBefore),
        equity_after=_amount(state.equityWithLoanAfter),
        warning=state.warningText,
    )


def _amount(text: str) -> Decimal | None:
    """Return an amount of the order state, which ib_insync leaves as text. Raises ValueError for what is no number."""
    return known(float(text)) if text else None


def order_status(
    epoch: int, order_id: int, status: str, filled: float, remaining: float, perm_id: int, client_id: int, why_held: str
) -> BrokerOrderStatus:
    """Return orderStatus."""
    return BrokerOrderStatus(
        epoch=epoch,
        order_id=order_id,
        client_id=client_id,
        perm_id=perm_id,
        status=status,
        filled=_quantity(filled),
        remaining=_quantity(remaining),
        why_held=why_held,
    )


def execution(contract: Contract, report: IbExecution) -> Execution:
    """Return execDetails. Raises ValueError for a side that does not exist, or no price or quantity at all."""
    price = known(report.price)
    quantity = known(report.shares)
    if price is None or quantity is None:
        raise ValueError(f"execution {report.execId} has neither price nor quantity: {report.price}, {report.shares}")
    return Execution(
        exec_id=report.execId,
        order_ref=report.orderRef,
        order_id=report.orderId,
        perm_id=report.permId,
        client_id=report.clientId,
        account=report.acctNumber,
        symbol=symbol_of(contract),
        con_id=contract.conId,
        side=_side(report.side),
        quantity=abs(quantity),
        price=price,
        time=report.time,
        liquidation=bool(report.liquidation),
    )


def commission(report: CommissionReport) -> Commission:
    """Return commissionReport. −1 and the unset double mean that the broker does not know (INC-27)."""
    amount = known(report.commission)
    return Commission(
        exec_id=report.execId,
        amount=None if amount == -1 else amount,
        currency=report.currency,
        realized_pnl=known(report.realizedPNL),
    )


def broker_position(account: str, contract: Contract, quantity: float, average_cost: float) -> BrokerPosition:
    """Return position. Its avgCost is of a whole contract: that of an option on 100 shares is 100 times the price."""
    return BrokerPosition(
        account=account,
        symbol=symbol_of(contract),
        con_id=contract.conId,
        quantity=_quantity(quantity),
        average_cost=(known(average_cost) or Decimal(0)) / Decimal(contract.multiplier or 1),
    )


def account_pnl(daily: float, unrealized: float, realized: float) -> AccountPnl:
    """Return pnl; TWS sends the unset double until it has counted."""
    return AccountPnl(daily=known(daily), unrealized=known(unrealized), realized=known(realized))


def _order(
    epoch: int,
    order_id: int,
    contract: Contract,
    order: Order,
    state: OrderState,
    *,
    quantity: Decimal,
    filled: Decimal | None,
) -> BrokerOrder:
    percent = positive(order.trailingPercent)
    return BrokerOrder(
        epoch=epoch,
        order_id=order_id,
        client_id=order.clientId,
        perm_id=order.permId,
        parent_id=order.parentId,
        order_ref=order.orderRef,
        account=order.account,
        symbol=symbol_of(contract),
        con_id=contract.conId,
        side=_side(order.action),
        quantity=quantity,
        order_type=order.orderType,
        limit_price=positive(order.lmtPrice),
        stop_price=positive(order.auxPrice),
        trail_stop_price=positive(order.trailStopPrice),
        trailing_pct=None if percent is None else percent / 100,
        tif=order.tif,
        oca_group=order.ocaGroup,
        status=state.status,
        filled=filled,
        completed=filled is not None,
        text=" ".join(text for text in (getattr(state, "warningText", ""), state.completedStatus) if text),
    )


def _side(word: str) -> Side:
    side = _SIDES.get(word)
    if side is None:
        raise ValueError(f"{word!r} is neither a purchase nor a sale")
    return side


def _quantity(value: float) -> Decimal:
    """Raises ValueError for one that is not known: it must not pass for zero."""
    quantity = known(value)
    if quantity is None:
        raise ValueError(f"{value} is no quantity")
    return quantity
