"""Requests about the session, and those that are not served."""

from __future__ import annotations

from attrs import frozen

from simulator.wire.requests.base import Request

__all__ = ["NotServed", "ReqCurrentTime", "ReqManagedAccts", "ReqUserInfo", "SetServerLogLevel", "StartApi"]


@frozen(slots=True)
class StartApi(Request):
    client_id: int
    optional_capabilities: str = ""


@frozen(slots=True)
class ReqCurrentTime(Request):
    pass


@frozen(slots=True)
class ReqManagedAccts(Request):
    pass


@frozen(slots=True)
class SetServerLogLevel(Request):
    level: int = 2


@frozen(slots=True)
class ReqUserInfo(Request):
    req_id: int


@frozen(slots=True)
class NotServed(Request):
    """A request that TWS knows and this server does not serve."""

    name: str
    req_id: int
    quiet: bool = False  # a cancellation: nothing to say
