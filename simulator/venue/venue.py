"""The venue: markets, orders, accounts and time behind one door. Pure and synchronous; no I/O, no tasks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from config.environment import Environment
from simulator.contracts import ContractBook, ContractDefinition
from simulator.model import (
    Commission,
    Contract,
    Executed,
    Execution,
    Order,
    OrderChanged,
    OrderError,
    Position,
    PositionChanged,
    PositionProfitAndLoss,
    ProfitAndLoss,
    Quote,
    Ticked,
    VenueEvent,
    WhatIf,
)
from simulator.past import NO_PAST, Past
from simulator.venue.account_values import account_values
from simulator.venue.archive import Archive
from simulator.venue.bookkeeping import Bookkeeping
from simulator.venue.clockwork import Clockwork
from simulator.venue.engine import Engine
from simulator.venue.history import History
from simulator.venue.ids import ExecutionIds
from simulator.venue.ledger import Holding, Ledger
from simulator.venue.liquidation import forced_sales
from simulator.venue.market import Market
from simulator.venue.orders_desk import OrdersDesk
from simulator.venue.pairs import opening_quotes
from simulator.venue.rates import Rates
from simulator.venue.refusal import OrderRefused
from simulator.venue.registry import Registry
from simulator.venue.resumption import resume
from simulator.venue.sessions import Calendars
from simulator.venue.standing import Course, Standing, course_of, held_of
from simulator.venue.valuation import Valuation
from simulator.venue.working import Stage, Working

__all__ = ["Venue"]

_MARGINS_EVERY = timedelta(seconds=1)
_MOVING = frozenset({0, 1, 2, 3, 4, 49})  # tick types that can make an order execute


class Venue:
    """A broker's market side and books.

    Listeners are called synchronously and in order. The orders in their events are the live objects: read them at
    once. A command that a listener gives is carried out when the current one is finished.
    """

    def __init__(
        self,
        environment: Environment,
        contracts: ContractBook,
        *,
        accounts: Sequence[str] = ("DU1234567",),
        cash: Decimal = Decimal("1000000"),
        calendar: str = "always",
        past: Callable[[int], Past] = lambda con_id: NO_PAST,
    ) -> None:
        """Open with `cash` in each account; `past` returns what was before the feed began, by conId.

        Raises ValueError for an unknown calendar (`always`, `XNYS`, …).
        """
        self.contracts = contracts
        self._environment = environment
        self._latest = self._margins_due = environment.now()
        self.events = 0
        """How many events have been told: while that stays as it is, nothing but the clock can change anything."""
        self._margins_looked = -1  # events then
        self._listeners: list[Callable[[VenueEvent], None]] = []
        self._tick_listeners: list[Callable[[VenueEvent], None]] = []  # those of them that hear ticks too
        self._commands: deque[Callable[[], None]] = deque()
        self._busy = False
        calendars = Calendars(calendar, self._latest)
        self._rates = Rates()
        self._registry = Registry()
        self.past = past
        self._history = History(past)
        ledger = Ledger(accounts, cash, self._rates)
        valuation = Valuation(ledger, self._rates, self.quote, self._latest)
        self._books = Bookkeeping(ledger, self._rates, valuation, ExecutionIds(environment.random), self._emit)
        self._engine = Engine(self._registry, self._books, self._emit, self.now, contracts, calendars.of)
        self._desk = OrdersDesk(contracts, self._registry, self._books, self._engine, calendars.of, self.now)
        self.archive = Archive(self._history, calendars, self._desk.definition, self.now)
        self._clock = Clockwork(self._registry, self._engine, valuation, calendars, self._latest)
        for tick in opening_quotes(contracts, self._rates, self._latest):
            self.on_tick(tick)

    # orders

    def subscribe(self, listener: Callable[[VenueEvent], None], *, ticks: bool = True) -> None:
        """Have every event told to `listener` from now on, or all but ticks, of which there are most."""
        self._listeners.append(listener)
        if ticks:
            self._tick_listeners.append(listener)

    def place(self, order: Order) -> None:
        """Place an order, or change the live one with the same client and order id. Answers only through events.

        Raises ValueError for a what-if order: those are asked with `what_if`, and placing one would trade.
        """
        if order.what_if:
            raise ValueError("a what-if order must not be placed")
        self._do(self._place, order)

    def what_if(self, order: Order) -> WhatIf | OrderError:
        """Return what the order would do to its account, or the error with which it would be refused."""
        return self._desk.what_if(order)

    def cancel(self, client_id: int, order_id: int) -> None:
        """Cancel a client's order: Cancelled and 202, or error 10147 (unknown), 10148 (finished), 161 (too late)."""
        self._do(self._cancel, client_id, order_id)

    def cancel_all(self) -> None:
        """Cancel every order of every client."""
        self._do(self._cancel_all)

    def place_beside(self, order: Order) -> None:
        """Place a change of a live order as a second order under the same id, as a degraded link does (INC-08)."""
        self._do(self._desk.place_beside, order)

    def restart_gateway(self, keep: Collection[int]) -> None:
        """Lose every open order whose permId is not in `keep`, and free the order ids of all that is not kept."""
        self._do(self._restart_gateway, frozenset(keep))

    def locate(self, con_id: int) -> None:
        """Find shares to borrow: short sales of the contract that wait for a locate go to the market."""
        self._do(self._locate, con_id)

    def broker_fill(self, perm_id: int, quantity: Decimal, price: Decimal) -> None:
        """Execute an order whatever the market says, even one that is already cancelled (a late fill).

        Raises KeyError for an unknown order, ValueError for more than it has left.
        """
        working = self._registry.records[perm_id]
        if not 0 < quantity <= working.order.remaining:
            raise ValueError(f"order {perm_id} has {working.order.remaining} left, not {quantity}")
        self._do(self._engine.fill, working, quantity, price)

    def manual_trade(
        self,
        account: str,
        contract: Contract,
        signed_quantity: Decimal,
        price: Decimal,
        *,
        liquidation: bool = False,
    ) -> None:
        """Book a trade that no API client made, as by hand in TWS; the broker's own with `liquidation`.

        Raises OrderRefused for an unknown contract, ValueError for no quantity, no price or an unknown account.
        """
        if not signed_quantity or price <= 0 or account not in self.accounts:
            raise ValueError(f"no such trade: {account} {signed_quantity} {contract.symbol} @ {price}")
        definition = self._desk.definition(contract.con_id)
        self._do(self._trade, account, definition, signed_quantity, price, liquidation)

    def deliver_shares(self, account: str, contract: Contract, signed_quantity: Decimal) -> None:
        """Let shares come or go without a trade, as in a split or a transfer. Raises OrderRefused for no contract."""
        self._do(self._deliver_shares, account, self._desk.definition(contract.con_id), signed_quantity)

    def correct(self, exec_id: str, quantity: Decimal, price: Decimal) -> None:
        """Correct an execution; 0 busts it. It is told again under its next version (`….02`), and so is its order.

        Raises KeyError for an unknown execution, ValueError for a negative quantity or price.
        """
        if quantity < 0 or price < 0:
            raise ValueError(f"an execution cannot be corrected to {quantity} @ {price}")
        self._do(self._correct, self._books.number_of(exec_id), quantity, price)

    @property
    def orders(self) -> Mapping[int, Order]:
        """perm id → order, finished ones too."""
        return self._registry.orders

    def find(self, client_id: int, order_id: int) -> Order | None:
        """Return what a client means by its order id, finished or not; None if it was never accepted."""
        working = self._registry.find(client_id, order_id)
        return None if working is None else working.order

    @property
    def executions(self) -> Sequence[Execution]:
        """All executions in their latest versions, oldest first."""
        return self._books.executions

    @property
    def commissions(self) -> Mapping[str, Commission]:
        """execution id → commission."""
        return self._books.commissions

    # going on from a book

    def course(self, perm_id: int) -> Course:
        """Return where an order is on its way. Raises KeyError."""
        return course_of(self._registry.records[perm_id])

    def standing(self) -> Standing:
        """Return all that `resume` needs."""
        books, find = self._books, self._registry.find
        return Standing(
            time=self.now(),
            orders=[(one.order, course_of(one)) for one in self._registry.records.values()],
            fills=[(one, books.commissions[one.exec_id]) for one in books.executions],
            opening_cash=books.ledger.opening_cash,
            purses={account: dict(books.ledger.cash(account)) for account in self.accounts},
            holdings=held_of(books.ledger),
            rates=self._rates.all(),
            day_began=books.ledger.day_began,
            day_start=dict(books.valuation.day_start),
            freed=[number for number, one in self.orders.items() if find(one.client_id, one.order_id) is None],
            refused=list(self._registry.refused),
        )

    def resume(self, standing: Standing) -> None:
        """Go on from where a venue was, before anything has happened here: orders that were due meanwhile are ended.

        Raises ValueError for a standing that is not consistent or not of these accounts and contracts.
        """
        records = resume(standing, self._registry, self._books, self._desk)
        self._do(self._enter_again, records)
        self._clock.resume(standing.time, self.now())
        self.advance(self.now())

    # accounts

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts, the default one first."""
        return self._books.ledger.accounts

    def positions(self) -> list[Position]:
        """Return what is held; flat positions are left out."""
        ledger = self._books.ledger
        return [one.position() for account in ledger.accounts for one in ledger.holdings(account) if one.quantity]

    def cash(self, account: str) -> Decimal:
        """Return the account's cash, all currencies together, in US dollars."""
        purse = self._books.ledger.cash(account)
        return sum((amount * self._rates.of(currency) for currency, amount in purse.items()), Decimal(0))

    def cash_by_currency(self, account: str) -> dict[str, Decimal]:
        """Return currency → cash."""
        return dict(self._books.ledger.cash(account))

    def account_values(self, account: str) -> dict[tuple[str, str], str]:
        """Return (key, currency) → value under TWS's names."""
        return account_values(account, self._books.ledger, self._books.valuation)

    def pnl(self, account: str) -> ProfitAndLoss:
        """Return the account's profit of the day, in US dollars."""
        return self._books.valuation.profit(account)

    def pnl_single(self, account: str, con_id: int) -> PositionProfitAndLoss:
        """Return one position's profit of the day. Raises OrderRefused (200) for an unknown contract."""
        holding = self._books.ledger.holding(account, self._desk.definition(con_id))
        return self._books.valuation.position_profit(holding)

    def market_price(self, con_id: int) -> Decimal:
        """Return the price at which a contract is valued; 0 if it never had one."""
        return self._books.valuation.mark(self._desk.definition(con_id))

    # markets and time

    def on_tick(self, tick: Ticked) -> None:
        """Take a tick into the quote, execute what it allows, then tell the tick."""
        self._do(self._tick, tick)

    def quote(self, con_id: int) -> Quote:
        """Return the market of a contract as it stands; all NaN if it has had no tick."""
        market = self._engine.markets.get(con_id)
        return Quote() if market is None else market.quote

    def now(self) -> datetime:
        """Return the venue's time: the environment's, or the latest that it was told."""
        return max(self._environment.now(), self._latest)

    def advance(self, now: datetime) -> None:
        """Let time pass: sessions open and close, orders start and expire, the day's profit begins anew.

        Once a second of that time margins are looked at: an account whose margin is no longer covered is liquidated
        step by step.
        """
        self._do(self._advance, now)

    @property
    def due(self) -> datetime:
        """When `advance` will have something to do, unless an event is told before: then at once."""
        wakes = self._clock.wakes
        return wakes if self._margins_looked == self.events else min(wakes, self._margins_due)

    # what the commands do

    def _do(self, command: Callable[..., None], *arguments: object) -> None:
        if self._busy:
            self._commands.append(partial(command, *arguments))
            return
        self._busy = True
        try:
            command(*arguments)
            self._engine.settle()
            while self._commands:
                self._commands.popleft()()
                self._engine.settle()
        finally:
            self._busy = False
            self._commands.clear()

    def _emit(self, event: VenueEvent) -> None:
        self.events += 1
        for listener in self._tick_listeners if event.__class__ is Ticked else self._listeners:
            listener(event)

    def _place(self, order: Order) -> None:
        self._desk.place(order)
        working = self._registry.find(order.client_id, order.order_id)
        if working is not None:
            self._clock.consider(working, self.now())

    def _enter_again(self, records: Sequence[Working]) -> None:
        for working in records:
            if working.stage not in (Stage.HELD, Stage.DONE):
                self._engine.enter(working)

    def _cancel(self, client_id: int, order_id: int) -> None:
        try:
            working = self._registry.to_cancel(client_id, order_id)
        except OrderRefused as refusal:
            self._emit(OrderError(order_id, client_id, refusal.code, refusal.text))
        else:
            self._cancel_one(working)

    def _cancel_one(self, working: Working) -> None:
        try:
            self._desk.cancel(working)
        except OrderRefused as refusal:
            self._engine.refuse(working.order, refusal.code, refusal.text)

    def _cancel_all(self) -> None:
        for working in [*self._registry.live.values()]:
            if working.stage is not Stage.DONE:
                self._cancel_one(working)

    def _restart_gateway(self, keep: frozenset[int]) -> None:
        for perm_id, working in [*self._registry.live.items()]:
            if perm_id not in keep and working.stage is not Stage.DONE:
                self._desk.drop(working)
        self._registry.forget(keep)

    def _locate(self, con_id: int) -> None:
        for working in [*self._registry.live.values()]:
            if working.stage is Stage.LOCATE and working.definition.contract.con_id == con_id:
                working.located = True
                self._engine.enter(working)

    def _trade(
        self, account: str, definition: ContractDefinition, signed: Decimal, price: Decimal, liquidation: bool
    ) -> None:
        perm_id = next(self._registry.perm_ids)
        execution, commission, position = self._books.execute_foreign(
            account, definition, signed, price, self.now(), perm_id, liquidation
        )
        self._emit(Executed(None, execution))
        self._books.tell(execution, commission, position)
        self._engine.hear(execution)

    def _deliver_shares(self, account: str, definition: ContractDefinition, signed: Decimal) -> None:
        self._emit(PositionChanged(self._books.ledger.deliver(account, definition, signed).position()))

    def _correct(self, number: int, quantity: Decimal, price: Decimal) -> None:
        working = self._registry.records.get(self._books.executions[number].perm_id)
        execution, commission, position = self._books.correct(number, quantity, price, working)
        self._emit(Executed(None if working is None else working.order, execution))
        if working is not None:
            self._emit(OrderChanged(working.order))
        self._books.tell(execution, commission, position)

    def _liquidate(self) -> None:
        def market_of(holding: Holding) -> Market:
            return self._engine.market(holding.definition)

        for forced in forced_sales(self._books.ledger, self._books.valuation, market_of):
            self._trade(forced.holding.account, forced.holding.definition, forced.signed, forced.price, True)

    def _tick(self, tick: Ticked) -> None:
        if tick.time > self._latest:
            self._latest = tick.time
            if tick.time >= self._clock.wakes:
                self._clock.advance(tick.time)
        con_id = tick.contract.con_id
        market = self._engine.markets.get(con_id) or self._engine.market(self._desk.definition(con_id))
        market.update(tick)
        self._history.add(con_id, tick.tick_type, tick.price, tick.size, tick.time)
        if market.definition.contract.sec_type == "CASH" and tick.tick_type in (1, 2):
            self._rates.learn(market.definition.contract, market.quote)
        if not market.idle:
            if tick.tick_type in _MOVING:
                self._engine.tick(market, tick.tick_type, Decimal(tick.size if tick.tick_type == 4 else 0))
            if market.watchers:
                self._engine.look_on(market, tick.tick_type)
        self._emit(tick)

    def _advance(self, now: datetime) -> None:
        self._latest = max(self._latest, now)
        self._clock.advance(now)
        if not timedelta(0) < self._margins_due - now <= _MARGINS_EVERY:  # due, or the clock has been set back
            self._margins_due = now + _MARGINS_EVERY
            self._margins_looked = self.events
            self._liquidate()
