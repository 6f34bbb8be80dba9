"""The gates that a group of orders passes before it is intended. All are evaluated, so that a refusal is explained."""

from __future__ import annotations

from collections.abc import Container, Mapping
from decimal import Decimal

from attrs import frozen

from domain.instrument import canonical, off_tick
from messages.market import Instrument
from messages.order import ModifyOrder, OrderDenied, OrderRequest, OrderType, Role, SubmitOrders
from messages.verdict import GateVerdict

__all__ = ["Circumstances", "Verdict", "denials", "gates", "judge", "terms_fault"]


@frozen(slots=True, kw_only=True)
class Circumstances:
    """What the gates look at besides the group itself. Texts say why not; "" is fine."""

    connected: bool
    not_reconciled: str
    halted: str
    on_hold: Mapping[str, str]  # symbol → why it takes no new risk
    instruments: Mapping[str, Instrument]
    known_refs: Container[str]


@frozen(slots=True)
class Verdict:
    """What one gate says of one order; an empty reason lets it through."""

    gate: str
    reason: str


def judge(group: SubmitOrders, now: Circumstances) -> dict[str, tuple[Verdict, ...]]:
    """Return order_ref → verdicts of all gates, in their order. The group goes only if none has a reason."""
    earlier: set[str] = set()
    verdicts: dict[str, tuple[Verdict, ...]] = {}
    for order in group.orders:
        duplicate = order.order_ref in earlier or order.order_ref in now.known_refs
        family = ""
        if order.parent_ref is not None and order.parent_ref not in earlier:
            family = f"its parent {order.parent_ref} does not stand before it in the group"
        earlier.add(order.order_ref)
        instrument = now.instruments.get(order.symbol)
        risk = order.role.adds_risk
        verdicts[order.order_ref] = (
            Verdict("reconciled", _link_fault(order, now)),
            Verdict("halted", now.halted if risk else ""),
            Verdict("cleared", "adds risk without clearance of the portfolio" if risk and not group.cleared else ""),
            Verdict("unique", "its reference was used before" if duplicate else ""),
            Verdict("terms", family or _request_fault(order)),
            Verdict("instrument", "" if instrument else f"no contract is known for {order.symbol}"),
            Verdict("tick", _tick_fault(order, instrument) if instrument else ""),
            Verdict("hold", now.on_hold.get(order.symbol, "") if risk else ""),
        )
    return verdicts


def denials(verdicts: Mapping[str, tuple[Verdict, ...]]) -> tuple[OrderDenied, ...]:
    """Return why each order of a refused group is denied; () where nothing stands against the group.

    The reason is the first gate's; the figures list every gate. An order with nothing against it falls with the rest.
    """
    faulty = {ref: [v for v in each if v.reason] for ref, each in verdicts.items()}
    culprit = next((ref for ref, found in faulty.items() if found), None)
    if culprit is None:
        return ()
    return tuple(
        OrderDenied(
            ref,
            faulty[ref][0].reason if faulty[ref] else f"denied together with {culprit}",
            "; ".join(f"{v.gate}: {v.reason or 'ok'}" for v in each),
        )
        for ref, each in verdicts.items()
    )


def gates(group: SubmitOrders, verdicts: Mapping[str, tuple[Verdict, ...]]) -> tuple[GateVerdict, ...]:
    """Return one verdict a gate over the whole group, as the journal has it."""
    roles = {order.order_ref: order.role for order in group.orders}
    against: dict[str, list[str]] = {}
    for ref, each in verdicts.items():
        for verdict in each:
            found = against.setdefault(verdict.gate, [])
            if verdict.reason:
                found.append(f"{roles[ref]}: {verdict.reason}")
    return tuple(GateVerdict("orders", gate, not found, "; ".join(found)) for gate, found in against.items())


def terms_fault(order_type: OrderType, terms: OrderRequest | ModifyOrder, instrument: Instrument | None = None) -> str:
    """Return what is wrong with these terms for an order of this type, "" where nothing is."""
    numbers: dict[str, Decimal | None] = {
        "quantity": terms.quantity,
        "limit price": terms.limit_price,
        "stop price": terms.stop_price,
        "trailing percentage": terms.trailing_pct,
        "trailing amount": terms.trailing_amount,
    }
    for name, number in numbers.items():
        if number is not None and not (number.is_finite() and number > 0):
            return f"the {name} {number} is no number above zero"
    needed = {
        OrderType.MARKET: (),
        OrderType.LIMIT: ("limit price",),
        OrderType.STOP: ("stop price",),
        OrderType.STOP_LIMIT: ("stop price", "limit price"),
        OrderType.TRAILING_STOP: (),
    }[order_type]
    for name in needed:
        if numbers[name] is None:
            return f"the {name} is missing"
    if order_type is OrderType.TRAILING_STOP and (terms.trailing_pct is None) == (terms.trailing_amount is None):
        return "a trailing stop needs either a percentage or an amount"
    if instrument is None:
        return ""
    off = off_tick(instrument, terms)
    return f"{canonical(off[0])} is not on a tick of {instrument.symbol}" if off else ""


def _link_fault(order: OrderRequest, now: Circumstances) -> str:
    """An exit at the market may go before all is reconciled: being unable to leave is worse. Stops and targets may not,
    for those of before may still rest (INC-43)."""
    if not now.connected:
        return now.not_reconciled or "no connection to the broker"
    return "" if order.role is Role.EXIT else now.not_reconciled


def _request_fault(order: OrderRequest) -> str:
    if not order.order_ref or not order.symbol:
        return "it has no reference" if not order.order_ref else "it has no symbol"
    return terms_fault(order.order_type, order)


def _tick_fault(order: OrderRequest, instrument: Instrument) -> str:
    if not order.quantity.is_finite() or order.quantity % instrument.size_increment:
        return f"quantity {order.quantity} is no multiple of {instrument.size_increment}"
    off = off_tick(instrument, order)
    return f"{off[0]} is not on a tick of {instrument.symbol}" if off else ""
