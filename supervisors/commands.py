"""What a person may ask of a running process: requests of the control socket, carried out by asking actors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

import attrs

from actors.runtime.system import System
from config.logging import log
from config.settings import Settings, SymbolSettings
from domain.distances import needs_atr, with_atr
from messages.indicator import AskIndicator, IndicatorEvent
from messages.lifecycle import AcknowledgeAlarm
from messages.order import CancelOrder, ListOrders, OrderType, OrderView, SettleOrder, Side
from messages.position import (
    AdjustExits,
    AdoptHolding,
    ClosePosition,
    CommandAccepted,
    CommandOutcome,
    CommandRefused,
    DescribePosition,
    ExitPlan,
    OpenPosition,
    PlaceOco,
    PlaceOrder,
    PositionView,
    ReleasePosition,
    Size,
)
from messages.risk import FlattenAll, Halt, Rearm, Resume
from messages.symbol import AddSymbol, ListSymbols, RemoveSymbol
from supervisors.asking import NoAnswerError, ask
from supervisors.control import PERHAPS
from supervisors.exits_page import exits_page
from supervisors.levels import EXITS, amount, entries, exit_plan, fill
from supervisors.process_state import ProcessState
from supervisors.status import collect_status

__all__ = ["Commands", "Refused"]

Reply = dict[str, Any]

_FIELDS: Mapping[str, frozenset[str]] = {
    "status": frozenset(),
    "buy": frozenset({"symbol", "quantity", "limit", *EXITS}),
    "sell": frozenset({"symbol", "quantity", "limit", *EXITS}),
    "exits": frozenset({"symbol", *EXITS}),
    "oco": frozenset({"symbol", "side", "quantity", "legs", *EXITS}),
    "close": frozenset({"symbol"}),
    "cancel": frozenset({"order_ref"}),
    "settle": frozenset({"order_ref", "filled"}),
    "adopt": frozenset({"symbol", "beside", *EXITS}),
    "release": frozenset({"symbol"}),
    "alarms": frozenset({"clear"}),
    "symbol": frozenset({"do", "symbol", "terms"}),
    "halt": frozenset({"reason"}),
    "resume": frozenset({"reason"}),
    "rearm": frozenset({"reason"}),
    "flatten": frozenset({"symbol", "reason"}),
}


class Refused(Exception):  # an answer, not an accident
    """The command did nothing; the text says why."""


class Commands:
    """Answers requests. Each is a mapping with `command` and its fields, all of them text or None."""

    def __init__(self, system: System, state: ProcessState) -> None:
        self._system = system
        self._state = state

    async def answer(self, request: Mapping[str, Any]) -> Reply:
        """Carry a request out. The reply has `ok`; with it `status` or `text`, without it `error`.

        `perhaps` says of one that is not ok that it may have been carried out all the same.
        """
        command = request.get("command")
        try:
            if command == "status":
                return {"ok": True, "status": await collect_status(self._system, self._state)}
            if command == "symbols":
                return {"ok": True, "symbols": _listed(await self._effective())}
            fields = self._fields(command, request)
            text, order_refs = await self._carry_out(str(command), fields)
        except NoAnswerError as error:
            text = f"{error}{PERHAPS}" if error.taken else str(error)
            log("system.command", level="WARNING", command=str(command), outcome=f"no answer: {text}", request=request)
            return {"ok": False, "error": text, "perhaps": error.taken}
        except (Refused, ValueError) as error:
            log("system.command", level="WARNING", command=str(command), outcome=f"refused: {error}", request=request)
            return {"ok": False, "error": str(error)}
        log("system.command", command=str(command), outcome=text, request=request)
        return {"ok": True, "text": text, "order_refs": list(order_refs)}

    def _fields(self, command: object, request: Mapping[str, Any]) -> dict[str, str]:
        allowed = _FIELDS.get(command) if isinstance(command, str) else None
        if allowed is None:
            raise Refused(f"there is no command {command!r}")
        fields = {name: value for name, value in request.items() if name != "command" and value is not None}
        unknown = fields.keys() - allowed
        if unknown or not all(isinstance(value, str) for value in fields.values()):
            raise Refused(f"{command} takes {', '.join(sorted(allowed))}, as text")
        return fields

    async def _carry_out(self, command: str, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        handlers: Mapping[str, Callable[[dict[str, str]], Awaitable[tuple[str, tuple[str, ...]]]]] = {
            "buy": lambda given: self._trade(Side.BUY, given),
            "sell": lambda given: self._trade(Side.SELL, given),
            "close": self._close,
            "cancel": self._cancel,
            "settle": self._settle,
            "adopt": self._adopt,
            "release": self._release,
            "exits": self._adjust,
            "oco": self._oco,
            "alarms": self._clear_alarm,
            "symbol": self._change_symbol,
            "halt": self._halt,
            "resume": self._resume,
            "rearm": self._rearm,
            "flatten": self._flatten,
        }
        return await handlers[command](fields)

    async def _trade(self, side: Side, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        symbol, quantity = _symbol(fields), amount(fields.get("quantity", ""), "a number of shares")
        held = await self._held(symbol)
        if held and fields.keys() & set(EXITS):
            raise Refused(f"{symbol} has a position with exits of its own: change them with `pitboss exits {symbol}`")
        if held * side.sign < 0:
            return await self._reduce(symbol, side, quantity, held, fields)
        limit = fields.get("limit")
        exits = exit_plan((await self._effective()).exits(symbol), fields)
        opening = OpenPosition(
            side=side,
            size=Size(quantity=quantity),
            exits=exits,
            source="operator",
            order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
            limit_price=None if limit is None else amount(limit, "a price"),
            add=True,
        )
        return await self._ask_position(symbol, opening)

    async def _reduce(
        self, symbol: str, side: Side, quantity: Decimal, held: Decimal, fields: dict[str, str]
    ) -> tuple[str, tuple[str, ...]]:
        """An order against the position makes it smaller; turning it round in one step is left to rules."""
        if quantity > abs(held):
            raise Refused(f"the position in {symbol} is {held:f}: close it first, then {str(side).lower()}")
        if quantity == abs(held) and "limit" not in fields:
            return await self._ask_position(symbol, ClosePosition("operator"))
        limit = fields.get("limit")
        order = PlaceOrder(
            side=side,
            quantity=quantity,
            order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
            limit_price=None if limit is None else amount(limit, "a price"),
        )
        return await self._ask_position(symbol, order)

    async def _close(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        return await self._ask_position(self._known(_symbol(fields)), ClosePosition("operator"))

    async def _release(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        return await self._ask_position(self._known(_symbol(fields)), ReleasePosition())

    async def _cancel(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        order_ref = fields.get("order_ref", "")
        orders: tuple[OrderView, ...] = await ask(self._system.address("orders"), ListOrders(done=True))
        named = [view for view in orders if order_ref in (view.order_ref, str(view.perm_id))]
        order = next((view for view in named if view.role is not None), named[0] if named else None)
        if order is None:
            raise Refused(f"no order of today has the reference {order_ref!r}")
        if order.role is None:
            # the API cancels by order id and client: it would be refused, or hit an order of ours with that id
            whose = "by hand in TWS" if order.client_id <= 0 else f"by client {order.client_id}"
            raise Refused(f"{order_ref} is not an order of Pitboss: cancel it where it was made, {whose}")
        if order.status.done:
            raise Refused(f"{order_ref} is {order.status} already")
        self._system.address("orders").tell(CancelOrder(order.order_ref, "operator"))
        return f"cancelling {order.order_ref}; it can still fill until the broker has confirmed", (order.order_ref,)

    async def _settle(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        settled = SettleOrder(fields.get("order_ref", ""), *fill(fields.get("filled", "")))
        return _accepted(await ask(self._system.address("orders"), settled))

    async def _adopt(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        exits = exit_plan(ExitPlan(), fields)
        if not exits.protects:
            raise Refused("an adopted position needs a stop or a trailing stop")
        symbol = self._known(_symbol(fields))
        return await self._ask_position(symbol, AdoptHolding(await self._fixed(symbol, exits), "beside" in fields))

    async def _adjust(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        symbol = self._known(_symbol(fields))
        view: PositionView = await ask(self._system.address(f"position/{symbol}"), DescribePosition())
        if view.exits is None:
            raise Refused(f"{symbol} has no position under management")
        if not fields.keys() & set(EXITS):
            return exits_page(view), ()
        exits = await self._fixed(symbol, exit_plan(view.exits, fields))
        return await self._ask_position(symbol, AdjustExits(exits))

    async def _oco(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        symbol, side = self._known(_symbol(fields)), fields.get("side", "").upper()
        if side not in ("BUY", "SELL"):
            raise Refused("oco takes buy or sell")
        quantity = amount(fields.get("quantity", ""), "a number of shares")
        exits = await self._fixed(symbol, exit_plan((await self._effective()).exits(symbol), fields))
        orders = entries(Side(side), quantity, fields.get("legs", ""))
        return await self._ask_position(symbol, PlaceOco(orders=orders, exits=exits))

    async def _fixed(self, symbol: str, exits: ExitPlan) -> ExitPlan:
        """Return the plan with amounts for its multiples of the ATR, by its value now."""
        if not needs_atr(exits):
            return exits
        indicators = self._system.address("indicators")
        if not indicators.alive:
            raise Refused("exits in multiples of the ATR need an [indicators.atr] in the configuration")
        event: IndicatorEvent = await ask(indicators, AskIndicator(symbol, "atr"))
        if not event.value:
            raise Refused(f"the ATR of {symbol} is not known: {event.reason}")
        return with_atr(exits, Decimal(str(round(event.value, 8))))

    async def _clear_alarm(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        outcome = await ask(self._system.address("alarms"), AcknowledgeAlarm(fields.get("clear", "")))
        return _accepted(outcome)

    async def _change_symbol(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        symbols, symbol = self._system.address("symbols"), _symbol(fields)
        if fields.get("do") == "remove":
            return _accepted(await ask(symbols, RemoveSymbol(symbol), 10.0))
        return _accepted(await ask(symbols, AddSymbol(symbol, _terms(fields.get("terms", ""))), 10.0))

    async def _halt(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        halt = Halt(fields.get("reason", "operator"), cancel_entries=True)
        return _accepted(await ask(self._system.address("portfolio"), halt))

    async def _resume(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        return _accepted(await ask(self._system.address("portfolio"), Resume(fields.get("reason", "operator"))))

    async def _rearm(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        reason = fields.get("reason", "").strip()
        if not reason:
            raise Refused("say why it may trade again: --reason …")
        return _accepted(await ask(self._system.address("portfolio"), Rearm(reason)))

    async def _flatten(self, fields: dict[str, str]) -> tuple[str, tuple[str, ...]]:
        if "symbol" in fields:
            return await self._close(fields)
        return _accepted(await ask(self._system.address("portfolio"), FlattenAll(fields.get("reason", "operator"))))

    async def _effective(self) -> Settings:
        settings: Settings = await ask(self._system.address("symbols"), ListSymbols())
        return settings

    async def _held(self, symbol: str) -> Decimal:
        if not any(address.name == f"position/{symbol}" for address in self._system.addresses("position/")):
            return Decimal(0)
        view: PositionView = await ask(self._system.address(f"position/{symbol}"), DescribePosition())
        return view.quantity

    def _known(self, symbol: str) -> str:
        if not any(address.name == f"position/{symbol}" for address in self._system.addresses("position/")):
            raise Refused(f"there is no position in {symbol}")
        return symbol

    async def _ask_position(
        self,
        symbol: str,
        message: OpenPosition | ClosePosition | PlaceOrder | PlaceOco | AdoptHolding | AdjustExits | ReleasePosition,
    ) -> tuple[str, tuple[str, ...]]:
        return _accepted(await ask(self._system.address(f"position/{symbol}"), message, 10.0))


def _accepted(outcome: CommandOutcome) -> tuple[str, tuple[str, ...]]:
    match outcome:
        case CommandAccepted(order_refs=order_refs, text=text):
            return text or "accepted", order_refs
        case CommandRefused(reason=reason, figures=figures):
            raise Refused(f"{reason} ({figures})" if figures else reason)
        case _:
            raise TypeError(f"it answered {outcome!r}")


def _listed(settings: Settings) -> list[Reply]:
    """Each symbol with its exchange, its currency, and what else is not as by default."""
    default = attrs.asdict(SymbolSettings(), recurse=False)
    return [
        {"symbol": symbol}
        | {
            key: str(value)
            for key, value in attrs.asdict(section, recurse=False).items()
            if key in ("exchange", "currency") or value != default[key]
        }
        for symbol, section in settings.symbols.items()
    ]


def _terms(text: str) -> tuple[tuple[str, str], ...]:
    """Read key=value, one a line."""
    pairs = (line.partition("=") for line in text.splitlines() if line)
    return tuple((key.strip(), value.strip()) for key, _, value in pairs)


def _symbol(fields: dict[str, str]) -> str:
    symbol = fields.get("symbol", "").upper()
    if not symbol or not symbol.replace(" ", "").replace(".", "").replace("-", "").isalnum():
        raise Refused(f"{fields.get('symbol', '')!r} is not a symbol")
    return symbol
