"""The control socket: who may open it, what it takes, and that nothing sent to it ends the process."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import outcome
import pytest
import trio

from supervisors.control import serve_control
from supervisors.control_client import request
from supervisors.exit_codes import ExitCode, ProcessFailed


async def echo(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    if asked.get("command") == "fail":
        raise RuntimeError("it broke")
    if asked.get("command") == "refuse":
        return {"ok": False, "error": "for a reason"}
    return {"ok": True, "text": f"did {asked['command']}", "asked": asked}


def with_server(folder: Path, client: Callable[[], Any]) -> Any:
    """Run a blocking client against a server in the folder."""

    async def main() -> Any:
        async with trio.open_nursery() as nursery:
            await nursery.start(serve_control, folder / "control.sock", echo)
            answer = await trio.to_thread.run_sync(lambda: outcome.capture(client))
            nursery.cancel_scope.cancel()
        return answer

    return trio.run(main).unwrap()


def raw(folder: Path, data: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(folder / "control.sock"))
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer: dict[str, Any] = json.loads(connection.makefile("rb").readline())
        return answer


def test_a_request_is_answered(tmp_path: Path) -> None:
    reply = with_server(tmp_path, lambda: request(tmp_path, "close", symbol="AAPL"))
    assert reply["asked"] == {"command": "close", "symbol": "AAPL"}


def test_only_its_owner_can_open_it_and_it_goes_away(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    mode = with_server(tmp_path, lambda: path.stat().st_mode)
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    assert not path.exists()


def test_a_refusal_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="refused: for a reason") as caught:
        with_server(tmp_path, lambda: request(tmp_path, "refuse"))
    assert caught.value.code is ExitCode.FAILED


def test_a_failure_of_ours_is_told_and_the_next_request_is_answered(tmp_path: Path) -> None:
    def both() -> Any:
        with pytest.raises(ProcessFailed, match="RuntimeError: it broke"):
            request(tmp_path, "fail")
        return request(tmp_path, "halt")

    assert with_server(tmp_path, both)["text"] == "did halt"


@pytest.mark.parametrize("data", [b"", b"nonsense\n", b"[1]\n", b'{"command"', b"\xff\xfe\n", b"x" * 100_000])
def test_what_is_no_request_is_refused(tmp_path: Path, data: bytes) -> None:
    reply = with_server(tmp_path, lambda: raw(tmp_path, data))
    assert reply["ok"] is False
    assert "not a request" in reply["error"]


def test_a_client_that_goes_away_harms_nobody(tmp_path: Path) -> None:
    def impatient() -> Any:
        for _ in range(40):  # more than are served at once
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(tmp_path / "control.sock"))
            connection.sendall(b'{"command": "halt"}\n')
            connection.close()
        return request(tmp_path, "halt")

    assert with_server(tmp_path, impatient)["ok"]


def test_a_socket_left_behind_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control.sock"))
    assert with_server(tmp_path, lambda: request(tmp_path, "halt"))["ok"]


def test_a_folder_with_a_long_name_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    assert with_server(deep, lambda: request(deep, "halt"))["ok"]


def test_without_a_process_there_is_nothing_to_ask(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ProcessFailed) as caught:
            request(folder, "status")
        assert caught.value.code is ExitCode.NO_PROCESS
