"""Where currency pairs stand before a feed moves them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from simulator.contracts import ContractBook
from simulator.model import Ticked
from simulator.venue.rates import Rates

__all__ = ["opening_quotes"]

_SIZE = 1_000_000
_BID, _ASK = 1, 2


def opening_quotes(contracts: ContractBook, rates: Rates, now: datetime) -> Iterator[Ticked]:
    """Yield bid and ask of each pair whose currencies have a rate, one tick to each side of it.

    Recordings and feeds of stocks bring none, and an account that is to buy in another currency has to know its worth.
    """
    known = rates.all()
    for definition in contracts:
        contract = definition.contract
        if contract.sec_type != "CASH" or not {contract.symbol, contract.currency} <= known.keys():
            continue
        tick = Decimal(definition.min_tick)
        middle = (known[contract.symbol] / known[contract.currency]).quantize(tick)
        yield Ticked(contract, _BID, float(middle - tick), _SIZE, now)
        yield Ticked(contract, _ASK, float(middle + tick), _SIZE, now)
