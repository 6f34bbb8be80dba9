"""Contract definitions of the paper TWS: what can be traded, and what `reqContractDetails` tells about it.

The ids are stable within this program. They are not promised to be Interactive Brokers' own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from attrs import field, frozen
from attrs.validators import ge, le

from simulator.market_rules import MARKET_RULES, increment_at, on_tick
from simulator.model import Contract

__all__ = ["ContractBook", "ContractDefinition"]

_ORDER_TYPES = (
    "ACTIVETIM,ALERT,ALGO,AON,COND,DAY,FOK,GAT,GTC,GTD,HID,ICE,IOC,LIT,LMT,LOC,MIDPX,MIT,MKT,MOC,"
    "OCA,OPG,SCALE,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,WHATIF"
)


@frozen(slots=True, kw_only=True)
class ContractDefinition:
    """One instrument with everything that is told about it."""

    contract: Contract
    long_name: str = ""
    market_rule_id: int = 26
    min_tick: Decimal = Decimal("0.01")  # the smallest increment anywhere in the rule
    valid_exchanges: str = "SMART"  # comma separated; the rule holds on each
    order_types: str = _ORDER_TYPES
    price_magnifier: int = 1
    industry: str = ""
    category: str = ""
    subcategory: str = ""
    time_zone: str = "US/Eastern"
    calendar: str = "XNYS"  # name in exchange_calendars
    min_size: Decimal = Decimal(1)
    size_increment: Decimal = Decimal(1)
    lot: Decimal = Decimal(1)  # orders must be a multiple
    stock_type: str = ""
    under_con_id: int = 0
    under_symbol: str = ""
    under_sec_type: str = ""
    isin: str = ""
    hard_to_borrow: bool = False  # short sales wait for a locate
    reference_price: float = 100.0  # where a synthetic feed begins
    volatility: float = 0.30  # annual, of the synthetic feed
    daily_volume: int = 5_000_000
    market_correlation: float = field(default=0.7071, validator=[ge(-1.0), le(1.0)])
    """of the synthetic feed's walk with what moves all of them; below 0 it goes against the market"""

    @property
    def bands(self) -> tuple[tuple[Decimal, Decimal], ...]:
        """The market rule: (low edge, increment), rising."""
        return MARKET_RULES[self.market_rule_id]

    @property
    def contract_month(self) -> str:
        """Year and month of expiry, '' for what does not expire."""
        return self.contract.last_trade_date[:6]

    def increment(self, price: Decimal) -> Decimal:
        """Return the price increment in force at `price`."""
        return increment_at(self.bands, price)

    def on_tick(self, price: Decimal) -> bool:
        """Whether an order at `price` keeps the market rule; TWS refuses others with 110."""
        return on_tick(self.bands, price)


class ContractBook:
    """All definitions, searched as TWS searches: by conId, or by whichever fields are given."""

    def __init__(self, definitions: Iterable[ContractDefinition] = ()) -> None:
        self._by_con_id: dict[int, ContractDefinition] = {}
        self._by_symbol: dict[str, list[ContractDefinition]] = {}
        for definition in definitions:
            self.add(definition)

    def __len__(self) -> int:
        return len(self._by_con_id)

    def __iter__(self) -> Iterator[ContractDefinition]:
        return iter(self._by_con_id.values())

    def add(self, definition: ContractDefinition) -> None:
        """Add a definition, or replace the one of the same conId."""
        con_id = definition.contract.con_id
        if con_id <= 0:
            raise ValueError(f"conId must be positive, not {con_id} ({definition.contract.symbol})")
        previous = self._by_con_id.get(con_id)
        if previous is not None:
            self._by_symbol[previous.contract.symbol].remove(previous)
        self._by_con_id[con_id] = definition
        self._by_symbol.setdefault(definition.contract.symbol, []).append(definition)

    def by_con_id(self, con_id: int) -> ContractDefinition | None:
        """Return the definition with this id, or None."""
        return self._by_con_id.get(con_id)

    def increment(self, con_id: int, price: Decimal) -> Decimal:
        """Return the price increment in force at `price`. Raises KeyError for an unknown contract."""
        return self._by_con_id[con_id].increment(price)

    def find(
        self,
        symbol: str = "",
        sec_type: str = "",
        exchange: str = "",
        currency: str = "",
        *,
        last_trade_date: str = "",
        strike: float = 0.0,
        right: str = "",
        multiplier: str = "",
        primary_exchange: str = "",
        local_symbol: str = "",
        trading_class: str = "",
    ) -> list[ContractDefinition]:
        """Return the definitions that agree with every field given; '' and 0 match anything.

        Neither symbol nor local symbol given finds nothing, as at TWS. Six digits of a date are a month.
        """
        found = []
        side = right[:1].upper() if right not in ("", "?") else ""
        for definition in self._candidates(symbol, local_symbol):
            known = definition.contract
            exact = (
                (sec_type, known.sec_type),
                (currency, known.currency),
                (side, known.right),
                (multiplier, known.multiplier),
                (local_symbol, known.local_symbol),
                (trading_class, known.trading_class),
            )
            if (
                all(not asked or asked == have for asked, have in exact)
                and known.last_trade_date.startswith(last_trade_date)
                and (not strike or strike == known.strike)
                and _trades_on(definition, exchange)
                and (not primary_exchange or _trades_on(definition, primary_exchange))
            ):
                found.append(definition)
        return found

    def matching(self, pattern: str) -> list[ContractDefinition]:
        """Answer `reqMatchingSymbols`: the symbol begins with the pattern, or the name contains it."""
        wanted = pattern.strip().upper()
        if not wanted:
            return []
        named = [d for d in self if d.contract.sec_type in ("STK", "IND", "CASH")]
        first = [d for d in named if d.contract.symbol.startswith(wanted)]
        first.sort(key=lambda d: (d.contract.symbol != wanted, d.contract.symbol))
        rest = [d for d in named if d not in first and wanted in d.long_name.upper()]
        return (first + rest)[:16]

    def _candidates(self, symbol: str, local_symbol: str) -> list[ContractDefinition]:
        if symbol:
            return self._by_symbol.get(symbol, [])
        return [d for d in self if local_symbol and d.contract.local_symbol == local_symbol]


def _trades_on(definition: ContractDefinition, exchange: str) -> bool:
    return (
        not exchange
        or exchange == definition.contract.primary_exchange
        or exchange in definition.valid_exchanges.split(",")
    )
