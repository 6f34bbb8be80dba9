"""Entries that the broker is asked about first: how much of them the account can carry (`size_by = "what_if"`)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import trio

from config.settings import SymbolSettings
from messages.decision import EntryWeighed
from messages.gateway import BrokerError
from messages.journal import Replay
from messages.order import ListOrders, OrderIntended, Role, Side
from messages.position import CommandAccepted, CommandRefused, ExitPlan, OpenPosition, Size
from messages.what_if import WhatIfAnswer, WhatIfAsked
from simulator.faults import Rule
from simulator.faults.verbs import Alter, Delay, Error, Reset, Swallow, Wait
from simulator.model import Order, WhatIf

D = Decimal
ASKS = {symbol: SymbolSettings(size_by="what_if") for symbol in ("AAPL", "MSFT")}
ACCOUNT = "DU1234567"
POOR = {"cash": D(10_000)}  # good for some 200 shares at 100, at a margin of one half


def fits(it: Any, quantity: int, side: str = "BUY", symbol: str = "AAPL", **terms: Any) -> bool:
    """Whether the venue itself would let it in."""
    contract = it.paper.contracts.find(symbol, "STK")[0].contract
    order = Order(
        order_id=0,
        client_id=0,
        account=ACCOUNT,
        contract=contract,
        side=side,
        quantity=D(quantity),
        order_type="MKT",
        **terms,
    )
    answer = it.paper.venue.what_if(order)
    return isinstance(answer, WhatIf) and answer.equity_with_loan_after >= answer.init_margin_after


def largest(it: Any, **terms: Any) -> int:
    """The largest size that the venue lets in, by trying them all."""
    return max((size for size in range(1, 400) if fits(it, size, **terms)), default=0)


def late(seconds: float, **which: Any) -> Delay:
    """Have answers to questions come late."""
    return Delay(messages=("openOrder",), where={"whatIf": "1"}, seconds=seconds, **which)


async def records(it: Any, *kinds: type, symbol: str = "AAPL") -> list[Any]:
    found = await it.ask("journal", Replay(stream=symbol, whole=True))
    return [record.payload for record in found if isinstance(record.payload, kinds)]


async def no_order_of_a_question(it: Any) -> None:
    """Nothing that was asked is, or ever was, an order: not at the venue, not in our books, not in the journal."""
    questions = await records(it, WhatIfAsked)
    ids = {one.order_id for one in questions}
    assert len(ids) == len(questions), "each has an id of its own"
    for order in it.paper.venue.orders.values():
        assert order.order_id not in ids
        assert not order.what_if
        assert order.order_ref.startswith("pb-")
    assert not ids & {one.order_id for one in await records(it, OrderIntended)}
    listed = await it.ask("orders", ListOrders(done=True))
    assert all(order.order_ref.startswith("pb-") for order in listed)
    assert it.crashes() == []
    await it.agree_exactly()


def test_with_enough_margin_it_is_one_question_and_the_full_size(plant):
    async def body(it):
        assert isinstance(await it.open(quantity=150), CommandAccepted)
        assert it.held() == 150
        (answer,) = await records(it, WhatIfAnswer)
        assert answer.passes
        assert answer.initial_margin_after == 7500
        (weighed,) = await records(it, EntryWeighed)
        (verdict,) = [one for one in weighed.verdicts if one.gate == "what-if order"]
        assert verdict.passed
        assert verdict.figures.startswith("150 → 150; 150: initial margin 7500 <= equity with loan ")
        await no_order_of_a_question(it)
        await it.agree()

    plant(body, symbols=ASKS, simulator=POOR)


@pytest.mark.parametrize("cash", [1_000, 3_333, 10_000, 17_777])
@pytest.mark.parametrize("side", list(Side))
def test_it_shrinks_to_the_largest_that_the_broker_lets_in(plant, side, cash):
    async def body(it):
        most = largest(it, side=side.value)
        assert 0 < most < 390
        answer = await it.open(side, 390)
        assert isinstance(answer, CommandAccepted), answer
        assert abs(it.held()) == most
        assert answer.text == f"accepted: {most} of 390, which the account can carry"
        stop, target = sorted(it.at_broker(), key=lambda order: order.order_type, reverse=True)
        assert (stop.order_type, stop.quantity, target.order_type, target.quantity) == ("STP", most, "LMT", most)
        assert len(await records(it, WhatIfAsked)) <= 6
        await no_order_of_a_question(it)
        await it.agree()

    plant(body, symbols=ASKS, simulator={"cash": D(cash)})


def test_working_orders_and_holdings_of_others_leave_less(plant):
    async def body(it):
        assert isinstance(await it.open(quantity=60, symbol="MSFT", limit="90"), CommandAccepted)
        it.by_hand(Side.BUY, 40, "100", symbol="MSFT")
        await it.settle()
        most = largest(it)
        assert 0 < most < 130
        await it.open(quantity=300)
        assert it.held() == most
        await no_order_of_a_question(it)

    async def both(it):
        await it.trade_at(100.0, "MSFT")
        await body(it)

    plant(both, symbols=ASKS, simulator=POOR)


def test_where_nothing_passes_the_entry_is_refused_with_the_figures(plant):
    async def body(it):
        answer = await it.open(quantity=100)
        assert isinstance(answer, CommandRefused)
        assert answer.reason == "the account cannot carry it"
        assert answer.figures.startswith("100: initial margin 5000 > equity with loan ")
        assert "; 1: initial margin 50 > equity with loan 38.99" in answer.figures
        await it.settle()
        assert not it.paper.venue.orders
        (weighed,) = await records(it, EntryWeighed)
        assert "the account cannot carry it" in weighed.outcome
        assert [one.passed for one in weighed.verdicts if one.gate == "what-if order"] == [False]
        await no_order_of_a_question(it)

    plant(body, symbols=ASKS, simulator={"cash": D(40)})


def test_a_limit_order_is_asked_about_at_its_limit(plant):
    async def body(it):
        answer = await it.open(quantity=300, limit="50")
        assert isinstance(answer, CommandAccepted)
        (entry,) = await it.working(Role.ENTRY)
        assert entry.quantity == 300
        assert {one.order.limit_price for one in await records(it, WhatIfAsked)} == {D(50)}

    plant(body, symbols=ASKS, simulator=POOR)


def test_nobody_is_asked_where_the_configuration_does_not_say_so(plant):
    async def body(it):
        await it.open(quantity=100)
        assert it.held() == 100
        assert await records(it, WhatIfAsked) == []

    plant(body, simulator=POOR)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_an_unanswered_question_refuses_the_entry_and_leaves_nothing(plant, nth):
    async def body(it):
        it.paper.faults.add(Rule(on="placeOrder", where={"whatIf": "1"}, nth=nth, do=(Swallow(),)))
        began = trio.current_time()
        answer = await it.open(quantity=390)
        assert isinstance(answer, CommandRefused)
        assert answer.reason == "the broker did not say what the account can carry"
        assert "no answer from the broker within 2 s" in answer.figures
        assert trio.current_time() - began < 5.3
        await it.settle(60)
        assert not it.paper.venue.orders
        await no_order_of_a_question(it)
        await it.trade_at(100.0)
        assert isinstance(await it.open(quantity=390), CommandAccepted)
        await no_order_of_a_question(it)

    plant(body, symbols=ASKS, simulator=POOR, broker={"ack_timeout_seconds": 2.0})


def test_an_answer_that_comes_too_late_changes_nothing(plant):
    async def body(it):
        it.paper.faults.do(late(6.0))
        assert isinstance(await it.open(quantity=390), CommandRefused)
        await it.settle(10)
        assert not it.paper.venue.orders
        assert [one.failure for one in await records(it, WhatIfAnswer)] == ["no answer from the broker within 5 s"]
        await no_order_of_a_question(it)

    plant(body, symbols=ASKS, simulator=POOR)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_link_that_is_lost_in_the_middle_refuses_the_entry(plant, nth):
    async def body(it):
        it.paper.faults.add(Rule(on="placeOrder", where={"whatIf": "1"}, nth=nth, do=(Swallow(), Reset())))
        answer = await it.open(quantity=390)
        assert isinstance(answer, CommandRefused), answer
        assert "Connection reset" in answer.figures
        await it.settle(30)
        assert not it.paper.venue.orders
        await no_order_of_a_question(it)
        await it.trade_at(100.0)
        assert isinstance(await it.open(quantity=390), CommandAccepted)
        await no_order_of_a_question(it)
        await it.agree()

    plant(body, symbols=ASKS, simulator=POOR)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_process_that_dies_in_the_middle_forgets_the_question(plant, nth):
    async def body(it):
        it.paper.faults.do(late(1.0, after=nth - 1))
        command = OpenPosition(
            side=Side.BUY, size=Size(quantity=D(390)), exits=ExitPlan(stop_loss_pct=D("0.03")), source="test"
        )
        it.process.system.address("position/AAPL").tell(command)
        await it.settle(0.5)
        asked = await records(it, WhatIfAsked)
        assert len(asked) == nth
        await it.kill()
        await it.start()
        await it.settle(30)
        await it.trade_at(100.0)
        assert not it.paper.venue.orders
        assert it.held() == 0
        assert await it.working() == []
        assert await records(it, WhatIfAsked) == asked
        most = largest(it)
        await it.open(quantity=390)
        assert it.held() == most
        await no_order_of_a_question(it)
        await it.agree()

    plant(body, symbols=ASKS, simulator=POOR)


def test_the_order_is_decided_at_the_quote_that_stands_when_the_broker_has_answered(plant):
    async def body(it):
        it.paper.faults.do(late(2.0))
        answers: list[Any] = []

        async def open_it() -> None:
            answers.append(await it.open(quantity=100))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(open_it)
            await it.settle(1.0)
            await it.trade_at(80.0)
        assert isinstance(answers[0], CommandAccepted)
        entry = next(one for one in await records(it, OrderIntended) if one.order.role is Role.ENTRY)
        assert entry.reference_price == D("80.01")
        (stop,) = await it.working(Role.STOP)
        assert stop.stop_price == D("77.61")

    plant(body, symbols=ASKS, simulator=POOR)


def test_a_second_command_meanwhile_is_answered_like_any_that_waits(plant):
    async def body(it):
        answers: list[Any] = []

        async def open_it(quantity: int) -> None:
            answers.append(await it.open(quantity=quantity))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(open_it, 100)
            await trio.sleep(0.0001)
            nursery.start_soon(open_it, 100)
        accepted, refused = answers
        assert isinstance(accepted, CommandAccepted)
        assert isinstance(refused, CommandRefused)
        assert refused.reason == "already long"
        assert it.held() == 100
        assert len(await records(it, WhatIfAsked)) == 1

    plant(body, symbols=ASKS, simulator=POOR)


def test_a_reversal_is_asked_about_once_the_position_is_flat(plant):
    async def body(it):
        await it.open(quantity=50)
        await it.open(Side.SELL, 390)
        await it.settle(5)
        assert it.held() < -100
        assert -it.held() <= 200
        await no_order_of_a_question(it)
        await it.agree()

    plant(body, symbols=ASKS, simulator=POOR)


def test_a_question_that_the_broker_shows_as_an_order_is_cancelled_with_an_alarm(plant):
    async def body(it):
        it.paper.faults.do(Alter(messages=("openOrder",), set={"whatIf": "0"}))
        answer = await it.open(quantity=100)
        assert isinstance(answer, CommandRefused)
        assert "order.last_gate" in await it.alarms()
        assert it.held() == 0

    plant(body, symbols=ASKS, simulator=POOR)


def test_entries_of_other_symbols_are_not_held_up_and_ids_do_not_collide(plant):
    async def body(it):
        await it.trade_at(100.0, "MSFT")
        async with trio.open_nursery() as nursery:
            for symbol in ("AAPL", "MSFT"):
                nursery.start_soon(lambda symbol=symbol: it.open(quantity=60, symbol=symbol))
        await it.settle(3)
        assert it.held("AAPL") == it.held("MSFT") == 60
        await no_order_of_a_question(it)

    plant(body, symbols=ASKS, simulator=POOR)


@pytest.mark.parametrize("who", ["orders", "gateway", "position/AAPL"])
def test_an_actor_that_dies_in_the_middle_forgets_the_question(plant, who):
    async def body(it):
        it.paper.faults.do(late(1.0, after=1))
        command = OpenPosition(
            side=Side.BUY, size=Size(quantity=D(390)), exits=ExitPlan(stop_loss_pct=D("0.03")), source="test"
        )
        it.process.system.address("position/AAPL").tell(command)
        await it.settle(0.5)
        assert len(await records(it, WhatIfAsked)) == 2
        it.process.system.address(who).tell(object())
        await it.settle(30)
        assert not it.paper.venue.orders
        await it.trade_at(100.0)
        most = largest(it)
        answer = await it.open(quantity=390)
        assert isinstance(answer, CommandAccepted), answer
        assert it.held() == most
        await no_order_of_a_question(it)
        await it.agree()

    plant(body, symbols=ASKS, simulator=POOR)


def test_an_allocation_shrinks_too(plant):
    async def body(it):
        command = OpenPosition(
            side=Side.BUY,
            size=Size(allocation=D(39_000)),
            exits=ExitPlan(stop_loss_pct=D("0.03")),
            source="test",
            what_if=True,
        )
        most = largest(it)
        await it.ask("position/AAPL", command)
        await it.settle()
        assert it.held() == most
        await no_order_of_a_question(it)

    plant(body, simulator=POOR)


def refuse(it: Any, nth: int, code: int, text: str, *before: Any, times: int = 1) -> None:
    """Have TWS answer questions with an error."""
    do = (Swallow(), *before, Error(code, text))
    it.paper.faults.add(Rule(on="placeOrder", where={"whatIf": "1"}, nth=nth, times=times, do=do))


def test_what_tws_rejects_without_figures_is_halved(plant):
    async def body(it):
        refuse(it, 1, 201, "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED", times=2)
        await it.open(quantity=160)
        sizes = [one.order.quantity for one in await records(it, WhatIfAsked)]
        assert sizes[:3] == [160, 80, 40], "from the third on the account has its figures, and each passes"
        assert it.held() == max(size for size in sizes[2:]) == 79
        first, second, *_ = await records(it, WhatIfAnswer)
        assert first.refusal == second.refusal == "201 Order rejected - reason:YOUR ORDER IS NOT ACCEPTED"
        await no_order_of_a_question(it)
        await it.agree()

    plant(body, symbols=ASKS, simulator=POOR, what_if_questions=9)


def test_an_error_that_is_not_about_the_size_refuses_at_once(plant):
    async def body(it):
        refuse(it, 1, 460, "No trading permissions")
        answer = await it.open(quantity=160)
        assert isinstance(answer, CommandRefused)
        assert answer.figures == "160: 460 No trading permissions"
        assert len(await records(it, WhatIfAsked)) == 1
        await no_order_of_a_question(it)

    plant(body, symbols=ASKS, simulator=POOR)


def test_a_late_error_about_a_question_is_about_no_order(plant):
    async def body(it):
        refuse(it, 1, 201, "too late", Wait(8.0))
        assert isinstance(await it.open(quantity=160), CommandRefused)
        await it.settle(10)
        assert await it.alarms() == set()
        assert await records(it, BrokerError) == []
        await no_order_of_a_question(it)

    plant(body, symbols=ASKS, simulator=POOR)


def test_an_answer_without_figures_is_none(plant):
    """TWS may show the question with nothing but its largest double in place of the margins."""

    async def body(it):
        unset = dict.fromkeys(("initMarginAfter", "equityWithLoanAfter"), "1.7976931348623157E308")
        it.paper.faults.do(Alter(messages=("openOrder",), where={"whatIf": "1"}, set=unset))
        answer = await it.open(quantity=150)
        assert isinstance(answer, CommandRefused)
        assert "no answer from the broker within 2 s" in answer.figures
        await no_order_of_a_question(it)

    plant(body, symbols=ASKS, simulator=POOR, broker={"ack_timeout_seconds": 2.0})
