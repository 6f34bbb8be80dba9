"""What `[alerts]` may say, and how it is refused."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.alert_rules import alert_problems, alert_rules, shipped_rules
from config.alert_settings import AlertRuleSettings, AlertSettings
from config.loading import load_alerts, settings_from
from config.problems import SettingsError
from supervisors.verbs_configuration import describe

RULE = {"id": "mine", "event": "order.rejected"}


def problems(**alerts: Any) -> list[str]:
    try:
        settings_from({"alerts": alerts}, {})
    except SettingsError as error:
        return [str(problem) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("alerts", "told"),
    [
        ({"silent": 3}, 'alerts.silent: is not a known key; did you mean "silent_seconds"?'),
        ({"channels": {"a b": {"path": "x"}}}, 'alerts.channels.a b: "a b" is not a name of letters'),
        ({"channels": {"mail": {}}}, "alerts.channels.mail: needs either a url or a path"),
        ({"channels": {"mail": {"path": "x", "url": "env:X"}}}, "alerts.channels.mail: needs either a url or a path"),
        ({"channels": {"mail": {"url": "tgram://123:abcdef/7"}}}, "alerts.channels.mail.url: holds an address; it is"),
        ({"channels": {"a": {"path": "x", "least": "hot"}}}, 'alerts.channels.a.least: "hot" is not "info", "warning"'),
        ({"channels": {"a": {"path": "x"}}, "silent_seconds": 9}, "alerts.silent_seconds: 9 is not at least twice log"),
        ({"rules": [{"event": "order.rejected"}]}, "alerts.rules[0].id: is missing"),
        ({"rules": [RULE, RULE]}, 'alerts.rules[1].id: "mine" is the id of an earlier rule'),
        ({"rules": [{**RULE, "event": "order.rejectd"}]}, 'event: "order.rejectd" is no event of the log; did you'),
        (
            {"rules": [{**RULE, "when": {"cod": 1}}]},
            'rules[0].when: "cod" is no field of order.rejected; did you mean "code"?',
        ),
        (
            {"rules": [{**RULE, "by": ["symbl"]}]},
            'rules[0].by: "symbl" is no field of order.rejected; did you mean "symbol"',
        ),
        (
            {"rules": [{**RULE, "text": "{symbl}!"}]},
            'rules[0].text: "symbl" is no field of order.rejected; did you mean',
        ),
        ({"rules": [{**RULE, "when": {"code": "> x"}}]}, "alerts.rules[0].when.code: '> x': expected a number"),
        (
            {"rules": [{**RULE, "until_event": "order.*", "until_when": {"symbol": []}}]},
            "until_when.symbol: an empty list would",
        ),
        ({"rules": [{**RULE, "until_when": {"a": 1}}]}, "alerts.rules[0].until_when: needs an until_event"),
        ({"rules": [{**RULE, "for_seconds": 3}]}, "alerts.rules[0].for_seconds: needs an until_event"),
        ({"rules": [{**RULE, "runbook": "broker.lots"}]}, 'is not in the runbook; did you mean "broker.lost"?'),
        ({"rules": [{**RULE, "severity": "runbook"}]}, 'severity: is "runbook", which needs a runbook'),
        ({"rules": [{**RULE, "channels": ["mail"]}]}, 'channels: "mail" has no [alerts.channels.mail]'),
    ],
)
def test_what_is_wrong_is_refused_with_its_place_its_value_and_what_was_expected(alerts, told) -> None:
    assert any(told in problem for problem in problems(**alerts)), problems(**alerts)


def test_a_refused_address_is_not_shown() -> None:
    (told,) = problems(channels={"mail": {"url": "mailto://me:hunter22@example.com"}})
    assert "hunter22" not in told


def test_the_shipped_rules_are_sound_and_a_rule_of_the_same_id_takes_the_place_of_one() -> None:
    assert not list(alert_problems(AlertSettings(rules=shipped_rules()), 5.0))
    own = AlertRuleSettings(id="rejected", event="order.rejected", enabled=False)
    in_force = {rule.id for rule in alert_rules(AlertSettings(rules=(own,)))}
    assert in_force == {rule.id for rule in shipped_rules()} - {"rejected"}
    assert not alert_rules(AlertSettings(shipped=False))


def test_watching_needs_its_own_sections_alone(tmp_path: Path) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(
        '[process]\nstate_dir = "x"\n[alerts]\nsilent_seconds = 1.5\n[signals]\nbase_url = "https://a.b/c"\n'
    )
    assert load_alerts(path, {"PITBOSS_ALERTS__GROUP_SECONDS": "2"}).alerts.group_seconds == 2
    assert load_alerts(path, {}).alerts.silent_seconds == float(Decimal("1.5"))


def test_what_check_prints_is_a_configuration_with_the_same_alerts() -> None:
    path = {"pnl": {"unrealized": "< -5"}, "broker.connected": True}
    rule = {"id": "a", "event": "system.pulse", "when": path, "text": 'x "{state}"', "until_event": "system.pulse"}
    written = {"channels": {"a": {"path": "x y"}, "b": {"url": "env:B", "least": "critical"}}, "rules": [rule]}
    settings = settings_from({"alerts": written}, {})
    assert settings.alerts.rules[0].when == {"pnl.unrealized": "< -5", "broker.connected": True}
    said = "\n".join(describe(settings))
    assert settings_from(tomllib.loads(said, parse_float=Decimal), {}).alerts == settings.alerts
