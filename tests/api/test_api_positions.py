"""Positions from Python: opened, protected, valued, closed; refused with the reason and the figures."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import trio

import pitboss
from pitboss.event.position import PositionCloseEvent, PositionOpenEvent, ProtectionArmedEvent
from pitboss.position.base import PositionStatus

D = Decimal
CLOSED = PositionStatus.CLOSED


def test_a_position_is_opened_protected_valued_and_closed(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        await house.listen()
        tracker = pitboss.PositionTracker(house.bus)
        position = await tracker.create_position(
            "AAPL", quantity=100, stop_loss_pct=0.03, take_profit_pct=0.08, trailing_stop_pct=0.02
        )
        assert position.position_id in tracker.positions
        await position.wait_protected()
        assert (position.status, position.quantity, position.entry_price) == (PositionStatus.OPEN, 100, D("150.01"))
        assert (position.take_profit, position.trailing_stop) == (D("162.02"), D("0.02"))
        assert position.protected
        await house.mark(position, 152.0)
        again = await tracker.get_position(position.position_id)
        assert again is not None
        assert again == position
        assert (position.unrealized_pnl, position.last_price) == (D("199.00"), 152.0)
        assert position.stop_loss > D("145.52")  # it trails
        await tracker.close_position(position.position_id, reason="enough")
        await position.wait_closed()
        assert (position.quantity, position.close_reason, position.realized_pnl) == (0, "enough", D("198.00"))
        assert position.entry_price == D("150.01")
        await tracker.close_position(position.position_id)  # it is closed: nothing more to do
        await house.bus.idle()
        kinds = [type(event) for event in house.events]
        assert kinds[0] is PositionOpenEvent
        assert ProtectionArmedEvent in kinds
        assert kinds[-1] is PositionCloseEvent
        assert await tracker.get_position("nobody") is None
        with pytest.raises(pitboss.UnknownPositionError, match="no position has the id 'nobody'"):
            await tracker.close_position("nobody")

    run_api(body)


def test_its_value_follows_the_market_by_itself(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        position = await pitboss.PositionTracker(house.bus).create_position("AAPL", quantity=-10)
        await position.wait_protected()
        await house.trade_at(148.0)
        await house.until(lambda: position.unrealized_pnl == D("19.90"), "the P&L at the new price")

    run_api(body)


def test_what_is_not_named_comes_from_the_configuration_and_0_means_no_such_exit(
    run_api: Callable[..., None],
) -> None:
    async def body(house: Any) -> None:
        tracker = pitboss.PositionTracker(house.bus)
        position = await tracker.create_position("AAPL", side="SELL", take_profit_pct=0)
        await position.wait_protected()
        assert (position.quantity, position.take_profit) == (-7, None)
        assert float(position.stop_loss / position.entry_price) == pytest.approx(1.05, abs=0.0005)
        await position.adjust(take_profit_price=140)
        assert (position.take_profit, float(position.stop_loss)) == (140, pytest.approx(157.5, abs=0.03))

    run_api(body, defaults={"quantity": 7, "stop_loss_pct": 0.05, "take_profit_pct": 0.1})


def test_a_refused_position_raises_with_the_reason_and_the_figures_and_nothing_is_sent(
    run_api: Callable[..., None],
) -> None:
    async def body(house: Any) -> None:
        tracker = pitboss.PositionTracker(house.bus)
        with pytest.raises(pitboss.PositionRefusedError) as raised:
            await tracker.create_position("AAPL", quantity=100, stop_loss_price=151)
        assert (raised.value.reason, raised.value.figures) == (
            "the exits would fire at once",
            "stop 151 is not below 150.01",
        )
        assert raised.value.symbol == "AAPL"
        with pytest.raises(pitboss.PositionRefusedError, match=r"max_position_notional|notional"):
            await tracker.create_position("AAPL", quantity=100)
        assert {position.status for position in tracker.positions.values()} <= {CLOSED}
        assert not house.working()
        assert not house.at_broker()
        with pytest.raises(pitboss.PositionRefusedError, match="does not know the symbol"):
            await tracker.create_position("NOSUCH", quantity=1)

    run_api(body, risk={"max_position_notional": 10_000})


WRONG_TERMS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"quantity": 10, "allocation": 1000}, ValueError, "not all of them"),
    ({"quantity": -10, "side": "BUY"}, ValueError, "already says SELL"),
    ({"quantity": 0}, ValueError, "is no size"),
    ({"quantity": "10"}, TypeError, "is a number"),
    ({"quantity": 10, "stop_loss": 3}, TypeError, "a position has no stop_loss; it has"),
    ({"quantity": 10, "stop_loss_pct": -0.03}, ValueError, "is negative"),
    ({"quantity": 10, "stop_loss_pct": float("nan")}, ValueError, "is not finite"),
    ({"quantity": 10, "position_id": "with blanks in it"}, ValueError, "a position id is"),
]


def test_terms_that_make_no_sense_are_named(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        tracker = pitboss.PositionTracker(house.bus)
        for terms, error, text in WRONG_TERMS:
            with pytest.raises(error, match=text):
                await tracker.create_position("AAPL", **terms)
        assert not tracker.positions
        assert not house.working()

    run_api(body)


def test_an_entry_that_never_fills_ends_the_position_with_its_reason(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        tracker = pitboss.PositionTracker(house.bus)
        position = await tracker.create_position("AAPL", quantity=10, limit_price=149)
        assert position.status in (PositionStatus.PLANNED, PositionStatus.OPENING)
        async with trio.open_nursery() as nursery:

            async def wait() -> None:
                with pytest.raises(pitboss.PositionRefusedError, match="it did not open"):
                    await position.wait_opened()

            nursery.start_soon(wait)
            await position.close(reason="changed my mind")
        await position.wait_closed()
        assert (position.entry_price, position.quantity, position.close_reason) == (None, 0, "changed my mind")
        await house.until(lambda: not house.working(), "nothing works")

    run_api(body)


def test_a_position_object_is_opened_at_its_price_with_exits_set_before(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        position = pitboss.StockPosition("AAPL", "mine-1")
        assert (position.status, position.quantity, position.entry_price) == (PositionStatus.PLANNED, 0, None)
        with pytest.raises(pitboss.PositionRefusedError, match="never opened"):
            await position.close()
        assert not pitboss.PositionTracker(house.bus).positions
        rival = pitboss.Position("AAPL", "mine-1")
        position.stop_loss, position.take_profit = 145, 160
        await position.open(10, 150.50)
        with pytest.raises(AttributeError, match="adjust"):
            position.stop_loss = 140
        with pytest.raises(pitboss.PositionRefusedError, match=r"id exists|OPEN|OPENING|PLANNED"):
            await rival.open(10, 150.50)
        await position.wait_protected()
        assert (position.entry_price, position.stop_loss, position.take_profit) == (D("150.01"), 145, 160)
        with pytest.raises(pitboss.PositionRefusedError, match="OPEN already"):
            await position.open(10, 150.50)
        with pytest.raises(pitboss.PositionRefusedError, match="OPEN already"):
            await pitboss.Position("AAPL", "mine-1").open(10)
        with pytest.raises(ValueError, match="'mine-1' is the id of a position in AAPL"):
            pitboss.Position("MSFT", "mine-1")
        assert await position.update(151.0) is False  # a live price is there
        await house.mark(position, 151.0)
        assert position.unrealized_pnl == D("9.90")
        await position.close(151.0, "done")
        await position.wait_closed()
        assert (position.position_id, position.close_reason) == ("mine-1", "done")
        with pytest.raises(pitboss.PositionRefusedError, match="CLOSED already"):
            await position.open(10)

    run_api(body)


def test_the_other_side_closes_first_and_the_same_side_is_refused_unless_it_adds(
    run_api: Callable[..., None],
) -> None:
    async def body(house: Any) -> None:
        tracker = pitboss.PositionTracker(house.bus)
        long = await tracker.create_position("AAPL", quantity=10)
        await long.wait_protected()
        with pytest.raises(pitboss.PositionRefusedError, match=r"already long \(10 held\)"):
            await tracker.create_position("AAPL", quantity=5)
        assert await tracker.create_position("AAPL", quantity=5, add=True) == long
        await house.until(lambda: house.at_broker() == {"AAPL": 15}, "the added shares")
        short = await tracker.create_position("AAPL", quantity=-20)
        assert (long.status, long.close_reason) == (CLOSED, "reversal")
        await short.wait_protected()
        assert (short.quantity, house.at_broker()) == (-20, {"AAPL": -20})
        with pytest.raises(ValueError, match="limit_price"):  # before anything is closed
            await tracker.create_position("AAPL", quantity=20, limit_price=-1)
        assert short.status is PositionStatus.OPEN

    run_api(body)


def test_a_given_price_counts_only_while_no_live_one_comes_and_then_works_like_a_tick(
    run_api: Callable[..., None],
) -> None:
    async def body(house: Any) -> None:
        tracker = pitboss.PositionTracker(house.bus)
        position = await tracker.create_position("AAPL", quantity=10, stop_loss_pct=0.03, take_profit_pct=0)
        await position.wait_protected()
        await house.mark(position, 150.5)
        assert await tracker.update_positions({"AAPL": 160, "MSFT": 1}) == {"AAPL": False, "MSFT": False}
        assert position.last_price == 150.5
        await trio.sleep(1.1)  # the quote grows stale
        assert await tracker.update_positions({"AAPL": 160.5}) == {"AAPL": True}
        assert (position.last_price, position.unrealized_pnl) == (160.5, D("104.90"))
        with pytest.raises(ValueError, match="AAPL: 0 is no price"):
            await tracker.update_positions({"AAPL": 0})
        with pytest.raises(pitboss.PositionRefusedError, match="no tick for more than"):
            await tracker.create_position("AAPL", quantity=5, add=True)  # it is no quote
        # through the stop, and it stays there: the second line closes what the broker's stop has not
        await tracker.update_positions({"AAPL": 140})
        await position.wait_closed()
        assert position.close_reason == "stop"

    run_api(body, risk={"quote_max_age_seconds": 1.0, "local_stop_grace_seconds": 0.2})


def test_waiting_ends_when_the_system_does(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        position = await pitboss.PositionTracker(house.bus).create_position("AAPL", quantity=10, limit_price=140)

        async def wait() -> None:
            with pytest.raises(pitboss.NotRunningError, match="the system ended before it closed"):
                await position.wait_closed()
            done.set()

        done = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked(0.01)
            house.system.end("of the test")
            await done.wait()

    run_api(body)


def test_a_handler_may_trade_and_finds_its_system_by_itself(run_api: Callable[..., None]) -> None:
    async def body(house: Any) -> None:
        done = trio.Event()

        async def again(event: PositionCloseEvent) -> None:
            tracker = pitboss.PositionTracker(pitboss.EventBus())
            if event.reason == "first":
                position = await tracker.create_position("AAPL", quantity=-5)
                await position.wait_protected()
                await position.close(reason="second")
            else:
                done.set()

        await house.bus.subscribe(PositionCloseEvent, again)
        first = await pitboss.PositionTracker(house.bus).create_position("AAPL", quantity=5)
        await first.wait_opened()
        await first.close(reason="first")
        with trio.fail_after(20):
            await done.wait()
        assert house.bus.subscribers[0].failed == 0

    run_api(body)
