"""One order: its identity, its versions, what the broker has shown of it, what is outstanding."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import Factory, define, frozen

from messages.gateway import BrokerOrder
from messages.order import ModifyOrder, OrderIntended, OrderRequest, OrderStatus, OrderView, Role, Side

__all__ = ["LIVE_UNTOUCHED", "OrderRecord", "Terms"]

_ZERO = Decimal(0)
LIVE_UNTOUCHED = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED, OrderStatus.HELD})
"""Resting at the broker with nothing of ours outstanding."""


@frozen(slots=True, kw_only=True)
class Terms:
    """What a modification can change. `stop_price` of a trailing stop is where it starts."""

    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_pct: Decimal | None = None
    trailing_amount: Decimal | None = None

    @classmethod
    def of(cls, source: OrderRequest | ModifyOrder) -> Terms:
        """Return those of a request or a modification."""
        return cls(
            quantity=source.quantity,
            limit_price=source.limit_price,
            stop_price=source.stop_price,
            trailing_pct=source.trailing_pct,
            trailing_amount=source.trailing_amount,
        )


@define(slots=True, kw_only=True)
class OrderRecord:
    """An order as the facts so far show it. Identity is (account, permId, orderRef)."""

    order_ref: str
    symbol: str
    role: Role | None
    side: Side
    order_type: str
    tif: str
    account: str
    client_id: int
    order_id: int
    request: OrderRequest | None
    versions: list[Terms]
    status: OrderStatus = OrderStatus.CREATED

    live: int = 0  # index of the version that rests at the broker, as far as is known
    wanted: int | None = None  # index of the version asked for and not settled
    revision: int = 0  # how many modifications were intended
    queued: bool = False  # given to the gateway, which has not said yet whether bytes of it left
    cancel_wanted: bool = False
    cancel_reason: str = ""

    perms: dict[int, bool] = Factory(dict)  # permId → whether the broker may still hold it
    acknowledged: bool = False  # the broker has shown it at least once
    echoed: int | None = None  # index of the version that the broker showed last
    worked: bool = False  # a status has said PreSubmitted or Submitted, and none Inactive since
    tif_shown: str = ""
    echo: BrokerOrder | None = None  # the latest one
    broker_status: str = ""
    rejection: tuple[int, str] | None = None  # a refusal that waits for its proof
    claimed: Decimal = Decimal(0)  # largest filled quantity a status has named: informs, is never booked
    claimed_whole: bool = False  # a status said Filled
    settled: bool = False  # its executions are all there will be, whatever was claimed
    epoch: int = 0  # last connection in which the gateway or the broker spoke of it
    request_epoch: int = 0  # connection in which the outstanding request was written; 0: not known to be
    heard: set[int] = Factory(set)  # hashes of what the broker has said already: said again it is no news
    text: str = ""
    at: datetime | None = None  # time of the latest fact

    bases: list[str] = Factory(list)  # execId bases of its fills
    filled: Decimal = Decimal(0)
    filled_once: Decimal = Decimal(0)  # before busts and corrections downwards: what the order itself has lost
    average_price: Decimal | None = None

    missing: int = 0  # complete snapshots in a row without it
    unexplained: int = 0  # those among them that cannot tell what became of it
    stale: int = 0  # complete snapshots in a row that show an older version than wanted, or a done order as open
    severe: set[str] = Factory(set)  # alarm kinds that hold its symbol while it lives
    outlived: set[str] = Factory(set)  # those of them that have ended with it

    @classmethod
    def intended(cls, fact: OrderIntended) -> OrderRecord:
        """Return a new order from its intent."""
        request = fact.order
        return cls(
            order_ref=request.order_ref,
            symbol=request.symbol,
            role=request.role,
            side=request.side,
            order_type=str(request.order_type),
            tif=str(request.tif),
            account=fact.account,
            client_id=fact.client_id,
            order_id=fact.order_id,
            request=request,
            versions=[Terms.of(request)],
        )

    @classmethod
    def external(cls, echo: BrokerOrder) -> OrderRecord:
        """Return an order that somebody else placed, as the broker shows it."""
        return cls(
            order_ref=echo.order_ref,
            symbol=echo.symbol,
            role=None,
            side=echo.side,
            order_type=echo.order_type,
            tif=echo.tif,
            account=echo.account,
            client_id=echo.client_id,
            order_id=echo.order_id,
            request=None,
            versions=[Terms(quantity=echo.quantity, limit_price=echo.limit_price, stop_price=echo.stop_price)],
            status=OrderStatus.UNKNOWN,
            perms={echo.perm_id: True},
        )

    @property
    def terms(self) -> Terms:
        """The version that rests at the broker, as far as is known."""
        return self.versions[self.live]

    @property
    def most_quantity(self) -> Decimal:
        """The quantity up to which it may still fill, whichever version is in force."""
        if self.wanted is None:
            return self.terms.quantity
        return max(self.terms.quantity, self.versions[self.wanted].quantity)

    @property
    def perm_id(self) -> int:
        """The permId under which the broker knows it; the latest of several; 0 before the first echo."""
        return next(reversed(self.perms), 0)

    @property
    def twofold(self) -> bool:
        """Whether more than one order came of it at the broker, and one of them may live (INC-08)."""
        return len(self.perms) > 1 and any(self.perms.values())

    @property
    def in_flight(self) -> bool:
        """Whether something of it may be on its way and unseen."""
        return self.status in (
            OrderStatus.INTENDED,
            OrderStatus.SENT,
            OrderStatus.PENDING_MODIFY,
            OrderStatus.PENDING_CANCEL,
        )

    @property
    def confirmed(self) -> bool:
        """Whether the broker has echoed the very terms of the live version, time in force included, and works it."""
        return self.echoed == self.live and self.worked and self.tif_shown in ("", self.tif)

    @property
    def finished(self) -> bool:
        """Whether it is done, and nothing that it was told of is open."""
        return self.status.done and not (self.severe or self.outlived or self.twofold or self.short_of_claim)

    @property
    def short_of_claim(self) -> bool:
        """Whether the broker has named a larger filled quantity than executions account for."""
        beyond = self.claimed > self.filled_once or (self.claimed_whole and self.filled_once == 0)
        return beyond and not self.settled

    @property
    def awaited(self) -> Decimal:
        """What the broker has named as filled beyond the executions that are here; 0 for nothing."""
        if not self.short_of_claim:
            return _ZERO
        return max(_ZERO, (self.claimed or self.terms.quantity) - self.filled_once)

    def view(self) -> OrderView:
        """Return it as positions and status see it; of an external order the broker's word for what has filled."""
        request, terms = self.request, self.terms
        return OrderView(
            order_ref=self.order_ref,
            symbol=self.symbol,
            role=self.role,
            side=self.side,
            quantity=terms.quantity,
            filled=self.claimed if request is None else self.filled,
            order_type=self.order_type,
            status=self.status,
            limit_price=terms.limit_price,
            stop_price=terms.stop_price,
            trailing_pct=terms.trailing_pct,
            trailing_amount=terms.trailing_amount,
            average_price=self.average_price,
            tif=self.tif_shown or self.tif,
            order_id=self.order_id,
            perm_id=self.perm_id,
            client_id=self.client_id,
            parent_ref=request.parent_ref if request else None,
            oca_group=request.oca_group if request else (self.echo.oca_group if self.echo else ""),
            position_id=request.position_id if request else "",
            confirmed=self.confirmed,
            awaited=_ZERO if request is None else self.awaited,
            text=self.text,
        )
