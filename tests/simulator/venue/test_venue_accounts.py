"""Cash, cost, profit, commissions, margin, account values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator.model import Contract
from simulator.venue.commissions import order_commission

ACCOUNT = "DU1234567"
STOCK = Contract(1, "A")


@pytest.mark.parametrize(
    ("contract", "quantity", "value", "expected"),
    [
        (STOCK, 100, 23_000, "1.00"),
        (STOCK, 1_000, 230_000, "5.00"),
        (STOCK, 100, 50, "0.50"),
        (STOCK, 333, 9_999, "1.665"),
        (Contract(1, "A", "OPT"), 1, 350, "1.00"),
        (Contract(1, "A", "OPT"), 10, 3_500, "6.50"),
        (Contract(1, "A", "FUT"), 2, 600_000, "4.50"),
        (Contract(1, "EUR", "CASH"), 20_000, 21_600, "2.00"),
        (Contract(1, "EUR", "CASH"), 1_000_000, 1_080_000, "21.60"),
        (Contract(1, "700", currency="HKD"), 100, 44_000, "35.20"),
        (Contract(1, "700", currency="HKD"), 100, 4_000, "18.00"),
    ],
)
def test_commissions_follow_the_fixed_schedule(contract: Contract, quantity: int, value: int, expected: str) -> None:
    amount = order_commission(contract, Decimal(quantity), Decimal(value))
    assert str(amount) == expected


def test_the_minimum_is_charged_once_an_order_not_once_a_fill(bench: Any) -> None:
    bench.quote(229.98, 230.02, 100)
    bench.place("BUY", 300)
    bench.tick(3, 230.02, 100)
    bench.tick(3, 230.02, 100)
    charged = [one.amount for one in bench.venue.commissions.values()]
    assert charged == [Decimal("1.00"), Decimal(0), Decimal("0.50")]


def test_cost_includes_commission_and_profit_is_by_average_cost(bench: Any) -> None:
    bench.quote(99.98, 100.00)
    bench.place("BUY", 100)
    bench.quote(109.98, 110.00)
    bench.place("BUY", 100)
    (position,) = bench.venue.positions()
    assert position.average_cost == Decimal("105.01")
    assert bench.venue.cash(ACCOUNT) == Decimal("1000000") - 21_000 - 2
    bench.quote(120.00, 120.02)
    bench.place("SELL", 50)
    commission = list(bench.venue.commissions.values())[-1]
    assert commission.realized_pnl == Decimal("50") * (Decimal(120) - Decimal("105.01")) - 1
    assert next(iter(bench.venue.commissions.values())).realized_pnl is None
    (position,) = bench.venue.positions()
    assert (position.quantity, position.average_cost) == (150, Decimal("105.01"))


def test_one_fill_through_zero_closes_and_opens(bench: Any) -> None:
    bench.quote(99.98, 100.00)
    bench.place("BUY", 100)
    bench.quote(110.00, 110.02)
    bench.place("SELL", 300)
    (position,) = bench.venue.positions()
    assert position.quantity == -200
    commission = list(bench.venue.commissions.values())[-1]
    assert commission.amount == Decimal("1.50")
    assert commission.realized_pnl == Decimal("1000") - 1 - Decimal("0.50")
    assert position.average_cost == Decimal("110") - Decimal("1") / 200, "a short's cost is net of commission"


def test_a_short_profits_when_the_price_falls(bench: Any) -> None:
    bench.quote(100.00, 100.02)
    bench.place("SELL", 100)
    bench.quote(89.98, 90.00)
    bench.place("BUY", 100)
    assert list(bench.venue.commissions.values())[-1].realized_pnl == 1000 - 2
    assert bench.venue.cash(ACCOUNT) == 1_000_000 + 998
    assert bench.venue.positions() == []


def test_the_days_profit_is_realised_plus_unrealised(bench: Any) -> None:
    bench.quote(100.00, 100.00)
    bench.place("BUY", 100)
    bench.quote(104.00, 104.00)
    bench.place("SELL", 50)
    account, single = bench.venue.pnl(ACCOUNT), bench.venue.pnl_single(ACCOUNT, bench.contract("AAPL").con_id)
    assert account.realized == single.realized == Decimal("200") - 1 - Decimal("0.5")
    assert account.unrealized == single.unrealized == Decimal("200") - Decimal("0.5")
    assert account.daily == single.daily == account.realized + account.unrealized
    assert (single.position, single.value) == (50, 5200)


def test_a_new_day_counts_from_zero(bench: Any) -> None:
    bench.quote(100.00, 100.00)
    bench.place("BUY", 100)
    bench.quote(104.00, 104.00)
    bench.place("SELL", 50)
    bench.pass_time(hours=13)
    assert bench.venue.pnl(ACCOUNT).daily == 0
    assert bench.venue.pnl(ACCOUNT).realized == 0
    bench.quote(105.00, 105.00)
    assert bench.venue.pnl(ACCOUNT).daily == 50
    assert bench.venue.pnl_single(ACCOUNT, bench.contract("AAPL").con_id).daily == 50


def test_account_values_have_tws_names_and_agree(bench: Any) -> None:
    bench.quote(100.00, 100.00)
    bench.place("BUY", 1000)
    values = bench.venue.account_values(ACCOUNT)

    def amount(name: str) -> Decimal:
        return Decimal(values[name, "USD"])

    assert amount("TotalCashValue") == 1_000_000 - 100_000 - 5
    assert amount("GrossPositionValue") == 100_000
    assert amount("NetLiquidation") == 1_000_000 - 5
    assert amount("InitMarginReq") == 50_000
    assert amount("MaintMarginReq") == 25_000
    assert amount("AvailableFunds") == amount("EquityWithLoanValue") - amount("InitMarginReq")
    assert amount("ExcessLiquidity") == amount("EquityWithLoanValue") - amount("MaintMarginReq")
    assert amount("BuyingPower") == 2 * amount("AvailableFunds")
    assert amount("UnrealizedPnL") == -5
    assert amount("RealizedPnL") == 0
    assert values["AccountReady", ""] == "true"
    assert values["CashBalance", "BASE"] == values["CashBalance", "USD"]


def test_several_accounts_are_kept_apart(make_bench: Any) -> None:
    bench = make_bench(accounts=("DU1", "DU2"), cash=Decimal("5000"))
    bench.quote(100.00, 100.00)
    bench.place("BUY", 10, account="DU1")
    bench.place("SELL", 20, account="DU2")
    bench.place("BUY", 1)
    assert bench.held(account="DU1") == 11, "the first account is the default"
    assert bench.held(account="DU2") == -20
    assert bench.venue.cash("DU2") == 5000 + 2000 - 1


def test_foreign_currency_is_kept_in_its_own(bench: Any) -> None:
    bench.quote(440.0, 440.2, 10_000, symbol="700")
    bench.place("BUY", 100, symbol="700")
    purse = bench.venue.cash_by_currency(ACCOUNT)
    assert purse["HKD"] == -Decimal("44020") - Decimal("35.216")
    assert purse["USD"] == 1_000_000
    assert bench.venue.cash(ACCOUNT) == 1_000_000 + purse["HKD"] * Decimal("0.128")
    assert Decimal(bench.venue.account_values(ACCOUNT)["StockMarketValue", "BASE"]) > 0


def test_a_currency_pair_moves_two_purses_and_the_rate(bench: Any) -> None:
    euro = bench.contracts.find("EUR", "CASH")[0].contract
    bench.quote(1.0999, 1.1001, 1_000_000, symbol=euro)
    bench.place("BUY", 20_000, contract=euro)
    purse = bench.venue.cash_by_currency(ACCOUNT)
    assert purse["EUR"] == 20_000
    assert purse["USD"] == 1_000_000 - Decimal("22002") - 2
    assert bench.venue.cash(ACCOUNT) == purse["USD"] + 20_000 * Decimal("1.1")


def test_a_future_moves_cash_only_by_what_it_realises(bench: Any) -> None:
    (future, *_) = [one.contract for one in bench.contracts if one.contract.sec_type == "FUT"]
    multiplier = Decimal(future.multiplier)
    bench.quote(5000.0, 5000.25, 50, symbol=future)
    bench.place("BUY", 2, contract=future)
    assert bench.venue.cash(ACCOUNT) == 1_000_000 - Decimal("4.50")
    bench.quote(5010.0, 5010.25, 50, symbol=future)
    assert bench.venue.pnl(ACCOUNT).unrealized == 2 * multiplier * Decimal("9.875") - Decimal("4.50"), "at the middle"
    bench.place("SELL", 2, contract=future)
    assert bench.venue.cash(ACCOUNT) == 1_000_000 - 9 + 2 * multiplier * Decimal("9.75")


def test_an_option_costs_its_multiplier_and_lends_nothing(bench: Any) -> None:
    option = next(one.contract for one in bench.contracts if one.contract.sec_type == "OPT")
    bench.quote(34.9, 35.0, 50, symbol=option)
    bench.place("BUY", 2, contract=option)
    assert bench.venue.cash(ACCOUNT) == 1_000_000 - 7000 - Decimal("1.30")
    (position,) = bench.venue.positions()
    assert position.average_cost == Decimal("3500.65")
    values = bench.venue.account_values(ACCOUNT)
    assert Decimal(values["EquityWithLoanValue", "USD"]) == bench.venue.cash(ACCOUNT)
    assert Decimal(values["OptionMarketValue", "BASE"]) == 2 * 3495
