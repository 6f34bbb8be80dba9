"""The fixtures that come with the package, as a user's pytest runs them: in a process of its own."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., str]

HEAD = """
import ib_insync as ibi, pytest, trio
AAPL = ibi.Stock("AAPL", "SMART", "USD")
"""


@pytest.fixture
def run_pytest(tmp_path: Path) -> Run:
    """Run pytest on tests in a folder that is not ours; return what it said. `plugin` False: found by itself or not."""

    def run(tests: str | Path, *arguments: str, expect: int = 0, plugin: bool = True, path: Path = ROOT) -> str:
        if isinstance(tests, Path):
            shutil.copy(tests, tmp_path)
        else:
            (tmp_path / "test_users_own.py").write_text(HEAD + tests)
        (tmp_path / "pytest.ini").write_text(
            "[pytest]\naddopts = --strict-markers\nfilterwarnings =\n    error\n"
            "    ignore:There is no current event loop:DeprecationWarning\n"
        )
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
            + (["-p", "simulator.pytest_plugin"] if plugin else []),
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
            | {"PYTHONPATH": f"{path}:{ROOT}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        said = done.stdout + done.stderr
        assert done.returncode == expect, said
        return said

    return run


def test_the_example_runs_as_it_is_shown(run_pytest: Run) -> None:
    assert "3 passed" in run_pytest(ROOT / "examples" / "test_cut_link.py")


def test_plain_trio_and_virtual_tests_live_side_by_side_in_any_order(run_pytest: Run) -> None:
    said = run_pytest(
        """
from trio_asyncio import aio_as_trio as aio

def plain(paper_tws):
    ib = ibi.IB()
    ib.connect("127.0.0.1", paper_tws.port, clientId=3)
    paper_tws.tick("AAPL", bid=99.99, ask=100.01)
    ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10, orderRef="one"))
    ib.reqCurrentTime()
    assert paper_tws.book.order("one").status == "Filled"
    assert (paper_tws.book.position("AAPL"), paper_tws.book.working) == (10, ())
    assert list(paper_tws.book.cash) == [paper_tws.account]
    ib.disconnect()

def test_plain_first(paper_tws):
    plain(paper_tws)

@pytest.mark.paper_tws(seed=4)
def test_virtual(virtual_paper_tws):
    async def scenario(paper):
        ib = paper.attach(ibi.IB())
        await aio(ib.connectAsync)("memory", 0, clientId=3)
        order = ibi.LimitOrder("BUY", 10, 99.0)
        ib.placeOrder(AAPL, order)
        await trio.sleep(4 * 3600)
        paper.tick("AAPL", bid=98.0, ask=98.5)
        await paper.until(lambda book: book.position("AAPL") == 10)
        with pytest.raises(trio.TooSlowError):
            await paper.until(lambda book: book.position("AAPL") == 20, seconds=3600)
        ib.disconnect()
    virtual_paper_tws(scenario)

def test_in_trio(paper_tws_in_trio):
    async def main():
        async with paper_tws_in_trio(seed=2) as paper:
            stream = await trio.open_tcp_stream("127.0.0.1", paper.port)
            async with stream:
                await stream.send_all(b"API\\0" + len(b"v100..176").to_bytes(4, "big") + b"v100..176")
                assert b"176" in await stream.receive_some()
            paper.trade_by_hand("AAPL", -5, 101.5)
            await paper.until(lambda book: book.position("AAPL") == -5)
    trio.run(main)

def test_plain_last(paper_tws):
    plain(paper_tws)
"""
    )
    assert "4 passed" in said


def test_faults_come_from_python_and_from_a_script_named_by_the_marker(run_pytest: Run, tmp_path: Path) -> None:
    (tmp_path / "trouble.toml").write_text(
        '[[fault]]\non = "placeOrder"\ndo = ["swallow", { verb = "error", code = 201, text = "not today" }]\n'
    )
    said = run_pytest(
        """
@pytest.fixture
def ib(paper_tws):
    ib = ibi.IB()
    ib.connect("127.0.0.1", paper_tws.port, clientId=3)
    ib.told = []
    ib.errorEvent += lambda req_id, code, text, contract: ib.told.append((code, text))
    yield ib
    ib.disconnect()

@pytest.mark.paper_tws(faults="trouble.toml")
def test_script(paper_tws, ib):
    ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
    ib.reqCurrentTime()
    assert (201, "not today") in ib.told and not paper_tws.book.orders
    paper_tws.faults.clear()
    ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10))
    ib.reqCurrentTime()
    assert len(paper_tws.book.working) == 1

def test_python(paper_tws, ib):
    paper_tws.tick("AAPL", bid=99.99, ask=100.01)
    paper_tws.faults.on("placeOrder", "accept_silently", nth=2, where={"symbol": "AAPL"}, client=3)
    first, second = (ib.placeOrder(AAPL, ibi.MarketOrder("BUY", 10)) for _ in range(2))
    ib.reqCurrentTime()
    assert (first.orderStatus.status, second.orderStatus.status) == ("Filled", "PendingSubmit")
    assert paper_tws.book.position("AAPL") == 20
    paper_tws.faults.do({"verb": "error", "code": 1100, "text": "away"})
    ib.reqCurrentTime()
    assert (1100, "away") in ib.told
    paper_tws.faults.random(messages=["currentTime"], drop=1.0)
    gone = []
    ib.disconnectedEvent += lambda: gone.append(True)
    paper_tws.faults.after(0.05, {"verb": "reset", "everyone": True})
    with pytest.raises(ConnectionError):
        ib.reqCurrentTime()
    assert gone
"""
    )
    assert "2 passed" in said


def test_what_cannot_be_is_told_where_it_was_asked(run_pytest: Run) -> None:
    said = run_pytest(
        """
@pytest.mark.paper_tws(colour="blue")
def test_option(paper_tws): pass

@pytest.mark.paper_tws(faults="nowhere.toml")
def test_file(paper_tws): pass

def test_words(paper_tws):
    with pytest.raises(ValueError, match="no request is named 'placeOder'"):
        paper_tws.faults.on("placeOder", "swallow")
    with pytest.raises(ValueError, match="unknown verb 'swalow'"):
        paper_tws.faults.on("placeOrder", "swalow")
    with pytest.raises(ValueError, match="client 3 is not connected"):
        paper_tws.faults.do("reset", client=3)
    with pytest.raises(ValueError, match="no contract is named 'NOPE'"):
        paper_tws.tick("NOPE", bid=1.0)
    with pytest.raises(TimeoutError, match="did not answer yes within 0.05 s"):
        paper_tws.wait(lambda book: book.position("AAPL"), 0.05)
    with pytest.raises(KeyError, match="nobody's"):
        paper_tws.wait(lambda book: book.order("nobody's"))
""",
        expect=1,
    )
    assert "unknown option colour; there are accounts, book, calendar" in said
    assert re.search(r"No such file or directory: '.*nowhere\.toml'", said)
    assert "1 passed, 2 errors" in said


def test_a_paper_tws_that_breaks_fails_the_test_that_used_it(run_pytest: Run) -> None:
    said = run_pytest(
        """
def test_it(paper_tws):
    paper_tws.faults.after(0.0, {"verb": "fill", "price": 1, "order_ref": "nobody's"})
    with pytest.raises(Exception):
        while True:
            paper_tws.tick("AAPL", bid=1.0)
""",
        expect=1,
    )
    assert 'ValueError: no order has the reference "nobody\'s"' in said


def test_the_entry_point_is_enough_and_naming_the_plugin_as_well_does_no_harm(run_pytest: Run, tmp_path: Path) -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    point = setup["options.entry_points"]["pytest11"].strip()
    installed = tmp_path / "site" / "as_installed-1.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Name: as-installed\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{point}\n")
    test = "def test_it(paper_tws): assert paper_tws.port\n"
    for plugin in (False, True):
        assert "1 passed" in run_pytest(test, plugin=plugin, path=installed.parent)


def test_a_pytest_run_without_such_tests_loads_nothing_of_it() -> None:
    heavy = "{'trio', 'simulator.app', 'simulator.testing', 'ib_insync', 'asyncio', 'attrs'}"
    code = f"import sys, simulator.pytest_plugin; print(sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
