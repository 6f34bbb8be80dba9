"""Questions about contracts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from simulator.contracts import ContractDefinition
from simulator.market_rules import MARKET_RULES
from simulator.server.contract_search import find_all, routed
from simulator.trading_hours import hours_texts
from simulator.wire import contract_answers as say
from simulator.wire import requests as r

if TYPE_CHECKING:
    from simulator.server.session import Session

__all__ = ["ContractDesk"]


class ContractDesk:
    """Answers from the contract book."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tws = session.tws

    def handlers(self) -> dict[type, Callable[[Any], object]]:
        """Request class → what serves it."""
        return {
            r.ReqContractDetails: self._details,
            r.ReqMarketRule: self._market_rule,
            r.ReqMatchingSymbols: self._matching_symbols,
            r.ReqSecDefOptParams: self._option_parameters,
            r.ReqSmartComponents: self._smart_components,
            r.ReqSoftDollarTiers: self._soft_dollar_tiers,
            r.ReqFamilyCodes: self._family_codes,
            r.ReqMktDepthExchanges: self._depth_exchanges,
            r.ReqNewsProviders: self._news_providers,
        }

    def _details(self, request: r.ReqContractDetails) -> None:
        session, tws = self._session, self._tws
        if request.sec_id:
            found = [d for d in tws.contracts if d.isin and d.isin == request.sec_id]
        else:
            found = find_all(tws.contracts, request.contract)
        if not found:
            # No end marker follows: the error ends the request.
            session.error(request.req_id, 200, "No security definition has been found for the request")
            return
        for definition in found:
            answered = _as_asked(definition, request.contract.exchange)
            hours = hours_texts(definition, tws.calendar, tws.environment.now())
            session.send(say.contract_details(request.req_id, answered, *hours, session.version))
        session.send(say.contract_details_end(request.req_id))

    def _market_rule(self, request: r.ReqMarketRule) -> None:
        bands = MARKET_RULES.get(request.rule_id)
        if bands is None:
            self._session.error(-1, 321, f"Error validating request.-'dd' : cause - Invalid rule id {request.rule_id}")
            return
        self._session.send(say.market_rule(request.rule_id, bands))

    def _matching_symbols(self, request: r.ReqMatchingSymbols) -> None:
        found = []
        for definition in self._tws.contracts.matching(request.pattern):
            con_id = definition.contract.con_id
            derived = {d.contract.sec_type for d in self._tws.contracts if d.under_con_id == con_id}
            found.append((definition, sorted(derived)))
        self._session.send(say.symbol_samples(request.req_id, found, self._session.version))

    def _option_parameters(self, request: r.ReqSecDefOptParams) -> None:
        session = self._session
        chains: dict[tuple[str, str, str], list[ContractDefinition]] = {}
        for definition in self._tws.contracts:
            contract = definition.contract
            if contract.sec_type == "OPT" and definition.under_con_id == request.con_id:
                for exchange in definition.valid_exchanges.split(","):
                    key = (exchange, contract.trading_class, contract.multiplier)
                    chains.setdefault(key, []).append(definition)
        for (exchange, trading_class, multiplier), chain in chains.items():
            expirations = sorted({d.contract.last_trade_date for d in chain})
            strikes = sorted({d.contract.strike for d in chain})
            session.send(
                say.option_parameters(
                    request.req_id, exchange, request.con_id, trading_class, multiplier, expirations, strikes
                )
            )
        session.send(say.option_parameters_end(request.req_id))

    def _smart_components(self, request: r.ReqSmartComponents) -> None:
        exchanges = ["NYSE", "ARCA", "NASDAQ", "BATS", "IEX"]
        self._session.send(say.smart_components(request.req_id, exchanges))

    def _soft_dollar_tiers(self, request: r.ReqSoftDollarTiers) -> None:
        self._session.send([77, request.req_id, 0])

    def _family_codes(self, request: r.ReqFamilyCodes) -> None:
        codes = [value for account in self._tws.accounts for value in (account, "")]
        self._session.send([78, len(self._tws.accounts), *codes])

    def _depth_exchanges(self, request: r.ReqMktDepthExchanges) -> None:
        self._session.send([80, 0])

    def _news_providers(self, request: r.ReqNewsProviders) -> None:
        self._session.send([85, 0])


def _as_asked(definition: ContractDefinition, exchange: str) -> ContractDefinition:
    contract = routed(definition, exchange)
    if contract is definition.contract:
        return definition
    return attrs.evolve(definition, contract=contract)
