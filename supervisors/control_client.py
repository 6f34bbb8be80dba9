"""The other end of the control socket: what the verbs use."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.settings import ProcessSettings, Settings
from supervisors.control import socket_address
from supervisors.exit_codes import ExitCode, ProcessFailed

__all__ = ["request"]

_SECONDS = 20.0


def request(state_dir: Path, command: str, **fields: str | None) -> Mapping[str, Any]:
    """Send one request to the process of that state folder and return its reply.

    Raises ProcessFailed: NO_PROCESS where none runs, FAILED where it refuses or does not answer.
    """
    path = Settings(process=ProcessSettings(state_dir=state_dir)).control_path
    try:
        line = _exchange(path, json.dumps({"command": command, **fields}).encode() + b"\n")
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise ProcessFailed(
            ExitCode.NO_PROCESS, f"no Pitboss runs in the state folder {state_dir}; name another with --state-dir"
        ) from None
    except TimeoutError:
        raise ProcessFailed(ExitCode.FAILED, f"the process did not answer within {_SECONDS:g} s") from None
    except OSError as error:
        raise ProcessFailed(ExitCode.FAILED, f"{path}: {error.strerror or error}") from None
    if not line:
        raise ProcessFailed(ExitCode.NO_PROCESS, "the process ended before it answered")
    reply: Mapping[str, Any] = json.loads(line)
    if not reply.get("ok"):
        raise ProcessFailed(ExitCode.FAILED, f"{'' if reply.get('perhaps') else 'refused: '}{reply.get('error')}")
    return reply


def _exchange(path: Path, data: bytes) -> bytes:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(socket_address(path, folder))
            connection.sendall(data)
            with connection.makefile("rb") as answer:
                return answer.readline()
    finally:
        os.close(folder)
