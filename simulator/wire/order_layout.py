"""The order of an order's fields in placeOrder, openOrder and completedOrder, as data.

The names are those of the IB API; a suffix tells the kind: `:i` integer, `:n` number, `:b` flag, none for text.
"""

from __future__ import annotations

Layout = tuple[tuple[str, str], ...]


def layout(text: str) -> Layout:
    """Return the names in wire order, each with its kind."""
    return tuple((name, kind) for name, _, kind in (word.partition(":") for word in text.split()))


CONTRACT = layout(
    "conId:i symbol secType lastTradeDateOrContractMonth strike:n right multiplier exchange primaryExchange"
    " currency localSymbol tradingClass"
)

# client → server

PLACE_HEAD = layout(
    "secIdType secId action totalQuantity:n orderType lmtPrice:n auxPrice:n tif ocaGroup account openClose origin:i"
    " orderRef transmit:b parentId:i blockOrder:b sweepToFill:b displaySize:i triggerMethod:i outsideRth:b hidden:b"
)
PLACE_MIDDLE = layout(
    "sharesAllocation discretionaryAmt:n goodAfterTime goodTillDate faGroup faMethod faPercentage faProfile modelCode"
    " shortSaleSlot:i designatedLocation exemptCode:i ocaType:i rule80A settlingFirm allOrNone:b minQty:i"
    " percentOffset:n eTradeOnly:b firmQuoteOnly:b nbboPriceCap:n auctionStrategy:i startingPrice:n stockRefPrice:n"
    " delta:n stockRangeLower:n stockRangeUpper:n overridePercentageConstraints:b volatility:n volatilityType:i"
    " deltaNeutralOrderType deltaNeutralAuxPrice:n"
)
DELTA_NEUTRAL = layout(
    "deltaNeutralConId:i deltaNeutralSettlingFirm deltaNeutralClearingAccount deltaNeutralClearingIntent"
    " deltaNeutralOpenClose deltaNeutralShortSale:b deltaNeutralShortSaleSlot:i deltaNeutralDesignatedLocation"
)
PLACE_TRAIL = layout(
    "continuousUpdate:b referencePriceType:i trailStopPrice:n trailingPercent:n scaleInitLevelSize:i"
    " scaleSubsLevelSize:i scalePriceIncrement:n"
)
SCALE = layout(
    "scalePriceAdjustValue:n scalePriceAdjustInterval:i scaleProfitOffset:n scaleAutoReset:b scaleInitPosition:i"
    " scaleInitFillQty:i scaleRandomPercent:b"
)
PLACE_TABLE = layout("scaleTable activeStartTime activeStopTime hedgeType")
PLACE_CLEARING = layout("optOutSmartRouting:b clearingAccount clearingIntent notHeld:b")
DELTA_CONTRACT = layout("deltaContractConId:i deltaContractDelta:n deltaContractPrice:n")
PLACE_WHAT_IF = layout("algoId whatIf:b orderMiscOptions solicited:b randomizeSize:b randomizePrice:b")
PEG_BENCH = layout(
    "referenceContractId:i isPeggedChangeAmountDecrease:b peggedChangeAmount:n referenceChangeAmount:n"
    " referenceExchangeId"
)
PLACE_TAIL = layout(
    "adjustedOrderType triggerPrice:n lmtPriceOffset:n adjustedStopPrice:n adjustedStopLimitPrice:n"
    " adjustedTrailingAmount:n adjustableTrailingUnit:i extOperator softDollarTierName softDollarTierValue cashQty:n"
    " mifid2DecisionMaker mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo dontUseAutoPriceForHedge:b"
    " isOmsContainer:b discretionaryUpToLimitPrice:b usePriceMgmtAlgo:i"
)
PLACE_SINCE = (
    (158, layout("duration:i")),
    (160, layout("postToAts:i")),
    (162, layout("autoCancelParent:b")),
    (166, layout("advancedErrorOverride")),
    (169, layout("manualOrderTime")),
)
MID_OFFSETS = layout("midOffsetAtWhole:n midOffsetAtHalf:n")
CONDITION_SIZES = {1: 6, 3: 3, 4: 3, 5: 4, 6: 5, 7: 5}
"""condition type → number of its fields"""

MIN_TRADE = layout("minTradeQty:i")
COMPETE = layout("minCompeteSize:i competeAgainstBestOffset:n")

# server → client

OPT_OUT = layout("optOutSmartRouting")
OPEN_STATUS = layout("solicited whatIf status")
OPEN_WARNING = layout("commissionCurrency warningText randomizeSize randomizePrice")
COMPLETED_STATUS = layout("solicited status randomizeSize randomizePrice")
SCALE_SIZES = layout("scaleInitLevelSize scaleSubsLevelSize scalePriceIncrement")
HEDGE_TYPE = layout("hedgeType")
HEDGE_PARAM = layout("hedgeParam")
CLEARING = layout("clearingAccount clearingIntent notHeld")
ALGO = layout("algoStrategy")

C11 = layout(
    "conId symbol secType lastTradeDateOrContractMonth strike right multiplier exchange currency localSymbol"
    " tradingClass"
)
OPEN_HEAD = layout(
    "action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef clientId permId"
    " outsideRth hidden discretionaryAmt goodAfterTime sharesAllocation faGroup faMethod faPercentage faProfile"
    " modelCode goodTillDate rule80A percentOffset settlingFirm shortSaleSlot designatedLocation exemptCode"
    " auctionStrategy startingPrice stockRefPrice delta stockRangeLower stockRangeUpper displaySize blockOrder"
    " sweepToFill allOrNone minQty ocaType eTradeOnly firmQuoteOnly nbboPriceCap parentId triggerMethod volatility"
    " volatilityType deltaNeutralOrderType deltaNeutralAuxPrice"
)
OPEN_TRAIL = layout(
    "continuousUpdate referencePriceType trailStopPrice trailingPercent basisPoints basisPointsType comboLegsDescrip"
)
MARGINS = layout(
    "initMarginBefore maintMarginBefore equityWithLoanBefore initMarginChange maintMarginChange equityWithLoanChange"
    " initMarginAfter maintMarginAfter equityWithLoanAfter commission minCommission maxCommission"
)
OPEN_TAIL = layout(
    "adjustedOrderType triggerPrice trailStopPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice"
    " adjustedTrailingAmount adjustableTrailingUnit softDollarTierName softDollarTierValue softDollarTierDisplayName"
    " cashQty dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice usePriceMgmtAlgo"
)
PEGGED = layout("minTradeQty minCompeteSize competeAgainstBestOffset midOffsetAtWhole midOffsetAtHalf")
OPEN_SINCE = (
    (159, layout("duration")),
    (160, layout("postToAts")),
    (162, layout("autoCancelParent")),
    (170, PEGGED),
)
COMPLETED_HEAD = layout(
    "action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin orderRef permId outsideRth"
    " hidden discretionaryAmt goodAfterTime faGroup faMethod faPercentage faProfile modelCode goodTillDate rule80A"
    " percentOffset settlingFirm shortSaleSlot designatedLocation exemptCode startingPrice stockRefPrice delta"
    " stockRangeLower stockRangeUpper displaySize sweepToFill allOrNone minQty ocaType triggerMethod volatility"
    " volatilityType deltaNeutralOrderType deltaNeutralAuxPrice"
)
COMPLETED_DELTA = layout(
    "deltaNeutralConId deltaNeutralShortSale deltaNeutralShortSaleSlot deltaNeutralDesignatedLocation"
)
COMPLETED_TRAIL = layout("continuousUpdate referencePriceType trailStopPrice trailingPercent comboLegsDescrip")
COMPLETED_TAIL = layout(
    "trailStopPrice lmtPriceOffset cashQty dontUseAutoPriceForHedge isOmsContainer autoCancelDate filledQuantity"
    " refFuturesConId autoCancelParent shareholder imbalanceOnly routeMarketableToBbo parentPermId completedTime"
    " completedStatus"
)

# What TWS itself writes where the client left a field unset, from captures of version 164.
TOLD_WHEN_UNSET = {
    "right": "?",
    "lmtPrice": "0.0",
    "auxPrice": "0.0",
    "origin": "0",
    "exemptCode": "-1",
    "minQty": "2147483647",
    "deltaNeutralOrderType": "None",
    "deltaNeutralConId": "0",
    "deltaNeutralOpenClose": "?",
    "deltaNeutralShortSale": "0",
    "deltaNeutralShortSaleSlot": "0",
    "scaleInitLevelSize": "2147483647",
    "scaleSubsLevelSize": "2147483647",
    "clearingIntent": "IB",
    "adjustedOrderType": "None",
    **dict.fromkeys((name for name, _ in MARGINS), "1.7976931348623157E308"),
    **dict.fromkeys(
        ("triggerPrice", "lmtPriceOffset", "adjustedStopPrice", "adjustedStopLimitPrice", "adjustedTrailingAmount"),
        "1.7976931348623157E308",
    ),
    **dict.fromkeys(
        (
            name
            for name, _ in layout(
                "outsideRth hidden discretionaryAmt shortSaleSlot auctionStrategy displaySize blockOrder sweepToFill"
                " allOrNone ocaType eTradeOnly firmQuoteOnly parentId triggerMethod volatilityType continuousUpdate"
                " referencePriceType optOutSmartRouting notHeld solicited whatIf randomizeSize randomizePrice"
                " adjustableTrailingUnit cashQty dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice"
                " usePriceMgmtAlgo autoCancelParent conditionsIgnoreRth refFuturesConId imbalanceOnly"
                " routeMarketableToBbo parentPermId"
            )
        ),
        "0",
    ),
}
