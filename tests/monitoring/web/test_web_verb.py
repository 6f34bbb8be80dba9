"""`pitboss web` from the command line: what it says, and what it refuses."""

from __future__ import annotations

import json
import signal
import socket
import stat
import urllib.error
import urllib.request

import pytest

TOKEN = "a-token-that-nobody-guesses"


def status_of(base, token):
    request = urllib.request.Request(f"{base}/api/session", headers={"Authorization": f"Bearer {token}"})
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_it_says_where_it_is_and_which_token_it_made_and_ends_with_ctrl_c(start, log, tmp_path):
    log.trading()
    file = tmp_path / "token"
    tokens = set()
    for number in (signal.SIGINT, signal.SIGTERM):
        started = start("web", str(log.path), "--listen", "127.0.0.1:0", XDG_CACHE_HOME=str(tmp_path))
        base = started.line().removeprefix("pitboss web on ").strip()
        token = started.line().removeprefix("token: ").strip()
        assert len(token) == 32
        tokens.add(token)
        assert (status_of(base, token), status_of(base, "x" * 32)) == (200, 401)
        assert started.end(number) == 0
        assert started.errors == "wrong token from 127.0.0.1\n"
    assert len(tokens) == 2
    assert not file.exists()


def test_a_token_file_is_made_for_its_owner_and_used_again(start, log, tmp_path):
    log.trading()
    file = tmp_path / "token"
    for _ in range(2):
        started = start("web", str(log.path), "--listen", "127.0.0.1:0", "--token-file", str(file))
        base = started.line().removeprefix("pitboss web on ").strip()
        assert started.line() == f"token: in {file}\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        token = file.read_text().strip()
        with urllib.request.urlopen(
            urllib.request.Request(f"{base}/api/0/state", headers={"Authorization": f"Bearer {token}"})
        ) as answer:
            state = json.load(answer)  # the first question of all has its answer
        assert [position["symbol"] for position in state["positions"]] == ["AAPL"]
        assert started.end(signal.SIGINT) == 0
        tokens = token
    assert tokens == file.read_text().strip()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--listen", "8808"), '--listen: "8808" is not an address and a port such as 127.0.0.1:8808'),
        (("--listen", "127.0.0.1:99999"), '"127.0.0.1:99999" is not an address and a port'),
        (("--listen", "0.0.0.0:8808"), "others can reach it; say with --host by which name their browsers do"),
        (("--listen", "0.0.0.0:8808", "--host", "http://x"), '--host: "http://x" is not a name such as'),
        (("--state-dir", "/nowhere"), "there is no state folder /nowhere"),
        (("/nowhere.jsonl",), "there is no log /nowhere.jsonl"),
        (("{log}", "--commands"), "--commands needs the state folder of the process: --state-dir"),
        (("{log}", "{log}", "--commands"), "several logs are shown without their journals, and without commands"),
        (("{log}", "--token-file", "/nowhere/token"), "--token-file /nowhere/token: "),
        (("{log}", "--token-file", "{open}"), "others may read it; chmod 600 it"),
        (("{log}", "--token-file", "{short}"), "is to have 16 or more printable ASCII characters"),
        (("--lisen", "x"), "Unknown option"),
    ],
)
def test_what_cannot_be_is_one_clear_message(verb, log, tmp_path, arguments, said):
    log.trading()
    places = {"log": log.path, "open": tmp_path / "open", "short": tmp_path / "short"}
    places["open"].write_text(TOKEN)
    places["open"].chmod(0o644)
    places["short"].write_text("1234\n")
    places["short"].chmod(0o600)
    done = verb("web", *(argument.format(**places) for argument in arguments))
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("pitboss: ")


@pytest.mark.parametrize("variable", ["WEB_TOKEN", "METRICS_TOKEN"])
def test_a_token_that_can_be_guessed_is_refused_and_not_repeated(verb, log, variable):
    log.trading()
    done = verb("web", str(log.path), **{variable: "hunter2"})
    assert done.returncode == 2
    assert done.stderr == f"pitboss: {variable} is to have 16 or more printable ASCII characters\n"


def test_a_port_that_is_taken_is_exit_code_1(verb, log):
    log.trading()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        done = verb("web", str(log.path), "--listen", place, WEB_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (1, f"pitboss: --listen {place}: Address already in use\n")
