"""An invariant of one's own over a configuration file: `pytest examples/test_storm_invariant.py --pitboss-seeds 50`.

The house rule: never more than 30,000 dollars in one symbol at the broker, whoever sends the orders: rules, an
operator at the command line, or a restart in the middle of it all. The file sets the limit; the check asks the
broker's book, the ground truth, and not what Pitboss believes. Trades by hand in TWS pass by every limit of ours, and
are left out.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

HOUSE = Decimal(30_000)
SLACK = Decimal("1.05")  # a market order may fill, and the market go on, above the price it was weighed at


def within_the_house_limit(look) -> None:
    held: dict[str, Decimal] = {}
    by_hand = {execution.contract.symbol for execution in look.book.executions if not execution.order_ref}
    for execution in look.book.executions:
        symbol = execution.contract.symbol
        if symbol not in by_hand:
            signed = execution.quantity if execution.side == "BOT" else -execution.quantity
            held[symbol] = held.get(symbol, Decimal(0)) + signed
            notional = abs(held[symbol]) * execution.price
            assert notional <= HOUSE * SLACK, f"{notional:.0f} dollars of {symbol} after {execution.order_ref}"


def nothing_is_left(look) -> None:
    if look.over:  # everything has been flattened: nothing may rest that could open a position again
        assert not look.book.working
        assert not look.book.positions


@pytest.mark.storm(seeds=5, minutes=10, orders=(20, 40))
def test_the_house_limit_holds(storm) -> None:
    storm(Path(__file__).with_name("house_limit.toml"), checks=[within_the_house_limit, nothing_is_left])
