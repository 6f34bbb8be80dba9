"""Contracts.
A request for contract details (9) is answered with one message (10) for each contract that fits, then an end marker
(52); where none fits, with error 200 and no end marker. At version 157 the message begins with its own version and
has mdSizeMultiplier.
"""

from typing import Any

from channel import check
from ibapi_driver.client import app
from ibapi_driver.scene import AAPL, NOSUCH, codes, contract


def _details(wanted: Any) -> list[Any]:
    req_id = app.new_id()
    app.reqContractDetails(req_id, wanted)
    app.wait("contractDetailsEnd", reqId=req_id)
    return [one.contractDetails for one in app.every("contractDetails", reqId=req_id)]


@check
def a_stock_is_described_in_full() -> None:
    (details,) = _details(AAPL)
    assert (details.contract.conId, details.contract.primaryExchange) == (265598, "NASDAQ")
    assert (details.contract.tradingClass, details.marketName) == ("NMS", "NMS")
    assert (details.longName, details.minTick, details.mdSizeMultiplier) == ("APPLE INC", 0.01, 1)
    assert (details.timeZoneId, details.industry) == ("US/Eastern", "Technology")
    assert "20261123" in details.tradingHours
    assert len(details.marketRuleIds.split(",")) == len(details.validExchanges.split(","))


@check
def pairs_futures_and_options_are_found() -> None:
    wanted = [
        contract("EUR", "CASH", "IDEALPRO"),
        contract("ES", "FUT", "CME", lastTradeDateOrContractMonth="202812"),
        contract("AAPL", "OPT", lastTradeDateOrContractMonth="20281215", strike=230.0, right="C"),
        contract("700", exchange="SEHK", currency="HKD"),
    ]
    assert [_details(one)[0].contract.conId for one in wanted] == [12087792, 700000015, 700000003, 152791428]


@check
def an_ambiguous_contract_brings_all_that_fit() -> None:
    found = _details(contract("ES", "FUT", "CME"))
    assert {one.contract.lastTradeDateOrContractMonth for one in found} == {"20261218", "20270319", "20281215"}
    assert {one.contract.multiplier for one in found} == {"50"}


@check
def an_unknown_contract_is_error_200_without_an_end() -> None:
    req_id = app.new_id()
    app.reqContractDetails(req_id, NOSUCH)
    assert codes(req_id) == [200]
    assert app.every("contractDetailsEnd", reqId=req_id) == []


@check
def market_rules_have_their_price_bands() -> None:
    app.reqMarketRule(26)
    (band,) = app.wait("marketRule", marketRuleId=26).priceIncrements
    assert (band.lowEdge, band.increment) == (0, 0.01)


@check
def symbols_are_found_by_their_beginning() -> None:
    req_id = app.new_id()
    app.reqMatchingSymbols(req_id, "AAP")
    (first, *_) = app.wait("symbolSamples", reqId=req_id).contractDescriptions
    assert (first.contract.symbol, first.derivativeSecTypes) == ("AAPL", ["OPT"])


@check
def an_option_chain_has_strikes_and_expirations() -> None:
    req_id = app.new_id()
    app.reqSecDefOptParams(req_id, "AAPL", "", "STK", 265598)
    app.wait("securityDefinitionOptionParameterEnd", reqId=req_id)
    chain = app.every("securityDefinitionOptionParameter", reqId=req_id)[0]
    assert (chain.strikes, chain.expirations) == ({220, 230, 240}, {"20281215"})


@check
def the_small_questions_are_answered() -> None:
    app.reqMktDepthExchanges()
    assert app.wait("mktDepthExchanges").depthMktDataDescriptions == []
    app.reqNewsProviders()
    assert app.wait("newsProviders").newsProviders == []
    app.reqFamilyCodes()
    assert [one.accountID for one in app.wait("familyCodes").familyCodes] == ["DU1234567"]
    req_id = app.new_id()
    app.reqSoftDollarTiers(req_id)
    assert app.wait("softDollarTiers", reqId=req_id).tiers == []
    app.reqSmartComponents(req_id, "9c0001")
    assert len(app.wait("smartComponents", reqId=req_id).smartComponentMap) == 5
