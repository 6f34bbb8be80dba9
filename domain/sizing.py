"""How much to trade."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from attrs import frozen

from messages.position import Size

__all__ = ["SizeBounds", "SizingError", "order_quantity"]


@frozen(slots=True, kw_only=True)
class SizeBounds:
    """What a size must not exceed. `increment` is the instrument's; None is no bound."""

    increment: Decimal = Decimal(1)
    max_shares: Decimal | None = None
    max_notional: Decimal | None = None


class SizingError(ValueError):
    """No quantity follows from the size asked for; `figures` are the numbers behind it."""

    def __init__(self, reason: str, figures: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.figures = figures


def order_quantity(
    size: Size,
    price: Decimal,
    bounds: SizeBounds,
    *,
    equity: Decimal | None = None,
    stop: Decimal | None = None,
    multiplier: Decimal = Decimal(1),
    factor: Decimal = Decimal(1),
) -> Decimal:
    """Return the quantity, always positive.

    `factor` is the part of the size asked for that is wanted, down to whole units: a rule scales by confidence.

    A number of shares is taken as it is, or refused. An allocation buys floor(allocation / price), a risk
    floor(equity × risk_pct / |price − stop|), each in whole units (or in the instrument's increment where that is
    larger) and cut to the bounds. `price` is what the entry is expected to cost, `multiplier` money per point.

    Raises:
        SizingError: not exactly one way of sizing, nothing is left, a bound or the increment stands against the number
            of shares asked for, or a risk without equity or stop.
    """
    asked = [value for value in (size.quantity, size.allocation, size.risk_pct) if value is not None]
    if len(asked) != 1:
        raise SizingError("a size is a quantity, an allocation or a risk", f"{size}")
    if not price > 0:
        raise SizingError("no price to size by", f"price {price}")
    unit = price * multiplier
    if not 0 < factor <= 1:
        raise SizingError("a part of a size is above 0 and at most 1", f"factor {factor}")
    if size.quantity is not None and factor == 1:
        return _as_asked(size.quantity, unit, bounds)
    if size.quantity is not None:
        step = max(bounds.increment, Decimal(1))
        part = (size.quantity * factor / step).to_integral_value(ROUND_FLOOR) * step
        if not part:
            raise SizingError("it comes to less than one unit", f"{factor} of {size.quantity}")
        return _as_asked(part, unit, bounds)
    if size.allocation is not None:
        wanted = size.allocation / unit
        figures = f"allocation {size.allocation}, price {price}"
    else:
        wanted, figures = _by_risk(size.risk_pct or Decimal(0), price, multiplier, equity, stop)
    wanted *= factor
    if bounds.max_shares is not None:
        wanted = min(wanted, bounds.max_shares)
    if bounds.max_notional is not None:
        wanted = min(wanted, bounds.max_notional / unit)
    step = max(bounds.increment, Decimal(1))
    quantity = (wanted / step).to_integral_value(ROUND_FLOOR) * step
    if quantity <= 0:
        raise SizingError("it comes to less than one unit", figures)
    return quantity


def _by_risk(
    risk: Decimal, price: Decimal, multiplier: Decimal, equity: Decimal | None, stop: Decimal | None
) -> tuple[Decimal, str]:
    if equity is None:
        raise SizingError("the account's equity is not known yet")
    if stop is None:
        raise SizingError("a size by risk needs a stop")
    distance = abs(price - stop) * multiplier
    if not distance:
        raise SizingError("the stop lies on the entry", f"entry {price}, stop {stop}")
    return equity * risk / distance, f"equity {equity}, risk {risk}, entry {price}, stop {stop}"


def _as_asked(quantity: Decimal, unit: Decimal, bounds: SizeBounds) -> Decimal:
    if not quantity > 0:
        raise SizingError("a quantity must be positive", f"quantity {quantity}")
    if quantity % bounds.increment:
        raise SizingError("not a multiple of the instrument's increment", f"{quantity}, increment {bounds.increment}")
    if bounds.max_shares is not None and quantity > bounds.max_shares:
        raise SizingError("more shares than allowed", f"{quantity} > {bounds.max_shares}")
    if bounds.max_notional is not None and quantity * unit > bounds.max_notional:
        raise SizingError("more notional than allowed", f"{quantity * unit} > {bounds.max_notional}")
    return quantity
