"""Exposure limits: what new risk may be taken, counting what is held, what works and what is reserved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal

from attrs import evolve, frozen

from domain.exposure import Exposure, Holding, PendingOrder
from messages.risk import LimitUse
from messages.verdict import GateVerdict

__all__ = ["Bounds", "Group", "LimitCheck", "Limits", "Refusal", "check_order", "largest_within", "uses", "weigh_order"]


@frozen(slots=True, kw_only=True)
class Bounds:
    """What several symbols together must not exceed, each None for no limit: the sum of their absolute values, the
    absolute value of their sum, and their units."""

    gross: Decimal | None = None
    net: Decimal | None = None
    shares: Decimal | None = None


@frozen(slots=True, kw_only=True)
class Group:
    """Symbols that move together."""

    name: str
    symbols: frozenset[str]
    bounds: Bounds


@frozen(slots=True, kw_only=True)
class Limits:
    """The limits; None is none. Notionals are in the account's currency, `price_collar_pct` is a fraction.

    `sector` holds for each sector by itself.
    """

    max_position_shares: Decimal | None = None
    max_position_notional: Decimal | None = None
    max_order_notional: Decimal | None = None
    portfolio: Bounds = Bounds()
    sector: Bounds = Bounds()
    groups: tuple[Group, ...] = ()
    price_collar_pct: Decimal | None = None


@frozen(slots=True)
class Refusal:
    """The limit that stands against an order, and its figures."""

    reason: str
    figures: str


@frozen(slots=True)
class LimitCheck:
    """What one limit says of an order: `reason` is "" where the order keeps it."""

    name: str
    reason: str
    figures: str

    @property
    def verdict(self) -> GateVerdict:
        """Return it as the journal has it."""
        return GateVerdict("portfolio", self.name, not self.reason, self.figures)


def check_order(
    order: PendingOrder,
    limits: Limits,
    holdings: Mapping[str, Holding],
    pending: Iterable[PendingOrder],
    sectors: Mapping[str, str],
    *,
    limit_price: Decimal | None = None,
    quote: Decimal | None = None,
) -> Refusal | None:
    """Return the first limit that this order would break if it and everything pending filled; None if none."""
    checks = weigh_order(order, limits, holdings, pending, sectors, limit_price=limit_price, quote=quote)
    return next((Refusal(check.reason, check.figures) for check in checks if check.reason), None)


def weigh_order(
    order: PendingOrder,
    limits: Limits,
    holdings: Mapping[str, Holding],
    pending: Iterable[PendingOrder],
    sectors: Mapping[str, str],
    *,
    limit_price: Decimal | None = None,
    quote: Decimal | None = None,
) -> tuple[LimitCheck, ...]:
    """Return what each limit says of this order, if it and everything pending filled.

    `order.price` is what one unit is worth by the `quote` of the decision; `limit_price`, where it has one, must not
    be worse than that quote by more than the collar. Without a `quote` the two are the same. The order must not be
    among `pending` yet. Without quantity or price there is nothing to compare with the limits.
    """
    if not order.quantity > 0:
        return (LimitCheck("quantity", "a quantity must be positive", f"quantity {order.quantity}"),)
    if not order.price > 0:
        return (LimitCheck("price", "no price to value the order by", f"price {order.price}"),)
    return (
        _collar(order, limits.price_collar_pct, limit_price, quote or order.price),
        _limit("order notional", order.quantity * order.price, limits.max_order_notional),
        *_exposure(order, limits, Exposure(holdings, (*pending, order)), sectors),
    )


def largest_within(
    order: PendingOrder,
    lot: Decimal,
    limits: Limits,
    holdings: Mapping[str, Holding],
    pending: Iterable[PendingOrder],
    sectors: Mapping[str, str],
) -> Decimal:
    """Return the largest multiple of `lot`, at most the order's quantity, that every limit allows; 0 where none does.

    The collar does not depend on the quantity and is left out.
    """
    waiting = tuple(pending)
    free = evolve(limits, price_collar_pct=None)

    def fits(lots: Decimal) -> bool:
        smaller = evolve(order, quantity=lots * lot)
        return check_order(smaller, free, holdings, waiting, sectors) is None

    return _most(fits, (order.quantity / lot).to_integral_value(ROUND_FLOOR)) * lot


def uses(limits: Limits, exposure: Exposure, sectors: Mapping[str, str]) -> tuple[LimitUse, ...]:
    """Return how far each limit on several symbols is used up, and those on one symbol by the symbol nearest to it."""
    found = [*_used("", exposure, None, limits.portfolio)]
    for sector in sorted(set(sectors.values())):
        members = {symbol for symbol, name in sectors.items() if name == sector}
        found += _used(f" of sector {sector}", exposure, members, limits.sector)
    for group in limits.groups:
        found += _used(f" of group {group.name}", exposure, group.symbols, group.bounds)
    for name, of, maximum in (
        ("position shares", exposure.shares, limits.max_position_shares),
        ("position notional", exposure.notional, limits.max_position_notional),
    ):
        if maximum is not None:
            found.append(LimitUse(name, max(map(of, exposure.symbols), default=Decimal(0)), maximum))
    return tuple(found)


def _used(whose: str, exposure: Exposure, symbols: Iterable[str] | None, bounds: Bounds) -> Iterable[LimitUse]:
    if bounds == Bounds():
        return
    totals = exposure.totals(None if symbols is None else frozenset(symbols))
    for name, used, maximum in (
        (f"exposure{whose}" if whose else "gross exposure", totals.gross, bounds.gross),
        (f"net exposure{whose}", totals.net, bounds.net),
        (f"shares{whose}", totals.shares, bounds.shares),
    ):
        if maximum is not None:
            yield LimitUse(name, used, maximum)


def _most(fits: Callable[[Decimal], bool], top: Decimal) -> Decimal:
    """Return the largest whole number from 0 to `top` that fits, where whatever is smaller than one that fits does."""
    low, high = Decimal(0), top
    while low < high:
        middle = ((low + high + 1) / 2).to_integral_value(ROUND_FLOOR)
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _exposure(order: PendingOrder, limits: Limits, after: Exposure, sectors: Mapping[str, str]) -> Iterable[LimitCheck]:
    symbol, sector = order.symbol, sectors.get(order.symbol, "")
    yield _limit("position shares", after.shares(symbol), limits.max_position_shares)
    yield _limit("position notional", after.notional(symbol), limits.max_position_notional)
    yield from _bounds("", after, None, limits.portfolio)
    if sector:
        members = {member for member, name in sectors.items() if name == sector}
        yield from _bounds(f" of sector {sector}", after, members, limits.sector)
    else:
        yield LimitCheck("sector exposure", "", "the symbol has no sector")
    for group in limits.groups:
        if symbol in group.symbols:
            yield from _bounds(f" of group {group.name}", after, group.symbols, group.bounds)


def _bounds(whose: str, after: Exposure, symbols: Iterable[str] | None, bounds: Bounds) -> Iterable[LimitCheck]:
    totals = after.totals(None if symbols is None else frozenset(symbols))
    yield _limit(f"exposure{whose}" if whose else "gross exposure", totals.gross, bounds.gross)
    if bounds.net is not None:
        yield _limit(f"net exposure{whose}", totals.net, bounds.net)
    if bounds.shares is not None:
        yield _limit(f"shares{whose}", totals.shares, bounds.shares)


def _collar(order: PendingOrder, collar: Decimal | None, limit_price: Decimal | None, quote: Decimal) -> LimitCheck:
    if limit_price is None:
        return LimitCheck("collar", "", "no limit price")
    if collar is None:
        return LimitCheck("collar", "", f"limit {limit_price}, no collar")
    worst = quote * (1 + order.side.sign * collar)
    beyond = (limit_price - worst) * order.side.sign > 0
    figures = f"limit {limit_price}, quote {quote}, collar {collar}"
    return LimitCheck("collar", "limit price beyond the collar" if beyond else "", figures)


def _limit(name: str, figure: Decimal, limit: Decimal | None) -> LimitCheck:
    if limit is None:
        return LimitCheck(name, "", f"{figure.normalize():f}, no limit")
    above = figure > limit
    figures = f"{figure.normalize():f} {'>' if above else '<='} {limit.normalize():f}"
    return LimitCheck(name, f"{name} above the limit" if above else "", figures)
