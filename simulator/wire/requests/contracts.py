"""Questions about contracts."""

from __future__ import annotations

from attrs import frozen

from simulator.wire.requests.base import ContractQuery, Request

__all__ = [
    "ReqContractDetails",
    "ReqFamilyCodes",
    "ReqMarketRule",
    "ReqMatchingSymbols",
    "ReqMktDepthExchanges",
    "ReqNewsProviders",
    "ReqSecDefOptParams",
    "ReqSmartComponents",
    "ReqSoftDollarTiers",
]


@frozen(slots=True)
class ReqContractDetails(Request):
    req_id: int
    contract: ContractQuery
    include_expired: bool = False
    sec_id_type: str = ""
    sec_id: str = ""


@frozen(slots=True)
class ReqMarketRule(Request):
    rule_id: int


@frozen(slots=True)
class ReqMatchingSymbols(Request):
    req_id: int
    pattern: str


@frozen(slots=True)
class ReqSecDefOptParams(Request):
    req_id: int
    symbol: str
    exchange: str
    sec_type: str
    con_id: int


@frozen(slots=True)
class ReqSmartComponents(Request):
    req_id: int
    exchange: str


@frozen(slots=True)
class ReqSoftDollarTiers(Request):
    req_id: int


@frozen(slots=True)
class ReqFamilyCodes(Request):
    pass


@frozen(slots=True)
class ReqMktDepthExchanges(Request):
    pass


@frozen(slots=True)
class ReqNewsProviders(Request):
    pass
