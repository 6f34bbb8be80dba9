"""What goes wrong at the broker and the exchange: executions corrected, trading halted, shares not to be borrowed."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from random import Random

from attrs import evolve

from simulation.machine import Machine
from simulation.market import Market
from simulation.plan import Act
from simulator.faults import verbs as v
from simulator.model import Position

__all__ = ["BrokerTrouble"]

_UNSET = "1.7976931348623157E308"  # IB's word for no value


class BrokerTrouble:
    """Carries out the faults of the broker. Each returns what came of it."""

    def __init__(self, machine: Machine, market: Market, later: Callable[[float, Callable[[], object]], None]) -> None:
        """`later(seconds, do)` does something later, unless the storm has settled by then."""
        self._machine, self._market, self._later = machine, market, later
        self._paper = machine.paper
        self._ends: list[Callable[[], object]] = []  # of what has begun and not ended

    def settle(self) -> None:
        """End what goes on."""
        ends, self._ends = self._ends, []
        for end in ends:
            end()

    def _until(self, seconds: float, end: Callable[[], object]) -> str:
        def over() -> None:
            if end in self._ends:
                self._ends.remove(end)
                end()

        self._ends.append(end)
        self._later(seconds, over)
        return "begun"

    def correction(self, act: Act, how: str, back: int) -> str:
        """Correct an execution, or bust it."""
        executions = [one for one in self._paper.venue.executions if one.quantity]
        if not executions:
            return "nothing has been executed"
        dice, one = Random(act.seed), executions[-min(back, len(executions))]
        price, quantity = one.price, one.quantity
        match how:
            case "price":
                price += Decimal(dice.choice((-5, -1, 1, 3))) / 100
            case "less" if quantity > 1:
                quantity -= max(Decimal(1), quantity // dice.choice((2, 4, 100)))
            case _:
                quantity = Decimal(0)
        self._paper.venue.correct(one.exec_id, quantity, price)
        return f"{one.exec_id} {one.side} {one.quantity} {one.contract.symbol} @ {one.price} is {quantity} @ {price}"

    def commissions(self, act: Act, how: str, seconds: float) -> str:
        """Commissions are told late, never, or without a value."""
        about, name = ("commissionReport",), f"commissions {act.seed}"
        faults = self._paper.faults
        match how:
            case "late":
                faults.do(v.Delay(messages=about, everyone=True, name=name, seconds=seconds))
            case "never":
                faults.do(v.Drop(messages=about, everyone=True, name=name))
            case _:
                faults.do(v.Alter(messages=about, everyone=True, name=name, set={"commission": _UNSET}))
        return self._until(seconds, partial(faults.release, name))

    def trading_halt(self, act: Act, symbol: str, seconds: float, kind: int, jump: float) -> str:
        """The exchange halts a symbol; it goes on at another price."""
        if not self._market.halt(symbol, kind):
            return "it is halted already"
        return self._until(seconds, partial(self._market.resume, symbol, jump))

    def still(self, act: Act, symbol: str, seconds: float) -> str:
        """No tick of a symbol comes from the exchange."""
        self._market.still[symbol] += 1
        return self._until(seconds, partial(self._market.still.subtract, (symbol,)))

    def locate(self, act: Act, symbol: str, seconds: float) -> str:
        """Shares to sell short have to be found first."""
        contracts = self._paper.contracts
        easy = contracts.find(symbol, "STK")[0]
        if easy.hard_to_borrow:
            return "they are looked for already"
        contracts.add(evolve(easy, hard_to_borrow=True))

        def found() -> None:
            contracts.add(easy)
            self._paper.venue.locate(easy.contract.con_id)

        return self._until(seconds, found)

    def liquidation(self, act: Act) -> str:
        """The broker sells, or buys, a part of what is held."""
        one = self._any_position(act)
        if one is None:
            return "nothing is held"
        part = max(Decimal(1), abs(one.quantity) // Random(act.seed).choice((1, 2, 4)))
        signed = -part if one.quantity > 0 else part
        price = Decimal(f"{self._market.prices[one.contract.symbol]:.2f}")
        self._paper.venue.manual_trade(one.account, one.contract, signed, price, liquidation=True)
        return f"liquidated {signed} {one.contract.symbol} @ {price}"

    def split(self, act: Act, symbol: str, ratio: int, seconds: float) -> str:
        """A split: more shares, each worth less, and the broker cancels what works; after a while it is taken back.

        What has been traded meanwhile stays: only the shares that came without a trade go again.
        """
        held = [one for one in self._paper.venue.positions() if one.contract.symbol == symbol]
        if not held or not self._market.halt(symbol, 1):
            return "nothing is held, or it is halted"
        one, more = held[0], held[0].quantity * (ratio - 1)
        venue = self._paper.venue
        for order in [each for each in venue.orders.values() if not each.done and each.contract.symbol == symbol]:
            venue.cancel(order.client_id, order.order_id)
        venue.deliver_shares(one.account, one.contract, more)
        self._market.resume(symbol, -math.log(ratio))

        def back() -> None:
            venue.deliver_shares(one.account, one.contract, -more)
            self._market.shift(symbol, math.log(ratio))

        return f"{self._until(seconds, back)}: {more} {symbol} more"

    def _any_position(self, act: Act) -> Position | None:
        held = [one for one in self._paper.venue.positions() if one.contract.symbol in self._market.prices]
        return Random(act.seed).choice(held) if held else None
