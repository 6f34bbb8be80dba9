"""`pitboss monitor` as it is typed."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PATIENCE = 30.0
Verb = Callable[..., subprocess.CompletedProcess[str]]
STATUS = {
    "state": "HALTED", "reason": "by hand", "since": "2026-11-20T14:00:00.000000Z", "broker": None, "portfolio": None,
    "positions": [], "orders": [], "actors": [], "alarms": [], "unanswered": [],
}  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with one snapshot."""
    path = tmp_path / "pitboss.log.jsonl"
    line = {"ts": "2026-11-20T14:00:00.000000Z", "event": "system.snapshot", "name": "house", "status": STATUS}
    path.write_text(json.dumps(line) + "\n")
    return path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.jsonl",), "nowhere.jsonl: there is no such log"),
        (("tests",), "tests is a folder: name the log in it"),
        (("--state-dir", "nowhere"), "no state folder nowhere; name it with --state-dir, or a log"),
        (("--since", "noon"), '--since: "noon" is not a time such as 09:30'),
        ((), "the picture needs a terminal; --json prints it as one object"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(
    verb: Verb, log: Path, arguments: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    if not arguments or arguments[0] == "--since":
        arguments = (*arguments, "--state-dir", str(log.parent))
    done = verb("monitor", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_json_is_what_status_json_is(verb: Verb, log: Path) -> None:
    done = verb("monitor", str(log), "--json", XDG_CACHE_HOME=str(log.parent / "cache"))
    assert done.returncode == 0
    assert json.loads(done.stdout) == STATUS


def test_the_library_of_the_view_is_loaded_by_the_view_alone() -> None:
    code = "import supervisors.cli, supervisors.verbs_monitor, sys; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


@pytest.mark.parametrize("end", [b"q", b"\x03"])
def test_a_log_that_is_piped_in_is_shown_on_the_terminal_until_q_or_ctrl_c(
    environ: dict[str, str], log: Path, end: bytes
) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.chdir(ROOT)
        command = f"cat {log} | {sys.executable} -m supervisors monitor -"
        os.execve("/bin/sh", ["sh", "-c", command], environ | {"TERM": "xterm-256color", "COLUMNS": "80"})
    seen, code = b"", None
    try:
        while b"the stream has ended" not in seen and select.select([terminal], [], [], PATIENCE)[0]:
            seen += os.read(terminal, 65_536)
        os.write(terminal, end)
        while select.select([terminal], [], [], PATIENCE)[0]:
            try:
                if not os.read(terminal, 65_536):
                    break
            except OSError:  # the other side has gone
                break
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        if code is None:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        os.close(terminal)
    assert b"HALTED" in seen
    assert b"house" in seen
    assert code == 0
