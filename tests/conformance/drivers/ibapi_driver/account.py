"""Account.
Values (6), holdings (7) and the time (8) of reqAccountUpdates (6) come at once, after a position has changed, and
every three minutes; the summary (63) and the multi-account streams (73, 71) have request ids. Profit (94, 95) comes
once a second when it has changed.
"""

from channel import check
from ibapi_driver.client import ACCOUNT, app
from ibapi_driver.scene import clock, codes, order, placed, tick


@check
def account_updates_come_in_full_at_once() -> None:
    app.reqAccountUpdates(True, ACCOUNT)
    app.wait("accountDownloadEnd", accountName=ACCOUNT)
    values = {(one.key, one.currency): one.val for one in app.every("updateAccountValue")}
    assert float(values["NetLiquidation", "USD"]) > 900_000, values
    assert values["AccountCode", ""] == ACCOUNT
    (item,) = app.every("updatePortfolio")
    assert (item.contract.symbol, item.position) == ("AAPL", app.every("position")[-1].position)
    assert app.wait("updateAccountTime").timeStamp == "10:01"


@check
def the_portfolio_follows_a_fill() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    held = app.every("position")[-1].position
    since = app.mark()
    placed(order("BUY", 10, "MKT"))
    clock(1)
    item = app.every("updatePortfolio", since)[-1]
    assert (item.contract.symbol, item.position, item.accountName) == ("AAPL", held + 10, ACCOUNT)
    assert (item.marketPrice, item.marketValue) == (99.95, round(99.95 * item.position, 2))
    position = app.every("position", since)[-1]
    assert (position.position, position.avgCost) == (item.position, item.averageCost)


@check
def account_values_come_again_after_three_minutes() -> None:
    tick("AAPL", bid=109.9, ask=110.0, last=109.95, size=1000)
    since = app.mark()
    clock(181)
    assert app.every("updatePortfolio", since)[-1].marketPrice == 109.95
    assert app.every("updateAccountTime", since)[-1].timeStamp == "10:04"
    assert {one.key for one in app.every("updateAccountValue", since)} >= {"NetLiquidation", "UnrealizedPnL"}


@check
def the_summary_has_the_tags_asked_for() -> None:
    req_id = app.new_id()
    app.reqAccountSummary(req_id, "All", "NetLiquidation,BuyingPower,AccountType,$LEDGER:ALL")
    app.wait("accountSummaryEnd", reqId=req_id)
    summary = {(one.tag, one.currency): one.value for one in app.every("accountSummary", reqId=req_id)}
    assert summary["AccountType", ""] == "INDIVIDUAL"
    assert float(summary["BuyingPower", "USD"]) > float(summary["NetLiquidation", "USD"])
    assert {currency for _, currency in summary} >= {"USD", "BASE"}
    app.cancelAccountSummary(req_id)


@check
def values_of_one_account_have_a_request_id() -> None:
    req_id = app.new_id()
    app.reqAccountUpdatesMulti(req_id, ACCOUNT, "", False)
    app.wait("accountUpdateMultiEnd", reqId=req_id)
    assert "NetLiquidation" in {one.key for one in app.every("accountUpdateMulti", reqId=req_id)}
    app.cancelAccountUpdatesMulti(req_id)


@check
def profit_streams_move_with_the_market() -> None:
    account, single = app.new_id(), app.new_id()
    app.reqPnL(account, ACCOUNT, "")
    app.reqPnLSingle(single, ACCOUNT, "", 265598)
    before = app.wait("pnlSingle", reqId=single)
    app.wait("pnl", reqId=account)
    tick("AAPL", bid=111.0, ask=111.1, last=111.05, size=1000)
    clock(1)
    told = app.every("pnlSingle", reqId=single)[-1]
    assert told.pos == app.every("position")[-1].position
    assert abs(told.value - 111.05 * told.pos) < 1e-6
    assert abs(told.unrealizedPnL - before.unrealizedPnL - 1.1 * told.pos) < 1e-6
    assert abs(app.every("pnl", reqId=account)[-1].unrealizedPnL - told.unrealizedPnL) < 0.01
    app.cancelPnL(account)
    app.cancelPnLSingle(single)
    app.reqPnL(app.new_id(), "DU0", "")
    assert codes(single + 1) == [321]


@check
def positions_of_one_account_have_a_request_id() -> None:
    req_id = app.new_id()
    app.reqPositionsMulti(req_id, ACCOUNT, "")
    app.wait("positionMultiEnd", reqId=req_id)
    (told,) = app.every("positionMulti", reqId=req_id)
    assert (told.account, told.contract.symbol, told.pos) == (ACCOUNT, "AAPL", app.every("position")[-1].position)
    app.cancelPositionsMulti(req_id)


@check
def updates_can_be_ended() -> None:
    app.reqAccountUpdates(False, ACCOUNT)
    app.cancelPositions()
    app.settle()
    since = app.mark()
    clock(181)
    assert app.every("updateAccountTime", since) == app.every("position", since) == []
    app.reqPositions()
    app.wait("positionEnd", since)
