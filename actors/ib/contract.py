"""Contracts and instruments."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ib_insync.contract import Contract, ContractDetails

from actors.ib.numbers import known
from messages.market import ContractQuery, Instrument

__all__ = ["contract_of", "instrument_of", "market_rule_of", "query_for", "symbol_of"]


def query_for(symbol: str, query: ContractQuery) -> Contract:
    """Return the description with which the broker is asked for the contract of a symbol (see `symbol_of`)."""
    named = {"symbol": symbol} if query.sec_type == "STK" else {"localSymbol": symbol}
    return Contract(
        **named,
        secType=query.sec_type,
        exchange=query.exchange,
        primaryExchange=query.primary_exchange,
        currency=query.currency,
    )


def contract_of(instrument: Instrument) -> Contract:
    """Return the contract that orders and data requests of an instrument name: by its conId and its route.

    The symbol goes along for a stock alone: what Pitboss calls an option or a future is their local symbol.
    """
    return Contract(
        conId=instrument.con_id,
        symbol=instrument.symbol if instrument.sec_type == "STK" else "",
        secType=instrument.sec_type,
        exchange=instrument.exchange,
        primaryExchange=instrument.primary_exchange,
        currency=instrument.currency,
    )


def symbol_of(contract: Contract) -> str:
    """Return the name under which Pitboss keeps a contract: its symbol for a stock, its local symbol for others.

    An option on a stock carries the stock's symbol and must not be taken for it.
    """
    if contract.secType in ("STK", "") or not contract.localSymbol:
        return str(contract.symbol)
    return str(contract.localSymbol)


def market_rule_of(details: ContractDetails) -> int | None:
    """Return the id of the market rule on the exchange that the contract is routed to; None where there is none.

    The ids are listed in the order of the valid exchanges (tws-api, minimum_increment).
    """
    exchanges = details.validExchanges.split(",")
    rules = details.marketRuleIds.split(",")
    for exchange, rule in zip(exchanges, rules, strict=False):
        if exchange == details.contract.exchange and rule.strip().isdigit():
            return int(rule)
    return None


def instrument_of(
    symbol: str, details: ContractDetails, price_bands: Iterable[tuple[Decimal, Decimal]] | None
) -> Instrument:
    """Return the instrument behind contract details. Without price bands its minimum tick holds at every price."""
    contract = details.contract
    tick = known(details.minTick) or Decimal("0.01")
    bands = tuple(sorted(price_bands)) if price_bands else ((Decimal(0), tick),)
    return Instrument(
        symbol=symbol,
        con_id=contract.conId,
        sec_type=contract.secType,
        exchange=contract.exchange,
        primary_exchange=contract.primaryExchange,
        currency=contract.currency,
        multiplier=Decimal(contract.multiplier) if contract.multiplier else Decimal(1),
        price_bands=bands,
        size_increment=known(details.sizeIncrement) or Decimal(1),
        long_name=details.longName,
        time_zone=details.timeZoneId,
        trading_hours=details.tradingHours,
        liquid_hours=details.liquidHours,
    )
