"""How much to trade."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from attrs import frozen

from messages.position import Size

__all__ = ["SizeBounds", "SizingError", "Worth", "order_quantity", "size_step"]


@frozen(slots=True, kw_only=True)
class SizeBounds:
    """What a size must not exceed; None is no bound. Notionals are in the account's currency.

    `increment` is the smallest step that the contract takes. With `fractional` a size in money uses it even below one
    unit; without, it is whole units. With `cut` too many shares become as many as are allowed, else they are refused.
    """

    increment: Decimal = Decimal(1)
    max_shares: Decimal | None = None
    max_notional: Decimal | None = None
    fractional: bool = False
    cut: bool = False

    @property
    def step(self) -> Decimal:
        """What a size in money is a multiple of."""
        return self.increment if self.fractional else max(self.increment, Decimal(1))


@frozen(slots=True, kw_only=True)
class Worth:
    """What the sizes in money need to know; None is not known.

    `rate` is what one unit of the instrument's currency is worth in the account's, `equity` is in the latter, `atr` in
    points of the instrument.
    """

    equity: Decimal | None = None
    rate: Decimal | None = Decimal(1)
    atr: Decimal | None = None


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
    worth: Worth | None = None,
    stop: Decimal | None = None,
    multiplier: Decimal = Decimal(1),
    factor: Decimal = Decimal(1),
) -> Decimal:
    """Return the quantity, always positive, a multiple of the step and within the bounds.

    A number of shares is taken as it is, or refused. An allocation buys floor(allocation / price); a risk
    floor(equity × risk_pct / |price − stop|); a volatility floor(equity × volatility_pct / ATR), so that a move by one
    ATR earns or costs that part of the equity. `price` is what the entry is expected to cost, `multiplier` money per
    point. `factor`, above 0 and at most 1, is the part of all that to take: a signal's confidence.

    Raises:
        SizingError: not exactly one way of sizing, nothing is left, a bound or the increment stands against the number
            of shares asked for, or a figure that the way of sizing needs is not known.
    """
    worth = worth or Worth()
    asked = [v for v in (size.quantity, size.allocation, size.risk_pct, size.volatility_pct) if v is not None]
    if len(asked) != 1:
        raise SizingError("a size is a quantity, an allocation, a risk or a volatility", f"{size}")
    if not price > 0:
        raise SizingError("no price to size by", f"price {price}")
    if not 0 < factor <= 1:
        raise SizingError("the part of a size is above 0 and at most 1", f"{factor}")
    if worth.rate is None and (size.quantity is None or bounds.max_notional is not None):
        raise SizingError("the exchange rate is not known")
    point = multiplier * (worth.rate or Decimal(1))
    if size.quantity is not None:
        asked_for = size.quantity
        if factor != 1:
            asked_for = (size.quantity * factor / bounds.step).to_integral_value(ROUND_FLOOR) * bounds.step
            if asked_for <= 0:
                raise SizingError("it comes to less than one unit", f"{factor} of {size.quantity}")
        wanted, figures = _as_asked(asked_for, price * point, bounds), f"quantity {asked_for}"
        if not bounds.cut:
            return wanted
        step = bounds.increment
    else:
        wanted, figures = _by_money(size, price, point, worth, stop)
        wanted *= factor
        step = bounds.step
    if factor != 1:
        figures += f", part {factor}"
    if bounds.max_shares is not None:
        wanted = min(wanted, bounds.max_shares)
    if bounds.max_notional is not None:
        wanted = min(wanted, bounds.max_notional / (price * point))
    quantity = (wanted / step).to_integral_value(ROUND_FLOOR) * step
    if quantity <= 0:
        raise SizingError("it comes to less than one unit", figures)
    return quantity


def size_step(quantity: Decimal, increment: Decimal, *, fractional: bool) -> Decimal:
    """Return the step in which a size is made smaller: whole units, unless parts of one are allowed or asked for."""
    whole = max(increment, Decimal(1))
    return increment if fractional or quantity % whole else whole


def _by_money(size: Size, price: Decimal, point: Decimal, worth: Worth, stop: Decimal | None) -> tuple[Decimal, str]:
    if size.allocation is not None:
        return size.allocation / (price * point), f"allocation {size.allocation}, price {price}"
    if worth.equity is None:
        raise SizingError("the account's equity is not known yet")
    if size.risk_pct is not None:
        if stop is None:
            raise SizingError("a size by risk needs a stop")
        distance = abs(price - stop) * point
        if not distance:
            raise SizingError("the stop lies on the entry", f"entry {price}, stop {stop}")
        figures = f"equity {worth.equity}, risk {size.risk_pct}, entry {price}, stop {stop}"
        return worth.equity * size.risk_pct / distance, figures
    if worth.atr is None or not worth.atr > 0:
        raise SizingError("a size by volatility needs the ATR, which is not known", f"ATR {worth.atr}")
    part = size.volatility_pct or Decimal(0)
    return worth.equity * part / (worth.atr * point), f"equity {worth.equity}, volatility {part}, ATR {worth.atr}"


def _as_asked(quantity: Decimal, unit: Decimal, bounds: SizeBounds) -> Decimal:
    if not quantity > 0:
        raise SizingError("a quantity must be positive", f"quantity {quantity}")
    if quantity % bounds.increment:
        raise SizingError("not a multiple of the instrument's increment", f"{quantity}, increment {bounds.increment}")
    if bounds.cut:
        return quantity
    if bounds.max_shares is not None and quantity > bounds.max_shares:
        raise SizingError("more shares than allowed", f"{quantity} > {bounds.max_shares}")
    if bounds.max_notional is not None and quantity * unit > bounds.max_notional:
        raise SizingError("more notional than allowed", f"{quantity * unit} > {bounds.max_notional}")
    return quantity
