"""What a user's machine or hands get wrong: one clear message, the right exit code, nothing left behind."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def config(tmp_path: Path) -> Callable[[int], str]:
    def write(port: int) -> str:
        path = tmp_path / "pitboss.toml"
        path.write_text(
            f'[process]\nstate_dir = "{tmp_path / "state"}"\n[broker]\nport = {port}\nconnect_timeout_seconds = 2\n'
        )
        return str(path)

    return write


@pytest.mark.parametrize("room", [0, 4096, 8192, 65536])
def test_a_disk_without_room_is_exit_code_4(
    paper_tws: Any, config: Callable[[int], str], environ: dict[str, str], room: int
) -> None:
    port = paper_tws("--feed", "manual")
    done = subprocess.run(
        [sys.executable, "-m", "supervisors", "run", "--config", config(port)],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )
    assert done.returncode == 4, done.stderr
    assert done.stderr.splitlines()[-1].startswith("pitboss: ")
    assert "Traceback" not in done.stderr


def test_ctrl_c_in_the_middle_of_the_demo_stops_all_of_it(
    environ: dict[str, str], tmp_path: Path, until: Any, verb: Any
) -> None:
    """The terminal sends SIGINT to the demo and to what it has started, at once."""
    state, said = tmp_path / "state", tmp_path / "said"
    with said.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "-m", "supervisors", "demo", "--state-dir", str(state)],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        until(lambda: " protected" in said.read_text(), "a protected position")
        os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait(20) == 0, said.read_text()
        with pytest.raises(ProcessLookupError):
            os.killpg(demo.pid, 0)
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)
            demo.wait()
    text = said.read_text()
    assert "Traceback" not in text
    assert "entries: " in text
    assert verb("journal", "verify", str(state / "pitboss.journal")).returncode == 0
    events = [json.loads(line)["event"] for line in (state / "pitboss.log.jsonl").read_text().splitlines()]
    assert events[-1] == "system.stopped"
    assert "actor.crashed" not in events


def test_another_broker_on_the_port_is_one_message_and_exit_code_3(
    pitboss: Any, config: Callable[[int], str], tmp_path: Path
) -> None:
    """A web server's port, say: it answers, and not as TWS does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(20)
        server = subprocess.Popen(
            [sys.executable, "-c", _WEB_SERVER, str(listener.fileno())], pass_fds=[listener.fileno()]
        )
        try:
            done = pitboss("run", "--config", config(listener.getsockname()[1]))
        finally:
            server.kill()
            server.wait()
    assert done.returncode == 3, done.stderr
    assert done.stderr.splitlines()[-1].startswith("pitboss: ")
    assert "Traceback" not in done.stderr


_WEB_SERVER = """
import socket, sys
with socket.socket(fileno=int(sys.argv[1])) as listener:
    while True:
        connection, _ = listener.accept()
        connection.sendall(b"HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n" * 20)
        connection.close()
"""


def test_a_process_that_has_lost_its_folder_says_so_to_the_next_command(
    start: Any, paper_tws: Any, config: Callable[[int], str], status: Any, verb: Any, until: Any, tmp_path: Path
) -> None:
    process = start("run", "--config", config(paper_tws("--feed", "manual")))
    state = tmp_path / "state"
    until(lambda: status(state).get("state") == "READY", "READY")
    (state / "control.sock").unlink()
    done = verb("status", "--state-dir", str(state))
    assert done.returncode == 5
    assert len(done.stderr.splitlines()) == 1
    assert process.end(signal.SIGTERM) == 0
