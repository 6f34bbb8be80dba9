"""What systemd is told: that it runs, and that it lives."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from supervisors.service_manager import ServiceManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket of systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(20)
        yield listening


def alive(environ: dict[str, str], seconds: float) -> None:
    """Say so for some seconds of virtual time."""

    async def main() -> None:
        told = ServiceManager(environ)
        told.started()
        with trio.move_on_after(seconds):
            await told.keep_alive(lambda: "HALTED")
            await trio.sleep_forever()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def test_it_says_that_it_has_started_and_three_times_in_each_patience_that_it_lives(manager: socket.socket) -> None:
    address = manager.getsockname()
    alive({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"}, 35)
    assert manager.recv(100) == b"READY=1"
    assert [manager.recv(100) for _ in range(3)] == [b"WATCHDOG=1\nSTATUS=HALTED"] * 3
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(100)


def test_without_a_manager_or_with_one_that_is_gone_it_goes_on(tmp_path: Path) -> None:
    alive({}, 100)
    alive({"WATCHDOG_USEC": "30000000"}, 100)
    alive({"NOTIFY_SOCKET": str(tmp_path / "nowhere"), "WATCHDOG_USEC": "30000000"}, 100)


def test_a_process_tells_it(manager: socket.socket, start: Any, paper_tws: Any, tmp_path: Path) -> None:
    config = tmp_path / "pitboss.toml"
    config.write_text(f'[process]\nstate_dir = "{tmp_path / "state"}"\n[broker]\nport = {paper_tws()}\n')
    start("run", "--config", str(config), NOTIFY_SOCKET=manager.getsockname(), WATCHDOG_USEC="300000")
    while manager.recv(100) != b"READY=1":
        continue
    while manager.recv(100) != b"WATCHDOG=1\nSTATUS=READY":
        continue
