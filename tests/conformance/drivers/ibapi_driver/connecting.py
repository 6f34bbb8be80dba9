"""Connecting.
The client greets with `API` and the versions it can speak; the server answers with the one both know and its time,
and says nothing else until startApi (71) names the client id: ibapi throws away what comes together with the
version. Then come the accounts (15), the next valid order id (9) and notices about the data farms (4, with id -1).
"""

from channel import check
from ibapi_driver.client import ACCOUNT, VERSION, app


@check
def connects_and_is_told_the_accounts_and_an_order_id() -> None:
    app.start(7)
    assert app.wait("nextValidId").orderId == 1
    assert app.wait("managedAccounts").accountsList == ACCOUNT


@check
def speaks_the_version_that_both_know() -> None:
    assert app.serverVersion() == VERSION
    assert app.twsConnectionTime() == b"20261123 10:00:00 US/Eastern"


@check
def hears_that_the_data_farms_are_up() -> None:
    for code in (2104, 2106, 2158):
        app.wait("error", reqId=-1, errorCode=code)


@check
def the_time_is_the_brokers() -> None:
    app.reqCurrentTime()
    assert app.wait("currentTime").time == 1795446000


@check
def accounts_and_ids_are_told_again_when_asked() -> None:
    since = app.mark()
    app.reqIds(1)
    assert app.wait("nextValidId", since).orderId == 1
    app.setServerLogLevel(2)
    app.reqManagedAccts()
    assert app.wait("managedAccounts", since).accountsList == ACCOUNT
