"""`pitboss check` explains rules, `pitboss rules test` tries them: as their user sees it."""

import json

import pytest

CONFIGURATION = """
[symbols.AAPL]
[symbols.MSFT]
[indicators.atr]
kind = "atr"
[[rules]]
id = "entry"
event = "PredictionSignalEvent"
when = { signal = "BUY", confidence = ">= 0.8" }
do = "create_position"
side = "BUY"
stop_loss_atr = 6
cooldown_seconds = 300
[[rules]]
id = "exit"
event = "PredictionSignalEvent"
when = { signal = ["SELL", "SHORT"] }
position = { status = "long" }
[[rules.actions]]
do = "log"
text = "{symbol} goes"
[[rules.actions]]
do = "close_position"
"""


def signal(number, word="BUY", confidence=0.9, **more):
    return {"ticker": "AAPL", "signal": word, "confidence": confidence, "timestamp": 1795186200000 + number} | more


@pytest.fixture
def tried(verb, tmp_path):
    def run(*lines, written=CONFIGURATION):
        (tmp_path / "rules.toml").write_text(written)
        (tmp_path / "signals.jsonl").write_text(
            "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        )
        done = verb(
            *("rules", "test", "--config", str(tmp_path / "rules.toml")),
            *("--signal", str(tmp_path / "signals.jsonl"), "--json"),
        )
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    return run


def test_each_rule_says_what_it_would_do_or_why_not(tried):
    code, lines, _ = tried(
        signal(1),
        signal(2, indicators={"atr": 0.5}, price=100.0),
        signal(3),
        signal(4, "SELL"),
        signal(5, "SELL"),
    )
    assert code == 0
    outcomes = [[(rule["rule_id"], rule["outcome"]) for rule in line["rules"]] for line in lines]
    assert outcomes == [
        [("entry", "skipped"), ("exit", "no match")],
        [("entry", "acts"), ("exit", "no match")],
        [("entry", "skipped"), ("exit", "no match")],
        [("entry", "no match"), ("exit", "acts")],
        [("entry", "no match"), ("exit", "no match")],
    ]
    assert lines[0]["rules"][0]["why"] == "atr of AAPL is not known yet"
    assert lines[1]["rules"][0]["commands"] == [
        "buy 100 shares of AAPL, stop at a distance of 3, target 8 %",
    ]
    assert lines[2]["rules"][0]["why"] == "cooldown: 300 s left of 300 s"
    assert lines[3]["rules"][1]["commands"] == ['log "AAPL goes"', "close AAPL (rule:exit)"]


def test_what_is_no_signal_is_refused_with_its_field_and_exit_1(tried):
    code, lines, _ = tried(signal(1, "MAYBE"), "nonsense", signal(2, indicators={"rsi": 3}), signal(3, confidence=0.1))
    assert code == 1
    assert [(line["status"], line["field"]) for line in lines] == [
        ("refused", "signal"),
        ("refused", "line"),
        ("refused", "indicators"),
        ("ignored", ""),
    ]


def test_a_missing_file_is_one_message_and_exit_2(verb, tmp_path):
    (tmp_path / "rules.toml").write_text(CONFIGURATION)
    done = verb("rules", "test", "--config", str(tmp_path / "rules.toml"), "--signal", str(tmp_path / "none"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_check_says_each_rule_in_words(verb, tmp_path):
    (tmp_path / "rules.toml").write_text('[defaults]\nflatten_at = "15:59"\n' + CONFIGURATION)
    done = verb("check", "--config", str(tmp_path / "rules.toml"))
    assert done.returncode == 0
    assert "buy 100 shares with stop 6 × atr away, target 8 %" in done.stdout
    assert 'log "{symbol} goes", then close the position in the event\'s symbol' in done.stdout
    assert "flatten_at 15:59 for AAPL, MSFT, exchange time" in done.stdout


def test_the_shipped_strategy_is_accepted_and_explained(verb):
    done = verb("check", "--config", "config/profiles/options_flow.toml")
    assert done.returncode == 0, done.stderr
    assert "stop 6 × atr away, target 4 × atr away" in done.stdout
    assert "at once again after a close by stop" in done.stdout


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ('do = "close_position"', "rules[0].event: is missing"),
        ('event = "Nothing"\ndo = "close_position"', "rules[0].event: 'Nothing' is no event"),
        ('position = { status = "up" }\ndo = "close_position"', "rules[0].position: status: 'up' is not one of"),
        (
            'position = { stauts = "open" }\ndo = "close_position"',
            'rules[0].position.stauts: is not a known key; did you mean "status"?',
        ),
        ('time = { window = "9-5" }\ndo = "close_position"', 'rules[0].time: window: "9-5" is not a part of a day'),
        ('time = { market_hours = 1 }\ndo = "close_position"', "rules[0].time.market_hours: 1 is not true or false"),
        (
            'market = { rsi = "< 30" }\ndo = "close_position"',
            "rules[0].market.rsi: is neither of the market nor an indicator",
        ),
        (
            'market = { price = "> vwap" }\ndo = "close_position"',
            'rules[0].market.price: "vwap" is not in [indicators]',
        ),
        ('market = { price = "> x y" }\ndo = "close_position"', "rules[0].market: '> x y': expected a number after"),
        ('position = { status = "open" }', "rules[0].do: is missing"),
        ('position = { status = "open" }\ndo = "scale_in"', "rules[0]: scale_quantity is missing"),
        ('position = { status = "open" }\ndo = "log"', "rules[0]: text is missing"),
        (
            'position = { status = "open" }\ndo = "create_position"\nside = "BUY"\nstop_loss_atr = 6',
            'rules[0].atr: "atr" is not in [indicators]',
        ),
        ('position = { status = "open" }\ndo = "adjust_exits"', "rules[0]: expected at least one exit"),
        (
            'position = { status = "open" }\ndo = "create_bracket"\nside = "BUY"\n'
            "quantity = 1\nlimit_price = 10\nstop_price = 11",
            "rules[0]: stop_price 11 lies on the wrong side",
        ),
        (
            'position = { status = "open" }\ndo = "create_position"\nside = "BUY"\nsize_by_confidence = [[0.5, 2]]',
            "rules[0].size_by_confidence",
        ),
        (
            'position = { status = "open" }\ndo = "create_position"\nside = "BUY"\n'
            "stop_loss_pct = 0.1\nstop_loss_amount = 3",
            "rules[0]: expected only one of",
        ),
        ('event = "PriceEvent"\nany_of = [{}]\ndo = "flatten"', "rules[0].any_of[0]: is empty"),
        (
            'event = "PriceEvent"\ndo = "flatten"\n[[rules.actions]]\ndo = "flatten"',
            "rules[0].do: and actions cannot both be given",
        ),
        ('event = "PriceEvent"\n[[rules.actions]]\ndo = "create_position"', "rules[0].actions[0].side: is missing"),
    ],
)
def test_a_mistake_in_a_rule_is_named(verb, tmp_path, rule, message):
    (tmp_path / "rules.toml").write_text('[symbols.AAPL]\n[[rules]]\nid = "one"\n' + rule + "\n")
    done = verb("check", "--config", str(tmp_path / "rules.toml"))
    assert done.returncode == 2
    assert message in done.stderr, done.stderr
