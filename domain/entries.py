"""From a command to open a position, and a quote, to the plan and the orders: pure, everything decided at once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from attrs import evolve, frozen

from domain.exit_levels import ExitLevels, exit_levels
from domain.exit_orders import ExitLeg, exit_legs, next_oca_group
from domain.instrument import limit_rounding, round_price
from domain.sizing import SizeBounds, SizingError, Worth, order_quantity
from messages.market import Instrument
from messages.order import OrderRequest, OrderType, Role, Side, SubmitOrders, TimeInForce
from messages.position import ExitPlan, OpenPosition, PositionPlanned

__all__ = ["EntryRefused", "PlannedEntry", "exit_request", "leg_requests", "levels_refusal", "plan_entry"]


class EntryRefused(Exception):
    """The command cannot be carried out; `figures` are the numbers behind the reason."""

    def __init__(self, reason: str, figures: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.figures = figures


@frozen(slots=True)
class PlannedEntry:
    """A plan to journal and the orders to send; the entry is the first of them."""

    plan: PositionPlanned
    orders: SubmitOrders


def levels_refusal(levels: ExitLevels, side: Side, price: Decimal) -> str:
    """Return why exits at these levels make no sense at this price (they would fire at once), or ""."""
    sign = side.sign
    if levels.stop is not None and (price - levels.stop) * sign <= 0:
        return f"stop {levels.stop} is not {'below' if sign > 0 else 'above'} {price}"
    for target in (levels.target, *(part.price for part in levels.targets)):
        if target is not None and (target - price) * sign <= 0:
            return f"target {target} is not {'above' if sign > 0 else 'below'} {price}"
    return ""


def plan_entry(
    command: OpenPosition,
    symbol: str,
    instrument: Instrument,
    quote: Decimal,
    bounds: SizeBounds,
    new_id: Callable[[], str],
    *,
    worth: Worth | None = None,
    scale: PositionPlanned | None = None,
    exits: ExitPlan | None = None,
) -> PlannedEntry:
    """Return the plan and the bracket for a new position, or one order (SCALE) that adds to the plan `scale`.

    `quote` is the price on the other side of the market, on which the decision is made. A bracket is the entry and,
    as its children in one OCA group, stop and target, good till cancelled; their levels follow from the expected
    entry price and are set right when the real one is known. `exits` are those in force where the position exists.

    Raises:
        EntryRefused: the order type, the size or the exits make no sense.
    """
    side = command.side
    price = _expected_price(command, instrument, quote)
    plan_of_exits = exits if exits is not None else command.exits
    try:
        levels = exit_levels(plan_of_exits, side, price, instrument)
    except ValueError as error:
        raise EntryRefused("the exits are no prices", str(error)) from error
    wrong = levels_refusal(levels, side, price)
    if wrong:
        raise EntryRefused("the exits would fire at once", wrong)
    try:
        quantity = order_quantity(
            command.size,
            price,
            bounds,
            worth=worth,
            stop=levels.stop,
            multiplier=instrument.multiplier,
            factor=command.size_factor,
        )
    except SizingError as error:
        raise EntryRefused(error.reason, error.figures) from error
    position_id = scale.position_id if scale is not None else command.position_id or new_id()
    entry = OrderRequest(
        order_ref=f"pb-{new_id()}",
        symbol=symbol,
        role=Role.ENTRY if scale is None else Role.SCALE,
        side=side,
        quantity=quantity,
        order_type=command.order_type,
        limit_price=price if command.order_type is OrderType.LIMIT else None,
        position_id=position_id,
        source=command.source,
        signal_id=command.signal_id,
    )
    orders: tuple[OrderRequest, ...] = (entry,)
    if scale is None:
        group = next_oca_group(position_id, ())
        # TWS may take all children of an order for one group until it has filled: slices are cut afterwards
        legs = exit_legs(evolve(levels, target=None) if levels.targets else levels, side, quantity)
        orders += tuple(
            evolve(request, parent_ref=entry.order_ref)
            for request in leg_requests(legs, symbol, position_id, group, new_id, command.source)
        )
    plan = PositionPlanned(
        position_id=position_id,
        symbol=symbol,
        side=side,
        quantity=quantity,
        exits=plan_of_exits,
        source=command.source,
        signal_id=command.signal_id,
        multiplier=instrument.multiplier,
        currency=instrument.currency,
    )
    return PlannedEntry(plan, SubmitOrders(orders, f"position/{symbol}", reference_price=quote))


def leg_requests(
    legs: tuple[ExitLeg, ...], symbol: str, position_id: str, group: str, new_id: Callable[[], str], source: str
) -> tuple[OrderRequest, ...]:
    """Return exit legs as order requests, good till cancelled, in one OCA group."""
    return tuple(
        OrderRequest(
            order_ref=f"pb-{new_id()}",
            symbol=symbol,
            role=leg.role,
            side=leg.side,
            quantity=leg.quantity,
            order_type=leg.order_type,
            limit_price=leg.limit_price,
            stop_price=leg.stop_price,
            trailing_pct=leg.trailing_pct,
            trailing_amount=leg.trailing_amount,
            tif=TimeInForce.GTC,
            oca_group=group,
            position_id=position_id,
            source=source,
        )
        for leg in legs
    )


def exit_request(
    symbol: str, held: Decimal, position_id: str, group: str, new_id: Callable[[], str], source: str
) -> OrderRequest:
    """Return the market order that makes a holding flat; `group` is its OCA group, "" for none."""
    return OrderRequest(
        order_ref=f"pb-{new_id()}",
        symbol=symbol,
        role=Role.EXIT,
        side=Side.SELL if held > 0 else Side.BUY,
        quantity=abs(held),
        order_type=OrderType.MARKET,
        oca_group=group,
        position_id=position_id,
        source=source,
    )


def _expected_price(command: OpenPosition, instrument: Instrument, quote: Decimal) -> Decimal:
    """What the entry is expected to cost: its limit, on the tick, or the quote."""
    if command.order_type is OrderType.MARKET and command.limit_price is None:
        return quote
    if command.order_type is OrderType.LIMIT and command.limit_price is not None:
        try:
            return round_price(instrument, command.limit_price, limit_rounding(command.side))
        except ValueError as error:
            raise EntryRefused("the limit is no price", str(error)) from error
    raise EntryRefused("a position is opened by a market order, or a limit order with its price", command.order_type)
