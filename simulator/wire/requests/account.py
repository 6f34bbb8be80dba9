"""Requests about accounts, positions and profit."""

from __future__ import annotations

from attrs import frozen

from simulator.wire.requests.base import Request

__all__ = [
    "CancelAccountSummary",
    "CancelAccountUpdatesMulti",
    "CancelPnL",
    "CancelPnLSingle",
    "CancelPositions",
    "CancelPositionsMulti",
    "ReqAccountSummary",
    "ReqAccountUpdates",
    "ReqAccountUpdatesMulti",
    "ReqPnL",
    "ReqPnLSingle",
    "ReqPositions",
    "ReqPositionsMulti",
]


@frozen(slots=True)
class ReqAccountUpdates(Request):
    subscribe: bool
    account: str


@frozen(slots=True)
class ReqAccountUpdatesMulti(Request):
    req_id: int
    account: str
    model: str
    ledger_and_nlv: bool


@frozen(slots=True)
class CancelAccountUpdatesMulti(Request):
    req_id: int


@frozen(slots=True)
class ReqAccountSummary(Request):
    req_id: int
    group: str
    tags: str


@frozen(slots=True)
class CancelAccountSummary(Request):
    req_id: int


@frozen(slots=True)
class ReqPositions(Request):
    pass


@frozen(slots=True)
class CancelPositions(Request):
    pass


@frozen(slots=True)
class ReqPositionsMulti(Request):
    req_id: int
    account: str
    model: str


@frozen(slots=True)
class CancelPositionsMulti(Request):
    req_id: int


@frozen(slots=True)
class ReqPnL(Request):
    req_id: int
    account: str
    model: str


@frozen(slots=True)
class CancelPnL(Request):
    req_id: int


@frozen(slots=True)
class ReqPnLSingle(Request):
    req_id: int
    account: str
    model: str
    con_id: int


@frozen(slots=True)
class CancelPnLSingle(Request):
    req_id: int
