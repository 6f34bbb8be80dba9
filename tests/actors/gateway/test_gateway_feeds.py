from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any

from messages.gateway import AccountPnl, AccountValue, BrokerSnapshot
from messages.market import (
    FeedInterrupted,
    FeedResumed,
    InstrumentQualified,
    InstrumentUnknown,
    Subscribe,
    TickType,
    Unsubscribe,
)
from simulator.server.entitlements import Entitlement

Bench = Callable[..., None]
BID, ASK, LAST = int(TickType.BID), int(TickType.ASK), int(TickType.LAST)


def ticks(box: Any) -> list[tuple[int, float, float]]:
    return [message for message in box.got if isinstance(message, tuple) and not _about_shorts(message)]


def _about_shorts(message: Any) -> bool:
    return isinstance(message, tuple) and message[0] == TickType.SHORTABLE


def words(box: Any) -> list[Any]:
    return box.of(FeedInterrupted, FeedResumed)


def test_a_symbol_is_qualified_with_its_price_bands_and_then_ticks(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        box = await b.trade("PLTR")
        (qualified,) = box.of(InstrumentQualified)
        instrument = qualified.instrument
        assert (instrument.symbol, instrument.con_id, instrument.sec_type) == ("PLTR", 444857009, "STK")
        assert instrument.price_bands == ((Decimal(0), Decimal("0.0001")), (Decimal(1), Decimal("0.01")))
        assert qualified in b.orders.got
        b.broker.quote("PLTR", 62.00, 62.01)
        b.broker.tick("PLTR", LAST, 62.005, 300)
        await b.settle()
        assert [tick for tick in ticks(box) if tick[0] in (BID, ASK, LAST)] == [
            (BID, 62.0, 100.0),
            (ASK, 62.01, 100.0),
            (LAST, 62.005, 300.0),
        ]
        assert words(box) == []

    bench(scenario)


def test_ticks_go_to_their_own_position_in_the_order_of_the_feed(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        apple, tesla = await b.trade("AAPL"), await b.trade("TSLA")
        for step in range(50):
            b.broker.tick("AAPL", LAST, 100 + step)
            b.broker.tick("TSLA", LAST, 300 + step)
        await b.settle()
        assert [price for kind, price, _ in ticks(apple) if kind == LAST] == [100.0 + step for step in range(50)]
        assert [price for kind, price, _ in ticks(tesla) if kind == LAST] == [300.0 + step for step in range(50)]

    bench(scenario)


def test_a_symbol_that_the_broker_does_not_know_is_said_to_be_unknown(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        box = await b.position("NOSUCH")
        b.tell(Subscribe("NOSUCH"))
        await b.settle()
        (unknown,) = box.of(InstrumentUnknown)
        assert unknown.text.startswith("200 ")
        assert b.system.describe("gateway")["connected"]

    bench(scenario)


def test_no_answer_about_a_contract_is_said_and_asked_again(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        b.broker.swallow = lambda fields: fields[0] == "9"
        await b.start()
        box = await b.position("AAPL")
        b.tell(Subscribe("AAPL"))
        await b.settle(11)
        assert "no answer" in box.of(InstrumentUnknown)[0].text
        b.broker.swallow = lambda _fields: False
        await b.settle(20)
        assert box.of(InstrumentQualified)

    bench(scenario)


def test_a_symbol_wanted_before_the_connection_is_served_once_it_is_there(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        b.broker.listens = False
        await b.start(first_connect="retry")
        box = await b.position("AAPL")
        b.tell(Subscribe("AAPL"))
        await b.settle(5)
        b.broker.listens = True
        await b.settle(20)
        b.broker.quote("AAPL", 100.00, 100.05)
        await b.settle()
        assert box.of(InstrumentQualified)
        assert (BID, 100.0, 100.0) in ticks(box)

    bench(scenario)


def test_after_a_reconnect_the_ticks_come_first_and_the_contract_is_asked_again(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        box = await b.trade("AAPL")
        b.broker.quote("AAPL", 100.00, 100.05)
        await b.settle(2)
        del box.got[:]
        b.broker.line.abort()
        await b.settle(10)
        told = [type(message).__name__ for message in box.got if not isinstance(message, tuple)]
        assert told == ["FeedInterrupted", "FeedResumed", "InstrumentQualified"]
        assert "link is down: Connection reset" in words(box)[0].reason
        assert (BID, 100.0, 100.0) in ticks(box)
        resumed = box.got.index(words(box)[1])
        assert all(not isinstance(message, tuple) for message in box.got[:resumed])
        written = [fields[0] for fields in b.broker.line.sent]
        assert written.index("1") < written.index("9")

    bench(scenario)


def test_a_position_that_subscribes_again_is_answered_from_memory(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        box = await b.trade("AAPL")
        b.tell(Subscribe("AAPL"))
        await b.settle()
        assert len(box.of(InstrumentQualified)) == 2
        assert len(b.broker.sent(1)) == len(b.broker.sent(9)) == 1

    bench(scenario)


def test_after_unsubscribing_nothing_arrives(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        box = await b.trade("AAPL")
        b.tell(Unsubscribe("AAPL"))
        b.tell(Unsubscribe("MSFT"))
        await b.settle()
        del box.got[:]
        b.broker.quote("AAPL", 100.00, 100.05)
        await b.settle()
        assert box.got == []
        assert len(b.broker.sent(2)) == 1

    bench(scenario)


def test_a_missing_quote_is_not_a_price(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        box = await b.trade("AAPL")
        request = b.broker.sent(1)[0][2]
        inject = b.broker.line.inject
        inject("1", "6", request, BID, "-1", "0", "0")
        inject("1", "6", request, LAST, "100.10", "5", "0")
        inject("1", "6", request, 9, "0", "0", "0")
        await b.settle()
        assert [word.reason for word in words(box)] == ["no bid"]
        assert ticks(box) == [(LAST, 100.1, 5.0)]
        inject("1", "6", request, BID, "100.00", "1", "0")
        await b.settle()
        assert [type(word) for word in words(box)] == [FeedInterrupted, FeedResumed]
        assert ticks(box)[-1] == (BID, 100.0, 1.0)

    bench(scenario)


def test_delayed_ticks_never_arrive_and_live_ones_end_the_interruption(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        box = await b.trade("AAPL")
        request = b.broker.sent(1)[0][2]
        inject = b.broker.line.inject
        inject("1", "6", request, 66, "100.00", "1", "0")
        inject("1", "6", request, 67, "100.05", "1", "0")
        inject("2", "6", request, 69, "100")
        await b.settle()
        assert ticks(box) == []
        assert [word.reason for word in words(box)] == ["delayed instead of live"]
        inject("1", "6", request, ASK, "100.05", "1", "0")
        await b.settle()
        assert type(words(box)[-1]) is FeedResumed
        assert ticks(box) == [(ASK, 100.05, 1.0)]

    bench(scenario)


def test_frozen_and_halted_end_only_by_their_own_word(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        box = await b.trade("AAPL")
        request = b.broker.sent(1)[0][2]
        inject = b.broker.line.inject
        inject("45", "6", request, int(TickType.HALTED), "1.0")
        inject("58", "1", request, "2")
        inject("1", "6", request, LAST, "100.10", "5", "0")
        await b.settle()
        assert [word.reason for word in words(box)] == ["halted", "halted; frozen"]
        assert ticks(box) == [(LAST, 100.1, 5.0)]
        inject("45", "6", request, int(TickType.HALTED), "0")
        inject("58", "1", request, "1")
        await b.settle()
        assert type(words(box)[-1]) is FeedResumed

    bench(scenario)


def test_data_without_a_subscription_is_an_interruption_with_the_brokers_words(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        b.broker.paper.tws.entitlements.set("AAPL", Entitlement.NONE)
        box = await b.trade("AAPL")
        (word,) = words(box)
        assert "354" in word.reason
        b.tell(Subscribe("AAPL"))
        await b.settle()
        assert len(words(box)) == 2

    bench(scenario)


def test_words_about_a_feed_keep_their_place_among_its_ticks(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        box = await b.trade("AAPL")
        request = b.broker.sent(1)[0][2]
        frames = [
            ("1", "6", request, LAST, "100.10", "5", "0"),
            ("45", "6", request, "49", "1.0"),
            ("1", "6", request, LAST, "100.20", "5", "0"),
            ("45", "6", request, "49", "0.0"),
            ("1", "6", request, LAST, "100.30", "5", "0"),
        ]
        b.broker.line.inject_all(frames)  # one read
        await b.settle()
        heard = [message for message in box.got[1:] if not _about_shorts(message)]
        kinds = [message if isinstance(message, tuple) else type(message).__name__ for message in heard]
        assert kinds == [
            (LAST, 100.1, 5.0),
            "FeedInterrupted",
            (LAST, 100.2, 5.0),
            "FeedResumed",
            (LAST, 100.3, 5.0),
        ]

    bench(scenario)


def test_the_account_is_told_as_it_changes(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.trade("AAPL")
        await b.settle(10)
        portfolio = b.boxes["portfolio"]
        values = {value.key: value for value in portfolio.of(AccountValue) if value.currency in ("USD", "")}
        assert Decimal(values["NetLiquidation"].value) == Decimal(1_000_000)
        assert values["NetLiquidation"].account == "DU1234567"
        assert portfolio.of(AccountPnl)
        told = [(value.key, value.currency, value.value) for value in portfolio.of(AccountValue)]
        assert all(one != other for one, other in pairwise(told))

    bench(scenario)


def test_pnl_that_the_broker_has_not_counted_is_none(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        await b.start()
        await b.settle()
        request = b.broker.sent(92)[0][1]
        b.broker.line.inject("94", request, "1.7976931348623157E308", "0", "-12.5")
        await b.settle()
        assert b.boxes["portfolio"].of(AccountPnl)[-1] == AccountPnl(None, Decimal(0), Decimal("-12.5"))

    bench(scenario)


def test_the_snapshot_holds_what_the_broker_holds(bench: Bench) -> None:
    async def scenario(b: Any) -> None:
        paper = b.broker.paper
        apple = paper.contracts.find("AAPL", "STK")[0].contract
        b.broker.quote("AAPL", 100.00, 100.05)
        paper.venue.manual_trade("DU1234567", apple, Decimal(40), Decimal("100.05"))
        await b.trade("AAPL")
        b.place(b.order())
        b.place(b.order(limit_price=Decimal("101.00")))
        await b.settle(2)
        b.broker.line.abort()
        await b.settle(5)
        snapshot: BrokerSnapshot = b.snapshots[-1]
        assert snapshot.complete
        assert [(row.order_ref, row.status) for row in snapshot.open_orders or ()] == [("pb-1", "Submitted")]
        assert [(row.order_ref, row.filled) for row in snapshot.completed_orders or ()] == [("pb-2", Decimal(100))]
        assert sorted(fill.order_ref for fill in snapshot.executions or ()) == ["", "pb-2"]
        assert {charge.exec_id for charge in snapshot.commissions} == {
            fill.exec_id for fill in snapshot.executions or ()
        }
        (held,) = snapshot.positions or ()
        assert (held.symbol, held.quantity, held.con_id) == ("AAPL", Decimal(140), apple.con_id)

    bench(scenario)
