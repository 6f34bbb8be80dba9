"""Account.
Values (6), holdings (7) and the time (8) of reqAccountUpdates (6) come at once, after a position has changed, and
every three minutes; the summary (63) and the multi-account streams (73, 71) have request ids. Profit (94, 95) comes
once a second when it has changed.
"""

from channel import check
from ib_family.contracts import AAPL
from ib_family.library import ACCOUNT, ib, ibi, settle, unasked
from ib_family.scene import clock, hearing, tick


@check
def the_portfolio_follows_a_fill() -> None:
    tick("AAPL", bid=99.9, ask=100.0, last=99.95, size=1000)
    held = ib.positions()[0].position
    ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
    clock(1)
    (item,) = ib.portfolio()
    assert (item.contract.symbol, item.position, item.account) == ("AAPL", held + 10, ACCOUNT)
    assert item.marketPrice == 99.95
    assert abs(item.marketValue - 99.95 * item.position) < 0.01
    (position,) = ib.positions()
    assert (position.position, position.avgCost) == (item.position, item.averageCost)


@check
def positions_are_told_when_asked() -> None:
    assert [one.position for one in ib.reqPositions()] == [ib.positions()[0].position]


@check
def account_values_come_again_after_three_minutes() -> None:
    times = hearing("updateAccountTime")
    tick("AAPL", bid=109.9, ask=110.0, last=109.95, size=1000)
    clock(181)
    assert times[-1] == ("10:04",), times
    values = {(value.tag, value.currency): value.value for value in ib.accountValues()}
    item = ib.portfolio()[0]
    assert item.marketPrice == 109.95
    assert float(values["UnrealizedPnL", "BASE"]) == item.unrealizedPNL
    assert float(values["StockMarketValue", "USD"]) == item.marketValue


@check
def the_summary_has_the_tags_asked_for() -> None:
    summary = {(value.tag, value.currency): value.value for value in ib.accountSummary()}
    assert float(summary["NetLiquidation", "USD"]) > 900_000, summary
    assert {"AccountType", "BuyingPower", "Cushion"} <= {tag for tag, _ in summary}
    assert any(currency == "BASE" for _, currency in summary)


@check
def profit_streams_move_with_the_market() -> None:
    account = ib.reqPnL(ACCOUNT)
    single = ib.reqPnLSingle(ACCOUNT, "", AAPL.conId)
    settle()
    before = single.unrealizedPnL
    tick("AAPL", bid=111.0, ask=111.1, last=111.05, size=1000)
    clock(1)
    assert single.position == ib.positions()[0].position
    assert abs(single.value - 111.05 * single.position) < 1e-6
    assert abs(single.unrealizedPnL - before - 1.1 * single.position) < 1e-6
    assert abs(account.unrealizedPnL - single.unrealizedPnL) < 0.01
    ib.cancelPnL(ACCOUNT)
    ib.cancelPnLSingle(ACCOUNT, "", AAPL.conId)
    settle()


@check
def positions_of_one_account_have_a_request_id() -> None:
    told, ends = hearing("positionMulti"), hearing("positionMultiEnd")
    req_id = ib.client.getReqId()
    ib.client.reqPositionsMulti(req_id, ACCOUNT, "")
    settle()
    assert [(one[0], one[1], one[3].symbol, one[4]) for one in told] == [
        (req_id, ACCOUNT, "AAPL", ib.positions()[0].position)
    ]
    assert ends == [(req_id,)]
    ib.client.cancelPositionsMulti(req_id)
    settle()


@check
def the_streams_of_values_can_be_ended() -> None:
    req_id = ib.client.getReqId()
    told = hearing("accountUpdateMulti")
    ib.client.reqAccountUpdatesMulti(req_id, ACCOUNT, "", True)
    settle()
    assert {one[3] for one in told} >= {"NetLiquidation", "CashBalance"}
    ib.client.cancelAccountUpdatesMulti(req_id)
    ib.client.reqAccountSummary(req_id, "All", "NetLiquidation")
    ib.client.cancelAccountSummary(req_id)
    settle()


@check
def an_unknown_account_is_refused() -> None:
    errors = hearing("error")
    ib.client.reqPnL(ib.client.getReqId(), "DU0", "")
    settle()
    unasked()
    assert [code for _, code, *_ in errors] == [321]


@check
def account_updates_can_be_ended() -> None:
    times = hearing("updateAccountTime")
    ib.client.reqAccountUpdates(False, ACCOUNT)
    ib.client.cancelPositions()
    clock(181)
    assert times == []
    ib.client.reqAccountUpdates(True, ACCOUNT)
    ib.client.reqPositions()
    settle()
    assert len(times) == 1
