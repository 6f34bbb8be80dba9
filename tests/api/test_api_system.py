"""Opening and ending the whole system from a program."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

import pitboss
from config.loading import load
from messages.position import PositionStatus

ROOT = Path(__file__).parents[2]


def run(body: Callable[[], Any], seconds: float = 40.0) -> None:
    async def main() -> None:
        with trio.fail_after(seconds):
            await body()

    trio.run(main)


def log_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "pitboss.log.jsonl").read_text().splitlines()]


def test_it_runs_the_process_s_actors_against_its_own_paper_tws_and_ends_in_order(tmp_path: Path) -> None:
    async def body() -> None:
        async with pitboss.open_system(state_dir=tmp_path, symbols=["AAPL"]) as system:
            assert pitboss.current_system() is system
            status = await system.status()
            assert status["state"] == "READY"
            assert {actor["address"] for actor in status["actors"]} >= {
                *("journal", "gateway", "orders", "portfolio", "position/AAPL", "rules", "alarms"),
            }
            link = await system.gateway.status()
            assert link.connected
            assert system.gateway.port == system.paper.port
        with pytest.raises(pitboss.NotRunningError, match="inside `async with"):
            pitboss.current_system()
        with pytest.raises(pitboss.NotRunningError, match="has ended"):
            await system.status()

    run(body)
    events = [line["event"] for line in log_of(tmp_path)]
    assert (events[0], events[-1]) == ("system.starting", "system.stopped")
    assert not {"actor.crashed", "deadletter"} & set(events)


def test_the_command_line_speaks_to_a_system_that_a_program_opened(tmp_path: Path, environ: dict[str, str]) -> None:
    async def body() -> None:
        async with pitboss.open_system(state_dir=tmp_path, symbols=["AAPL"]):
            done = await trio.run_process(
                [sys.executable, "-m", "supervisors", "status", "--json", "--state-dir", str(tmp_path)],
                capture_stdout=True,
                cwd=ROOT,
                env=environ,
            )
            assert json.loads(done.stdout)["state"] == "READY"

    run(body)


@pytest.mark.parametrize("ending", ["exception", "cancelled"])
def test_it_ends_in_order_when_the_block_is_left_by_an_exception_or_a_cancellation(tmp_path: Path, ending: str) -> None:
    async def body() -> None:
        with trio.CancelScope() as scope:
            async with pitboss.open_system(state_dir=tmp_path, symbols=["AAPL"]):
                if ending == "exception":
                    raise LookupError("of the program")
                scope.cancel()
                await trio.sleep_forever()
        assert scope.cancelled_caught
        raise LookupError("of the program")

    with pytest.raises(LookupError, match="of the program"):
        run(body)
    events = [line["event"] for line in log_of(tmp_path)]
    assert events[-1] == "system.stopped"
    assert not {"actor.crashed", "deadletter"} & set(events)


def test_nobody_on_the_port_is_said_at_once_and_nothing_stays_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    async def body() -> None:
        for _ in range(2):  # a second time: folder and log are free again
            with pytest.raises(pitboss.BrokerUnreachableError, match=str(port)) as raised:
                async with pitboss.open_system(port=port, state_dir=tmp_path, broker={"connect_timeout_seconds": 1.0}):
                    pytest.fail("it opened")
            assert raised.value.exit_code == 3
        assert pitboss.current.find_system() is None

    run(body)


def test_a_configuration_may_be_a_file_a_mapping_or_settings_and_keywords_win(tmp_path: Path) -> None:
    file = tmp_path / "pitboss.toml"
    file.write_text(
        f'[process]\nstate_dir = "{tmp_path}/one"\n[defaults]\nquantity = 7\nstop_loss_pct = 0.05\n[symbols.AAPL]\n'
    )

    async def body() -> None:
        async with pitboss.open_system(file, paper=True, defaults={"quantity": 9}) as system:
            assert (system.settings.defaults.quantity, str(system.settings.defaults.stop_loss_pct)) == (9, "0.05")
            assert (tmp_path / "one" / "pitboss.journal").exists()
        mapping = {"symbols": {"MSFT": {"stop_loss_pct": 0.02}}, "defaults": {"quantity": 3}}
        async with pitboss.open_system(mapping) as system:
            assert system.settings.symbols.keys() == {"MSFT"}
            assert str(system.settings.exits("MSFT").stop_loss_pct) == "0.02"
        settings = load(file, {})
        settings = attrs.evolve(settings, process=attrs.evolve(settings.process, state_dir=tmp_path / "two"))
        async with pitboss.open_system(settings, paper=True, client_id=3) as system:
            assert (system.settings.broker.client_id, system.settings.defaults.quantity) == (3, 7)
        with pytest.raises(TypeError, match="put defaults into them"):
            pitboss.open_system(settings, paper=True, defaults={"quantity": 1})

    run(body)


def test_what_is_wrong_with_a_configuration_is_said_before_anything_starts() -> None:
    with pytest.raises(pitboss.SettingsError, match=r"risk\.max_order_notional"):
        pitboss.open_system(risk={"max_order_notional": -1})
    with pytest.raises(pitboss.SettingsError, match="max_oder_notional"):
        pitboss.open_system(risk={"max_oder_notional": 1})
    with pytest.raises(pitboss.SettingsError, match="live=True"):
        pitboss.open_system({"broker": {"mode": "live"}})


def test_a_journal_whose_paper_tws_is_gone_is_refused(tmp_path: Path) -> None:
    async def body() -> None:
        async with pitboss.open_system(paper="manual", state_dir=tmp_path):
            pass
        with pytest.raises(pitboss.StartError, match="its broker is gone: choose another state_dir"):
            async with pitboss.open_system(paper="manual", state_dir=tmp_path):
                pytest.fail("it opened")

    run(body)


@pytest.mark.parametrize("moment", ["before it is ready", "in the block"])
def test_ctrl_c_ends_it_in_order(tmp_path: Path, environ: dict[str, str], moment: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # never answers
        broker = "" if moment == "in the block" else f", port={mute.getsockname()[1]}"
        program = (
            "import signal, trio, pitboss\n"
            # where the suite runs in a shell's background SIGINT is ignored
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "async def main():\n"
            f"    async with pitboss.open_system(state_dir={str(tmp_path)!r}{broker}):\n"
            "        print('open', flush=True)\n"
            "        await trio.sleep_forever()\n"
            "trio.run(main)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdout is not None
            if moment == "in the block":
                assert other.stdout.readline() == "open\n"
            else:
                mute.settimeout(30)
                link, _ = mute.accept()
                link.close()
            other.send_signal(signal.SIGINT)
            _, errors = other.communicate(timeout=30)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert "Exception Group" not in errors
    events = [line["event"] for line in log_of(tmp_path)]
    assert events[-1] == "system.stopped"
    assert "actor.crashed" not in events


def test_a_module_of_the_program_that_shadows_ours_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "config.py").write_text("")
    (tmp_path / "program.py").write_text("import pitboss\n")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")], env=environ, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 1
    assert f"config is {tmp_path}/config.py" in done.stderr.splitlines()[-1]


def test_one_system_at_a_time_and_a_folder_in_use_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    hold = (
        "import sys, trio, pitboss\n"
        "async def main():\n"
        f"    async with pitboss.open_system(state_dir={str(tmp_path)!r}, paper='manual'):\n"
        "        print('open', flush=True)\n"
        "        await trio.to_thread.run_sync(sys.stdin.read)\n"
        "trio.run(main)\n"
    )

    async def body() -> None:
        async with pitboss.open_system(paper="manual"):
            with pytest.raises(pitboss.PitbossError, match="one at a time"):
                async with pitboss.open_system(paper="manual"):
                    pytest.fail("it opened")
        with pytest.raises(pitboss.StartError, match="in use by process"):
            async with pitboss.open_system(state_dir=tmp_path, paper="manual"):
                pytest.fail("it opened")

    with subprocess.Popen(
        [sys.executable, "-c", hold], cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        try:
            run(body)
        finally:
            other.communicate()


def test_a_system_that_ends_by_itself_cancels_the_block_and_says_why() -> None:
    async def body() -> None:
        async with pitboss.open_system(paper="manual") as system:
            for _ in range(10):  # past the root's intensity
                system.process.system.address("alarms").tell(object())
            await trio.sleep_forever()

    with pytest.raises(pitboss.SystemFailedError, match="AlarmsActor alarms does not handle object"):
        run(body)
    assert pitboss.current.find_system() is None


def test_it_is_halted_resumed_and_flattened_by_a_program() -> None:
    async def body() -> None:
        async with pitboss.open_system(paper="manual", risk={"quote_max_age_seconds": 3600}) as system:
            assert system.paper is not None
            await system.paper.trade_at("AAPL", 150)
            tracker = pitboss.PositionTracker(pitboss.EventBus())
            await system.halt("for the test")
            with pytest.raises(pitboss.PositionRefusedError, match="for the test"):
                await tracker.create_position("AAPL", quantity=10)
            await system.resume()
            position = await tracker.create_position("AAPL", quantity=10)
            await position.wait_protected()
            await system.flatten("enough")
            await position.wait_closed()
            assert "enough" in position.close_reason
            with pytest.raises(pitboss.RefusedError, match="rearm"):
                await system.resume()

    run(body)


def test_a_handler_that_ends_the_program_ends_it_in_order(tmp_path: Path) -> None:
    @attrs.frozen
    class Enough(pitboss.BaseEvent):
        pass

    async def leave(_event: Enough) -> None:
        sys.exit(3)

    async def body() -> None:
        async with pitboss.open_system(paper="manual", state_dir=tmp_path):
            bus = pitboss.EventBus()
            await bus.subscribe(Enough, leave)
            await bus.emit(Enough())
            await trio.sleep_forever()

    with pytest.raises(SystemExit, match="3"):
        run(body)
    assert log_of(tmp_path)[-1]["event"] == "system.stopped"


def test_positions_and_orders_of_an_earlier_process_are_there_again(tmp_path: Path, paper_tws: Any) -> None:
    port = paper_tws("--feed", "synthetic:AAPL")
    keywords: dict[str, Any] = {"port": port, "state_dir": tmp_path}

    async def body() -> None:
        async with pitboss.open_system(**keywords):
            tracker = pitboss.PositionTracker(pitboss.EventBus())
            first = await tracker.create_position("AAPL", quantity=10, stop_loss_pct=0.2, take_profit_pct=0.5)
            await first.wait_protected()
        async with pitboss.open_system(**keywords) as system:
            bus = pitboss.EventBus()
            tracker, manager = pitboss.PositionTracker(bus), pitboss.OrderManager(system.gateway, bus)
            [again] = tracker.positions.values()
            assert (again.position_id, again.quantity) == (first.position_id, 10)
            await again.wait_protected()
            group = manager.linked(next(iter(manager.orders)))
            assert {order.role for order in group.orders if not order.done} == {"stop", "target"}
            with pytest.raises(pitboss.NotRunningError):
                await first.close()  # it belongs to the system that has ended
            await tracker.close_position(again.position_id)
            await again.wait_closed()
            assert again.status is PositionStatus.CLOSED

    run(body)
