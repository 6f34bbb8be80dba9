"""Messages about contracts."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.contracts import ContractDefinition
from simulator.market_rules import Bands
from simulator.wire.session_answers import Fields

__all__ = [
    "contract_details",
    "contract_details_end",
    "market_rule",
    "option_parameters",
    "option_parameters_end",
    "smart_components",
    "symbol_samples",
]


def contract_details(
    req_id: int, definition: ContractDefinition, trading_hours: str, liquid_hours: str, version: int
) -> Fields:
    """A contract with all that is known of it."""
    contract = definition.contract
    fields: Fields = [10] if version >= 164 else [10, 8]
    fields += [
        req_id,
        contract.symbol,
        contract.sec_type,
        contract.last_trade_date,
        contract.strike,
        contract.right,
        contract.exchange,
        contract.currency,
        contract.local_symbol,
        contract.trading_class,  # the market name
        contract.trading_class,
        contract.con_id,
        definition.min_tick,
    ]
    if version < 164:
        fields.append(1)  # mdSizeMultiplier
    fields += [
        contract.multiplier,
        definition.order_types,
        definition.valid_exchanges,
        definition.price_magnifier,
        definition.under_con_id,
        definition.long_name,
        contract.primary_exchange,
        definition.contract_month,
        definition.industry,
        definition.category,
        definition.subcategory,
        definition.time_zone,
        trading_hours,
        liquid_hours,
        "",  # economic value rule
        0,
    ]
    fields += [1, "ISIN", definition.isin] if definition.isin else [0]
    exchanges = definition.valid_exchanges.count(",") + 1
    fields += [
        1,  # aggregated group
        definition.under_symbol,
        definition.under_sec_type,
        ",".join([str(definition.market_rule_id)] * exchanges),
        contract.last_trade_date,
        definition.stock_type,
    ]
    if version == 163:
        fields.append(definition.size_increment)
    elif version >= 164:
        fields += [definition.min_size, definition.size_increment, definition.lot]
    return fields


def contract_details_end(req_id: int) -> Fields:
    """No more contracts."""
    return [52, 1, req_id]


def market_rule(rule_id: int, bands: Bands) -> Fields:
    """The price bands of a market rule."""
    return [93, rule_id, len(bands), *(value for band in bands for value in band)]


def symbol_samples(req_id: int, found: Sequence[tuple[ContractDefinition, Sequence[str]]], version: int) -> Fields:
    """Contracts that match a pattern, each with the security types derived from it."""
    fields: Fields = [79, req_id, len(found)]
    for definition, derived in found:
        contract = definition.contract
        fields += [contract.con_id, contract.symbol, contract.sec_type]
        fields += [contract.primary_exchange or contract.exchange, contract.currency, len(derived), *derived]
        if version >= 176:
            fields += [definition.long_name, ""]
    return fields


def option_parameters(
    req_id: int,
    exchange: str,
    con_id: int,
    trading_class: str,
    multiplier: str,
    expirations: Sequence[str],
    strikes: Sequence[float],
) -> Fields:
    """Expirations and strikes of an underlying's options."""
    fields: Fields = [75, req_id, exchange, con_id, trading_class, multiplier]
    return [*fields, len(expirations), *expirations, len(strikes), *strikes]


def option_parameters_end(req_id: int) -> Fields:
    """No more option parameters."""
    return [76, req_id]


def smart_components(req_id: int, exchanges: Sequence[str]) -> Fields:
    """The exchanges behind the letters of a quote's bit map."""
    fields: Fields = [82, req_id, len(exchanges)]
    for bit, exchange in enumerate(exchanges):
        fields += [bit, exchange, chr(ord("A") + bit % 26)]
    return fields
