"""Finds the contract that a request describes."""

from __future__ import annotations

import attrs

from simulator.contracts import ContractBook, ContractDefinition
from simulator.model import Contract
from simulator.wire.requests import ContractQuery

__all__ = ["COMBINATION_ID", "Ambiguous", "NotFound", "find_all", "resolve", "resolve_route"]

COMBINATION_ID = 28812380
"""The conId that TWS gives to every combination."""

_FORMER_NAMES = {"ISLAND": "NASDAQ"}
"""exchange name that TWS still takes → the one that contract details tell"""

_ORDERS_ONLY = frozenset({"IBKRATS"})
"""destinations for orders in US stocks that are no exchange of the contract: IB's own trading system"""

# One definition for all combinations: they have no market here, orders for them rest until they are cancelled.
_COMBINATION = ContractDefinition(contract=Contract(COMBINATION_ID, "", "BAG"), long_name="Combination")


class NotFound(LookupError):
    """Error 200: no such contract."""


class Ambiguous(LookupError):
    """Error 200: more than one contract fits."""


def find_all(contracts: ContractBook, query: ContractQuery) -> list[ContractDefinition]:
    """Return every definition that the query fits; a conId decides alone."""
    if query.exchange in _FORMER_NAMES:
        query = attrs.evolve(query, exchange=_FORMER_NAMES[query.exchange])
    if query.con_id:
        found = contracts.by_con_id(query.con_id)
        if found is None or (query.exchange and not _is_listed(found, query.exchange)):
            return []
        return [found]
    return contracts.find(
        query.symbol,
        query.sec_type,
        query.exchange,
        query.currency,
        last_trade_date=query.last_trade_date,
        strike=query.strike,
        right=query.right,
        multiplier=query.multiplier,
        primary_exchange=query.primary_exchange,
        local_symbol=query.local_symbol,
        trading_class=query.trading_class,
    )


def resolve(contracts: ContractBook, query: ContractQuery) -> Contract:
    """Return the one contract meant, routed as the query says. Raises NotFound or Ambiguous, with TWS's text."""
    if query.sec_type == "BAG":
        if contracts.by_con_id(COMBINATION_ID) is None:
            contracts.add(_COMBINATION)
        return attrs.evolve(
            _COMBINATION.contract, symbol=query.symbol, exchange=query.exchange, currency=query.currency or "USD"
        )
    found = find_all(contracts, query)
    if not found:
        raise NotFound("No security definition has been found for the request")
    if len(found) > 1:
        raise Ambiguous(f"The contract description specified for {query.symbol} is ambiguous.")
    return routed(found[0], query.exchange)


def resolve_route(contracts: ContractBook, query: ContractQuery) -> Contract:
    """Return the one contract meant, as an order may be routed: to SMART, to an exchange that lists it, or to IBKRATS.

    Raises NotFound or Ambiguous.
    """
    if query.exchange not in _ORDERS_ONLY:
        return resolve(contracts, query)
    contract = resolve(contracts, attrs.evolve(query, exchange="SMART"))
    if (contract.sec_type, contract.currency) != ("STK", "USD"):
        raise NotFound("No security definition has been found for the request")
    return attrs.evolve(contract, exchange=query.exchange)


def routed(definition: ContractDefinition, exchange: str) -> Contract:
    """Return the contract with the exchange that was asked for."""
    if exchange and exchange != definition.contract.exchange:
        return attrs.evolve(definition.contract, exchange=exchange)
    return definition.contract


def _is_listed(definition: ContractDefinition, exchange: str) -> bool:
    known = (definition.contract.exchange, definition.contract.primary_exchange)
    return exchange in known or exchange in definition.valid_exchanges.split(",")
