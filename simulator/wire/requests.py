"""What a client asks: one class per message, with the names of the IB API in Python's spelling."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

__all__ = ["ContractQuery", "Request"]


@frozen(slots=True)
class ContractQuery:
    """The description of a contract in a request; '' and 0 leave a field open."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    last_trade_date: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""


@frozen(slots=True)
class Request:
    """A request without parameters, or the base of one that has some."""

    @property
    def answered_on(self) -> int:
        """The id that an error about this request carries; -1 for requests without one."""
        return int(getattr(self, "req_id", -1))


@frozen(slots=True)
class StartApi(Request):
    client_id: int
    optional_capabilities: str = ""


# orders


@frozen(slots=True)
class PlaceOrder(Request):
    order_id: int
    contract: ContractQuery
    fields: Mapping[str, str]  # every field of the order by its IB name, as wire text

    @property
    def answered_on(self) -> int:
        """The order id."""
        return self.order_id


@frozen(slots=True)
class CancelOrder(Request):
    order_id: int
    manual_time: str = ""

    @property
    def answered_on(self) -> int:
        """The order id."""
        return self.order_id


@frozen(slots=True)
class ReqOpenOrders(Request):
    pass


@frozen(slots=True)
class ReqAllOpenOrders(Request):
    pass


@frozen(slots=True)
class ReqAutoOpenOrders(Request):
    bind: bool


@frozen(slots=True)
class ReqGlobalCancel(Request):
    pass


@frozen(slots=True)
class ReqCompletedOrders(Request):
    api_only: bool


@frozen(slots=True)
class ReqExecutions(Request):
    req_id: int
    client_id: int = 0
    account: str = ""
    time: str = ""
    symbol: str = ""
    sec_type: str = ""
    exchange: str = ""
    side: str = ""


@frozen(slots=True)
class ReqIds(Request):
    count: int = 1


# session


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


# contracts


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


# market data


@frozen(slots=True)
class ReqMktData(Request):
    req_id: int
    contract: ContractQuery
    generic_ticks: str = ""
    snapshot: bool = False
    regulatory_snapshot: bool = False


@frozen(slots=True)
class CancelMktData(Request):
    req_id: int


@frozen(slots=True)
class ReqMarketDataType(Request):
    kind: int


@frozen(slots=True)
class ReqTickByTickData(Request):
    req_id: int
    contract: ContractQuery
    kind: str  # Last | AllLast | BidAsk | MidPoint
    ticks: int = 0
    ignore_size: bool = False


@frozen(slots=True)
class CancelTickByTickData(Request):
    req_id: int


@frozen(slots=True)
class ReqRealTimeBars(Request):
    req_id: int
    contract: ContractQuery
    size: int
    what: str
    regular_hours: bool


@frozen(slots=True)
class CancelRealTimeBars(Request):
    req_id: int


# history


@frozen(slots=True)
class ReqHistoricalData(Request):
    req_id: int
    contract: ContractQuery
    end: str
    bar_size: str
    duration: str
    regular_hours: bool
    what: str
    date_format: int
    keep_up_to_date: bool


@frozen(slots=True)
class CancelHistoricalData(Request):
    req_id: int


@frozen(slots=True)
class ReqHistoricalTicks(Request):
    req_id: int
    contract: ContractQuery
    start: str
    end: str
    count: int
    what: str
    regular_hours: bool
    ignore_size: bool


@frozen(slots=True)
class ReqHeadTimeStamp(Request):
    req_id: int
    contract: ContractQuery
    regular_hours: bool
    what: str
    date_format: int


@frozen(slots=True)
class CancelHeadTimeStamp(Request):
    req_id: int


# account


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


@frozen(slots=True)
class NotServed(Request):
    """A request that TWS knows and this server does not serve."""

    name: str
    req_id: int
    quiet: bool = False  # a cancellation: nothing to say
