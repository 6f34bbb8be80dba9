"""`pitboss whynot`: for a prediction that was not traded every gate is told, not only the first that refused."""

from decimal import Decimal

import pytest

from config.windows import RestartWindow
from simulator.faults.verbs import BlackHole

D = Decimal


def failed(answer):
    return {f"{gate['stage']}: {gate['gate']}" for gate in answer["gates"] if not gate["passed"]}


def figures(answer, stage, gate):
    return next(one["figures"] for one in answer["gates"] if (one["stage"], one["gate"]) == (stage, gate))


def stages(answer):
    return list(dict.fromkeys(gate["stage"] for gate in answer["gates"]))


def test_an_unsure_prediction_is_judged_by_all_gates_behind_the_one_that_stopped_it(journal_of, told, verb):
    ids = []

    async def body(it):
        ids.append(await it.predict("BUY", 0.5, "unsure"))
        assert not it.at_broker()

    path = journal_of(body, max_order_notional=D(5000))
    answer = told("whynot", ids[0], path)
    assert answer["traded"] is False
    assert answer["prediction"]["confidence"] == 0.5
    assert stages(answer) == ["signal", "rule buy", "position", "portfolio", "orders", "gateway"]
    assert failed(answer) == {
        "signal: confidence",
        "rule buy: condition",
        "position: size and exits",
        "portfolio: limits",
    }
    assert figures(answer, "signal", "confidence") == "0.5 < 0.6"
    assert figures(answer, "signal", "stale").endswith("at most 120 s")
    assert figures(answer, "rule buy", "condition").startswith("confidence 0.5 >= 0.8: no")
    assert figures(answer, "position", "quote") == "ask 100.01"
    assert "10001.00 > 5000" in figures(answer, "position", "size and exits")
    page = verb("whynot", ids[0], "--journal", str(path)).stdout
    assert "NO  confidence: 0.5 < 0.6" in page
    assert "not traded: ignored: confidence" in page


def test_each_limit_of_the_portfolio_is_told_with_its_figures(journal_of, told):
    ids = []

    async def body(it):
        ids.append(await it.predict("BUY", 0.9, "too-much"))
        assert not it.at_broker()

    path = journal_of(body, max_position_notional=D(9000), max_gross_exposure=D(8000))
    answer = told("whynot", ids[0], path)
    assert failed(answer) == {"portfolio: position notional", "portfolio: gross exposure"}
    assert figures(answer, "portfolio", "position notional") == "10001 > 9000"
    assert figures(answer, "portfolio", "gross exposure") == "10001 > 8000"
    assert figures(answer, "portfolio", "order notional") == "10001, no limit"
    assert figures(answer, "portfolio", "exposure of sector tech") == "10001, no limit"
    decided = [line["text"] for line in answer["timeline"]]
    assert "asked by rule:buy: not traded: position notional above the limit (10001 > 9000)" in decided
    assert any(text.startswith("rule buy did nothing: AAPL: refused: position notional") for text in decided)


def test_cooldown_and_position_stand_side_by_side(journal_of, told):
    ids = []

    async def body(it):
        ids.append(await it.predict("BUY", 0.9, "first"))
        ids.append(await it.predict("BUY", 0.95, "second"))
        assert it.held() == 100

    path = journal_of(body)
    first, second = (told("whynot", identity, path) for identity in ids)
    assert first["traded"] is True
    assert {order["role"] for order in first["orders"]} == {"entry", "stop", "target"}
    assert failed(first) == set()
    assert second["traded"] is False
    assert failed(second) == {"rule buy: cooldown", "position: side"}
    assert figures(second, "position", "side") == "already long: 100 held"
    assert figures(second, "rule buy", "cooldown").endswith("left of 300 s")


def test_what_no_rule_wants_says_which_field_failed(journal_of, told):
    ids = []

    async def body(it):
        ids.append(await it.predict("HOLD", 0.9, "hold"))

    path = journal_of(body)
    answer = told("whynot", ids[0], path)
    assert failed(answer) == {"rule buy: condition"}
    assert figures(answer, "rule buy", "condition") == "signal HOLD is BUY: no; confidence 0.9 >= 0.8: yes"
    assert "rule short" not in stages(answer), "it is for another symbol"


def test_a_halt_and_a_stale_quote_are_both_told(journal_of, told):
    ids = []

    async def body(it):
        await it.process.commands.answer({"command": "halt", "reason": "lunch"})
        it.quiet = True
        ids.append(await it.predict("BUY", 0.9, "halted"))
        await it.settle(10)  # it waits a while for a quote

    path = journal_of(body)
    answer = told("whynot", ids[0], path)
    assert {"portfolio: halted", "position: quote"} <= failed(answer)
    assert figures(answer, "portfolio", "halted") == "lunch"
    assert figures(answer, "position", "quote").startswith("no tick for more than")


def test_a_prediction_is_recorded_once_however_often_it_is_polled(journal_of, told):
    ids = []

    async def body(it):
        ids.append(await it.predict("HOLD", 0.9, "hold"))
        before = len(it.disk.rows)
        await it.settle(100)
        assert [row.kind for row in it.disk.rows[before:] if row.stream != "alarms"] == []

    path = journal_of(body)
    answer = told("whynot", ids[0], path)
    kinds = [line["record"]["kind"] for line in answer["timeline"]]
    assert kinds == ["SignalReceived", "RulesWeighed", "EntryWeighed"]


def test_a_symbol_means_its_newest_untraded_prediction_and_a_time_the_nearest(journal_of, told, verb):
    ids = []

    async def body(it):
        ids.append(await it.predict("BUY", 0.9, "traded"))
        ids.append(await it.predict("HOLD", 0.9, "hold"))
        ids.append(await it.predict("BUY", 0.4, "unsure"))
        await it.trade_at(50.0, "MSFT")
        await it.predict("BUY", 0.9, "other", "MSFT")

    path = journal_of(body)
    assert told("whynot", "aapl", path)["id"] == ids[2]
    at = {one: told("whynot", one, path)["timeline"][0]["time"] for one in ids}
    assert told("whynot", "AAPL", path, "--at", at[ids[1]].removesuffix("Z"))["id"] == ids[1]
    assert told("whynot", "AAPL", path, "--at", at[ids[0]][11:19])["id"] == ids[0]
    done = verb("whynot", "MSFT", "--journal", str(path))
    assert done.returncode == 1
    assert "no prediction or entry that was not traded" in done.stderr
    assert verb("whynot", "AAPL", "--at", "noon", "--journal", str(path)).returncode == 2


@pytest.mark.parametrize("verb_name", ["why", "whynot"])
def test_what_is_not_known_is_exit_code_1_with_what_comes_near(journal_of, verb, verb_name):
    async def body(it):
        await it.predict("BUY", 0.9, "known")

    path = journal_of(body)
    done = verb(verb_name, "AAPL:know", "--journal", str(path))
    assert done.returncode == 1
    assert "did you mean AAPL:known?" in done.stderr
    assert verb(verb_name, "AAPL:known", "--journal", str(path)).returncode == 0


def test_the_gates_of_the_gateway_are_weighed_for_what_is_never_sent(journal_of, told):
    ids = []

    async def body(it):
        ids.append(await it.predict("BUY", 0.5, "unsure"))
        ids.append(await it.predict("BUY", 0.9, "sure"))
        await it.settle(400)
        await it.trade_at(100.0)
        it.quiet = True
        it.paper.faults.do(BlackHole())
        ids.append(await it.predict("BUY", 0.7, "while nothing answers"))

    path = journal_of(body, max_orders_per_minute=2, max_gross_exposure=D(8000))
    answer = told("whynot", ids[0], path)
    gates = [gate["gate"] for gate in answer["gates"] if gate["stage"] == "gateway"]
    assert gates == [
        *("connection", "link to IB", "broker's lists", "message rate", "restart window", "liveness", "send queue"),
        *("last gate: terms", "last gate: order rate"),
    ]
    # a bracket is three orders: what stands behind the first refusal is told too
    assert figures(answer, "gateway", "last gate: order rate") == "0 orders left within a minute; 2 are allowed"
    assert figures(answer, "gateway", "liveness").endswith("s ago, at most 5 s")
    assert figures(answer, "gateway", "send queue").startswith("0 messages before it: leaves after 0.0 s")
    assert {"portfolio: gross exposure", "gateway: last gate: order rate"} <= failed(told("whynot", ids[1], path))
    assert failed(told("whynot", ids[2], path)) >= {"gateway: liveness"}


def test_what_the_gateway_refused_was_not_traded_and_all_its_gates_are_told(journal_of, told):
    ids = []

    async def body(it):
        ids.append(await it.predict("BUY", 0.9, "sure"))
        assert not it.at_broker()

    # TWS restarts now: nobody but the gateway looks at that
    window = RestartWindow.parse("14:00-16:00 UTC")
    path = journal_of(body, broker={"restart_windows": (window,)})
    answer = told("whynot", "AAPL", path)
    assert (answer["id"], answer["traded"]) == (ids[0], False)
    assert failed(answer) == {"gateway: restart window"}
    assert [order["status"] for order in answer["orders"]] == ["NOT_SENT"] * 3


def test_each_guard_is_told_with_its_figures(journal_of, told):
    ids = []

    async def body(it):
        ids.append(await it.predict("BUY", 0.9, "guarded"))
        assert not it.at_broker()

    path = journal_of(body, min_order_shares=D(200), max_net_exposure=D(5000), duplicate_seconds=5.0)
    answer = told("whynot", ids[0], path)
    assert failed(answer) == {"portfolio: order size", "portfolio: net exposure"}
    assert figures(answer, "position", "short sale") == "no short sale"
    assert figures(answer, "position", "market hours").startswith("by the contract's hours open")
    assert figures(answer, "portfolio", "net exposure") == "10001 > 5000"
    assert figures(answer, "portfolio", "order size") == "100 < 200"
    assert figures(answer, "portfolio", "duplicate") == "none within 5 s"
    assert figures(answer, "portfolio", "order rate") == "3 a minute, no limit"
    assert figures(answer, "portfolio", "currency") == "all in USD"


def test_a_symbol_also_tells_what_a_person_asked_for_in_vain(journal_of, told, verb):
    ids = []

    async def body(it):
        await it.open(quantity=200)
        await it.settle(10)
        await it.trade_at(100.0)
        await it.open(quantity=300)
        ids.append(await it.predict("BUY", 0.5, "unsure"))
        await it.open(quantity=50)

    path = journal_of(body, max_position_shares=D(100))
    answer = told("whynot", "AAPL", path)
    assert answer["id"] == ids[0], "the prediction as before"
    first, second = answer["refused"]
    assert first["source"] == second["source"] == "test"
    assert first["reason"] == "more shares than allowed (200 > 100)"
    assert second["reason"] == "more shares than allowed (300 > 100)"
    assert "position: size and exits" in failed(second)
    page = verb("whynot", "aapl", "--journal", str(path)).stdout
    assert page.startswith(f"signal {ids[0]} in AAPL")
    assert page.index("asked by test: more shares than allowed (300") < page.index(
        "asked by test: more shares than allowed (200"
    )
    at = first["time"][11:19]
    assert [one["sequence"] for one in told("whynot", "AAPL", path, "--at", at)["refused"]] == [first["sequence"]]


def test_without_any_prediction_the_refused_entries_are_told_alone(journal_of, told, verb):
    async def body(it):
        await it.open(quantity=200)

    path = journal_of(body, max_position_shares=D(100))
    answer = told("whynot", "AAPL", path)
    assert (answer["kind"], answer["traded"], answer["prediction"], len(answer["refused"])) == (
        "symbol",
        False,
        None,
        1,
    )
    page = verb("whynot", "AAPL", "--journal", str(path)).stdout
    assert "asked by test: more shares than allowed (200 > 100)" in page
    assert "NO  size and exits" in page
    nothing = verb("whynot", "MSFT", "--journal", str(path))
    assert nothing.returncode == 1
