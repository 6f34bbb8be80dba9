"""The environment over the file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from config.loading import load, settings_from
from config.problems import SettingsError


def test_an_override_takes_the_type_of_its_key() -> None:
    settings = settings_from(
        {"broker": {"port": 1}, "symbols": {"AAPL": {"quantity": 5}}},
        {
            "PITBOSS_BROKER__PORT": "4002",
            "PITBOSS_BROKER__ACCOUNT": "123456",
            "PITBOSS_BROKER__LIVENESS_SECONDS": "2.5",
            "PITBOSS_BROKER__ALLOW_REMOTE": "true",
            "PITBOSS_BROKER__RESTART_WINDOWS": "23:40-00:10 UTC, 01:00-02:00 UTC",
            "PITBOSS_PROCESS__STATE_DIR": "/elsewhere",
            "PITBOSS_RISK__MAX_DAILY_LOSS": "100.50",
            "PITBOSS_SYMBOLS__AAPL__QUANTITY": "7",
            "PITBOSS_SYMBOLS__MSFT__SECTOR": "technology",
        },
    )
    assert (settings.broker.port, settings.broker.account) == (4002, "123456")
    assert (settings.broker.liveness_seconds, settings.broker.allow_remote) == (2.5, True)
    assert [str(window) for window in settings.broker.restart_windows] == ["23:40-00:10 UTC", "01:00-02:00 UTC"]
    assert settings.process.state_dir == Path("/elsewhere")
    assert settings.risk.max_daily_loss == Decimal("100.50")
    assert settings.symbols["AAPL"].quantity == Decimal(7)
    assert settings.symbols["MSFT"].sector == "technology"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PITBOSS_BROKER__PORT", "x", 'broker.port: "x" is not a whole number'),
        ("PITBOSS_BROKER__PROT", "1", 'PITBOSS_BROKER__PROT: "prot" is not a known key; did you mean "port"?'),
        ("PITBOSS_BROKER_PORT", "1", 'did you mean "PITBOSS_BROKER__PORT"?'),
        ("PITBOSS_NOTHING__LIKE_IT", "1", "PITBOSS_NOTHING__LIKE_IT: is not an override that Pitboss knows"),
        ("PITBOSS_SIGNALS__API_KEY", "canary-2", "PITBOSS_SIGNALS__API_KEY"),
        ("PITBOSS_BROKER__ALLOW_REMOTE", "maybe", 'broker.allow_remote: "maybe" is not true or false'),
    ],
)
def test_a_wrong_override_is_refused_by_name(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(None, {name: value})
    assert expected in str(caught.value)
    assert "canary-2" not in str(caught.value)


def test_the_api_s_own_variables_fill_in_what_the_file_leaves_open() -> None:
    environ = {"API_BASE_URL": "https://flow.example.com/api/v1/", "API_KEY": "k-1234"}
    assert settings_from({}, environ).signals.base_url == "https://flow.example.com/api/v1"
    written = {"signals": {"base_url": "http://127.0.0.1:8765/api/v1"}}
    assert settings_from(written, environ).signals.base_url == "http://127.0.0.1:8765/api/v1"


def test_an_empty_variable_counts_as_unset() -> None:
    assert load(None, {"PITBOSS_BROKER__PORT": ""}).broker.port == 7497
