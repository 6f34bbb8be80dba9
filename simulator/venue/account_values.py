"""Account values under the names that TWS gives them."""

from __future__ import annotations

from decimal import Decimal

from simulator.model import ZERO
from simulator.venue.ledger import Ledger
from simulator.venue.margin import LEVERAGE
from simulator.venue.valuation import Valuation

__all__ = ["account_values"]

_CENT = Decimal("0.01")


def account_values(account: str, ledger: Ledger, valuation: Valuation) -> dict[tuple[str, str], str]:
    """Return (key, currency) → value, as `reqAccountUpdates` tells them; the currency is '' where there is none.

    Raises KeyError for an unknown account.
    """
    base = valuation.base
    totals = valuation.totals(account)
    equity = totals.equity_with_loan
    available = equity - totals.initial_margin
    excess = equity - totals.maintenance_margin
    cushion = excess / totals.net_liquidation if totals.net_liquidation else ZERO
    leverage = totals.gross / totals.net_liquidation if totals.net_liquidation else ZERO
    amounts = {
        "NetLiquidation": totals.net_liquidation,
        "TotalCashValue": totals.cash,
        "SettledCash": totals.cash,
        "AccruedCash": ZERO,
        "AccruedDividend": ZERO,
        "EquityWithLoanValue": equity,
        "GrossPositionValue": totals.gross,
        "RegTEquity": equity,
        "RegTMargin": totals.initial_margin,
        "SMA": available,
        "InitMarginReq": totals.initial_margin,
        "MaintMarginReq": totals.maintenance_margin,
        "AvailableFunds": available,
        "ExcessLiquidity": excess,
        "BuyingPower": max(available * LEVERAGE, ZERO),
    }
    for name in ("InitMarginReq", "MaintMarginReq", "AvailableFunds", "ExcessLiquidity"):
        amounts[f"Full{name}"] = amounts[f"LookAhead{name}"] = amounts[name]
    values = {
        ("AccountCode", ""): account,
        ("AccountOrGroup", base): account,
        ("AccountReady", ""): "true",
        ("AccountType", ""): "INDIVIDUAL",
        ("Currency", base): base,
        ("Cushion", ""): str(cushion.quantize(Decimal("0.000001"))),
        ("DayTradesRemaining", ""): "-1",
        ("Leverage", ""): str(leverage.quantize(_CENT)),
        ("LookAheadNextChange", ""): "0",
    }
    values.update({(name, base): _money(amount) for name, amount in amounts.items()})
    values.update(_by_currency(account, ledger, valuation))
    for name, amount in (
        ("CashBalance", totals.cash),
        ("TotalCashBalance", totals.cash),
        ("StockMarketValue", totals.stock),
        ("OptionMarketValue", totals.options),
        ("FuturesPNL", totals.futures),
        ("UnrealizedPnL", totals.unrealized),
        ("RealizedPnL", totals.realized),
        ("NetLiquidationByCurrency", totals.net_liquidation),
    ):
        values[name, "BASE"] = _money(amount)
        values.setdefault((name, base), _money(amount))
    values["ExchangeRate", "BASE"] = "1.00"
    return values


def _by_currency(account: str, ledger: Ledger, valuation: Valuation) -> dict[tuple[str, str], str]:
    values: dict[tuple[str, str], str] = {}
    currencies = dict.fromkeys(ledger.cash(account))
    for holding in ledger.holdings(account):
        currencies.setdefault(holding.definition.contract.currency)
    for currency in currencies:
        profit = realized = ZERO
        for holding in ledger.holdings(account):
            if holding.definition.contract.currency == currency:
                profit += holding.unrealized(valuation.holding_mark(holding)) if holding.quantity else ZERO
                realized += holding.realized
        cash = ledger.cash(account).get(currency, ZERO)
        values["CashBalance", currency] = values["TotalCashBalance", currency] = _money(cash)
        values["UnrealizedPnL", currency] = _money(profit)
        values["RealizedPnL", currency] = _money(realized)
        values["ExchangeRate", currency] = str(valuation.rate(currency))
    return values


def _money(amount: Decimal) -> str:
    return str(amount.quantize(_CENT))
