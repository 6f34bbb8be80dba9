"""Connecting.
The client greets with `API` and the versions it can speak; the server answers with the one both know and its time,
and says nothing else until startApi (71) names the client id. Then come the accounts (15), the next valid order id
(9) and notices about the data farms (4, with id -1).
ib_insync and ib_async go on by themselves: positions (61), open orders (5), completed orders (99), account
updates (6 and 76), and when all of these have ended, executions (7). Each answer ends with a message of its own.
"""

from channel import check
from ib_family.library import ACCOUNT, PORT, VERSION, ib, settle
from ib_family.scene import hearing


@check
def connects_and_synchronises_without_a_warning() -> None:
    ib.connect("127.0.0.1", PORT, clientId=7, timeout=5)
    assert ib.isConnected()


@check
def speaks_the_version_that_both_know() -> None:
    assert ib.client.serverVersion() == VERSION


@check
def is_told_the_accounts_and_counts_from_the_next_valid_id() -> None:
    assert ib.managedAccounts() == [ACCOUNT]
    assert 1 < ib.client.getReqId() < 10  # from the next valid id on; the questions so far have used some


@check
def account_values_are_in_after_connecting() -> None:
    values = {(value.tag, value.currency): value.value for value in ib.accountValues()}
    assert values["NetLiquidation", "USD"] == "1000000.00", values
    assert values["TotalCashBalance", "BASE"], values
    assert ib.positions() == ib.trades() == ib.fills() == ib.portfolio() == []


@check
def the_time_is_the_brokers() -> None:
    assert ib.reqCurrentTime().isoformat() == "2026-11-23T15:00:00+00:00"


@check
def accounts_and_ids_are_told_again_when_asked() -> None:
    accounts, ids = hearing("managedAccounts"), hearing("nextValidId")
    ib.client.reqManagedAccts()
    ib.client.reqIds(1)
    ib.client.setServerLogLevel(2)
    settle()
    assert (accounts, ids) == ([(ACCOUNT,)], [(1,)])
