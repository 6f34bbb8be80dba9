"""The fault engine, seen by a real ib_insync client in virtual time."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import ib_insync as ibi
import pytest
import trio
from trio_asyncio import aio_as_trio as aio

from simulator.faults import RandomFaults, Rule, parse_script
from simulator.faults.verbs import (
    Accept,
    AcceptSilently,
    Alter,
    BlackHole,
    CancelAtBroker,
    Close,
    Connectivity,
    Correct,
    Cut,
    Delay,
    Drop,
    Duplicate,
    Emit,
    Error,
    Fill,
    Flow,
    Hold,
    Jump,
    Manual,
    ManualOrder,
    Release,
    Reorder,
    Reset,
    Restart,
    Silence,
    Split,
    Stall,
    Swallow,
    Wait,
)

AAPL = ibi.Stock("AAPL", "SMART", "USD")


def limit(price: float = 90.0, **fields: Any) -> ibi.Order:
    return ibi.LimitOrder("BUY", 10, price, **fields)


class Ear:
    """Everything a client is told about orders, in order."""

    def __init__(self, ib: ibi.IB) -> None:
        self.heard: list[str] = []
        original = ib.client.decoder.interpret

        def interpret(fields: list[str]) -> None:
            name = {"3": "status", "5": "open", "11": "exec", "59": "commission", "4": "error"}.get(fields[0])
            if name == "status":
                self.heard.append(f"status {fields[2]}")
            elif name == "error":
                if not fields[3].startswith("2"):
                    self.heard.append(f"error {fields[3]}")
            elif name is not None:
                self.heard.append(name)
            original(fields)

        ib.client.decoder.interpret = interpret


def test_a_swallowed_order_never_existed(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.add(Rule(on="placeOrder", nth=2, do=[Swallow()]))
        async with paper.client() as ib:
            trades = [ib.placeOrder(AAPL, limit()) for _ in range(3)]
            await settle(ib)
            assert [trade.orderStatus.status for trade in trades] == ["Submitted", "PendingSubmit", "Submitted"]
            assert len(paper.venue.orders) == 2

    in_memory(scenario)


def test_a_silently_accepted_order_fills_unsaid_but_is_told_when_asked(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.add(Rule(on="placeOrder", do=[AcceptSilently()]))
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ear = Ear(ib)
            trade = ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10, orderRef="quiet"))
            await settle(ib)
            assert ear.heard == []
            assert trade.orderStatus.status == "PendingSubmit"
            (fill,) = await aio(ib.reqExecutionsAsync)()
            assert fill.execution.orderRef == "quiet"
            (completed,) = await aio(ib.reqCompletedOrdersAsync)(False)
            assert completed.orderStatus.status == "Filled"

    in_memory(scenario)


def test_a_request_about_no_order_accepted_silently_keeps_nothing_back(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.add(Rule(on="reqAllOpenOrders", do=[AcceptSilently()]))
        async with paper.client() as ib:
            told: list[int] = []
            ib.errorEvent += lambda _, code, *__: told.append(code)
            await aio(ib.reqAllOpenOrdersAsync)()
            paper.broker.faults.do(Connectivity("lost"))
            await settle(ib)
            assert 1100 in told

    in_memory(scenario)


@pytest.mark.parametrize(("verbs", "taken"), [([Reset()], True), ([Swallow(), Reset()], False)])
def test_a_reset_leaves_the_order_taken_or_not_as_scripted(
    in_memory: Any, once: Any, verbs: list[Any], taken: bool
) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.add(Rule(on="placeOrder", nth=1, do=[*([Accept()] if taken else []), *verbs]))
        async with paper.client() as ib:
            gone = once(ib.disconnectedEvent)
            ib.placeOrder(AAPL, limit())
            await gone.wait()
            assert len(paper.venue.orders) == taken
            assert paper.tws.session_of(7) is None
        async with paper.client() as ib:
            assert len(ib.openTrades()) == taken

    in_memory(scenario)


def test_held_messages_come_in_the_order_of_their_release(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        hold = Hold(messages=["execDetails", "commissionReport", "orderStatus", "openOrder"], name="fill", asked=False)
        paper.broker.faults.add(Rule(on="placeOrder", nth=1, do=[hold, Accept(), Wait(30), Release("fill", [2, 5])]))
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ear = Ear(ib)
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
            await trio.sleep(29)
            assert ear.heard == []
            await trio.sleep(2)
            plain = ["open", "status Submitted", "exec", "open", "status Filled", "open", "status Filled", "commission"]
            moved = [plain[2], plain[5], *(one for index, one in enumerate(plain) if index not in (2, 5))]
            assert ear.heard == moved
            ear.heard.clear()
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
            await settle(ib)
            assert ear.heard == plain

    in_memory(scenario)


def test_messages_are_dropped_doubled_delayed_and_permuted(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        faults = paper.broker.faults
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ear = Ear(ib)
            faults.do(Drop(messages=["openOrder"]), client=7)
            faults.do(Duplicate(messages=["execDetails"], copies=3, count=1), client=7)
            faults.do(Delay(messages=["commissionReport"], seconds=5), client=7)
            faults.do(Reorder(messages=["orderStatus"], order=[2, 0, 1]), client=7)
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
            await settle(ib)
            assert ear.heard == ["exec", "exec", "exec", "status Filled", "status Submitted", "status Filled"]
            await trio.sleep(6)
            assert ear.heard[-1] == "commission"
            faults.release()
            ear.heard.clear()
            ib.placeOrder(AAPL, limit())
            await settle(ib)
            assert ear.heard == ["open", "status Submitted"]

    in_memory(scenario)


def test_an_echo_is_altered_while_the_book_stays_true(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        alter = Alter(messages=["openOrder"], set={"tif": "DAY", "ocaGroup": "other", "conId": "1"})
        paper.broker.faults.add(Rule(on="placeOrder", where={"tif": "GTC"}, do=[alter]))
        async with paper.client() as ib:
            seen: list[Any] = []
            ib.openOrderEvent += seen.append
            opened: list[tuple[Any, ...]] = []
            ib.wrapper.openOrder = lambda *told: opened.append(told)
            ib.placeOrder(AAPL, limit(tif="GTC", ocaGroup="mine"))
            await settle(ib)
            (_, contract, order, _) = opened[0]
            assert (contract.conId, order.tif, order.ocaGroup) == (1, "DAY", "other")
            (held,) = paper.venue.orders.values()
            assert (held.contract.con_id, held.tif, held.oca_group) == (265598, "GTC", "mine")

    in_memory(scenario)


def test_errors_and_messages_are_emitted_as_scripted(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.add(
            Rule(
                on="placeOrder",
                nth=1,
                do=[
                    Error(10349, "Order TIF was set to DAY based on order preset."),
                    Error(1100, "Connectivity lost", id=-1),
                    Accept(),
                    Emit(message="orderStatus", set={"status": "Inactive", "filled": "4"}),
                    Emit(message="execDetails", set={"execId": "{execBase}.02", "price": "10.05"}),
                    Emit(fields=["59", "1", "{execId}", "-1.0", "USD", "", "", ""]),
                ],
            )
        )
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            ear = Ear(ib)
            executions: list[Any] = []
            ib.wrapper.execDetails = lambda req_id, contract, execution: executions.append(execution)
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
            await settle(ib)
            assert ear.heard[:2] == ["error 10349", "error 1100"]
            assert ear.heard[-3:] == ["status Inactive", "exec", "commission"]
            first, second = executions
            assert first.execId.removesuffix("01") + "02" == second.execId
            assert (first.price, second.price) == (100.0, 10.05)

    in_memory(scenario)


def test_a_black_hole_gathers_orders_that_fill_when_it_ends(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            paper.broker.faults.do(BlackHole(), client=7)
            trade = ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
            await trio.sleep(300)
            assert ib.isConnected()
            assert not paper.venue.orders
            paper.broker.faults.do(Flow(), client=7)
            await settle(ib)
            assert trade.orderStatus.status == "Filled"

    in_memory(scenario)


def test_orders_sent_in_one_piece_stop_where_the_hole_opens(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.add(Rule(on="placeOrder", nth=2, do=[Accept(), BlackHole(seconds=10)]))
        async with paper.client() as ib:
            for number in range(4):
                ib.placeOrder(AAPL, limit(orderRef=str(number)))
            await trio.sleep(5)
            assert [order.order_ref for order in paper.venue.orders.values()] == ["0", "1"]
            await trio.sleep(6)
            assert [order.order_ref for order in paper.venue.orders.values()] == ["0", "1", "2", "3"]
            assert {trade.orderStatus.status for trade in ib.trades()} == {"Submitted"}

    in_memory(scenario)


def test_a_frozen_gateway_reads_what_a_client_sent_before_it_left(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            paper.broker.faults.do(BlackHole(seconds=60), client=7)
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
            await trio.sleep(1)
        await trio.sleep(30)
        assert not paper.venue.orders
        await trio.sleep(60)
        assert [order.status for order in paper.venue.orders.values()] == ["Filled"]
        assert paper.tws.session_of(7) is None

    in_memory(scenario)


def test_a_stall_ends_in_a_burst_and_a_hole_in_a_reset(in_memory: Any, once: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            gone = once(ib.disconnectedEvent)
            paper.broker.faults.do(Stall(10), client=7)
            trade = ib.placeOrder(AAPL, limit())
            started = trio.current_time()
            await settle(ib)
            assert trio.current_time() - started == pytest.approx(10, abs=0.01)
            assert trade.orderStatus.status == "Submitted"
            paper.broker.faults.do(BlackHole(10, "reset"), client=7)
            ib.placeOrder(AAPL, limit())
            await gone.wait()
            assert len(paper.venue.orders) == 1

    in_memory(scenario)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 50, 299])
def test_a_frame_cut_on_its_way_in_is_no_order(in_memory: Any, once: Any, count: int) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            gone = once(ib.disconnectedEvent)
            paper.broker.faults.do(Cut(count, "in"), client=7)
            ib.placeOrder(AAPL, limit(orderRef="x" * 200))
            await gone.wait()
            assert not paper.venue.orders

    in_memory(scenario)


def test_a_frame_cut_on_its_way_out_leaves_the_order_in_the_book(in_memory: Any, once: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            gone = once(ib.disconnectedEvent)
            ear = Ear(ib)
            paper.broker.faults.do(Cut(100), client=7)
            ib.placeOrder(AAPL, limit())
            await gone.wait()
            assert ear.heard == []
            assert len(paper.venue.orders) == 1

    in_memory(scenario)


def test_a_restart_rolls_ids_back_and_keeps_the_chosen_orders(in_memory: Any, once: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            gone = once(ib.disconnectedEvent)
            paper.tick("AAPL", bid=99.99, ask=100.0)
            for number in range(4):
                ib.placeOrder(AAPL, limit(orderRef=f"ref{number}"))
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
            await settle(ib)
            used = ib.client.getReqId()
            paper.broker.faults.do(Restart(next_id=3, keep=["ref1"], executions=False, seconds=20))
            await gone.wait()
        with pytest.raises(Exception, match=r"Timeout|Connection|disconnect|^$"):
            async with paper.client():
                pass
        await trio.sleep(20)
        async with paper.client() as ib:
            assert ib.client.getReqId() < used
            assert [trade.order.orderRef for trade in ib.openTrades()] == ["ref1"]
            assert ib.fills() == []
            completed = await aio(ib.reqCompletedOrdersAsync)(False)
            assert [trade.order.orderType for trade in completed] == ["MKT"]
            trade = ib.placeOrder(AAPL, limit())
            await settle(ib)
            assert trade.orderStatus.status == "Submitted"
            assert [position.position for position in ib.positions()] == [10]

    in_memory(scenario)


def test_a_split_change_leaves_two_live_orders_under_one_id(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.add(Rule(on="placeOrder", where={"isModify": "1"}, do=[Split()]))
        async with paper.client() as ib:
            order = limit()
            ib.placeOrder(AAPL, order)
            await settle(ib)
            order.lmtPrice = 91.0
            ib.placeOrder(AAPL, order)
            await settle(ib)
            assert [str(one.limit) for one in paper.venue.orders.values()] == ["90.0", "91.0"]
            assert len({one.order_id for one in paper.venue.orders.values()}) == 1
            ib.client.cancelOrder(order.orderId)
            await settle(ib)
            assert [one.status for one in paper.venue.orders.values()] == ["Submitted", "Cancelled"]

    in_memory(scenario)


def test_the_broker_fills_cancels_and_trades_behind_the_clients_back(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            first = ib.placeOrder(AAPL, limit(orderRef="first"))
            second = ib.placeOrder(AAPL, limit(orderRef="second"))
            await settle(ib)
            paper.broker.faults.do(
                Fill(price=Decimal("89.5"), quantity=Decimal(4), order_ref="first"),
                CancelAtBroker("second"),
                Manual(symbol="AAPL", quantity=Decimal(-4), price=Decimal("89.6")),
                ManualOrder(symbol="MSFT", side="SELL", quantity=Decimal(1), limit=Decimal(900)),
            )
            await settle(ib)
            assert [fill.execution.price for fill in first.fills] == [89.5]
            assert second.orderStatus.status == "Cancelled"
            assert ib.positions() == []
            assert len(await aio(ib.reqAllOpenOrdersAsync)()) == 2
            assert len(await aio(ib.reqExecutionsAsync)()) == 2

    in_memory(scenario)


def test_a_corrected_and_a_busted_fill_change_the_book_and_are_told(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.tick("AAPL", bid=99.99, ask=100.0)
            told: list[tuple[str, float, float]] = []
            ib.wrapper.execDetails = lambda req_id, contract, execution: told.append(
                (execution.execId[-2:], execution.shares, execution.price)
            )
            ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 100, orderRef="it"))
            await settle(ib)
            paper.broker.faults.do(Correct(quantity=Decimal(100), price=Decimal("100.05"), order_ref="it"))
            await settle(ib)
            (position,) = ib.positions()
            assert (position.position, position.avgCost) == (100, 100.06)
            paper.broker.faults.do(Correct(quantity=Decimal(0), price=Decimal("100.05"), order_ref="it"))
            await settle(ib)
            assert ib.positions() == []
            assert told == [("01", 100, 100.0), ("02", 100, 100.05), ("03", 0, 100.05)]
            assert paper.venue.cash("DU1234567") == 1_000_000

    in_memory(scenario)


def test_silenced_subscriptions_stay_silent_and_new_ones_speak(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            await aio(ib.qualifyContractsAsync)(AAPL)
            old = ib.reqMktData(AAPL)
            paper.tick("AAPL", bid=99.0)
            await settle(ib)
            paper.broker.faults.do(Silence("AAPL"))
            paper.tick("AAPL", bid=98.0)
            await settle(ib)
            assert old.bid == 99.0
            again = ibi.Contract(**ibi.util.dataclassNonDefaults(AAPL))
            new = ib.reqMktData(again)
            await settle(ib)
            assert new.bid == 98.0
            ib.cancelMktData(AAPL)
            await settle(ib)

    in_memory(scenario)


def test_ticks_stop_while_the_connection_to_the_servers_is_lost(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            await aio(ib.qualifyContractsAsync)(AAPL)
            ticker = ib.reqMktData(AAPL)
            ear = Ear(ib)
            seen: list[float] = []
            for price, state in ((91.0, "lost"), (92.0, "kept"), (93.0, "lost"), (94.0, "dropped"), (95.0, "lost")):
                paper.tick("AAPL", bid=price)
                await settle(ib)
                seen.append(ticker.bid)
                paper.broker.faults.do(Connectivity(state))
            await settle(ib)
            assert seen == [91.0, 91.0, 93.0, 93.0, 93.0]
            assert ear.heard == ["error 1100", "error 1102", "error 1100", "error 1101", "error 1100"]

    in_memory(scenario)


def test_a_filter_that_has_done_its_count_is_gone(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            paper.broker.faults.do(Drop(messages=["openOrder"], count=1), client=7)
            assert len(paper.broker.faults.filters) == 1
            ear = Ear(ib)
            for _ in range(2):
                ib.placeOrder(AAPL, limit())
            await settle(ib)
            assert ear.heard == ["status Submitted", "open", "status Submitted"]
            assert paper.broker.faults.filters == []

    in_memory(scenario)


def test_the_brokers_clock_jumps_without_the_clients(in_memory: Any) -> None:
    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            before = await aio(ib.reqCurrentTimeAsync)()
            paper.broker.faults.do(Jump(7200))
            after = await aio(ib.reqCurrentTimeAsync)()
            assert (after - before).total_seconds() == 7200

    in_memory(scenario)


def test_random_faults_are_the_same_for_the_same_seed(in_memory: Any, settle: Any) -> None:
    def heard(seed: int) -> list[str]:
        ears: list[Ear] = []

        async def scenario(paper: Any) -> None:
            paper.broker.faults.throw(
                RandomFaults(messages=("openOrder", "orderStatus"), drop=0.3, duplicate=0.2, delay=0.2, seed=seed)
            )
            async with paper.client() as ib:
                paper.tick("AAPL", bid=99.99, ask=100.0)
                ears.append(Ear(ib))
                for _ in range(20):
                    ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 1))
                await settle(ib)
                await trio.sleep(5)
                assert ears[0].heard.count("exec") == 20

        in_memory(scenario)
        return ears[0].heard

    assert heard(3) == heard(3)
    assert heard(3) != heard(4)


def test_rules_count_by_kind_client_and_field(in_memory: Any, settle: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.add(
            Rule(on="placeOrder", client=2, where={"orderType": "LMT"}, nth=2, times=2, do=[Swallow()])
        )
        async with paper.client(1) as first, paper.client(2) as second:
            for ib in (first, second):
                ib.placeOrder(AAPL, ibi.StopOrder("SELL", 1, 80.0))
                for number in range(4):
                    ib.placeOrder(AAPL, limit(orderRef=f"{ib.client.clientId}{number}"))
                await settle(ib)
            refs = [order.order_ref for order in paper.venue.orders.values() if order.order_ref]
            assert refs == ["10", "11", "12", "13", "20", "23"]

    in_memory(scenario)


SCRIPT = """
[[fault]]
on = "placeOrder"
nth = 1
where = { symbol = "AAPL", outsideRth = false }
do = [
  { verb = "hold", messages = ["execDetails"], name = "late", asked = false },
  "accept",
  { verb = "error", code = 1100, text = "lost", id = -1 },
  { verb = "wait", seconds = 10 },
  { verb = "release", name = "late" },
  { verb = "fill", price = 90, quantity = 3 },
]
[[fault]]
after = 60.0
do = [{ verb = "close", everyone = true }]
[random]
messages = ["position"]
drop = 1.0
"""


def test_a_script_in_toml_does_what_it_says(in_memory: Any, once: Any, tmp_path: Any) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(SCRIPT)

    async def scenario(paper: Any) -> None:
        async with paper.client() as ib:
            gone = once(ib.disconnectedEvent)
            ear = Ear(ib)
            trade = ib.placeOrder(AAPL, limit())
            await trio.sleep(9)
            assert "error 1100" in ear.heard
            await trio.sleep(2)
            assert [fill.execution.shares for fill in trade.fills] == [3]
            assert ib.positions() == []
            await gone.wait()
            assert trio.current_time() == pytest.approx(60, abs=1)

    in_memory(scenario, faults=path)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ('[[fault]]\non = "placeOrder"', "without verbs"),
        ('[[fault]]\ndo = ["swallow"]', "either `on` or `after`"),
        ('[[fault]]\non = "placeOrder"\nnth = 0\ndo = ["swallow"]', "counts from 1"),
        ('[[fault]]\non = "*"\nwhen = 1\ndo = ["swallow"]', "unknown key when"),
        ('[[fault]]\non = "*"\ndo = ["explode"]', "unknown verb 'explode'"),
        ('[[fault]]\non = "*"\ndo = [{ verb = "drop", messages = ["nonsense"] }]', "no message is named 'nonsense'"),
        ('[[fault]]\non = "*"\ndo = [{ verb = "drop", messages = ["*"], often = 3 }]', "often"),
        ('[[fault]]\non = "*"\ndo = [{ verb = "reorder", messages = ["*"], order = [1, 2] }]', "permutation"),
        ("[random]\ndrop = 0.9\ndelay = 0.2", "rates"),
        ('[[fault]]\non = "placeorder"\ndo = ["swallow"]', "no request is named 'placeorder'"),
        ("[faults]\n", "unknown table faults"),
    ],
)
def test_a_script_with_a_mistake_is_refused_with_its_place(script: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_script(script)


def test_closing_in_order_delivers_what_was_said_before(in_memory: Any, once: Any) -> None:
    async def scenario(paper: Any) -> None:
        paper.broker.faults.add(Rule(on="placeOrder", nth=1, do=[Accept(), Close()]))
        async with paper.client() as ib:
            gone = once(ib.disconnectedEvent)
            ear = Ear(ib)
            ib.placeOrder(AAPL, limit())
            await gone.wait()
            assert ear.heard == ["open", "status Submitted"]

    in_memory(scenario)
