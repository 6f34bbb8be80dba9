"""Contracts: what the broker knows a symbol as."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import trio
from attrs import define, field
from ib_insync.contract import Contract, ContractDetails

from actors.gateway.sender import Sender
from actors.ib.client import WireClient
from actors.ib.contract import instrument_of, market_rule_of, query_for
from messages.gateway import Priority
from messages.market import ContractQuery, Instrument

__all__ = ["ContractDesk", "NoAnswerError", "UnknownContractError"]

Bands = list[tuple[Decimal, Decimal]]


class UnknownContractError(Exception):
    """The broker refuses the symbol, or knows more than one contract for it."""


class NoAnswerError(Exception):
    """The broker did not answer in time; it may be asked again."""


@define(slots=True, eq=False)
class _Answer:
    """What has come for one request for contract details."""

    details: list[ContractDetails] = field(factory=list)
    refusal: str = ""
    ended: trio.Event = field(factory=trio.Event)


@define(slots=True, eq=False)
class _Rule:
    """A market rule that was asked for."""

    bands: Bands = field(factory=list)
    came: trio.Event = field(factory=trio.Event)


class ContractDesk:
    """Qualifies symbols on one connection. Market rules are asked for once each."""

    def __init__(
        self,
        client: WireClient,
        sender: Sender,
        next_request_id: Callable[[], int],
        timeout: float,
    ) -> None:
        """`timeout` is in seconds for each answer, from the moment when its request was written."""
        self._client = client
        self._sender = sender
        self._next_request_id = next_request_id
        self._timeout = timeout
        self._answers: dict[int, _Answer] = {}  # request id → answer
        self._rules: dict[int, _Rule] = {}  # market rule id → rule

    async def qualify(self, symbol: str, query: ContractQuery) -> Instrument:
        """Return the one contract that the broker knows for a symbol.

        Raises UnknownContractError, or NoAnswerError after the time-out.
        """
        details = await self._details(symbol, query_for(symbol, query))
        rule = market_rule_of(details)
        return instrument_of(symbol, details, None if rule is None else await self._bands(rule))

    def details(self, request_id: int, details: ContractDetails) -> None:
        """Take contractDetails."""
        if request_id in self._answers:
            self._answers[request_id].details.append(details)

    def ended(self, request_id: int) -> None:
        """Take contractDetailsEnd."""
        if request_id in self._answers:
            self._answers[request_id].ended.set()

    def refused(self, request_id: int, code: int, text: str) -> bool:
        """Take an error; return whether its id is a request of this desk. Error 200 comes without an end marker."""
        answer = self._answers.get(request_id)
        if answer is None:
            return False
        answer.refusal = f"{code} {text}"
        answer.ended.set()
        return True

    def market_rule(self, rule_id: int, bands: Bands) -> None:
        """Take marketRule."""
        rule = self._rules.get(rule_id)
        if rule is not None:
            rule.bands = bands
            rule.came.set()

    async def _details(self, symbol: str, query: Contract) -> ContractDetails:
        request = self._next_request_id()
        answer = self._answers[request] = _Answer()
        try:
            await self._sender.written(
                Priority.DATA, f"contract {symbol}", lambda: self._client.reqContractDetails(request, query)
            )
            with trio.move_on_after(self._timeout):
                await answer.ended.wait()
        finally:
            del self._answers[request]
        if not answer.ended.is_set():
            raise NoAnswerError(f"no answer about {symbol} within {self._timeout:g} s")
        if answer.refusal:
            raise UnknownContractError(answer.refusal)
        if len(answer.details) != 1:
            found = ", ".join(f"{one.contract.primaryExchange} {one.contract.currency}" for one in answer.details)
            raise UnknownContractError(f"{len(answer.details)} contracts of that name: {found or 'none'}")
        return answer.details[0]

    async def _bands(self, rule_id: int) -> Bands:
        rule = self._rules.get(rule_id)
        if rule is None:
            rule = self._rules[rule_id] = _Rule()
            await self._sender.written(
                Priority.DATA, f"market rule {rule_id}", lambda: self._client.reqMarketRule(rule_id)
            )
        with trio.move_on_after(self._timeout):
            await rule.came.wait()
        if not rule.came.is_set():
            self._rules.pop(rule_id, None)
            raise NoAnswerError(f"no answer about market rule {rule_id} within {self._timeout:g} s")
        return rule.bands
