"""When the broker is asked for everything, and what is done with its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from attrs import frozen

from actors.orders.desk import OrderDesk
from config.log_record import timestamp
from config.logging import log
from domain.offsets import Offsets
from domain.orders.effects import Effect
from domain.reconciliation import Difference, believe, reconcile
from messages.gateway import AskBroker, BrokerConnected, BrokerLost, BrokerNotice, BrokerSnapshot
from messages.journal import Append, Entry
from messages.order import IdsReserved

__all__ = ["AskNow", "Reconciler", "Scheduled"]

_TWS_LOST = (1100, 2110)
_TWS_BACK = (1101, 1102)

_FIRST_PAUSE = 0.5
"""Seconds before the third look in a row; they double from then on. The second follows the first at once, for it is
what proves absence within a connection."""


@frozen(slots=True)
class AskNow:
    """To oneself: the pause before asking again is over."""

    reason: str


@frozen(slots=True)
class Scheduled:
    """To oneself: it is time for the regular comparison."""


class Reconciler:
    """Asks for one snapshot at a time, after each connect, 1101 and 1102, whenever something is in doubt, and on a
    schedule; brings the book up to it and says when new risk is possible."""

    def __init__(self, desk: OrderDesk, slowest: float, after: Callable[[float, Any], object]) -> None:
        """`slowest` is the longest pause in seconds; `after(seconds, message)` tells the actor itself."""
        self._desk = desk
        self._slowest = slowest
        self._after = after
        self._asked = ""  # why, while an answer is awaited
        self._again = ""  # why once more after that
        self._paused = False
        self._taking = False  # a snapshot is being taken: what it brings up waits for the pause
        self._in_a_row = 0
        self._server_lost = ""
        self._offsets: Offsets | None = None
        self.apart: dict[str, Decimal] = {}  # symbol → the broker's position less executions, when last compared
        self._held: set[str] = set()  # symbols whose holding was told: when it agrees again, they must hear that too

    # the link

    def standing(self, epoch: int, account: str) -> None:
        """There has been a connection all the while: what a snapshot that waits in the mailbox shows may be older than
        what was in flight, so another is asked for.
        """
        desk = self._desk
        desk.epoch, desk.account, desk.book.account = epoch, account, account
        self.ask("this actor has started")

    def connected(self, message: BrokerConnected) -> None:
        """A new connection: the gateway sends a snapshot of its own accord, and nothing is known before it."""
        desk = self._desk
        ids = desk.book.ids
        if message.next_order_id > ids.reserved:
            # so that an incarnation that comes after this one, in the same connection, knows it too
            ids.recover(message.next_order_id)
            desk.journal.tell(Append((Entry("orders", IdsReserved(message.next_order_id)),)))
        if message.epoch == desk.epoch:
            return
        desk.epoch, desk.account, desk.book.account = message.epoch, message.account, message.account
        self._server_lost = self._again = ""
        self._in_a_row = 0
        desk.allow("not reconciled with the broker in this connection yet")
        self._expect(f"connection {message.epoch}")

    def lost(self, message: BrokerLost) -> None:
        """The connection is gone: what was in flight is unknown, and nothing new may leave."""
        desk = self._desk
        desk.epoch = 0
        self._asked = self._again = ""
        desk.allow(f"no connection to the broker: {message.reason}")
        desk.doubt([record for record in desk.book.live() if record.in_flight], f"the link was lost: {message.reason}")

    def notice(self, message: BrokerNotice) -> None:
        """1100: TWS has lost IB; its lists prove nothing until 1101 or 1102, and then everything is compared anew."""
        if message.code in _TWS_LOST:
            self._server_lost = f"TWS has lost its servers ({message.code})"
            self._desk.allow(self._server_lost)
        elif message.code in _TWS_BACK:
            self._server_lost = ""
            if self._desk.epoch:
                self._desk.allow(f"not reconciled since TWS came back ({message.code})")
            # a snapshot that is being gathered now may have begun before: it needs one more
            self._in_a_row = 0
            if self._asked:
                self._again = f"notice {message.code}"
            self.ask(f"notice {message.code}")

    # asking

    def ask(self, reason: str) -> None:
        """Have a snapshot made, after the one that is being made now."""
        if not self._desk.epoch or self._paused:
            return  # each connection begins with one, and the pause ends with one
        if self._asked or self._taking:
            self._again = self._again or reason
            return
        self._expect(reason)
        self._desk.gateway.tell(AskBroker(reason))

    def ask_now(self, reason: str) -> None:
        """The pause is over."""
        self._paused = False
        self.ask(reason)

    def compare(self, symbols: Iterable[str]) -> None:
        """Tell the positions of these symbols, too, what the broker holds, from the next answer on."""
        self._held.update(symbols)
        self.ask("an alarm of before this start")

    def scheduled(self) -> None:
        """Ask whatever was asked before: an answer may have been lost."""
        self._asked = ""
        self.ask("schedule")

    def _expect(self, reason: str) -> None:
        self._asked = reason
        log("reconcile.started", actor="orders", reason=reason, epoch=self._desk.epoch)

    # the answer

    def snapshot(self, snapshot: BrokerSnapshot) -> None:
        """Take the broker's lists. Incomplete ones prove no absence and are asked for again."""
        desk = self._desk
        if snapshot.epoch != desk.epoch:
            return
        self._asked, again = "", self._again
        self._again = ""
        if not snapshot.complete:
            self._take(*believe(desk.book, snapshot, desk.context.environment.now()))
            log("reconcile.finished", level="WARNING", actor="orders", complete=False, epoch=snapshot.epoch)
            self._pause("the last answer was incomplete", at_once=False)
            return
        result = reconcile(
            desk.book,
            snapshot,
            desk.account,
            desk.context.environment.now(),
            offsets=self._offsets,
            held=self._held,
        )
        self._offsets, self.apart = result.offsets, result.apart
        self._take(result.effects, result.differences)
        for symbol, holding in result.holdings:
            desk.address(f"position/{symbol}").tell(holding)
        self._held.update(symbol for symbol, _ in result.holdings)
        desk.context.system.measures.reconciled_at = timestamp(desk.context.environment.now())
        log(
            "reconcile.finished",
            actor="orders",
            complete=True,
            epoch=snapshot.epoch,
            open_orders=len(snapshot.open_orders or ()),
            executions=len(snapshot.executions or ()),
            differences=len(result.differences),
            again=again or result.again or self._again,
        )
        # this incarnation may not have heard of the outage itself
        early = "" if snapshot.conclusive else "the broker's lists are from before TWS had its servers back"
        desk.allow(self._server_lost or early or (again if again.startswith("notice") else ""))
        again = again or result.again or self._again or early
        self._again = ""
        if again:
            self._pause(again, at_once=self._in_a_row == 0)
        else:
            self._in_a_row = 0

    def _take(self, effects: Iterable[Effect], differences: Iterable[Difference]) -> None:
        self._taking = True
        self._desk.carry_out(effects)
        self._taking = False
        for difference in differences:
            log(
                "reconcile.difference",
                level="WARNING",
                actor="orders",
                symbol=difference.symbol,
                order_ref=difference.order_ref,
                perm_id=difference.perm_id,
                text=difference.text,
            )

    def _pause(self, reason: str, *, at_once: bool) -> None:
        self._in_a_row += 1
        if at_once:
            self.ask(reason)
        elif not self._paused:
            self._paused = True
            self._after(min(_FIRST_PAUSE * 2 ** (self._in_a_row - 1), self._slowest), AskNow(reason))
