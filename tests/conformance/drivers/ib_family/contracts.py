"""Contracts.
A request for contract details (9) is answered with one message (10) for each contract that fits, then an end marker
(52); where none fits, with error 200 and no end marker. From version 164 on the message begins without a version
number and ends with the sizes; before it has mdSizeMultiplier. Symbol samples (79) tell the company from 176 on.
"""

from channel import check
from ib_family.library import CLIENT, VERSION, complained, ib, ibi, settle
from ib_family.scene import hearing

AAPL = ibi.Stock("AAPL", "SMART", "USD")
MSFT = ibi.Stock("MSFT", "SMART", "USD")
GME = ibi.Stock("GME", "SMART", "USD")
NOSUCH = ibi.Stock("NOSUCH", "SMART", "USD")


@check
def stocks_pairs_futures_and_options_are_qualified() -> None:
    wanted = [
        AAPL,
        MSFT,
        GME,
        ibi.Stock("700", "SEHK", "HKD"),
        ibi.Forex("EURUSD"),
        ibi.Future("ES", "202812", "CME"),
        ibi.Option("AAPL", "20281215", 230, "C", "SMART"),
    ]
    assert ib.qualifyContracts(*wanted) == wanted
    assert [contract.conId for contract in wanted] == [
        *(265598, 272093, 36285627, 152791428, 12087792),
        *(700000015, 700000003),
    ]
    assert (AAPL.primaryExchange, AAPL.tradingClass, AAPL.localSymbol) == ("NASDAQ", "NMS", "AAPL")


@check
def a_contract_is_described_in_full() -> None:
    (details,) = ib.reqContractDetails(AAPL)
    assert (details.longName, details.minTick, details.industry) == ("APPLE INC", 0.01, "Technology")
    assert "SMART" in details.validExchanges.split(",")
    assert "TRAIL" in details.orderTypes.split(",")
    assert len(details.marketRuleIds.split(",")) == len(details.validExchanges.split(","))
    assert details.tradingSessions() != []
    assert details.timeZoneId == "US/Eastern"
    assert details.stockType == "COMMON"
    if VERSION >= 164:
        assert (details.minSize, details.sizeIncrement) == (1, 1), details


@check
def an_ambiguous_contract_brings_all_that_fit() -> None:
    found = ib.reqContractDetails(ibi.Future("ES", exchange="CME"))
    assert {one.contract.lastTradeDateOrContractMonth for one in found} == {"20261218", "20270319", "20281215"}
    assert {one.contract.multiplier for one in found} == {"50"}


@check
def an_unknown_contract_is_error_200() -> None:
    assert ib.reqContractDetails(NOSUCH) == []
    complained("Error 200")
    assert ib.qualifyContracts(ibi.Stock("NOSUCH", "SMART", "USD")) == ([None] if CLIENT == "ib_async" else [])
    complained("Error 200", "Unknown contract")


@check
def market_rules_have_their_price_bands() -> None:
    (band,) = ib.reqMarketRule(26)
    assert (band.lowEdge, band.increment) == (0, 0.01)
    assert len(ib.reqMarketRule(1345)) > 5  # Hong Kong's spread table


@check
def symbols_are_found_by_their_beginning() -> None:
    samples = ib.reqMatchingSymbols("AAP")
    assert samples[0].contract.symbol == "AAPL"
    assert samples[0].derivativeSecTypes == ["OPT"]


@check
def an_option_chain_has_strikes_and_expirations() -> None:
    (chain, *_) = ib.reqSecDefOptParams("AAPL", "", "STK", AAPL.conId)
    assert (chain.strikes, chain.expirations) == ([220, 230, 240], ["20281215"])


@check
def the_small_questions_are_answered() -> None:
    assert ib.reqMktDepthExchanges() == []
    assert ib.reqNewsProviders() == []
    users = hearing("userInfo")
    ib.reqUserInfo()
    assert [name for _, name in users] == [""]
    assert len(ib.reqSmartComponents("9c0001")) == 5
    families, tiers = hearing("familyCodes"), hearing("softDollarTiers")
    ib.client.reqFamilyCodes()
    ib.client.reqSoftDollarTiers(ib.client.getReqId())
    settle()
    assert [one[0][0].accountID for one in families] == ["DU1234567"]
    assert [one[1] for one in tiers] == [[]]
