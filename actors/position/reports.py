"""What a position tells others about itself: log, bus, portfolio."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from config.logging import log
from domain.exit_words import exits_in_words
from messages.order import OrderStatus, Role
from messages.position import (
    CORRECTION,
    PositionAbandonedEvent,
    PositionClosed,
    PositionCloseEvent,
    PositionMarkedEvent,
    PositionOpenEvent,
    PositionStatus,
    PositionUpdateEvent,
    PositionView,
)
from messages.risk import HoldingChanged

if TYPE_CHECKING:
    from actors.position.actor import PositionActor

__all__ = ["Reports"]

_ZERO = Decimal(0)


class Reports:
    """Tells of changes, once each; of marks to the portfolio at most once a second, and never per tick."""

    def __init__(self, actor: PositionActor) -> None:
        self._actor = actor
        self._told: tuple[Decimal, Decimal | None] = (_ZERO, None)  # quantity, average price
        self._held: HoldingChanged | None = None
        self._stop: Decimal | None = None
        self._last: PositionView | None = None  # of the position that closed last

    def begin(self) -> None:
        """Tell the portfolio what a restarted position holds; the rest was told before the restart."""
        ledger = self._actor.book.ledger
        self._told = (ledger.quantity, ledger.average_price)
        self.holding()

    def view(self) -> PositionView:
        """Return the position as it stands; while there is none, the last one's result."""
        actor, book = self._actor, self._actor.book
        ledger, protection = book.ledger, actor.protection
        if book.plan is None and not book.quantity and not book.held and self._last is not None:
            return self._last
        mark = actor.quote.mark
        levels, targets = actor.levels.planned, protection.targets()
        return PositionView(
            symbol=book.symbol,
            position_id=book.plan.position_id if book.plan is not None else "",
            status=book.status(closing=actor.closing is not None, armed=protection.armed),
            quantity=ledger.quantity,
            average_price=ledger.average_price,
            realized_pnl=ledger.realized_pnl,
            unrealized_pnl=ledger.unrealized_pnl(mark),
            commission=ledger.commission,
            stop=actor.levels.stop,
            target=next((one.price for one in targets if one.quantity), levels.nearest_target if levels else None),
            protected=protection.armed and levels is not None and levels.stop is not None,
            last_price=mark,
            opened=ledger.opened,
            exits=book.exits if book.plan is not None else None,
            stop_moved=actor.levels.moved_by,
            targets=targets,
            leaves_at=actor.time_exit.due if book.plan is not None else None,
        )

    def changes(self) -> None:
        """Tell of a changed quantity or average price."""
        ledger = self._actor.book.ledger
        told, self._told = self._told, (ledger.quantity, ledger.average_price)
        if told == self._told:
            return
        self._actor.levels.refresh()
        self.holding()
        view = self.view()
        if not told[0]:
            self._log("position.opened", view)
            self._actor.bus.publish(PositionOpenEvent(view))
        elif view.quantity:
            self.updated(view)

    def updated(self, view: PositionView) -> None:
        """Tell that the position or its exits changed."""
        self._stop = view.stop
        self._log("position.updated", view)
        self._actor.bus.publish(PositionUpdateEvent(view))

    def holding(self) -> None:
        """Tell the portfolio what is held, if that changed."""
        ledger, mark = self._actor.book.ledger, self._actor.quote.mark
        instrument = self._actor.instrument
        message = HoldingChanged(
            symbol=self._actor.symbol,
            quantity=ledger.quantity,
            average_price=ledger.average_price,
            mark=mark,
            realized_pnl=ledger.realized_pnl,
            unrealized_pnl=ledger.unrealized_pnl(mark),
            commission=ledger.commission,
            managed=self._actor.book.plan is not None,
            currency=instrument.currency if instrument is not None else "",
            multiplier=ledger.multiplier,
        )
        if message != self._held:
            self._held = message
            self._actor.system.address("portfolio").tell(message)

    @property
    def mark_is_wanted(self) -> bool:
        """Whether somebody wants to be told each second, whatever it has changed."""
        return self._actor.bus.wanted(PositionMarkedEvent)

    def marked(self) -> None:
        """Tell what a second has changed: the mark, and where the stop trails."""
        self.holding()
        if self.mark_is_wanted:
            self._actor.bus.publish(PositionMarkedEvent(self.view()))
        stop = self._actor.levels.stop
        if stop != self._stop:
            self._stop = stop
            self._actor.bus.publish(PositionUpdateEvent(self.view()))

    def closing_reason(self) -> str:
        """Return why the position ended: by the role of what closed it, or why it never came to be."""
        actor, book = self._actor, self._actor.book
        if not book.held:
            if actor.closing is not None:
                return actor.closing.reason
            entry = next((one for one in book.orders.values() if one.role is Role.ENTRY), None)
            if entry is None:
                return "not entered"
            word = "refused" if entry.status is OrderStatus.DENIED else f"not filled: {entry.status.lower()}"
            return f"{word}: {entry.text}" if entry.text else word
        if book.settling:
            return CORRECTION
        role = book.last_reduction[0] if book.last_reduction is not None else None
        match role:
            case Role.STOP:
                return actor.levels.moved_by or "stop"
            case Role.TARGET:
                return "target"
            case Role.EXIT:
                return actor.closing.reason if actor.closing is not None else "exit"
            case _:
                return "manual"

    def closed(self, view: PositionView, record: PositionClosed, *, held: bool) -> None:
        """Tell that the position has ended, with what it came to."""
        log(
            "position.closed",
            actor=self._actor.address.name,
            symbol=record.symbol,
            reason=record.reason,
            position_id=record.position_id,
            realized_pnl=record.realized_pnl,
            commission=record.commission,
        )
        self._told = (_ZERO, None)
        self._stop = None
        self._last = _ended(view)
        ended = PositionCloseEvent if held else PositionAbandonedEvent
        self._actor.bus.publish(ended(self._last, record.reason))
        self.holding()

    def _log(self, event: str, view: PositionView) -> None:
        log(
            event,
            actor=self._actor.address.name,
            symbol=view.symbol,
            position_id=view.position_id,
            quantity=view.quantity,
            average_price=view.average_price,
            realized_pnl=view.realized_pnl,
            commission=view.commission,
            stop=view.stop,
            target=view.target,
            state=view.status.value,
            protected=view.protected,
            opened=view.opened,
            stop_moved=view.stop_moved or None,
            exits=None if view.exits is None else exits_in_words(view.exits),
            targets=[{"price": one.price, "quantity": one.quantity, "filled": one.filled} for one in view.targets],
        )


def _ended(view: PositionView) -> PositionView:
    return PositionView(
        symbol=view.symbol,
        position_id=view.position_id,
        status=PositionStatus.CLOSED,
        quantity=_ZERO,
        average_price=None,
        realized_pnl=view.realized_pnl,
        unrealized_pnl=_ZERO,
        commission=view.commission,
        stop=None,
        target=None,
        protected=False,
        last_price=view.last_price,
    )
