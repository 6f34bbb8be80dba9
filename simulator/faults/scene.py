"""Where a verb acts: the engine, and the session and the request that set it off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from simulator.faults import filters as f
from simulator.faults.telling import Teller
from simulator.model import Contract, Execution, Order
from simulator.server.entitlements import Entitlement
from simulator.wire.answer_names import field_names
from simulator.wire.requests import CancelOrder, PlaceOrder, Request
from simulator.wire.session_answers import Fields

if TYPE_CHECKING:
    from simulator.faults import verbs as v
    from simulator.faults.engine import FaultEngine
    from simulator.server.session import Session

__all__ = ["Scene"]

_MARKET_DATA = (
    *("tickPrice", "tickSize", "tickString", "tickGeneric", "tickByTick"),
    *("realtimeBar", "historicalDataUpdate"),
)


class Scene:
    """What verbs can reach. Raises ValueError where a verb needs a session or an order and there is none."""

    def __init__(
        self,
        engine: FaultEngine,
        session: Session | None,
        request: Request | None = None,
        carry_out: Callable[[], None] | None = None,
    ) -> None:
        self._engine = engine
        self._tws = engine.tws
        self._session = session
        self._request = request
        self._carry_out = carry_out
        self.decided_later = False  # a verb after a wait says what becomes of the request

    # the request

    def accept(self) -> None:
        """Carry the request out, unless that was done or forbidden before."""
        carry_out, self._carry_out = self._carry_out, None
        if carry_out is not None:
            carry_out()

    def swallow(self) -> None:
        """Never carry it out."""
        self._carry_out = None

    def split(self) -> None:
        """Carry a change out as a second order."""
        self._carry_out = None
        if isinstance(self._request, PlaceOrder):
            self._one_session().orders.place_beside(self._request)

    def mute(self) -> None:
        """Say nothing of the request's order unless asked. A request about no order has nothing to keep back."""
        session = self._one_session()
        if not isinstance(self._request, (PlaceOrder, CancelOrder)):
            return
        order_id = str(self._request.answered_on)
        match = f.Match(messages=("*",), client=session.client_id)
        self._engine.filters.append(f.Mute(match, partial(self._is_about, order_id), f"mute {order_id}"))

    def _is_about(self, order_id: str, fields: Fields) -> bool:
        if fields[0] not in (3, 4, 5, 11, 59):
            return False
        found = dict(zip(field_names(fields), fields, strict=False))
        if fields[0] == 59:
            of_report = [e for e in self._tws.venue.executions if e.exec_id == found["execId"]]
            return any(str(execution.order_id) == order_id for execution in of_report)
        return str(found.get("orderId", found.get("id"))) == order_id

    # messages

    def hold(self, verb: v.Filtering) -> None:
        """Begin to keep messages back."""
        self._engine.filters.append(f.Hold(self._match(verb), verb.name))

    def drop(self, verb: v.Filtering) -> None:
        """Begin to lose them."""
        self._engine.filters.append(f.Drop(self._match(verb), verb.name))

    def duplicate(self, verb: v.Filtering, copies: int) -> None:
        """Begin to repeat them."""
        self._engine.filters.append(f.Duplication(self._match(verb), verb.name, copies))

    def reorder(self, verb: v.Filtering, order: Sequence[int]) -> None:
        """Begin to collect them."""
        self._engine.filters.append(f.Permutation(self._match(verb), order, verb.name))

    def alter(self, verb: v.Filtering, changes: Mapping[str, str]) -> None:
        """Begin to change them."""
        self._engine.filters.append(f.Alteration(self._match(verb), changes, verb.name))

    def delay(self, verb: v.Filtering, seconds: float) -> None:
        """Begin to send them later."""

        def later(session: Session, fields: Fields) -> None:
            self._engine.timers.call_later(seconds, partial(session.write, fields))

        self._engine.filters.append(f.Delay(self._match(verb), later, verb.name))

    def release(self, name: str, order: Sequence[int]) -> None:
        """Let held messages go."""
        self._engine.release(name, order)

    def _match(self, verb: v.Filtering) -> f.Match:
        client = None
        if not verb.everyone and self._session is not None:
            client = self._session.client_id
        return f.Match(
            messages=tuple(verb.messages),
            where={name: self._filled_in(value) for name, value in verb.where.items()},
            client=client,
            asked=verb.asked,
            count=verb.count,
            after=verb.after,
        )

    def error(self, code: int, text: str, answered_on: int | None, everyone: bool) -> None:
        """Send an error or a notice."""
        if answered_on is None:
            answered_on = self._request.answered_on if self._request is not None else -1
        for session in self.sessions(everyone or self._session is None):
            session.error(answered_on, code, text)

    def emit(self, message: str, changes: Mapping[str, str], fill: int) -> None:
        """Send a message about the request's order."""
        session = self._one_session()
        fields = Teller(self._tws, session).tell(message, self._order(), self._execution(fill))
        changes = {name: self._filled_in(value) for name, value in changes.items()}
        session.write(f.altered(fields, changes) if changes else fields)

    def emit_raw(self, fields: Sequence[str]) -> None:
        """Send fields as they are."""
        for session in self.sessions(everyone=self._session is None):
            session.write([self._filled_in(value) for value in fields])

    def _filled_in(self, value: str) -> str:
        if "{" not in value:
            return value
        order, execution = self._order(), self._execution(-1)
        known = {"reqId": str(self._request.answered_on) if self._request is not None else "-1"}
        known["orderId"] = str(order.order_id) if order is not None else known["reqId"]
        if order is not None:
            known["permId"] = str(order.perm_id)
        if execution is not None:
            known["execId"] = execution.exec_id
            known["execBase"] = execution.exec_id.rpartition(".")[0]
        for name, text in known.items():
            value = value.replace(f"{{{name}}}", text)
        return value

    # links

    def sessions(self, everyone: bool) -> list[Session]:
        """Return the sessions meant: all, or the one of the request."""
        return self._tws.clients if everyone or self._session is None else [self._session]

    def black_hole(self, seconds: float | None, then: str, everyone: bool) -> None:
        """Stop links, and set the timer for their end."""
        for session in self.sessions(everyone):
            session.stop()
            if seconds is not None:
                end = session.abort if then == "reset" else session.resume
                self._engine.timers.call_later(seconds, end)

    def restart(self, verb: v.Restart) -> None:
        """Restart the gateway."""
        tws = self._tws
        open_orders = [order for order in tws.venue.orders.values() if not order.done]
        keep = [order for order in open_orders if "*" in verb.keep or order.order_ref in verb.keep]
        tws.go_down(abruptly=verb.how == "reset")
        tws.restart(verb.next_id, keep, executions=verb.executions)
        self._engine.timers.call_later(verb.seconds, tws.come_up) if verb.seconds else tws.come_up()

    # the broker

    def fill(self, verb: v.Fill) -> None:
        """Execute an order."""
        order = self._named(verb.order_ref, verb.perm_id)
        self._tws.venue.broker_fill(order.perm_id, verb.quantity or order.remaining, verb.price)

    def correct(self, verb: v.Correct) -> None:
        """Correct a fill."""
        order = self._named(verb.order_ref, verb.perm_id)
        fills = [one for one in self._tws.venue.executions if one.perm_id == order.perm_id]
        self._tws.venue.correct(fills[verb.fill].exec_id, verb.quantity, verb.price)

    def manual(self, verb: v.Manual) -> None:
        """Trade by hand."""
        account = verb.account or self._tws.accounts[0]
        self._tws.venue.manual_trade(account, self._contract(verb.symbol), verb.quantity, verb.price)

    def manual_order(self, verb: v.ManualOrder) -> None:
        """Place an order by hand."""
        self._tws.place_by_hand(
            Order(
                order_id=0,
                client_id=0,
                account=verb.account or self._tws.accounts[0],
                contract=self._contract(verb.symbol),
                side=verb.side,
                quantity=verb.quantity,
                order_type=verb.type,
                limit=verb.limit,
                stop=verb.stop,
                tif=verb.tif,
            )
        )

    def _contract(self, symbol: str) -> Contract:
        found = self._tws.contracts.find(symbol)
        if not found:
            raise ValueError(f"no contract is named {symbol!r}")
        return found[0].contract

    def cancel(self, order_ref: str) -> None:
        """Cancel an order."""
        order = self._named(order_ref, 0)
        self._tws.venue.cancel(order.client_id, order.order_id)

    def entitle(self, symbol: str, extent: str) -> None:
        """Change what market data may be seen."""
        self._tws.entitlements.set(symbol, Entitlement(extent))

    def silence(self, symbol: str) -> None:
        """Stop the ticks of the present subscriptions."""
        for session in self._tws.clients:
            session.market_data.silence(symbol)

    def connectivity(self, state: str) -> None:
        """Lose or regain the link between TWS and its servers."""
        self._tws.servers_lost = state == "lost"
        if state == "lost":
            self._tws.notice(1100, "Connectivity between IB and Trader Workstation has been lost.")
            match = f.Match(messages=_MARKET_DATA, asked=False)
            self._engine.filters.append(f.Drop(match, "connectivity"))
            return
        self._engine.release("connectivity")
        restored = "Connectivity between IB and Trader Workstation has been restored"
        if state == "kept":
            self._tws.notice(1102, f"{restored} - data maintained.")
        else:
            self.silence("")
            self._tws.notice(1101, f"{restored} - data lost.")

    def jump(self, seconds: float) -> None:
        """Set the clock."""
        environment = self._tws.environment
        now, offset = environment.now, timedelta(seconds=seconds)
        environment.now = lambda: now() + offset
        self._tws.stirred()

    # what is meant

    def _one_session(self) -> Session:
        if self._session is None:
            raise ValueError("this verb needs a client: use it on a request")
        return self._session

    def _order(self) -> Order | None:
        if self._session is None or self._request is None:
            return None
        return self._tws.order_ids.order(self._session.client_id, self._request.answered_on)

    def _named(self, order_ref: str, perm_id: int) -> Order:
        orders = self._tws.venue.orders
        if perm_id:
            return orders[perm_id]
        if order_ref:
            for order in reversed(list(orders.values())):
                if order.order_ref == order_ref:
                    return order
            raise ValueError(f"no order has the reference {order_ref!r}")
        own = self._order()
        if own is None:
            raise ValueError("the request has no order: name one by order_ref or perm_id")
        return own

    def _execution(self, position: int) -> Execution | None:
        order = self._order()
        if order is None:
            return None
        fills = [execution for execution in self._tws.venue.executions if execution.perm_id == order.perm_id]
        try:
            return fills[position]
        except IndexError:
            return None
