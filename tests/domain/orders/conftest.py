"""A desk: one order book, and the words of the broker about its orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.offsets import Offsets
from domain.orders.book import Fact, OrderBook
from domain.orders.effects import Alarm, Effect, Happened, SendCancel, ToJournal, Verify
from domain.orders.record import OrderRecord
from domain.reconciliation import Reconciliation, reconcile
from messages.gateway import (
    BrokerCommission,
    BrokerError,
    BrokerExecution,
    BrokerOrder,
    BrokerOrderStatus,
    BrokerPosition,
    BrokerSnapshot,
    OrderSent,
)
from messages.order import (
    CancelIntended,
    Commission,
    Execution,
    ModifyIntended,
    ModifyOrder,
    OrderIntended,
    OrderRequest,
    OrderStatus,
    OrderType,
    OrderView,
    Role,
    Side,
    TimeInForce,
)

CLIENT, ACCOUNT, NOON = 7, "DU1", datetime(2026, 11, 20, 17, tzinfo=UTC)


class Desk:
    """Feeds a book and keeps what followed; every builder's defaults fit one order, "pb-1": BUY 100 AAPL at 150."""

    def __init__(self) -> None:
        self.book = OrderBook(CLIENT)
        self.effects: list[Effect] = []
        self.journal: list[Any] = []  # what a journal would hold
        self.offsets: Offsets | None = None
        self.last: Reconciliation | None = None

    # facts

    def tell(self, *facts: Fact) -> list[Effect]:
        news: list[Effect] = []
        for fact in facts:
            effects = self.book.apply(fact, NOON)
            if isinstance(fact, (OrderIntended, ModifyIntended, CancelIntended)):
                self.journal.append(fact)
            self.journal += [effect.payload for effect in effects if isinstance(effect, ToJournal)]
            news += effects
        self.effects += news
        return news

    def intent(self, ref: str = "pb-1", order_id: int = 5, **terms: Any) -> OrderIntended:
        defaults: dict[str, Any] = {
            "symbol": "AAPL",
            "role": Role.ENTRY,
            "side": Side.BUY,
            "quantity": Decimal(100),
            "order_type": OrderType.LIMIT,
            "limit_price": Decimal(150),
            "tif": TimeInForce.DAY,
            "position_id": "p1",
        }
        return OrderIntended(OrderRequest(order_ref=ref, **(defaults | terms)), order_id, CLIENT, ACCOUNT)

    def sent(self, ref: str = "pb-1", order_id: int = 5, epoch: int = 1) -> OrderSent:
        return OrderSent(ref, order_id, epoch)

    def placed(self, ref: str = "pb-1", order_id: int = 5, epoch: int = 1, **terms: Any) -> OrderRecord:
        self.tell(self.intent(ref, order_id, **terms), self.sent(ref, order_id, epoch))
        return self.order(ref)

    def working(self, ref: str = "pb-1", order_id: int = 5, perm_id: int = 900, **terms: Any) -> OrderRecord:
        record = self.placed(ref, order_id, **terms)
        self.tell(self.echo(record, perm_id=perm_id))
        return record

    def modify(self, quantity: int = 100, limit: int = 151, ref: str = "pb-1", revision: int = 1) -> ModifyIntended:
        return ModifyIntended(
            ModifyOrder(order_ref=ref, quantity=Decimal(quantity), limit_price=Decimal(limit)), revision
        )

    def cancel(self, ref: str = "pb-1") -> CancelIntended:
        return CancelIntended(ref, "operator")

    # the broker's words

    def echo(self, record: OrderRecord, status: str = "Submitted", *, version: int = -1, **fields: Any) -> BrokerOrder:
        terms = record.versions[version]
        defaults: dict[str, Any] = {
            "epoch": 1,
            "order_id": record.order_id,
            "client_id": CLIENT,
            "perm_id": 900,
            "parent_id": 0,
            "order_ref": record.order_ref,
            "account": ACCOUNT,
            "symbol": record.symbol,
            "con_id": 1,
            "side": record.side,
            "quantity": terms.quantity,
            "order_type": record.order_type,
            "limit_price": terms.limit_price,
            "stop_price": terms.stop_price,
            "trail_stop_price": None,
            "trailing_pct": None,
            "tif": record.tif,
            "oca_group": "",
            "status": status,
        }
        return BrokerOrder(**(defaults | fields))

    def status(self, status: str = "Submitted", filled: int = 0, order_id: int = 5, **fields: Any) -> BrokerOrderStatus:
        defaults: dict[str, Any] = {"epoch": 1, "client_id": CLIENT, "perm_id": 900, "why_held": ""}
        return BrokerOrderStatus(
            order_id=order_id,
            status=status,
            filled=Decimal(filled),
            remaining=Decimal(100 - filled),
            **(defaults | fields),
        )

    def fill(
        self, quantity: int | str = 100, price: str = "150", exec_id: str = "e1.01", epoch: int = 1, **fields: Any
    ) -> BrokerExecution:
        defaults: dict[str, Any] = {
            "order_ref": "pb-1",
            "order_id": 5,
            "perm_id": 900,
            "client_id": CLIENT,
            "account": ACCOUNT,
            "symbol": "AAPL",
            "con_id": 1,
            "side": Side.BUY,
            "time": NOON,
        }
        return BrokerExecution(
            epoch,
            Execution(exec_id=exec_id, quantity=Decimal(quantity), price=Decimal(price), **(defaults | fields)),
        )

    def commission(self, exec_id: str = "e1.01", amount: str | None = "1.00") -> BrokerCommission:
        return BrokerCommission(1, Commission(exec_id, None if amount is None else Decimal(amount), "USD", None))

    def error(self, code: int, order_id: int = 5, epoch: int = 1) -> BrokerError:
        return BrokerError(epoch, order_id, code, "text")

    # snapshots

    def snapshot(
        self,
        *,
        epoch: int = 1,
        opened: Sequence[BrokerOrder] = (),
        completed: Sequence[BrokerOrder] = (),
        fills: Sequence[BrokerExecution] = (),
        positions: dict[str, int] | None = None,
        conclusive: bool = True,
    ) -> BrokerSnapshot:
        return BrokerSnapshot(
            epoch,
            tuple(opened),
            tuple(completed),
            tuple(fill.execution for fill in fills),
            (),
            tuple(
                BrokerPosition(ACCOUNT, symbol, 1, Decimal(n), Decimal(150)) for symbol, n in (positions or {}).items()
            ),
            conclusive=conclusive,
        )

    def reconcile(self, snapshot: BrokerSnapshot, **options: Any) -> Reconciliation:
        self.last = reconcile(self.book, snapshot, ACCOUNT, NOON, offsets=self.offsets, **options)
        self.offsets = self.last.offsets
        self.effects += self.last.effects
        self.journal += [effect.payload for effect in self.last.effects if isinstance(effect, ToJournal)]
        return self.last

    # what is known

    def order(self, ref: str = "pb-1") -> OrderRecord:
        record = self.book.get(ref)
        assert record is not None
        return record

    def stands(self, ref: str = "pb-1") -> tuple[OrderStatus, Decimal, Decimal | None]:
        record = self.order(ref)
        return record.status, record.filled, record.average_price

    def view(self, ref: str = "pb-1") -> OrderView:
        return self.order(ref).view()

    def journaled(self, kind: type) -> list[Any]:
        return [e.payload for e in self.effects if isinstance(e, ToJournal) and isinstance(e.payload, kind)]

    def happened(self, kind: type) -> list[Any]:
        return [e.message for e in self.effects if isinstance(e, Happened) and isinstance(e.message, kind)]

    def alarms(self) -> list[str]:
        return [e.kind for e in self.effects if isinstance(e, Alarm)]

    def asked(self) -> list[Verify]:
        return [e for e in self.effects if isinstance(e, Verify)]

    def cancels(self) -> list[str]:
        return [e.order_ref for e in self.effects if isinstance(e, SendCancel)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="session")
def new_desk() -> type[Desk]:
    """For tests that need many."""
    return Desk
