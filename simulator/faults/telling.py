"""Messages that a script sends by name, told as the server would tell them now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.model import Execution, Order
from simulator.wire import order_answers as orders
from simulator.wire import session_answers as session_answers
from simulator.wire.session_answers import Fields

if TYPE_CHECKING:
    from simulator.server.paper_tws import PaperTws
    from simulator.server.session import Session

__all__ = ["Teller"]


class Teller:
    """Builds one message for one session."""

    def __init__(self, tws: PaperTws, session: Session) -> None:
        self._tws = tws
        self._session = session

    def tell(self, message: str, order: Order | None, execution: Execution | None) -> Fields:
        """Return the message. Raises ValueError for one that cannot be told, or lacks its order or fill."""
        version = self._session.version
        plain: dict[str, Callable[[], Fields]] = {
            "nextValidId": lambda: session_answers.next_valid_id(self._tws.order_ids.next_valid),
            "managedAccounts": lambda: session_answers.managed_accounts(self._tws.accounts),
            "openOrderEnd": orders.open_order_end,
            "completedOrdersEnd": orders.completed_orders_end,
            "positionEnd": lambda: [62, 1],
        }
        if message in plain:
            return plain[message]()
        if message in ("openOrder", "orderStatus", "completedOrder"):
            if order is None:
                raise ValueError(f"{message} needs an order: use it on placeOrder or cancelOrder")
            if message == "openOrder":
                return orders.open_order(order, version)
            return orders.order_status(order) if message == "orderStatus" else orders.completed_order(order, version)
        if message in ("execDetails", "commissionReport"):
            if execution is None:
                raise ValueError(f"{message} needs a fill of the request's order")
            if message == "execDetails":
                return orders.exec_details(-1, execution, version)
            return orders.commission_report(self._tws.venue.commissions[execution.exec_id])
        raise ValueError(f"{message!r} cannot be told by name; give its fields")
