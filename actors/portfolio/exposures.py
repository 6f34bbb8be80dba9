"""What is held and what may still fill, and what that is worth in the account's currency."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from attrs import evolve

from actors.portfolio.terms import limits_of
from config.loading import with_symbol
from config.settings import Settings, SymbolSettings
from domain.exposure import Exposure, Holding, PendingOrder, Totals
from domain.limits import uses
from domain.rates import Rates
from messages.market import Instrument
from messages.order import OrderRequest, OrderView
from messages.risk import HoldingChanged, LimitUse

__all__ = ["Exposures"]

_ZERO = Decimal(0)


class Exposures:
    """Holdings as the positions tell them, and what is reserved for orders that add risk."""

    def __init__(self, settings: Settings) -> None:
        self.limits = limits_of(settings.risk)
        self.rates = Rates(settings.risk.currency, settings.risk.exchange_rates)
        self._instruments: dict[str, Instrument] = {}
        self._holdings: dict[str, HoldingChanged] = {}
        self._reserved: dict[str, PendingOrder] = {}  # order_ref → what may still fill
        self._know(settings)

    # what is told

    def add_symbol(self, symbol: str, written: tuple[tuple[str, str], ...]) -> None:
        """Take the terms of a symbol that is traded from now on."""
        self._know(with_symbol(self._settings, symbol, dict(written)))

    def _know(self, settings: Settings) -> None:
        self._settings = settings
        self.sectors = {symbol: known.sector for symbol, known in settings.symbols.items() if known.sector}

    def describe(self, instrument: Instrument) -> None:
        """Take what the broker says of a symbol."""
        self._instruments[instrument.symbol] = instrument

    def hold(self, message: HoldingChanged) -> None:
        """Take what a symbol holds."""
        self._holdings[message.symbol] = message

    def reserve(self, orders: Iterable[OrderRequest], reference_price: Decimal | None) -> None:
        """Count what adds risk among orders that are let through, until they are done."""
        for order in orders:
            if order.role.adds_risk:
                price = reference_price or order.limit_price or order.stop_price or _ZERO
                self._reserved[order.order_ref] = PendingOrder(order.symbol, order.side, order.quantity, price)

    def follow(self, view: OrderView, decided_at: Decimal | None = None) -> None:
        """Reserve what an order that adds risk may still fill; nothing once it is done."""
        if view.role is None or not view.role.adds_risk:
            return
        if view.status.done or view.remaining <= 0:
            self._reserved.pop(view.order_ref, None)
            return
        known = self._reserved.get(view.order_ref)
        if known is not None:
            price = known.price
        else:
            price = decided_at or view.limit_price or view.stop_price or self._mark(view.symbol)
        self._reserved[view.order_ref] = PendingOrder(view.symbol, view.side, view.remaining, price)

    # what they are

    @property
    def reserved(self) -> dict[str, PendingOrder]:
        """By order_ref, what may still fill."""
        return dict(self._reserved)

    @property
    def known(self) -> Collection[str]:
        """The symbols that have said what they hold, be it nothing."""
        return self._holdings.keys()

    def symbols(self, *, everything: bool) -> set[str]:
        """Return the symbols that hold something, or have an order that may come to it.

        Without `everything` holdings that nobody manages are left out.
        """
        held = {
            symbol for symbol, holding in self._holdings.items() if holding.quantity and (everything or holding.managed)
        }
        return held | {order.symbol for order in self._reserved.values()}

    def currency_of(self, symbol: str) -> str:
        """Return a symbol's currency: as the gateway describes its contract to the broker, by the configuration."""
        known = self._holdings.get(symbol)
        if known is not None and known.currency:
            return known.currency
        return self._settings.symbols.get(symbol, SymbolSettings()).currency

    def lot_of(self, symbol: str) -> Decimal:
        """Return what orders of a symbol are multiples of."""
        instrument = self._instruments.get(symbol)
        return max(instrument.size_increment if instrument is not None else Decimal(1), Decimal(1))

    # what they are worth

    def worth(self, symbol: str) -> tuple[Decimal | None, str]:
        """Return what one point of one unit is worth in the account's currency, or why that is not known."""
        instrument, told = self._instruments.get(symbol), self._holdings.get(symbol)
        terms = self._settings.symbols.get(symbol, SymbolSettings())
        if instrument is not None:
            multiplier = instrument.multiplier
        elif told is not None and told.currency:
            multiplier = told.multiplier
        elif terms.sec_type == "STK":
            multiplier = Decimal(1)
        else:
            return None, f"the broker has not described {symbol} yet"
        currency = instrument.currency if instrument is not None else self.currency_of(symbol)
        rate = self.rates.of(currency)
        if rate is None:
            return None, f"{symbol}: no exchange rate from {currency} to {self.rates.base} is known"
        return multiplier * rate, ""

    def held(self) -> dict[str, Holding]:
        """Return what is held, valued; without what cannot be valued."""
        held = {}
        for symbol, holding in self._holdings.items():
            if holding.quantity and (worth := self.worth(symbol)[0]) is not None:
                held[symbol] = Holding(holding.quantity, self._mark(symbol) * worth)
        return held

    def waiting(self) -> tuple[PendingOrder, ...]:
        """Return what is reserved, likewise."""
        return tuple(
            evolve(order, price=order.price * worth)
            for order in self._reserved.values()
            if (worth := self.worth(order.symbol)[0]) is not None
        )

    def unvalued(self) -> str:
        """Return why something that is held or reserved cannot be valued, "" where all can."""
        symbols = self.symbols(everything=True)
        return next((why for symbol in sorted(symbols) if (why := self.worth(symbol)[1])), "")

    def totals(self) -> Totals:
        """Return what is held in all."""
        return Exposure(self.held(), ()).totals()

    def uses(self) -> tuple[LimitUse, ...]:
        """Return how much of each limit is used, with what is reserved."""
        return uses(self.limits, Exposure(self.held(), self.waiting()), self.sectors)

    def _mark(self, symbol: str) -> Decimal:
        holding = self._holdings.get(symbol)
        if holding is None:
            return _ZERO
        return Decimal(repr(holding.mark)) if holding.mark else holding.average_price or _ZERO
