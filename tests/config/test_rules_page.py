"""Every block of docs/rules.md is what it says: TOML that is accepted, Python that makes rules."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from config.loading import settings_from
from config.problems import SettingsError
from config.rules import build_rules, load_rule_file

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()
SYMBOLS = '[symbols.AAPL]\n[indicators.rsi]\nkind = "rsi"\n[indicators.vwap]\nkind = "vwap"\nbar = "1 min"\n'


def blocks(kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("block", blocks("toml"))
def test_its_toml_is_accepted(block):
    atr = "" if "[indicators.atr]" in block else '[indicators.atr]\nkind = "atr"\n'
    settings = settings_from(tomllib.loads(SYMBOLS + atr + block, parse_float=Decimal), {})
    for rule in build_rules(settings):
        assert rule.words()


@pytest.mark.parametrize("block", blocks("python"))
def test_its_python_makes_rules(block, tmp_path):
    (tmp_path / "rules.py").write_text(block)
    assert load_rule_file(tmp_path / "rules.py")


def test_the_short_forms_in_its_tables_are_accepted():
    written = """
    [[rules]]
    id = "one"
    market = { rsi = "< 30", price = "> vwap" }
    position = { status = ["long", "OPENING"], profit_pct = "<= -0.02", profit = "> 3", age_seconds = "> 60" }
    time = { window = "09:45-15:30", weekdays = ["Mon", "Fri"], market_hours = true }
    any_of = [{ event = "PriceEvent" }, { market = { spread_pct = "< 0.001" } }]
    none_of = [{ time = { weekdays = ["Wed"] } }]
    do = "flatten"
    """
    [rule] = build_rules(settings_from(tomllib.loads(SYMBOLS + written, parse_float=Decimal), {}))
    assert "rsi < 30" in rule.words()


def test_the_token_is_taken_from_the_environment_alone():
    with pytest.raises(
        SettingsError, match=r"signals\.push_token: is taken from the environment variable SIGNAL_TOKEN"
    ):
        settings_from({"signals": {"push_port": 8770, "push_token": "secret"}}, {})
    with pytest.raises(SettingsError, match=r"signals\.push_token: is missing"):
        settings_from({"signals": {"push_port": 8770}}, {})
    with pytest.raises(SettingsError, match=r"signals\.push_host"):
        settings_from({"signals": {"push_port": 8770, "push_host": "0.0.0.0"}}, {"SIGNAL_TOKEN": "secret"})
    settings = settings_from({"signals": {"push_port": 8770}}, {"SIGNAL_TOKEN": "secret"})
    assert settings.signals.push_token == "secret"
    assert "secret" not in repr(settings)
