"""Names of server → client messages and of their fields, for those who look into a message: faults, transcripts.

The names are those of the IB API. Fields that repeat, or that a version adds at the end, have no name here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.wire.session_answers import Fields, Named

__all__ = ["ANSWER_IDS", "ANSWER_NAMES", "field_names"]

_C11 = (
    "conId symbol secType lastTradeDateOrContractMonth strike right multiplier exchange currency localSymbol"
    " tradingClass"
)
_MESSAGES: dict[int, str] = {
    1: "tickPrice - reqId tickType price size attribs",
    2: "tickSize - reqId tickType size",
    3: (
        "orderStatus orderId status filled remaining avgFillPrice permId parentId lastFillPrice clientId whyHeld"
        " mktCapPrice"
    ),
    4: "error - id code text advancedOrderRejectJson",
    5: "openOrder orderId",
    6: "updateAccountValue - key value currency account",
    7: (
        "updatePortfolio - conId symbol secType lastTradeDateOrContractMonth strike right multiplier primaryExchange"
        " currency localSymbol tradingClass position marketPrice marketValue averageCost unrealizedPNL realizedPNL"
        " account"
    ),
    8: "updateAccountTime - time",
    9: "nextValidId - orderId",
    10: "contractDetails",
    11: (
        f"execDetails reqId orderId {_C11} execId time acctNumber exchange side shares price permId clientId"
        " liquidation cumQty avgPrice orderRef evRule evMultiplier modelCode lastLiquidity"
    ),
    15: "managedAccounts - accounts",
    17: "historicalData reqId",
    45: "tickGeneric - reqId tickType value",
    46: "tickString - reqId tickType value",
    49: "currentTime - time",
    50: "realtimeBar - reqId time open high low close volume wap count",
    52: "contractDetailsEnd - reqId",
    53: "openOrderEnd -",
    54: "accountDownloadEnd - account",
    55: "execDetailsEnd - reqId",
    57: "tickSnapshotEnd - reqId",
    58: "marketDataType - reqId marketDataType",
    59: "commissionReport - execId commission currency realizedPNL yield yieldRedemptionDate",
    61: f"position - account {_C11} position avgCost",
    62: "positionEnd -",
    63: "accountSummary - reqId account tag value currency",
    64: "accountSummaryEnd - reqId",
    71: f"positionMulti - reqId account {_C11} position avgCost modelCode",
    72: "positionMultiEnd - reqId",
    73: "accountUpdateMulti - reqId account modelCode key value currency",
    74: "accountUpdateMultiEnd - reqId",
    75: "securityDefinitionOptionParameter reqId",
    76: "securityDefinitionOptionParameterEnd reqId",
    77: "softDollarTiers reqId",
    78: "familyCodes",
    79: "symbolSamples reqId",
    80: "mktDepthExchanges",
    81: "tickReqParams reqId minTick bboExchange snapshotPermissions",
    82: "smartComponents reqId",
    85: "newsProviders",
    88: "headTimestamp reqId headTimestamp",
    90: "historicalDataUpdate reqId barCount date open close high low average volume",
    93: "marketRule marketRuleId",
    94: "pnl reqId dailyPnL unrealizedPnL realizedPnL",
    95: "pnlSingle reqId position dailyPnL unrealizedPnL realizedPnL value",
    96: "historicalTicks reqId",
    97: "historicalTicksBidAsk reqId",
    98: "historicalTicksLast reqId",
    99: "tickByTick reqId tickType time",
    100: "orderBound orderId apiClientId apiOrderId",
    101: "completedOrder",
    102: "completedOrdersEnd",
    106: "historicalSchedule reqId startDateTime endDateTime timeZone",
    107: "userInfo reqId whiteBrandingId",
}

ANSWER_NAMES: dict[int, str] = {number: text.split()[0] for number, text in _MESSAGES.items()}
"""message id → name"""
ANSWER_IDS: dict[str, int] = {name: number for number, name in ANSWER_NAMES.items()}
"""name → message id"""
_FIELD_NAMES: Mapping[int, Sequence[str]] = {number: ["", *text.split()[1:]] for number, text in _MESSAGES.items()}


def field_names(fields: Fields) -> Sequence[str]:
    """Return the names of a message's fields by position, as far as they have one; '-' is the version."""
    if isinstance(fields, Named):
        return fields.names()
    number = fields[0]
    return _FIELD_NAMES.get(number, ()) if isinstance(number, int) else ()
