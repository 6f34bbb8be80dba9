"""Messages about accounts, positions and profit."""

from __future__ import annotations

from decimal import Decimal

from simulator.model import Contract, Position
from simulator.wire.fields import UNSET_DOUBLE
from simulator.wire.order_answers import contract11
from simulator.wire.session_answers import Fields

__all__ = ["account_value", "portfolio_value"]


def account_value(key: str, value: str, currency: str, account: str) -> Fields:
    """One value of an account."""
    return [6, 2, key, value, currency, account]


def portfolio_value(
    position: Position, price: Decimal, unrealized: Decimal, realized: Decimal, value: Decimal
) -> Fields:
    """A holding with its market value. Prices and amounts are in the contract's currency."""
    contract = position.contract
    return [
        7,
        8,
        *_contract_without_route(contract),
        position.quantity,
        price,
        value,
        position.average_cost,
        unrealized,
        realized,
        position.account,
    ]


def _contract_without_route(contract: Contract) -> Fields:
    return [
        contract.con_id,
        contract.symbol,
        contract.sec_type,
        contract.last_trade_date,
        contract.strike,
        contract.right,
        contract.multiplier,
        contract.primary_exchange,
        contract.currency,
        contract.local_symbol,
        contract.trading_class,
    ]


def account_time(clock: str) -> Fields:
    """When the account was last told, as HH:MM."""
    return [8, 1, clock]


def account_download_end(account: str) -> Fields:
    """The account has been told in full once."""
    return [54, 1, account]


def position(held: Position) -> Fields:
    """A holding. TWS leaves the exchange of a stock empty here."""
    fields = contract11(held.contract)
    if held.contract.sec_type == "STK":
        fields[7] = ""
    return [61, 3, held.account, *fields, held.quantity, held.average_cost]


def position_end() -> Fields:
    """No more positions."""
    return [62, 1]


def position_multi(req_id: int, held: Position) -> Fields:
    """A holding, for reqPositionsMulti."""
    return [71, 1, req_id, *position(held)[2:], ""]


def position_multi_end(req_id: int) -> Fields:
    """No more positions for this request."""
    return [72, 1, req_id]


def account_summary(req_id: int, account: str, tag: str, value: str, currency: str) -> Fields:
    """One tag of an account's summary."""
    return [63, 1, req_id, account, tag, value, currency]


def account_summary_end(req_id: int) -> Fields:
    """The summary has been told once."""
    return [64, 1, req_id]


def account_update_multi(req_id: int, account: str, key: str, value: str, currency: str) -> Fields:
    """One value of an account, for reqAccountUpdatesMulti."""
    return [73, 1, req_id, account, "", key, value, currency]


def account_update_multi_end(req_id: int) -> Fields:
    """The account has been told in full once."""
    return [74, 1, req_id]


def _amount(value: Decimal | None) -> Decimal | str:
    return UNSET_DOUBLE if value is None else value


def pnl(req_id: int, daily: Decimal | None, unrealized: Decimal | None, realized: Decimal | None) -> Fields:
    """Profit of an account."""
    return [94, req_id, _amount(daily), _amount(unrealized), _amount(realized)]


def pnl_single(
    req_id: int,
    quantity: Decimal,
    daily: Decimal | None,
    unrealized: Decimal | None,
    realized: Decimal | None,
    value: Decimal | None,
) -> Fields:
    """Profit of one holding."""
    return [95, req_id, quantity, _amount(daily), _amount(unrealized), _amount(realized), _amount(value)]
