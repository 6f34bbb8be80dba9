"""Commissions by Interactive Brokers' fixed schedule, as the venue takes them.

US stocks     0.005 a share, at least 1.00 and at most 1 % of the value, by order
Hong Kong     0.08 % of the value, at least HKD 18, by order
other stocks  0.05 % of the value, at least 3.00, by order
options       0.65 a contract, at least 1.00, by order
futures       2.25 a contract, exchange fees included (E-mini)
currencies    0.2 basis points of the value, at least USD 2.00, by order; charged in USD
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from simulator.model import Contract

__all__ = ["commission_currency", "order_commission"]

_CENT_FRACTION = Decimal("0.000001")


def commission_currency(contract: Contract) -> str:
    """Return the currency in which trades of the contract are charged."""
    return "USD" if contract.sec_type == "CASH" else contract.currency


def order_commission(contract: Contract, quantity: Decimal, value: Decimal) -> Decimal:
    """Return what an order costs in all once `quantity` of it has been executed.

    `value` is what the executions were worth in the currency of the commission. It never falls as an order fills, so
    the charge for one execution is the difference.
    """
    match contract.sec_type:
        case "OPT" | "FOP":
            amount = max(quantity * Decimal("0.65"), Decimal("1.00"))
        case "FUT":
            amount = quantity * Decimal("2.25")
        case "CASH":
            amount = max(value * Decimal("0.00002"), Decimal("2.00"))
        case _ if contract.currency == "USD":
            amount = min(max(quantity * Decimal("0.005"), Decimal("1.00")), value * Decimal("0.01"))
        case _ if contract.currency == "HKD":
            amount = max(value * Decimal("0.0008"), Decimal("18.00"))
        case _:
            amount = max(value * Decimal("0.0005"), Decimal("3.00"))
    return amount.quantize(_CENT_FRACTION, ROUND_HALF_UP).normalize() + Decimal("0.00")
