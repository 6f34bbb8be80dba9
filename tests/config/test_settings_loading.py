"""What a configuration becomes, and what each mistake in it is called."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from config.loading import load
from config.problems import SettingsError
from config.settings import Settings
from messages.order import Side

PROFILES = Path(__file__).parents[2] / "config" / "profiles"

RULE = """
[symbols.AAPL]
[[rules]]
id = "entry"
event = "PredictionSignalEvent"
do = "create_position"
side = "BUY"
"""


def read(tmp_path: Path, text: str, **environ: str) -> Settings:
    path = tmp_path / "pitboss.toml"
    path.write_text(text)
    return load(path, environ)


def problems(tmp_path: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text, **environ)
    return str(caught.value).splitlines()


def test_the_example_of_the_interface_is_read_with_exact_money(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        [process]
        state_dir = "var"
        name = "pitboss"
        [broker]
        port = 7497
        restart_windows = ["23:40-00:10 America/New_York"]
        [signals]
        base_url = "http://127.0.0.1:8765/api/v1"
        poll_seconds = 60.0
        [risk]
        max_order_notional = 30000.10
        [defaults]
        stop_loss_pct = 0.03
        trailing_stop_pct = 0.0
        quantity = 100
        [symbols.AAPL]
        sector = "technology"
        quantity = 100
        [[rules]]
        id = "prediction_entry"
        event = "PredictionSignalEvent"
        when = { signal = "BUY", confidence = ">= 0.8" }
        do = "create_position"
        side = "BUY"
        cooldown_seconds = 300
        """,
        API_KEY="k-1234",
    )
    assert settings.risk.max_order_notional == Decimal("30000.10")
    assert settings.signals.api_key == "k-1234"
    assert settings.rules[0].side is Side.BUY
    assert settings.rules[0].when == {"signal": "BUY", "confidence": ">= 0.8"}
    assert [str(window) for window in settings.broker.restart_windows] == ["23:40-00:10 America/New_York"]
    assert "k-1234" not in repr(settings)


def test_without_a_file_the_defaults_hold() -> None:
    assert load(None, {}) == Settings()


@pytest.mark.parametrize("name", ["demo", "paper", "live"])
def test_a_shipped_profile_is_valid_and_explains_each_of_its_keys(name: str) -> None:
    path = PROFILES / f"{name}.toml"
    load(path, {"API_KEY": "k-1234"})
    lines = path.read_text().splitlines()
    explained: set[str] = set()
    comment = False
    for number, line in enumerate(lines, 1):
        key, is_key, _ = line.partition(" = ")
        if line.startswith("#"):
            comment = True
        elif not is_key:  # an empty line ends what a comment is about
            comment = comment and line.startswith("[")
        else:
            assert comment or key in explained, f"{path.name}:{number}: {line} has no comment above it"
            explained.add(key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[broker]\nport = 'abc'", 'broker.port: "abc" is not a whole number from 1 to 65535'),
        ("[broker]\nport = true", "broker.port: true is not a whole number from 1 to 65535"),
        ("[broker]\nport = 70000", "broker.port: 70000 is not a whole number from 1 to 65535"),
        ("[broker]\nprot = 1", 'broker.prot: is not a known key; did you mean "port"?'),
        ("[brokers]\nport = 1", 'brokers: is not a known key; did you mean "broker"?'),
        ("broker = 3", "broker: 3 is not a table of keys"),
        ("[broker]\nliveness_seconds = 0", "broker.liveness_seconds: 0 is not a number of seconds above 0"),
        ("[broker]\nliveness_seconds = nan", "broker.liveness_seconds: NaN is not a number of seconds above 0"),
        ("[broker]\nliveness_seconds = inf", "broker.liveness_seconds: Infinity is not a number of seconds above 0"),
        ("[broker]\nmode = 'Live'", 'broker.mode: "Live" is not "paper" or "live"'),
        ("[symbols.AAPL]\nquantity = -5", "symbols.AAPL.quantity: -5 is not a number of shares above 0"),
        ("[symbols.AAPL]\nquantity = 0", "symbols.AAPL.quantity: 0 is not a number of shares above 0"),
        ("[symbols.aapl]", 'symbols.aapl: "aapl" is not a symbol in capitals, as IB writes it'),
        ("[defaults]\nstop_loss_pct = 3", "defaults.stop_loss_pct: 3 is not a fraction (0.03 is 3 %) of at least 0"),
        ("[risk]\nmax_daily_loss = -100", "risk.max_daily_loss: -100 is not an amount of money above 0"),
        ("[journal]\nurl = 'mysql://x/y'", "journal.url: "),
        ("[broker]\nrestart_windows = ['23:40']", 'broker.restart_windows: "23:40" is not a window like'),
        ("[broker]\nrestart_windows = ['23:40-00:10 Mars/Base']", "names a time zone that does not exist: Mars/Base"),
        ("[broker]\nhost = '10.0.0.5'", 'broker.host: "10.0.0.5" is not this machine'),
        ("[signals]\napi_key = 'canary-1'", "signals.api_key: is taken from the environment variable API_KEY alone"),
        ("[defaults]\nquantity = 1\nallocation = 5", "defaults: has quantity and allocation"),
        (RULE + "symbols = ['APPL']", 'rules[0].symbols: "APPL" has no [symbols.APPL]; did you mean "AAPL"?'),
        (RULE + "quantity = 3\nrisk_pct = 0.01", "rules[0]: has quantity and risk_pct"),
        (RULE + "stop_loss_pct = 0\nrisk_pct = 0.01", "rules[0]: sizes AAPL by risk_pct, which needs a stop_loss_pct"),
        (RULE + "when = { confidence = '>= high' }", "rules[0].when"),
        (RULE + "when = { confidense = '>= 0.8' }", "rules[0].when"),
        (RULE.replace("create_position", "moon"), 'rules[0].do: "moon" is not "create_position", "close_position", '),
        (RULE.replace("PredictionSignalEvent", "Prediction"), "rules[0].event"),
        (RULE.replace('side = "BUY"', ""), "rules[0].side: is missing"),
        (RULE.replace('id = "entry"', ""), "rules[0].id: is missing"),
        ("[broker\nport = 1", "is not TOML: "),
    ],
)
def test_a_mistake_is_named_with_its_path_its_value_and_what_was_expected(
    tmp_path: Path, text: str, expected: str
) -> None:
    (line,) = problems(tmp_path, text)
    assert expected in line


@pytest.mark.parametrize(
    ("name", "kind", "example"),
    [("AAPL", "OPT", "AAPL  281215C00220000"), ("ES", "FUT", "ESZ8"), ("EUR", "CASH", "EUR.USD")],
)
def test_what_is_no_stock_goes_by_its_local_symbol(tmp_path: Path, name: str, kind: str, example: str) -> None:
    text = '[symbols."{}"]\nsec_type = "{}"\nexchange = "CME"\n'
    [problem] = [one for one in problems(tmp_path, text.format(name, kind)) if f"symbols.{name}" in one]
    assert f'"{name}" is no local symbol of sec_type {kind}; expected one like [symbols."{example}"]' in problem
    assert read(tmp_path, text.format(example, kind)).query(example).sec_type == kind


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    lines = problems(tmp_path, "[broker]\nport = 0\nprot = 1\n[risk]\nnaked_seconds = -1", PITBOSS_LOG__LEVEL="LOUD")
    assert [line.partition(":")[0] for line in lines] == [
        "broker.port",
        "broker.prot",
        "risk.naked_seconds",
        "log.level",
    ]


def test_a_rejected_key_is_not_repeated_with_its_secret(tmp_path: Path) -> None:
    assert "canary-1" not in "\n".join(problems(tmp_path, "[signals]\napi_key = 'canary-1'\npoll_seconds = 'x'"))


def test_signals_without_a_key_are_refused(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "[signals]\nbase_url = 'https://flow.example.com/api/v1'")
    assert line.startswith("signals.api_key: is missing: set the environment variable API_KEY")


def test_the_key_does_not_travel_unencrypted_to_another_host(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, "[signals]\nbase_url = 'http://flow.example.com/api/v1'", API_KEY="k-1234")
    assert line.startswith("signals.base_url: ")
    assert "unencrypted" in line


def test_a_remote_broker_is_possible_where_it_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, "[broker]\nhost = '10.0.0.5'\nallow_remote = true").broker.host == "10.0.0.5"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: there is no such file"):
        load(tmp_path / "nowhere.toml", {})


def test_size_and_exits_come_from_the_rule_then_the_symbol_then_the_defaults(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        [defaults]
        stop_loss_pct = 0.03
        take_profit_pct = 0.08
        trailing_stop_pct = 0.02
        allocation = 5000
        [symbols.AAPL]
        quantity = 10
        take_profit_pct = 0.05
        [symbols.MSFT]
        [[rules]]
        id = "r"
        event = "PredictionSignalEvent"
        do = "create_position"
        side = "SELL"
        risk_pct = 0.01
        trailing_stop_pct = 0
        """,
    )
    (rule,) = settings.rules
    assert settings.size("AAPL", rule).risk_pct == Decimal("0.01")
    assert (settings.size("AAPL").quantity, settings.size("AAPL").allocation) == (Decimal(10), None)
    assert settings.size("MSFT").allocation == Decimal(5000)
    exits = settings.exits("AAPL", rule)
    assert (exits.stop_loss_pct, exits.take_profit_pct) == (Decimal("0.03"), Decimal("0.05"))
    assert exits.trailing_stop_pct is None


def test_paths_lie_in_the_state_folder_unless_absolute(tmp_path: Path) -> None:
    settings = read(tmp_path, "[process]\nstate_dir = '/x'\n[log]\npath = '/y/l.jsonl'")
    assert settings.log_path == Path("/y/l.jsonl")
    assert settings.control_path == Path("/x/control.sock")
