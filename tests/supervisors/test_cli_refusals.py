"""What cannot work is refused with one clear message and the right exit code, and nothing is started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., str]:
    def write(text: str = "") -> str:
        path = tmp_path / "pitboss.toml"
        path.write_text(f'[process]\nstate_dir = "{tmp_path / "state"}"\n{text}')
        return str(path)

    return write


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[broker]\nprot = 1", 'broker.prot: is not a known key; did you mean "port"?'),
        ("[broker]\nport = 'abc'", 'broker.port: "abc" is not a whole number from 1 to 65535'),
        ("[symbols.AAPL]\nquantity = -5", "symbols.AAPL.quantity: -5 is not a number of shares above 0"),
        ("[signals]\nbase_url = 'https://flow.example.com/api/v1'", "signals.api_key: is missing: set the environment"),
        ("[broker]\nmode = 'live'", 'broker.mode: "live" trades real money: confirm it with --live'),
        ("[broker]\nhost = '192.0.2.1'", 'broker.host: "192.0.2.1" is not this machine'),
        ("rules = 'x'", "rules: "),
        ("rule_files = ['/nowhere/rules.py']", "process.rule_files[0]: /nowhere/rules.py: "),
        ("[signals]\nsource_files = ['/nowhere/model.py']", "signals.source_files[0]: /nowhere/model.py: FileNotFound"),
        ("[process]", "is not TOML"),
    ],
)
def test_a_wrong_configuration_is_one_message_and_exit_code_2(
    verb: Run, config: Callable[..., str], tmp_path: Path, text: str, message: str
) -> None:
    done = verb("run", "--config", config(text))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("pitboss: ")
    assert message in line
    assert done.stdout == ""
    assert not (tmp_path / "state").exists(), "nothing may have been started"


@pytest.mark.parametrize(
    "arguments",
    [
        ("statsu",),
        ("status", "--jsn"),
        ("buy", "AAPL"),
        ("buy", "AAPL", "0"),
        ("buy", "AAPL", "ten"),
        ("buy", "AAPL", "1", "--stop", "3%%"),
        ("sell", "AAPL", "1", "--trail", "100%"),
        ("run",),
        ("run", "--config", "/nowhere/pitboss.toml"),
        ("demo", "--for", "soon"),
        ("simulator", "--port", "x"),
        ("simulator", "--port", "0", "--feed", "nonsense"),
        ("simulator", "--port", "0", "--calendar", "MOON"),
        ("journal", "mend", "x"),
        ("why",),
        ("whynot",),
        ("adopt", "AAPL"),
        ("adopt", "AAPL", "--target", "8%"),
        ("adopt", "AAPL", "--stop", "3%%"),
        ("settle", "pb-1"),
        ("settle", "pb-1", "--filled", "100"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(verb: Run, arguments: tuple[str, ...]) -> None:
    done = verb(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("pitboss: ")
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("status", "--json"),
        ("buy", "AAPL", "100", "--stop", "3%", "--target", "195.00"),
        ("sell", "AAPL", "100"),
        ("close", "AAPL"),
        ("cancel", "pb-1"),
        ("settle", "pb-1", "--filled", "100@97.02"),
        ("settle", "pb-1", "--filled", "none"),
        ("halt",),
        ("resume",),
        ("flatten",),
        ("adopt", "AAPL", "--stop", "3%"),
        ("alarms",),
        ("alarms", "--clear", "x"),
    ],
)
def test_a_command_without_a_process_is_exit_code_5(verb: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = verb(*arguments, "--state-dir", str(tmp_path))
    assert done.returncode == 5
    assert "no Pitboss runs in the state folder" in done.stderr


def test_a_socket_that_a_killed_process_left_behind_is_exit_code_5(verb: Run, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(tmp_path / "control.sock"))
    assert verb("status", "--state-dir", str(tmp_path)).returncode == 5


def test_the_state_folder_of_a_command_may_come_from_the_configuration_or_the_environment(
    verb: Run, config: Callable[..., str], tmp_path: Path
) -> None:
    # a configuration that would need an API key to run is good enough to find the folder
    path = config("[signals]\nbase_url = 'https://flow.example.com/api/v1'")
    assert str(tmp_path / "state") in verb("status", "--config", path).stderr
    assert "/else/where" in verb("status", PITBOSS_PROCESS__STATE_DIR="/else/where").stderr


def test_an_unreachable_broker_is_exit_code_3(pitboss: Run, config: Callable[..., str], free_port: int) -> None:
    done = pitboss("run", "--config", config(f"[broker]\nport = {free_port}\nconnect_timeout_seconds = 2"))
    assert done.returncode == 3
    last = done.stderr.splitlines()[-1]
    assert last.startswith("pitboss: ")
    assert str(free_port) in last
    assert "Traceback" not in done.stderr


def test_a_port_on_which_something_else_listens_is_exit_code_3(
    pitboss: Run, config: Callable[..., str], taken_port: int
) -> None:
    done = pitboss("run", "--config", config(f"[broker]\nport = {taken_port}\nconnect_timeout_seconds = 1"))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_exit_code_1(verb: Run, taken_port: int) -> None:
    done = verb("simulator", "--port", str(taken_port))
    assert done.returncode == 1
    assert str(taken_port) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_state_folder_that_cannot_be_made_is_exit_code_4(pitboss: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "pitboss.toml"
    path.write_text(f'[process]\nstate_dir = "{tmp_path / "file" / "state"}"')
    done = pitboss("run", "--config", str(path))
    assert done.returncode == 4
    assert "the state folder" in done.stderr


def test_a_file_that_is_no_journal_is_exit_code_4(pitboss: Run, config: Callable[..., str], tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "pitboss.journal").write_bytes(os.urandom(4096))
    done = pitboss("run", "--config", config())
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert pitboss("journal", "verify", str(state / "pitboss.journal")).returncode == 4


def test_the_key_of_the_signals_never_appears(verb: Run, config: Callable[..., str]) -> None:
    path = config("[signals]\nbase_url = 'https://flow.example.com/api/v1'\nmax_age_seconds = 60")
    done = verb("check", "--config", path, API_KEY="canary-4711")
    assert done.returncode == 0
    assert "api_key = ***" in done.stdout
    assert "canary" not in done.stdout + done.stderr


def test_check_prints_a_configuration_that_is_the_same_when_read_again(
    verb: Run, config: Callable[..., str], tmp_path: Path
) -> None:
    text = """
        [broker]
        restart_windows = ["23:40-00:10 America/New_York"]
        [risk]
        max_order_notional = 30000.10
        [symbols.AAPL]
        sector = 'a "quoted" word'
        [symbols."BRK B"]
        [[rules]]
        id = "entry"
        event = "PredictionSignalEvent"
        when = { signal = ["BUY", "HOLD"], confidence = ">= 0.8" }
        do = "create_position"
        side = "BUY"
    """
    first = verb("check", "--config", config(text))
    assert first.returncode == 0, first.stderr
    again = tmp_path / "again.toml"
    again.write_text(first.stdout)
    assert verb("check", "--config", str(again)).stdout == first.stdout
    assert any(line.startswith("# rule entry: ") and "buy" in line for line in first.stdout.splitlines())


def test_rules_from_a_python_file_are_explained_and_their_ids_are_unique(
    verb: Run, config: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "my_rules.py"
    file.write_text(
        "from domain.rules import ClosePositionAction, EventCondition, Rule\n"
        "from messages.signal import PredictionSignalEvent\n"
        "condition = EventCondition(PredictionSignalEvent, {'confidence': lambda c: c > 0.9})\n"
        "rules = [Rule(rule_id='leave', condition=condition, action=ClosePositionAction('AAPL'))]\n"
    )
    done = verb("check", "--config", config(f'rule_files = ["{file}"]\n[symbols.AAPL]'))
    assert done.returncode == 0, done.stderr
    assert "# rule leave: " in done.stdout
    taken = config(
        f'rule_files = ["{file}"]\n[symbols.AAPL]\n[[rules]]\nid = "leave"\n'
        'event = "PredictionSignalEvent"\ndo = "close_position"'
    )
    refused = verb("check", "--config", taken)
    assert refused.returncode == 2
    assert 'the id "leave" is taken' in refused.stderr


def test_a_foreign_package_is_refused_by_name(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "__init__.py").write_text("raise SystemExit('it was imported')")
    done = subprocess.run(
        [sys.executable, "-m", "supervisors", "--version"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert f"config is {tmp_path / 'config'}" in done.stderr
    assert "it was imported" not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_and_the_help_say_what_there_is(pitboss: Run) -> None:
    assert pitboss("--version").stdout.startswith("pitboss 0.")
    text = pitboss("--help").stdout
    verbs = "run demo simulator check status buy sell close cancel settle halt resume flatten adopt alarms why whynot"
    assert all(verb in text for verb in [*verbs.split(), "journal"])
