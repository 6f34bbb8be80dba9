"""What all requests have, and how a request describes a contract."""

from __future__ import annotations

from attrs import frozen

__all__ = ["ContractQuery", "Request"]


@frozen(slots=True)
class ContractQuery:
    """The description of a contract in a request; '' and 0 leave a field open."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    last_trade_date: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary_exchange: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""


@frozen(slots=True)
class Request:
    """A request without parameters, or the base of one that has some."""

    @property
    def answered_on(self) -> int:
        """The id that an error about this request carries; -1 for requests without one."""
        return int(getattr(self, "req_id", -1))
