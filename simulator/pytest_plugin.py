"""Fixtures for the tests of programs that trade through Interactive Brokers: a broker that can be told to misbehave.

pytest finds them once Pitboss is installed. `docs/testing.md` describes them; `examples/test_cut_link.py` shows them.

    @pytest.mark.paper_tws(feed="manual", faults="faults.toml", seed=3)
    def test_it(paper_tws):
        paper_tws.tick("AAPL", bid=99.99, ask=100.01)
        …

This module is loaded in every pytest run, so it imports the paper TWS only in a test that asks for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulator.testing import ThreadedPaper, TrioPaper, VirtualPaper

_MARK = "paper_tws"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    text = "paper_tws(feed=…, faults=…, seed=…, …): how the paper TWS of this test runs (Pitboss: docs/testing.md)"
    config.addinivalue_line("markers", text)


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Options of all markers of the test; the nearest wins."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers(_MARK))):
        if mark.args:
            raise pytest.UsageError(
                f"{request.node.nodeid}: the options of paper_tws have names: feed=…, not {mark.args}"
            )
        options |= mark.kwargs
    return options


@pytest.fixture
def paper_tws(request: pytest.FixtureRequest) -> Iterator[ThreadedPaper]:
    """A paper TWS on a free port, in a thread of its own; it ends with the test."""
    from simulator.testing import ThreadedPaper, settings_of

    paper = ThreadedPaper(settings_of(_options(request), request.path.parent))
    yield paper
    paper.close()


@pytest.fixture
def paper_tws_in_trio(
    request: pytest.FixtureRequest,
) -> Callable[..., AbstractAsyncContextManager[TrioPaper]]:
    """`async with paper_tws_in_trio() as paper`: on a free port, as a task of the test's own trio run."""
    from simulator.testing import open_paper

    marked = _options(request)

    def begin(**options: Any) -> AbstractAsyncContextManager[TrioPaper]:
        return open_paper(request.path.parent, **marked | options)

    return begin


@pytest.fixture
def virtual_paper_tws(
    request: pytest.FixtureRequest,
) -> Callable[..., None]:
    """`virtual_paper_tws(scenario)` runs `await scenario(paper)` in memory and in virtual time."""
    from simulator.testing import run_virtual

    marked = _options(request)

    def run(scenario: Callable[[VirtualPaper], Awaitable[None]], **options: Any) -> None:
        run_virtual(scenario, folder=request.path.parent, **marked | options)

    return run
