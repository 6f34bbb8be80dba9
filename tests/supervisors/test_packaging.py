"""What is shipped to run it for real: units that systemd takes, a compose file whose ports stay on this machine."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.loading import load_alerts, settings_from
from supervisors.cli import _app

PACKAGING = Path(__file__).parents[2] / "packaging"
UNITS = sorted((PACKAGING / "systemd").iterdir())
COMPOSE: dict[str, Any] = yaml.safe_load((PACKAGING / "compose" / "compose.yaml").read_text(encoding="utf-8"))


def takes(arguments: list[str]) -> None:
    """Raise unless the command line takes these, without running anything."""
    _app().parse_args(arguments, exit_on_error=False, print_error=False)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_the_commands_of_a_unit_are_those_of_the_command_line(unit: Path) -> None:
    commands = re.findall(r"^Exec\w+=/opt/pitboss/bin/pitboss (.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    for command in commands:
        takes(shlex.split(command))
    assert commands or unit.suffix == ".timer"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="install systemd to have the units verified")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    copies = []
    for unit in UNITS:
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text(encoding="utf-8").replace("/opt/pitboss/bin/pitboss", "/bin/true"))
        copies.append(str(copy))
    done = subprocess.run(["systemd-analyze", "verify", *copies], capture_output=True, text=True, timeout=60)
    told = [line for line in done.stderr.splitlines() if "pitboss" in line]
    assert (done.returncode, told) == (0, []), done.stderr


def test_every_port_is_on_the_loopback_and_the_api_is_reached_by_nobody_else() -> None:
    for name, service in COMPOSE["services"].items():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), name
    assert COMPOSE["networks"]["inside"] == {"internal": True}


@pytest.mark.parametrize("name", ["pitboss", "alerts", "web"])
def test_the_services_run_what_there_is_with_what_it_understands(name: str) -> None:
    service = COMPOSE["services"][name]
    dockerfile = (PACKAGING / "Dockerfile").read_text(encoding="utf-8")
    takes(service.get("command") or json.loads(re.findall(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)[-1]))
    takes(json.loads(re.findall(r"^ +CMD (\[.*\])$", dockerfile, re.MULTILINE)[0])[1:])
    overrides = {key: value for key, value in service["environment"].items() if key.startswith("PITBOSS_")}
    settings = settings_from({}, overrides)
    assert settings.broker.host in COMPOSE["services"]
    assert settings.broker.port == 4004
    assert load_alerts(None, overrides).process.state_dir == Path("/var/lib/pitboss")


def test_no_secret_stands_in_what_is_shipped() -> None:
    for service in COMPOSE["services"].values():
        assert not [key for key in service["environment"] if re.search("PASSWORD$|KEY|TOKEN|SECRET", key)]
    for example in (PACKAGING / "compose").glob("*.example"):
        lines = example.read_text(encoding="utf-8").splitlines()
        assert all(line.startswith("#") or line.endswith("=") for line in lines), example.name
    named = {COMPOSE["services"][name]["env_file"] for name in COMPOSE["services"]}
    assert {f"{name}.example" for name in named} == {path.name for path in (PACKAGING / "compose").glob("*.example")}
