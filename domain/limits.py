"""Exposure limits: what new risk may be taken, counting what is held, what works and what is reserved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from attrs import frozen

from messages.order import Side
from messages.verdict import GateVerdict

__all__ = ["Exposure", "Holding", "LimitCheck", "Limits", "PendingOrder", "Refusal", "check_order", "weigh_order"]

ZERO = Decimal(0)


@frozen(slots=True, kw_only=True)
class Limits:
    """The limits; None is none. Notionals are in the account's currency, `price_collar_pct` is a fraction."""

    max_position_shares: Decimal | None = None
    max_position_notional: Decimal | None = None
    max_order_notional: Decimal | None = None
    max_gross_exposure: Decimal | None = None
    max_sector_exposure: Decimal | None = None
    price_collar_pct: Decimal | None = None


@frozen(slots=True)
class Holding:
    """What is held of a symbol (negative when short) and the price that it is valued at, per unit."""

    quantity: Decimal
    price: Decimal


@frozen(slots=True)
class PendingOrder:
    """An order that may still add to a position: reserved, on its way, or working, with what may still fill."""

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal


@frozen(slots=True)
class Refusal:
    """The limit that stands against an order, and its figures."""

    reason: str
    figures: str


class Exposure:
    """Worst-case exposure: of each symbol the larger of what it comes to if all its pending buys fill and no sell, or
    the reverse. Exits are not counted: they only reduce."""

    def __init__(
        self, holdings: Mapping[str, Holding], pending: Iterable[PendingOrder], sectors: Mapping[str, str]
    ) -> None:
        """`sectors` maps symbol → sector; a symbol without one belongs to none."""
        self._holdings = holdings
        self._sectors = sectors
        self._buys: dict[str, Decimal] = {}
        self._sells: dict[str, Decimal] = {}
        self._prices: dict[str, Decimal] = {symbol: holding.price for symbol, holding in holdings.items()}
        for order in pending:
            side = self._buys if order.side is Side.BUY else self._sells
            side[order.symbol] = side.get(order.symbol, ZERO) + order.quantity
            self._prices[order.symbol] = max(self._prices.get(order.symbol, ZERO), order.price)

    def shares(self, symbol: str) -> Decimal:
        """Return the worst case of a symbol, in units, unsigned."""
        holding = self._holdings.get(symbol)
        held = holding.quantity if holding is not None else ZERO
        return max(abs(held + self._buys.get(symbol, ZERO)), abs(held - self._sells.get(symbol, ZERO)))

    def notional(self, symbol: str) -> Decimal:
        """Return the worst case of a symbol in money, at the highest price known of what is held and pending."""
        return self.shares(symbol) * self._prices.get(symbol, ZERO)

    def gross(self) -> Decimal:
        """Return the sum of the symbols' worst cases."""
        return sum((self.notional(symbol) for symbol in self._prices), ZERO)

    def sector(self, name: str) -> Decimal:
        """Return the sum of the worst cases of a sector's symbols."""
        members = (symbol for symbol in self._prices if self._sectors.get(symbol) == name)
        return sum((self.notional(symbol) for symbol in members), ZERO)


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
) -> Refusal | None:
    """Return the first limit that this order would break if it and everything pending filled; None if none."""
    checks = weigh_order(order, limits, holdings, pending, sectors, limit_price=limit_price)
    return next((Refusal(check.reason, check.figures) for check in checks if check.reason), None)


def weigh_order(
    order: PendingOrder,
    limits: Limits,
    holdings: Mapping[str, Holding],
    pending: Iterable[PendingOrder],
    sectors: Mapping[str, str],
    *,
    limit_price: Decimal | None = None,
) -> tuple[LimitCheck, ...]:
    """Return what each limit says of this order, if it and everything pending filled.

    `order.price` is the quote of the decision, by which the order is valued; `limit_price`, where it has one, must
    not be worse than that by more than the collar. The order must not be among `pending` yet. Without quantity or
    price there is nothing to compare with the limits.
    """
    if not order.quantity > 0:
        return (LimitCheck("quantity", "a quantity must be positive", f"quantity {order.quantity}"),)
    if not order.price > 0:
        return (LimitCheck("price", "no price to value the order by", f"price {order.price}"),)
    value = order.quantity * order.price
    after = Exposure(holdings, (*pending, order), sectors)
    symbol, sector = order.symbol, sectors.get(order.symbol, "")
    return (
        _collar(order, limits.price_collar_pct, limit_price),
        _limit("order notional", value, limits.max_order_notional),
        _limit("position shares", after.shares(symbol), limits.max_position_shares),
        _limit("position notional", after.notional(symbol), limits.max_position_notional),
        _limit("gross exposure", after.gross(), limits.max_gross_exposure),
        _limit(f"exposure of sector {sector}", after.sector(sector), limits.max_sector_exposure)
        if sector
        else LimitCheck("sector exposure", "", "the symbol has no sector"),
    )


def _collar(order: PendingOrder, collar: Decimal | None, limit_price: Decimal | None) -> LimitCheck:
    if limit_price is None:
        return LimitCheck("collar", "", "no limit price")
    if collar is None:
        return LimitCheck("collar", "", f"limit {limit_price}, no collar")
    worst = order.price * (1 + order.side.sign * collar)
    beyond = (limit_price - worst) * order.side.sign > 0
    figures = f"limit {limit_price}, quote {order.price}, collar {collar}"
    return LimitCheck("collar", "limit price beyond the collar" if beyond else "", figures)


def _limit(name: str, figure: Decimal, limit: Decimal | None) -> LimitCheck:
    if limit is None:
        return LimitCheck(name, "", f"{figure.normalize():f}, no limit")
    above = figure > limit
    figures = f"{figure.normalize():f} {'>' if above else '<='} {limit.normalize():f}"
    return LimitCheck(name, f"{name} above the limit" if above else "", figures)
