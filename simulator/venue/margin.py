"""Margin, like Regulation T overnight.

long stock    initial 50 %, maintenance 25 % of the value
short stock   initial 50 %, maintenance 30 %
long option   none beyond its premium, and it lends nothing
short option  premium + the greater of 20 % of the underlying and 10 % of the strike
future        initial 10 %, maintenance 8 % of the notional value
currencies    initial 3 %, maintenance 2.5 % of the value
"""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from simulator.contracts import ContractDefinition
from simulator.model import ZERO
from simulator.venue.ledger import multiplier

__all__ = ["LEVERAGE", "Requirement", "requirement"]

LEVERAGE = 2  # what one unit of available funds can buy of long stock


@frozen(slots=True)
class Requirement:
    """Margin in the contract's currency."""

    initial: Decimal = ZERO
    maintenance: Decimal = ZERO


def requirement(definition: ContractDefinition, quantity: Decimal, price: Decimal, underlying: Decimal) -> Requirement:
    """Return the margin for holding `quantity` at `price`; `underlying` is the price of what an option is on."""
    value = abs(quantity) * price * multiplier(definition)
    match definition.contract.sec_type:
        case "OPT" | "FOP" if quantity >= 0:
            return Requirement()
        case "OPT" | "FOP":
            strike = Decimal(repr(definition.contract.strike))
            risk = max(underlying / 5, strike / 10) * abs(quantity) * multiplier(definition)
            return Requirement(value + risk, value + risk)
        case "FUT":
            return Requirement(value / 10, value * Decimal("0.08"))
        case "CASH":
            return Requirement(value * Decimal("0.03"), value * Decimal("0.025"))
        case _:
            return Requirement(value / 2, value * (Decimal("0.25") if quantity >= 0 else Decimal("0.30")))
