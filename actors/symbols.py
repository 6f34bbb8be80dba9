"""Which symbols are traded: the configuration's, and those that were added or taken away while the process ran."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from attrs import evolve, frozen
from pykka import ActorDeadError

from actors.bus import EventBus
from actors.runtime.base import ActorContext, RunQueueActor
from actors.runtime.future import ReplyFuture
from config.loading import with_symbol, without_symbol
from config.logging import log
from config.problems import SettingsError
from config.settings import Settings
from messages.journal import Append, Appended, Entry, JournalFailed, Replay
from messages.lifecycle import ClearAlarm, RaiseAlarm
from messages.position import CommandAccepted, CommandOutcome, CommandRefused
from messages.symbol import AddSymbol, LeaveSymbol, ListSymbols, RemoveSymbol, SymbolAdded, SymbolRemoved

__all__ = ["SymbolsActor"]

_STREAM = "symbols"

Answer = ReplyFuture[CommandOutcome]
Fact = SymbolAdded | SymbolRemoved


@frozen(slots=True)
class _Left:
    """What a position said to being given up."""

    symbol: str
    outcome: CommandOutcome
    answer: Answer  # to whom it was asked for


@frozen(slots=True)
class _Change:
    """What is being made durable, and who asked."""

    fact: Fact
    answer: Answer


class SymbolsActor(RunQueueActor):
    """Keeps the effective settings: AddSymbol and RemoveSymbol are journaled and hold after a restart; ListSymbols is
    answered by Settings.

    A symbol that was removed stays so, also where the configuration names it, until it is added again. Where the
    configuration names one that had been added, the configuration's terms hold.
    """

    def __init__(
        self,
        context: ActorContext,
        *,
        settings: Settings,
        bus: EventBus,
        begin: Callable[[Settings], None],
        renew: Callable[[Settings], Awaitable[None]],
    ) -> None:
        """`begin` is called before the actors that need the symbols are started; `renew` when they have changed."""
        super().__init__(context)
        self._configured = self._settings = settings
        self._bus = bus
        self._begin = begin
        self._renew = renew
        self._leaving: dict[str, Answer] = {}  # symbol → who asked, while its position is asked
        self._pending: dict[str, _Change] = {}  # token → what is being made durable

    async def prepare(self) -> None:
        """Repeat what was changed."""
        journal = self.system.address("journal")
        for record in await journal.ask(Replay(stream=_STREAM)):
            match record.payload:
                case SymbolAdded() as added if added.symbol not in self._configured.symbols or not added.written:
                    self._repeat(added)
                case SymbolAdded(symbol):
                    self._repeat(SymbolAdded(symbol))
                case SymbolRemoved(symbol):
                    self._settings = without_symbol(self._settings, symbol)
        for symbol in self._configured.symbols.keys() - self._settings.symbols.keys():
            log("symbol.removed", level="WARNING", actor=self.address.name, symbol=symbol, reason="an earlier command")
        self._begin(self._settings)

    def on_receive(self, message: Any) -> Any:
        """Handle a message; see the class."""
        match message:
            case ListSymbols():
                return self._settings
            case AddSymbol():
                return self._add(message)
            case RemoveSymbol(symbol):
                return self._remove(symbol)
            case _Left():
                self._left(message)
            case Appended(token, _):
                self._durable(self._pending.pop(token, None))
            case JournalFailed(token, error):
                self._failed(self._pending.pop(token, None), error)
            case _:
                return super().on_receive(message)
        return None

    def describe(self) -> dict[str, Any]:
        """Return the symbols."""
        return {"symbols": list(self._settings.symbols)}

    def _repeat(self, added: SymbolAdded) -> None:
        try:
            self._settings = self._with(added)
        except SettingsError as error:
            text = f"it was added, and its terms can no longer be used: {error}"
            self.system.address("alarms").tell(RaiseAlarm("symbol.unusable", text, symbol=added.symbol))

    def _with(self, added: AddSymbol | SymbolAdded) -> Settings:
        base, configured = self._settings, self._configured.symbols.get(added.symbol)
        if configured is not None:
            base = evolve(base, symbols={**base.symbols, added.symbol: configured})
        return with_symbol(base, added.symbol, dict(added.written))

    def _add(self, message: AddSymbol) -> CommandRefused | Answer:
        symbol = message.symbol
        if symbol in self._settings.symbols:
            return CommandRefused(f"{symbol} is traded already")
        try:
            self._with(message)
        except SettingsError as error:
            return CommandRefused("; ".join(map(str, error.problems)))
        return self._busy(symbol) or self._write(SymbolAdded(symbol, message.written), self.promise())

    def _remove(self, symbol: str) -> CommandRefused | Answer:
        if symbol not in self._settings.symbols:
            return CommandRefused(f"{symbol} is not one of the symbols that are traded")
        busy = self._busy(symbol)
        if busy is not None:
            return busy
        answer: Answer = self.promise()
        self._leaving[symbol] = answer
        self.spawn(self._ask_position, symbol, answer)
        return answer

    def _busy(self, symbol: str) -> CommandRefused | None:
        busy = symbol in self._leaving or any(change.fact.symbol == symbol for change in self._pending.values())
        return CommandRefused(f"{symbol} is just being changed") if busy else None

    async def _ask_position(self, symbol: str, answer: Answer) -> None:
        try:
            outcome = await self.system.address(f"position/{symbol}").ask(LeaveSymbol())
        except ActorDeadError as error:
            outcome = CommandRefused(f"its position does not answer, so what it holds is not known: {error}")
        self.tell_self(_Left(symbol, outcome, answer))

    def _left(self, message: _Left) -> None:
        if self._leaving.get(message.symbol) is not message.answer:
            return  # an earlier incarnation asked, and its position has begun anew since
        answer = self._leaving.pop(message.symbol)
        if isinstance(message.outcome, CommandRefused):
            answer.set(message.outcome)
        else:
            self._write(SymbolRemoved(message.symbol), answer)

    def _write(self, fact: Fact, answer: Answer) -> Answer:
        token = self.environment.new_id()
        self._pending[token] = _Change(fact, answer)
        self.system.address("journal").tell(Append((Entry(_STREAM, fact),), self.address.name, token))
        return answer

    def _durable(self, change: _Change | None) -> None:
        if change is None:
            return  # an earlier incarnation wrote it: this one began with it
        fact, answer, symbol = change.fact, change.answer, change.fact.symbol
        if isinstance(fact, SymbolAdded):
            self._settings = self._with(fact)
            # where the actor is not there yet, this makes it
            self.system.address(f"position/{symbol}").tell(fact)
            log("symbol.added", actor=self.address.name, symbol=symbol, terms=dict(fact.written))
            text = f"{symbol} is traded from now on"
        else:
            self._settings = without_symbol(self._settings, symbol)
            log("symbol.removed", actor=self.address.name, symbol=symbol)
            text = f"{symbol} is traded no more"
        self.system.address("alarms").tell(ClearAlarm("symbol.unusable", symbol=symbol))
        self.system.address("portfolio").tell(fact)
        self._bus.publish(fact)
        self.spawn(self._renew, self._settings)
        answer.set(CommandAccepted(text=text))

    def _failed(self, change: _Change | None, error: str) -> None:
        if change is None:
            return  # an earlier incarnation tried, and the positions have begun anew since, too
        if isinstance(change.fact, SymbolRemoved):
            symbol = change.fact.symbol
            self.system.address(f"position/{symbol}").tell(SymbolAdded(symbol))
        change.answer.set(CommandRefused("the journal did not take it", error))
