"""More symbols than market data lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.gateway.lines import Lines
from messages.market import FeedInterrupted, FeedResumed, InstrumentQualified, Need, NeedTicks, Unsubscribe

SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMD", "TSLA")

names = st.sampled_from(SYMBOLS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), names),
        st.tuples(st.just("release"), names),
        st.tuples(st.just("need"), names, st.sampled_from(Need)),
        st.tuples(st.just("refused"), names),
        st.tuples(st.just("wait"), st.floats(0, 40)),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(steps, st.integers(1, 5), st.sampled_from([0.0, 30.0]))
def test_never_more_lines_than_there_are_and_what_is_held_comes_first(
    taken: list[tuple[Any, ...]], limit: int, turn_seconds: float
) -> None:
    lines, now = Lines(limit, turn_seconds), 0.0
    wanted: set[str] = set()
    needs: dict[str, Need] = {}
    for name, *arguments in taken:
        match name:
            case "wait":
                now += arguments[0]
            case "ask":
                wanted.add(arguments[0])
                lines.ask(arguments[0])
            case "release":
                wanted.discard(arguments[0])
                needs.pop(arguments[0], None)
                lines.release(arguments[0])
            case "need":
                needs[arguments[0]] = arguments[1]
                lines.need(*arguments)
            case _:
                lines.refused(*arguments)
        before = {symbol for symbol in SYMBOLS if symbol in lines}
        for grant in lines.turn(now):
            assert grant.symbol not in before
            before.add(grant.symbol)
            if grant.instead_of is not None:
                before.remove(grant.instead_of)
        served = {symbol for symbol in SYMBOLS if symbol in lines}
        assert served == before
        assert served | set(lines.waiting) == wanted
        assert len(served) == min(lines.limit, len(wanted)), "a line lies idle, or one too many is used"
        held = {symbol for symbol in wanted if needs.get(symbol) is Need.HOLDING}
        assert not (held & set(lines.waiting)) or served <= held
        assert set(lines.starved()) == held & set(lines.waiting)


def test_everybody_has_a_turn() -> None:
    lines, seen = Lines(2, 30.0), dict.fromkeys(SYMBOLS, 0)
    for symbol in SYMBOLS:
        lines.ask(symbol)
    lines.need("AAPL", Need.HOLDING)
    now = 0.0
    for _ in range(40):
        for grant in lines.turn(now):
            seen[grant.symbol] += 1
        now += max(lines.due(now), 0.001)
    assert seen["AAPL"] == 1
    assert min(seen[symbol] for symbol in SYMBOLS[1:]) >= 9


def test_symbols_take_turns_and_one_that_an_entry_waits_for_is_next(bench: Callable[..., None]) -> None:
    async def scenario(b: Any) -> None:
        boxes = {symbol: await b.trade(symbol) for symbol in SYMBOLS}
        assert all(box.of(InstrumentQualified) for box in boxes.values())
        assert [fields[4] for fields in b.broker.sent(1)] == ["AAPL", "MSFT"]
        (waits,) = boxes["TSLA"].of(FeedInterrupted)
        assert waits.reason == "it waits for a market data line"

        b.tell(NeedTicks("TSLA", Need.DECISION))
        await b.settle()
        assert [fields[4] for fields in b.broker.sent(1)] == ["AAPL", "MSFT", "TSLA"]
        b.broker.quote("TSLA", 100.0, 100.1)
        await b.settle()
        assert (1, 100.0, 100.0) in boxes["TSLA"].got
        assert boxes["TSLA"].of(FeedResumed)

        b.tell(NeedTicks("TSLA", Need.HOLDING))
        await b.settle(65.0)
        asked = [fields[4] for fields in b.broker.sent(1)]
        assert asked.count("TSLA") == 1, "what is held keeps its line"
        assert set(asked) == set(SYMBOLS), "the others take turns"
        assert len(b.broker.sent(1)) - len(b.broker.sent(2)) == 2, "two lines are open"

    bench(scenario, broker={"market_data_lines": 2, "line_turn_seconds": 30.0})


def test_without_turns_the_first_keep_their_lines_except_for_what_is_held(bench: Callable[..., None]) -> None:
    async def scenario(b: Any) -> None:
        for symbol in SYMBOLS:
            await b.trade(symbol)
        b.tell(NeedTicks("TSLA", Need.DECISION))
        await b.settle(300.0)
        assert [fields[4] for fields in b.broker.sent(1)] == ["AAPL", "MSFT"]
        b.tell(NeedTicks("AMD", Need.HOLDING))
        await b.settle()
        assert [fields[4] for fields in b.broker.sent(1)] == ["AAPL", "MSFT", "AMD"]
        b.tell(Unsubscribe("MSFT"))
        await b.settle()
        assert [fields[4] for fields in b.broker.sent(1)][-1] == "NVDA"

    bench(scenario, broker={"market_data_lines": 2, "line_turn_seconds": 0.0})


def test_more_held_than_lines_is_alarmed_until_there_are_enough(bench: Callable[..., None]) -> None:
    async def scenario(b: Any) -> None:
        for symbol in SYMBOLS[:3]:
            await b.trade(symbol)
            b.tell(NeedTicks(symbol, Need.HOLDING))
        await b.settle()
        assert b.alarms == ["broker.market_data_lines"]
        b.tell(NeedTicks("AAPL", Need.NOTHING))
        await b.settle()
        assert [fields[4] for fields in b.broker.sent(1)] == ["AAPL", "MSFT", "NVDA"]
        assert type(b.boxes["alarms"].got[-1]).__name__ == "ClearAlarm"

    bench(scenario, broker={"market_data_lines": 2})


def test_a_login_with_fewer_lines_than_configured_shares_those_that_it_has(bench: Callable[..., None]) -> None:
    async def scenario(b: Any) -> None:
        await b.trade("AAPL")
        box = await b.trade("MSFT")
        request = b.broker.sent(1)[-1][2]
        b.broker.line.inject(4, 2, request, 101, "Max number of tickers has been reached", "")
        await b.settle()
        assert box.of(FeedInterrupted)[-1].reason.startswith("it waits for a market data line: Max number")
        await b.settle(70.0)
        assert [fields[4] for fields in b.broker.sent(1)] == ["AAPL", "MSFT", "MSFT", "AAPL"]
        assert b.system.describe("gateway")["lines"] == 1

    bench(scenario, broker={"market_data_lines": 100, "line_turn_seconds": 30.0})


def test_after_a_reconnect_what_is_held_has_its_line_first(bench: Callable[..., None]) -> None:
    async def scenario(b: Any) -> None:
        for symbol in SYMBOLS:
            await b.trade(symbol)
        b.tell(NeedTicks("TSLA", Need.HOLDING))
        await b.settle()
        b.broker.line.abort()
        await b.settle(30.0)
        assert len(b.broker.lines) == 2
        assert "TSLA" in [fields[4] for fields in b.broker.sent(1)]
        assert len(b.broker.sent(1)) - len(b.broker.sent(2)) == 2

    bench(scenario, broker={"market_data_lines": 2})
