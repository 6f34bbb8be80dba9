"""`[risk]` and sizes: what is refused, and what `check` says of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.loading import settings_from
from config.problems import SettingsError
from config.rules import build_rules
from domain.rules import Facts
from messages.market import PriceEvent

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SYMBOL = {"symbols": {"AAPL": {}}}
GROUP = {"symbols": ["AAPL"], "max_net_exposure": 5}


@pytest.mark.parametrize(
    ("risk", "expected"),
    [
        ({"on_limit": "cut"}, 'risk.on_limit: "cut" is not "reject" or "resize"'),
        ({"what_if_questions": 0}, "risk.what_if_questions: 0 is not a whole number from 1 to 20"),
        ({"min_order_shares": 0}, "risk.min_order_shares: 0 is not a number of shares above 0"),
        ({"entry_hours": "always"}, 'risk.entry_hours: "always" is not "broker", "calendar" or "any"'),
        ({"daily_loss_action": "stop"}, 'risk.daily_loss_action: "stop" is not "reduce_only" or "flatten"'),
        ({"max_drawdown_pct": 2}, "risk.max_drawdown_pct: 2 is not a fraction of the equity above 0 and at most 1"),
        ({"max_reject_streak": 0}, "risk.max_reject_streak: 0 is not a whole number from 1 to 1000"),
        ({"trading_day_zone": "Mars"}, 'risk.trading_day_zone: "Mars" is not a time zone such as America/New_York'),
        ({"trading_day_start": "25:00"}, 'risk.trading_day_start: "25:00" is not a time of day such as "17:00"'),
        ({"currency": "dollar"}, 'risk.currency: "dollar" is not a currency of three letters'),
        ({"exchange_rates": {"hk": 1}}, 'risk.exchange_rates.hk: "hk" is not a currency of three letters'),
        ({"exchange_rates": {"HKD": 0}}, "risk.exchange_rates.HKD: 0 is not a rate above 0"),
        ({"groups": {"a": {"symbols": [], "max_net_exposure": 5}}}, "risk.groups.a.symbols: names no symbol"),
        ({"groups": {"a": {"symbols": ["AAPL"]}}}, "risk.groups.a: limits nothing: set max_gross_exposure"),
        (
            {"groups": {"a": {"symbols": ["APPL"], "max_net_exposure": 5}}},
            'risk.groups.a.symbols: "APPL" has no [symbols.APPL]; did you mean "AAPL"?',
        ),
        ({"groups": {"a": {**GROUP, "max_gros": 5}}}, "risk.groups.a.max_gros: is not a known key"),
    ],
)
def test_a_mistake_is_named_with_its_path(risk: dict[str, object], expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_from({"risk": risk, **SYMBOL}, {})
    assert expected in str(caught.value)


def test_a_size_by_volatility_takes_the_place_of_the_hundred_shares() -> None:
    atr = {"indicators": {"atr": {"kind": "atr"}}}
    settings = settings_from({"defaults": {"volatility_pct": Decimal("0.01")}, **SYMBOL, **atr}, {})
    assert settings.size("AAPL").volatility_pct == Decimal("0.01")
    assert settings.size("AAPL").quantity is None


def test_who_judges_the_size_is_said_by_the_symbol_else_by_the_defaults() -> None:
    written = {"symbols": {"AAPL": {}, "MSFT": {"size_by": "configured"}, "NVDA": {"size_by": "what_if"}}}
    settings = settings_from({"defaults": {"size_by": "what_if"}, **written}, {})
    assert [settings.asks_the_broker(symbol) for symbol in ("AAPL", "MSFT", "NVDA", "IBM")] == [True, False, True, True]
    settings = settings_from(written, {})
    assert [settings.asks_the_broker(symbol) for symbol in ("AAPL", "MSFT", "NVDA", "IBM")] == [
        False,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"defaults": {"size_by": "broker"}, **SYMBOL}, 'defaults.size_by: "broker" is not "configured" or "what_if"'),
        (
            {"rules": [{"id": "a", "event": "PriceEvent", "do": "flatten", "size_by": "what_if"}], **SYMBOL},
            "rules[0].size_by: is for create_position alone",
        ),
    ],
)
def test_a_wrong_way_to_judge_the_size_is_refused(written: dict[str, Any], expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_from(written, {})
    assert expected in str(caught.value)


def test_a_size_by_volatility_without_the_indicator_is_refused() -> None:
    with pytest.raises(
        SettingsError, match=r"symbols.AAPL: is sized by volatility_pct, which needs an .indicators.atr."
    ):
        settings_from({"symbols": {"AAPL": {"volatility_pct": Decimal("0.01")}}}, {})


def test_check_prints_groups_as_tables_that_can_be_read_back(
    verb: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    text = '[risk.groups.two]\nsymbols = ["AAPL"]\nmax_gross_exposure = 5000\n[symbols.AAPL]\n'
    (tmp_path / "a.toml").write_text(text)
    first = verb("check", "--config", str(tmp_path / "a.toml"))
    assert "[risk.groups.two]" in first.stdout, first.stderr
    (tmp_path / "b.toml").write_text(first.stdout)
    assert verb("check", "--config", str(tmp_path / "b.toml")).stdout == first.stdout


def test_a_rule_says_who_judges_its_size_else_the_symbol_does() -> None:
    def rule(rule_id: str, **own: object) -> dict[str, object]:
        return {"id": rule_id, "event": "PriceEvent", "do": "create_position", "side": "BUY", **own}

    rules = [rule("silent"), rule("asks", size_by="what_if"), rule("trusts", size_by="configured")]
    settings = settings_from({"symbols": {"AAPL": {}, "MSFT": {"size_by": "what_if"}}, "rules": rules}, {})
    built = {rule.rule_id: rule for rule in build_rules(settings)}
    said = "at most what the broker says that the account can carry"
    assert [said in built[name].words() for name in ("silent", "asks", "trusts")] == [True, True, False]
    context = {"event": PriceEvent("AAPL", 100.0, NOW), "time": NOW, "rule_id": "x", "facts": Facts()}
    commands = [built[name].action.commands(context) for name in ("silent", "asks", "trusts")]
    assert [command.message.what_if for [command] in commands] == [None, True, False]
