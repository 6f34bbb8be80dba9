"""The parts around the tree: state, origin check, failures, state folder, the status for the eye."""

from __future__ import annotations

import io
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from actors.bus import EventBus
from actors.gateway.errors import BrokerRefusedError
from actors.runtime.lifecycle import StartFailedError
from config.environment import machine
from messages.gateway import TradingAllowed
from messages.risk import HaltedEvent, ResumedEvent
from storage.errors import JournalDamaged, JournalLocked
from supervisors.demo_view import picture
from supervisors.exit_codes import ExitCode, ProcessFailed
from supervisors.failures import failure_of
from supervisors.origin import PACKAGES, foreign_packages, foreign_packages_message
from supervisors.process_state import ProcessState, State
from supervisors.state_folder import own_state_folder
from supervisors.status_view import status_page


def test_ready_means_started_reconciled_and_not_halted() -> None:
    bus = EventBus()
    state = ProcessState(machine(1), bus)
    seen = [state.state]
    for step in (
        lambda: bus.publish(TradingAllowed(True)),
        state.started,
        lambda: bus.publish(HaltedEvent("lunch")),
        lambda: bus.publish(TradingAllowed(False, "link lost")),
        lambda: bus.publish(ResumedEvent("back")),
        lambda: bus.publish(TradingAllowed(True)),
        lambda: state.stopping("SIGTERM"),
        lambda: bus.publish(TradingAllowed(True)),
    ):
        step()
        seen.append(state.state)
    assert seen == [
        State.STARTING,
        State.STARTING,
        State.READY,
        State.HALTED,
        State.HALTED,
        State.STARTING,
        State.READY,
        State.STOPPING,
        State.STOPPING,
    ]
    assert state.reason == "SIGTERM"


def test_since_moves_only_with_the_state() -> None:
    bus = EventBus()
    state = ProcessState(machine(1), bus)
    since = state.since
    bus.publish(TradingAllowed(False, "another reason"))
    assert (state.since, state.reason) == (since, "another reason")


def test_our_own_packages_are_not_foreign() -> None:
    assert foreign_packages() == {}


@pytest.mark.parametrize("place", ["/site-packages/config/__init__.py", None])
def test_a_package_elsewhere_or_nowhere_is_foreign(place: str | None) -> None:
    def find(name: str) -> ModuleSpec | None:
        if place is None:
            return None
        spec = ModuleSpec(name, None, origin=place, is_package=True)
        spec.submodule_search_locations = [str(Path(place).parent)]
        return spec

    foreign = foreign_packages(find)
    assert set(foreign) == set(PACKAGES)
    assert "shadows packages of Pitboss: messages is" in foreign_packages_message(foreign)


def test_our_package_mixed_with_another_of_its_name_is_foreign() -> None:
    def find(name: str) -> ModuleSpec:
        spec = ModuleSpec(name, None, is_package=True)
        ours = Path(__file__).parents[2] / name
        spec.submodule_search_locations = [str(ours), "/elsewhere"] if name == "config" else [str(ours)]
        return spec

    assert set(foreign_packages(find)) == {"config"}


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (JournalLocked("x.journal", 7), ExitCode.FAILED),
        (JournalDamaged("hash", 3), ExitCode.JOURNAL),
        (BrokerRefusedError("no such account"), ExitCode.BROKER),
        (ZeroDivisionError("division by zero"), ExitCode.FAILED),
    ],
)
def test_the_cause_deep_inside_decides_message_and_exit_code(cause: Exception, code: ExitCode) -> None:
    started = StartFailedError("gateway did not start")
    started.__cause__ = cause
    failure = failure_of(ExceptionGroup("nursery", [ExceptionGroup("nursery", [started])]))
    assert failure.code is code
    assert str(cause) in str(failure)


def test_a_state_folder_has_one_owner_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with own_state_folder(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        with pytest.raises(ProcessFailed, match="is in use by process") as caught, own_state_folder(folder):
            pytest.fail("two owners")
        assert caught.value.code is ExitCode.FAILED
    with own_state_folder(folder):
        assert (folder / "pitboss.lock").read_text().strip().isdigit()


def order(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "order_ref": f"pb-{number:012d}",
        "symbol": "AAPL",
        "role": "target",
        "side": "SELL",
        "quantity": "100",
        "filled": "0",
        "type": "LMT",
        "limit": "1234.56",
        "stop": None,
        "status": "PENDING_CANCEL",
    } | changes


STATUS: dict[str, Any] = {
    "state": "HALTED",
    "reason": "a reason that is longer than any line could ever be " * 3,
    "since": "2026-11-22T14:30:00.000000Z",
    "broker": {"connected": True, "epoch": 3, "last_round_trip": None, "account": "DU1234567", "queued": 0},
    "portfolio": {"realized_pnl": "-12345.67", "unrealized_pnl": "12345.67", "commission": "123.45"},
    "positions": [
        {
            "symbol": f"SYM{number}",
            "quantity": "-1000",
            "average_price": "1234.5678",
            "last_price": 1234.56,
            "stop": "1300.00",
            "target": "1100.00",
            "realized_pnl": "0",
            "unrealized_pnl": "-9999.99",
            "state": "OPEN",
            "protected": number != 3,
        }
        for number in range(5)
    ],
    "orders": [order(number) for number in range(10)] + [order(11, status="FILLED")],
    "actors": [{"address": "journal", "state": "running", "restarts": 0, "mailbox": 0}],
    "alarms": [
        {"kind": "protection.missing", "since": "2026-11-22T14:30:00Z", "text": "position/SYM3 has no stop " * 5}
    ],
    "unanswered": [],
}


def drawn(picture_: Any, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=24, force_terminal=False)
    console.print(picture_)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_the_demo_s_picture_fits_80_by_24_and_shows_what_is_dangerous() -> None:
    lines = drawn(picture(STATUS, [f"12:00:00 event {number}" for number in range(50)], "7 s of 30 s", 24))
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    assert "NOT PROTECTED" in text
    assert "ALARM protection.missing" in text
    assert "event 49" in text
    assert "0/100" in text
    assert "pending cancel" in text
    assert "more" in text


def test_the_status_page_fits_80_columns_and_names_who_did_not_answer() -> None:
    silent = STATUS | {"broker": None, "orders": None, "alarms": None, "unanswered": ["gateway did not answer in 3 s"]}
    lines = drawn(status_page(silent))
    assert "no answer: gateway did not answer in 3 s" in lines
    assert "broker: no answer" in lines[0]


def test_before_the_first_answer_there_is_a_picture_too() -> None:
    assert "starting …" in drawn(picture(None, [], "0 s", 24))
