"""How orders leave: in which order, how fast, on what link, and that none of them does what it is not for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import inf
from typing import Any

from attrs import frozen

from simulation.oracle.records import Records
from simulation.oracle.truth import Truth
from simulator.model import Executed, Order, OrderChanged, VenueEvent

__all__ = ["Bounds", "Conduct"]

_RISKY = ("entry", "scale")
_PLACE, _CANCEL, _ASK_TIME, _START = "3", "4", "49", "71"
_EXCESS_SECONDS = 20.0  # that more may rest than is held, while it is being cancelled
_SILENT_SECONDS = 30.0  # without a round trip, after which no process may call itself READY
_LINKLESS_SECONDS = 2.0  # from the loss of the link until what is in flight is called UNKNOWN
_IN_FLIGHT = ("SENT",)
_LOST_IB, _IB_BACK = ("1100", "2110"), ("1101", "1102")
_ENDS = {"53", "102", "55", "62"}  # of open orders, completed orders, executions, positions
_CANCELLED = ("Cancelled", "ApiCancelled")
_SECOND = 1.0 - 1e-6  # a message that leaves the moment another one is a second old is in time
_SLACK = 0.5  # seconds between what happened and its record
_CLEARED_SECONDS = 2.0  # within which an alarm ends whose cause has gone
_OTHERS_SECONDS = 45.0  # within which somebody else's trade may be unknown here
_FORBIDS = ("order.unknown", "order.duplicated", "order.mismatch")  # alarms of a symbol that takes no new risk
# alarms that say that it is not known what is held, or what works for it; nobody keeps the exits in quarantine
_IN_DOUBT = (
    *_FORBIDS,
    "actor.quarantined",
    "order.revived",
    "reconcile.",
    "protection.",
    "position.",
    "stop.",
    "broker.",
    "journal.",
)


@frozen(slots=True)
class Bounds:
    """What the configuration promises, in seconds and messages."""

    liveness: float
    entry_deadline: float
    messages_per_second: int


@frozen(slots=True)
class _Suspect:
    """New risk that was intended while an alarm stood that forbids it."""

    order_ref: str
    alarm: str
    text: str
    at: float


class Conduct:
    """Follows the wire frame by frame, the book, and the journal; what is wrong goes to `broken`."""

    def __init__(
        self,
        truth: Truth,
        records: Records,
        clock: Callable[[], float],
        alive_since: Callable[[], float],
        broken: Callable[[str], object],
        bounds: Bounds,
        *,
        swallows: bool = False,
        refuses: bool = False,
        ready: Callable[[], bool] = lambda: False,
    ) -> None:
        """`ready` tells whether the process says READY now; `alive_since` is when the process started, inf for none;
        `swallows` says that orders may get lost after they have left, `refuses` that the disk and its reserve may
        refuse everything, so that not even the alarm of it is written."""
        self._truth, self._records, self._clock = truth, records, clock
        self._alive_since = alive_since
        self._broken, self._bounds = broken, bounds
        self._swallows, self._refuses, self._ready = swallows, refuses, ready
        self._frames: deque[float] = deque()  # those of the last second
        self._asked: float | None = None
        self._proven = -1e9  # when the last round trip of this connection began
        self._waiting: dict[str, float] = {}  # exit or "cancel REF" → since when it may leave
        self._written: dict[str, float] = {}  # order_ref → when its intent was safe
        self._left: dict[str, float] = {}  # order_ref → when it left first
        self._ids: dict[str, str] = {}  # order id → the last order that left under it
        self._standing: dict[str, tuple[str | None, str]] = {}  # id of an alarm → symbol, kind
        self._earlier: set[str] = set()  # those of them that were raised in an earlier life
        self._suspects: list[_Suspect] = []
        self._signals: set[str] = set()
        self._by_others: dict[str, float] = {}
        self._excess: dict[str, float] = {}  # symbol → since when more could be sold than is held
        self._told: list[tuple[str | None, str]] = []  # the alarms of the last status, as symbol and kind
        self._linkless: float | None = None
        self._unlinked: float | None = None  # since when the product says that it is not connected
        self._lost_ib: float | None = None
        self._ended: set[str] = set()  # lists whose end has come in this connection
        self._started = inf  # when this process began its connection
        self._arrived: set[int] = set()
        self._cancelled_there: set[int] = set()  # permIds of orders that the broker has called cancelled
        truth.venue.subscribe(self._on_book, ticks=False)
        records.on_record.append(self._recorded)

    def born(self) -> None:
        """A process begins: what an earlier one meant to send, it sends no more."""
        self._waiting.clear()
        self._told = []
        self._started = inf
        self._earlier = set(self._standing)
        self._frames.clear()

    # the wire

    def frame(self, outgoing: bool, fields: list[str]) -> None:
        """A message has passed."""
        self._records.read()
        now = self._clock()
        since = now - max(self._started, self._alive_since())
        if since > _SLACK and self._ended != _ENDS and self._ready():
            self._broken("READY before the broker's lists were there in this connection")
        if not outgoing:
            if fields[0] == _ASK_TIME and self._asked is not None:
                self._proven, self._asked = self._asked, None
            elif fields[0] in _ENDS:
                self._ended.add(fields[0])
            elif fields[0] == "4" and len(fields) > 3:
                self._lost_ib = now if fields[3] in _LOST_IB else None if fields[3] in _IB_BACK else self._lost_ib
            return
        match fields[0]:
            case "71":
                self._frames.clear()
                self._waiting.clear()
                self._asked, self._proven, self._lost_ib = None, -1e9, None
                self._ended.clear()
                self._started = now
                return
            case "49":
                self._asked = now
                return
            case "58":
                self._broken("everything at the broker was cancelled, what others had placed too")
            case "3" | "4" if int(fields[1 if fields[0] == _PLACE else 2]) <= 0:
                self._broken(f"an order by hand was to be changed or cancelled: {fields[:8]}")
            case "3":
                self._placed(fields, now)
            case "4":
                self._cancelled(self._ids.get(fields[2], ""))
        self._count(now)

    def _count(self, now: float) -> None:
        frames = self._frames
        frames.append(now)
        while frames[0] <= now - _SECOND:
            frames.popleft()
        together = sum(1 for at in frames if at == now)
        most = max(self._bounds.messages_per_second, together)
        if len(frames) > most:
            self._broken(f"{len(frames)} messages left within a second, {most} are allowed")

    def _cancelled(self, ref: str) -> None:
        self._waiting.pop(f"cancel {ref}", None)
        # it may leave unwritten where the disk refuses everything: it only takes risk away; and where the broker has
        # made two orders of one, for whoever is told of them again knows again that both must go
        needless = self._refuses or self._stands("journal.") or self._truth.twofold(ref)
        if ref and ref not in self._records.cancelling and not needless:
            self._broken(f"a cancellation of {ref} left before its intent was safe on the disk")

    def _stands(self, kind: str) -> bool:
        return any(one.startswith(kind) for _, one in self._standing.values())

    def _placed(self, fields: list[str], now: float) -> None:
        ref = next((field for field in fields if field in self._records.intents), None)
        if ref is None:
            return
        self._waiting.pop(ref, None)
        self._ids[fields[1]] = ref
        if ref in self._left:
            return  # a change of it
        self._left[ref] = now
        if self._records.intents[ref]["role"] not in _RISKY:
            return
        if self._lost_ib is not None and now - self._lost_ib > _SLACK:
            self._broken(f"{ref}, new risk, left while TWS had lost its link to IB")
        if self._ended != _ENDS:
            self._broken(f"{ref}, new risk, left before the broker's lists were there in this connection")
        age = now - self._proven
        if age > self._bounds.liveness:
            self._broken(f"{ref}, new risk, left on a link whose last round trip began {min(age, 9999):.1f} s ago")
        waited = now - self._written.get(ref, now)
        if waited > self._bounds.entry_deadline + _SLACK:
            self._broken(f"{ref}, new risk, left {waited:.1f} s after its intent")
        works = {one.order_ref for one in self._truth.live()}
        for other, since in self._waiting.items():
            cancelled = other.partition(" ")[2]
            if now - since > _SLACK and (not cancelled or cancelled in works):
                self._broken(f"{ref}, new risk, left before {other}, which waits since {now - since:.1f} s")

    # the book

    def _on_book(self, event: VenueEvent) -> None:
        self._look_for_excess()
        if isinstance(event, OrderChanged):
            self._look_at_market_exit(event.order)
            if event.order.status in _CANCELLED:
                self._cancelled_there.add(event.order.perm_id)
        if not isinstance(event, Executed):
            return
        symbol = event.execution.contract.symbol
        order = event.order
        if order is None or not order.order_ref or not event.execution.exec_id.endswith(".01"):
            self._by_others[symbol] = self._clock()  # a correction, too, is nothing that was asked for
            return
        self._records.read()
        terms = self._records.intents.get(order.order_ref)
        if terms is None:
            return
        if terms["role"] in _RISKY:
            self._look_for_children(order.order_ref)
        elif terms["source"] == "operator":
            self._by_others[symbol] = self._clock()  # a person's own exit is tied to no group
        elif order.perm_id not in self._cancelled_there and not self._in_doubt(symbol):
            # an order that the broker cancelled, and filled nevertheless (INC-14, INC-29), is nobody's doing here
            signed = event.execution.quantity * (1 if event.execution.side == "BOT" else -1)
            held = self._truth.held(symbol)
            before = held - signed
            if abs(held) > abs(before) or held * before < 0:
                self._broken(f"{order.order_ref}, an exit of {symbol}, made {held} of {before}")

    def _in_doubt(self, symbol: str) -> bool:
        """Whether what is held may be unknown here: by an alarm, or so soon after a start or somebody else's trade.

        A disk that refuses everything has no record of an alarm that stands, so those of the last status count too.
        """
        others = max(self._by_others.get(symbol, -1e9), self._truth.without_trade_at.get(symbol, -1e9))
        since = max(others, self._alive_since())
        return self._clock() - since < _OTHERS_SECONDS or any(
            of in (None, symbol) and kind.startswith(_IN_DOUBT) for of, kind in (*self._standing.values(), *self._told)
        )

    def _could_sell(self, symbol: str) -> Decimal:
        """How much of a symbol its awake exits would take away if all filled that can: one of each group."""
        side = "SELL" if self._truth.held(symbol) > 0 else "BUY"
        groups: dict[str, Decimal] = {}
        for order in self._truth.live(symbol):
            terms = self._records.intents.get(order.order_ref)
            if terms is None or terms["role"] in _RISKY or terms["source"] == "operator" or order.side != side:
                continue
            group = order.oca_group or order.order_ref
            groups[group] = max(groups.get(group, Decimal(0)), self._truth.awake(order))
        return sum(groups.values(), Decimal(0))

    def _look_for_excess(self) -> None:
        for order in self._truth.live():
            if order.order_ref in self._records.given_up:
                # lists without its row have called it over: nobody can know that it works
                self._by_others[order.contract.symbol] = self._clock()
        held = {one.contract.symbol for one in self._truth.venue.positions()}
        for symbol in held | {one.contract.symbol for one in self._truth.live()} | set(self._excess):
            if self._could_sell(symbol) > abs(self._truth.held(symbol)):
                self._excess.setdefault(symbol, self._clock())
            else:
                self._excess.pop(symbol, None)

    def _look_at_market_exit(self, order: Order) -> None:
        """The market order that closes a position comes beside no exit that could fill as well."""
        if order.perm_id in self._arrived or order.order_type != "MKT":
            return
        self._arrived.add(order.perm_id)
        self._records.read()
        terms = self._records.intents.get(order.order_ref)
        symbol = order.contract.symbol
        if terms is None or terms["role"] != "exit" or terms["source"] == "operator":
            return
        if self._in_doubt(symbol):
            return
        could, held = self._could_sell(symbol), abs(self._truth.held(symbol))
        if not order.done and could > held:
            self._broken(f"{order.order_ref} came beside exits that are not tied to it: {could} could go of {held}")

    def _look_for_children(self, entry: str) -> None:
        there = {one.order_ref for one in self._truth.venue.orders.values()}
        there |= self._left.keys() if self._swallows else set()
        for ref, terms in self._records.intents.items():
            if terms["parent_ref"] == entry and ref not in there:
                self._broken(f"{entry} filled before its {terms['role']} was at the broker")

    # the journal

    def look(self, status: Mapping[str, Any]) -> None:
        """Judge what needed a moment to be sure of, and what a status says."""
        now = self._clock()
        self._look_for_excess()
        self._told = [(alarm["symbol"], alarm["kind"]) for alarm in status["alarms"] or ()]
        for symbol, since in self._excess.items():
            if self._in_doubt(symbol):  # from its end on it has its time to know, and to act
                self._excess[symbol] = now
                continue
            seconds = now - max(since, self._alive_since())
            if seconds > _EXCESS_SECONDS:
                could, held = self._could_sell(symbol), abs(self._truth.held(symbol))
                self._broken(f"for {seconds:.0f} s exits have worked that could take {could} {symbol} from {held}")
        self._look_at_link(status, now)
        for suspect in self._suspects:
            if now - suspect.at > _CLEARED_SECONDS and suspect.alarm in self._standing:
                self._broken(f"{suspect.order_ref}, new risk, was intended while {suspect.text} stood")
        self._suspects = [one for one in self._suspects if now - one.at <= _CLEARED_SECONDS]

    @property
    def waits(self) -> bool:
        """Whether time alone may make something wrong that was not at the last look."""
        quiet = self._clock() - self._proven > _SILENT_SECONDS / 3
        return quiet or self._linkless is not None or bool(self._suspects or self._excess)

    def _look_at_link(self, status: Mapping[str, Any], now: float) -> None:
        broker = status["broker"]
        # a gateway that crashes over the question says nothing: it may have had a link since the look before
        self._unlinked = None if broker is None or broker["connected"] else self._unlinked or now
        if self._unlinked is not None and status["state"] == "READY":
            seconds = now - max(self._unlinked, self._alive_since())
            if seconds > _LINKLESS_SECONDS:
                self._broken(f"READY, without a link for {seconds:.0f} s")
        connected = bool(broker and broker["connected"])
        if connected:
            self._linkless = None
            quiet = now - max(self._proven, self._alive_since())
            if status["state"] == "READY" and quiet > _SILENT_SECONDS:
                self._broken(f"READY, though the broker has not answered for {quiet:.0f} s")
            return
        if self._linkless is None:
            self._linkless = now
        seconds = now - max(self._linkless, self._alive_since())
        in_flight = [row["order_ref"] for row in status["orders"] or () if row["status"] in _IN_FLIGHT]
        if in_flight and seconds > _LINKLESS_SECONDS:
            self._broken(f"without a link for {now - self._linkless:.0f} s, and {in_flight} are not called UNKNOWN")

    def _recorded(self, _: str, kind: str, payload: Mapping[str, Any]) -> None:
        now = self._clock()
        match kind:
            case "OrderIntended":
                self._intended(payload["order"], now)
            case "CancelIntended":
                self._waiting[f"cancel {payload['order_ref']}"] = now
            case "OrderNotSent":
                self._waiting.pop(f"{'cancel ' if payload['cancellation'] else ''}{payload['order_ref']}", None)
            case "OrderResolved":
                for what in (payload["order_ref"], f"cancel {payload['order_ref']}"):
                    self._waiting.pop(what, None)
            case "AlarmRaised":
                self._standing[payload["id"]] = (payload["symbol"], payload["kind"])
                if payload["kind"] == "order.last_gate":
                    self._broken(f"the last gate stopped what no sound sender asks for: {payload['text']}")
            case "AlarmCleared":
                self._standing.pop(payload["id"], None)
            case "SignalReceived":
                signal_id = payload["event"]["signal_id"]
                if signal_id in self._signals:
                    self._broken(f"the prediction {signal_id} was taken twice")
                self._signals.add(signal_id)

    def _intended(self, terms: Mapping[str, Any], now: float) -> None:
        ref = terms["order_ref"]
        self._written[ref] = now
        if terms["role"] not in _RISKY:
            if terms["parent_ref"] is None:
                self._waiting[ref] = now
            return
        for alarm, (symbol, kind) in self._standing.items():
            if symbol == terms["symbol"] and kind in _FORBIDS and alarm not in self._earlier:
                self._suspects.append(_Suspect(ref, alarm, f"{kind} of {symbol}", now))
