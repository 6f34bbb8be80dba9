"""Symbols that come and go while the process runs."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from actors.rules import RegisterRule
from domain.rules import Action, Command, EventCondition, Rule
from messages.market import PriceEvent
from messages.order import Side
from messages.position import CommandAccepted, CommandRefused, ExitPlan, OpenPosition, Size
from messages.symbol import AddSymbol, ListSymbols, RemoveSymbol, SymbolAdded, SymbolRemoved
from supervisors.commands import Commands

D = Decimal


async def command(p: Any, **request: str) -> dict[str, Any]:
    commands: Commands = p.process.commands
    return dict(await commands.answer(request))


def test_an_added_symbol_trades_with_its_own_terms_also_after_the_process_died(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        reply = await command(
            p, command="symbol", do="add", symbol="NVDA", terms="sector=tech\nstop_loss_pct=0.02\nquantity=7"
        )
        assert reply == {"ok": True, "text": "NVDA is traded from now on", "order_refs": []}
        assert p.seen(SymbolAdded)
        await p.settle()
        await p.trade_at(100.0, "NVDA")
        await p.kill()
        await p.start()
        await p.settle(1.0)
        settings = await p.ask("symbols", ListSymbols())
        assert list(settings.symbols) == ["AAPL", "MSFT", "NVDA"]
        await p.trade_at(100.0, "NVDA")
        bought = await command(p, command="buy", symbol="NVDA", quantity="7")
        assert bought["ok"], bought
        await p.settle()
        view = await p.view("NVDA")
        assert (view.quantity, view.protected) == (D(7), True)
        assert view.stop == pytest.approx(D("98.00"), abs=D("0.02"))
        listed = (await command(p, command="symbols"))["symbols"]
        assert [row["symbol"] for row in listed] == ["AAPL", "MSFT", "NVDA"]
        assert {"sector": "tech", "quantity": "7", "stop_loss_pct": "0.02"}.items() <= listed[2].items()

    plant(body)


def test_a_removed_symbol_is_not_traded_nor_after_the_process_died_until_it_is_added_again(
    plant: Callable[..., None],
) -> None:
    async def body(p: Any) -> None:
        reply = await command(p, command="symbol", do="remove", symbol="MSFT")
        assert reply["ok"], reply
        assert p.seen(SymbolRemoved)
        refused = await p.ask(
            "position/MSFT", OpenPosition(side=Side.BUY, size=Size(quantity=D(1)), exits=ExitPlan(), source="test")
        )
        assert refused == CommandRefused("the symbol was removed", "pitboss symbol add MSFT")
        await p.settle()
        assert p.process.system.describe("gateway")["symbols"] == 1
        await p.kill()
        await p.start()
        await p.settle(1.0)
        assert list((await p.ask("symbols", ListSymbols())).symbols) == ["AAPL"]
        assert p.process.system.describe("gateway")["symbols"] == 1
        assert (await command(p, command="symbol", do="add", symbol="MSFT"))["ok"]
        await p.settle()
        await p.trade_at(50.0, "MSFT")
        assert isinstance(
            await p.ask(
                "position/MSFT", OpenPosition(side=Side.BUY, size=Size(quantity=D(1)), exits=ExitPlan(), source="test")
            ),
            CommandAccepted,
        )

    plant(body)


def test_a_symbol_with_a_position_or_a_working_order_stays(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        await p.open()
        await p.settle()
        held = await command(p, command="symbol", do="remove", symbol="AAPL")
        assert held == {"ok": False, "error": "AAPL has a position or working orders (100 held)"}
        await p.trade_at(50.0, "MSFT")
        await command(p, command="buy", symbol="MSFT", quantity="5", limit="40")
        await p.settle()
        working = await command(p, command="symbol", do="remove", symbol="MSFT")
        assert working["error"].startswith("MSFT has a position or working orders")
        assert list((await p.ask("symbols", ListSymbols())).symbols) == ["AAPL", "MSFT"]

    plant(body)


def test_what_somebody_buys_in_a_removed_symbol_is_booked_and_alarmed(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        assert await p.ask("symbols", RemoveSymbol("MSFT")) == CommandAccepted(text="MSFT is traded no more")
        await p.trade_at(50.0, "MSFT")
        p.by_hand(Side.BUY, 30, "50.01", "MSFT")
        await p.settle(90.0)
        assert (await p.view("MSFT")).quantity == D(30)
        assert "position.unmanaged" in await p.alarms()

    plant(body)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ("stop_los_pct=0.02", 'symbols.NVDA.stop_los_pct: is not a known key; did you mean "stop_loss_pct"?'),
        ("stop_loss_pct=3", 'symbols.NVDA.stop_loss_pct: "3" is not'),
        ("quantity=1\nallocation=5", "symbols.NVDA: has quantity and allocation"),
    ],
)
def test_wrong_terms_are_refused_with_key_and_value(plant: Callable[..., None], terms: str, why: str) -> None:
    async def body(p: Any) -> None:
        reply = await command(p, command="symbol", do="add", symbol="NVDA", terms=terms)
        assert not reply["ok"]
        assert why in reply["error"]
        again = await p.ask("symbols", AddSymbol("AAPL"))
        assert again == CommandRefused("AAPL is traded already")
        unknown = await p.ask("symbols", RemoveSymbol("XYZ"))
        assert unknown == CommandRefused("XYZ is not one of the symbols that are traded")

    plant(body)


class Buy(Action):
    """Buys one share of whatever the event is about."""

    def commands(self, context: Any) -> tuple[Command, ...]:
        symbol = context["event"].symbol
        return (
            Command(
                symbol,
                OpenPosition(
                    side=Side.BUY, size=Size(quantity=D(1)), exits=ExitPlan(stop_loss_pct=D("0.05")), source="rule:buy"
                ),
            ),
        )

    def words(self) -> str:
        return "buy one share"


def test_rules_take_a_new_symbol_up_and_nobody_else_notices(plant: Callable[..., None]) -> None:
    async def body(p: Any) -> None:
        rule = Rule(rule_id="buy", condition=EventCondition(PriceEvent, {"symbol": "NVDA"}), action=Buy())
        assert isinstance(await p.ask("rules", RegisterRule(rule)), CommandAccepted)
        before = {each.address: each.restarts for each in p.process.system.snapshot()}
        assert (await command(p, command="symbol", do="add", symbol="NVDA"))["ok"]
        await p.settle()
        after = {each.address: each.restarts for each in p.process.system.snapshot()}
        assert {name for name in before if after[name] != before[name]} == {"rules"}
        await p.trade_at(100.0, "NVDA")
        await p.settle(1.0)
        assert (await p.view("NVDA")).quantity == D(1)

    plant(body)


@pytest.mark.parametrize(
    ("change", "left"),
    [(AddSymbol("NVDA"), ["AAPL", "MSFT", "NVDA"]), (RemoveSymbol("MSFT"), ["AAPL"])],
)
def test_a_change_that_is_being_written_while_the_actor_begins_anew_is_done_and_costs_no_second_crash(
    plant: Callable[..., None], change: AddSymbol | RemoveSymbol, left: list[str]
) -> None:
    async def body(p: Any) -> None:
        await p.settle(2.0)
        p.disk.sync_seconds = 0.5
        symbols = p.process.system.address("symbols")
        symbols.tell(change)
        await p.settle(0.1)  # it is on its way to the disk
        p.crash_next("symbols")
        symbols.tell(ListSymbols())
        await p.settle(20.0)
        assert len(p.crashes()) == 1
        assert list((await p.ask("symbols", ListSymbols())).symbols) == left
        assert not (await p.alarms())

    plant(body)
