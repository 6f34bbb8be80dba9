"""The people of a storm: an operator at the command line, and a hand in TWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from typing import Any

from simulation.hand import Hand
from simulation.machine import Machine
from simulation.market import Market
from simulation.plan import Act
from simulation.service import Service
from simulator.model import Order
from supervisors.process import Process
from supervisors.status import look_at_status

__all__ = ["People"]

_BOTH_LEGS = 0.15  # of the parts that the broker fills

_APART_SECONDS = 30.0  # from a difference that stands until the operator sees to it, and between two steps


class People:
    """Carries the acts of a plan out that people do, and those of the market."""

    def __init__(
        self,
        machine: Machine,
        market: Market,
        service: Service,
        asked: Callable[[Mapping[str, str]], object],
        answered: Callable[[Mapping[str, str], bool], object],
    ) -> None:
        """`asked(request)` is called with each command, and `answered(request, accepted)` when it was answered."""
        self._machine, self._market, self._service = machine, market, service
        self._asked, self._answered = asked, answered
        self.hand = Hand(machine.paper, market)
        self._apart: dict[str, float] = {}  # symbol → when a difference that stands is to be seen to

    async def do(self, act: Act) -> str:
        """Do it; return what came of it."""
        match act.kind:
            case "buy" | "sell":
                return await self.command(act.kind, **self._entry(act.kind, act.terms))
            case "close" | "halt" | "resume" | "flatten":
                return await self.command(act.kind, **act.terms)
            case "exits":
                return await self.command("exits", **act.terms)
            case "reduce":
                return await self._reduce(**act.terms)
            case "oco":
                return await self._oco(**act.terms)
            case "flatten_one":
                return await self.command("flatten", symbol=act.terms["symbol"], reason="enough of it")
            case "take_out" | "put_in":
                do = "remove" if act.kind == "take_out" else "add"
                return await self.command("symbol", do=do, **act.terms)
            case "acknowledge":
                return await self._acknowledge()
            case "adopt":
                return await self.command("adopt", **act.terms, stop="3%", target="5%")
            case "rearm":
                return await self.command("rearm", reason="looked at it")
            case "cancel":
                return await self._cancel(Random(act.seed))
            case "hand":
                return self.hand.trade(**act.terms)
            case "hand_order":
                return self.hand.order(**act.terms)
            case "hand_change":
                return self.hand.change(Random(act.seed))
            case "hand_cancel":
                return self.hand.cancel(Random(act.seed))
            case "stop_process":
                self._machine.restart()
                return "stopped; it starts again"
            case "predict":
                symbol = act.terms["symbol"]
                self._service.predict(symbol, act.terms["word"], act.terms["confidence"], self._market.prices[symbol])
                return "predicted"
            case "jump":
                self._market.shift(act.terms["symbol"], act.terms["factor"])
                return "the price jumped"
            case "part":
                return self._part(Random(act.seed))
        raise ValueError(f"nobody does {act.kind}")

    async def command(self, command: str, **fields: str) -> str:
        """Give a command, as the control socket does; return its answer."""
        return (await self.given(command, **fields))[1]

    async def given(self, command: str, **fields: str) -> tuple[bool, str]:
        """Give a command; return whether it was accepted, and its answer."""
        process = self._machine.process
        if process is None:
            return False, "no process runs"
        request = {"command": command, **fields}
        self._asked(request)
        reply = await self._ask(process, request)
        # what a process answers that dies over it, or is stopped, reaches nobody: it may have been carried out all the
        # same, and be on the disk
        silent = self._machine.process is not process or reply.get("perhaps", False)
        perhaps = silent and command in ("resume", "rearm")
        self._answered(request, reply["ok"] or perhaps)
        return reply["ok"], str(reply.get("text") or reply.get("error"))

    async def see_to_differences(self, status: Mapping[str, Any], now: float) -> list[str]:
        """Do about differences that stand what the runbook says: let go of what is here, adopt what is there, or close
        it in TWS.
        """
        stand = {alarm["symbol"] for alarm in status["alarms"] or () if alarm["kind"] == "reconcile.difference"}
        self._apart = {symbol: self._apart.get(symbol, now + _APART_SECONDS) for symbol in sorted(stand)}
        told = []
        for symbol in [symbol for symbol, due in self._apart.items() if now >= due]:
            self._apart[symbol] = now + _APART_SECONDS
            done, answer = await self.given("release", symbol=symbol)
            told.append(f"release {symbol}: {answer}")
            if not done:
                done, answer = await self.given("adopt", symbol=symbol, stop="50%")
                told.append(f"adopt {symbol}: {answer}")
            if not done:
                told.append(self.hand.trade(symbol, 0, close=True))
        return told

    async def status(self) -> dict[str, Any] | None:
        """`pitboss status --json`; None while nothing runs, or where it fails."""
        process = self._machine.process
        if process is None or self._machine.paused:
            return None
        reply = await self._ask(process, {"command": "status"})
        status: dict[str, Any] | None = reply.get("status")
        return status if self._machine.process is process else None

    def glance(self) -> dict[str, Any] | None:
        """The same, as the console looks: between two messages, without asking; None while nothing runs."""
        process = self._machine.process
        return None if process is None or self._machine.paused else look_at_status(process.system, process.state)()

    async def _ask(self, process: Process, request: Mapping[str, str]) -> Mapping[str, Any]:
        """Ask as the control socket does, which tells the client of whatever is raised."""
        try:
            return await process.commands.answer(request)
        except Exception as error:  # noqa: BLE001 - see supervisors/control.py
            return {"ok": False, "error": f"Pitboss failed at it: {error}", "perhaps": True}

    def _entry(self, side: str, terms: Mapping[str, Any]) -> dict[str, str]:
        fields = {name: str(value) for name, value in terms.items() if name != "limit"}
        if terms["limit"] is not None:
            better = terms["limit"] if side == "buy" else -terms["limit"]
            fields["limit"] = f"{self._market.prices[terms['symbol']] * (1 + better):.2f}"
        return fields

    async def _reduce(self, symbol: str, part: float, limit: float | None) -> str:
        """Trade against what is held, by `pitboss sell` or `buy`."""
        held = [one.quantity for one in self._machine.paper.venue.positions() if one.contract.symbol == symbol]
        if not held:
            return "nothing is held"
        sell = held[0] > 0
        fields = {"symbol": symbol, "quantity": f"{max(Decimal(1), abs(held[0]) * Decimal(str(part)) // 1):f}"}
        if limit is not None:
            fields["limit"] = f"{self._market.prices[symbol] * (1 + limit if sell else 1 - limit):.2f}"
        return await self.command("sell" if sell else "buy", **fields)

    async def _oco(self, symbol: str, side: str, quantity: int, apart: float) -> str:
        """Two entries, below and above the price, of which one is to fill."""
        price = self._market.prices[symbol]
        better, worse = (1 - apart, 1 + apart) if side == "buy" else (1 + apart, 1 - apart)
        legs = f"limit@{price * better:.2f},stop@{price * worse:.2f}"
        return await self.command(
            "oco", symbol=symbol, side=side, quantity=str(quantity), legs=legs, stop="2%", target="3%"
        )

    async def _acknowledge(self) -> str:
        """Say of each alarm that somebody has looked; those that end by themselves alone are refused."""
        status = await self.status()
        alarms = (status or {}).get("alarms") or ()
        answers = [f"{one['kind']}: {await self.command('alarms', clear=one['id'])}" for one in alarms]
        return "; ".join(answers) or "no alarm stands"

    async def _cancel(self, dice: Random) -> str:
        status = await self.status()
        refs = [row["order_ref"] for row in (status or {}).get("orders") or () if row["role"] == "entry"]
        return await self.command("cancel", order_ref=dice.choice(refs)) if refs else "there is no entry"

    def _part(self, dice: Random) -> str:
        venue = self._machine.paper.venue
        if dice.random() < _BOTH_LEGS and (told := self._both_legs(dice)):
            return told
        working = [one for one in venue.orders.values() if one.status == "Submitted" and one.order_type == "LMT"]
        if not working:
            return "no order rests"
        order = dice.choice(working)
        assert order.limit is not None
        part = max(Decimal(1), order.remaining // dice.choice((1, 2, 3)))
        venue.broker_fill(order.perm_id, min(part, order.remaining), order.limit)
        return f"{part} of {order.order_ref} filled"

    def _both_legs(self, dice: Random) -> str:
        """Two exits of one OCA group fill in the same instant: IB promises nothing before an order has executed
        (INC-29). "" where none rest."""
        venue = self._machine.paper.venue
        groups: dict[str, list[Order]] = {}
        for order in venue.orders.values():
            parent = venue.orders.get(order.parent_perm_id)
            if order.oca_group and order.order_ref and not order.done and (parent is None or parent.done):
                groups.setdefault(order.oca_group, []).append(order)
        pairs = [group for group in groups.values() if len(group) > 1]
        if not pairs:
            return ""
        legs = dice.sample(dice.choice(pairs), 2)
        for leg in legs:
            price = leg.limit or leg.stop or Decimal(f"{self._market.prices[leg.contract.symbol]:.2f}")
            venue.broker_fill(leg.perm_id, leg.remaining, price)
        return f"both filled: {legs[0].order_ref} and {legs[1].order_ref}"
