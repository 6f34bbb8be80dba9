"""Decodes a request's body by its message id and the negotiated version."""

from __future__ import annotations

from collections.abc import Callable

from simulator.wire import requests as r
from simulator.wire.fields import BadField, FieldReader, is_unset
from simulator.wire.order_reader import read_contract, read_order

__all__ = ["BadRequest", "UnknownMessage", "decode"]


class UnknownMessage(ValueError):
    """A message id that no version of the protocol up to 176 knows."""


def decode(body: bytes, version: int) -> r.Request:
    """Return the request. Raises UnknownMessage, BadField, and BadRequest where the order id could be read."""
    reader = FieldReader(body)
    message_id = reader.integer(-1)
    if message_id not in _DECODERS:
        raise UnknownMessage(f"unknown message id {message_id}")
    return _DECODERS[message_id](reader, version)


class BadRequest(BadField):
    """A request whose id was read and whose rest was not."""

    def __init__(self, answered_on: int, text: str) -> None:
        super().__init__(text)
        self.answered_on = answered_on


def query_of(values: dict[str, str]) -> r.ContractQuery:
    """Return the contract described by the twelve named fields, which have been checked."""
    return r.ContractQuery(
        con_id=0 if is_unset(values["conId"]) else int(values["conId"]),
        symbol=values["symbol"],
        sec_type=values["secType"],
        last_trade_date=values["lastTradeDateOrContractMonth"],
        strike=0.0 if is_unset(values["strike"]) else float(values["strike"]),
        right=values["right"],
        multiplier=values["multiplier"],
        exchange=values["exchange"],
        primary_exchange=values["primaryExchange"],
        currency=values["currency"],
        local_symbol=values["localSymbol"],
        trading_class=values["tradingClass"],
    )


def _contract(reader: FieldReader) -> r.ContractQuery:
    return query_of(read_contract(reader))


def _skip_legs(reader: FieldReader, contract: r.ContractQuery) -> None:
    if contract.sec_type == "BAG":
        reader.repeated(4)


def _version(reader: FieldReader) -> None:
    reader.integer()


def _place_order(reader: FieldReader, version: int) -> r.Request:
    order_id = reader.integer(-1)
    try:
        values = read_order(reader, version)
    except BadField as error:
        raise BadRequest(order_id, str(error)) from error
    return r.PlaceOrder(order_id, query_of(values), values)


def _cancel_order(reader: FieldReader, version: int) -> r.Request:
    _version(reader)
    order_id = reader.integer(-1)
    return r.CancelOrder(order_id, reader.text() if version >= 169 and reader.left else "")


def _mkt_data(reader: FieldReader, version: int) -> r.Request:
    _version(reader)
    req_id = reader.integer(-1)
    contract = _contract(reader)
    _skip_legs(reader, contract)
    if reader.flag():
        for _ in range(3):
            reader.text()
    return r.ReqMktData(req_id, contract, reader.text(), reader.flag(), reader.flag())


def _contract_details(reader: FieldReader, version: int) -> r.Request:
    _version(reader)
    return r.ReqContractDetails(reader.integer(-1), _contract(reader), reader.flag(), reader.text(), reader.text())


def _executions(reader: FieldReader, version: int) -> r.Request:
    _version(reader)
    req_id, client_id = reader.integer(-1), reader.integer()
    return r.ReqExecutions(req_id, client_id, *(reader.text() for _ in range(6)))


def _historical_data(reader: FieldReader, version: int) -> r.Request:
    req_id, contract = reader.integer(-1), _contract(reader)
    reader.flag()  # includeExpired
    end, bar_size, duration = reader.text(), reader.text(), reader.text()
    regular, what, date_format = reader.flag(), reader.text(), reader.integer(1)
    _skip_legs(reader, contract)
    return r.ReqHistoricalData(req_id, contract, end, bar_size, duration, regular, what, date_format, reader.flag())


def _historical_ticks(reader: FieldReader, version: int) -> r.Request:
    req_id, contract = reader.integer(-1), _contract(reader)
    reader.flag()  # includeExpired
    start, end, count = reader.text(), reader.text(), reader.integer()
    return r.ReqHistoricalTicks(req_id, contract, start, end, count, reader.text(), reader.flag(), reader.flag())


def _head_timestamp(reader: FieldReader, version: int) -> r.Request:
    req_id, contract = reader.integer(-1), _contract(reader)
    reader.flag()  # includeExpired
    return r.ReqHeadTimeStamp(req_id, contract, reader.flag(), reader.text(), reader.integer(1))


def _real_time_bars(reader: FieldReader, version: int) -> r.Request:
    _version(reader)
    return r.ReqRealTimeBars(reader.integer(-1), _contract(reader), reader.integer(5), reader.text(), reader.flag())


def _tick_by_tick(reader: FieldReader, version: int) -> r.Request:
    return r.ReqTickByTickData(reader.integer(-1), _contract(reader), reader.text(), reader.integer(), reader.flag())


Decoder = Callable[[FieldReader, int], r.Request]


def _simple(make: Callable[..., r.Request], kinds: str, *, versioned: bool = True) -> Decoder:
    """A decoder for plain fields: `i` integer, `b` flag, `t` text."""

    def decoder(reader: FieldReader, version: int) -> r.Request:
        if versioned:
            _version(reader)
        takers: dict[str, Callable[[], object]]
        takers = {"i": reader.integer, "b": reader.flag, "t": reader.text}
        return make(*(takers[kind]() for kind in kinds))

    return decoder


def _not_served(name: str, *, at: int = 1, quiet: bool = False) -> Decoder:
    """A decoder for what is only refused; the request's id is field number `at` after the message id, or none."""

    def decoder(reader: FieldReader, version: int) -> r.Request:
        for _ in range(at - 1):
            reader.text()
        return r.NotServed(name, reader.integer(-1) if at else -1, quiet)

    return decoder


_DECODERS: dict[int, Decoder] = {
    1: _mkt_data,
    2: _simple(r.CancelMktData, "i"),
    3: _place_order,
    4: _cancel_order,
    5: _simple(r.ReqOpenOrders, ""),
    6: _simple(r.ReqAccountUpdates, "bt"),
    7: _executions,
    8: _simple(r.ReqIds, "i"),
    9: _contract_details,
    10: _not_served("reqMktDepth", at=2),
    11: _not_served("cancelMktDepth", at=2, quiet=True),
    12: _not_served("reqNewsBulletins", at=0, quiet=True),
    13: _not_served("cancelNewsBulletins", at=0, quiet=True),
    14: _simple(r.SetServerLogLevel, "i"),
    15: _simple(r.ReqAutoOpenOrders, "b"),
    16: _simple(r.ReqAllOpenOrders, ""),
    17: _simple(r.ReqManagedAccts, ""),
    18: _not_served("requestFA", at=0),
    19: _not_served("replaceFA", at=0),
    20: _historical_data,
    21: _not_served("exerciseOptions", at=2),
    22: _not_served("reqScannerSubscription"),
    23: _not_served("cancelScannerSubscription", at=2, quiet=True),
    24: _not_served("reqScannerParameters", at=0),
    25: _simple(r.CancelHistoricalData, "i"),
    49: _simple(r.ReqCurrentTime, ""),
    50: _real_time_bars,
    51: _simple(r.CancelRealTimeBars, "i"),
    52: _not_served("reqFundamentalData", at=2),
    53: _not_served("cancelFundamentalData", at=2, quiet=True),
    54: _not_served("calculateImpliedVolatility", at=2),
    55: _not_served("calculateOptionPrice", at=2),
    56: _not_served("cancelCalculateImpliedVolatility", at=2, quiet=True),
    57: _not_served("cancelCalculateOptionPrice", at=2, quiet=True),
    58: _simple(r.ReqGlobalCancel, ""),
    59: _simple(r.ReqMarketDataType, "i"),
    61: _simple(r.ReqPositions, ""),
    62: _simple(r.ReqAccountSummary, "itt"),
    63: _simple(r.CancelAccountSummary, "i"),
    64: _simple(r.CancelPositions, ""),
    65: _not_served("verifyRequest", at=0),
    66: _not_served("verifyMessage", at=0),
    67: _not_served("queryDisplayGroups", at=2),
    68: _not_served("subscribeToGroupEvents", at=2),
    69: _not_served("updateDisplayGroup", at=2),
    70: _not_served("unsubscribeFromGroupEvents", at=2, quiet=True),
    71: _simple(r.StartApi, "it"),
    72: _not_served("verifyAndAuthRequest", at=0),
    73: _not_served("verifyAndAuthMessage", at=0),
    74: _simple(r.ReqPositionsMulti, "itt"),
    75: _simple(r.CancelPositionsMulti, "i"),
    76: _simple(r.ReqAccountUpdatesMulti, "ittb"),
    77: _simple(r.CancelAccountUpdatesMulti, "i"),
    78: _simple(r.ReqSecDefOptParams, "ittti", versioned=False),
    79: _simple(r.ReqSoftDollarTiers, "i", versioned=False),
    80: _simple(r.ReqFamilyCodes, "", versioned=False),
    81: _simple(r.ReqMatchingSymbols, "it", versioned=False),
    82: _simple(r.ReqMktDepthExchanges, "", versioned=False),
    83: _simple(r.ReqSmartComponents, "it", versioned=False),
    84: _not_served("reqNewsArticle"),
    85: _simple(r.ReqNewsProviders, "", versioned=False),
    86: _not_served("reqHistoricalNews"),
    87: _head_timestamp,
    88: _not_served("reqHistogramData"),
    89: _not_served("cancelHistogramData", quiet=True),
    90: _simple(r.CancelHeadTimeStamp, "i", versioned=False),
    91: _simple(r.ReqMarketRule, "i", versioned=False),
    92: _simple(r.ReqPnL, "itt", versioned=False),
    93: _simple(r.CancelPnL, "i", versioned=False),
    94: _simple(r.ReqPnLSingle, "itti", versioned=False),
    95: _simple(r.CancelPnLSingle, "i", versioned=False),
    96: _historical_ticks,
    97: _tick_by_tick,
    98: _simple(r.CancelTickByTickData, "i", versioned=False),
    99: _simple(r.ReqCompletedOrders, "b", versioned=False),
    100: _not_served("reqWshMetaData"),
    101: _not_served("cancelWshMetaData", quiet=True),
    102: _not_served("reqWshEventData"),
    103: _not_served("cancelWshEventData", quiet=True),
    104: _simple(r.ReqUserInfo, "i", versioned=False),
}
"""message id → decoder of what follows the id"""
