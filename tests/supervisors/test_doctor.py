"""What the doctor sees, and what it advises."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trio

from actors.ib.probe import probe
from config.environment import machine
from config.loading import settings_from
from simulator.app import SimulatorSettings
from simulator.testing import ThreadedPaper
from supervisors.doctor.calendars import check_calendars
from supervisors.doctor.clock import KernelClock, check_clock, check_drift
from supervisors.doctor.disk import check_disk, check_folder, kind_of_file_system
from supervisors.doctor.files import check_alerts, check_journal
from supervisors.doctor.finding import Verdict
from supervisors.doctor.reach import check_broker, check_signals
from supervisors.doctor.versions import check_versions, pinned
from supervisors.verbs_doctor import doctor

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def paper() -> Iterator[ThreadedPaper]:
    broker = ThreadedPaper(SimulatorSettings(port=0, feed="manual", accounts=("DU1111111", "DU2222222")))
    yield broker
    broker.close()


def about_broker(**broker: object) -> list[tuple[str, str]]:
    settings = settings_from({"broker": {"connect_timeout_seconds": 2, **broker}}, {})
    return [(str(one.verdict), one.text) for one in trio.run(check_broker, settings, machine().now())]


@contextmanager
def listener(answer: bytes) -> Iterator[int]:
    """Something that listens, and says this to whoever comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)
                connection.recv(100)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


# the broker


def test_a_sound_broker_is_told_with_its_version_its_account_and_its_clock(paper):
    verdicts = about_broker(port=paper.port, account="DU1111111")
    assert [verdict for verdict, _ in verdicts] == ["ok"] * 4, verdicts
    assert "server version 176" in verdicts[0][1]


def test_a_client_id_that_is_in_use_is_told(paper):
    async def main() -> None:
        async with await trio.open_tcp_stream("127.0.0.1", paper.port) as stream:
            await stream.send_all(b"API\0\0\0\0\x09v157..176")
            await stream.receive_some()
            await stream.send_all(b"\0\0\0\x0971\0" + b"2\0" + b"77\0" + b"\0")
            await stream.receive_some()
            found = await probe("127.0.0.1", paper.port, 77, 3)
            assert not found.client_id_free
            assert found.error.startswith("326")

    trio.run(main)


@pytest.mark.parametrize(
    ("broker", "told"),
    [
        ({"account": "DU9"}, "account DU9 is not of this login, which has DU1111111, DU2222222"),
        ({}, "the login has several accounts: DU1111111, DU2222222"),
        ({"account": "DU1111111", "mode": "live"}, 'account DU1111111 is a paper account, and broker.mode is "live"'),
    ],
)
def test_an_account_that_does_not_fit_is_told(paper, broker, told):
    assert ("fail", told) in about_broker(port=paper.port, **broker)


def test_what_is_no_tws_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    assert about_broker(port=free) == [("fail", f"127.0.0.1:{free}: Connection refused")]
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        assert about_broker(port=port) == [("fail", f"127.0.0.1:{port}: what listens there is not TWS")]
    with listener(b"") as port:
        ((_, text),) = about_broker(port=port, connect_timeout_seconds=0.2)
        assert "no answer to the handshake within 0.2 s" in text


def test_a_signal_service_that_is_away_is_a_warning():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    written = {"signals": {"base_url": f"http://127.0.0.1:{free}/api/v1"}}
    (finding,) = trio.run(check_signals, settings_from(written, {"API_KEY": "key"}), NOW)
    assert finding.verdict is Verdict.WARN


# the machine


@pytest.mark.parametrize(
    ("known", "verdict"),
    [
        (KernelClock(True, 0.0001, 0.02), "ok"),
        (KernelClock(True, 0.0001, 3.0), "warn"),
        (KernelClock(False, 0.0, 16.0), "warn"),
        (None, "warn"),
    ],
)
def test_a_clock_that_nobody_keeps_is_told(known, verdict):
    assert [one.verdict for one in check_clock(known)] == [verdict]


@pytest.mark.parametrize(("later", "verdict"), [(2.0, "ok"), (2.5, "warn"), (1.5, "warn")])
def test_a_clock_that_jumps_is_told(later, verdict):
    (finding,) = check_drift((NOW, 100.0), lambda: NOW + timedelta(seconds=later), lambda: 102.0)
    assert finding.verdict == verdict


def test_a_state_folder_is_open_to_its_owner_alone(tmp_path):
    folder = tmp_path / "state"
    assert [one.verdict for one in check_folder(folder)] == ["ok"]
    folder.mkdir(mode=0o700)
    assert [one.verdict for one in check_folder(folder)] == ["ok"]
    folder.chmod(0o755)
    (finding,) = check_folder(folder)
    assert finding.verdict is Verdict.WARN
    assert finding.advice.startswith(f"chmod 700 {folder}")
    (tmp_path / "file").write_text("")
    assert [one.verdict for one in check_folder(tmp_path / "file")] == ["fail"]


def test_a_slow_disk_is_told_and_nothing_is_left_on_it(tmp_path):
    ticks = iter(range(1_000))
    findings = list(check_disk(tmp_path, lambda: next(ticks) * 0.05))
    assert ("warn", "a synced write takes 50.0 ms, at most 50.0 ms") in [(one.verdict, one.text) for one in findings]
    ticks = iter(range(1_000))
    assert "fail" in [one.verdict for one in check_disk(tmp_path, lambda: next(ticks))]
    assert not list(tmp_path.iterdir())


def test_the_file_system_is_that_of_the_innermost_mount(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/a / ext4 rw 0 0\nhost:/x /home nfs4 rw 0 0\ntmpfs /home/a\\040b tmpfs rw 0 0\n")
    assert kind_of_file_system(Path("/var/x"), mounts) == "ext4"
    assert kind_of_file_system(Path("/home/x"), mounts) == "nfs4"
    assert kind_of_file_system(Path("/home/a b/x"), mounts) == "tmpfs"
    assert kind_of_file_system(Path("/x"), tmp_path / "none") == ""


def test_packages_that_were_not_tested_are_told(tmp_path):
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("trio==0.0.1\nib_insync==0.9.86\n")
    assert pinned(constraints) == {"trio": "0.0.1", "ib-insync": "0.9.86"}
    told = [one for one in check_versions(constraints) if one.verdict is Verdict.WARN]
    assert "(tested with 0.0.1)" in told[0].text


def test_a_journal_that_cannot_be_read_is_told(tmp_path):
    settings = settings_from({"process": {"state_dir": str(tmp_path)}}, {})
    (finding,) = check_journal(settings)
    assert finding.text.endswith("will be made")
    (tmp_path / "pitboss.journal").write_bytes(b"no database" * 100)
    (finding,) = check_journal(settings)
    assert finding.verdict is Verdict.FAIL
    assert "pitboss journal verify" in finding.advice


def test_a_calendar_says_when_it_opens_and_an_old_one_is_told():
    (finding,) = check_calendars(settings_from({}, {}), NOW)
    assert finding.text.startswith("XNYS: open until Fri 2026-11-20 21:00 UTC")


def test_alerts_that_reach_nobody_are_told(tmp_path):
    secret = tmp_path / "url"
    secret.write_text("tgram://123456789:AAverysecretbottoken/987654321/")
    secret.chmod(0o644)
    channels = {"phone": {"url": f"file:{secret}"}}
    told = list(check_alerts(settings_from({"alerts": {"channels": channels}}, {}), {}))
    assert [one.verdict for one in told] == ["warn", "ok"]
    assert [one.verdict for one in check_alerts(settings_from({}, {}), {})] == ["warn"]
    missing = settings_from({"alerts": {"channels": {"phone": {"url": "env:NOT_SET"}}}}, {})
    assert [one.verdict for one in check_alerts(missing, {})] == ["warn"]


# the verb


def test_the_verb_says_it_all_and_ends_with_1_where_something_fails(tmp_path, paper, capsys):
    config, state = tmp_path / "pitboss.toml", tmp_path / "state"
    config.write_text(
        f'[process]\nstate_dir = "{state}"\n[broker]\nport = {paper.port}\naccount = "DU1111111"\n[symbols.AAPL]\n'
    )
    assert doctor(config=config, json_=True) == 0
    checks = {one["check"] for one in json.loads(capsys.readouterr().out)}
    assert checks == {
        *("clock", "versions", "configuration", "state folder", "disk", "journal", "log", "calendar", "alerts"),
        *("broker", "signals"),
    }
    assert not state.exists(), "it changes nothing"
    config.write_text(config.read_text().replace("DU1111111", "DU9"))
    assert doctor(config=config) == 1
    told = capsys.readouterr().out
    assert "fail  broker        account DU9 is not of this login" in told
    assert "→ correct broker.account" in told


def test_a_configuration_that_is_refused_is_told_with_all_its_problems(pitboss, tmp_path):
    config = tmp_path / "pitboss.toml"
    config.write_text("[brokr]\n[broker]\nport = 0\n")
    done = pitboss("doctor", "--config", str(config))
    assert done.returncode == 1
    assert 'brokr: is not a known key; did you mean "broker"?' in done.stdout
    assert "broker.port: 0 is not a whole number from 1 to 65535" in done.stdout
